//! What a client writes, by whichever thread, and when the memory that sending needs is released.

use std::mem;
use std::sync::Arc;

use super::clock;
use super::fast_paths::FastPaths;
use super::handovers::Handovers;
use super::outbound::Outbound;
use super::payload::{Control, Payload};
use super::read_outcome::Payloads;
use super::shared_socket::SharedSocket;
use super::wish::Wish;
use crate::policy::{
    DeliverySettings, Frame, Full, HeldClose, HeldFrames, Instant, NO_STATUS, Outbox, OwnFrame,
    Receipt, SendRate, UnconfirmedReason, Way, ping_number,
};
use crate::wire::Writer;

/// An outbound buffer of this size may stay with an idle connection.
const KEPT_CAPACITY: usize = 4 * 1024;

/// Messages, and the bytes of their payloads.
#[derive(Clone, Copy, Debug, Default)]
pub struct Written {
    pub messages: u64,
    pub bytes: u64,
}

impl Written {
    fn count(&mut self, payload: Payload<'_>) {
        self.messages += 1;
        self.bytes += payload.len() as u64;
    }
}

/// See the module. Both threads use it, under the lock of the client's core.
pub(super) struct WriteHalf {
    /// Messages that wait for a connection, or for the peer's receipt.
    pub outbox: Outbox,
    heartbeat: Arc<String>,
    /// There while a connection is open and no close frame has been written.
    writer: Option<Writer>,
    /// The open connection, where both threads can use it.
    socket: Option<Arc<SharedSocket>>,
    send_rate: SendRate,
    /// Frames for the open connection.
    out: Outbound,
    held: HeldFrames,
    /// Bytes that the driver has taken and not yet written.
    in_flight: usize,
    handovers: Handovers,
    held_close: HeldClose,
    /// What of the user's was written for connections so far: the driver sees by it when nothing is.
    written: Written,
    /// Whether this has memory to let go of when nothing is sent for a while.
    holds_idle_memory: bool,
}

