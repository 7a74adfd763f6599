//! What the engine has to tell one JavaScript environment: of each client in order, of all that have something by turns.

use std::mem;
use std::sync::Arc;

use super::flow_control::{FlowControl, ReadAhead};
use super::read_outcome::MessageBatch;
use crate::net::Need;
use crate::policy::{Attempt, DeliveryOutcome, Notice, Told, Turns};
use crate::sync::{Lock, Rank, lock};

/// What a notification costs besides its payload.
const NOTIFICATION: usize = 64;

/// One thing that JavaScript is told of a client, and when it happened.
pub struct Notification {
    pub from: Arc<FlowControl>,
    /// When it happened, in milliseconds since the epoch.
    pub at: f64,
    /// How many notices of its client have gone to the mailbox, it included. They are counted here, since JavaScript may
    /// drop some.
    pub order: u64,
    pub kind: NotificationKind,
}

/// What JavaScript is told.
pub enum NotificationKind {
    Messages(MessageBatch),
    Notice(Notice),
    /// A connection is open; comes before its `open` notice.
    Agreed {
        protocol: String,
        extensions: String,
        /// As the user gave it.
        url: String,
        status: u16,
        headers: Vec<(String, String)>,
    },
    /// What became of a message or a receipt.
    Delivery(DeliveryOutcome),
    /// What is buffered has fallen to the high-water mark.
    Drain,
    /// What an attempt asks JavaScript for in the middle.
    Need {
        attempt: Attempt,
        need: Need,
    },
    /// There is something to do at the socket that JavaScript made for a connection.
    PipeNews {
        pipe: u32,
    },
}

impl Told for Notification {
    fn client(&self) -> u32 {
        self.from.id
    }

    fn cost(&self) -> usize {
        NOTIFICATION * self.entries()
            + match &self.kind {
                // A message that was put together from pieces may hold more than it has.
                NotificationKind::Messages(batch) => batch.bytes.capacity(),
                NotificationKind::Delivery(outcome) => outcome.cost(),
                NotificationKind::Notice(_)
                | NotificationKind::Agreed { .. }
                | NotificationKind::Drain
                | NotificationKind::Need { .. }
                | NotificationKind::PipeNews { .. } => 0,
            }
    }

    fn entries(&self) -> usize {
        match &self.kind {
            NotificationKind::Messages(batch) => batch.lengths.len(),
            NotificationKind::Notice(_)
            | NotificationKind::Agreed { .. }
            | NotificationKind::Delivery(_)
            | NotificationKind::Drain
            | NotificationKind::Need { .. }
            | NotificationKind::PipeNews { .. } => 1,
        }
    }

    fn is_of_life(&self) -> bool {
        match &self.kind {
            NotificationKind::Notice(_)
            | NotificationKind::Agreed { .. }
            | NotificationKind::Drain
            | NotificationKind::Need { .. }
            | NotificationKind::PipeNews { .. } => true,
            NotificationKind::Messages(_) | NotificationKind::Delivery(_) => false,
        }
    }
}

/// The notifications of one environment. JavaScript is woken when the first comes, and takes batches until
/// there is none left.
pub struct Mailbox {
    queue: Lock<Queue>,
    read_ahead: Arc<ReadAhead>,
    wake: Box<dyn Fn() + Send + Sync>,
}

#[derive(Default)]
struct Queue {
    turns: Turns<Notification>,
    /// What JavaScript has taken and is delivering.
    taken: Vec<(Arc<FlowControl>, usize)>,
    /// JavaScript has been woken and will take all there is.
    awake: bool,
}

impl Mailbox {
    /// `wake` must lead to `take` being called on the environment's thread, soon and from outside
    /// of any call of this module.
    pub fn new(wake: impl Fn() + Send + Sync + 'static) -> Mailbox {
        Mailbox {
            queue: Lock::new(Rank::Mailbox, Queue::default()),
            read_ahead: Arc::default(),
            wake: Box::new(wake),
        }
    }

