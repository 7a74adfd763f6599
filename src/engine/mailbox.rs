//! What the engine has to tell one JavaScript environment: of each client in order, of all that have something by turns.

use std::collections::{HashMap, VecDeque};
use std::mem;
use std::sync::Arc;

use super::flow_control::{FlowControl, ReadAhead};
use super::read_outcome::MessageBatch;
use crate::policy::{DeliveryOutcome, Notice};
use crate::sync::{Lock, Rank, lock};

/// What a notification costs besides its payload.
const NOTIFICATION: usize = 64;

/// One `take` hands over about this many bytes, so that timers of the user run between batches, and
/// little waits in JavaScript's heap: what survives its quick collections makes that heap grow.
const BATCH_BYTES: usize = 64 * 1024;

/// One `take` hands over about this many messages and notices: whoever has something to tell only then waits for their handlers.
const BATCH_ENTRIES: usize = 256;

/// A client whose turn it is hands over about this many bytes where others wait, …
const TURN_BYTES: usize = 16 * 1024;

/// … and about this many messages and notices.
const TURN_ENTRIES: usize = 128;

/// So many places of the lists stay allocated when nothing waits.
const KEPT: usize = 64;

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
}

impl Notification {
    fn cost(&self) -> usize {
        NOTIFICATION * self.entries()
            + match &self.kind {
                // A message that was put together from pieces may hold more than it has.
                NotificationKind::Messages(batch) => batch.bytes.capacity(),
                NotificationKind::Delivery(outcome) => outcome.cost(),
                NotificationKind::Notice(_)
                | NotificationKind::Agreed { .. }
                | NotificationKind::Drain => 0,
            }
    }

    /// What JavaScript gets of it one by one.
    fn entries(&self) -> usize {
        match &self.kind {
            NotificationKind::Messages(batch) => batch.lengths.len(),
            NotificationKind::Notice(_)
            | NotificationKind::Agreed { .. }
            | NotificationKind::Delivery(_)
            | NotificationKind::Drain => 1,
        }
    }

    /// Whether it tells of the client's life, and so goes before the messages of others.
    fn is_of_life(&self) -> bool {
        match &self.kind {
            NotificationKind::Notice(_)
            | NotificationKind::Agreed { .. }
            | NotificationKind::Drain => true,
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
    /// The notifications of each client that has any, by its name, in order.
    notifications: HashMap<u32, VecDeque<Notification>>,
    /// Whose turn it is: first the clients of which the next notification tells of their life, …
    living: VecDeque<u32>,
    /// … then those that had nothing to tell a while ago, …
    fresh: VecDeque<u32>,
    /// … then those that have had a turn and have more to tell. Each client that has notifications is in one of these.
    served: VecDeque<u32>,
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
            queue.push(notification);
        }
        if queue.awake || queue.notifications.is_empty() {
            return;
        }
        queue.awake = true;
        drop(queue);
        (self.wake)();
    }

    /// Whether JavaScript has taken all there is.
    pub fn is_empty(&self) -> bool {
        lock(&self.queue).notifications.is_empty()
    }

    /// Tells that all that was taken has been delivered.
    pub fn delivered(&self) {
        discharge(mem::take(&mut lock(&self.queue).taken));
    }

    /// The next notifications, and whether more are left. Who is told `true` must call again; the call
    /// tells that all that was taken before has been delivered.
    pub fn take(&self) -> (Vec<Notification>, bool) {
        let mut queue = lock(&self.queue);
        let batch = queue.take();
        let more = !queue.notifications.is_empty();
        queue.awake = more;
        if !more {
            queue.release_idle_memory();
        }
        let delivered = mem::take(&mut queue.taken);
        queue.taken = costs(&batch);
        drop(queue);
        discharge(delivered);
        (batch, more)
    }
}

impl Queue {
    fn push(&mut self, notification: Notification) {
        let id = notification.from.id;
        let notifications = self.notifications.entry(id).or_default();
        if notifications.is_empty() {
            let turns = if notification.is_of_life() {
                &mut self.living
            } else {
                &mut self.fresh
            };
            turns.push_back(id);
        }
        notifications.push_back(notification);
    }

    fn take(&mut self) -> Vec<Notification> {
        let mut batch = Vec::new();
        let mut budget = Budget {
            bytes: BATCH_BYTES,
            entries: BATCH_ENTRIES,
        };
        let mut waited = self.served.len();
        while !budget.is_over()
            && let Some(turn) = self.next_turn(budget, &mut waited)
        {
            self.serve(turn, &mut budget, &mut batch);
        }
        batch
    }

