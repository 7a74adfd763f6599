//! Whether the event loop of one JavaScript environment runs: clients with `maxEventLoopBlock` go by that.

use super::clock;
use crate::policy::Instant;
use crate::sync::{Lock, Rank, lock};

/// When the event loop last told that it runs.
#[derive(Debug)]
pub struct EventLoopWatchdog(Lock<Option<Instant>>);

impl Default for EventLoopWatchdog {
    fn default() -> EventLoopWatchdog {
        EventLoopWatchdog(Lock::new(Rank::Last, None))
    }
}

impl EventLoopWatchdog {
    /// Told by the event loop itself.
    pub fn note_alive(&self) {
        *lock(&self.0) = Some(clock::now());
    }

    pub fn alive_at(&self) -> Option<Instant> {
        *lock(&self.0)
    }
}
