//! What the user does besides connecting.

use std::time::Instant;

use super::{Link, Telling, clean};
use crate::policy::phase::{Phase, Standing};
use crate::policy::{Event, Output};

impl Link {
    pub(super) fn close(&mut self, code: u16, reason: String, seen_alive: bool, now: Instant) {
        self.manual_close = true;
        match &mut self.phase {
            Phase::Idle { .. } if !seen_alive => {}
            Phase::Idle { .. }
            | Phase::Deciding { .. }
            | Phase::Waiting { .. }
            | Phase::Blocked
            | Phase::Stalled { .. } => {
                self.enter(Phase::Closing {
                    attempt: self.attempt,
                    cut_at: None,
                    reconnect: false,
                });
                self.end(clean(code, reason), None, now);
            }
            Phase::Asking { attempt, .. } | Phase::Dialing { attempt } => {
                let attempt = *attempt;
                self.enter(Phase::Closing {
                    attempt,
                    cut_at: None,
                    reconnect: false,
                });
                self.cut(now);
            }
            Phase::Open { attempt, .. } => {
                let attempt = *attempt;
                let cut_at = now.checked_add(self.settings.close_timeout);
                self.enter(Phase::Closing {
                    attempt,
                    cut_at,
                    reconnect: false,
                });
                self.outputs.push_back(Output::Shut { code, reason });
            }
            Phase::Closing { reconnect, .. } => *reconnect = false,
        }
    }

    pub(super) fn terminate(&mut self, seen_alive: bool, now: Instant) {
        match &mut self.phase {
            Phase::Open { attempt, .. } => {
                self.manual_close = true;
                let attempt = *attempt;
                self.enter(Phase::Closing {
                    attempt,
                    cut_at: None,
                    reconnect: false,
                });
                self.cut(now);
            }
            Phase::Closing { reconnect, .. } => {
                self.manual_close = true;
                *reconnect = false;
                self.cut(now);
            }
            Phase::Idle { .. }
            | Phase::Asking { .. }
            | Phase::Dialing { .. }
            | Phase::Deciding { .. }
            | Phase::Waiting { .. }
            | Phase::Blocked
            | Phase::Stalled { .. } => {
                self.close(1000, "Normal closure".to_owned(), seen_alive, now)
            }
        }
    }

    pub(super) fn set_manual_close(&mut self, manual_close: bool) {
        self.manual_close = manual_close;
        if !manual_close {
            return;
        }
        match &mut self.phase {
            Phase::Deciding { .. }
            | Phase::Waiting { .. }
            | Phase::Blocked
            | Phase::Stalled { .. } => {
                self.enter(Phase::Idle { failed: false });
                self.tell(Event::Close(clean(1000, "Normal closure".to_owned())));
            }
            Phase::Closing { reconnect, .. } => *reconnect = false,
            Phase::Idle { .. }
            | Phase::Asking { .. }
            | Phase::Dialing { .. }
            | Phase::Open { .. } => {}
        }
    }

    pub(super) fn open_circuit(&mut self, telling: Telling, now: Instant) {
        let changed = self.breaker.open(&self.settings.circuit, now);
        self.circuit_changed(changed, telling);
        self.block_if_waiting();
    }

    pub(super) fn half_open_circuit(&mut self, telling: Telling, now: Instant) {
        if !self.breaker.half_open() {
            return;
        }
        self.circuit_changed(true, telling);
        match self.phase {
            // A server that has asked to be left alone for longer is not probed before.
            Phase::Blocked if self.not_before.is_some_and(|until| until > now) => {}
            Phase::Blocked => self.unblock(now),
            Phase::Asking { .. } | Phase::Dialing { .. } => self.breaker.count_dial(),
            Phase::Open {
                standing: Standing::OnTrial { .. },
                ..
            } => self.breaker.count_dial(),
            Phase::Open { .. } => {
                let closed = self.breaker.succeed();
                self.circuit_changed(closed, Telling::Told);
            }
            Phase::Idle { .. }
            | Phase::Closing { .. }
            | Phase::Deciding { .. }
            | Phase::Waiting { .. }
            | Phase::Stalled { .. } => {}
        }
    }

    pub(super) fn close_circuit(&mut self, telling: Telling, now: Instant) {
        let changed = self.breaker.close();
        self.circuit_changed(changed, telling);
        if let Phase::Blocked = self.phase {
            self.unblock(now);
        }
    }

    pub(super) fn count_failure(&mut self, now: Instant) {
        let opened = self.breaker.fail(&self.settings.circuit, now);
        self.circuit_changed(opened, Telling::Told);
        if opened {
            self.block_if_waiting();
        }
    }

    /// Takes back the retry that was announced and is not made, so that it is not lost.
    fn block_if_waiting(&mut self) {
        if let Phase::Waiting { .. } = self.phase {
            self.retry_count = self.retry_count.saturating_sub(1);
            self.enter(Phase::Blocked);
        }
    }
}