    /// Of those that have `waited` since before the batch, the first have the end of it: those that go before them could always
    /// be there.
    fn next_turn(&mut self, budget: Budget, waited: &mut usize) -> Option<Turn> {
        let is_last = budget.entries <= TURN_ENTRIES || budget.bytes <= TURN_BYTES;
        if is_last && *waited > 0 {
            *waited -= 1;
            return self.served.pop_front().map(Turn::Message);
        }
        if let Some(id) = self.living.pop_front() {
            return Some(Turn::Life(id));
        }
        if let Some(id) = self.fresh.pop_front() {
            return Some(Turn::Message(id));
        }
        *waited = waited.saturating_sub(1);
        self.served.pop_front().map(Turn::Message)
    }

    /// Moves the notifications of one turn to the batch.
    fn serve(&mut self, turn: Turn, budget: &mut Budget, batch: &mut Vec<Notification>) {
        let (id, is_life) = match turn {
            Turn::Life(id) => (id, true),
            Turn::Message(id) => (id, false),
        };
        let Some(notifications) = self.notifications.get_mut(&id) else {
            return;
        };
        let others = [&self.living, &self.fresh, &self.served];
        let mut own = if others.iter().all(|turns| turns.is_empty()) {
            *budget
        } else {
            Budget {
                bytes: TURN_BYTES,
                entries: TURN_ENTRIES,
            }
        };
        while let Some(notification) = notifications.front()
            && notification.is_of_life() >= is_life
            && !own.is_over()
            && !budget.is_over()
        {
            own.use_up(notification);
            budget.use_up(notification);
            batch.extend(notifications.pop_front());
        }
        match notifications.front() {
            None => drop(self.notifications.remove(&id)),
            Some(next) if next.is_of_life() => self.living.push_back(id),
            Some(_) if is_life => self.fresh.push_back(id),
            Some(_) => self.served.push_back(id),
        }
    }

    /// Lets go of the memory that many clients at once have needed.
    fn release_idle_memory(&mut self) {
        self.notifications.shrink_to(KEPT);
        for turns in [&mut self.living, &mut self.fresh, &mut self.served] {
            turns.shrink_to(KEPT);
        }
    }
}

/// Whose turn it is: to tell of its life alone, or also its messages.
enum Turn {
    Life(u32),
    Message(u32),
}

/// What still fits into a batch, or into one turn of a client.
#[derive(Clone, Copy)]
struct Budget {
    bytes: usize,
    entries: usize,
}

impl Budget {
    fn is_over(self) -> bool {
        self.bytes == 0 || self.entries == 0
    }

