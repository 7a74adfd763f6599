//! What one client knows of its circuit, and what it has under way there. The circuit is the client's own, or it is
//! shared with other clients, who may have moved it since this one looked.

use std::fmt::Debug;
use std::ops::{Deref, DerefMut};

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
    seen: Seen,
    /// An attempt of this client counts as under way.
    dialing: bool,
}

/// What the client saw of its circuit last.
#[derive(Debug)]
struct Seen {
    circuit: Circuit,
    deadline: Option<Instant>,
    moves: Count,
    /// Others had moved it then.
    news: bool,
}

/// How the client comes by the breaker of its circuit.
#[derive(Debug)]
#[cfg_attr(feature = "browser", repr(u32))]
enum BreakerAccess {
    Own(Breaker),
    Shared(Box<dyn SharedBreaker>),
}

/// The breaker, for this client alone until this is dropped: what has become of it is seen then.
struct InUse<'a> {
    breaker: Held<'a>,
    seen: &'a mut Seen,
}

enum Held<'a> {
    Own(&'a mut Breaker),
    Shared(Box<dyn DerefMut<Target = Breaker> + 'a>),
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
            seen: Seen {
                circuit: Circuit::Closed,
                deadline: None,
                moves: 0,
                news: false,
            },
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
            BreakerAccess::Shared(shared) => shared.moves() != self.seen.moves,
        }
    }

    /// Whether the client has come upon moves of others since it was asked last.
    pub(super) fn take_news(&mut self) -> bool {
        std::mem::take(&mut self.seen.news)
    }

    /// Sees what the others have made of the circuit.
    pub(super) fn look(&mut self) {
        drop(self.using());
    }

    /// The circuit as this client saw it last.
    pub(super) fn circuit(&self) -> Circuit {
        self.seen.circuit
    }

    /// When the open circuit that this client saw last turns half-open.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.seen.deadline
    }

    /// The failures of all who share the circuit.
    pub(super) fn failures(&self, settings: &CircuitSettings) -> Count {
        match &self.breaker {
            BreakerAccess::Own(breaker) => breaker.failures(settings),
            BreakerAccess::Shared(shared) => shared.lock().failures(settings),
        }
    }

    pub(super) fn set_failures(&mut self, count: Count, settings: &CircuitSettings, now: Instant) {
        self.using().set_failures(count, settings, now);
    }

    /// Whether a connection might be started.
    pub(super) fn admit(&mut self, settings: &CircuitSettings) -> Result<(), Refusal> {
        self.using().admit(settings)
    }

    /// Counts a connection as under way, where it may be started.
    pub(super) fn begin(&mut self, settings: &CircuitSettings) -> Result<(), Refusal> {
        self.using().begin(settings)?;
        self.dialing = true;
        Ok(())
    }

    /// The connection is under way no more, whatever its outcome.
    pub(super) fn finish(&mut self) {
        if std::mem::take(&mut self.dialing) {
            self.using().finish();
        }
    }

    pub(super) fn fail(&mut self, settings: &CircuitSettings, now: Instant) {
        self.using().fail(settings, now);
    }

    pub(super) fn succeed(&mut self, settings: &CircuitSettings, now: Instant) {
        self.using().succeed(settings, now);
    }

    pub(super) fn open(&mut self, settings: &CircuitSettings, now: Instant) {
        self.using().open(settings, now);
    }

    pub(super) fn half_open(&mut self) {
        self.using().half_open();
    }

    pub(super) fn half_open_if_due(&mut self, now: Instant) {
        self.using().half_open_if_due(now);
    }

    pub(super) fn close(&mut self) {
        self.using().close();
    }

    fn using(&mut self) -> InUse<'_> {
        let breaker = match &mut self.breaker {
            BreakerAccess::Own(breaker) => Held::Own(breaker),
            BreakerAccess::Shared(shared) => Held::Shared(shared.lock()),
        };
        let used = InUse {
            breaker,
            seen: &mut self.seen,
        };
        used.seen.news |= used.moves() != used.seen.moves;
        used
    }
}

impl Deref for InUse<'_> {
    type Target = Breaker;

    fn deref(&self) -> &Breaker {
        match &self.breaker {
            Held::Own(breaker) => breaker,
            Held::Shared(breaker) => breaker,
        }
    }
}

impl DerefMut for InUse<'_> {
    fn deref_mut(&mut self) -> &mut Breaker {
        match &mut self.breaker {
            Held::Own(breaker) => breaker,
            Held::Shared(breaker) => breaker,
        }
    }
}

impl Drop for InUse<'_> {
    fn drop(&mut self) {
        let (circuit, deadline, moves) = (self.circuit(), self.deadline(), self.moves());
        self.seen.circuit = circuit;
        self.seen.deadline = deadline;
        self.seen.moves = moves;
    }
}

impl Drop for CircuitMembership {
    /// The others must not wait for the outcome of an attempt of a client that is gone.
    fn drop(&mut self) {
        self.finish();
    }
}
