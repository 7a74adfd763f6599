//! A client's place at its circuit, which is its own or shared with others.

use std::fmt::Debug;
use std::ops::DerefMut;
use std::time::Instant;

use super::circuit::Breaker;
use super::{Circuit, CircuitSettings, Refusal};

/// A client's place at a circuit that it shares: how the clients come by the breaker is the caller's
/// affair.
///
/// Each client judges and opens the circuit by its own settings. When one has moved it, each other must
/// be handed an [`Input::Tick`](super::Input::Tick), and then tells and does what follows.
pub trait Shared: Debug + Send {
    /// The breaker, for this client alone until it is given back.
    fn lend(&self) -> Box<dyn DerefMut<Target = Breaker> + '_>;

    /// The breaker's [`moves`](Breaker::moves), read without having to wait for it.
    fn moves(&self) -> u64;
}

/// What a client knows of its circuit and has at it.
#[derive(Debug)]
pub(super) struct Seat {
    place: Place,
    /// The circuit and its deadline when the client saw it last.
    circuit: Circuit,
    deadline: Option<Instant>,
    /// The moves of the breaker when the client saw it last.
    moves: u64,
    /// Others had moved it then.
    news: bool,
    /// An attempt of this client counts as under way.
    dialing: bool,
}

#[derive(Debug)]
enum Place {
    Own(Breaker),
    Shared(Box<dyn Shared>),
}

impl Seat {
    pub(super) fn own() -> Seat {
        Seat::at(Place::Own(Breaker::own()))
    }

    pub(super) fn shared(shared: Box<dyn Shared>) -> Seat {
        Seat::at(Place::Shared(shared))
    }

    fn at(place: Place) -> Seat {
        let mut seat = Seat {
            place,
            circuit: Circuit::Closed,
            deadline: None,
            moves: 0,
            news: false,
            dialing: false,
        };
        seat.look();
        seat
    }

    pub(super) fn is_shared(&self) -> bool {
        match self.place {
            Place::Own(_) => false,
            Place::Shared(_) => true,
        }
    }

    /// Whether others have moved the circuit since this client saw it last.
    pub(super) fn is_behind(&self) -> bool {
        match &self.place {
            Place::Own(_) => false,
            Place::Shared(shared) => shared.moves() != self.moves,
        }
    }

    /// Whether the client has come upon moves of others since it was asked last.
    pub(super) fn take_news(&mut self) -> bool {
        std::mem::take(&mut self.news)
    }

    /// Sees what the others have made of the circuit.
    pub(super) fn look(&mut self) {
        self.using(|_| ());
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
    pub(super) fn failures(&self, settings: &CircuitSettings) -> u64 {
        match &self.place {
            Place::Own(breaker) => breaker.failures(settings),
            Place::Shared(shared) => shared.lend().failures(settings),
        }
    }

    pub(super) fn set_failures(&mut self, count: u64, settings: &CircuitSettings, now: Instant) {
        self.using(|breaker| breaker.set_failures(count, settings, now));
    }

    /// Whether a connection might be started.
    pub(super) fn admit(&mut self, settings: &CircuitSettings) -> Result<(), Refusal> {
        self.using(|breaker| breaker.admit(settings))
    }

    /// Counts a connection as under way, where it may be started.
    pub(super) fn begin(&mut self, settings: &CircuitSettings) -> Result<(), Refusal> {
        self.using(|breaker| breaker.begin(settings))?;
        self.dialing = true;
        Ok(())
    }

    /// The connection is under way no more, with a verdict or without.
    pub(super) fn finish(&mut self) {
        if std::mem::take(&mut self.dialing) {
            self.using(Breaker::finish);
        }
    }

    pub(super) fn fail(&mut self, settings: &CircuitSettings, now: Instant) {
        self.using(|breaker| breaker.fail(settings, now));
    }

    pub(super) fn succeed(&mut self, settings: &CircuitSettings, now: Instant) {
        self.using(|breaker| breaker.succeed(settings, now));
    }

    pub(super) fn open(&mut self, settings: &CircuitSettings, now: Instant) {
        self.using(|breaker| breaker.open(settings, now));
    }

    pub(super) fn half_open(&mut self) {
        self.using(Breaker::half_open);
    }

    pub(super) fn half_open_if_due(&mut self, now: Instant) {
        self.using(|breaker| breaker.half_open_if_due(now));
    }

    pub(super) fn close(&mut self) {
        self.using(Breaker::close);
    }

    fn using<T>(&mut self, work: impl FnOnce(&mut Breaker) -> T) -> T {
        let mut lent;
        let breaker = match &mut self.place {
            Place::Own(breaker) => breaker,
            Place::Shared(shared) => {
                lent = shared.lend();
                &mut *lent
            }
        };
        self.news |= breaker.moves() != self.moves;
        let result = work(breaker);
        self.circuit = breaker.circuit();
        self.deadline = breaker.deadline();
        self.moves = breaker.moves();
        result
    }
}

impl Drop for Seat {
    /// The others must not wait for the verdict of a client that is gone.
    fn drop(&mut self) {
        self.finish();
    }
}
