//! How long to wait before a retry.

use super::duration::{Count, Duration, millis, of_millis};
use super::{Backoff, Chance, Jitter};

impl Backoff {
    /// Delay before retry `attempt` (from 0) in whole milliseconds, rounded down:
    /// `min(base × multiplier^attempt, cap)`, moved by the jitter. `before` is the delay before, which
    /// only [`Jitter::Decorrelated`] grows from.
    ///
    /// Clients that were cut off together must not come back together, so the jitter is drawn anew
    /// for each delay. Never above `cap × (1 + share)` with a spread, and never above `cap` with
    /// any other kind, whatever the attempt.
    pub fn delay(
        &self,
        attempt: Count,
        before: Option<Duration>,
        rng: &mut impl Chance,
    ) -> Duration {
        let (base, cap) = (millis(self.base), millis(self.cap));
        let capped = (base * power(self.multiplier, attempt)).min(cap);
        let delay = match self.jitter {
            Jitter::Spread(share) => capped * (1.0 + share * (2.0 * rng.share() - 1.0)),
            Jitter::Full => capped * rng.share(),
            Jitter::Equal => capped * (0.5 + 0.5 * rng.share()),
            Jitter::Decorrelated => {
                let (base, before) = (base.min(cap), before.map_or(base, millis));
                let most = (3.0 * before.max(base)).min(cap);
                base + (most - base) * rng.share()
            }
            Jitter::None => capped,
        };
        of_millis(delay)
    }

    /// How long to wait where a change lets the next attempt hope: anything up to `base`, since all who
    /// have seen the change come then, and no time at all without jitter.
    pub(super) fn soon(&self, rng: &mut impl Chance) -> Duration {
        let spreads = match self.jitter {
            Jitter::Spread(share) => share > 0.0,
            Jitter::Full | Jitter::Equal | Jitter::Decorrelated => true,
            Jitter::None => false,
        };
        if !spreads {
            return Duration::ZERO;
        }
        let most = millis(self.base.min(self.cap));
        of_millis(most * rng.share())
    }

    /// How long to wait where the server asked for `asked`: never less, and up to the spread more,
    /// since it has asked all its clients for the same. The named kinds spread by a tenth.
    pub(super) fn stretch(&self, asked: Duration, rng: &mut impl Chance) -> Duration {
        let share = match self.jitter {
            Jitter::Spread(share) => share,
            Jitter::Full | Jitter::Equal | Jitter::Decorrelated => 0.1,
            Jitter::None => 0.0,
        };
        let more = millis(asked) * share * rng.share();
        asked.saturating_add(of_millis(more))
    }
}

/// `base` multiplied with itself so many times, by squaring: the same to the last bit on every platform, as `powf` is not.
fn power(base: f64, exponent: Count) -> f64 {
    let (mut result, mut square, mut left) = (1.0, base, exponent);
    while left > 0 {
        if left % 2 == 1 {
            result *= square;
        }
        square *= square;
        left /= 2;
    }
    result
}

