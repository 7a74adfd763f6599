//! Which of several servers to connect to.

use std::time::{Duration, Instant};

use rand::{Rng, RngExt};

/// Which of the URLs the next attempt takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failover {
    /// How many URLs there are; at least 1.
    pub places: usize,
    /// A failure leads to any of the others, and not to the next in order.
    pub random: bool,
    /// How long after it was left the first URL is tried again; `None` stays where it works.
    pub prefer_first: Option<Duration>,
}

impl Default for Failover {
    fn default() -> Failover {
        Failover {
            places: 1,
            random: false,
            prefer_first: None,
        }
    }
}

/// Where the next attempt goes.
#[derive(Clone, Debug, Default)]
pub(super) struct Course {
    place: usize,
    /// When the first URL was left; `None` while it is the one.
    left_at: Option<Instant>,
}

impl Course {
    pub(super) fn place(&self) -> usize {
        self.place
    }

    /// A connection failed: the next attempt goes elsewhere, where there is an elsewhere.
    pub(super) fn move_on(&mut self, settings: &Failover, rng: &mut impl Rng, now: Instant) {
        if settings.places < 2 {
            return;
        }
        let step = if settings.random {
            rng.random_range(1..settings.places)
        } else {
            1
        };
        self.place = (self.place + step) % settings.places;
        self.left_at = (self.place != 0).then(|| self.left_at.unwrap_or(now));
    }

    /// When the first URL is to be tried again.
    pub(super) fn home_at(&self, settings: &Failover) -> Option<Instant> {
        self.left_at?.checked_add(settings.prefer_first?)
    }

    pub(super) fn go_home(&mut self) {
        *self = Course::default();
    }

    /// Goes home where a list that the user has changed has no such place.
    pub(super) fn fit(&mut self, settings: &Failover) {
        if self.place >= settings.places {
            self.go_home();
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn each_failure_leads_to_the_next_and_after_the_last_to_the_first() {
        let mut course = Course::default();
        let settings = of(3);
        let places: Vec<usize> = (0..4)
            .map(|_| moved(&mut course, &settings, Instant::now()))
            .collect();
        assert_eq!(places, [1, 2, 0, 1]);
    }

    #[test]
    fn a_single_url_is_never_left() {
        let mut course = Course::default();
        assert_eq!(moved(&mut course, &of(1), Instant::now()), 0);
        assert_eq!(course.home_at(&preferring(1)), None);
    }

    #[test]
    fn at_random_every_other_url_is_tried_and_never_the_same_twice() {
        let settings = Failover {
            random: true,
            ..of(4)
        };
        let mut rng = StdRng::seed_from_u64(1);
        let mut course = Course::default();
        let mut seen = [0; 4];
        for _ in 0..1000 {
            let before = course.place();
            course.move_on(&settings, &mut rng, Instant::now());
            assert_ne!(course.place(), before);
            seen[course.place()] += 1;
        }
        assert!(seen.iter().all(|count| *count > 150), "{seen:?}");
    }

    #[test]
    fn the_way_home_counts_from_leaving_it_and_not_from_the_latest_move() {
        let start = Instant::now();
        let settings = preferring(3);
        let mut course = Course::default();
        assert_eq!(course.home_at(&settings), None);
        moved(&mut course, &settings, start);
        moved(&mut course, &settings, start + MINUTE / 2);
        assert_eq!(course.home_at(&settings), Some(start + MINUTE));
        assert_eq!(course.home_at(&of(3)), None);
        course.go_home();
        assert_eq!((course.place(), course.home_at(&settings)), (0, None));
    }

    #[test]
    fn a_shorter_list_leads_home() {
        let mut course = Course::default();
        moved(&mut course, &of(2), Instant::now());
        course.fit(&of(2));
        assert_eq!(course.place(), 1);
        course.fit(&of(1));
        assert_eq!(course.place(), 0);
    }

    fn of(places: usize) -> Failover {
        Failover {
            places,
            ..Failover::default()
        }
    }

    fn preferring(places: usize) -> Failover {
        Failover {
            prefer_first: Some(MINUTE),
            ..of(places)
        }
    }

    fn moved(course: &mut Course, settings: &Failover, now: Instant) -> usize {
        course.move_on(settings, &mut StdRng::seed_from_u64(1), now);
        course.place()
    }
}
