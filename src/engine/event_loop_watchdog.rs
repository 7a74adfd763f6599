//! Whether the event loop of one JavaScript environment runs: clients with `maxEventLoopBlock` go by that.

use std::sync::Mutex;

use super::clock;
use super::locking::lock;
use crate::policy::Instant;

/// When the event loop last told that it runs.
#[derive(Debug, Default)]
pub struct EventLoopWatchdog(Mutex<Option<Instant>>);

impl EventLoopWatchdog {
    /// Told by the event loop itself.
    pub fn note_alive(&self) {
        *lock(&self.0) = Some(clock::now());
    }

    pub fn alive_at(&self) -> Option<Instant> {
        *lock(&self.0)
    }
}
