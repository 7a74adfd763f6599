//! The sign of life of one JavaScript environment.

use std::sync::Mutex;
use std::time::Instant;

use super::clock;
use super::runtime::lock;

/// When the event loop last ran, as far as it has told.
#[derive(Debug, Default)]
pub struct Sign(Mutex<Option<Instant>>);

impl Sign {
    /// The event loop runs.
    pub fn give(&self) {
        *lock(&self.0) = Some(clock::now());
    }

    pub fn last(&self) -> Option<Instant> {
        *lock(&self.0)
    }
}
