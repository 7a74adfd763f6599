//! The one place that reads the clocks and the system's randomness.
//!
//! Everything else is handed the time, so that a test can turn it.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rand::TryRng;
use rand::rngs::SysRng;

/// The monotonic time that the policy is handed; under a paused tokio clock, that clock's.
pub fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// Wall-clock time since the epoch.
pub fn epoch() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

/// Wall-clock time in milliseconds since the epoch, for the `at` of what JavaScript is told.
pub fn epoch_ms() -> f64 {
    epoch().as_millis() as f64
}

/// Fresh bytes to seed a generator with.
///
/// Where the system's randomness fails, the clocks keep clients apart, though they are no secret.
pub fn seed<const N: usize>() -> [u8; N] {
    let mut seed = [0; N];
    if SysRng.try_fill_bytes(&mut seed).is_err() {
        static START: OnceLock<Instant> = OnceLock::new();
        let age = START.get_or_init(Instant::now).elapsed().as_nanos();
        let clocks = age
            .to_le_bytes()
            .into_iter()
            .chain(epoch_ms().to_le_bytes());
        for (index, byte) in clocks.enumerate() {
            seed[index % N] ^= byte;
        }
    }
    seed
}
