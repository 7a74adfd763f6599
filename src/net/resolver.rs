//! Looks hosts up with few threads, however many clients there are.
//!
//! The system's resolver blocks its thread, for half a minute where a name server does not answer, and cannot be called
//! off. So there are [`SLOTS`] threads at a time, a host is looked up once for all who ask for it meanwhile, and
//! what hangs costs others little:
//!
//! - a look-up that has kept its thread for [`PATIENCE`] while others wait gives up its slot: its thread is left alone until it
//!   comes back, and another takes its place. There are at most [`STRAYS`] such threads;
//! - a host that was quick once always finds a slot that no other kind of host may have, see [`OPEN_SLOTS`];
//! - a host that was slow once waits behind those that were not, and such hosts have [`SLOW_SLOTS`] slots and no strays.
//!
//! A thread ends when nothing waits any more: none is left when the engine goes, but for what hangs.

use std::collections::{HashMap, HashSet, VecDeque};
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, LazyLock};
use std::thread;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;

use super::error::code_of;
use super::getaddrinfo::getaddrinfo;
use crate::sync::{Guard, Lock, Rank, lock};

/// Look-ups at a time.
const SLOTS: usize = 4;
/// How many of them hosts may have of which nothing is known, or nothing good: any number of those may hang.
const OPEN_SLOTS: usize = 3;
/// How many of these hosts may have that were slow before.
const SLOW_SLOTS: usize = 2;
/// Threads more, of look-ups that hang.
const STRAYS: usize = 12;
/// How long a look-up may take before it is slow: glibc waits 5 s for an answer that got lost.
const PATIENCE: Duration = Duration::from_secs(3);
/// Hosts that are remembered to be slow, and as many that were quick.
const REMEMBERED: usize = 1000;

/// The addresses of a host, or Node's code for why there are none.
pub(super) type Resolved = Result<Arc<[SocketAddr]>, &'static str>;

type LookUp = dyn Fn(&str) -> Result<Vec<SocketAddr>, &'static str> + Send + Sync;

/// A handle; all clones share the threads.
#[derive(Clone)]
pub(super) struct Resolver {
    shared: Arc<Shared>,
}

struct Shared {
    look_up: Box<LookUp>,
    state: Lock<State>,
}

#[derive(Default)]
struct State {
    /// Where the answer of each look-up goes that waits or is under way, by host.
    asked: HashMap<Arc<str>, watch::Sender<Option<Resolved>>>,
    /// Hosts that wait for a slot, …
    waiting: VecDeque<Arc<str>>,
    /// … and those of them that were quick before, …
    waiting_quick: VecDeque<Arc<str>>,
    /// … and slow.
    waiting_slow: VecDeque<Arc<str>>,
    slots: Vec<Job>,
    strays: usize,
    quick: HashSet<Arc<str>>,
    slow: HashSet<Arc<str>>,
    /// Look-ups begun.
    begun: u64,
}

/// A look-up that has a slot.
#[derive(Clone)]
struct Job {
    number: u64,
    host: Arc<str>,
    past: Past,
    /// It is slow now.
    is_slow: bool,
}

/// How a host was the last time.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Past {
    Quick,
    Unknown,
    Slow,
}

