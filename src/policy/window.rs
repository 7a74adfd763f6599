//! The outcomes of the last while: how many connections were tried, and how many failed.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// A window is kept in so many parts, so that its memory has a bound however many outcomes it holds.
const PARTS: u32 = 20;

/// Sharers of a circuit may ask for so many windows; one more replaces what nobody asked for longest.
const WINDOWS: usize = 4;

/// The outcomes as each of the windows that are asked for holds them.
#[derive(Clone, Debug, Default)]
pub(super) struct Record {
    /// The one that was asked for last comes last.
    windows: Vec<Window>,
}

/// Outcomes of one window.
#[derive(Clone, Debug)]
struct Window {
    span: Duration,
    parts: VecDeque<Part>,
}

#[derive(Clone, Debug)]
struct Part {
    from: Instant,
    tally: Tally,
}

/// A number of outcomes, failures among them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub failures: u64,
    pub outcomes: u64,
}

impl Record {
    /// Keeps the outcomes of the last `span` from here on.
    pub(super) fn watch(&mut self, span: Duration) {
        let found = self.windows.iter().position(|window| window.span == span);
        let window = match found {
            Some(index) => self.windows.remove(index),
            None => Window {
                span,
                parts: VecDeque::new(),
            },
        };
        if self.windows.len() == WINDOWS {
            self.windows.remove(0);
        }
        self.windows.push(window);
    }

    pub(super) fn note(&mut self, tally: Tally, now: Instant) {
        for window in &mut self.windows {
            window.note(tally, now);
        }
    }

    /// What the window of `span` held at the latest outcome.
    pub(super) fn tally(&self, span: Duration) -> Tally {
        let window = self.windows.iter().find(|window| window.span == span);
        window.map_or_else(Tally::default, Window::tally)
    }

    pub(super) fn clear(&mut self) {
        self.windows.clear();
    }
}

impl Window {
    /// An outcome leaves the window with the first of its part, so at most a part too early.
    fn note(&mut self, tally: Tally, now: Instant) {
        let span = self.span;
        let age = |part: &Part| now.saturating_duration_since(part.from);
        while self.parts.front().is_some_and(|part| age(part) >= span) {
            self.parts.pop_front();
        }
        match self.parts.back_mut() {
            Some(part) if age(part) < span / PARTS => part.tally.add(tally),
            Some(_) | None => self.parts.push_back(Part { from: now, tally }),
        }
    }

    fn tally(&self) -> Tally {
        let mut sum = Tally::default();
        for part in &self.parts {
            sum.add(part.tally);
        }
        sum
    }
}

impl Tally {
    pub(super) const SUCCESS: Tally = Tally {
        failures: 0,
        outcomes: 1,
    };

    pub(super) fn failures(count: u64) -> Tally {
        Tally {
            failures: count,
            outcomes: count,
        }
    }

    /// Whether at least this share of the outcomes are failures.
    pub(super) fn reaches(&self, share: f64) -> bool {
        self.failures as f64 >= share * self.outcomes as f64
    }

    fn add(&mut self, other: Tally) {
        self.failures = self.failures.saturating_add(other.failures);
        self.outcomes = self.outcomes.saturating_add(other.outcomes);
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_outcome_counts_until_its_window_has_passed() {
        let start = Instant::now();
        let mut record = watching(&[1000]);
        record.note(Tally::failures(1), start);
        record.note(Tally::SUCCESS, start + ms(999));
        assert_eq!(tally(&record, 1000), (1, 2));
        record.note(Tally::SUCCESS, start + ms(1000));
        assert_eq!(tally(&record, 1000), (0, 2));
    }

    #[test]
    fn windows_of_other_lengths_hold_the_same_outcomes() {
        let start = Instant::now();
        let mut record = watching(&[100, 1000]);
        record.note(Tally::failures(1), start);
        record.note(Tally::SUCCESS, start + ms(500));
        assert_eq!(tally(&record, 100), (0, 1));
        assert_eq!(tally(&record, 1000), (1, 2));
    }

    #[test]
    fn a_window_that_nobody_asks_for_gives_way() {
        let start = Instant::now();
        let mut record = watching(&[1, 2, 3, 4]);
        record.note(Tally::failures(1), start);
        record.watch(ms(1));
        record.watch(ms(5));
        assert_eq!(tally(&record, 1), (1, 1));
        assert_eq!(tally(&record, 2), (0, 0));
        assert_eq!(record.windows.len(), WINDOWS);
    }

    #[test]
    fn a_clock_that_differs_between_threads_puts_an_outcome_into_the_latest_part() {
        let start = Instant::now();
        let mut record = watching(&[1000]);
        record.note(Tally::failures(1), start + ms(10));
        record.note(Tally::failures(1), start);
        assert_eq!(tally(&record, 1000), (2, 2));
    }

    proptest! {
        #[test]
        fn a_window_is_bounded_and_right_to_a_part(
            span in 1_u64..10_000,
            steps in vec((0_u64..500, any::<bool>()), 1..300),
        ) {
            let start = Instant::now();
            let mut record = watching(&[span]);
            let mut at = 0;
            let mut all = Vec::new();
            for (pause, failed) in steps {
                at += pause;
                all.push(at);
                record.note(Tally { failures: u64::from(failed), outcomes: 1 }, start + ms(at));
                let younger = |limit: Duration| {
                    all.iter().filter(|then| ms(at - **then) < limit).count() as u64
                };
                let held = record.tally(ms(span)).outcomes;
                prop_assert!(held <= younger(ms(span)));
                prop_assert!(held >= younger(ms(span) - ms(span) / PARTS));
                prop_assert!(record.windows[0].parts.len() <= PARTS as usize + 1);
            }
        }
    }

    fn watching(spans: &[u64]) -> Record {
        let mut record = Record::default();
        for span in spans {
            record.watch(ms(*span));
        }
        record
    }

    fn tally(record: &Record, span: u64) -> (u64, u64) {
        let tally = record.tally(ms(span));
        (tally.failures, tally.outcomes)
    }

    fn ms(time: u64) -> Duration {
        Duration::from_millis(time)
    }
}
