//! What follows when a connection opens, is lost or never came to be: forgetting failures, retrying, giving up.

use super::{Link, Outage, Telling, is_due};
use crate::policy::duration::{Count, Duration, with_number};
use crate::policy::peer_liveness::PeerLiveness;
use crate::policy::phase::{Delay, IdleReason, Phase, Stability};
use crate::policy::reconnect::is_final;
use crate::policy::time::earliest;
use crate::policy::{
    Attempt, Chance, Circuit, CloseCode, Ending, Event, Failure, IN_BROWSERS, Instant, Output,
};

/// A server that asks for more peace than this gets this.
const FAR: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// Why a connection is started.
pub(super) enum Reason {
    /// It was announced as a retry.
    Retry,
    /// The user asked for it while the one before was closing.
    Asked,
}

impl<C: Chance> Link<C> {
    pub(super) fn tick(&mut self, now: Instant) {
        self.catch_up(now);
        self.try_queued(now);
        if is_due(self.block_deadline(), now) {
            return self.stall(now);
        }
        if is_due(self.phase.deadline(), now) {
            match &mut self.phase {
                Phase::Open {
                    attempt,
                    liveness,
                    stability,
                } => {
                    let proved = is_due(stability.deadline(), now);
                    let (attempt, due) = (*attempt, liveness.tick(&self.settings, now));
                    if proved {
                        *stability = Stability::Proved;
                        self.prove(now);
                    }
                    self.carry_out(due, attempt, now);
                }
                Phase::Asking { .. } | Phase::Initializing { .. } => self.unanswered(now),
                Phase::Deciding { .. } => self.undecided(now),
                Phase::Closing { .. } => self.cut(now),
                Phase::Waiting { .. } => self.dial_or_block(now, Reason::Retry),
                Phase::Idle { .. }
                | Phase::Queued { .. }
                | Phase::Dialing { .. }
                | Phase::Blocked
                | Phase::Stalled { .. } => {}
            }
        }
        if is_due(self.return_or_probe_deadline(), now) {
            match self.phase {
                Phase::Open { attempt, .. } => {
                    let reason = "Back to the first URL".to_owned();
                    self.depart(attempt, 1000, reason, now);
                }
                Phase::Blocked => self.unblock(now),
                Phase::Idle { .. }
                | Phase::Asking { .. }
                | Phase::Queued { .. }
                | Phase::Dialing { .. }
                | Phase::Initializing { .. }
                | Phase::Deciding { .. }
                | Phase::Closing { .. }
                | Phase::Waiting { .. }
                | Phase::Stalled { .. } => {}
            }
        }
    }

    /// When an open connection is left for the first URL, or a probe that a server's `Retry-After`
    /// holds back may be made.
    pub(super) fn return_or_probe_deadline(&self) -> Option<Instant> {
        match self.phase {
            Phase::Open { .. } if self.circuit() != Circuit::Open => self
                .url_selector
                .return_at(&self.settings.reconnect.failover),
            Phase::Blocked if self.circuit() != Circuit::Open => self.url_selector.not_before(),
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
            | Phase::Stalled { .. } => None,
        }
    }

    pub(super) fn opened(&mut self, attempt: Attempt, now: Instant) {
        let Phase::Dialing {
            attempt: current,
            until,
        } = self.phase
        else {
            return;
        };
        if current != attempt {
            return;
        }
        if self.settings.reconnect.asked.init {
            self.ask_init(attempt, until);
        } else {
            self.open(attempt, now);
        }
    }

    /// The connection is open for the user.
    pub(super) fn open(&mut self, attempt: Attempt, now: Instant) {
        let retries = self.retry_count;
        let outage = self.outage.take().filter(|outage| outage.after_open);
        let min_uptime = self.settings.reconnect.min_uptime;
        let stability = if min_uptime.is_zero() {
            self.retry_count = 0;
            self.membership.succeed(&self.settings.circuit, now);
            Stability::Proved
        } else {
            let until = now.checked_add(min_uptime);
            Stability::Probation { until }
        };
        self.url_selector.leave_alone(None);
        self.enter(Phase::Open {
            attempt,
            liveness: PeerLiveness::new(&self.settings, now),
            stability,
        });
        self.round_trips.clear();
        self.event_loop_alive_at.get_or_insert(now);
        self.tell_circuit(Telling::Told);
        self.tell(Event::Open {
            retries,
            downtime: outage.map(|outage| now.saturating_duration_since(outage.since)),
        });
    }

    /// The open connection has lived long enough.
    fn prove(&mut self, now: Instant) {
        let forgets = self.retry_count > 0 || self.circuit_failures() > 0;
        self.retry_count = 0;
        self.membership.succeed(&self.settings.circuit, now);
        if forgets {
            self.tell(Event::Proved);
        }
        self.tell_circuit(Telling::Told);
    }