impl Resolver {
    /// That of the process.
    pub fn shared() -> &'static Resolver {
        static SHARED: LazyLock<Resolver> = LazyLock::new(|| Resolver::new(getaddrinfo));
        &SHARED
    }

    fn new(
        look_up: impl Fn(&str) -> Result<Vec<SocketAddr>, &'static str> + Send + Sync + 'static,
    ) -> Resolver {
        Resolver {
            shared: Arc::new(Shared {
                look_up: Box::new(look_up),
                state: Lock::new(Rank::Last, State::default()),
            }),
        }
    }

    /// The addresses of a host. Dropping the future leaves the look-up to others who want it.
    pub async fn look_up(&self, host: &str) -> Resolved {
        let mut asked = self.ask(host);
        loop {
            let under_way = self.lock().slots.clone();
            tokio::select! {
                answered = asked.wait_for(Option::is_some) => {
                    let answer = answered.ok().and_then(|answer| answer.clone());
                    // A look-up always answers, unless its thread panics.
                    return answer.unwrap_or(Err("EAI_FAIL"));
                }
                () = sleep(PATIENCE) => self.lose_patience(&under_way),
            }
        }
    }

    /// Where the answer will be: that of a look-up which is under way, or of a new one.
    fn ask(&self, host: &str) -> watch::Receiver<Option<Resolved>> {
        let mut state = self.lock();
        if let Some(asked) = state.asked.get(host) {
            return asked.subscribe();
        }
        let host = Arc::<str>::from(host);
        let (sender, receiver) = watch::channel(None);
        state.asked.insert(host.clone(), sender);
        let past = state.past(&host);
        state.line(past).push_back(host);
        self.fill(&mut state);
        receiver
    }

    /// Those of `jobs` that have not ended since are slow. Where they keep others waiting, they lose their slots.
    fn lose_patience(&self, jobs: &[Job]) {
        let mut state = self.lock();
        for job in jobs {
            let Some(at) = state.place(job) else { continue };
            state.slots[at].is_slow = true;
            state.quick.remove(&job.host);
            remember(&mut state.slow, &job.host);
            let keeps_waiting = !(state.waiting.is_empty() && state.waiting_quick.is_empty());
            if keeps_waiting && state.strays < STRAYS {
                state.slots.remove(at);
                state.strays += 1;
                self.fill(&mut state);
            }
        }
    }

    /// Begins what waits, as far as there are slots.
    fn fill(&self, state: &mut State) {
        while let Some(job) = state.next() {
            let (resolver, first) = (self.clone(), job.clone());
            let thread = thread::Builder::new().name("websocket-dns".into());
            let Err(error) = thread.spawn(move || resolver.work(first)) else {
                continue;
            };
            state.slots.pop();
            if state.slots.is_empty() {
                state.answer(&job.host, Err(code_of(&error)));
            } else {
                // The next thread that is done takes it.
                state.line(job.past).push_front(job.host);
                return;
            }
        }
    }

    /// What a thread does: one look-up after the other, for as long as it has a slot.
    fn work(&self, first: Job) {
        let mut next = Some(first);
        while let Some(job) = next {
            let look_up = || (self.shared.look_up)(&job.host);
            // A slot must not be lost.
            let answer = catch_unwind(AssertUnwindSafe(look_up)).unwrap_or(Err("EAI_FAIL"));
            next = self.finish(&job, answer.map(Arc::from));
        }
    }

    /// Takes the end of a look-up, and gives its thread the next one.
    fn finish(&self, job: &Job, answer: Resolved) -> Option<Job> {
        let mut state = self.lock();
        state.answer(&job.host, answer);
        let Some(at) = state.place(job) else {
            state.strays -= 1;
            return None;
        };
        if !state.slots.remove(at).is_slow {
            state.slow.remove(&job.host);
            remember(&mut state.quick, &job.host);
        }
        state.next()
    }

    fn lock(&self) -> Guard<'_, State> {
        lock(&self.shared.state)
    }
}

impl State {
    /// Gives the next host that waits a slot, where there is one for it.
    fn next(&mut self) -> Option<Job> {
        if self.slots.len() >= SLOTS {
            return None;
        }
        let mut wanted = |waiting: &mut VecDeque<Arc<str>>| {
            while let Some(host) = waiting.pop_front() {
                let is_wanted = |asked: &watch::Sender<_>| asked.receiver_count() > 0;
                if self.asked.get(&host).is_some_and(is_wanted) {
                    return Some(host);
                }
                self.asked.remove(&host);
            }
            None
        };
        let count = |past| self.slots.iter().filter(|job| job.past == past).count();
        let slow = count(Past::Slow);
        let is_open = count(Past::Unknown) + slow < OPEN_SLOTS;
        let (host, past) = if let Some(host) = wanted(&mut self.waiting_quick) {
            (host, Past::Quick)
        } else if !is_open {
            return None;
        } else if let Some(host) = wanted(&mut self.waiting) {
            (host, Past::Unknown)
        } else if slow < SLOW_SLOTS {
            (wanted(&mut self.waiting_slow)?, Past::Slow)
        } else {
            return None;
        };
        self.begun += 1;
        let job = Job {
            number: self.begun,
            host,
            past,
            is_slow: false,
        };
        self.slots.push(job.clone());
        Some(job)
    }

    fn place(&self, job: &Job) -> Option<usize> {
        let mut slots = self.slots.iter();
        slots.position(|other| other.number == job.number)
    }

    fn answer(&mut self, host: &str, answer: Resolved) {
        if let Some(asked) = self.asked.remove(host) {
            asked.send_replace(Some(answer));
        }
    }

    fn past(&self, host: &str) -> Past {
        if self.slow.contains(host) {
            Past::Slow
        } else if self.quick.contains(host) {
            Past::Quick
        } else {
            Past::Unknown
        }
    }

    /// Where such hosts wait.
    fn line(&mut self, past: Past) -> &mut VecDeque<Arc<str>> {
        match past {
            Past::Quick => &mut self.waiting_quick,
            Past::Unknown => &mut self.waiting,
            Past::Slow => &mut self.waiting_slow,
        }
    }
}

fn remember(hosts: &mut HashSet<Arc<str>>, host: &Arc<str>) {
    if hosts.len() >= REMEMBERED {
        hosts.clear();
    }
    hosts.insert(host.clone());
}

#[cfg(test)]
mod tests;