impl WriteHalf {
    pub fn new(delivery: Arc<DeliverySettings>, heartbeat: Arc<String>) -> WriteHalf {
        WriteHalf {
            outbox: Outbox::new(delivery),
            heartbeat,
            writer: None,
            socket: None,
            send_rate: SendRate::new(clock::now()),
            out: Outbound::default(),
            held: HeldFrames::default(),
            in_flight: 0,
            handovers: Handovers::default(),
            held_close: HeldClose::default(),
            written: Written::default(),
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

    pub fn set_heartbeat(&mut self, message: Arc<String>) {
        self.heartbeat = message;
    }

    /// There is a connection. The user's messages wait until the queue is opened.
    pub fn begin(&mut self, writer: Writer, socket: Option<Arc<SharedSocket>>) {
        self.out = Outbound::default();
        self.held = HeldFrames::default();
        self.writer = Some(writer);
        self.socket = socket;
    }

    /// Sends a message before all that waits for the connection, which is not open yet.
    pub fn send_first(&mut self, payload: Payload<'_>) {
        if let Some(writer) = &mut self.writer {
            payload.write(writer, self.out.end());
            self.written.count(payload);
        }
    }

    /// The connection is open: what waited for it goes out first.
    pub fn open_queue(&mut self) {
        let WriteHalf {
            outbox,
            out,
            handovers,
            written,
            writer: Some(writer),
            in_flight,
            ..
        } = self
        else {
            return;
        };
        outbox.opened(clock::now(), |frame| match frame {
            Frame::Message {
                message,
                plain,
                handover,
            } => {
                let payload = Payload::from(message);
                payload.write_as(writer, plain, out.end());
                written.count(payload);
                if let Some(receipt) = handover {
                    handovers.add(*in_flight + out.len(), receipt);
                }
            }
            Frame::Ping(payload) => writer.ping(&payload, out.end()),
        });
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
        self.written.count(payload);
        let written_out = idle && self.write_out_directly(fast_paths, payload.len());
        Some(self.note_sent() || (idle && !written_out))
    }

    /// Writes or keeps a message, or says why it has gone.
    pub fn take(
        &mut self,
        payload: Payload<'_>,
        wish: Wish,
        seen_open: bool,
        is_alive: bool,
        now: Instant,
    ) -> Result<Result<(), UnconfirmedReason>, Full> {
        let Wish {
            plain, volatile, ..
        } = wish;
        let way = match (self.is_open(), is_alive) {
            (true, _) => Way::Open,
            (false, true) => Way::Down { seen_open },
            (false, false) => Way::Ended { seen_open },
        };
        let taken = match way {
            Way::Open if volatile => Ok(()),
            Way::Down { .. } | Way::Ended { .. } if volatile => Err(UnconfirmedReason::Lost),
            Way::Open | Way::Down { .. } | Way::Ended { .. } => {
                self.outbox.take(way, plain, now, || payload.to_message())?
            }
        };
        if let (Ok(()), Way::Open, Some(writer)) = (taken, way, &mut self.writer) {
            payload.write_as(writer, plain, self.out.end());
            self.written.count(payload);
        }
        Ok(taken)
    }

    /// Whether there is a connection that takes what the user sends.
    fn is_open(&self) -> bool {
        self.writer.is_some() && self.outbox.is_connected()
    }

    /// Tells when the message that was kept or written last is handed to the system.
    pub fn hand_over(&mut self, volatile: bool) -> Receipt {
        let receipt = self.outbox.hand_over(volatile);
        if self.is_open() {
            self.handovers.add(self.on_their_way(), receipt);
        }
        receipt
    }

    /// Writes a message by this thread where that is the better way. Whether nothing is left to write.
    pub fn write_out_directly(&mut self, fast_paths: FastPaths, length: usize) -> bool {
        self.send_rate.is_written_by_sender(length, clock::now()) && self.write_out(fast_paths)
    }

    /// What of the user's was written for connections so far: what is written for one after the other counts for each.
    pub fn written(&self) -> Written {
        self.written
    }

    /// A message was written. Whether the driver is to see to the memory that this has come to hold.
    pub fn note_sent(&mut self) -> bool {
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
        self.holds_idle_memory.then_some(self.written.messages)
    }

    /// Lets go of the memory that sending needs, unless something has been sent since.
    pub fn release_idle_memory(&mut self, sends: u64) -> bool {
        if self.written.messages != sends || self.in_flight > 0 || !self.out.is_empty() {
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
        self.send_rate.note_heard();
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
        let waiting = self.on_their_way();
        let Some(writer) = &mut self.writer else {
            return;
        };
        if self.held.holds_pongs(pings.iter(), waiting) {
            return;
        }
        for payload in pings.iter() {
            writer.pong(payload, self.out.end());
        }
    }

    /// Sends a ping of the policy's.
    pub fn ping(&mut self, payload: [u8; 8]) {
        self.held.ping(payload);
        self.release();
    }

    /// Sends a control frame of the user's, behind what was sent before.
    pub fn control(&mut self, frame: Control<'_>) {
        if let Some(writer) = &mut self.writer {
            frame.write(writer, self.out.end());
        }
    }

    /// Sends a heartbeat.
    pub fn beat(&mut self) {
        self.held.beat();
        self.release();
    }

    /// Writes what is held, unless the peer still does not read.
    fn release(&mut self) {
        let waiting = self.on_their_way();
        let Some(writer) = &mut self.writer else {
            return;
        };
        while let Some(frame) = self.held.next_frame(waiting) {
            let out = self.out.end();
            match frame {
                OwnFrame::Pong(payload) => writer.pong(&payload, out),
                OwnFrame::Beat => writer.text(&self.heartbeat, out),
                OwnFrame::Ping(payload) => {
                    writer.ping(&payload, out);
                    if let Some(number) = ping_number(&payload) {
                        self.outbox.overtaken(number);
                    }
                }
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
        let close = self.held_close.hold(holds);
        let has_waited = close.is_some();
        self.begin_closing(close);
        has_waited
    }

    /// Begins the closing handshake, once nothing has to go before it; by [`NO_STATUS`] with a frame that has no code.
    pub fn shut(&mut self, code: u16, reason: String) {
        let close = self.held_close.close(code, reason);
        self.begin_closing(close);
    }

    fn begin_closing(&mut self, close: Option<(u16, String)>) {
        if let Some((code, reason)) = close {
            self.ask_last();
            self.say_goodbye((code != NO_STATUS).then_some(code), &reason);
        }
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
        self.held_close.forget();
        self.outbox.lost();
        mem::take(&mut self.out)
    }
}
