//! The time as the policy is told it.

use std::cmp::Ordering;
use std::ops::{Add, AddAssign, Sub};

use super::duration::{Duration, micros, of_micros, order};

/// A moment, as whole microseconds since one that the caller has chosen.
///
/// The type is the policy's own since `std::time::Instant` cannot be made without a clock of the platform, and browsers hand theirs
/// in. It is an `f64` since that is the number of JavaScript; it counts microseconds exactly for 285 years.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Instant {
    micros: f64,
    #[cfg(feature = "browser")]
    tag: Tag,
}

/// What an `Option` of an instant tells by whether there is one. It would take 64 bits for that, which JavaScript has not.
#[cfg(feature = "browser")]
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(u32)]
enum Tag {
    Some,
}

/// What comes after it is not counted exactly.
const LAST: f64 = 9_007_199_254_740_992.0;

impl Instant {
    /// Drops fractions of a microsecond; what is no number, or too far, is the caller's origin.
    pub fn from_micros(micros: f64) -> Instant {
        let whole = micros.floor();
        Instant::exact(if whole.abs() <= LAST { whole } else { 0.0 })
    }

    const fn exact(micros: f64) -> Instant {
        Instant {
            micros,
            #[cfg(feature = "browser")]
            tag: Tag::Some,
        }
    }

    /// Microseconds since the caller's origin.
    pub fn as_micros(self) -> f64 {
        self.micros
    }

    /// `None` where that is too far for the clock. Fractions of a microsecond count as a whole one, so that nothing is due too early.
    pub fn checked_add(self, duration: Duration) -> Option<Instant> {
        let later = self.micros + micros(duration);
        (later <= LAST).then_some(Instant::exact(later))
    }

    /// How long after `earlier` this is; nothing where it is before it.
    pub fn saturating_duration_since(self, earlier: Instant) -> Duration {
        of_micros(self.micros - earlier.micros)
    }
}

impl Add<Duration> for Instant {
    type Output = Instant;

    /// The last moment of the clock where the sum would be later.
    fn add(self, duration: Duration) -> Instant {
        self.checked_add(duration).unwrap_or(Instant::exact(LAST))
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, duration: Duration) {
        *self = *self + duration;
    }
}

impl Sub<Instant> for Instant {
    type Output = Duration;

    fn sub(self, earlier: Instant) -> Duration {
        self.saturating_duration_since(earlier)
    }
}

/// An `Instant` is never NaN, so there is always an order.
impl Eq for Instant {}

impl Ord for Instant {
    fn cmp(&self, other: &Instant) -> Ordering {
        order(self.micros, other.micros)
    }
}

impl PartialOrd for Instant {
    fn partial_cmp(&self, other: &Instant) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The first of two moments, of which one may never come.
pub(super) fn earliest(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Instant = Instant::exact(0.0);

    #[test]
    fn what_is_added_is_what_has_passed() {
        let later = START + Duration::from_micros(1_234_567);
        assert_eq!(later.as_micros(), 1_234_567.0);
        let passed = later.saturating_duration_since(START);
        assert_eq!(passed, Duration::from_micros(1_234_567));
        assert_eq!(START.saturating_duration_since(later), Duration::ZERO);
    }

    #[test]
    fn fractions_of_a_microsecond_are_never_due_too_early() {
        let soon = START + Duration::from_nanos(1);
        assert_eq!(soon, Instant::from_micros(1.0));
        assert_eq!(Instant::from_micros(0.9), START);
    }

    #[test]
    fn what_is_too_far_for_the_clock_is_no_moment() {
        assert_eq!(START.checked_add(Duration::MAX), None);
        assert_eq!(START + Duration::MAX, Instant::exact(LAST));
        assert_eq!(Instant::from_micros(f64::NAN), START);
        assert_eq!(Instant::from_micros(f64::INFINITY), START);
    }

    #[test]
    fn moments_are_in_the_order_in_which_they_come() {
        let (before, after) = (Instant::from_micros(-1.0), START);
        assert!(before < after);
        assert_eq!([after, before].into_iter().min(), Some(before));
    }
}
