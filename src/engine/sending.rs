//! What the user sends: plainly where writing it is all, else with care: it is kept for the next connection, a receipt is
//! asked for, or the buffer has a limit.

use std::time::Duration;

use super::client::{Client, Core};
use super::clock;
use super::mailbox::NotificationKind;
use super::payload::Payload;
use super::wish::{Confirmation, SendError, Sent, Wish};
use super::write_half::Written;
use crate::policy::{DeliveryOutcome, Marks, Receipt};
use crate::sync::lock;

impl Client {
    /// Sends on the open connection, or at the next `open` when the client is on its way there.
    ///
    /// `seen_open`: the user sees an open connection. Where it is gone already, the message is lost
    /// as one is that was written just before, unless messages are queued.
    ///
    /// A message is written at once where it may be an answer or stands alone. What comes thick and fast is gathered, and written by the driver, which
    /// is woken for the first of it: a system call costs this thread many times what framing does.
    pub fn send(&self, payload: Payload<'_>, seen_open: bool) -> Result<Sent, SendError> {
        let mut core = lock(&self.core);
        let core = &mut *core;
        let limit = core.backpressure.limit();
        let sent = core
            .write_half
            .send_plainly(payload, limit, self.fast_paths);
        let Some(wakes) = sent else {
            return self.send_with_care(core, payload, seen_open, Wish::default());
        };
        if wakes {
            self.wake.wake();
        }
        Ok(Sent::default())
    }

    /// Sends as [`send`](Client::send) does, with a wish.
    pub fn send_wishing(
        &self,
        payload: Payload<'_>,
        seen_open: bool,
        wish: Wish,
    ) -> Result<Sent, SendError> {
        let mut core = lock(&self.core);
        self.send_with_care(&mut core, payload, seen_open, wish)
    }

    /// Asks for a receipt of all that was sent so far. What is known at once is in
    /// [`take_outcomes`](Client::take_outcomes).
    pub fn flush(&self, timeout: Option<Duration>) -> Receipt {
        let mut core = lock(&self.core);
        let receipt = core.write_half.outbox.flush(clock::now(), timeout);
        core.write_half.ask();
        core.write_half.write_out(self.fast_paths);
        self.wake.wake();
        receipt
    }

    /// Takes the outcomes of messages and receipts that have not been told. JavaScript has been told `received` of those that
    /// went to the mailbox: where others are still on their way, there are none to take, and these follow them.
    pub fn take_outcomes(&self, received: u64) -> Vec<DeliveryOutcome> {
        let mut core = lock(&self.core);
        if received == core.pushed_outcomes || self.flow.is_drained() {
            return std::iter::from_fn(|| core.write_half.outbox.next_outcome()).collect();
        }
        let outcomes = core.outcomes();
        self.post(&mut core, outcomes);
        Vec::new()
    }

    /// Bytes that were sent and have not been handed to the operating system.
    pub fn buffered_amount(&self) -> usize {
        lock(&self.core).write_half.buffered()
    }

    /// Messages that wait for a connection or for a receipt, and the bytes of their payloads.
    pub fn queued(&self) -> (usize, usize) {
        lock(&self.core).write_half.outbox.kept()
    }

    /// What of the user's was written for connections so far.
    pub fn written(&self) -> Written {
        lock(&self.core).write_half.written()
    }

    /// Replaces the limits of what is buffered.
    pub fn set_marks(&self, marks: Marks) {
        let mut core = lock(&self.core);
        core.backpressure.set_marks(marks);
        self.check_drain(&mut core);
    }

    /// Sends a message that may have to be kept, refused, told of or asked about.
    #[cold]
    pub(super) fn send_with_care(
        &self,
        core: &mut Core,
        payload: Payload<'_>,
        seen_open: bool,
        wish: Wish,
    ) -> Result<Sent, SendError> {
        let half = &mut core.write_half;
        let buffered = half.buffered().saturating_add(payload.len());
        if core.backpressure.refuses(buffered) {
            return Err(SendError::BufferFull);
        }
        let now = clock::now();
        let is_alive = core.link.is_alive();
        let kept = half.take(payload, wish, seen_open, is_alive, now)?;
        let receipt = match (wish.confirmation, kept) {
            (Confirmation::Nothing, _) => None,
            (Confirmation::Handover | Confirmation::Receipt(_), Err(reason)) => {
                Some(half.outbox.unsent(reason))
            }
            (Confirmation::Handover, Ok(())) => Some(half.hand_over(wish.volatile)),
            (Confirmation::Receipt(timeout), Ok(())) => Some(half.outbox.confirm(now, timeout)),
        };
        half.ask();
        half.write_out_directly(self.fast_paths, payload.len());
        half.note_sent();
        self.wake.wake();
        self.check_drain(core);
        Ok(Sent {
            above: core.backpressure.rises(core.write_half.buffered()),
            dropped: core.write_half.outbox.has_outcomes(),
            receipt,
        })
    }

    /// Tells the user that the buffer has drained, once it has.
    pub(super) fn check_drain(&self, core: &mut Core) {
        if core.backpressure.falls(core.write_half.buffered()) {
            self.post(core, [NotificationKind::Drain]);
        }
    }
}
