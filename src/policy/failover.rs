//! Which of several URLs to connect to: the next one after a failure, and after a while the first again.

use super::{Chance, IN_BROWSERS, Instant, Rare};
use crate::policy::duration::Duration;

/// Which of the URLs the next attempt takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failover {
    /// How many URLs there are; at least 1.
    pub urls: usize,
    /// A failure leads to any of the others, and not to the next in order.
    pub random: bool,
    /// How long after it was left the first URL is tried again; `None` stays where it works.
    pub prefer_first: Option<Duration>,
}

impl Default for Failover {
    fn default() -> Failover {
        Failover {
            urls: 1,
            random: false,
            prefer_first: None,
        }
    }
}

/// Which URL the next attempt takes, as an index into the user's list.
#[derive(Clone, Debug, Default)]
pub(super) struct UrlSelector {
    index: usize,
    /// When the first URL was left; `None` while it is the one that is used.
    left_at: Option<Instant>,
    /// URLs whose servers have asked to be left alone until then.
    holds: Rare<Vec<(usize, Instant)>>,
}

impl UrlSelector {
    pub(super) fn index(&self) -> usize {
        self.index
    }

    /// Until when the server of the current URL wants to be left alone.
    pub(super) fn not_before(&self) -> Option<Instant> {
        self.hold(self.index)
    }

    /// The server of the current URL asks to be left alone until then, or no longer does. That says nothing of the others.
    pub(super) fn leave_alone(&mut self, until: Option<Instant>) {
        if IN_BROWSERS {
            return;
        }
        if let Some(holds) = self.holds.get_mut() {
            holds.retain(|(url, _)| *url != self.index);
        }
        if let Some(until) = until {
            self.holds.used().push((self.index, until));
        }
    }

    fn hold(&self, url: usize) -> Option<Instant> {
        if IN_BROWSERS {
            return None;
        }
        let (_, until) = self.holds.get()?.iter().find(|(held, _)| *held == url)?;
        Some(*until)
    }

    /// A connection failed: the next attempt goes to another URL, where there is one that may be asked.
    pub(super) fn fail_over(&mut self, settings: &Failover, rng: &mut impl Chance, now: Instant) {
        if settings.urls < 2 {
            return;
        }
        let step = if settings.random {
            1 + rng.below((settings.urls - 1) as f64) as usize
        } else {
            1
        };
        self.index = self.next_free(step, settings.urls, now);
        self.left_at = (self.index != 0).then(|| self.left_at.unwrap_or(now));
    }

    /// The URL so many places on, or the next behind it that may be asked sooner; the current one comes last.
    fn next_free(&self, step: usize, urls: usize, now: Instant) -> usize {
        let next = (self.index + step) % urls;
        if IN_BROWSERS || self.holds.get().is_none() {
            return next;
        }
        let others = (0..urls - 1).map(|place| 1 + (step - 1 + place) % (urls - 1));
        others
            .chain([0])
            .map(|step| (self.index + step) % urls)
            .min_by_key(|url| self.hold(*url).filter(|until| *until > now))
            .unwrap_or(next)
    }

    /// When the first URL is to be tried again.
    pub(super) fn return_at(&self, settings: &Failover) -> Option<Instant> {
        let at = self.left_at?.checked_add(settings.prefer_first?)?;
        Some(self.hold(0).map_or(at, |until| until.max(at)))
    }

    pub(super) fn return_to_first(&mut self) {
        self.index = 0;
        self.left_at = None;
    }

    /// Returns to the first where a list that the user has changed has no such URL.
    pub(super) fn fit(&mut self, settings: &Failover) {
        if self.index >= settings.urls {
            self.return_to_first();
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::policy::Random;
    use rand::SeedableRng;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn each_failure_leads_to_the_next_and_after_the_last_to_the_first() {
        let mut selector = UrlSelector::default();
        let settings = of(3);
        let urls: Vec<usize> = (0..4)
            .map(|_| moved(&mut selector, &settings, Instant::from_micros(0.0)))
            .collect();
        assert_eq!(urls, [1, 2, 0, 1]);
    }

    #[test]
    fn a_single_url_is_never_left() {
        let mut selector = UrlSelector::default();
        assert_eq!(moved(&mut selector, &of(1), Instant::from_micros(0.0)), 0);
        assert_eq!(selector.return_at(&preferring(1)), None);
    }

    #[test]
    fn at_random_every_other_url_is_tried_and_never_the_same_twice() {
        let settings = Failover {
            random: true,
            ..of(4)
        };
        let mut rng = Random::seed_from_u64(1);
        let mut selector = UrlSelector::default();
        let mut seen = [0; 4];
        for _ in 0..1000 {
            let before = selector.index();
            selector.fail_over(&settings, &mut rng, Instant::from_micros(0.0));
            assert_ne!(selector.index(), before);
            seen[selector.index()] += 1;
        }
        assert!(seen.iter().all(|count| *count > 150), "{seen:?}");
    }

    #[test]
    fn urls_that_are_to_be_left_alone_are_passed_over() {
        let start = Instant::from_micros(0.0);
        let mut rng = Random::seed_from_u64(1);
        for random in [false, true] {
            let settings = Failover { random, ..of(4) };
            let mut selector = UrlSelector::default();
            for (url, seconds) in [(0, 40), (1, 20), (3, 30)] {
                selector.index = url;
                selector.leave_alone(Some(start + Duration::from_secs(seconds)));
            }
            for url in [0, 1, 3] {
                selector.index = url;
                selector.fail_over(&settings, &mut rng, start);
                assert_eq!(selector.index(), 2, "the only one that may be asked");
            }
            selector.leave_alone(Some(start + MINUTE));
            selector.fail_over(&settings, &mut rng, start);
            assert_eq!(selector.index(), 1, "the one that may be asked first");
            let later = start + Duration::from_secs(25);
            selector.fail_over(&settings, &mut rng, later);
            assert_eq!(selector.index(), 1, "what it asked for is over");
            assert_eq!(selector.not_before(), Some(start + Duration::from_secs(20)));
            selector.leave_alone(None);
            assert_eq!(selector.not_before(), None);
        }
    }

    #[test]
    fn the_return_counts_from_leaving_the_first_and_not_from_the_latest_move() {
        let start = Instant::from_micros(0.0);
        let settings = preferring(3);
        let mut selector = UrlSelector::default();
        assert_eq!(selector.return_at(&settings), None);
        moved(&mut selector, &settings, start);
        moved(&mut selector, &settings, start + MINUTE / 2);
        assert_eq!(selector.return_at(&settings), Some(start + MINUTE));
        assert_eq!(selector.return_at(&of(3)), None);
        selector.return_to_first();
        assert_eq!((selector.index(), selector.return_at(&settings)), (0, None));
    }

    #[test]
    fn a_shorter_list_leads_to_the_first() {
        let mut selector = UrlSelector::default();
        moved(&mut selector, &of(2), Instant::from_micros(0.0));
        selector.fit(&of(2));
        assert_eq!(selector.index(), 1);
        selector.fit(&of(1));
        assert_eq!(selector.index(), 0);
    }

    fn of(urls: usize) -> Failover {
        Failover {
            urls,
            ..Failover::default()
        }
    }

    fn preferring(urls: usize) -> Failover {
        Failover {
            prefer_first: Some(MINUTE),
            ..of(urls)
        }
    }

    fn moved(selector: &mut UrlSelector, settings: &Failover, now: Instant) -> usize {
        selector.fail_over(settings, &mut Random::seed_from_u64(1), now);
        selector.index()
    }
}
