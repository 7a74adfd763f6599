//! The connections of one environment that the JavaScript thread reads by itself, and the guard that lets the engine
//! read them when JavaScript is busy.

use std::collections::{HashMap, HashSet};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::time::sleep;

use super::clock;
use super::panics::lasting;
use super::socket_set::SocketSet;
use crate::policy::ReadOrder;
use crate::sync::{Lock, Rank, lock};

/// Bytes that wait longer than two of these are read by the engine.
const PATIENCE: Duration = Duration::from_millis(8);

/// A client whose connection the JavaScript thread can read.
pub trait JsReadable {
    fn id(&self) -> u32;

    /// Lets the JavaScript thread read. Whether it is to be asked again soon.
    fn hand_over(&self) -> bool;

    /// Lets the engine read, where JavaScript would. Whether that had its turn.
    fn take_over(&self) -> bool;

    /// The turn in which JavaScript last read this connection.
    fn served(&self) -> &AtomicU64;
}

/// See the module.
pub struct JsReadSet<C> {
    /// Node's event loop polls it.
    set: Arc<SocketSet>,
    /// How often JavaScript has come to read.
    turns: AtomicU64,
    lists: Lock<Lists<C>>,
}

struct Lists<C> {
    /// Clients that have, or had, a socket that the JavaScript thread can read.
    known: HashMap<u32, Weak<C>>,
    /// Those among them that the engine reads for now: JavaScript is to ask for the reading.
    pending: HashSet<u32>,
    order: ReadOrder<Arc<C>>,
}

impl<C: JsReadable> JsReadSet<C> {
    pub fn new() -> io::Result<JsReadSet<C>> {
        Ok(JsReadSet {
            set: Arc::new(SocketSet::new()?),
            turns: AtomicU64::new(0),
            lists: Lock::new(
                Rank::JsReadSet,
                Lists {
                    known: HashMap::new(),
                    pending: HashSet::new(),
                    order: ReadOrder::default(),
                },
            ),
        })
    }

    /// What the event loop is to poll.
    pub fn raw_fd(&self) -> i32 {
        self.set.raw_fd()
    }

    /// Where a socket is while JavaScript reads it.
    pub(super) fn sockets(&self) -> &Arc<SocketSet> {
        &self.set
    }

    /// A connection is open. JavaScript reads it from the first, or asks for that as after
    /// [`enqueue`](JsReadSet::enqueue).
    pub(super) fn attach(&self, client: &Arc<C>) {
        let mut lists = lock(&self.lists);
        let id = client.id();
        lists.known.insert(id, Arc::downgrade(client));
        if client.hand_over() {
            lists.pending.insert(id);
        }
    }

    /// The engine has taken the reading over: JavaScript asks for it when it comes to
    /// [`reclaim`](JsReadSet::reclaim).
    pub(super) fn enqueue(&self, client: &Arc<C>) {
        let mut lists = lock(&self.lists);
        let id = client.id();
        lists.known.insert(id, Arc::downgrade(client));
        lists.pending.insert(id);
    }

    /// Forgets a client that is going.
    pub fn detach(&self, id: u32) {
        let mut lists = lock(&self.lists);
        lists.known.remove(&id);
        lists.pending.remove(&id);
    }

    /// Takes the reading of all that are pending from the engine, on the JavaScript thread.
    pub fn reclaim(&self) {
        let mut lists = lock(&self.lists);
        let Lists { known, pending, .. } = &mut *lists;
        pending.retain(|id| {
            let client = known.get(id).and_then(Weak::upgrade);
            client.is_some_and(|client| client.hand_over())
        });
    }

    /// Hands each client that has something to read to `serve`, on the JavaScript thread, until that is
    /// `false`: whoever has waited for longest is next. The call shows that JavaScript is responsive.
    pub fn serve(&self, mut serve: impl FnMut(Arc<C>) -> bool) {
        let turn = self.turns.fetch_add(1, Ordering::Release);
        let mut waiting = self.waiting();
        while let Some(client) = waiting.pop() {
            client.served().store(turn, Ordering::Relaxed);
            if !serve(client) {
                break;
            }
        }
        if !waiting.is_empty() {
            lock(&self.lists).order.put_back(waiting);
        }
    }

    /// The clients that have something to read. The last is next.
    fn waiting(&self) -> Vec<Arc<C>> {
        let unserved = lock(&self.lists).order.take_unserved(clock::now);
        if !unserved.is_empty() {
            return unserved;
        }
        let mut waiting = self.look();
        if waiting.len() > 1 {
            let served = |client: &Arc<C>| client.served().load(Ordering::Relaxed);
            let now = clock::now();
            lock(&self.lists).order.order(&mut waiting, served, now);
        }
        waiting
    }

    fn look(&self) -> Vec<Arc<C>> {
        let ids = self.set.look();
        let lists = lock(&self.lists);
        ids.filter_map(|id| lists.known.get(&id)?.upgrade())
            .collect()
    }

    /// Lets the engine read whatever JavaScript leaves unread for too long.
    pub async fn guard(self: Arc<Self>) {
        lasting(|| self.guard_once()).await;
    }

    /// Returns where the set cannot be watched for now.
    async fn guard_once(&self) {
        loop {
            // An arrival costs a wake-up only after a time of rest.
            if self.set.readable().await.is_err() {
                return;
            }
            let mut seen = self.turns.load(Ordering::Acquire);
            loop {
                sleep(PATIENCE).await;
                let turns = self.turns.load(Ordering::Acquire);
                if turns == seen && !self.take_over() {
                    break;
                }
                seen = turns;
            }
        }
    }

    /// Whether the event loop would be told that there is something to read, and how many clients JavaScript has not asked
    /// for the reading of.
    #[cfg(test)]
    pub(super) fn state(&self) -> (bool, usize) {
        let is_readable = self.set.look().next().is_some();
        (is_readable, lock(&self.lists).pending.len())
    }

    /// Whether there was something that JavaScript has not read.
    fn take_over(&self) -> bool {
        let unread = self.look();
        for client in &unread {
            if client.take_over() {
                self.enqueue(client);
            }
        }
        !unread.is_empty()
    }
}