    /// The attempt has failed, unless it is over. A connection that it has made already is left.
    pub(super) fn refused(&mut self, attempt: Attempt, failure: Failure, now: Instant) {
        if !self.phase.is_connecting() {
            return;
        }
        if self.is_initializing(attempt) {
            self.leave_uninitialized();
        }
        self.lost(attempt, Ending::abnormal(), Some(failure), now);
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
        let mut status = None;
        let failure =
            failure.or_else(|| self.is_initializing(attempt).then(|| closed_early(&ending)));
        if let Some(failure) = failure {
            status = failure.status;
            let longest = self.settings.reconnect.max_retry_after.min(FAR);
            let until = failure
                .retry_after
                .filter(|_| !IN_BROWSERS)
                .map(|asked| asked.min(longest))
                .filter(|asked| !asked.is_zero())
                .and_then(|asked| {
                    let asked = self.settings.backoff.stretch(asked, &mut self.rng);
                    now.checked_add(asked)
                });
            // A server that was not asked has said nothing else.
            if !failure.withheld {
                self.url_selector.leave_alone(until);
            }
            self.fail(failure, now);
        }
        self.end(ending, status, now);
    }

    pub(super) fn fail(&mut self, failure: Failure, now: Instant) {
        if !failure.withheld {
            self.membership.fail(&self.settings.circuit, now);
        }
        self.tell(Event::Error(Box::new(failure)));
        self.tell_circuit(Telling::Told);
    }

    pub(super) fn cut(&mut self, now: Instant) {
        self.outputs.used().push(Output::Cut);
        self.end(Ending::abnormal(), None, now);
    }

    /// Lets go of the connection, and connects anew at once.
    pub(super) fn depart(&mut self, attempt: Attempt, code: u16, reason: String, now: Instant) {
        let was_open = !self.is_initializing(attempt);
        self.enter(Phase::Closing {
            attempt,
            cut_at: None,
            reconnect: true,
        });
        self.outputs.used().push(Output::Leave {
            code,
            reason: reason.clone(),
        });
        if was_open {
            self.begin_outage(true, now);
        }
        let ending = Ending {
            code: CloseCode::Frame(code),
            reason,
            was_clean: false,
        };
        self.end(ending, None, now);
    }

    /// Tells that the connection has ended, and decides what comes next. `status` is that of a
    /// refused upgrade.
    pub(super) fn end(&mut self, ending: Ending, status: Option<u16>, now: Instant) {
        let (goes_on, asked) = match self.phase {
            Phase::Closing { reconnect, .. } => (reconnect, true),
            Phase::Open { .. } => {
                self.begin_outage(true, now);
                (!self.manual_close, false)
            }
            Phase::Asking { .. }
            | Phase::Queued { .. }
            | Phase::Dialing { .. }
            | Phase::Initializing { .. } => (!self.manual_close, false),
            Phase::Idle { .. }
            | Phase::Deciding { .. }
            | Phase::Waiting { .. }
            | Phase::Blocked
            | Phase::Stalled { .. } => (false, false),
        };
        if !goes_on {
            self.enter(Phase::Idle {
                reason: IdleReason::Closed,
            });
            self.tell(Event::Close(ending));
            self.change_membership();
            return;
        }
        let is_final = self.settings.reconnect.only_transient && is_final(&ending, status);
        self.enter(Phase::Waiting {
            until: None,
            delay: Delay::Drawn,
        });
        self.tell(Event::Close(ending));
        self.change_membership();
        if asked {
            self.dial_or_block(now, Reason::Asked);
            return;
        }
        let failover = &self.settings.reconnect.failover;
        self.url_selector.fail_over(failover, &mut self.rng, now);
        if is_final && self.retries_used_up().is_none() {
            self.stop(CloseCode::NotTransient, "Trying again would not help");
        } else {
            self.retry(now);
        }
    }

    /// Connects again, where and when the user says so.
    pub(super) fn retry(&mut self, now: Instant) {
        if self.settings.reconnect.asked.retry && self.retries_used_up().is_none() {
            self.ask_retry(now);
        } else {
            self.go_on(None, now);
        }
    }

    pub(super) fn begin_outage(&mut self, after_open: bool, now: Instant) {
        self.outage = Some(Outage {
            since: now,
            after_open,
        });
    }

    /// Goes on to the next attempt, after as long as a user's function says or the policy does.
    pub(super) fn go_on(&mut self, delay: Option<Duration>, now: Instant) {
        if let Some(limit) = self.retries_used_up() {
            self.give_up(limit);
            return;
        }
        if let Err(refusal) = self.admit() {
            self.block(refusal, now);
            return;
        }
        match delay {
            Some(chosen) => self.wait(chosen, Delay::Chosen, now),
            None => {
                let drawn = self.delay(self.retry_count);
                self.last_delay = Some(drawn);
                self.wait(self.asked_for(drawn, now), Delay::Drawn, now);
            }
        }
    }

