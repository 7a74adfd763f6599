//! Receipts of messages on their way to the socket.

use std::collections::VecDeque;

use crate::policy::Receipt;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Handovers {
    /// Bytes that were handed to the system on this connection.
    written: u64,
    /// How many there are once a message is among them.
    waiting: VecDeque<(u64, Receipt)>,
}

impl Handovers {
    /// The message that `left` bytes end with.
    pub fn add(&mut self, left: usize, receipt: Receipt) {
        self.waiting
            .push_back((self.written + left as u64, receipt));
    }

    /// Tells that so many bytes more were handed to the system: calls `handed` for each message that is whole by that.
    pub fn advance(&mut self, count: usize, mut handed: impl FnMut(Receipt)) {
        self.written += count as u64;
        while let Some(&(end, receipt)) = self.waiting.front()
            && end <= self.written
        {
            self.waiting.pop_front();
            handed(receipt);
        }
    }

    pub fn clear(&mut self) {
        self.waiting = VecDeque::new();
    }
}
