//! The circuit breaker: stops connecting to a peer that keeps failing, and probes for its return.

use std::time::Instant;

use super::{Circuit, CircuitSettings, Refusal};

/// Counts consecutive failures; decides whether connecting is allowed.
#[derive(Clone, Debug)]
pub(super) struct Breaker {
    failures: u64,
    position: Position,
}

#[derive(Clone, Debug)]
enum Position {
    Closed,
    /// Without `until` (a time too far for the clock) it stays open until closed by hand.
    Open {
        until: Option<Instant>,
    },
    /// `dials` connections have been started since it turned half-open.
    HalfOpen {
        dials: u64,
    },
}

impl Breaker {
    pub(super) fn new() -> Breaker {
        Breaker {
            failures: 0,
            position: Position::Closed,
        }
    }

    pub(super) fn circuit(&self) -> Circuit {
        match self.position {
            Position::Closed => Circuit::Closed,
            Position::Open { .. } => Circuit::Open,
            Position::HalfOpen { .. } => Circuit::HalfOpen,
        }
    }

    pub(super) fn failures(&self) -> u64 {
        self.failures
    }

    /// Takes effect at the next failure: a count alone opens nothing.
    pub(super) fn set_failures(&mut self, failures: u64) {
        self.failures = failures;
    }

    /// When an open circuit turns half-open.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match self.position {
            Position::Open { until } => until,
            Position::Closed | Position::HalfOpen { .. } => None,
        }
    }

    /// Whether a connection may be started.
    pub(super) fn admit(&self, settings: &CircuitSettings) -> Result<(), Refusal> {
        match self.position {
            Position::Closed => Ok(()),
            Position::Open { .. } => Err(Refusal::CircuitOpen),
            Position::HalfOpen { dials } if dials < settings.half_open_max => Ok(()),
            Position::HalfOpen { .. } => Err(Refusal::HalfOpenLimit),
        }
    }

    /// A connection is started, or one under way becomes the probe.
    pub(super) fn count_dial(&mut self) {
        if let Position::HalfOpen { dials } = &mut self.position {
            *dials = dials.saturating_add(1);
        }
    }

    /// Counts a failure, and tells whether it opened the circuit.
    pub(super) fn fail(&mut self, settings: &CircuitSettings, now: Instant) -> bool {
        self.failures = self.failures.saturating_add(1);
        match self.position {
            Position::Closed => {
                self.failures >= settings.failure_threshold && self.open(settings, now)
            }
            Position::Open { .. } => false,
            Position::HalfOpen { .. } => self.open(settings, now),
        }
    }

    /// Notes that a connection opened, and tells whether that closed the circuit. One that was
    /// opened by hand meanwhile waits for its timer.
    pub(super) fn succeed(&mut self) -> bool {
        self.failures = 0;
        match self.position {
            Position::Closed | Position::Open { .. } => false,
            Position::HalfOpen { .. } => self.close(),
        }
    }

    /// Starts the reset timer, also of a circuit that is open; tells whether the circuit changed.
    pub(super) fn open(&mut self, settings: &CircuitSettings, now: Instant) -> bool {
        let changed = self.circuit() != Circuit::Open;
        self.position = Position::Open {
            until: now.checked_add(settings.reset_timeout),
        };
        changed
    }

    /// Tells whether the circuit changed; one that is half-open keeps its count of dials.
    pub(super) fn half_open(&mut self) -> bool {
        let changed = self.circuit() != Circuit::HalfOpen;
        if changed {
            self.position = Position::HalfOpen { dials: 0 };
        }
        changed
    }

    /// Forgets the failures; tells whether the circuit changed.
    pub(super) fn close(&mut self) -> bool {
        let changed = self.circuit() != Circuit::Closed;
        self.failures = 0;
        self.position = Position::Closed;
        changed
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const SETTINGS: CircuitSettings = CircuitSettings {
        failure_threshold: 3,
        reset_timeout: Duration::from_secs(60),
        half_open_max: 2,
    };

    #[test]
    fn the_failure_that_reaches_the_threshold_opens_the_circuit() {
        let now = Instant::now();
        let mut breaker = Breaker::new();
        assert!(!breaker.fail(&SETTINGS, now));
        assert!(!breaker.fail(&SETTINGS, now));
        assert_eq!(breaker.admit(&SETTINGS), Ok(()));
        assert!(breaker.fail(&SETTINGS, now));
        assert_eq!(breaker.admit(&SETTINGS), Err(Refusal::CircuitOpen));
        assert_eq!(breaker.deadline(), Some(now + SETTINGS.reset_timeout));
    }

    #[test]
    fn a_success_forgets_the_failures_before_it() {
        let now = Instant::now();
        let mut breaker = Breaker::new();
        breaker.fail(&SETTINGS, now);
        breaker.fail(&SETTINGS, now);
        assert!(!breaker.succeed());
        assert_eq!(breaker.failures(), 0);
        assert!(!breaker.fail(&SETTINGS, now));
        assert_eq!(breaker.circuit(), Circuit::Closed);
    }

    #[test]
    fn one_failure_opens_a_half_open_circuit() {
        let mut breaker = half_open();
        assert!(breaker.fail(&SETTINGS, Instant::now()));
        assert_eq!(breaker.circuit(), Circuit::Open);
    }

    #[test]
    fn one_success_closes_a_half_open_circuit() {
        let mut breaker = half_open();
        assert!(breaker.succeed());
        assert_eq!(breaker.circuit(), Circuit::Closed);
    }

    #[test]
    fn a_success_leaves_an_open_circuit_to_its_timer() {
        let now = Instant::now();
        let mut breaker = Breaker::new();
        breaker.open(&SETTINGS, now);
        assert!(!breaker.succeed());
        assert_eq!(breaker.deadline(), Some(now + SETTINGS.reset_timeout));
    }

    #[test]
    fn a_failure_leaves_the_timer_of_an_open_circuit_alone() {
        let now = Instant::now();
        let mut breaker = Breaker::new();
        breaker.open(&SETTINGS, now);
        assert!(!breaker.fail(&SETTINGS, now + Duration::from_secs(1)));
        assert_eq!(breaker.failures(), 1);
        assert_eq!(breaker.deadline(), Some(now + SETTINGS.reset_timeout));
    }

    #[test]
    fn a_half_open_circuit_admits_so_many_dials_and_turning_it_again_gives_no_more() {
        let mut breaker = half_open();
        breaker.count_dial();
        assert_eq!(breaker.admit(&SETTINGS), Ok(()));
        breaker.count_dial();
        assert_eq!(breaker.admit(&SETTINGS), Err(Refusal::HalfOpenLimit));
        assert!(!breaker.half_open());
        assert_eq!(breaker.admit(&SETTINGS), Err(Refusal::HalfOpenLimit));
    }

    #[test]
    fn dials_of_a_closed_circuit_are_not_counted() {
        let mut breaker = Breaker::new();
        breaker.count_dial();
        breaker.count_dial();
        breaker.half_open();
        assert_eq!(breaker.admit(&SETTINGS), Ok(()));
    }

    #[test]
    fn closing_forgets_the_failures_and_tells_whether_it_changed_anything() {
        let mut breaker = Breaker::new();
        breaker.set_failures(7);
        assert!(!breaker.close());
        assert_eq!(breaker.failures(), 0);
        breaker.open(&SETTINGS, Instant::now());
        assert!(breaker.close());
        assert_eq!(breaker.deadline(), None);
    }

    #[test]
    fn the_count_of_failures_has_an_end() {
        let mut breaker = Breaker::new();
        breaker.set_failures(u64::MAX);
        assert!(breaker.fail(&SETTINGS, Instant::now()));
        assert_eq!(breaker.failures(), u64::MAX);
    }

    fn half_open() -> Breaker {
        let mut breaker = Breaker::new();
        breaker.half_open();
        breaker
    }
}
