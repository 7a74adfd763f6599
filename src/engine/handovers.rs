//! Receipts of messages on their way to the socket.

use std::collections::VecDeque;

use crate::policy::{Rare, Receipt};

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Handovers {
    /// Bytes that were handed to the system on this connection.
    written: u64,
    /// How many there are once a message is among them.
    waiting: Rare<VecDeque<(u64, Receipt)>>,
}

impl Handovers {
    /// The message that `left` bytes end with.
    pub fn add(&mut self, left: usize, receipt: Receipt) {
        let end = self.written + left as u64;
        self.waiting.used().push_back((end, receipt));
    }

    /// Tells that so many bytes more were handed to the system: calls `handed` for each message that is whole by that.
    pub fn advance(&mut self, count: usize, mut handed: impl FnMut(Receipt)) {
        self.written += count as u64;
        while let Some(waiting) = self.waiting.get_mut()
            && let Some(&(end, receipt)) = waiting.front()
            && end <= self.written
        {
            waiting.pop_front();
            handed(receipt);
        }
    }

    pub fn clear(&mut self) {
        self.waiting.clear();
    }
}
