//! What one client knows of its circuit, and what it has under way there. The circuit is the client's own, or it is
//! shared with other clients, who may have moved it since this one looked.

use std::fmt::Debug;
use std::ops::DerefMut;

use super::circuit::Breaker;
use super::{Circuit, CircuitSettings, Instant, Refusal};
use crate::policy::duration::Count;

/// A breaker that several clients share, as one of them has it: how the clients come by it is the caller's
/// affair.
///
/// Each client judges and opens the circuit by its own settings. When one has moved it, each other must
/// be handed an [`Input::Tick`](super::Input::Tick), and then tells and does what follows.
pub trait SharedBreaker: Debug + Send {
    /// The breaker, for this client alone until the guard is dropped.
    fn lock(&self) -> Box<dyn DerefMut<Target = Breaker> + '_>;

    /// The breaker's [`moves`](Breaker::moves), read without having to wait for it.
    fn moves(&self) -> Count;
}

/// See the module.
#[derive(Debug)]
pub(super) struct CircuitMembership {
    breaker: BreakerAccess,
    /// The circuit and its deadline when the client saw it last.
    circuit: Circuit,
    deadline: Option<Instant>,
    /// The moves of the breaker when the client saw it last.
    moves: Count,
    /// Others had moved it then.
    news: bool,
    /// An attempt of this client counts as under way.
    dialing: bool,
}

/// How the client comes by the breaker of its circuit.
#[derive(Debug)]
#[cfg_attr(feature = "browser", repr(u32))]
enum BreakerAccess {
    Own(Breaker),
    Shared(Box<dyn SharedBreaker>),
}

impl CircuitMembership {
    pub(super) fn own() -> CircuitMembership {
        CircuitMembership::at(BreakerAccess::Own(Breaker::own()))
    }

    pub(super) fn shared(shared: Box<dyn SharedBreaker>) -> CircuitMembership {
        CircuitMembership::at(BreakerAccess::Shared(shared))
    }

    fn at(breaker: BreakerAccess) -> CircuitMembership {
        let mut membership = CircuitMembership {
            breaker,
            circuit: Circuit::Closed,
            deadline: None,
            moves: 0,
            news: false,
            dialing: false,
        };
        membership.look();
        membership
    }

    pub(super) fn is_shared(&self) -> bool {
        match self.breaker {
            BreakerAccess::Own(_) => false,
            BreakerAccess::Shared(_) => true,
        }
    }

    /// Whether others have moved the circuit since this client saw it last.
    pub(super) fn is_behind(&self) -> bool {
        match &self.breaker {
            BreakerAccess::Own(_) => false,
            BreakerAccess::Shared(shared) => shared.moves() != self.moves,
        }
    }

    /// Whether the client has come upon moves of others since it was asked last.
    pub(super) fn take_news(&mut self) -> bool {
        std::mem::take(&mut self.news)
    }

    /// Sees what the others have made of the circuit.
    pub(super) fn look(&mut self) {
        self.using(&mut |_| ());
    }

    /// The circuit as this client saw it last.
    pub(super) fn circuit(&self) -> Circuit {
        self.circuit
    }

    /// When the open circuit that this client saw last turns half-open.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// The failures of all who share the circuit.
    pub(super) fn failures(&self, settings: &CircuitSettings) -> Count {
        match &self.breaker {
            BreakerAccess::Own(breaker) => breaker.failures(settings),
            BreakerAccess::Shared(shared) => shared.lock().failures(settings),
        }
    }

    pub(super) fn set_failures(&mut self, count: Count, settings: &CircuitSettings, now: Instant) {
        self.using(&mut |breaker| breaker.set_failures(count, settings, now));
    }

    /// Whether a connection might be started.
    pub(super) fn admit(&mut self, settings: &CircuitSettings) -> Result<(), Refusal> {
        let mut answer = Ok(());
        self.using(&mut |breaker| answer = breaker.admit(settings));
        answer
    }

    /// Counts a connection as under way, where it may be started.
    pub(super) fn begin(&mut self, settings: &CircuitSettings) -> Result<(), Refusal> {
        let mut answer = Ok(());
        self.using(&mut |breaker| answer = breaker.begin(settings));
        self.dialing |= answer.is_ok();
        answer
    }

    /// The connection is under way no more, whatever its outcome.
    pub(super) fn finish(&mut self) {
        if std::mem::take(&mut self.dialing) {
            self.using(&mut Breaker::finish);
        }
    }

    pub(super) fn fail(&mut self, settings: &CircuitSettings, now: Instant) {
        self.using(&mut |breaker| breaker.fail(settings, now));
    }

    pub(super) fn succeed(&mut self, settings: &CircuitSettings, now: Instant) {
        self.using(&mut |breaker| breaker.succeed(settings, now));
    }

    pub(super) fn open(&mut self, settings: &CircuitSettings, now: Instant) {
        self.using(&mut |breaker| breaker.open(settings, now));
    }

    pub(super) fn half_open(&mut self) {
        self.using(&mut Breaker::half_open);
    }

    pub(super) fn half_open_if_due(&mut self, now: Instant) {
        self.using(&mut |breaker| breaker.half_open_if_due(now));
    }

    pub(super) fn close(&mut self) {
        self.using(&mut Breaker::close);
    }

    /// Not generic: browsers would load what is around the work as often as there is work.
    fn using(&mut self, work: &mut dyn FnMut(&mut Breaker)) {
        let mut locked;
        let breaker = match &mut self.breaker {
            BreakerAccess::Own(breaker) => breaker,
            BreakerAccess::Shared(shared) => {
                locked = shared.lock();
                &mut *locked
            }
        };
        self.news |= breaker.moves() != self.moves;
        work(breaker);
        self.circuit = breaker.circuit();
        self.deadline = breaker.deadline();
        self.moves = breaker.moves();
    }
}

impl Drop for CircuitMembership {
    /// The others must not wait for the outcome of an attempt of a client that is gone.
    fn drop(&mut self) {
        self.finish();
    }
}
