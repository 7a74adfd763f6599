//! Those of `std`.

pub use std::time::Duration;

pub type Count = u64;

/// Rounded up: nothing is due too early.
pub fn micros(duration: Duration) -> f64 {
    duration.as_secs() as f64 * 1e6 + f64::from(duration.subsec_nanos().div_ceil(1000))
}

/// The casts of these saturate.
pub fn of_micros(micros: f64) -> Duration {
    Duration::from_micros(micros as u64)
}

/// Exact for every whole number of milliseconds, unlike `as_secs_f64() * 1000.0`, which rounding
/// down would turn into one millisecond less.
pub fn millis(duration: Duration) -> f64 {
    duration.as_nanos() as f64 / 1e6
}

/// Whole ones, rounded down.
pub fn of_millis(millis: f64) -> Duration {
    Duration::from_millis(millis as u64)
}
