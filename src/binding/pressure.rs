//! Reminds JavaScript's engine of the memory of messages that have been delivered.
//!
//! It collects the buffers of binary messages when they come to 64 MiB. A consumer that does not keep up then
//! costs that, besides all that waits for it. Where messages come slowly, collecting more often costs
//! little of the time.

use std::cell::Cell;

use napi::sys;

use crate::engine::epoch_ms;

/// After so many bytes of messages a reminder may be due, …
const SHARE: usize = 12 * 1024 * 1024;

/// … if they took longer than this, in ms.
const SLOW: f64 = 120.0;

/// So much lets the engine of JavaScript see to its external memory.
const REMINDER: i64 = 64 * 1024 * 1024;

thread_local! {
    /// Bytes of messages since the last look, and when that was.
    static MADE: Cell<(usize, f64)> = const { Cell::new((0, 0.0)) };
}

/// A buffer of so many bytes has been made.
pub fn made(env: sys::napi_env, bytes: usize) {
    let (before, since) = MADE.get();
    let bytes = before + bytes;
    if bytes < SHARE {
        MADE.set((bytes, since));
        return;
    }
    let now = epoch_ms();
    MADE.set((0, now));
    if now - since > SLOW {
        // Where the first fails, nothing is reminded of, and nothing is to be taken back.
        if adjust(env, REMINDER) {
            adjust(env, -REMINDER);
        }
    }
}

fn adjust(env: sys::napi_env, change: i64) -> bool {
    let mut total = 0;
    // SAFETY: `env` is that of the call under way.
    let status = unsafe { sys::napi_adjust_external_memory(env, change, &mut total) };
    status == sys::Status::napi_ok
}