    /// A delay, or what the server of the next attempt has asked for where that is longer.
    pub(super) fn asked_for(&self, delay: Duration, now: Instant) -> Duration {
        self.url_selector.not_before().map_or(delay, |until| {
            delay.max(until.saturating_duration_since(now))
        })
    }

    /// Waits for so long, or longer where the budget asks for it, and then retries.
    pub(super) fn wait(&mut self, time: Duration, delay: Delay, now: Instant) {
        let (until, time) = self.reserve_start(time, now);
        self.enter(Phase::Waiting { until, delay });
        self.announce_retry(time);
    }

    /// Ends a wait early, since what has failed may go well after a change: not before the server wants to be
    /// asked, and never against a delay that the user chose. At a random time, as others have seen the same change.
    pub(super) fn hurry(&mut self, now: Instant) {
        let Phase::Waiting {
            until,
            delay: Delay::Drawn,
        } = self.phase
        else {
            return;
        };
        let soon = self.settings.backoff.soon(&mut self.rng);
        let soon = self.asked_for(Duration::ZERO, now).saturating_add(soon);
        let until = earliest(until, now.checked_add(soon));
        let until = until.and_then(|until| {
            let soon = until.saturating_duration_since(now);
            self.reserve_start(soon, now).0
        });
        self.enter(Phase::Waiting {
            until,
            delay: Delay::Drawn,
        });
        if is_due(until, now) {
            self.dial_or_block(now, Reason::Retry);
        }
    }

    pub(super) fn dial_or_block(&mut self, now: Instant, reason: Reason) {
        match self.begin() {
            Ok(()) => self.dial(now),
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
    pub(super) fn dial(&mut self, now: Instant) {
        self.attempt += 1;
        if is_due(
            self.url_selector
                .return_at(&self.settings.reconnect.failover),
            now,
        ) {
            self.url_selector.return_to_first();
        }
        if self.settings.reconnect.asked.route {
            self.ask_route();
        } else {
            self.reach(self.settings.reconnect.connection_timeout, now);
        }
    }

    /// Dials, as soon as the budget lets it.
    pub(super) fn reach(&mut self, limit: Option<Duration>, now: Instant) {
        let attempt = self.attempt;
        if let Err(until) = self.begin_start(now) {
            return self.enter(Phase::Queued {
                attempt,
                until,
                limit,
            });
        }
        let until = limit.and_then(|limit| now.checked_add(limit));
        self.enter(Phase::Dialing { attempt, until });
        self.outputs.used().push(Output::Dial {
            attempt,
            url_index: self.url_selector.index(),
            limit,
        });
    }

    pub(super) fn give_up(&mut self, limit: Count) {
        let reason = with_number("Maximum retry attempts (", limit as f64, ") exceeded");
        self.stop(CloseCode::MaxRetries, reason);
    }

    /// Ends what is under way, where the engine cannot go on with it. That is no failure of the server, and the next attempt
    /// might fail in the same way: only the user starts it again.
    pub(super) fn broke(&mut self, failure: Failure) {
        if IN_BROWSERS {
            return;
        }
        let goes_on = match self.phase {
            Phase::Idle { .. } => return,
            Phase::Closing { reconnect, .. } => reconnect,
            Phase::Asking { .. }
            | Phase::Queued { .. }
            | Phase::Dialing { .. }
            | Phase::Initializing { .. }
            | Phase::Open { .. }
            | Phase::Deciding { .. }
            | Phase::Waiting { .. }
            | Phase::Blocked
            | Phase::Stalled { .. } => !self.manual_close,
        };
        let reason = failure.message.clone();
        self.tell(Event::Error(Box::new(failure)));
        if self.phase.attempt().is_some() {
            self.outputs.used().push(Output::Cut);
            self.enter(if goes_on {
                Phase::Waiting {
                    until: None,
                    delay: Delay::Drawn,
                }
            } else {
                Phase::Idle {
                    reason: IdleReason::Closed,
                }
            });
            self.tell(Event::Close(Ending::abnormal()));
            self.change_membership();
        }
        if goes_on {
            self.stop(CloseCode::Internal, reason);
        }
    }

    pub(super) fn stop(&mut self, code: CloseCode, reason: impl Into<String>) {
        self.spent = Some(self.retry_count);
        self.enter(Phase::Idle {
            reason: IdleReason::Failed,
        });
        self.tell(Event::Close(Ending {
            code,
            reason: reason.into(),
            was_clean: false,
        }));
    }

    /// The limit, once it is reached.
    pub(super) fn retries_used_up(&self) -> Option<Count> {
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

/// What the end of a connection is before it has been initialized.
fn closed_early(ending: &Ending) -> Failure {
    let mut message = "The connection has ended before init was done".to_owned();
    if !ending.reason.is_empty() {
        message.push_str(": ");
        message.push_str(&ending.reason);
    }
    Failure::new("WSR_ERR_INIT_CLOSED", message)
}
