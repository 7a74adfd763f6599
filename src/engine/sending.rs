//! Sending a message where writing it is not all: it is kept for the next connection, a receipt is asked for, or the
//! buffer has a limit.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::client::{Client, Core, Payload};
use super::clock;
use super::locking::lock;
use super::mailbox::NotificationKind;
use super::writing::{Held, Outbound, write_as};
use crate::policy::{
    DeliveryOutcome, DropReason, Frame, Full, Guarantee, Instant, Message, Receipt,
    UnconfirmedReason,
};
use crate::wire::Writer;

/// Limits of what is buffered, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Marks {
    /// Above it the user is told so.
    pub high_water: usize,
    /// Nothing is taken beyond it.
    pub max: usize,
}

impl Default for Marks {
    /// Without any limit.
    fn default() -> Marks {
        Marks {
            high_water: usize::MAX,
            max: usize::MAX,
        }
    }
}

/// Whether too much is buffered, as far as the user has been told.
pub(super) struct Backpressure {
    marks: Marks,
    guarantee: Guarantee,
    /// The user has been told that it is too much, and not that it is no longer.
    above: bool,
    /// A message that would make the buffer that long, or longer, is sent with care.
    pub limit: usize,
}

impl Backpressure {
    pub fn new(marks: Marks, guarantee: Guarantee) -> Backpressure {
        let mut backpressure = Backpressure {
            marks,
            guarantee,
            above: false,
            limit: 0,
        };
        backpressure.set_limit();
        backpressure
    }

    fn set_above(&mut self, above: bool) {
        self.above = above;
        self.set_limit();
    }

    fn set_limit(&mut self) {
        let careless = !self.above && self.guarantee == Guarantee::AtMostOnce;
        let Marks { high_water, max } = self.marks;
        self.limit = if careless {
            high_water.min(max).saturating_add(1)
        } else {
            0
        };
    }
}

/// What the user asks of one message besides sending it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wish {
    /// The message is not to be compressed.
    pub plain: bool,
    pub confirmation: Confirmation,
}

/// What the user asks to be told of a message. [`NotificationKind::Delivery`] tells it, by the name in [`Sent::receipt`].
#[derive(Clone, Copy, Debug, Default)]
pub enum Confirmation {
    #[default]
    Nothing,
    /// That the message was handed to the system, or was not.
    Handover,
    /// That the peer has read the message, or that this is not known, at the latest after so long.
    Receipt(Option<Duration>),
}

/// A message was taken, and this is to be told of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// More is buffered than the high-water mark allows; [`NotificationKind::Drain`] will follow.
    pub above: bool,
    /// Messages have been dropped: [`Client::take_outcomes`] has them.
    pub dropped: bool,
    /// The name of the receipt that was asked for.
    pub receipt: Option<Receipt>,
}

/// Why a message was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    #[error(transparent)]
    QueueFull(#[from] Full),
    #[error("The buffer is full")]
    BufferFull,
}

impl Payload<'_> {
    fn to_message(self) -> Message {
        match self {
            Payload::Text(text) => Message::Text(text.to_owned()),
            Payload::Binary(bytes) => Message::Binary(bytes.to_owned()),
        }
    }
}

impl<'a> From<&'a Message> for Payload<'a> {
    fn from(message: &'a Message) -> Payload<'a> {
        match message {
            Message::Text(text) => Payload::Text(text),
            Message::Binary(bytes) => Payload::Binary(bytes),
        }
    }
}

impl Client {
    /// Sends as [`send`](Client::send) does, with a wish.
    pub fn send_wishing(
        &self,
        payload: Payload<'_>,
        seen_open: bool,
        wish: Wish,
    ) -> Result<Sent, SendError> {
        let mut core = lock(&self.core);
        self.send_with_care(&mut core, payload, seen_open, true, wish)
    }

    /// Asks for a receipt of all that was sent so far. What is known at once is in
    /// [`take_outcomes`](Client::take_outcomes).
    pub fn flush(&self, timeout: Option<Duration>) -> Receipt {
        let mut core = lock(&self.core);
        let receipt = core.outbox.flush(clock::now(), timeout);
        core.ask();
        core.write_out(self.fast_paths);
        self.wake.notify_one();
        receipt
    }

    /// Takes the outcomes of messages and receipts that have not been told.
    pub fn take_outcomes(&self) -> Vec<DeliveryOutcome> {
        let mut core = lock(&self.core);
        std::iter::from_fn(|| core.outbox.next_outcome()).collect()
    }

    /// Bytes that were sent and have not been handed to the operating system.
    pub fn buffered_amount(&self) -> usize {
        lock(&self.core).buffered()
    }

    /// Messages that wait for a connection or for a receipt, and the bytes of their payloads.
    pub fn queued(&self) -> (usize, usize) {
        lock(&self.core).outbox.kept()
    }

    /// Replaces the limits of what is buffered.
    pub fn set_marks(&self, marks: Marks) {
        let mut core = lock(&self.core);
        core.backpressure.marks = marks;
        core.backpressure.set_limit();
        self.check_drain(&mut core);
    }

