//! What has been sent and is not known to have been read: the queue for the next connection, and the
//! receipts that tell what the peer has read.
//!
//! A peer answers pings in their order (RFC 6455, 5.5.2 and 5.5.3), so the pong for a ping that went out behind a
//! message proves that the peer has read the message. A ping stands for all that went out before it, and the next
//! one waits for its pong, unless much goes out meanwhile: a connection that never lives long enough for
//! all of it to be read would get nowhere else.
//!
//! The rule of the policy holds here too: hand in one fact, take every [`DeliveryOutcome`], wait for the deadline.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use super::{Instant, Rare};
use crate::policy::duration::Duration;

use super::pings::RECEIPT;

/// How messages are kept, and for how long.
#[derive(Clone, Debug, PartialEq)]
pub struct DeliverySettings {
    /// Whether what a user sends without a connection waits for the next one. Otherwise only what is sent
    /// on the way to the first one does.
    pub queues: bool,
    pub guarantee: Guarantee,
    /// Messages that wait and, with [`Guarantee::AtLeastOnce`], messages that are not confirmed: together
    /// at most so many, …
    pub max_messages: usize,
    /// … and of so many bytes of payload.
    pub max_bytes: usize,
    pub overflow: Overflow,
    /// A message that has waited for a connection that long is dropped; `None` lets it wait for ever.
    pub ttl: Option<Duration>,
}

impl Default for DeliverySettings {
    /// As without any of the options: kept while connecting, without a bound.
    fn default() -> DeliverySettings {
        DeliverySettings {
            queues: false,
            guarantee: Guarantee::AtMostOnce,
            max_messages: usize::MAX,
            max_bytes: usize::MAX,
            overflow: Overflow::Throw,
            ttl: None,
        }
    }
}

/// Where a message can go that the user sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// A connection is open.
    Open,
    /// There may be one later. `seen_open`: the user sees an open one, so that the message would be lost on its way.
    Down { seen_open: bool },
    /// There is none and there will be none.
    Ended { seen_open: bool },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guarantee {
    /// What was written is forgotten.
    AtMostOnce,
    /// What was written is kept until the peer has confirmed it, and written again on the next connection.
    AtLeastOnce,
}

/// What happens to a message for which there is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overflow {
    Throw,
    DropOldest,
    DropNewest,
}

/// A message as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    Text(String),
    Binary(Vec<u8>),
}

impl Message {
    fn len(&self) -> usize {
        match self {
            Message::Text(text) => text.len(),
            Message::Binary(bytes) => bytes.len(),
        }
    }
}

/// The name of one question whether the peer has read something.
pub type Receipt = u64;

/// There is no room for the message, and the user wants to be told so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("The queue is full")]
pub struct Full;

/// What became of a message or a receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryOutcome {
    Dropped {
        message: Message,
        reason: DropReason,
    },
    Confirmed {
        receipt: Receipt,
    },
    Unconfirmed {
        receipt: Receipt,
        reason: UnconfirmedReason,
    },
    /// The message has never been written: the peer does not have it.
    Unsent {
        receipt: Receipt,
        reason: UnconfirmedReason,
    },
}

