//! What a client writes: which thread does it, what is held back while the peer does not read, and when the memory that
//! sending needs is released.

use std::mem;
use std::sync::Arc;
use std::time::Duration;

use super::clock;
use super::fast_paths::FastPaths;
use super::handovers::Handovers;
use super::outbound::Outbound;
use super::payload::Payload;
use super::read_outcome::Payloads;
use super::shared_socket::SharedSocket;
use crate::policy::{
    DeliverySettings, Frame, Full, Instant, Outbox, Receipt, UnconfirmedReason, Way, ping_number,
};
use crate::wire::Writer;

/// From this size on a message is written at once by who sends it: a write of its own costs it little.
const LARGE: usize = 16 * 1024;

/// An outbound buffer of this size may stay with an idle connection.
const KEPT_CAPACITY: usize = 4 * 1024;

/// Messages that are sent further apart than this are written one by one.
const APART: Duration = Duration::from_micros(100);

/// Where so many bytes wait to be written, the peer does not read.
const STUCK: usize = 64 * 1024;

/// See the module. Both threads use it, under the lock of the client's core.
pub(super) struct WriteHalf {
    /// Messages that wait for a connection, or for the peer's receipt.
    pub outbox: Outbox,
    heartbeat: String,
    /// There while a connection is open and no close frame has been written.
    writer: Option<Writer>,
    /// The open connection, where both threads can use it.
    socket: Option<Arc<SharedSocket>>,
    send_rate: SendRate,
    /// Frames for the open connection.
    out: Outbound,
    held: Held,
    /// Bytes that the driver has taken and not yet written.
    in_flight: usize,
    handovers: Handovers,
    /// JavaScript still reads what goes before a close frame of the user's, …
    holds_close: bool,
    /// … which is this.
    held_close: Option<(u16, String)>,
    /// Messages that were sent, so that the driver sees when none are.
    sends: u64,
    /// Whether this has memory to let go of when nothing is sent for a while.
    holds_idle_memory: bool,
}

/// Frames that a client sends by itself, held back while the peer does not read: of each kind the latest.
///
/// An endpoint may answer the latest ping alone (RFC 6455, 5.5.3), and the pong for one of ours stands for
/// those before it. So a peer that goes on without reading costs no more memory.
#[derive(Debug, Default)]
struct Held {
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
struct SendRate {
    /// Something has arrived since the user sent last.
    heard: bool,
    sent_at: Instant,
}

impl SendRate {
    /// Whether the message that is being sent may be an answer, or stands alone.
    fn is_slow(&mut self) -> bool {
        let now = clock::now();
        let alone = now.saturating_duration_since(self.sent_at) >= APART;
        self.sent_at = now;
        mem::take(&mut self.heard) || alone
    }
}

impl WriteHalf {
    pub fn new(delivery: DeliverySettings, heartbeat: String) -> WriteHalf {
        WriteHalf {
            outbox: Outbox::new(delivery),
            heartbeat,
            writer: None,
            socket: None,
            send_rate: SendRate {
                heard: true,
                sent_at: clock::now(),
            },
            out: Outbound::default(),
            held: Held::default(),
            in_flight: 0,
            handovers: Handovers::default(),
            holds_close: false,
            held_close: None,
            sends: 0,
            holds_idle_memory: false,
        }
    }

    /// The open connection, where both threads can use it.
    pub fn socket(&self) -> Option<&Arc<SharedSocket>> {
        self.socket.as_ref()
    }

    /// Bytes that were sent and have not been handed to the operating system.
    pub fn buffered(&self) -> usize {
        self.on_their_way() + self.outbox.waiting_bytes()
    }

    fn on_their_way(&self) -> usize {
        self.out.len() + self.in_flight
    }

    fn is_stuck(&self) -> bool {
        self.on_their_way() >= STUCK
    }

    pub fn set_heartbeat(&mut self, message: String) {
        self.heartbeat = message;
    }

    /// A connection is open: what waited for it goes out first.
    pub fn begin(&mut self, mut writer: Writer, socket: Option<Arc<SharedSocket>>) {
        self.out = Outbound::default();
        self.held = Held::default();
        let WriteHalf {
            outbox,
            out,
            handovers,
            ..
        } = self;
        let out = out.end();
        outbox.opened(clock::now(), |frame| match frame {
            Frame::Message {
                message,
                plain,
                handover,
            } => {
                Payload::from(message).write_as(&mut writer, plain, out);
                if let Some(receipt) = handover {
                    handovers.add(out.len(), receipt);
                }
            }
            Frame::Ping(payload) => writer.ping(&payload, out),
        });
        self.writer = Some(writer);
        self.socket = socket;
        self.ask();
    }

    /// Sends a message that needs no more than that, where less than `limit` is buffered by it. Whether the driver is to be
    /// woken for it; none where the message is to be sent with care.
    pub fn send_plainly(
        &mut self,
        payload: Payload<'_>,
        limit: usize,
        fast_paths: FastPaths,
    ) -> Option<bool> {
        let fits = self.on_their_way() + payload.len() < limit;
        let writer = self.writer.as_mut().filter(|_| fits)?;
        let idle = self.out.is_empty();
        payload.write(writer, self.out.end());
        let written_out = idle && self.write_out_directly(fast_paths, payload.len());
        Some(self.note_sent() || (idle && !written_out))
    }

