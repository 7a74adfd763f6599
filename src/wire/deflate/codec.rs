//! The compressor and the decompressor of one connection, over zlib-rs.

use std::fmt;

use zlib_rs::{Deflate, DeflateConfig, DeflateFlush, Inflate, InflateFlush, Status};

use super::Agreed;
use crate::wire::Violation;

/// What a sender cuts off the end of each message, and a receiver puts back (RFC 7692, 7.2.1).
const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];
/// The payload of an empty message (RFC 7692, 7.2.3.6).
const EMPTY: u8 = 0x00;
/// How much is inflated at a time, and so by how much a bomb gets past the limit before it is seen.
const CHUNK: usize = 16 * 1024;

/// Inflates messages. Its state is made when the first arrives.
pub(in crate::wire) struct Decompressor {
    keeps_context: bool,
    state: Option<Box<Inflate>>,
    /// The stream has ended with a final block, and nothing has come since.
    ended: bool,
}

impl Decompressor {
    pub(in crate::wire) fn new(agreed: &Agreed) -> Self {
        Self {
            keeps_context: !agreed.server_no_context_takeover,
            state: None,
            ended: false,
        }
    }

    /// Inflates a piece of a message, handing what comes out to `sink` piece by piece by way of `chunk`,
    /// whose contents are of no matter.
    pub(in crate::wire) fn inflate(
        &mut self,
        mut input: &[u8],
        chunk: &mut Vec<u8>,
        mut sink: impl FnMut(&[u8]) -> Result<(), Violation>,
    ) -> Result<(), Violation> {
        // Every window is read with the largest: that takes no more memory here.
        let state = self
            .state
            .get_or_insert_with(|| Box::new(Inflate::new(false, 15)));
        chunk.resize(CHUNK, 0);
        let mut full = false;
        while full || !input.is_empty() {
            self.ended = false;
            let (total_in, total_out) = (state.total_in(), state.total_out());
            let status = state.decompress(input, chunk, InflateFlush::NoFlush);
            input = &input[(state.total_in() - total_in) as usize..];
            let inflated = &chunk[..(state.total_out() - total_out) as usize];
            full = inflated.len() == CHUNK;
            sink(inflated)?;
            match status {
                Ok(Status::Ok | Status::BufError) => {}
                Ok(Status::StreamEnd) => {
                    state.reset(false);
                    self.ended = true;
                    full = false;
                }
                Err(_) => return Err(Violation::Compression),
            }
        }
        Ok(())
    }

    /// Inflates what is left at the end of a message.
    pub(in crate::wire) fn finish(
        &mut self,
        chunk: &mut Vec<u8>,
        sink: impl FnMut(&[u8]) -> Result<(), Violation>,
    ) -> Result<(), Violation> {
        if !self.ended {
            self.inflate(&TAIL, chunk, sink)?;
        }
        self.ended = false;
        if !self.keeps_context {
            self.state = None;
        }
        Ok(())
    }
}

/// Deflates messages. Its state is made when the first is sent.
pub(in crate::wire) struct Compressor {
    keeps_context: bool,
    threshold: usize,
    config: DeflateConfig,
    state: Option<Box<Deflate>>,
}

impl Compressor {
    pub(in crate::wire) fn new(agreed: &Agreed) -> Self {
        // zlib has no raw window of 8 bits. Its 9 bits reach back 250 bytes at most, which 8 bits hold.
        let window_bits = agreed.client_max_window_bits.clamp(9, 15);
        Self {
            keeps_context: !agreed.client_no_context_takeover,
            threshold: agreed.threshold,
            config: DeflateConfig {
                level: agreed.level.map_or(-1, |level| i32::from(level.min(9))),
                window_bits: -i32::from(window_bits),
                mem_level: i32::from(agreed.mem_level.clamp(1, 9)),
                ..DeflateConfig::default()
            },
            state: None,
        }
    }

    /// Whether a message of `len` bytes is to be compressed.
    #[inline]
    pub(in crate::wire) fn wants(&self, len: usize) -> bool {
        len >= self.threshold
    }

    /// Appends `message`, deflated, to `out`; `false` where that failed, and `out` then is not of use.
    pub(in crate::wire) fn deflate(&mut self, message: &[u8], out: &mut Vec<u8>) -> bool {
        if message.is_empty() {
            out.push(EMPTY);
            return true;
        }
        let state = self
            .state
            .get_or_insert_with(|| Box::new(Deflate::new_with_config(self.config)));
        let done = deflate(state, message, out);
        if !self.keeps_context || !done {
            self.state = None;
        }
        done
    }

    pub(in crate::wire) fn release_idle_memory(&mut self) {
        self.state = None;
    }

    pub(in crate::wire) fn holds_idle_memory(&self) -> bool {
        self.state.is_some()
    }
}

fn deflate(state: &mut Deflate, mut message: &[u8], out: &mut Vec<u8>) -> bool {
    loop {
        let start = out.len();
        // More than the 6 bytes below which zlib would write the marker of a flush twice.
        let room = (message.len() / 2).clamp(256, CHUNK);
        out.resize(start + room, 0);
        let (total_in, total_out) = (state.total_in(), state.total_out());
        let status = state.compress(message, &mut out[start..], DeflateFlush::SyncFlush);
        let deflated = (state.total_out() - total_out) as usize;
        message = &message[(state.total_in() - total_in) as usize..];
        out.truncate(start + deflated);
        if status.is_err() {
            return false;
        }
        if deflated < room && message.is_empty() {
            break;
        }
    }
    let Some(end) = out.len().checked_sub(TAIL.len()) else {
        return false;
    };
    let ends_in_tail = out[end..] == TAIL;
    out.truncate(end);
    ends_in_tail
}

impl fmt::Debug for Decompressor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decompressor")
            .field("made", &self.state.is_some())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Compressor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compressor")
            .field("made", &self.state.is_some())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
impl Decompressor {
    pub(in crate::wire) fn is_made(&self) -> bool {
        self.state.is_some()
    }
}

#[cfg(test)]
mod tests {
    use rand::rngs::Xoshiro128PlusPlus as Random;
    use rand::{Rng, SeedableRng};

    use super::*;
    use crate::wire::deflate::{ClientWindow, DeflateOptions};
    use crate::wire::testing::agreed_with;

    /// How many bytes a message becomes that repeats itself every `period` bytes, and nowhere else.
    fn size(bits: u8, level: u8, period: usize) -> usize {
        let mut noise = vec![0; period];
        Random::from_seed([3; 16]).fill_bytes(&mut noise);
        let options = DeflateOptions {
            client_max_window_bits: ClientWindow::AtMost(bits),
            level: Some(level),
            ..DeflateOptions::default()
        };
        let mut deflated = Vec::new();
        assert!(
            Compressor::new(&agreed_with(&options, "")).deflate(&noise.repeat(4), &mut deflated)
        );
        deflated.len()
    }

    #[test]
    fn nothing_refers_further_back_than_the_window_that_was_agreed() {
        // Noise that only Huffman coding shortens, by a few bytes; a reference would halve it.
        for (bits, level) in (8..15).flat_map(|bits| (1..=9).map(move |level| (bits, level))) {
            for beyond in [1, 20, 100, 1 << (bits - 1)] {
                let period = (1 << bits) + beyond;
                let size = size(bits, level, period);
                assert!(
                    size > period * 7 / 2,
                    "{size} by {bits} bits, level {level}"
                );
            }
        }
        assert!(size(10, 6, 300) < 300 * 3 / 2);
    }
}