impl DeliveryOutcome {
    /// The bytes of the message's payload.
    pub fn cost(&self) -> usize {
        match self {
            DeliveryOutcome::Dropped { message, .. } => message.len(),
            DeliveryOutcome::Confirmed { .. }
            | DeliveryOutcome::Unconfirmed { .. }
            | DeliveryOutcome::Unsent { .. } => 0,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DropReason {
    Overflow,
    Expired,
    /// The client was closed, or gave up.
    Ended,
}

/// Why it cannot be known whether the peer has read something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnconfirmedReason {
    /// The connection was lost first.
    Lost,
    /// The time for it is over.
    TimedOut,
    Dropped(DropReason),
    /// The client was closed, or gave up.
    Ended,
    /// There is neither a connection nor anything that waits for one.
    NotConnected,
}

/// Of what has to be confirmed, no more messages than this go out without a ping behind them, …
const MESSAGES_A_PING: u64 = 16;

/// … and no more bytes of payload than about this.
const BYTES_A_PING: usize = 64 * 1024;

/// The payload of a receipt's ping: its mark, and the ping's number.
pub type Ping = [u8; 9];

/// What goes out when a connection opens.
#[derive(Clone, Copy, Debug)]
pub enum Frame<'a> {
    Message {
        message: &'a Message,
        /// It is not to be compressed.
        plain: bool,
        /// Told by [`handed`](Outbox::handed).
        handover: Option<Receipt>,
    },
    Ping(Ping),
}

/// See the module. Messages have positions, from 0 in the order in which they were sent; those that were
/// dropped have one too.
#[derive(Debug)]
pub struct Outbox {
    delivery: Arc<DeliverySettings>,
    connected: bool,
    /// What is kept, oldest first. All of it has been written while `connected`, none of it otherwise.
    entries: Rare<VecDeque<Entry>>,
    /// The position of the first of `entries`.
    first: u64,
    /// The payloads of `entries`.
    bytes: usize,
    receipts: Rare<Receipts>,
}

/// What somebody waits for, and what is to be told of it.
#[derive(Debug, Default)]
struct Receipts {
    next: Receipt,
    last_ping: u64,
    /// What the pings of this connection stand for so far.
    asked: Watermark,
    /// The payloads of what was written behind the last ping, where what is written is kept.
    unasked_bytes: usize,
    /// Receipts that are waited for, with the time when that ends.
    waiters: BTreeMap<Receipt, Option<Instant>>,
    timeouts: BTreeSet<(Instant, Receipt)>,
    /// Receipts that say no more than that a message was handed to the system.
    handovers: BTreeSet<Receipt>,
    /// Receipts that stand for all messages before a position, not for one alone; settled ones among them.
    flushes: VecDeque<(u64, Receipt)>,
    /// Pings under way, oldest first.
    pings: VecDeque<PendingAck>,
    outcomes: VecDeque<DeliveryOutcome>,
}

/// A message that is kept.
#[derive(Debug)]
struct Entry {
    message: Message,
    plain: bool,
    since: Instant,
    /// On a connection, be it one that was lost since.
    written: bool,
    receipt: Option<Receipt>,
    handover: Option<Receipt>,
}

/// How a receipt ends.
#[derive(Clone, Copy)]
enum Answer {
    Confirmed,
    Unconfirmed(UnconfirmedReason),
    Unsent(UnconfirmedReason),
}

/// A ping whose pong has not come yet, and what that pong will confirm.
#[derive(Debug)]
struct PendingAck {
    number: u64,
    watermark: Watermark,
    /// Another ping of ours that went out behind it, by that one's number.
    overtaken: Option<u64>,
}

/// All messages before a position, and all receipts before one.
#[derive(Clone, Copy, Debug, Default)]
struct Watermark {
    position: u64,
    receipt: Receipt,
}

impl Outbox {
    pub fn new(delivery: impl Into<Arc<DeliverySettings>>) -> Outbox {
        Outbox {
            delivery: delivery.into(),
            connected: false,
            entries: Rare::default(),
            first: 0,
            bytes: 0,
            receipts: Rare::default(),
        }
    }

    /// Takes a message that the user sends: keeps it where that is needed, or says why it has gone. What is taken is to be
    /// written where a connection is open. `plain`: it is not to be compressed.
    pub fn take(
        &mut self,
        way: Way,
        plain: bool,
        now: Instant,
        message: impl FnOnce() -> Message,
    ) -> Result<Result<(), UnconfirmedReason>, Full> {
        let keeps = self.keeps_written();
        let queues = keeps || self.delivery.queues;
        match way {
            Way::Ended { seen_open } => {
                // A user who sees no connection was told that the message is kept.
                if queues || !seen_open {
                    self.refuse(message(), DropReason::Ended);
                }
                return Ok(Err(UnconfirmedReason::Ended));
            }
            Way::Down { seen_open: true } if !queues => return Ok(Err(UnconfirmedReason::Lost)),
            Way::Open if !keeps => return Ok(Ok(())),
            Way::Open | Way::Down { .. } => {}
        }
        if self.keep(message(), plain, now)? {
            Ok(Ok(()))
        } else {
            Ok(Err(UnconfirmedReason::Dropped(DropReason::Overflow)))
        }
    }

