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
