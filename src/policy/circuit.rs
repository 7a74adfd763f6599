//! The circuit breaker: stops connecting to a peer that keeps failing, and probes for its return.

use super::sliding_window::{Counts, SlidingWindows};
use super::{Circuit, CircuitSettings, Instant, Refusal};
use crate::policy::duration::Count;

/// Counts failures and decides whether connecting is allowed, for one client or for all that share it.
#[derive(Clone, Debug)]
pub struct Breaker {
    /// Consecutive ones.
    failures: Count,
    windows: SlidingWindows,
    position: Position,
    /// Attempts that have been started and have not ended.
    under_way: Count,
    /// An attempt that ends without an outcome lets another probe in its place.
    gives_back: bool,
    moves: Count,
}

#[derive(Clone, Debug)]
#[cfg_attr(feature = "browser", repr(u32))]
enum Position {
    Closed,
    /// Without `until` (a time too far for the clock) it stays open until closed by hand.
    Open {
        until: Option<Instant>,
    },
    /// `dials` connections are under way as probes, or have been where none is given back.
    HalfOpen {
        dials: Count,
    },
}

impl Breaker {
    /// Of one client: what it starts in a half-open period counts to the end of that.
    pub(super) fn own() -> Breaker {
        Breaker {
            failures: 0,
            windows: SlidingWindows::default(),
            position: Position::Closed,
            under_way: 0,
            gives_back: false,
            moves: 0,
        }
    }

    /// Of several clients. One that is closed while it probes must not keep the others waiting, so it
    /// gives its place to another.
    pub fn shared() -> Breaker {
        Breaker {
            gives_back: true,
            ..Breaker::own()
        }
    }

    /// Grows with each change that other clients must be told: of the circuit, of its timer, or when a
    /// place to probe has come free.
    pub fn moves(&self) -> Count {
        self.moves
    }

    pub fn circuit(&self) -> Circuit {
        match self.position {
            Position::Closed => Circuit::Closed,
            Position::Open { .. } => Circuit::Open,
            Position::HalfOpen { .. } => Circuit::HalfOpen,
        }
    }

    /// Those that are held against the peer by these settings, as of the latest outcome: consecutive
    /// ones, or those in the window.
    pub(super) fn failures(&self, settings: &CircuitSettings) -> Count {
        match &settings.rate {
            None => self.failures,
            Some(rate) => self.windows.counts(rate.window).failures,
        }
    }

    /// Forgets all outcomes for so many failures. Takes effect at the next failure: a count alone
    /// opens nothing.
    pub(super) fn set_failures(
        &mut self,
        failures: Count,
        settings: &CircuitSettings,
        now: Instant,
    ) {
        self.windows.clear();
        self.note(Counts::failures(failures), settings, now);
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

    /// Counts a connection as started, where that is allowed.
    pub(super) fn begin(&mut self, settings: &CircuitSettings) -> Result<(), Refusal> {
        self.admit(settings)?;
        self.under_way = self.under_way.saturating_add(1);
        if let Position::HalfOpen { dials } = &mut self.position {
            *dials = dials.saturating_add(1);
        }
        Ok(())
    }

    /// A connection that was started has opened, failed or been given up.
    pub(super) fn finish(&mut self) {
        self.under_way = self.under_way.saturating_sub(1);
        if !self.gives_back {
            return;
        }
        if let Position::HalfOpen { dials } = &mut self.position {
            *dials = dials.saturating_sub(1);
            self.moved();
        }
    }

    /// Counts a failure, which may open the circuit; one that is half-open it opens.
    pub(super) fn fail(&mut self, settings: &CircuitSettings, now: Instant) {
        self.failures = self.failures.saturating_add(1);
        self.note(Counts::failures(1), settings, now);
        match self.position {
            Position::Closed if self.is_too_much(settings) => self.open(settings, now),
            Position::HalfOpen { .. } => self.open(settings, now),
            Position::Closed | Position::Open { .. } => {}
        }
    }

    fn is_too_much(&self, settings: &CircuitSettings) -> bool {
        let Some(rate) = &settings.rate else {
            return self.failures >= settings.failure_threshold;
        };
        let counts = self.windows.counts(rate.window);
        counts.outcomes >= rate.minimum && counts.reaches(rate.share)
    }

    fn note(&mut self, counts: Counts, settings: &CircuitSettings, now: Instant) {
        if let Some(rate) = &settings.rate {
            self.windows.watch(rate.window);
        }
        self.windows.note(counts, now);
    }

    /// Notes that a connection opened, which closes a circuit that is half-open. One that was opened
    /// meanwhile waits for its timer.
    pub(super) fn succeed(&mut self, settings: &CircuitSettings, now: Instant) {
        self.failures = 0;
        self.note(Counts::SUCCESS, settings, now);
        match self.position {
            Position::Closed | Position::Open { .. } => {}
            Position::HalfOpen { .. } => self.close(),
        }
    }

    /// Starts the reset timer, also of a circuit that is open.
    pub fn open(&mut self, settings: &CircuitSettings, now: Instant) {
        self.position = Position::Open {
            until: now.checked_add(settings.reset_timeout),
        };
        self.moved();
    }

    /// Attempts that are under way become probes. A circuit that is half-open keeps its count.
    pub(super) fn half_open(&mut self) {
        if self.circuit() != Circuit::HalfOpen {
            self.position = Position::HalfOpen {
                dials: self.under_way,
            };
            self.moved();
        }
    }

    /// Half-opens a circuit whose timer has run out: another client may have restarted it.
    pub(super) fn half_open_if_due(&mut self, now: Instant) {
        if self.deadline().is_some_and(|deadline| deadline <= now) {
            self.half_open();
        }
    }

    /// Forgets the failures.
    pub(super) fn close(&mut self) {
        self.failures = 0;
        self.windows.clear();
        if self.circuit() != Circuit::Closed {
            self.position = Position::Closed;
            self.moved();
        }
    }

    fn moved(&mut self) {
        self.moves = self.moves.wrapping_add(1);
    }
}

#[cfg(test)]
mod tests {
    use crate::policy::Duration;

