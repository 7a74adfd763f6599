//! What JavaScript is asked, and what follows from its answers.
//!
//! While JavaScript is busy the client waits for it: the time for an answer runs only once the user's
//! function has been called.

use super::Link;
use crate::policy::duration::{Duration, millis, with_number};
use crate::policy::phase::Phase;
use crate::policy::{Attempt, Chance, CloseCode, Ending, Event, Failure, Instant, Output, Verdict};

impl<C: Chance> Link<C> {
    pub(super) fn ask_route(&mut self) {
        let attempt = self.attempt;
        self.enter(Phase::Asking {
            attempt,
            until: None,
        });
        self.tell(Event::AskRoute {
            attempt,
            retries: self.retry_count,
            url_index: self.url_selector.index(),
            is_reconnect: self.outage.is_some_and(|outage| outage.after_open),
        });
    }

    pub(super) fn ask_retry(&mut self, now: Instant) {
        let attempt = self.attempt;
        self.enter(Phase::Deciding {
            attempt,
            until: None,
        });
        self.tell(Event::AskRetry {
            attempt,
            retry: self.retry_count.saturating_add(1),
            elapsed: self.outage.map_or(Duration::ZERO, |outage| {
                now.saturating_duration_since(outage.since)
            }),
        });
    }

    pub(super) fn awaited(&mut self, attempt: Attempt, now: Instant) {
        let limit = self.settings.reconnect.connection_timeout;
        match &mut self.phase {
            Phase::Asking {
                attempt: current,
                until,
            }
            | Phase::Deciding {
                attempt: current,
                until,
            } if *current == attempt => {
                *until = until.or(limit.and_then(|limit| now.checked_add(limit)));
            }
            Phase::Idle { .. }
            | Phase::Asking { .. }
            | Phase::Queued { .. }
            | Phase::Dialing { .. }
            | Phase::Initializing { .. }
            | Phase::Open { .. }
            | Phase::Closing { .. }
            | Phase::Deciding { .. }
            | Phase::Waiting { .. }
            | Phase::Blocked
            | Phase::Stalled { .. } => {}
        }
    }

    /// The attempt goes on with what is left of its time.
    pub(super) fn routed(&mut self, attempt: Attempt, now: Instant) {
        if !self.is_asking(attempt) {
            return;
        }
        let limit = match self.phase.deadline() {
            Some(until) => Some(until.saturating_duration_since(now)),
            None => self.settings.reconnect.connection_timeout,
        };
        self.reach(limit, now);
    }

    /// Unlike an answer, the first messages have the time of the attempt: the peer waits for them.
    pub(super) fn ask_init(&mut self, attempt: Attempt, until: Option<Instant>) {
        self.enter(Phase::Initializing {
            attempt,
            until,
            paused: false,
        });
        self.tell(Event::AskInit {
            attempt,
            after_open: self.outage.is_some_and(|outage| outage.after_open),
        });
    }

    pub(super) fn initialized(&mut self, attempt: Attempt, now: Instant) {
        let Phase::Initializing {
            attempt: current,
            paused,
            ..
        } = self.phase
        else {
            return;
        };
        if current == attempt {
            self.open(attempt, now);
            self.paused(attempt, paused, now);
        }
    }

    /// Leaves a connection that JavaScript does not come to terms with.
    pub(super) fn leave_uninitialized(&mut self) {
        self.outputs.used().push(Output::Leave {
            code: 1000,
            reason: "init failed".to_owned(),
        });
    }

    pub(super) fn unanswered(&mut self, now: Instant) {
        let limit = self.settings.reconnect.connection_timeout;
        let tail = if self.is_initializing(self.attempt) {
            self.leave_uninitialized();
            " ms waiting for init"
        } else {
            " ms waiting for what url, protocols or headers return"
        };
        let message = with_number(
            "Opening handshake has timed out after ",
            millis(limit.unwrap_or_default()),
            tail,
        );
        self.fail(Failure::new("WSR_ERR_HANDSHAKE_TIMEOUT", message), now);
        self.end(Ending::abnormal(), None, now);
    }

    pub(super) fn undecided(&mut self, now: Instant) {
        let limit = self.settings.reconnect.connection_timeout;
        self.tell(Event::Undecided {
            limit: limit.unwrap_or_default(),
        });
        self.go_on(None, now);
    }

    pub(super) fn decided(&mut self, attempt: Attempt, verdict: Verdict, now: Instant) {
        if !self.is_deciding(attempt) {
            return;
        }
        match verdict {
            Verdict::Stop => self.stop(CloseCode::Stopped, "shouldReconnect said no"),
            Verdict::Retry(delay) => self.go_on(delay, now),
        }
    }
}
