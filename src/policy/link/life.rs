//! What happens to connections, and what follows from it.

use std::time::{Duration, Instant};

use super::{Link, Telling, abnormal, is_due};
use crate::policy::phase::Phase;
use crate::policy::vigil::Vigil;
use crate::policy::{Attempt, CloseCode, Ending, Event, Failure, Output};

/// Why a connection is started.
pub(super) enum Reason {
    /// It was announced as a retry.
    Retry,
    /// The user asked for it while the one before was closing.
    Asked,
}

impl Link {
    pub(super) fn tick(&mut self, now: Instant) {
        self.catch_up(now);
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
            Phase::Waiting { .. } => self.dial_or_block(now, Reason::Retry),
            Phase::Idle { .. } | Phase::Dialing { .. } | Phase::Blocked | Phase::Stalled { .. } => {
            }
        }
    }

    pub(super) fn opened(&mut self, attempt: Attempt, now: Instant) {
        if !matches!(self.phase, Phase::Dialing { attempt: current } if current == attempt) {
            return;
        }
        self.retry_count = 0;
        self.seat.succeed(&self.settings.circuit, now);
        self.enter(Phase::Open {
            attempt,
            vigil: Vigil::new(&self.settings, now),
        });
        self.round_trips.clear();
        self.ran_at.get_or_insert(now);
        self.tell_circuit(Telling::Told);
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
        self.seat.fail(&self.settings.circuit, now);
        self.tell(Event::Error(failure));
        self.tell_circuit(Telling::Told);
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
            self.change_seat();
            return;
        }
        self.enter(Phase::Waiting { until: None });
        self.tell(Event::Close(ending));
        self.change_seat();
        if asked {
            self.dial_or_block(now, Reason::Asked);
        } else {
            self.retry(now);
        }
    }

    pub(super) fn retry(&mut self, now: Instant) {
        if let Some(limit) = self.retries_used_up() {
            self.give_up(limit);
        } else if let Err(refusal) = self.admit() {
            self.block(refusal, now);
        } else {
            let delay = self.delay(self.retry_count);
            self.wait(delay, now);
        }
    }

    /// Waits for so long, and then retries.
    pub(super) fn wait(&mut self, delay: Duration, now: Instant) {
        self.enter(Phase::Waiting {
            until: now.checked_add(delay),
        });
        self.announce_retry(delay);
    }

    pub(super) fn dial_or_block(&mut self, now: Instant, reason: Reason) {
        match self.begin() {
            Ok(()) => self.dial(),
            Err(refusal) => {
                match reason {
                    Reason::Retry => self.take_retry_back(),
                    Reason::Asked => {}
                }
                self.block(refusal, now);
            }
        }
    }

    /// Starts an attempt that [`begin`](Link::begin) has allowed.
    pub(super) fn dial(&mut self) {
        self.attempt += 1;
        self.enter(Phase::Dialing {
            attempt: self.attempt,
        });
        self.outputs.push_back(Output::Dial {
            attempt: self.attempt,
        });
    }

    pub(super) fn give_up(&mut self, limit: u64) {
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

    pub(super) fn announce_retry(&mut self, delay: Duration) {
        self.retry_count = self.retry_count.saturating_add(1);
        let max_retries = self.settings.max_retries;
        self.tell(Event::Retry {
            attempt: self.retry_count,
            delay,
            max_retries,
        });
    }
}
