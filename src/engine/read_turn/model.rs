//! The two threads that read a connection, in every order in which they can take turns.
//!
//! What is locked and counted is done as `reading.rs` and `open_connection.rs` do it, by loom's locks and atomics.

use std::collections::VecDeque;

use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::sync::{Arc, Mutex};
use loom::thread;

use super::*;

/// Messages of the peer, by their numbers. The first comes behind the handshake.
const MESSAGES: u8 = 4;

/// A connection, and the mailbox of its client.
struct Connection {
    read_half: Mutex<ReadHalf>,
    mailbox: Mutex<VecDeque<u8>>,
    /// What JavaScript has not been delivered, as `FlowControl` counts it.
    unread: AtomicUsize,
    delivered: AtomicUsize,
}

struct ReadHalf {
    turn: ReadTurn,
    socket: VecDeque<u8>,
    /// The end that JavaScript's thread came upon.
    end: bool,
}

impl Connection {
    fn open() -> Arc<Connection> {
        Arc::new(Connection {
            read_half: Mutex::new(ReadHalf {
                turn: ReadTurn::new(),
                socket: (1..MESSAGES).collect(),
                end: false,
            }),
            mailbox: Mutex::default(),
            unread: AtomicUsize::new(0),
            delivered: AtomicUsize::new(0),
        })
    }

    fn is_drained(&self) -> bool {
        self.unread.load(Ordering::Acquire) == 0
    }

    // What the engine's thread does.

    fn engine_queues(&self, message: u8) {
        self.unread.fetch_add(1, Ordering::AcqRel);
        self.mailbox.lock().unwrap().push_back(message);
        self.read_half.lock().unwrap().turn.queued();
    }

    /// Whether there was something.
    fn engine_reads(&self) -> bool {
        let mut half = self.read_half.lock().unwrap();
        if !half.turn.is_engines() {
            return false;
        }
        let Some(message) = half.socket.pop_front() else {
            return false;
        };
        half.turn.engine_read();
        drop(half);
        self.engine_queues(message);
        true
    }

    /// The guard finds that JavaScript does not come to read.
    fn engine_takes_over(&self) {
        let mut half = self.read_half.lock().unwrap();
        half.turn.take_over();
        assert!(!half.turn.is_javascripts());
    }

    /// An end that JavaScript's thread has read is told once all before it has been delivered.
    fn engine_concludes(&self) -> bool {
        let has_ended = self.read_half.lock().unwrap().end;
        has_ended && self.is_drained()
    }

    // What JavaScript's thread does.

    fn deliver(&self, message: u8) {
        let before = self.delivered.fetch_add(1, Ordering::Relaxed);
        assert_eq!(before, usize::from(message), "delivered out of its order");
    }

    /// A batch is one message here, so that the mailbox may have more.
    fn javascript_takes(&self) {
        self.read_half.lock().unwrap().turn.hand_over();
        let batch = self.mailbox.lock().unwrap().pop_front();
        if let Some(message) = batch {
            self.deliver(message);
            self.unread.fetch_sub(1, Ordering::AcqRel);
        }
    }

    /// Reads at most so many messages, and the end behind the last.
    fn javascript_reads(&self, most: usize) {
        let mut half = self.read_half.lock().unwrap();
        if !half.turn.is_javascripts() || !self.is_drained() {
            return;
        }
        let most = most.min(half.socket.len());
        let read: Vec<u8> = half.socket.drain(..most).collect();
        if !read.is_empty() {
            self.unread.fetch_add(1, Ordering::AcqRel);
        }
        if half.socket.is_empty() {
            half.end = true;
            half.turn.end();
        }
        drop(half);
        for message in &read {
            self.deliver(*message);
        }
        if !read.is_empty() {
            self.unread.fetch_sub(1, Ordering::AcqRel);
        }
    }

    fn all_is_delivered(&self) -> bool {
        self.delivered.load(Ordering::Relaxed) == usize::from(MESSAGES)
    }
}

fn explore(model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    // So often a thread that could go on is interrupted. `npm run sanitize` looks without a limit, which takes a while.
    builder.preemption_bound.get_or_insert(5);
    builder.check(model);
}

#[test]
fn messages_are_delivered_in_their_order_and_none_is_left_whatever_the_thread() {
    explore(|| {
        let connection = Connection::open();
        let engine = thread::spawn({
            let connection = connection.clone();
            move || {
                connection.engine_queues(0);
                connection.engine_reads();
                connection.engine_takes_over();
                connection.engine_reads();
            }
        });
        for _ in 0..2 {
            connection.javascript_takes();
            connection.javascript_reads(1);
        }
        engine.join().unwrap();
        // Whoever has the turn goes on: all that is left is read.
        for _ in 0..MESSAGES {
            connection.engine_reads();
            connection.javascript_takes();
            connection.javascript_reads(1);
        }
        assert!(connection.all_is_delivered());
    });
}

#[test]
fn an_end_is_told_after_all_that_came_before_it() {
    explore(|| {
        let connection = Connection::open();
        let engine = thread::spawn({
            let connection = connection.clone();
            move || {
                connection.engine_queues(0);
                for _ in 0..2 {
                    if connection.engine_concludes() {
                        assert!(connection.all_is_delivered());
                        assert!(!connection.engine_reads());
                    }
                    connection.engine_takes_over();
                }
            }
        });
        for _ in 0..2 {
            connection.javascript_takes();
            connection.javascript_reads(usize::from(MESSAGES));
        }
        engine.join().unwrap();
        connection.javascript_takes();
        connection.javascript_reads(usize::from(MESSAGES));
        let mut half = connection.read_half.lock().unwrap();
        assert!(!half.turn.is_engines());
        assert_eq!(half.turn.hand_over(), Asked::Never);
        drop(half);
        assert!(connection.engine_concludes());
        assert!(connection.all_is_delivered());
    });
}
