//! The fast ways, each of which can be switched off to be compared.

/// Messages of one batch at most: clients take turns, and timers of the user run, between batches.
const LONGEST_BATCH: usize = 128;

#[derive(Clone, Copy, Debug)]
pub struct Ways {
    /// The JavaScript thread writes by itself what it sends first in a turn of its event loop.
    pub write: bool,
    /// The JavaScript thread reads by itself while it is responsive.
    pub read: bool,
    /// Messages reach the mailbox by the batch, not one by one.
    pub runs: bool,
}

impl Default for Ways {
    fn default() -> Ways {
        Ways {
            write: true,
            read: true,
            runs: true,
        }
    }
}

impl Ways {
    pub(super) fn longest_batch(self) -> usize {
        if self.runs { LONGEST_BATCH } else { 1 }
    }
}
