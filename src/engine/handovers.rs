//! Receipts of messages on their way to the socket.

use std::collections::VecDeque;

use crate::policy::{Rare, Receipt};

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Handovers(Rare<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    /// Bytes that were handed to the system since the first of them was there.
    written: u64,
    /// How many there are once a message is among them.
    ends: VecDeque<(u64, Receipt)>,
}

impl Handovers {
    /// The message that `left` bytes end with.
    pub fn add(&mut self, left: usize, receipt: Receipt) {
        let waiting = self.0.used();
        let end = waiting.written + left as u64;
        waiting.ends.push_back((end, receipt));
    }

    /// Tells that so many bytes more were handed to the system: calls `handed` for each message that is whole by that.
    pub fn advance(&mut self, count: usize, mut handed: impl FnMut(Receipt)) {
        let Some(waiting) = self.0.get_mut() else {
            return;
        };
        waiting.written += count as u64;
        while let Some(&(end, receipt)) = waiting.ends.front()
            && end <= waiting.written
        {
            waiting.ends.pop_front();
            handed(receipt);
        }
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }
}
