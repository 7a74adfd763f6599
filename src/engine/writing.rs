//! Writing to a connection: which thread does it, what is held back while the peer does not read, and when the memory
//! that sending needs is released.

use std::collections::VecDeque;
use std::mem;
use std::time::Duration;

use super::client::{Client, Core, Payload};
use super::clock;
use super::fast_paths::FastPaths;
use super::locking::lock;
use super::read_outcome::Payloads;
use crate::policy::{Instant, Receipt, ping_number};
use crate::wire::Writer;

/// From this size on a message is written at once by who sends it: a write of its own costs it little.
const LARGE: usize = 16 * 1024;

/// An outbound buffer of this size may stay with an idle connection.
const KEPT_CAPACITY: usize = 4 * 1024;

/// Messages that are sent further apart than this are written one by one.
const APART: Duration = Duration::from_micros(100);

/// Where so many bytes wait to be written, the peer does not read.
const STUCK: usize = 64 * 1024;

/// Frames on their way to the socket.
#[derive(Debug, Default)]
pub(super) struct Outbound {
    bytes: Vec<u8>,
    /// So many of the bytes are written. They are dropped with the last: to move what is left, at each write of a part,
    /// would cost its length.
    written: usize,
}

impl Outbound {
    /// The bytes that are not written yet.
    pub fn unwritten(&self) -> &[u8] {
        &self.bytes[self.written..]
    }

    pub fn len(&self) -> usize {
        self.unwritten().len()
    }

    pub fn is_empty(&self) -> bool {
        self.unwritten().is_empty()
    }

    /// Tells that so many bytes more are written.
    pub fn advance(&mut self, count: usize) {
        self.written += count;
        if self.is_empty() {
            self.clear();
        }
    }

    pub fn clear(&mut self) {
        self.bytes.clear();
        self.written = 0;
    }

    /// Where frames are added.
    pub fn end(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }
}

/// Receipts of messages on their way to the socket.
#[derive(Debug, Default)]
pub(super) struct Handovers {
    /// Bytes that were handed to the system on this connection.
    written: u64,
    /// How many there are once a message is among them.
    waiting: VecDeque<(u64, Receipt)>,
}

impl Handovers {
    /// The message that `left` bytes end with.
    pub fn add(&mut self, left: usize, receipt: Receipt) {
        self.waiting
            .push_back((self.written + left as u64, receipt));
    }

    /// Tells that so many bytes more were handed to the system: calls `handed` for each message that is whole by that.
    pub fn advance(&mut self, count: usize, mut handed: impl FnMut(Receipt)) {
        self.written += count as u64;
        while let Some(&(end, receipt)) = self.waiting.front()
            && end <= self.written
        {
            self.waiting.pop_front();
            handed(receipt);
        }
    }

    pub fn clear(&mut self) {
        self.waiting = VecDeque::new();
    }
}

/// Frames that a client sends by itself, held back while the peer does not read: of each kind the latest.
///
/// An endpoint may answer the latest ping alone (RFC 6455, 5.5.3), and the pong for one of ours stands for
/// those before it. So a peer that goes on without reading costs no more memory.
#[derive(Debug, Default)]
pub(super) struct Held {
    pong: Option<Vec<u8>>,
    ping: Option<[u8; 8]>,
    beat: bool,
}

impl Held {
    fn is_empty(&self) -> bool {
        self.pong.is_none() && self.ping.is_none() && !self.beat
    }
}

/// How fast the user sends.
pub(super) struct SendRate {
    /// Something has arrived since the user sent last.
    pub heard: bool,
    sent_at: Instant,
}

impl SendRate {
    pub fn new() -> SendRate {
        SendRate {
            heard: true,
            sent_at: clock::now(),
        }
    }

    /// Whether the message that is being sent may be an answer, or stands alone.
    fn is_slow(&mut self) -> bool {
        let now = clock::now();
        let alone = now.saturating_duration_since(self.sent_at) >= APART;
        self.sent_at = now;
        mem::take(&mut self.heard) || alone
    }
}

impl Client {
    /// Lets go of the memory that sending needs, unless something has been sent since.
    pub(super) fn release_idle_memory(&self, sends: u64) -> bool {
        let mut core = lock(&self.core);
        if core.sends != sends || core.in_flight > 0 || !core.out.is_empty() {
            return false;
        }
        core.out = Outbound::default();
        if let Some(writer) = &mut core.writer {
            writer.release_idle_memory();
        }
        core.holds_idle_memory = false;
        true
    }
}

