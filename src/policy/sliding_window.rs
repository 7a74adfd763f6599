//! The outcomes of the last while: how many connections were tried, and how many failed.

use super::{Instant, Rare};
use crate::policy::duration::{Count, Duration};

/// A window is kept in so many buckets, so that its memory has a bound however many outcomes it holds.
const BUCKETS: u32 = 20;

/// Sharers of a circuit may ask for so many windows; one more replaces what nobody asked for longest.
const WINDOWS: usize = 4;

/// The windows that are asked for, each with its outcomes.
#[derive(Clone, Debug, Default)]
pub(super) struct SlidingWindows {
    /// The one that was asked for last comes last.
    windows: Rare<Vec<SlidingWindow>>,
}

/// The outcomes of the last `span`.
#[derive(Clone, Debug)]
struct SlidingWindow {
    span: Duration,
    buckets: Vec<Bucket>,
}

/// The outcomes of a short stretch of a window, which leave it together.
#[derive(Clone, Debug)]
struct Bucket {
    from: Instant,
    counts: Counts,
}

/// A number of outcomes, failures among them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub failures: Count,
    pub outcomes: Count,
}

impl SlidingWindows {
    /// Keeps the outcomes of the last `span` from here on.
    pub(super) fn watch(&mut self, span: Duration) {
        let windows = self.windows.used();
        let found = windows.iter().position(|window| window.span == span);
        let window = match found {
            Some(index) => windows.remove(index),
            None => SlidingWindow {
                span,
                buckets: Vec::new(),
            },
        };
        if windows.len() == WINDOWS {
            windows.remove(0);
        }
        windows.push(window);
    }

    pub(super) fn note(&mut self, counts: Counts, now: Instant) {
        if let Some(windows) = self.windows.get_mut() {
            for window in windows {
                window.note(counts, now);
            }
        }
    }

    /// What the window of `span` held at the latest outcome.
    pub(super) fn counts(&self, span: Duration) -> Counts {
        let Some(windows) = self.windows.get() else {
            return Counts::default();
        };
        let window = windows.iter().find(|window| window.span == span);
        window.map_or_else(Counts::default, SlidingWindow::counts)
    }

    pub(super) fn clear(&mut self) {
        self.windows.clear();
    }
}

impl SlidingWindow {
    /// An outcome leaves the window with the first of its bucket, so at most a bucket too early.
    fn note(&mut self, counts: Counts, now: Instant) {
        let span = self.span;
        let age = |bucket: &Bucket| now.saturating_duration_since(bucket.from);
        while self
            .buckets
            .first()
            .is_some_and(|bucket| age(bucket) >= span)
        {
            self.buckets.remove(0);
        }
        match self.buckets.last_mut() {
            Some(bucket) if age(bucket) < span / BUCKETS => bucket.counts.add(counts),
            Some(_) | None => self.buckets.push(Bucket { from: now, counts }),
        }
    }

    fn counts(&self) -> Counts {
        let mut sum = Counts::default();
        for bucket in &self.buckets {
            sum.add(bucket.counts);
        }
        sum
    }
}

impl Counts {
    pub(super) const SUCCESS: Counts = Counts {
        failures: 0,
        outcomes: 1,
    };

    pub(super) fn failures(count: Count) -> Counts {
        Counts {
            failures: count,
            outcomes: count,
        }
    }

    /// Whether at least this share of the outcomes are failures.
    pub(super) fn reaches(&self, share: f64) -> bool {
        self.failures as f64 >= share * self.outcomes as f64
    }

    fn add(&mut self, other: Counts) {
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
        let start = Instant::from_micros(0.0);
        let mut windows = watching(&[1000]);
        windows.note(Counts::failures(1), start);
        windows.note(Counts::SUCCESS, start + ms(999));
        assert_eq!(counts(&windows, 1000), (1, 2));
        windows.note(Counts::SUCCESS, start + ms(1000));
        assert_eq!(counts(&windows, 1000), (0, 2));
    }

    #[test]
    fn windows_of_other_lengths_hold_the_same_outcomes() {
        let start = Instant::from_micros(0.0);
        let mut windows = watching(&[100, 1000]);
        windows.note(Counts::failures(1), start);
        windows.note(Counts::SUCCESS, start + ms(500));
        assert_eq!(counts(&windows, 100), (0, 1));
        assert_eq!(counts(&windows, 1000), (1, 2));
    }

    #[test]
    fn a_window_that_nobody_asks_for_gives_way() {
        let start = Instant::from_micros(0.0);
        let mut windows = watching(&[1, 2, 3, 4]);
        windows.note(Counts::failures(1), start);
        windows.watch(ms(1));
        windows.watch(ms(5));
        assert_eq!(counts(&windows, 1), (1, 1));
        assert_eq!(counts(&windows, 2), (0, 0));
        assert_eq!(windows.windows.used().len(), WINDOWS);
    }

    #[test]
    fn a_clock_that_differs_between_threads_puts_an_outcome_into_the_latest_bucket() {
        let start = Instant::from_micros(0.0);
        let mut windows = watching(&[1000]);
        windows.note(Counts::failures(1), start + ms(10));
        windows.note(Counts::failures(1), start);
        assert_eq!(counts(&windows, 1000), (2, 2));
    }

    proptest! {
        #[test]
        fn a_window_is_bounded_and_right_to_a_bucket(
            span in 1_u64..10_000,
            steps in vec((0_u64..500, any::<bool>()), 1..300),
        ) {
            let start = Instant::from_micros(0.0);
            let mut windows = watching(&[span]);
            let mut at = 0;
            let mut all = Vec::new();
            for (pause, failed) in steps {
                at += pause;
                all.push(at);
                windows.note(Counts { failures: u64::from(failed), outcomes: 1 }, start + ms(at));
                let younger = |limit: Duration| {
                    all.iter().filter(|then| ms(at - **then) < limit).count() as u64
                };
                let held = windows.counts(ms(span)).outcomes;
                prop_assert!(held <= younger(ms(span)));
                prop_assert!(held >= younger(ms(span) - ms(span) / BUCKETS));
                prop_assert!(windows.windows.used()[0].buckets.len() <= BUCKETS as usize + 1);
            }
        }
    }

    fn watching(spans: &[u64]) -> SlidingWindows {
        let mut windows = SlidingWindows::default();
        for span in spans {
            windows.watch(ms(*span));
        }
        windows
    }

    fn counts(windows: &SlidingWindows, span: u64) -> (u64, u64) {
        let counts = windows.counts(ms(span));
        (counts.failures, counts.outcomes)
    }

    fn ms(time: u64) -> Duration {
        Duration::from_millis(time)
    }
}
