//! A fault for tests: a runtime that takes no memory but its own, as Electron's is.

use std::sync::atomic::{AtomicBool, Ordering};

use napi_derive::napi;

static FORBIDDEN: AtomicBool = AtomicBool::new(false);

/// Whether external buffers are refused in this process.
pub fn are_forbidden() -> bool {
    FORBIDDEN.load(Ordering::Relaxed)
}

/// Refuses external buffers from here on, as Electron does.
#[napi(catch_unwind)]
pub fn forbid_external_buffers() {
    FORBIDDEN.store(true, Ordering::Relaxed);
}