#[cfg(test)]
mod tests {
    use crate::policy::Random;
    use proptest::prelude::*;
    use rand::SeedableRng;

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
        let mut rng = Random::seed_from_u64(1);
        let delays: Vec<u128> = (0..1000)
            .map(|_| backoff.delay(0, None, &mut rng).as_millis())
            .collect();
        let (low, high) = (delays.iter().min().unwrap(), delays.iter().max().unwrap());
        assert!((900..910).contains(low), "{low}");
        assert!((1090..=1100).contains(high), "{high}");
    }

    #[test]
    fn clients_with_other_seeds_wait_for_other_times() {
        let backoff = backoff(30_000, 30_000, 1.0, 0.1);
        let drawn = |seed| backoff.delay(0, None, &mut Random::seed_from_u64(seed));
        assert_ne!(drawn(1), drawn(2));
        assert_eq!(drawn(1), drawn(1));
    }

    #[test]
    fn full_jitter_draws_from_nothing_up_to_the_capped_delay() {
        let (low, high) = drawn(Jitter::Full, 3);
        assert!(
            (0..10).contains(&low) && (390..=400).contains(&high),
            "{low} to {high}"
        );
    }

    #[test]
    fn equal_jitter_keeps_half_of_the_capped_delay() {
        let (low, high) = drawn(Jitter::Equal, 3);
        assert!(
            (200..210).contains(&low) && (390..=400).contains(&high),
            "{low} to {high}"
        );
    }

    #[test]
    fn no_jitter_keeps_the_capped_delay() {
        assert_eq!(drawn(Jitter::None, 3), (400, 400));
    }

    #[test]
    fn decorrelated_jitter_grows_from_the_delay_before_up_to_the_cap() {
        let backoff = Backoff {
            jitter: Jitter::Decorrelated,
            ..backoff(100, 400, 2.0, 0.0)
        };
        let mut rng = Random::seed_from_u64(1);
        let mut range = |before| {
            let delays: Vec<u128> = (0..1000)
                .map(|_| backoff.delay(9, before, &mut rng).as_millis())
                .collect();
            (*delays.iter().min().unwrap(), *delays.iter().max().unwrap())
        };
        let (low, high) = range(None);
        assert!(
            (100..105).contains(&low) && (295..=300).contains(&high),
            "{low} to {high}"
        );
        let (low, high) = range(Some(Duration::from_millis(120)));
        assert!(
            (100..105).contains(&low) && (355..=360).contains(&high),
            "{low} to {high}"
        );
        assert_eq!(range(Some(Duration::from_secs(60))).1, 399);
    }

    /// A draw that is clamped at the cap would have most of a herd come back at one instant.
    #[test]
    fn decorrelated_jitter_spreads_evenly_once_the_cap_bounds_it() {
        let backoff = Backoff {
            jitter: Jitter::Decorrelated,
            ..backoff(1000, 30_000, 2.0, 0.0)
        };
        let mut rng = Random::seed_from_u64(1);
        let mut tenths = [0; 10];
        for _ in 0..10_000 {
            let delay = backoff.delay(9, Some(backoff.cap), &mut rng);
            tenths[(delay.as_millis() as usize - 1000) / 2900] += 1;
        }
        assert!(
            tenths.iter().all(|count| (900..1100).contains(count)),
            "{tenths:?}"
        );
    }

    #[test]
    fn what_the_server_asks_for_is_stretched_and_never_cut() {
        let backoff = backoff(1, 1, 1.0, 0.5);
        let mut rng = Random::seed_from_u64(1);
        let waits: Vec<u128> = (0..1000)
            .map(|_| {
                backoff
                    .stretch(Duration::from_secs(1), &mut rng)
                    .as_millis()
            })
            .collect();
        let (low, high) = (waits.iter().min().unwrap(), waits.iter().max().unwrap());
        assert!(
            (1000..1010).contains(low) && (1490..=1500).contains(high),
            "{low} to {high}"
        );
    }

    #[test]
    fn those_who_have_seen_the_same_change_come_within_the_base() {
        let soon = |jitter, seed| {
            let backoff = Backoff {
                jitter,
                ..backoff(1000, 400, 2.0, 0.0)
            };
            backoff.soon(&mut Random::seed_from_u64(seed)).as_millis()
        };
        for jitter in [Jitter::Spread(0.1), Jitter::Full] {
            let times: Vec<u128> = (0..1000).map(|seed| soon(jitter, seed)).collect();
            let (first, last) = (times.iter().min().unwrap(), times.iter().max().unwrap());
            assert!(
                (0..10).contains(first) && (390..=400).contains(last),
                "{first} to {last}"
            );
        }
        for jitter in [Jitter::Spread(0.0), Jitter::None] {
            assert_eq!(soon(jitter, 1), 0);
        }
    }

    proptest! {
        #[test]
        fn no_finite_input_leaves_the_bounds(
            base in any::<Duration>(),
            cap in any::<Duration>(),
            multiplier in prop_oneof![1.0..100.0, Just(1e308), Just(f64::MAX), Just(1.0 + f64::EPSILON)],
            jitter in jitters(),
            before in any::<Option<Duration>>(),
            attempt in prop_oneof![0_u64..100, any::<u64>(), Just(u64::MAX)],
            seed: u64,
        ) {
            let backoff = Backoff { base, cap, multiplier, jitter };
            let delay = backoff.delay(attempt, before, &mut Random::seed_from_u64(seed)).as_millis() as f64;
            let (below, above) = match jitter {
                Jitter::Spread(share) => (share, share),
                Jitter::Full => (1.0, 0.0),
                Jitter::Equal => (0.5, 0.0),
                Jitter::Decorrelated | Jitter::None => (0.0, 0.0),
            };
            prop_assert!(delay <= millis(cap) * (1.0 + above));
            let most = u64::MAX as f64;
            prop_assert!(delay + 1.0 >= (millis(base.min(cap)) * (1.0 - below)).min(most) * (1.0 - 1e-12));
        }
    }

    fn backoff(base: u64, cap: u64, multiplier: f64, jitter: f64) -> Backoff {
        Backoff {
            base: Duration::from_millis(base),
            cap: Duration::from_millis(cap),
            multiplier,
            jitter: Jitter::Spread(jitter),
        }
    }

    fn jitters() -> impl Strategy<Value = Jitter> {
        prop_oneof![
            (0.0..=1.0).prop_map(Jitter::Spread),
            Just(Jitter::Full),
            Just(Jitter::Equal),
            Just(Jitter::Decorrelated),
            Just(Jitter::None),
        ]
    }

    /// The least and the most of a thousand delays whose grown value, 100 × 2^3, is capped at 400.
    fn drawn(jitter: Jitter, attempt: u64) -> (u128, u128) {
        let backoff = Backoff {
            jitter,
            ..backoff(100, 400, 2.0, 0.0)
        };
        let mut rng = Random::seed_from_u64(1);
        let delays: Vec<u128> = (0..1000)
            .map(|_| backoff.delay(attempt, None, &mut rng).as_millis())
            .collect();
        (*delays.iter().min().unwrap(), *delays.iter().max().unwrap())
    }

    fn delay(backoff: &Backoff, attempt: u64) -> u128 {
        backoff
            .delay(attempt, None, &mut Random::seed_from_u64(1))
            .as_millis()
    }
}
