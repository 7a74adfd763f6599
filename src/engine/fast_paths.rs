//! The fast paths between JavaScript and the sockets, each of which can be switched off to be compared.

/// Messages of one batch at most: clients take turns, and timers of the user run, between batches.
const LONGEST_BATCH: usize = 128;

/// Which of them are on.
#[derive(Clone, Copy, Debug)]
pub struct FastPaths {
    /// The JavaScript thread writes by itself what may be an answer, or stands alone.
    pub write: bool,
    /// The JavaScript thread reads by itself while it is responsive.
    pub read: bool,
    /// Messages reach the mailbox by the batch, not one by one.
    pub batches: bool,
}

impl Default for FastPaths {
    fn default() -> FastPaths {
        FastPaths {
            write: true,
            read: true,
            batches: true,
        }
    }
}

impl FastPaths {
    pub(super) fn longest_batch(self) -> usize {
        if self.batches { LONGEST_BATCH } else { 1 }
    }
}
