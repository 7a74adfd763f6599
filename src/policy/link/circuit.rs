//! What the circuit does to a client (blocks it, lets it probe), and what a client does to the circuit.

use super::{Link, Telling, is_due};
use crate::policy::circuit_membership::CircuitMembership;
use crate::policy::duration::{Duration, millis, of_millis};
use crate::policy::phase::{Delay, IdleReason, Phase, Stability};
use crate::policy::{Chance, Circuit, Event, Instant, Refusal, SharedBreaker, State};

impl<C: Chance> Link<C> {
    /// Moves to a circuit that is shared, or to one of its own. While an attempt or a connection is
    /// there, it does so when that has ended: what becomes of it concerns the circuit of before.
    pub fn join(&mut self, shared: Option<Box<dyn SharedBreaker>>, now: Instant) {
        let membership = shared.map_or_else(CircuitMembership::own, CircuitMembership::shared);
        if self.phase.attempt().is_some() {
            self.next_membership = Some(Box::new(membership));
            return;
        }
        self.membership = membership;
        self.follow(now);
        self.follow_news(now);
        self.let_go();
    }

    /// Leaves the circuit at once: this client is gone, and nobody is to wait for the outcome of its attempt.
    pub fn leave(&mut self) {
        self.next_membership = None;
        self.membership = CircuitMembership::own();
    }

    /// Takes in what others and the time have made of the circuit.
    pub(super) fn catch_up(&mut self, now: Instant) {
        if self.membership.is_behind() {
            self.membership.look();
            self.follow_news(now);
        }
        if is_due(self.membership.deadline(), now) {
            self.membership.half_open_if_due(now);
            self.half_opened(Telling::Told, now);
        }
    }

    pub(super) fn half_open_circuit(&mut self, telling: Telling, now: Instant) {
        self.membership.half_open();
        self.half_opened(telling, now);
    }

    fn half_opened(&mut self, telling: Telling, now: Instant) {
        self.tell_circuit(telling);
        // A server that has asked to be left alone for longer is not probed before.
        if let Phase::Blocked = self.phase
            && self
                .url_selector
                .not_before()
                .is_none_or(|until| until <= now)
        {
            self.unblock(now);
        }
        // An established connection says nothing of new ones, which others may be waiting to try.
        if let Phase::Open {
            stability: Stability::Proved,
            ..
        } = self.phase
            && !self.membership.is_shared()
        {
            self.membership.succeed(&self.settings.circuit, now);
            self.tell_circuit(Telling::Told);
        }
    }

    pub(super) fn open_circuit(&mut self, telling: Telling, now: Instant) {
        self.membership.open(&self.settings.circuit, now);
        self.tell_circuit(telling);
        self.block_if_waiting();
    }

    pub(super) fn close_circuit(&mut self, telling: Telling, now: Instant) {
        self.membership.close();
        self.tell_circuit(telling);
        if let Phase::Blocked = self.phase {
            self.unblock(now);
        }
    }

    pub(super) fn count_failure(&mut self, now: Instant) {
        self.membership.fail(&self.settings.circuit, now);
        self.tell_circuit(Telling::Told);
        if self.circuit() == Circuit::Open {
            self.block_if_waiting();
        }
    }

    /// Whether a client that wants to connect waits for the circuit in place of being refused. What it then
    /// starts is a retry, so one that has none cannot wait.
    pub(super) fn may_wait(&self) -> bool {
        self.membership.is_shared() && self.settings.max_retries != Some(0)
    }

    /// Whether a connection might be started.
    pub(super) fn admit(&mut self) -> Result<(), Refusal> {
        let answer = self.membership.admit(&self.settings.circuit);
        self.tell_circuit(Telling::Told);
        answer
    }

    /// Counts a connection as under way where it may be started; to be followed by `dial` then.
    pub(super) fn begin(&mut self) -> Result<(), Refusal> {
        let answer = self.membership.begin(&self.settings.circuit);
        self.tell_circuit(Telling::Told);
        answer
    }

    /// Tells a call that it is refused, also where the client shows so already.
    pub(super) fn tell_refusal(&mut self) {
        if self.state() == State::Blocked {
            self.tell(Event::StateChange(State::Blocked));
        } else {
            self.enter(Phase::Idle {
                reason: IdleReason::Refused,
            });
        }
    }

    /// Ends what a refusal shows, once the circuit would let the client connect.
    pub(super) fn let_go(&mut self) {
        if let Phase::Idle {
            reason: IdleReason::Refused,
        } = self.phase
            && self.admit().is_ok()
        {
            self.enter(Phase::Idle {
                reason: IdleReason::Closed,
            });
        }
    }

    /// Waits for the circuit. One of the client's own that has used up its probes without an outcome
    /// opens again: half-open has no timer that would let the client go on. Of one that is shared,
    /// others are the probes, and the outcome of theirs comes.
    pub(super) fn block(&mut self, refusal: Refusal, now: Instant) {
        if refusal == Refusal::HalfOpenLimit && !self.membership.is_shared() {
            self.membership.open(&self.settings.circuit, now);
            self.tell_circuit(Telling::Told);
        }
        self.enter(Phase::Blocked);
    }

    pub(super) fn unblock(&mut self, now: Instant) {
        self.url_selector.leave_alone(None);
        if let Some(limit) = self.retries_used_up() {
            self.give_up(limit);
        } else if self.begin().is_ok() {
            self.announce_retry(Duration::ZERO);
            self.dial(now);
        }
    }

    fn block_if_waiting(&mut self) {
        if let Phase::Waiting { .. } = self.phase {
            self.take_retry_back();
            self.enter(Phase::Blocked);
        }
    }

    /// A retry that was announced and is not made must not be lost.
    pub(super) fn take_retry_back(&mut self) {
        self.retry_count = self.retry_count.saturating_sub(1);
    }

    /// Tells what others have made of the circuit, and does what follows. Each step may come upon more.
    pub(super) fn follow_news(&mut self, now: Instant) {
        while self.membership.take_news() {
            self.follow(now);
        }
    }

    /// Tells what has become of the circuit, and does what follows.
    fn follow(&mut self, now: Instant) {
        self.tell_circuit(Telling::Told);
        match self.circuit() {
            Circuit::Open => self.block_if_waiting(),
            Circuit::HalfOpen => self.half_opened(Telling::Told, now),
            Circuit::Closed => self.come_back(now),
        }
    }

    /// Goes on after another client has closed the circuit: at a random time within the delay of the
    /// backoff, since all who were blocked are let go at once.
    fn come_back(&mut self, now: Instant) {
        let Phase::Blocked = self.phase else { return };
        if let Some(limit) = self.retries_used_up() {
            return self.give_up(limit);
        }
        let most = millis(self.delay(self.retry_count));
        let delay = of_millis(self.rng.below(most + 1.0));
        self.wait(self.asked_for(delay, now), Delay::Drawn, now);
    }

    /// Moves to the circuit that was to come after the connection.
    pub(super) fn change_membership(&mut self) {
        if let Some(membership) = self.next_membership.take() {
            self.membership = *membership;
            self.tell_circuit(Telling::Told);
        }
    }
}
