//! Those of JavaScript: what of `std`'s the policy uses, on one `f64`.

use std::cmp::Ordering;
use std::ops::Div;

use super::order;

pub type Count = u32;

/// Whole microseconds. Never NaN, and never below zero.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Duration(f64);

impl Duration {
    pub const ZERO: Duration = Duration(0.0);
    pub const MAX: Duration = Duration(f64::INFINITY);

    pub const fn from_secs(seconds: u32) -> Duration {
        Duration(seconds as f64 * 1e6)
    }

    pub const fn from_millis(millis: u32) -> Duration {
        Duration(millis as f64 * 1e3)
    }

    pub const fn from_micros(micros: u32) -> Duration {
        Duration(micros as f64)
    }

    pub fn is_zero(self) -> bool {
        self.0 == 0.0
    }

    pub fn saturating_add(self, other: Duration) -> Duration {
        Duration(self.0 + other.0)
    }

    pub fn saturating_sub(self, other: Duration) -> Duration {
        of_micros(self.0 - other.0)
    }
}

impl Div<u32> for Duration {
    type Output = Duration;

    fn div(self, by: u32) -> Duration {
        of_micros(self.0 / f64::from(by))
    }
}

impl Eq for Duration {}

impl Ord for Duration {
    fn cmp(&self, other: &Duration) -> Ordering {
        order(self.0, other.0)
    }
}

impl PartialOrd for Duration {
    fn partial_cmp(&self, other: &Duration) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

pub fn micros(duration: Duration) -> f64 {
    duration.0
}

pub fn of_micros(micros: f64) -> Duration {
    // What is no number is none.
    Duration(if micros > 0.0 { micros.floor() } else { 0.0 })
}

pub fn millis(duration: Duration) -> f64 {
    duration.0 / 1e3
}

/// Whole ones, rounded down.
pub fn of_millis(millis: f64) -> Duration {
    of_micros(millis.floor() * 1e3)
}