    /// JavaScript delivers nothing for now. The engine reads in its place, as far ahead as there is room.
    pub fn pause(&self) {
        self.paused.store(true, Ordering::Release);
        self.take_over();
    }

    /// JavaScript has delivered all that it kept.
    pub fn resume(self: &Arc<Self>) {
        self.paused.store(false, Ordering::Release);
        if let Some(read_set) = &self.read_set {
            read_set.enqueue(self);
            read_set.reclaim();
        }
    }

    /// JavaScript keeps so many bytes more of what it was told: they count against the capacity of its mailbox.
    pub fn hold(&self, bytes: usize) {
        self.flow.charge(bytes);
    }

    /// So many bytes of what was held have been delivered.
    pub fn release(&self, bytes: usize) {
        self.flow.discharge(bytes);
    }

    /// Sends a message that may have to be kept, refused, told of or asked about.
    #[cold]
    pub(super) fn send_with_care(
        &self,
        core: &mut Core,
        payload: Payload<'_>,
        seen_open: bool,
        first: bool,
        wish: Wish,
    ) -> Result<Sent, SendError> {
        if core.buffered().saturating_add(payload.len()) > core.backpressure.marks.max {
            return Err(SendError::BufferFull);
        }
        let now = clock::now();
        let kept = core.take(payload, wish.plain, seen_open, now)?;
        let receipt = match (wish.confirmation, kept) {
            (Confirmation::Nothing, _) => None,
            (Confirmation::Handover | Confirmation::Receipt(_), Err(reason)) => {
                Some(core.outbox.unconfirmed(reason))
            }
            (Confirmation::Handover, Ok(())) => Some(core.hand_over()),
            (Confirmation::Receipt(timeout), Ok(())) => Some(core.outbox.confirm(now, timeout)),
        };
        core.ask();
        core.write_out_directly(self.fast_paths, payload.len(), first);
        core.note_sent();
        self.wake.notify_one();
        self.check_drain(core);
        let above = core.buffered() > core.backpressure.marks.high_water;
        if above {
            core.backpressure.set_above(true);
        }
        Ok(Sent {
            above,
            dropped: core.outbox.has_outcomes(),
            receipt,
        })
    }

    /// Tells the user that the buffer has drained, once it has.
    pub(super) fn check_drain(&self, core: &mut Core) {
        if core.backpressure.above && core.buffered() <= core.backpressure.marks.high_water {
            core.backpressure.set_above(false);
            self.post(core, [NotificationKind::Drain]);
        }
    }
}

impl Core {
    pub fn buffered(&self) -> usize {
        self.out.len() + self.in_flight + self.outbox.waiting_bytes()
    }

    /// A connection is open: what waited for it goes out first.
    pub fn begin(&mut self, mut writer: Writer) {
        self.out = Outbound::default();
        self.held = Held::default();
        let Core {
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
                write_as(&mut writer, message.into(), plain, out);
                if let Some(receipt) = handover {
                    handovers.add(out.len(), receipt);
                }
            }
            Frame::Ping(payload) => writer.ping(&payload, out),
        });
        self.writer = Some(writer);
        self.ask();
    }

    /// Tells when the message that was kept or written last is handed to the system.
    fn hand_over(&mut self) -> Receipt {
        let receipt = self.outbox.hand_over();
        if self.writer.is_some() {
            let before = self.out.len() + self.in_flight;
            self.handovers.add(before, receipt);
        }
        receipt
    }

    /// Tells that so many bytes were handed to the system.
    pub fn note_written(&mut self, count: usize) {
        let outbox = &mut self.outbox;
        self.handovers
            .advance(count, |receipt| outbox.handed(receipt));
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
    pub fn ask_last(&mut self) {
        if let Some(writer) = &mut self.writer
            && let Some(ping) = self.outbox.last_ping()
        {
            writer.ping(&ping, self.out.end());
        }
    }

    pub fn outcomes(&mut self) -> Vec<NotificationKind> {
        std::iter::from_fn(|| self.outbox.next_outcome())
            .map(NotificationKind::Delivery)
            .collect()
    }

    /// Writes or keeps a message, or says why it has gone.
    fn take(
        &mut self,
        payload: Payload<'_>,
        plain: bool,
        seen_open: bool,
        now: Instant,
    ) -> Result<Result<(), UnconfirmedReason>, Full> {
        let keeps = self.outbox.keeps_written();
        let queues = keeps || self.outbox.delivery().queues;
        if self.writer.is_none() && !self.link.is_alive() {
            // A user who sees no connection was told that the message is kept.
            if queues || !seen_open {
                self.outbox.refuse(payload.to_message(), DropReason::Ended);
            }
            return Ok(Err(UnconfirmedReason::Ended));
        }
        if self.writer.is_none() && seen_open && !queues {
            return Ok(Err(UnconfirmedReason::Lost));
        }
        if (self.writer.is_none() || keeps)
            && !self.outbox.keep(payload.to_message(), plain, now)?
        {
            return Ok(Err(UnconfirmedReason::Dropped(DropReason::Overflow)));
        }
        if let Some(writer) = &mut self.writer {
            write_as(writer, payload, plain, self.out.end());
        }
        Ok(Ok(()))
    }
}