impl Core {
    /// Writes a message by this thread where that is the better way. Whether nothing is left to write.
    pub fn write_out_directly(
        &mut self,
        fast_paths: FastPaths,
        length: usize,
        first: bool,
    ) -> bool {
        (length >= LARGE || (first && self.send_rate.is_slow())) && self.write_out(fast_paths)
    }

    /// Keeps account of a message that was written. Whether the driver is to see to the memory that
    /// this has come to hold.
    pub fn note_sent(&mut self) -> bool {
        self.sends += 1;
        let has_come = !self.holds_idle_memory && self.holds_memory();
        self.holds_idle_memory |= has_come;
        has_come
    }

    fn holds_memory(&self) -> bool {
        self.out.bytes.capacity() > KEPT_CAPACITY
            || self.writer.as_ref().is_some_and(Writer::holds_idle_memory)
    }

    /// Writes by this thread what it can. Whether nothing is left for the driver to write.
    pub fn write_out(&mut self, fast_paths: FastPaths) -> bool {
        if self.out.is_empty() {
            return true;
        }
        let mine = fast_paths.write && self.in_flight == 0;
        let Some(socket) = self.socket.as_ref().filter(|_| mine) else {
            return false;
        };
        // A write that fails here fails for the driver too, which knows what to do.
        if let Ok(count) = socket.write(self.out.unwritten()) {
            self.out.advance(count);
            self.note_written(count);
            self.release();
        }
        self.out.is_empty()
    }

    /// Gives the driver more to write, once it has written the last. How much it then has. What is written
    /// to a stream that is `broken` goes nowhere.
    pub fn hand_out(&mut self, sending: &mut Outbound, broken: bool) -> usize {
        let written = self.in_flight.saturating_sub(sending.len());
        self.in_flight = sending.len();
        if !broken {
            self.note_written(written);
        }
        self.release();
        if sending.is_empty() && !self.out.is_empty() {
            mem::swap(&mut self.out, sending);
        }
        sending.len()
    }

    /// Answers the peer's pings.
    pub fn pong(&mut self, pings: &Payloads) {
        self.release();
        let stuck = self.is_stuck();
        let Some(writer) = &mut self.writer else {
            return;
        };
        if stuck {
            self.held.pong = pings
                .iter()
                .last()
                .map(<[u8]>::to_vec)
                .or(self.held.pong.take());
            return;
        }
        for payload in pings.iter() {
            writer.pong(payload, self.out.end());
        }
    }

    /// Sends a ping of the policy's.
    pub fn ping(&mut self, payload: [u8; 8]) {
        self.held.ping = Some(payload);
        self.release();
    }

    /// Sends a heartbeat.
    pub fn beat(&mut self) {
        self.held.beat = true;
        self.release();
    }

    /// Writes what is held, unless the peer still does not read.
    fn release(&mut self) {
        if self.held.is_empty() || self.is_stuck() {
            return;
        }
        let Some(writer) = &mut self.writer else {
            return;
        };
        let Held { pong, ping, beat } = mem::take(&mut self.held);
        let out = self.out.end();
        if let Some(payload) = pong {
            writer.pong(&payload, out);
        }
        if beat {
            writer.text(&self.heartbeat, out);
        }
        if let Some(payload) = ping {
            writer.ping(&payload, out);
            if let Some(number) = ping_number(&payload) {
                self.outbox.overtaken(number);
            }
        }
    }

    fn is_stuck(&self) -> bool {
        self.out.len() + self.in_flight >= STUCK
    }
}

/// `plain`: never compressed.
pub(super) fn write_as(writer: &mut Writer, payload: Payload<'_>, plain: bool, out: &mut Vec<u8>) {
    match payload {
        Payload::Text(text) if plain => writer.plain_text(text, out),
        Payload::Binary(bytes) if plain => writer.plain_binary(bytes, out),
        Payload::Text(_) | Payload::Binary(_) => write(writer, payload, out),
    }
}

pub(super) fn write(writer: &mut Writer, payload: Payload<'_>, out: &mut Vec<u8>) {
    match payload {
        Payload::Text(text) => writer.text(text, out),
        Payload::Binary(bytes) => writer.binary(bytes, out),
    }
}
