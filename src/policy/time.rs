//! The time as the policy is told it.

use std::cmp::Ordering;
use std::fmt;
use std::ops::{Add, AddAssign, Sub};

use super::duration::{Duration, micros, of_micros, order};

/// A moment, as whole microseconds since one that the caller has chosen.
///
/// The type is the policy's own since `std::time::Instant` cannot be made without a clock of the platform, and browsers hand theirs
/// in. It is an `f64` since that is the number of JavaScript; it counts microseconds exactly for 285 years.
#[derive(Clone, Copy)]
pub struct Instant(kept::Micros);

/// How an `Instant` keeps its number.
#[cfg(not(feature = "browser"))]
mod kept {
    use std::num::NonZeroU64;

    /// The inverted bits of an `f64` that is no NaN: they are never all zero, so that an `Option` needs no room of its own. A client
    /// has a dozen of them.
    #[derive(Clone, Copy)]
    pub(super) struct Micros(NonZeroU64);

    impl Micros {
        pub(super) fn new(micros: f64) -> Micros {
            Micros(NonZeroU64::new(!micros.to_bits()).unwrap_or(NonZeroU64::MAX))
        }

        pub(super) fn get(self) -> f64 {
            f64::from_bits(!self.0.get())
        }
    }
}

/// How an `Instant` keeps its number: JavaScript has no integers of 64 bits.
#[cfg(feature = "browser")]
mod kept {
    #[derive(Clone, Copy)]
    pub(super) struct Micros {
        micros: f64,
        #[expect(dead_code, reason = "an Option reads it")]
        tag: Tag,
    }

    /// What an `Option` of it tells by whether there is one. It would take 64 bits for that.
    #[derive(Clone, Copy)]
    #[repr(u32)]
    enum Tag {
        Some,
    }

    impl Micros {
        pub(super) fn new(micros: f64) -> Micros {
            let tag = Tag::Some;
            Micros { micros, tag }
        }

        pub(super) fn get(self) -> f64 {
            self.micros
        }
    }
}

/// What comes after it is not counted exactly.
const LAST: f64 = 9_007_199_254_740_992.0;

impl Instant {
    /// Drops fractions of a microsecond; what is no number, or too far, is the caller's origin.
    pub fn from_micros(micros: f64) -> Instant {
        let whole = micros.floor();
        Instant::of(if whole.abs() <= LAST { whole } else { 0.0 })
    }

    fn of(micros: f64) -> Instant {
        Instant(kept::Micros::new(micros))
    }

    /// Microseconds since the caller's origin.
    pub fn as_micros(self) -> f64 {
        self.0.get()
    }

    /// `None` where that is too far for the clock. Fractions of a microsecond count as a whole one, so that nothing is due too early.
    pub fn checked_add(self, duration: Duration) -> Option<Instant> {
        let later = self.as_micros() + micros(duration);
        (later <= LAST).then(|| Instant::of(later))
    }

    /// How long after `earlier` this is; nothing where it is before it.
    pub fn saturating_duration_since(self, earlier: Instant) -> Duration {
        of_micros(self.as_micros() - earlier.as_micros())
    }
}

impl Add<Duration> for Instant {
    type Output = Instant;

    /// The last moment of the clock where the sum would be later.
    fn add(self, duration: Duration) -> Instant {
        self.checked_add(duration)
            .unwrap_or_else(|| Instant::of(LAST))
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

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} µs", self.as_micros())
    }
}

impl PartialEq for Instant {
    fn eq(&self, other: &Instant) -> bool {
        self.as_micros() == other.as_micros()
    }
}

/// An `Instant` is never NaN, so there is always an order.
impl Eq for Instant {}

impl Ord for Instant {
    fn cmp(&self, other: &Instant) -> Ordering {
        order(self.as_micros(), other.as_micros())
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

    fn start() -> Instant {
        Instant::from_micros(0.0)
    }

    #[test]
    #[cfg(not(feature = "browser"))]
    fn one_that_may_be_missing_is_no_larger() {
        assert_eq!(size_of::<Option<Instant>>(), size_of::<Instant>());
    }

    #[test]
    fn what_is_added_is_what_has_passed() {
        let later = start() + Duration::from_micros(1_234_567);
        assert_eq!(later.as_micros(), 1_234_567.0);
        let passed = later.saturating_duration_since(start());
        assert_eq!(passed, Duration::from_micros(1_234_567));
        assert_eq!(start().saturating_duration_since(later), Duration::ZERO);
    }

    #[test]
    fn fractions_of_a_microsecond_are_never_due_too_early() {
        let soon = start() + Duration::from_nanos(1);
        assert_eq!(soon, Instant::from_micros(1.0));
        assert_eq!(Instant::from_micros(0.9), start());
    }

    #[test]
    fn what_is_too_far_for_the_clock_is_no_moment() {
        assert_eq!(start().checked_add(Duration::MAX), None);
        assert_eq!(start() + Duration::MAX, Instant::from_micros(LAST));
        assert_eq!(Instant::from_micros(f64::NAN), start());
        assert_eq!(Instant::from_micros(f64::INFINITY), start());
    }

    #[test]
    fn moments_are_in_the_order_in_which_they_come() {
        let (before, after) = (Instant::from_micros(-1.0), start());
        assert!(before < after);
        assert_eq!([after, before].into_iter().min(), Some(before));
    }
}
