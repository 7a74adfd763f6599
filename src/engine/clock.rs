//! The one place that reads the clocks and the system's randomness.
//!
//! Everything else is handed the time, so that a test can turn it.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rand::TryRng;
use rand::rngs::SysRng;

use crate::policy;

/// The monotonic time that the policy is handed; under a paused tokio clock, that clock's.
pub fn now() -> policy::Instant {
    let (origin, now) = (origin(), tokio::time::Instant::now().into_std());
    // Where tests pause the clock, it may stand at a time before the origin was read.
    let micros = match now.checked_duration_since(origin) {
        Some(after) => after.as_micros() as f64,
        None => -(origin.duration_since(now).as_micros() as f64),
    };
    policy::Instant::from_micros(micros)
}

/// When the runtime's clock shows that time.
pub fn alarm(at: policy::Instant) -> tokio::time::Instant {
    // The cast takes what is before the origin, and past by then, for the origin; the runtime has a last moment of its own.
    let after = Duration::from_micros(at.as_micros() as u64);
    let far = Duration::from_secs(86400 * 365 * 30);
    (origin() + after.min(far)).into()
}

/// The moment that the policy's time counts from.
fn origin() -> Instant {
    static ORIGIN: OnceLock<Instant> = OnceLock::new();
    *ORIGIN.get_or_init(Instant::now)
}

/// Wall-clock time in milliseconds since the epoch, for the `at` of what JavaScript is told.
pub fn epoch_ms() -> f64 {
    epoch().as_millis() as f64
}

/// Wall-clock time since the epoch, for dates that peers tell.
pub fn epoch() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

/// Fresh bytes to seed a generator with.
///
/// Where the system's randomness fails, the clocks keep clients apart, though they are no secret.
pub fn seed<const N: usize>() -> [u8; N] {
    let mut seed = [0; N];
    if SysRng.try_fill_bytes(&mut seed).is_err() {
        let age = origin().elapsed().as_nanos();
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
