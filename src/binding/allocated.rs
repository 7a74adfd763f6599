//! What is allocated natively, for the bench.

use napi_derive::napi;

/// What the allocator of all that is native in this process has given away, in bytes; none where it does not tell.
#[napi(catch_unwind)]
pub fn allocated() -> Option<f64> {
    bytes().map(|bytes| bytes as f64)
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn bytes() -> Option<usize> {
    // SAFETY: it takes the allocator's locks by itself and returns numbers.
    let info = unsafe { libc::mallinfo2() };
    Some(info.uordblks.saturating_add(info.hblkhd))
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn bytes() -> Option<usize> {
    None
}