    /// What waits of all its clients.
    pub fn read_ahead(&self) -> &Arc<ReadAhead> {
        &self.read_ahead
    }

    pub fn push(&self, notifications: impl IntoIterator<Item = Notification>) {
        let mut queue = lock(&self.queue);
        for notification in notifications {
            notification.from.charge(notification.cost());
            queue.turns.push(notification);
        }
        if queue.awake || queue.turns.is_empty() {
            return;
        }
        queue.awake = true;
        drop(queue);
        (self.wake)();
    }

    /// Whether JavaScript has taken all there is.
    pub fn is_empty(&self) -> bool {
        lock(&self.queue).turns.is_empty()
    }

    /// Tells that all that was taken has been delivered.
    pub fn delivered(&self) {
        discharge(mem::take(&mut lock(&self.queue).taken));
    }

    /// The next notifications, and whether more are left. Who is told `true` must call again; the call
    /// tells that all that was taken before has been delivered.
    pub fn take(&self) -> (Vec<Notification>, bool) {
        let mut queue = lock(&self.queue);
        let batch = queue.turns.take();
        let more = !queue.turns.is_empty();
        queue.awake = more;
        let delivered = mem::take(&mut queue.taken);
        queue.taken = costs(&batch);
        drop(queue);
        discharge(delivered);
        (batch, more)
    }
}

/// What a batch costs each client in it.
fn costs(batch: &[Notification]) -> Vec<(Arc<FlowControl>, usize)> {
    let mut costs: Vec<(Arc<FlowControl>, usize)> = Vec::new();
    for notification in batch {
        match costs.last_mut() {
            Some((flow, cost)) if flow.id == notification.from.id => *cost += notification.cost(),
            Some(_) | None => costs.push((notification.from.clone(), notification.cost())),
        }
    }
    costs
}

fn discharge(delivered: Vec<(Arc<FlowControl>, usize)>) {
    for (flow, cost) in delivered {
        flow.discharge(cost);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// A mailbox, and how often JavaScript has been woken.
    fn mailbox() -> (Mailbox, Arc<AtomicUsize>) {
        let wakes = Arc::<AtomicUsize>::default();
        let counted = wakes.clone();
        let mailbox = Mailbox::new(move || {
            counted.fetch_add(1, Ordering::Relaxed);
        });
        (mailbox, wakes)
    }

    fn drain(from: &Arc<FlowControl>) -> Notification {
        Notification {
            from: from.clone(),
            order: 0,
            at: 0.0,
            kind: NotificationKind::Drain,
        }
    }

    fn client(id: u32) -> Arc<FlowControl> {
        Arc::new(FlowControl::new(id, Arc::default()))
    }

    #[test]
    fn javascript_is_woken_once_until_it_has_taken_all() {
        let (mailbox, wakes) = mailbox();
        let one = client(1);
        mailbox.push([]);
        assert_eq!(wakes.load(Ordering::Relaxed), 0);
        mailbox.push((0..500).map(|_| drain(&one)));
        let (first, more) = mailbox.take();
        assert!(!first.is_empty() && more);
        mailbox.push([drain(&one)]);
        assert_eq!(wakes.load(Ordering::Relaxed), 1);
        while mailbox.take().1 {}
        assert!(mailbox.is_empty());
        mailbox.push([drain(&one)]);
        assert_eq!(wakes.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn what_is_taken_waits_until_it_has_been_delivered() {
        let (mailbox, _) = mailbox();
        let (one, two) = (client(1), client(2));
        mailbox.push([drain(&one), drain(&two), drain(&one)]);
        assert_eq!(mailbox.take().0.len(), 3);
        assert!(!one.is_drained() && !two.is_drained());
        mailbox.push([drain(&two)]);
        assert_eq!(mailbox.take().0.len(), 1);
        assert!(one.is_drained() && !two.is_drained());
        mailbox.delivered();
        assert!(two.is_drained());
    }
}