    use super::*;
    use crate::policy::FailureRate;

    const SETTINGS: CircuitSettings = CircuitSettings {
        failure_threshold: 3,
        rate: None,
        reset_timeout: Duration::from_secs(60),
        half_open_max: 2,
    };

    #[test]
    fn the_failure_that_reaches_the_threshold_opens_the_circuit() {
        let now = Instant::from_micros(0.0);
        let mut breaker = Breaker::own();
        breaker.fail(&SETTINGS, now);
        breaker.fail(&SETTINGS, now);
        assert_eq!(breaker.admit(&SETTINGS), Ok(()));
        breaker.fail(&SETTINGS, now);
        assert_eq!(breaker.admit(&SETTINGS), Err(Refusal::CircuitOpen));
        assert_eq!(breaker.deadline(), Some(now + SETTINGS.reset_timeout));
    }

    #[test]
    fn a_success_forgets_the_failures_before_it() {
        let now = Instant::from_micros(0.0);
        let mut breaker = Breaker::own();
        breaker.fail(&SETTINGS, now);
        breaker.fail(&SETTINGS, now);
        breaker.succeed(&SETTINGS, now);
        assert_eq!(breaker.failures(&SETTINGS), 0);
        breaker.fail(&SETTINGS, now);
        assert_eq!(breaker.circuit(), Circuit::Closed);
    }

    #[test]
    fn one_failure_opens_a_half_open_circuit() {
        let mut breaker = half_open();
        breaker.fail(&SETTINGS, Instant::from_micros(0.0));
        assert_eq!(breaker.circuit(), Circuit::Open);
    }

    #[test]
    fn one_success_closes_a_half_open_circuit() {
        let mut breaker = half_open();
        breaker.succeed(&SETTINGS, Instant::from_micros(0.0));
        assert_eq!(breaker.circuit(), Circuit::Closed);
    }

    #[test]
    fn a_success_leaves_an_open_circuit_to_its_timer() {
        let now = Instant::from_micros(0.0);
        let mut breaker = Breaker::own();
        breaker.open(&SETTINGS, now);
        breaker.succeed(&SETTINGS, now);
        assert_eq!(breaker.deadline(), Some(now + SETTINGS.reset_timeout));
    }

    #[test]
    fn a_failure_leaves_the_timer_of_an_open_circuit_alone() {
        let now = Instant::from_micros(0.0);
        let mut breaker = Breaker::own();
        breaker.open(&SETTINGS, now);
        breaker.fail(&SETTINGS, now + Duration::from_secs(1));
        assert_eq!(breaker.failures(&SETTINGS), 1);
        assert_eq!(breaker.deadline(), Some(now + SETTINGS.reset_timeout));
    }

    #[test]
    fn a_half_open_circuit_admits_so_many_dials_and_turning_it_again_gives_no_more() {
        let mut breaker = half_open();
        assert_eq!(breaker.begin(&SETTINGS), Ok(()));
        assert_eq!(breaker.begin(&SETTINGS), Ok(()));
        assert_eq!(breaker.begin(&SETTINGS), Err(Refusal::HalfOpenLimit));
        breaker.half_open();
        assert_eq!(breaker.admit(&SETTINGS), Err(Refusal::HalfOpenLimit));
    }

    #[test]
    fn dials_of_a_closed_circuit_that_have_ended_are_not_counted() {
        let mut breaker = Breaker::own();
        for _ in 0..2 {
            assert_eq!(breaker.begin(&SETTINGS), Ok(()));
            breaker.finish();
        }
        breaker.half_open();
        assert_eq!(breaker.admit(&SETTINGS), Ok(()));
    }

