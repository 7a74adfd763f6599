//! What happens to connections, and what follows from it.

use std::time::{Duration, Instant};

use super::{Link, Telling, abnormal, is_due};
use crate::policy::phase::Phase;
use crate::policy::vigil::Vigil;
use crate::policy::{Attempt, CloseCode, Ending, Event, Failure, Output, Refusal};

impl Link {
    pub(super) fn tick(&mut self, now: Instant) {
        self.half_open_if_due(now);
        if is_due(self.block_deadline(), now) {
            return self.stall(now);
        }
        if !is_due(self.phase.deadline(), now) {
            return;
        }
        match &mut self.phase {
            Phase::Open { attempt, vigil } => {
                let (attempt, due) = (*attempt, vigil.tick(&self.settings, now));
                self.carry_out(due, attempt, now);
            }
            Phase::Closing { .. } => self.cut(now),
            Phase::Waiting { .. } => self.dial_or_block(now),
            Phase::Idle { .. } | Phase::Dialing { .. } | Phase::Blocked | Phase::Stalled { .. } => {
            }
        }
    }

    pub(super) fn half_open_if_due(&mut self, now: Instant) {
        if is_due(self.breaker.deadline(), now) {
            self.half_open_circuit(Telling::Told);
        }
    }

    pub(super) fn opened(&mut self, attempt: Attempt, now: Instant) {
        if !matches!(self.phase, Phase::Dialing { attempt: current } if current == attempt) {
            return;
        }
        self.retry_count = 0;
        let closed = self.breaker.succeed();
        self.enter(Phase::Open {
            attempt,
            vigil: Vigil::new(&self.settings, now),
        });
        self.round_trips.clear();
        self.ran_at.get_or_insert(now);
        self.circuit_changed(closed, Telling::Told);
        self.tell(Event::Open);
    }

    pub(super) fn lost(
        &mut self,
        attempt: Attempt,
        ending: Ending,
        failure: Option<Failure>,
        now: Instant,
    ) {
        if self.phase.attempt() != Some(attempt) {
            return;
        }
        if let Some(failure) = failure {
            self.fail(failure, now);
        }
        self.end(ending, now);
    }

    pub(super) fn fail(&mut self, failure: Failure, now: Instant) {
        let opened = self.breaker.fail(&self.settings.circuit, now);
        self.tell(Event::Error(failure));
        self.circuit_changed(opened, Telling::Told);
    }

    pub(super) fn cut(&mut self, now: Instant) {
        self.outputs.push_back(Output::Cut);
        self.end(abnormal(), now);
    }

    /// Tells that the connection has ended, and decides what comes next.
    pub(super) fn end(&mut self, ending: Ending, now: Instant) {
        let (goes_on, asked) = match self.phase {
            Phase::Closing { reconnect, .. } => (reconnect, true),
            Phase::Dialing { .. } | Phase::Open { .. } => (!self.manual_close, false),
            Phase::Idle { .. } | Phase::Waiting { .. } | Phase::Blocked | Phase::Stalled { .. } => {
                (false, false)
            }
        };
        if !goes_on {
            self.enter(Phase::Idle { failed: false });
            self.tell(Event::Close(ending));
            return;
        }
        self.enter(Phase::Waiting { until: None });
        self.tell(Event::Close(ending));
        if asked {
            self.dial_or_block(now);
        } else {
            self.retry(now);
        }
    }

    pub(super) fn retry(&mut self, now: Instant) {
        if let Some(limit) = self.retries_used_up() {
            self.give_up(limit);
        } else if let Err(refusal) = self.breaker.admit(&self.settings.circuit) {
            self.block(refusal, now);
        } else {
            let delay = self.delay(self.retry_count);
            self.enter(Phase::Waiting {
                until: now.checked_add(delay),
            });
            self.announce_retry(delay);
        }
    }

    pub(super) fn dial_or_block(&mut self, now: Instant) {
        match self.breaker.admit(&self.settings.circuit) {
            Ok(()) => self.dial(),
            Err(refusal) => self.block(refusal, now),
        }
    }

    pub(super) fn dial(&mut self) {
        self.attempt += 1;
        self.breaker.count_dial();
        self.enter(Phase::Dialing {
            attempt: self.attempt,
        });
        self.outputs.push_back(Output::Dial {
            attempt: self.attempt,
        });
    }

    /// Waits for the circuit. One that has used up its probes without a verdict opens again:
    /// half-open has no timer that would let the client go on.
    fn block(&mut self, refusal: Refusal, now: Instant) {
        if refusal == Refusal::HalfOpenLimit {
            let opened = self.breaker.open(&self.settings.circuit, now);
            self.circuit_changed(opened, Telling::Told);
        }
        self.enter(Phase::Blocked);
    }

    pub(super) fn unblock(&mut self) {
        if let Some(limit) = self.retries_used_up() {
            self.give_up(limit);
        } else {
            self.announce_retry(Duration::ZERO);
            self.dial();
        }
    }

    fn give_up(&mut self, limit: u64) {
        self.enter(Phase::Idle { failed: true });
        self.tell(Event::Close(Ending {
            code: CloseCode::MaxRetries,
            reason: format!("Maximum retry attempts ({limit}) exceeded"),
            was_clean: false,
        }));
    }

    /// The limit, once it is reached.
    pub(super) fn retries_used_up(&self) -> Option<u64> {
        self.settings
            .max_retries
            .filter(|limit| self.retry_count >= *limit)
    }

    fn announce_retry(&mut self, delay: Duration) {
        self.retry_count = self.retry_count.saturating_add(1);
        let max_retries = self.settings.max_retries;
        self.tell(Event::Retry {
            attempt: self.retry_count,
            delay,
            max_retries,
        });
    }
}
