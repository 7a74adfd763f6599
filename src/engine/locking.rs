//! The one way to take a lock.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Takes a lock, also one whose holder panicked: every update under our locks is whole, or is made
/// whole by the next input.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
