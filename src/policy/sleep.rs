//! Finds out that the machine slept.

use super::Instant;
use crate::policy::duration::Duration;

/// So far may the clocks part, and so late may a look at them come, without meaning anything.
const SLACK: Duration = Duration::from_secs(5);

/// Both clocks as they were last seen.
///
/// In sleep the monotonic clock of Linux and macOS stands still and the wall clock goes on. That of Windows goes on too;
/// there, and where a process was frozen, the look at the clocks comes too late.
#[derive(Clone, Debug)]
pub struct Clocks {
    /// Since the epoch.
    wall: Duration,
    monotonic: Instant,
}

impl Clocks {
    pub fn new(wall: Duration, monotonic: Instant) -> Clocks {
        Clocks { wall, monotonic }
    }

    /// How long the machine slept since the last look, which was to be `planned` ago; `None` where it did not.
    ///
    /// A wall clock that is set back tells nothing. One that is set forward looks like sleep: the peer is asked for nothing.
    pub fn slept(
        &mut self,
        wall: Duration,
        monotonic: Instant,
        planned: Duration,
    ) -> Option<Duration> {
        let by_wall = wall.saturating_sub(self.wall);
        let by_monotonic = monotonic.saturating_duration_since(self.monotonic);
        *self = Clocks { wall, monotonic };
        let apart = by_wall.saturating_sub(by_monotonic);
        let late = by_monotonic.saturating_sub(planned);
        (apart > SLACK || late > SLACK).then(|| by_wall.max(by_monotonic).saturating_sub(planned))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLANNED: Duration = Duration::from_secs(2);

    /// What is found when the clocks have gone on by so many seconds.
    fn slept(wall: f64, monotonic: f64) -> Option<f64> {
        let start = Instant::from_micros(0.0);
        let epoch = Duration::from_secs(1_000_000);
        let mut clocks = Clocks::new(epoch, start);
        let found = clocks.slept(
            epoch + Duration::from_secs_f64(wall),
            start + Duration::from_secs_f64(monotonic),
            PLANNED,
        );
        found.map(|found| found.as_secs_f64())
    }

    #[test]
    fn clocks_that_part_by_more_than_five_seconds_tell_of_sleep() {
        assert_eq!(slept(2.0, 2.0), None);
        assert_eq!(slept(7.0, 2.0), None);
        assert_eq!(slept(7.5, 2.0), Some(5.5));
        assert_eq!(slept(3602.0, 2.0), Some(3600.0));
    }

    #[test]
    fn a_look_that_comes_more_than_five_seconds_late_tells_of_sleep() {
        assert_eq!(slept(7.0, 7.0), None);
        assert_eq!(slept(62.0, 62.0), Some(60.0));
    }

    #[test]
    fn a_wall_clock_that_is_set_back_tells_nothing() {
        let start = Instant::from_micros(0.0);
        let epoch = Duration::from_secs(1_000_000);
        let mut clocks = Clocks::new(epoch, start);
        assert_eq!(clocks.slept(epoch / 2, start + PLANNED, PLANNED), None);
        let next = epoch / 2 + PLANNED;
        assert_eq!(clocks.slept(next, start + 2 * PLANNED, PLANNED), None);
    }

    #[test]
    fn sleep_is_told_once() {
        let start = Instant::from_micros(0.0);
        let mut clocks = Clocks::new(Duration::ZERO, start);
        let hour = Duration::from_secs(3600);
        assert!(clocks.slept(hour, start + PLANNED, PLANNED).is_some());
        assert_eq!(
            clocks.slept(hour + PLANNED, start + 2 * PLANNED, PLANNED),
            None
        );
    }
}
