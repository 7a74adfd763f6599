//! The connections that the JavaScript thread reads by itself, and the guard that lets the engine read
//! them when JavaScript is busy.
//!
//! All of one environment are in one epoll set. Node's event loop polls that set, so that one wake-up
//! serves them all.

use std::collections::HashMap;
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
use super::reading::Later;
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
    /// Clients whose lines are in the set.
    here: HashMap<u32, Weak<Client>>,
    /// Those that the engine reads for now.
    away: Vec<Weak<Client>>,
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
        lock(&self.lists).away.push(Arc::downgrade(client));
    }

    /// A line is not read by the JavaScript thread any more.
    pub(super) fn leave(&self, id: u32, line: &Line) {
        self.forget(id);
        // One that is closed has left the set by itself.
        let _ = epoll::delete(&self.set, line);
    }

    /// Forgets a client that is going.
    pub fn forget(&self, id: u32) {
        lock(&self.lists).here.remove(&id);
    }

    /// Takes the reading from the engine, on the JavaScript thread.
    pub fn reclaim(&self) {
        let mut lists = lock(&self.lists);
        if lists.away.is_empty() {
            return;
        }
        let Lists { here, away, .. } = &mut *lists;
        away.retain(|client| {
            let Some(strong) = client.upgrade() else {
                return false;
            };
            let line = match strong.hand_over() {
                Ok(line) => line,
                Err(Later::Again) => return true,
                Err(Later::Never) => return false,
            };
            let id = strong.flow.id;
            let data = epoll::EventData::new_u64(id.into());
            if epoll::add(&self.set, &*line, data, epoll::EventFlags::IN).is_ok() {
                here.insert(id, client.clone());
            } else {
                strong.take_over();
            }
            false
        });
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
        ids.filter_map(|id| lists.here.get(&id)?.upgrade())
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

    /// Gives the reading of a client to the engine. Whether JavaScript had it.
    pub(super) fn part(&self, client: &Client) -> bool {
        self.forget(client.flow.id);
        let Some(line) = client.take_over() else {
            return false;
        };
        // One that is closed has left the set by itself.
        let _ = epoll::delete(&self.set, &*line);
        true
    }

    /// Whether there was something that JavaScript has not read.
    fn take_over(&self) -> bool {
        let unread = self.look();
        for client in &unread {
            if self.part(client) {
                self.offer(client);
            }
        }
        !unread.is_empty()
    }
}
