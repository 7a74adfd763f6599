//! How far the engine reads ahead of JavaScript.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

/// A client's messages that JavaScript has not taken may cost this many bytes; beyond, the engine
/// stops reading that socket, and TCP pushes back on the peer.
const CAPACITY: usize = 16 * 1024 * 1024;

/// Those of all clients of an environment may cost this many before each may have no more than …
const BUDGET: usize = 32 * 1024 * 1024;

/// … this many: enough to keep a connection busy.
const LEAST: usize = 256 * 1024;

/// What waits for JavaScript of all clients of one environment, in bytes.
#[derive(Default)]
pub struct ReadAhead(AtomicUsize);

/// How much of what one client was told waits for JavaScript: the engine stops reading for one that has too much.
pub struct FlowControl {
    /// The client's name at its environment.
    pub id: u32,
    unread: AtomicUsize,
    of_all: Arc<ReadAhead>,
    /// Told when the engine may read again.
    pub has_capacity: Notify,
    /// Told when JavaScript has been delivered all there is of this client.
    pub drained: Notify,
}

impl FlowControl {
    pub fn new(id: u32, of_all: Arc<ReadAhead>) -> FlowControl {
        FlowControl {
            id,
            unread: AtomicUsize::new(0),
            of_all,
            has_capacity: Notify::new(),
            drained: Notify::new(),
        }
    }

    pub fn is_full(&self) -> bool {
        let most = if self.of_all.0.load(Ordering::Relaxed) > BUDGET {
            LEAST
        } else {
            CAPACITY
        };
        self.unread.load(Ordering::Acquire) > most
    }

    /// Whether JavaScript has been delivered all there is.
    pub fn is_drained(&self) -> bool {
        self.unread.load(Ordering::Acquire) == 0
    }

    pub(super) fn charge(&self, cost: usize) {
        self.of_all.0.fetch_add(cost, Ordering::Relaxed);
        self.unread.fetch_add(cost, Ordering::AcqRel);
    }

    /// Half of what a client may have must be free before the engine reads again, or it would do so notification by
    /// notification.
    pub(super) fn discharge(&self, cost: usize) {
        self.of_all.0.fetch_sub(cost, Ordering::Relaxed);
        let before = self.unread.fetch_sub(cost, Ordering::AcqRel);
        let falls_to = |mark: usize| before > mark && before - cost <= mark;
        if falls_to(CAPACITY / 2) || falls_to(LEAST / 2) {
            self.has_capacity.notify_one();
        }
        if before == cost {
            self.drained.notify_one();
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

    #[tokio::test]
    async fn one_client_may_have_much_and_goes_on_when_half_of_it_is_delivered() {
        let flow = client(&Arc::default());
        flow.charge(CAPACITY);
        assert!(!flow.is_full());
        flow.charge(1);
        assert!(flow.is_full());
        flow.discharge(CAPACITY / 2);
        assert!(!is_told(&flow.has_capacity).await);
        flow.discharge(1);
        assert!(is_told(&flow.has_capacity).await);
    }

    #[tokio::test]
    async fn many_clients_have_little_each_beyond_what_all_may_have() {
        let of_all = Arc::<ReadAhead>::default();
        let clients: Vec<FlowControl> = (0..=BUDGET / LEAST).map(|_| client(&of_all)).collect();
        for flow in &clients {
            flow.charge(LEAST);
            assert!(!flow.is_full());
        }
        let slow = &clients[0];
        slow.charge(1);
        assert!(slow.is_full());
        slow.discharge(LEAST / 2);
        assert!(!is_told(&slow.has_capacity).await);
        slow.discharge(1);
        assert!(is_told(&slow.has_capacity).await);
        assert!(!slow.is_full());
    }

    #[test]
    fn what_a_client_that_is_gone_had_counts_no_more() {
        let of_all = Arc::<ReadAhead>::default();
        let (gone, other) = (client(&of_all), client(&of_all));
        gone.charge(BUDGET);
        other.charge(LEAST + 1);
        assert!(other.is_full());
        drop(gone);
        assert!(!other.is_full());
    }
}
