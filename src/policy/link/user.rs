//! What the user does to a client besides connecting it: closing, resetting, assigning its state.

use super::Link;
use crate::policy::phase::{IdleReason, Phase};
use crate::policy::{Chance, Ending, Event, Instant, Output, State};

impl<C: Chance> Link<C> {
    pub(super) fn close(&mut self, code: u16, reason: String, seen_alive: bool, now: Instant) {
        self.manual_close = true;
        match &mut self.phase {
            Phase::Idle { reason: idle } if !seen_alive => match idle {
                IdleReason::Refused => self.enter(Phase::Idle {
                    reason: IdleReason::Closed,
                }),
                // Users of the skill listen for it, though it is no change.
                IdleReason::Closed if self.attempt == 0 => {
                    self.tell(Event::StateChange(State::Closed))
                }
                IdleReason::Closed | IdleReason::Failed => {}
            },
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
                self.end(Ending::clean(code, reason), None, now);
            }
            Phase::Asking { attempt, .. }
            | Phase::Queued { attempt, .. }
            | Phase::Dialing { attempt, .. } => {
                let attempt = *attempt;
                self.enter(Phase::Closing {
                    attempt,
                    cut_at: None,
                    reconnect: false,
                });
                self.cut(now);
            }
            Phase::Initializing { attempt, .. } | Phase::Open { attempt, .. } => {
                let attempt = *attempt;
                let cut_at = now.checked_add(self.settings.close_timeout);
                self.enter(Phase::Closing {
                    attempt,
                    cut_at,
                    reconnect: false,
                });
                self.outputs.used().push(Output::Shut { code, reason });
            }
            Phase::Closing { reconnect, .. } => *reconnect = false,
        }
    }

    pub(super) fn terminate(&mut self, seen_alive: bool, now: Instant) {
        match &mut self.phase {
            Phase::Initializing { attempt, .. } | Phase::Open { attempt, .. } => {
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
            | Phase::Queued { .. }
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
                self.enter(Phase::Idle {
                    reason: IdleReason::Closed,
                });
                self.tell(Event::Close(Ending::clean(
                    1000,
                    "Normal closure".to_owned(),
                )));
            }
            Phase::Closing { reconnect, .. } => *reconnect = false,
            Phase::Idle { .. }
            | Phase::Asking { .. }
            | Phase::Queued { .. }
            | Phase::Dialing { .. }
            | Phase::Initializing { .. }
            | Phase::Open { .. } => {}
        }
    }
}