    fn use_up(&mut self, notification: &Notification) {
        self.bytes = self.bytes.saturating_sub(notification.cost());
        self.entries = self.entries.saturating_sub(notification.entries());
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
    use super::*;
    use crate::engine::read_outcome::IncomingKind;
    use crate::policy::{Event, State};

    /// A client that tells its messages by number.
    struct Teller {
        flow: Arc<FlowControl>,
        told: u8,
    }

    impl Teller {
        fn new(id: u32) -> Teller {
            Teller {
                flow: Arc::new(FlowControl::new(id, Arc::default())),
                told: 0,
            }
        }

        fn notification(&self, kind: NotificationKind) -> Notification {
            Notification {
                from: self.flow.clone(),
                order: 0,
                at: 0.0,
                kind,
            }
        }

        /// So many messages of `size` bytes in one batch. Their bytes are the number of that.
        fn messages(&mut self, count: usize, size: usize) -> Notification {
            self.told = self.told.wrapping_add(1);
            self.notification(NotificationKind::Messages(MessageBatch {
                kind: IncomingKind::Text,
                bytes: vec![self.told; count * size],
                lengths: vec![size; count],
            }))
        }

        fn notice(&self) -> Notification {
            self.notification(NotificationKind::Notice(Notice {
                event: Event::StateChange(State::Open),
                retry_count: 0,
                circuit_failures: 0,
                alive: true,
            }))
        }
    }

    fn mailbox() -> Mailbox {
        Mailbox::new(|| {})
    }

    /// A batch as `client:number` for messages and `client!` for notices.
    fn batch(mailbox: &Mailbox) -> String {
        let words = mailbox.take().0.into_iter().map(|notification| {
            let id = notification.from.id;
            match notification.kind {
                NotificationKind::Messages(batch) => format!("{id}:{}", batch.bytes[0]),
                NotificationKind::Notice(_)
                | NotificationKind::Agreed { .. }
                | NotificationKind::Delivery(_)
                | NotificationKind::Drain => format!("{id}!"),
            }
        });
        words.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn one_alone_has_the_whole_batch() {
        let (mailbox, mut one) = (mailbox(), Teller::new(1));
        mailbox.push((0..3).map(|_| one.messages(100, 1)));
        assert_eq!(batch(&mailbox), "1:1 1:2 1:3");
    }

    #[test]
    fn those_who_flood_take_turns() {
        let mailbox = mailbox();
        let (mut one, mut two) = (Teller::new(1), Teller::new(2));
        mailbox.push((0..4).map(|_| one.messages(128, 1)));
        mailbox.push((0..4).map(|_| two.messages(128, 1)));
        for batch_number in 1..=4 {
            let turns = format!("1:{batch_number} 2:{batch_number}");
            assert_eq!(batch(&mailbox), turns);
        }
        assert_eq!(batch(&mailbox), "");
    }

    #[test]
    fn who_sends_large_messages_has_no_longer_turns() {
        let mailbox = mailbox();
        let (mut one, mut two) = (Teller::new(1), Teller::new(2));
        mailbox.push((0..3).map(|_| one.messages(1, 20_000)));
        mailbox.push((0..3).map(|_| two.messages(1, 20_000)));
        assert_eq!(batch(&mailbox), "1:1 2:1 1:2 2:2");
    }

    #[test]
    fn who_was_silent_is_next() {
        let mailbox = mailbox();
        let (mut flood, mut other, mut silent) = (Teller::new(1), Teller::new(2), Teller::new(3));
        mailbox.push((0..20).map(|_| flood.messages(128, 100)));
        mailbox.push((0..20).map(|_| other.messages(128, 100)));
        batch(&mailbox);
        mailbox.push([silent.messages(1, 100)]);
        assert!(batch(&mailbox).starts_with("3:1 "));
    }

    #[test]
    fn what_tells_of_a_life_goes_before_the_messages_of_others() {
        let mailbox = mailbox();
        let (mut flood, mut silent, opening) = (Teller::new(1), Teller::new(2), Teller::new(3));
        mailbox.push((0..20).map(|_| flood.messages(128, 1)));
        batch(&mailbox);
        mailbox.push([silent.messages(1, 1)]);
        mailbox.push([opening.notice(), opening.notice()]);
        assert_eq!(batch(&mailbox), "3! 3! 2:1 1:3 1:4");
    }

    #[test]
    fn a_notice_never_overtakes_the_messages_of_its_client() {
        let mailbox = mailbox();
        let (mut one, mut two) = (Teller::new(1), Teller::new(2));
        mailbox.push([one.messages(1, 1), one.notice(), one.messages(1, 1)]);
        mailbox.push([two.notice(), two.messages(1, 1), two.notice()]);
        assert_eq!(batch(&mailbox), "2! 1:1 1! 1:2 2:1 2!");
    }

    #[test]
    fn who_floods_is_not_starved_by_many_who_come_anew() {
        let mailbox = mailbox();
        let mut flood = Teller::new(1);
        let mut others: Vec<Teller> = (2..400).map(Teller::new).collect();
        mailbox.push((0..10).map(|_| flood.messages(128, 1)));
        batch(&mailbox);
        for number in 3..6 {
            for other in &mut others {
                mailbox.push([other.notice(), other.messages(1, 1)]);
            }
            assert!(batch(&mailbox).contains(&format!("1:{number}")));
        }
    }

    /// Clients tell at random and JavaScript takes at random: each client's batches of messages come in order and whole.
    #[test]
    fn every_order_of_turns_keeps_the_order_of_each_client() {
        let mailbox = mailbox();
        let mut tellers: Vec<Teller> = (0..5).map(Teller::new).collect();
        let mut expected = vec![Vec::new(); tellers.len()];
        let mut told = vec![Vec::new(); tellers.len()];
        let mut chance = 1_u32;
        let mut below = |limit: u32| {
            chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (chance >> 16) % limit
        };
        let mut hear = |words: String| {
            for word in words.split_whitespace() {
                let at = word[..1].parse::<usize>().unwrap();
                told[at].push(word[1..].to_owned());
            }
        };
        for _ in 0..5000 {
            let at = below(5) as usize;
            if below(3) == 0 {
                hear(batch(&mailbox));
            } else if below(3) == 0 {
                mailbox.push([tellers[at].notice()]);
                expected[at].push("!".to_owned());
            } else {
                let notification =
                    tellers[at].messages(1 + below(128) as usize, 1 + below(300) as usize);
                mailbox.push([notification]);
                expected[at].push(format!(":{}", tellers[at].told));
            }
        }
        while !mailbox.is_empty() {
            hear(batch(&mailbox));
        }
        assert_eq!(told, expected);
        mailbox.delivered();
        assert!(tellers.iter().all(|teller| teller.flow.is_drained()));
    }
}
