//! Which thread writes what is sent, and for how long the memory for it is kept.

use std::mem;
use std::time::{Duration, Instant};

use super::client::{Client, Core, Payload};
use super::clock;
use super::runtime::lock;
use super::ways::Ways;
use crate::wire::Writer;

/// From this size on a message is written at once by who sends it: a write of its own costs it little.
const LARGE: usize = 16 * 1024;

/// An outbound buffer of this size may stay with an idle connection.
const KEPT_CAPACITY: usize = 4 * 1024;

/// Messages that are sent further apart than this are written one by one.
const APART: Duration = Duration::from_micros(100);

/// How fast the user sends.
pub(super) struct Pace {
    /// Something has arrived since the user sent last.
    pub heard: bool,
    sent_at: Instant,
}

impl Pace {
    pub fn new() -> Pace {
        Pace {
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
    pub(super) fn rest(&self, sends: u64) -> bool {
        let mut core = lock(&self.core);
        if core.sends != sends || core.in_flight > 0 || !core.out.is_empty() {
            return false;
        }
        core.out = Vec::new();
        if let Some(writer) = &mut core.writer {
            writer.rest();
        }
        core.restless = false;
        true
    }
}

impl Core {
    /// Writes a message by this thread where that is the better way. Whether nothing is left to write.
    pub fn flush_directly(&mut self, ways: Ways, length: usize, first: bool) -> bool {
        (length >= LARGE || (first && self.pace.is_slow())) && self.flush(ways)
    }

    /// Keeps account of a message that was written. Whether the driver is to see to the memory that
    /// this has come to hold.
    pub fn note_sent(&mut self) -> bool {
        self.sends += 1;
        let restless = !self.restless && self.holds_memory();
        self.restless |= restless;
        restless
    }

    fn holds_memory(&self) -> bool {
        self.out.capacity() > KEPT_CAPACITY || self.writer.as_ref().is_some_and(Writer::is_warm)
    }

    /// Writes by this thread what it can. Whether nothing is left for the driver to write.
    pub fn flush(&mut self, ways: Ways) -> bool {
        if self.out.is_empty() {
            return true;
        }
        let mine = ways.write && self.in_flight == 0;
        let Some(line) = self.line.as_ref().filter(|_| mine) else {
            return false;
        };
        // What fails here fails for the driver too, which knows what to do.
        match line.write(&self.out) {
            Ok(count) if count == self.out.len() => {
                self.out.clear();
                true
            }
            Ok(count) => {
                self.out.drain(..count);
                false
            }
            Err(_) => false,
        }
    }
}

pub(super) fn write(writer: &mut Writer, payload: Payload<'_>, out: &mut Vec<u8>) {
    match payload {
        Payload::Text(text) => writer.text(text, out),
        Payload::Binary(bytes) => writer.binary(bytes, out),
    }
}