    /// Whether what is written is kept too.
    fn keeps_written(&self) -> bool {
        match self.delivery.guarantee {
            Guarantee::AtMostOnce => false,
            Guarantee::AtLeastOnce => true,
        }
    }

    /// Keeps a message: for the next connection, or until it is confirmed where the caller writes it on the
    /// one there is. `false`: it has been dropped, and is not to be written.
    fn keep(&mut self, message: Message, plain: bool, now: Instant) -> Result<bool, Full> {
        let DeliverySettings {
            max_messages,
            max_bytes,
            overflow,
            ..
        } = *self.delivery;
        let len = message.len();
        while self.kept_count() >= max_messages || len > max_bytes - self.bytes.min(max_bytes) {
            match overflow {
                Overflow::Throw => return Err(Full),
                Overflow::DropOldest if self.kept_count() > 0 && len <= max_bytes => {
                    self.drop_oldest(DropReason::Overflow);
                }
                Overflow::DropOldest | Overflow::DropNewest => {
                    self.refuse(message, DropReason::Overflow);
                    return Ok(false);
                }
            }
        }
        self.bytes += len;
        self.note_unasked(len);
        self.entries.used().push_back(Entry {
            message,
            plain,
            since: now,
            written: self.connected,
            receipt: None,
            handover: None,
        });
        Ok(true)
    }

    /// Drops a message that is not even kept.
    fn refuse(&mut self, message: Message, reason: DropReason) {
        self.conclude(DeliveryOutcome::Dropped { message, reason });
    }

    /// Asks for a receipt of the message that was kept or written last.
    pub fn confirm(&mut self, now: Instant, timeout: Option<Duration>) -> Receipt {
        let receipt = self.wait(now, timeout);
        if let Some(entry) = self.latest() {
            entry.receipt = Some(receipt);
        }
        receipt
    }

    /// Asks to be told when the message that was kept or written last is handed to the system. `volatile`: it is not kept.
    pub fn hand_over(&mut self, volatile: bool) -> Receipt {
        let receipt = self.wait_none();
        self.receipts().handovers.insert(receipt);
        if let Some(entry) = self.latest().filter(|_| !volatile) {
            entry.handover = Some(receipt);
        }
        receipt
    }

    /// The message of this receipt was handed to the system.
    pub fn handed(&mut self, receipt: Receipt) {
        self.settle_handover(receipt, Answer::Confirmed);
    }

    /// The message that was kept last, where the message that was kept or written last is kept.
    fn latest(&mut self) -> Option<&mut Entry> {
        let is_kept = self.keeps_written() || !self.connected;
        self.entries.get_mut()?.back_mut().filter(|_| is_kept)
    }

    /// A receipt of a message that was not taken, for this reason.
    pub fn unsent(&mut self, reason: UnconfirmedReason) -> Receipt {
        self.answered(Answer::Unsent(reason))
    }

    fn answered(&mut self, answer: Answer) -> Receipt {
        let receipt = self.wait_none();
        self.tell(receipt, answer);
        receipt
    }

    /// Asks for a receipt of all that was sent so far.
    pub fn flush(&mut self, now: Instant, timeout: Option<Duration>) -> Receipt {
        if self.kept_count() == 0 && self.keeps_written() {
            return self.answered(Answer::Confirmed);
        }
        if self.kept_count() == 0 && !self.connected {
            return self.answered(Answer::Unconfirmed(UnconfirmedReason::NotConnected));
        }
        let receipt = self.wait(now, timeout);
        let end = self.end_position();
        self.receipts().flushes.push_back((end, receipt));
        receipt
    }