    /// Writes or keeps a message, or says why it has gone.
    pub fn take(
        &mut self,
        payload: Payload<'_>,
        plain: bool,
        seen_open: bool,
        is_alive: bool,
        now: Instant,
    ) -> Result<Result<(), UnconfirmedReason>, Full> {
        let way = match &self.writer {
            Some(_) => Way::Open,
            None if is_alive => Way::Down { seen_open },
            None => Way::Ended { seen_open },
        };
        let taken = self.outbox.take(way, plain, now, || payload.to_message())?;
        if let (Ok(()), Some(writer)) = (taken, &mut self.writer) {
            payload.write_as(writer, plain, self.out.end());
        }
        Ok(taken)
    }

    /// Tells when the message that was kept or written last is handed to the system.
    pub fn hand_over(&mut self) -> Receipt {
        let receipt = self.outbox.hand_over();
        if self.writer.is_some() {
            self.handovers.add(self.on_their_way(), receipt);
        }
        receipt
    }

    /// Writes a message by this thread where that is the better way. Whether nothing is left to write.
    pub fn write_out_directly(&mut self, fast_paths: FastPaths, length: usize) -> bool {
        (length >= LARGE || self.send_rate.is_slow()) && self.write_out(fast_paths)
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
        self.out.capacity() > KEPT_CAPACITY
            || self.writer.as_ref().is_some_and(Writer::holds_idle_memory)
    }

    /// The messages sent so far, where there is memory to let go of when there are no more.
    pub fn idle_memory(&self) -> Option<u64> {
        self.holds_idle_memory.then_some(self.sends)
    }

    /// Lets go of the memory that sending needs, unless something has been sent since.
    pub fn release_idle_memory(&mut self, sends: u64) -> bool {
        if self.sends != sends || self.in_flight > 0 || !self.out.is_empty() {
            return false;
        }
        self.out = Outbound::default();
        if let Some(writer) = &mut self.writer {
            writer.release_idle_memory();
        }
        self.holds_idle_memory = false;
        true
    }

    /// Something has arrived: what the user sends next may be an answer.
    pub fn note_heard(&mut self) {
        self.send_rate.heard = true;
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

    /// Gives the driver more to write, once it has written the last. What is written to a stream that is `broken` goes
    /// nowhere.
    pub fn hand_out(&mut self, sending: &mut Outbound, broken: bool) {
        let written = self.in_flight.saturating_sub(sending.len());
        self.in_flight = sending.len();
        if !broken {
            self.note_written(written);
        }
        self.release();
        if sending.is_empty() && !self.out.is_empty() {
            mem::swap(&mut self.out, sending);
        }
        self.in_flight = sending.len();
    }

    /// The driver has nothing to write for an open connection.
    pub fn hand_out_nothing(&mut self) {
        self.in_flight = 0;
    }

    /// Tells that so many bytes were handed to the system.
    fn note_written(&mut self, count: usize) {
        let outbox = &mut self.outbox;
        self.handovers
            .advance(count, |receipt| outbox.handed(receipt));
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

    /// Asks the peer for a receipt, if one is wanted and none is under way.
    pub fn ask(&mut self) {
        if let Some(writer) = &mut self.writer
            && let Some(ping) = self.outbox.ping()
        {
            writer.ping(&ping, self.out.end());
        }
    }

    /// Asks once more before a close frame.
    fn ask_last(&mut self) {
        if let Some(writer) = &mut self.writer
            && let Some(ping) = self.outbox.last_ping()
        {
            writer.ping(&ping, self.out.end());
        }
    }

    /// JavaScript still reads what is to be sent before a close frame of the user's, or does no longer. Whether a close frame
    /// has waited for that.
    pub fn hold_close(&mut self, holds: bool) -> bool {
        self.holds_close = holds;
        let Some((code, reason)) = self.held_close.take_if(|_| !holds) else {
            return false;
        };
        self.shut(code, reason);
        true
    }

    /// Begins the closing handshake.
    pub fn shut(&mut self, code: u16, reason: String) {
        if self.holds_close {
            self.held_close = Some((code, reason));
            return;
        }
        self.ask_last();
        self.say_goodbye(Some(code), &reason);
    }

    /// Adds the close frame, unless there is one: nothing follows it.
    pub fn say_goodbye(&mut self, code: Option<u16>, reason: &str) {
        if let Some(mut writer) = self.writer.take() {
            writer.close(code, reason, self.out.end());
        }
    }

    /// The connection is over for the user. What was to be written for it, and the driver does not have.
    pub fn unplug(&mut self) -> Outbound {
        self.writer = None;
        if let Some(socket) = self.socket.take() {
            socket.end(&mut socket.read_half());
        }
        self.in_flight = 0;
        self.handovers.clear();
        self.held_close = None;
        self.outbox.lost();
        mem::take(&mut self.out)
    }
}