    #[test]
    fn closing_forgets_the_failures_and_is_a_move_where_it_changes_anything() {
        let now = Instant::from_micros(0.0);
        let mut breaker = Breaker::own();
        breaker.set_failures(7, &SETTINGS, now);
        breaker.close();
        assert_eq!((breaker.failures(&SETTINGS), breaker.moves()), (0, 0));
        breaker.open(&SETTINGS, now);
        breaker.close();
        assert_eq!(breaker.moves(), 2);
        assert_eq!(breaker.deadline(), None);
    }

    #[test]
    fn the_count_of_failures_has_an_end() {
        let mut breaker = Breaker::own();
        breaker.set_failures(u64::MAX, &SETTINGS, Instant::from_micros(0.0));
        breaker.fail(&SETTINGS, Instant::from_micros(0.0));
        assert_eq!(breaker.circuit(), Circuit::Open);
        assert_eq!(breaker.failures(&SETTINGS), u64::MAX);
    }

    #[test]
    fn an_attempt_under_way_when_it_turns_half_open_is_one_of_its_probes() {
        let mut breaker = Breaker::shared();
        assert_eq!(breaker.begin(&SETTINGS), Ok(()));
        breaker.half_open();
        assert_eq!(breaker.begin(&SETTINGS), Ok(()));
        assert_eq!(breaker.admit(&SETTINGS), Err(Refusal::HalfOpenLimit));
    }

    #[test]
    fn a_shared_circuit_gives_the_place_of_a_probe_without_an_outcome_to_another() {
        let mut breaker = Breaker::shared();
        breaker.half_open();
        assert_eq!(breaker.begin(&SETTINGS), Ok(()));
        assert_eq!(breaker.begin(&SETTINGS), Ok(()));
        let moves = breaker.moves();
        breaker.finish();
        assert_eq!(breaker.moves(), moves + 1);
        assert_eq!(breaker.begin(&SETTINGS), Ok(()));
        assert_eq!(breaker.begin(&SETTINGS), Err(Refusal::HalfOpenLimit));
    }

    #[test]
    fn with_a_window_the_share_of_failures_opens_the_circuit() {
        let now = Instant::from_micros(0.0);
        let settings = rated();
        let mut breaker = Breaker::own();
        breaker.succeed(&settings, now);
        breaker.succeed(&settings, now);
        breaker.fail(&settings, now);
        assert_eq!(breaker.circuit(), Circuit::Closed, "one of three");
        breaker.fail(&settings, now);
        assert_eq!(breaker.circuit(), Circuit::Open, "two of four");
        assert_eq!(breaker.failures(&settings), 2);
    }

    #[test]
    fn with_a_window_too_few_outcomes_prove_nothing() {
        let now = Instant::from_micros(0.0);
        let settings = rated();
        let mut breaker = Breaker::own();
        for _ in 0..3 {
            breaker.fail(&settings, now);
            assert_eq!(breaker.circuit(), Circuit::Closed);
        }
        breaker.fail(&settings, now);
        assert_eq!(breaker.circuit(), Circuit::Open);
    }

    #[test]
    fn what_has_left_the_window_does_not_count() {
        let start = Instant::from_micros(0.0);
        let settings = rated();
        let mut breaker = Breaker::own();
        for second in (0..100).step_by(4) {
            breaker.fail(&settings, start + Duration::from_secs(second));
        }
        assert_eq!(breaker.circuit(), Circuit::Closed);
        assert_eq!(breaker.failures(&settings), 3);
    }

    #[test]
    fn each_client_judges_the_same_outcomes_by_its_own_settings() {
        let now = Instant::from_micros(0.0);
        let mut breaker = Breaker::shared();
        breaker.fail(&rated(), now);
        breaker.fail(&rated(), now);
        assert_eq!(breaker.circuit(), Circuit::Closed);
        breaker.fail(&SETTINGS, now);
        assert_eq!(breaker.circuit(), Circuit::Open, "three in a row");
        breaker.close();
        breaker.fail(&rated(), now);
        breaker.succeed(&SETTINGS, now);
        assert_eq!(breaker.failures(&SETTINGS), 0);
        assert_eq!(breaker.failures(&rated()), 1);
    }

    #[test]
    fn a_circuit_that_was_closed_starts_its_window_anew() {
        let now = Instant::from_micros(0.0);
        let settings = rated();
        let mut breaker = Breaker::own();
        for _ in 0..4 {
            breaker.fail(&settings, now);
        }
        breaker.half_open();
        breaker.succeed(&settings, now);
        assert_eq!(breaker.circuit(), Circuit::Closed);
        breaker.fail(&settings, now);
        assert_eq!(breaker.circuit(), Circuit::Closed);
    }

    /// Half of at least four within ten seconds.
    fn rated() -> CircuitSettings {
        CircuitSettings {
            rate: Some(FailureRate {
                window: Duration::from_secs(10),
                share: 0.5,
                minimum: 4,
            }),
            ..SETTINGS
        }
    }

    fn half_open() -> Breaker {
        let mut breaker = Breaker::own();
        breaker.half_open();
        breaker
    }
}
