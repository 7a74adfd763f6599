//! What waits for JavaScript of each client, counted by both threads.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use tokio::sync::Notify;

use super::read_outcome::Wanted;
use crate::policy::{falls_to_a_mark, is_too_far_ahead, may_read_again};
use crate::sync::Lock;

/// What waits for JavaScript of all clients of one environment, in bytes.
#[derive(Default)]
pub struct ReadAhead(AtomicUsize);

/// How much of what one client was told waits for JavaScript: the engine stops reading for one that has too much.
pub struct FlowControl {
    /// The client's name at its environment.
    pub id: u32,
    unread: AtomicUsize,
    of_all: Arc<ReadAhead>,
    /// Told when the engine may read again, and when JavaScript has been delivered all there is of this client. One for both, since
    /// every client has room for it.
    pub delivered: Notify,
    pub(super) wanted: Wanted,
    /// The servers, by host and port, of which JavaScript has to make the connections; from the first of them on.
    pub(super) connected_by_javascript: OnceLock<Box<Lock<Vec<String>>>>,
}

impl FlowControl {
    pub fn new(id: u32, of_all: Arc<ReadAhead>) -> FlowControl {
        FlowControl {
            id,
            unread: AtomicUsize::new(0),
            of_all,
            delivered: Notify::new(),
            wanted: Wanted::default(),
            connected_by_javascript: OnceLock::new(),
        }
    }

    pub fn is_full(&self) -> bool {
        let of_all = self.of_all.0.load(Ordering::Relaxed);
        is_too_far_ahead(self.unread.load(Ordering::Acquire), of_all)
    }

    /// Whether an engine that has stopped may read again.
    pub fn has_capacity(&self) -> bool {
        let of_all = self.of_all.0.load(Ordering::Relaxed);
        may_read_again(self.unread.load(Ordering::Acquire), of_all)
    }

    /// Whether JavaScript has been delivered all there is.
    pub fn is_drained(&self) -> bool {
        self.unread.load(Ordering::Acquire) == 0
    }

    pub(super) fn charge(&self, cost: usize) {
        self.of_all.0.fetch_add(cost, Ordering::Relaxed);
        self.unread.fetch_add(cost, Ordering::AcqRel);
    }

    pub(super) fn discharge(&self, cost: usize) {
        self.of_all.0.fetch_sub(cost, Ordering::Relaxed);
        let before = self.unread.fetch_sub(cost, Ordering::AcqRel);
        if before == cost || falls_to_a_mark(before, before.saturating_sub(cost)) {
            self.delivered.notify_one();
        }
    }
}

impl Drop for FlowControl {
    /// What a client that has been collected was not delivered waits for nobody.
    fn drop(&mut self) {
        let unread = *self.unread.get_mut();
        self.of_all.0.fetch_sub(unread, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn client(of_all: &Arc<ReadAhead>) -> FlowControl {
        FlowControl::new(1, of_all.clone())
    }

    async fn is_told(notify: &Notify) -> bool {
        let told = tokio::time::timeout(Duration::ZERO, notify.notified());
        told.await.is_ok()
    }

    /// Charges a client until the engine stops reading for it. What that took.
    fn fill(flow: &FlowControl) -> usize {
        let mut bytes = 0;
        while !flow.is_full() {
            flow.charge(1024);
            bytes += 1024;
        }
        bytes
    }

    #[tokio::test]
    async fn a_client_that_is_full_goes_on_before_all_is_delivered() {
        let flow = client(&Arc::default());
        let bytes = fill(&flow);
        flow.discharge(1024);
        assert!(!is_told(&flow.delivered).await);
        assert!(!flow.has_capacity());
        flow.discharge(bytes - 2 * 1024);
        assert!(is_told(&flow.delivered).await);
        assert!(flow.has_capacity() && !flow.is_drained());
        flow.discharge(1024);
        assert!(flow.is_drained());
        assert!(is_told(&flow.delivered).await);
    }

    #[test]
    fn each_client_may_have_the_less_the_more_all_have() {
        let of_all = Arc::<ReadAhead>::default();
        let (first, second, third) = (client(&of_all), client(&of_all), client(&of_all));
        let alone = fill(&first);
        fill(&second);
        assert!(fill(&third) < alone / 2);
    }

    #[test]
    fn what_a_client_that_is_gone_had_counts_no_more() {
        let of_all = Arc::<ReadAhead>::default();
        let (gone, other) = (client(&of_all), client(&of_all));
        gone.charge(usize::MAX / 2);
        fill(&other);
        drop(gone);
        assert!(!other.is_full());
    }
}