    /// A connection is open: `write` is called with all that has to go out first, in order.
    pub fn opened(&mut self, now: Instant, mut write: impl FnMut(Frame<'_>)) {
        self.expire(now);
        self.connected = true;
        self.forget_pings();
        let mut watermark = Watermark {
            position: self.first,
            receipt: 0,
        };
        if self.keeps_written() || self.receipts.get().is_some() {
            let receipts = self.receipts();
            receipts.unasked_bytes = 0;
            receipts.asked = watermark;
        }
        for index in 0..self.kept_count() {
            let Some(entry) = self.entries.get().and_then(|entries| entries.get(index)) else {
                break;
            };
            write(Frame::Message {
                message: &entry.message,
                plain: entry.plain,
                handover: entry.handover,
            });
            watermark.position += 1;
            // Receipts that were asked for before this one stand for earlier messages alone.
            watermark.receipt = entry
                .receipt
                .map_or(watermark.receipt, |receipt| receipt + 1);
            let len = entry.message.len();
            self.note_unasked(len);
            if self.asks_for_much(watermark.position) {
                write(Frame::Ping(self.ask(watermark)));
            }
        }
        if !self.keeps_written() {
            self.first = self.end_position();
            self.bytes = 0;
            self.entries.clear();
        } else if let Some(entries) = self.entries.get_mut() {
            for entry in entries {
                entry.written = true;
            }
        }
    }

    /// The connection is gone.
    pub fn lost(&mut self) {
        if !self.connected {
            return;
        }
        self.connected = false;
        self.forget_pings();
        if !self.keeps_written() {
            self.leave_all_unconfirmed(UnconfirmedReason::Lost);
        }
        self.leave_handovers_unconfirmed(UnconfirmedReason::Lost);
    }

    /// The client has come to its end.
    pub fn end(&mut self) {
        self.connected = false;
        self.forget_pings();
        while self.kept_count() > 0 {
            self.drop_oldest(DropReason::Ended);
        }
        self.entries.clear();
        self.leave_all_unconfirmed(UnconfirmedReason::Ended);
        self.leave_handovers_unconfirmed(UnconfirmedReason::Ended);
    }

    /// The ping to write now, if one is due.
    pub fn ping(&mut self) -> Option<Ping> {
        let is_free = self
            .receipts
            .get()
            .is_none_or(|receipts| receipts.pings.is_empty());
        if is_free || self.asks_for_much(self.end_position()) {
            self.last_ping()
        } else {
            None
        }
    }

    /// The ping to write before a close frame, if there is something to ask for: no pong that could be
    /// waited for will follow.
    pub fn last_ping(&mut self) -> Option<Ping> {
        let Receipts { next, asked, .. } = *self.receipts.get()?;
        let watermark = Watermark {
            position: self.end_position(),
            receipt: next,
        };
        let entries = self.keeps_written() && self.kept_count() > 0;
        let due =
            (entries && watermark.position > asked.position) || self.is_waited_for(asked.receipt);
        (self.connected && due).then(|| self.ask(watermark))
    }

    /// Whether somebody waits for a receipt from this one on.
    fn is_waited_for(&self, from: Receipt) -> bool {
        let waits = |receipts: &Receipts| receipts.waiters.range(from..).next().is_some();
        self.receipts.get().is_some_and(waits)
    }

    /// A pong arrived. One stands for the pings before it too, as a peer may answer the last of several alone.
    /// Others' pongs change nothing.
    pub fn pong(&mut self, payload: &[u8]) {
        let Some((&RECEIPT, number)) = payload.split_first() else {
            return;
        };
        let Ok(number) = number.try_into().map(u64::from_be_bytes) else {
            return;
        };
        let last = self
            .receipts
            .get()
            .and_then(|receipts| receipts.pings.back());
        if last.is_none_or(|last| number > last.number) {
            return;
        }
        self.acknowledge(|pending| pending.number <= number);
    }

    /// A ping that asks for no receipt has gone out.
    pub fn overtaken(&mut self, number: u64) {
        for pending in self
            .receipts
            .get_mut()
            .into_iter()
            .flat_map(|receipts| &mut receipts.pings)
        {
            pending.overtaken.get_or_insert(number);
        }
    }

    /// The pong of such a ping arrived. A peer may have left the ones before it without an answer of their own
    /// (RFC 6455, 5.5.3).
    pub fn overtook(&mut self, number: u64) {
        self.acknowledge(|pending| pending.overtaken.is_some_and(|other| other <= number));
    }

    /// Confirms all that the pings in front stand for which are answered.
    fn acknowledge(&mut self, is_answered: impl Fn(&PendingAck) -> bool) {
        while let Some(receipts) = self.receipts.get_mut()
            && let Some(pending) = receipts.pings.front()
            && is_answered(pending)
        {
            let watermark = pending.watermark;
            receipts.pings.pop_front();
            self.confirmed(watermark);
        }
    }

    /// Drops what has waited too long, and ends the receipts whose time is over.
    pub fn expire(&mut self, now: Instant) {
        while self.expiry().is_some_and(|expiry| expiry <= now) {
            self.drop_oldest(DropReason::Expired);
        }
        while let Some((deadline, receipt)) = self.first_timeout() {
            if deadline > now {
                break;
            }
            self.settle(receipt, Answer::Unconfirmed(UnconfirmedReason::TimedOut));
        }
    }

    /// When [`expire`](Outbox::expire) is due.
    pub fn deadline(&self) -> Option<Instant> {
        let timeout = self.first_timeout().map(|(deadline, _)| deadline);
        [self.expiry(), timeout].into_iter().flatten().min()
    }

    /// What became of a message or a receipt, in the order in which it did.
    pub fn next_outcome(&mut self) -> Option<DeliveryOutcome> {
        self.receipts.get_mut()?.outcomes.pop_front()
    }

    pub fn has_outcomes(&self) -> bool {
        self.receipts
            .get()
            .is_some_and(|receipts| !receipts.outcomes.is_empty())
    }

    pub fn is_connected(&self) -> bool {
        self.connected
    }

    /// Messages that are kept, and the bytes of their payloads.
    pub fn kept(&self) -> (usize, usize) {
        (self.kept_count(), self.bytes)
    }

    /// Bytes of payload that wait for a connection.
    pub fn waiting_bytes(&self) -> usize {
        if self.connected { 0 } else { self.bytes }
    }

    /// Whether so much of what was written up to a position has no ping behind it that it gets one.
    fn asks_for_much(&self, position: u64) -> bool {
        let is_much = |receipts: &Receipts| {
            position - receipts.asked.position >= MESSAGES_A_PING
                || receipts.unasked_bytes >= BYTES_A_PING
        };
        self.keeps_written() && self.receipts.get().is_some_and(is_much)
    }

    fn note_unasked(&mut self, len: usize) {
        if self.keeps_written() {
            self.receipts().unasked_bytes += len;
        }
    }

    /// Those of a connection that is over get no pong.
    fn forget_pings(&mut self) {
        if let Some(receipts) = self.receipts.get_mut() {
            receipts.pings.clear();
        }
    }

    fn ask(&mut self, watermark: Watermark) -> Ping {
        let receipts = self.receipts();
        receipts.last_ping += 1;
        receipts.asked = watermark;
        receipts.unasked_bytes = 0;
        let number = receipts.last_ping;
        receipts.pings.push_back(PendingAck {
            number,
            watermark,
            overtaken: None,
        });
        let mut payload = [RECEIPT; 9];
        payload[1..].copy_from_slice(&number.to_be_bytes());
        payload
    }

    fn confirmed(&mut self, watermark: Watermark) {
        while self.first < watermark.position {
            let Some(entry) = self.pop() else {
                break;
            };
            self.first += 1;
            self.bytes -= entry.message.len();
            if let Some(receipt) = entry.handover {
                self.handed(receipt);
            }
        }
        while let Some(receipt) = self.first_waiter() {
            if receipt >= watermark.receipt {
                break;
            }
            self.settle(receipt, Answer::Confirmed);
        }
        let read = self.keeps_written().then_some(self.first);
        while let Some(receipts) = self.receipts.get_mut()
            && let Some(&(end, receipt)) = receipts.flushes.front()
            && (receipt < watermark.receipt || read.is_some_and(|read| end <= read))
        {
            receipts.flushes.pop_front();
            self.settle(receipt, Answer::Confirmed);
        }
    }

    fn drop_oldest(&mut self, reason: DropReason) {
        let Some(entry) = self.pop() else {
            return;
        };
        let position = self.first;
        self.first += 1;
        self.bytes -= entry.message.len();
        self.refuse(entry.message, reason);
        let reason = UnconfirmedReason::Dropped(reason);
        let unconfirmed = Answer::Unconfirmed(reason);
        let answer = if entry.written {
            unconfirmed
        } else {
            Answer::Unsent(reason)
        };
        if let Some(receipt) = entry.handover {
            self.settle_handover(receipt, answer);
        }
        if let Some(receipt) = entry.receipt {
            self.settle(receipt, answer);
        }
        while let Some(receipts) = self.receipts.get_mut()
            && let Some(&(end, receipt)) = receipts.flushes.back()
            && end > position
        {
            receipts.flushes.pop_back();
            self.settle(receipt, unconfirmed);
        }
    }

    fn kept_count(&self) -> usize {
        self.entries.get().map_or(0, VecDeque::len)
    }

    fn pop(&mut self) -> Option<Entry> {
        self.entries.get_mut()?.pop_front()
    }

    fn expiry(&self) -> Option<Instant> {
        if self.connected {
            return None;
        }
        self.entries
            .get()?
            .front()?
            .since
            .checked_add(self.delivery.ttl?)
    }

    fn end_position(&self) -> u64 {
        self.first + self.kept_count() as u64
    }

    fn wait_none(&mut self) -> Receipt {
        let receipts = self.receipts();
        let receipt = receipts.next;
        receipts.next += 1;
        receipt
    }

    fn wait(&mut self, now: Instant, timeout: Option<Duration>) -> Receipt {
        let receipt = self.wait_none();
        let deadline = timeout.and_then(|timeout| now.checked_add(timeout));
        if let Some(deadline) = deadline {
            self.receipts().timeouts.insert((deadline, receipt));
        }
        self.receipts().waiters.insert(receipt, deadline);
        receipt
    }

    fn first_waiter(&self) -> Option<Receipt> {
        let (receipt, _) = self.receipts.get()?.waiters.first_key_value()?;
        Some(*receipt)
    }

    fn first_timeout(&self) -> Option<(Instant, Receipt)> {
        self.receipts.get()?.timeouts.first().copied()
    }

    fn leave_all_unconfirmed(&mut self, reason: UnconfirmedReason) {
        while let Some(receipt) = self.first_waiter() {
            self.settle(receipt, Answer::Unconfirmed(reason));
        }
        if let Some(receipts) = self.receipts.get_mut() {
            receipts.flushes.clear();
        }
    }

    /// Those of messages that are not kept.
    fn leave_handovers_unconfirmed(&mut self, reason: UnconfirmedReason) {
        let Some(receipts) = self.receipts.get() else {
            return;
        };
        let kept: BTreeSet<Receipt> = self
            .entries
            .get()
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.handover)
            .collect();
        let left: Vec<Receipt> = receipts.handovers.difference(&kept).copied().collect();
        for receipt in left {
            self.settle_handover(receipt, Answer::Unconfirmed(reason));
        }
    }

    /// Ends a receipt, unless that has been done.
    fn settle(&mut self, receipt: Receipt, answer: Answer) {
        let receipts = self.receipts();
        let Some(deadline) = receipts.waiters.remove(&receipt) else {
            return;
        };
        if let Some(deadline) = deadline {
            receipts.timeouts.remove(&(deadline, receipt));
        }
        self.tell(receipt, answer);
    }

    /// The same for one that stands for a handover.
    fn settle_handover(&mut self, receipt: Receipt, answer: Answer) {
        if self.receipts().handovers.remove(&receipt) {
            self.tell(receipt, answer);
        }
    }

    fn tell(&mut self, receipt: Receipt, answer: Answer) {
        self.conclude(match answer {
            Answer::Confirmed => DeliveryOutcome::Confirmed { receipt },
            Answer::Unconfirmed(reason) => DeliveryOutcome::Unconfirmed { receipt, reason },
            Answer::Unsent(reason) => DeliveryOutcome::Unsent { receipt, reason },
        });
    }

    fn conclude(&mut self, outcome: DeliveryOutcome) {
        self.receipts().outcomes.push_back(outcome);
    }

    fn receipts(&mut self) -> &mut Receipts {
        self.receipts.used()
    }
}
