//! How long to wait before a retry.

use std::time::Duration;

use rand::{Rng, RngExt};

use super::Backoff;

impl Backoff {
    /// Delay before retry `attempt` (from 0) in whole milliseconds, rounded down:
    /// `min(base × multiplier^attempt, cap) × (1 ± jitter)`.
    ///
    /// Clients that were cut off together must not come back together, so the jitter is drawn anew
    /// for each delay. Never above `cap × (1 + jitter)`, whatever the attempt.
    pub fn delay(&self, attempt: u64, rng: &mut impl Rng) -> Duration {
        let grown = milliseconds(self.base) * self.multiplier.powf(attempt as f64);
        let spread = self.jitter * rng.random_range(-1.0..=1.0);
        let delay = grown.min(milliseconds(self.cap)) * (1.0 + spread);
        // The cast rounds down and saturates.
        Duration::from_millis(delay as u64)
    }
}

/// Exact for every whole number of milliseconds, unlike `as_secs_f64() * 1000.0`, which rounding
/// down would turn into one millisecond less.
fn milliseconds(duration: Duration) -> f64 {
    duration.as_nanos() as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;

    #[test]
    fn the_delay_grows_up_to_its_cap() {
        let backoff = backoff(50, 200, 2.0, 0.0);
        let delays: Vec<u128> = (0..5).map(|attempt| delay(&backoff, attempt)).collect();
        assert_eq!(delays, [50, 100, 200, 200, 200]);
    }

    #[test]
    fn without_jitter_every_whole_base_is_kept_to_the_millisecond() {
        for base in 1..10_000 {
            assert_eq!(
                delay(&backoff(base, u64::MAX, 1.0, 0.0), 7),
                u128::from(base)
            );
        }
    }

    #[test]
    fn the_cap_wins_over_a_larger_base() {
        assert_eq!(delay(&backoff(500, 200, 2.0, 0.0), 0), 200);
    }

    #[test]
    fn fractions_of_a_millisecond_are_dropped() {
        assert_eq!(delay(&backoff(5, 1000, 1.5, 0.0), 1), 7);
    }

    #[test]
    fn a_multiplier_of_one_never_grows() {
        assert_eq!(delay(&backoff(50, 200, 1.0, 0.0), u64::MAX), 50);
    }

    #[test]
    fn jitter_uses_the_whole_width_on_both_sides() {
        let backoff = backoff(1000, 1000, 1.0, 0.1);
        let mut rng = StdRng::seed_from_u64(1);
        let delays: Vec<u128> = (0..1000)
            .map(|_| backoff.delay(0, &mut rng).as_millis())
            .collect();
        let (low, high) = (delays.iter().min().unwrap(), delays.iter().max().unwrap());
        assert!((900..910).contains(low), "{low}");
        assert!((1090..=1100).contains(high), "{high}");
    }

    #[test]
    fn clients_with_other_seeds_wait_for_other_times() {
        let backoff = backoff(30_000, 30_000, 1.0, 0.1);
        let drawn = |seed| backoff.delay(0, &mut StdRng::seed_from_u64(seed));
        assert_ne!(drawn(1), drawn(2));
        assert_eq!(drawn(1), drawn(1));
    }

    proptest! {
        #[test]
        fn no_finite_input_leaves_the_bounds(
            base in any::<Duration>(),
            cap in any::<Duration>(),
            multiplier in prop_oneof![1.0..100.0, Just(1e308), Just(f64::MAX), Just(1.0 + f64::EPSILON)],
            jitter in 0.0..=1.0,
            attempt in prop_oneof![0_u64..100, any::<u64>(), Just(u64::MAX)],
            seed: u64,
        ) {
            let backoff = Backoff { base, cap, multiplier, jitter };
            let delay = backoff.delay(attempt, &mut StdRng::seed_from_u64(seed)).as_millis() as f64;
            prop_assert!(delay <= milliseconds(cap) * (1.0 + jitter));
            let most = u64::MAX as f64;
            prop_assert!(delay + 1.0 >= (milliseconds(base.min(cap)) * (1.0 - jitter)).min(most) * (1.0 - 1e-12));
        }
    }

    fn backoff(base: u64, cap: u64, multiplier: f64, jitter: f64) -> Backoff {
        Backoff {
            base: Duration::from_millis(base),
            cap: Duration::from_millis(cap),
            multiplier,
            jitter,
        }
    }

    fn delay(backoff: &Backoff, attempt: u64) -> u128 {
        backoff
            .delay(attempt, &mut StdRng::seed_from_u64(1))
            .as_millis()
    }
}
