//! What one read of a connection brings: messages for JavaScript, and what the engine itself answers or tells the policy.

use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::policy::{End, Failure, is_receipt, ping_number};
use crate::wire::{Decoded, Reader, Violation};

/// One read takes at most this many bytes.
const SCRATCH: usize = 64 * 1024;

/// Messages from this size on make a batch of their own, which is never copied.
const LARGE: usize = 16 * 1024;

thread_local! {
    /// Shared by all connections of a thread: only what is partial is kept by each.
    static READ: RefCell<Vec<u8>> = RefCell::new(vec![0; SCRATCH]);
}

/// Lends the thread's read buffer.
pub(super) fn with_scratch<R>(read: impl FnOnce(&mut [u8]) -> R) -> R {
    READ.with_borrow_mut(|scratch| read(scratch))
}

/// What one read brought.
pub struct ReadOutcome {
    pub batches: Vec<MessageBatch>,
    pub control: ControlFrames,
}

impl ReadOutcome {
    pub fn read(
        reader: &mut Reader,
        bytes: &[u8],
        wanted: &Wanted,
        longest_batch: usize,
    ) -> ReadOutcome {
        let mut batches = MessageBatches::new(longest_batch);
        let control = feed(reader, bytes, wanted, |message| batches.push(message));
        ReadOutcome {
            batches: batches.into_batches(),
            control,
        }
    }

    /// Without messages.
    pub fn of(control: ControlFrames) -> ReadOutcome {
        ReadOutcome {
            batches: Vec::new(),
            control,
        }
    }
}

/// A message as it arrived.
pub enum Incoming<'a> {
    Text(Cow<'a, str>),
    Binary(Cow<'a, [u8]>),
    /// The payload of a ping that was answered.
    Ping(&'a [u8]),
    Pong(&'a [u8]),
}

/// Which control frames JavaScript wants to be told of. All others cost it nothing.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    pub pings: AtomicBool,
    pub pongs: AtomicBool,
}

/// Messages of one kind that came one behind the other; their bytes lie end to end.
pub struct MessageBatch {
    pub kind: IncomingKind,
    /// The bytes of a text are UTF-8.
    pub bytes: Vec<u8>,
    pub lengths: Vec<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IncomingKind {
    Text,
    Binary,
    Ping,
    Pong,
}

/// What one read brought besides messages.
#[derive(Default)]
pub(super) struct ControlFrames {
    /// The payloads of the peer's pings, to be answered.
    pub pings: Payloads,
    /// Numbers of our pings that were answered.
    pub pongs: Vec<u64>,
    /// The payloads of pongs that answer pings for receipts.
    pub receipts: Payloads,
    /// Bytes arrived: the peer is alive.
    pub heard: bool,
    pub end: Option<End>,
}

/// Payloads of control frames, end to end, each behind its length: a read may bring tens of thousands.
#[derive(Default)]
pub(super) struct Payloads(Vec<u8>);

impl Payloads {
    fn push(&mut self, payload: &[u8]) {
        // A control frame has at most 125 bytes (RFC 6455, 5.5).
        self.0.push(payload.len() as u8);
        self.0.extend_from_slice(payload);
    }

    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = &self.0[..];
        std::iter::from_fn(move || {
            let (length, behind) = rest.split_first()?;
            let (payload, behind) = behind.split_at_checked(usize::from(*length))?;
            rest = behind;
            Some(payload)
        })
    }
}

impl ControlFrames {
    /// Of a stream that is at its end.
    pub fn cut() -> ControlFrames {
        ControlFrames {
            end: Some(End::Cut),
            ..ControlFrames::default()
        }
    }
}

/// Hands `bytes` to the reader, and each message to `take`.
pub(super) fn feed(
    reader: &mut Reader,
    bytes: &[u8],
    wanted: &Wanted,
    mut take: impl FnMut(Incoming<'_>),
) -> ControlFrames {
    let mut control = ControlFrames {
        heard: true,
        ..ControlFrames::default()
    };
    let result = reader.feed(bytes, |decoded| match decoded {
        Decoded::Text(text) => take(Incoming::Text(text)),
        Decoded::Binary(bytes) => take(Incoming::Binary(bytes)),
        Decoded::Ping(payload) => {
            control.pings.push(payload);
            if wanted.pings.load(Ordering::Relaxed) {
                take(Incoming::Ping(payload));
            }
        }
        Decoded::Pong(payload) => {
            control.pongs.extend(ping_number(payload));
            if is_receipt(payload) {
                control.receipts.push(payload);
            } else if wanted.pongs.load(Ordering::Relaxed) {
                take(Incoming::Pong(payload));
            }
        }
        Decoded::Close { code, reason } => {
            control.end = Some(End::Closed {
                code,
                reason: reason.to_owned(),
            })
        }
    });
    if let Err(violation) = result {
        control.end = Some(violated(&violation));
    }
    control
}

fn violated(violation: &Violation) -> End {
    End::Violated {
        code: violation.close_code(),
        failure: Box::new(Failure {
            message: violation.to_string(),
            code: Some(violation.code().to_owned()),
            ..Failure::default()
        }),
    }
}

/// The messages of one read, gathered into batches for the mailbox.
pub(super) struct MessageBatches {
    batches: Vec<MessageBatch>,
    longest: usize,
}

impl MessageBatches {
    /// No batch holds more messages than `longest`.
    pub fn new(longest: usize) -> MessageBatches {
        MessageBatches {
            batches: Vec::new(),
            longest,
        }
    }

    pub fn push(&mut self, message: Incoming<'_>) {
        let (kind, bytes) = match message {
            Incoming::Text(Cow::Borrowed(text)) => {
                (IncomingKind::Text, Cow::Borrowed(text.as_bytes()))
            }
            Incoming::Text(Cow::Owned(text)) => (IncomingKind::Text, Cow::Owned(text.into_bytes())),
            Incoming::Binary(bytes) => (IncomingKind::Binary, bytes),
            Incoming::Ping(payload) => (IncomingKind::Ping, Cow::Borrowed(payload)),
            Incoming::Pong(payload) => (IncomingKind::Pong, Cow::Borrowed(payload)),
        };
        match self.batches.last_mut() {
            Some(batch)
                if batch.kind == kind
                    && bytes.len() < LARGE
                    && batch.bytes.len() < LARGE * 4
                    && batch.lengths.len() < self.longest =>
            {
                batch.bytes.extend_from_slice(&bytes);
                batch.lengths.push(bytes.len());
            }
            Some(_) | None => self.batches.push(MessageBatch {
                kind,
                lengths: vec![bytes.len()],
                bytes: bytes.into_owned(),
            }),
        }
    }

    pub fn into_batches(self) -> Vec<MessageBatch> {
        self.batches
    }
}
