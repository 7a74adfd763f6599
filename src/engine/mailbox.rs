//! What the engine has to tell one JavaScript environment, in order.

use std::collections::VecDeque;
use std::mem;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::sync::Notify;

use super::inbox::Run;
use super::runtime::lock;
use crate::policy::{Fate, Notice};

/// A client's messages that JavaScript has not taken may cost this many bytes; beyond, the engine
/// stops reading that socket, and TCP pushes back on the peer.
const ROOM: usize = 16 * 1024 * 1024;

/// What a letter costs besides its payload.
const LETTER: usize = 64;

/// One `take` hands over about this many bytes, so that timers of the user run between batches, and
/// little waits in JavaScript's heap: what survives its quick collections makes that heap grow.
const BATCH_BYTES: usize = 64 * 1024;

/// One `take` hands over about this many messages and notices.
const BATCH_ENTRIES: usize = 1024;

/// What one client may still put into the mailbox.
pub struct Flow {
    /// The client's name at its environment.
    pub id: u32,
    unread: AtomicUsize,
    /// Told when there is room again.
    pub room: Notify,
    /// Told when JavaScript has been delivered all there is.
    pub quiet: Notify,
}

impl Flow {
    pub fn new(id: u32) -> Flow {
        Flow {
            id,
            unread: AtomicUsize::new(0),
            room: Notify::new(),
            quiet: Notify::new(),
        }
    }

    pub fn is_full(&self) -> bool {
        self.unread.load(Ordering::Acquire) > ROOM
    }

    /// Whether JavaScript has been delivered all there is.
    pub fn is_quiet(&self) -> bool {
        self.unread.load(Ordering::Acquire) == 0
    }

    pub(super) fn charge(&self, cost: usize) {
        self.unread.fetch_add(cost, Ordering::AcqRel);
    }

    /// Half of the room must be free before the engine reads again, or it would do so letter by letter.
    pub(super) fn discharge(&self, cost: usize) {
        let before = self.unread.fetch_sub(cost, Ordering::AcqRel);
        if before > ROOM / 2 && before - cost <= ROOM / 2 {
            self.room.notify_one();
        }
        if before == cost {
            self.quiet.notify_one();
        }
    }
}

/// One thing that JavaScript is told.
pub struct Letter {
    pub from: Arc<Flow>,
    /// When it happened, in milliseconds since the epoch.
    pub at: f64,
    /// How many notices of its client have gone to the mailbox, it included. They are counted here, since JavaScript may
    /// drop some.
    pub order: u64,
    pub content: Content,
}

pub enum Content {
    Messages(Run),
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
    Fate(Fate),
    /// What is buffered has fallen to the high-water mark.
    Drained,
}

impl Letter {
    fn cost(&self) -> usize {
        LETTER * self.entries()
            + match &self.content {
                // A message that was put together from pieces may hold more than it has.
                Content::Messages(run) => run.bytes.capacity(),
                Content::Fate(fate) => fate.cost(),
                Content::Notice(_) | Content::Agreed { .. } | Content::Drained => 0,
            }
    }

    /// What JavaScript gets of it one by one.
    fn entries(&self) -> usize {
        match &self.content {
            Content::Messages(run) => run.lengths.len(),
            Content::Notice(_) | Content::Agreed { .. } | Content::Fate(_) | Content::Drained => 1,
        }
    }
}

/// Letters for one environment. JavaScript is woken when the first comes, and takes batches until
/// there is none left.
pub struct Mailbox {
    queue: Mutex<Queue>,
    wake: Box<dyn Fn() + Send + Sync>,
}

#[derive(Default)]
struct Queue {
    letters: VecDeque<Letter>,
    /// What JavaScript has taken and is delivering.
    taken: Vec<(Arc<Flow>, usize)>,
    /// JavaScript has been woken and will take all there is.
    awake: bool,
}

impl Mailbox {
    /// `wake` must lead to `take` being called on the environment's thread, soon and from outside
    /// of any call of this module.
    pub fn new(wake: impl Fn() + Send + Sync + 'static) -> Mailbox {
        Mailbox {
            queue: Mutex::default(),
            wake: Box::new(wake),
        }
    }

    pub fn push(&self, letters: impl IntoIterator<Item = Letter>) {
        let mut queue = lock(&self.queue);
        let before = queue.letters.len();
        queue.letters.extend(letters);
        for letter in queue.letters.range(before..) {
            letter.from.charge(letter.cost());
        }
        if queue.awake || queue.letters.is_empty() {
            return;
        }
        queue.awake = true;
        drop(queue);
        (self.wake)();
    }

    /// Whether JavaScript has taken all there is.
    pub fn is_empty(&self) -> bool {
        lock(&self.queue).letters.is_empty()
    }

    /// Tells that all that was taken has been delivered.
    pub fn delivered(&self) {
        discharge(mem::take(&mut lock(&self.queue).taken));
    }

    /// The next letters, and whether more are left. Who is told `true` must call again; the call
    /// tells that all that was taken before has been delivered.
    pub fn take(&self) -> (Vec<Letter>, bool) {
        let mut queue = lock(&self.queue);
        let (mut bytes, mut entries) = (0, 0);
        let count = queue
            .letters
            .iter()
            .take_while(|letter| {
                let fits = bytes < BATCH_BYTES && entries < BATCH_ENTRIES;
                bytes += letter.cost();
                entries += letter.entries();
                fits
            })
            .count();
        let batch: Vec<Letter> = queue.letters.drain(..count).collect();
        let more = !queue.letters.is_empty();
        queue.awake = more;
        if !more {
            queue.letters = VecDeque::new();
        }
        let delivered = mem::take(&mut queue.taken);
        queue.taken = costs(&batch);
        drop(queue);
        discharge(delivered);
        (batch, more)
    }
}

/// What a batch costs each client in it.
fn costs(batch: &[Letter]) -> Vec<(Arc<Flow>, usize)> {
    let mut costs: Vec<(Arc<Flow>, usize)> = Vec::new();
    for letter in batch {
        match costs.last_mut() {
            Some((flow, cost)) if flow.id == letter.from.id => *cost += letter.cost(),
            Some(_) | None => costs.push((letter.from.clone(), letter.cost())),
        }
    }
    costs
}

fn discharge(delivered: Vec<(Arc<Flow>, usize)>) {
    for (flow, cost) in delivered {
        flow.discharge(cost);
    }
}
