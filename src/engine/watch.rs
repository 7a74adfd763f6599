//! The connections that the JavaScript thread reads by itself, and the guard that lets the engine read
//! them when JavaScript is busy.
//!
//! All of one environment are in one epoll set. Node's event loop polls that set, so that one wake-up
//! serves them all.

use std::collections::{HashMap, HashSet};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;
use std::{io, mem};

use rustix::event::{Timespec, epoll};
use tokio::io::Interest;
use tokio::time::sleep;

use super::client::Client;
use super::line::{Line, readiness};
use super::runtime::lock;

/// Bytes that wait longer than two of these are read by the engine.
const PATIENCE: Duration = Duration::from_millis(8);

/// Sockets that one look at the set tells of.
const AT_ONCE: usize = 256;

const NO_WAIT: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 0,
};

pub struct Watch {
    set: OwnedFd,
    /// How often JavaScript has come to read.
    turns: AtomicU64,
    lists: Mutex<Lists>,
}

#[derive(Default)]
struct Lists {
    /// Clients that have, or had, a line that can be read here.
    known: HashMap<u32, Weak<Client>>,
    /// Those among them that the engine reads for now, and that JavaScript has not looked at since.
    away: HashSet<u32>,
    /// Those that had something to read at the last look, and have not had their turn.
    unserved: Vec<Arc<Client>>,
}

impl Watch {
    pub fn new() -> io::Result<Watch> {
        Ok(Watch {
            set: epoll::create(epoll::CreateFlags::CLOEXEC)?,
            turns: AtomicU64::new(0),
            lists: Mutex::default(),
        })
    }

    /// What the event loop is to poll.
    pub fn raw_fd(&self) -> RawFd {
        self.set.as_raw_fd()
    }

    /// A connection is open, or the engine reads it for now: JavaScript can read it when it comes to.
    pub(super) fn offer(&self, client: &Arc<Client>) {
        let mut lists = lock(&self.lists);
        let id = client.id();
        lists.known.insert(id, Arc::downgrade(client));
        lists.away.insert(id);
    }

    /// Forgets a client that is going.
    pub fn forget(&self, id: u32) {
        let mut lists = lock(&self.lists);
        lists.known.remove(&id);
        lists.away.remove(&id);
    }

    /// Takes the reading from the engine, on the JavaScript thread.
    pub fn reclaim(&self) {
        let mut lists = lock(&self.lists);
        let Lists { known, away, .. } = &mut *lists;
        away.retain(|id| {
            let client = known.get(id).and_then(Weak::upgrade);
            client.is_some_and(|client| client.hand_over())
        });
    }

    /// Has the event loop watch a line of the client `id`; for [`Line::turn_to`] alone, as the next is.
    pub(super) fn add(&self, id: u32, line: &Line) -> io::Result<()> {
        let data = epoll::EventData::new_u64(id.into());
        epoll::add(&self.set, line, data, epoll::EventFlags::IN)?;
        Ok(())
    }

    pub(super) fn remove(&self, line: &Line) {
        // It fails for what is not in the set.
        let _ = epoll::delete(&self.set, line);
    }

    /// Hands each client that has something to read to `serve`, on the JavaScript thread, until that is
    /// `false`: the others come first the next time. Who asks is responsive.
    pub fn serve(&self, mut serve: impl FnMut(Arc<Client>) -> bool) {
        self.turns.fetch_add(1, Ordering::Release);
        let mut unserved = mem::take(&mut lock(&self.lists).unserved);
        if unserved.is_empty() {
            unserved = self.look();
            unserved.reverse();
        }
        while let Some(client) = unserved.pop() {
            if !serve(client) {
                break;
            }
        }
        if !unserved.is_empty() {
            lock(&self.lists).unserved = unserved;
        }
    }

    fn look(&self) -> Vec<Arc<Client>> {
        let mut events = Vec::with_capacity(AT_ONCE);
        // An error leaves no events; there will be another look.
        let _ = epoll::wait(
            &self.set,
            rustix::buffer::spare_capacity(&mut events),
            Some(&NO_WAIT),
        );
        let lists = lock(&self.lists);
        let ids = events
            .iter()
            .map(|event: &epoll::Event| event.data.u64() as u32);
        ids.filter_map(|id| lists.known.get(&id)?.upgrade())
            .collect()
    }

    /// Lets the engine read whatever JavaScript leaves unread for too long.
    pub async fn guard(self: Arc<Self>) {
        loop {
            // An arrival costs a wake-up only after a time of rest.
            let Ok(set) = readiness(self.raw_fd(), Interest::READABLE) else {
                return;
            };
            if set.readable().await.is_err() {
                return;
            }
            drop(set);
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

    /// Whether the event loop would be told that there is something to read, and of how many lines it is asked whether JavaScript
    /// can read them.
    #[cfg(test)]
    pub(super) fn state(&self) -> (bool, usize) {
        let mut events = Vec::with_capacity(1);
        let buffer = rustix::buffer::spare_capacity(&mut events);
        epoll::wait(&self.set, buffer, Some(&NO_WAIT)).unwrap();
        (!events.is_empty(), lock(&self.lists).away.len())
    }

    /// Whether there was something that JavaScript has not read.
    fn take_over(&self) -> bool {
        let unread = self.look();
        for client in &unread {
            if client.take_over() {
                self.offer(client);
            }
        }
        !unread.is_empty()
    }
}
