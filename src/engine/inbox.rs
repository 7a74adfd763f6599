//! What a read of a connection brings.

use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, Ordering};

use super::end::End;
use crate::policy::{is_receipt, ping_number};
use crate::wire::{Event, Reader};

/// One read takes at most this many bytes.
const SCRATCH: usize = 64 * 1024;

/// Messages from this size on make a run of their own, which is never copied.
const LARGE: usize = 16 * 1024;

thread_local! {
    /// Shared by all connections of a thread: only what is partial is kept by each.
    static READ: RefCell<Vec<u8>> = RefCell::new(vec![0; SCRATCH]);
}

/// Lends the thread's read buffer.
pub(super) fn with_scratch<R>(read: impl FnOnce(&mut [u8]) -> R) -> R {
    READ.with_borrow_mut(|scratch| read(scratch))
}

/// A message as it arrived.
pub enum Message<'a> {
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

/// Messages of one kind that came one behind the other, end to end.
pub struct Run {
    pub kind: Kind,
    /// The bytes of a text are UTF-8.
    pub bytes: Vec<u8>,
    pub lengths: Vec<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Text,
    Binary,
    Ping,
    Pong,
}

/// What one read brought besides messages.
#[derive(Default)]
pub(super) struct Signals {
    /// Of the peer's pings, to be answered.
    pub pings: Payloads,
    /// Numbers of our pings that were answered.
    pub pongs: Vec<u64>,
    /// Of the pongs that answer pings for receipts.
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

impl Signals {
    /// Those of a stream that is at its end.
    pub fn cut() -> Signals {
        Signals {
            end: Some(End::Cut),
            ..Signals::default()
        }
    }
}

/// Hands `bytes` to the reader, and each message to `take`.
pub(super) fn feed(
    reader: &mut Reader,
    bytes: &[u8],
    wanted: &Wanted,
    mut take: impl FnMut(Message<'_>),
) -> Signals {
    let mut signals = Signals {
        heard: true,
        ..Signals::default()
    };
    let result = reader.feed(bytes, |event| match event {
        Event::Text(text) => take(Message::Text(text)),
        Event::Binary(bytes) => take(Message::Binary(bytes)),
        Event::Ping(payload) => {
            signals.pings.push(payload);
            if wanted.pings.load(Ordering::Relaxed) {
                take(Message::Ping(payload));
            }
        }
        Event::Pong(payload) => {
            signals.pongs.extend(ping_number(payload));
            if is_receipt(payload) {
                signals.receipts.push(payload);
            } else if wanted.pongs.load(Ordering::Relaxed) {
                take(Message::Pong(payload));
            }
        }
        Event::Close { code, reason } => {
            signals.end = Some(End::Closed {
                code,
                reason: reason.to_owned(),
            })
        }
    });
    if let Err(violation) = result {
        signals.end = Some(End::Violated(violation));
    }
    signals
}

/// Messages that JavaScript is to be told through the mailbox.
pub(super) struct Runs {
    runs: Vec<Run>,
    longest: usize,
}

impl Runs {
    /// No run holds more messages than `longest`.
    pub fn new(longest: usize) -> Runs {
        Runs {
            runs: Vec::new(),
            longest,
        }
    }

    pub fn push(&mut self, message: Message<'_>) {
        let (kind, bytes) = match message {
            Message::Text(Cow::Borrowed(text)) => (Kind::Text, Cow::Borrowed(text.as_bytes())),
            Message::Text(Cow::Owned(text)) => (Kind::Text, Cow::Owned(text.into_bytes())),
            Message::Binary(bytes) => (Kind::Binary, bytes),
            Message::Ping(payload) => (Kind::Ping, Cow::Borrowed(payload)),
            Message::Pong(payload) => (Kind::Pong, Cow::Borrowed(payload)),
        };
        match self.runs.last_mut() {
            Some(run)
                if run.kind == kind
                    && bytes.len() < LARGE
                    && run.bytes.len() < LARGE * 4
                    && run.lengths.len() < self.longest =>
            {
                run.bytes.extend_from_slice(&bytes);
                run.lengths.push(bytes.len());
            }
            Some(_) | None => self.runs.push(Run {
                kind,
                lengths: vec![bytes.len()],
                bytes: bytes.into_owned(),
            }),
        }
    }

    pub fn into_runs(self) -> Vec<Run> {
        self.runs
    }
}
