//! How long the peer takes to answer a ping.

use super::Rare;
use crate::policy::duration::{Duration, micros, of_micros};

/// So many of the latest measurements count.
const KEPT: usize = 128;

/// The round trips of the latest pings of one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rtt {
    pub last: Duration,
    pub min: Duration,
    pub mean: Duration,
    /// Nineteen in twenty were no longer.
    pub p95: Duration,
}

/// The latest round trips, in microseconds: half a kilobyte at most, and nothing before the first.
#[derive(Clone, Debug, Default)]
pub(super) struct RoundTrips(Rare<Vec<u32>>);

impl RoundTrips {
    pub(super) fn add(&mut self, rtt: Duration) {
        let latest = self.0.used();
        if latest.len() == KEPT {
            latest.remove(0);
        }
        // The cast saturates.
        latest.push(micros(rtt) as u32);
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// `None` before the first measurement.
    pub(super) fn summary(&self) -> Option<Rtt> {
        let latest = self.0.get()?;
        let last = *latest.last()?;
        let mut sorted = latest.clone();
        sorted.sort_unstable();
        let count = sorted.len();
        let sum: f64 = sorted.iter().copied().map(f64::from).sum();
        let micros = |value: u32| of_micros(value.into());
        Some(Rtt {
            last: micros(last),
            min: micros(sorted[0]),
            mean: of_micros(sum / count as f64),
            p95: micros(sorted[(count * 19).div_ceil(20) - 1]),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(value: u64) -> Duration {
        Duration::from_millis(value)
    }

    fn of(values: impl IntoIterator<Item = u64>) -> Option<Rtt> {
        let mut trips = RoundTrips::default();
        for value in values {
            trips.add(ms(value));
        }
        trips.summary()
    }

    #[test]
    fn before_the_first_ping_is_answered_nothing_is_known() {
        assert_eq!(of([]), None);
    }

    #[test]
    fn one_round_trip_is_all_of_them() {
        let rtt = Rtt {
            last: ms(7),
            min: ms(7),
            mean: ms(7),
            p95: ms(7),
        };
        assert_eq!(of([7]), Some(rtt));
    }

    #[test]
    fn nineteen_in_twenty_are_no_longer_than_p95() {
        let rtt = Rtt {
            last: ms(1),
            min: ms(1),
            mean: Duration::from_micros(50_500),
            p95: ms(95),
        };
        assert_eq!(of((1..=100).rev()), Some(rtt));
    }

    #[test]
    fn old_round_trips_are_forgotten() {
        let rtt = of(std::iter::once(1).chain((0..KEPT).map(|_| 5)));
        assert_eq!(rtt.map(|rtt| rtt.min), Some(ms(5)));
    }

    #[test]
    fn a_round_trip_longer_than_the_scale_is_its_end() {
        let rtt = of([u64::from(u32::MAX)]);
        assert_eq!(
            rtt.map(|rtt| rtt.last),
            Some(Duration::from_micros(u32::MAX.into()))
        );
    }
}
