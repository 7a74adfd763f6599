//! Writes what a client sends: messages and control frames become masked frames.

use siphasher::sip::SipHasher13;

use super::deflate::{self, Compressor};
use super::frame::{ClientHead, MAX_CLIENT_HEAD, Opcode, mask};
use super::violation::MAX_CONTROL;

/// Masking goes over the copy in blocks of this size, which the processor still has at hand.
const BLOCK: usize = 8 * 1024;

/// Frames and masks messages onto the end of an outbound buffer.
///
/// Each frame has a key of its own from a generator that a peer cannot predict (RFC 6455, 10.3). It holds
/// no memory but that of the compressor, where one was agreed and has been needed.
#[derive(Debug)]
pub struct Writer {
    keys: Keys,
    /// Boxed, since every connection has room for it.
    compressor: Option<Box<Compressor>>,
}

/// Numbers the frames and hashes the number: as hard to predict as a stream cipher, in a tenth of its
/// memory, which each idle connection pays.
#[derive(Debug)]
struct Keys {
    seed: [u8; 16],
    frames: u64,
}

impl Keys {
    #[inline]
    fn next(&mut self) -> [u8; 4] {
        self.frames = self.frames.wrapping_add(1);
        let hash = SipHasher13::new_with_key(&self.seed).hash(&self.frames.to_ne_bytes());
        (hash as u32).to_ne_bytes()
    }
}

impl Writer {
    /// `seed` is to come from the system's randomness, and to serve one connection alone.
    pub fn new(seed: [u8; 16], deflate: Option<&deflate::Agreed>) -> Self {
        Self {
            keys: Keys { seed, frames: 0 },
            compressor: deflate.map(|agreed| Box::new(Compressor::new(agreed))),
        }
    }

    pub fn text(&mut self, payload: &str, out: &mut Vec<u8>) {
        self.message(Opcode::Text, payload.as_bytes(), out);
    }

    pub fn binary(&mut self, payload: &[u8], out: &mut Vec<u8>) {
        self.message(Opcode::Binary, payload, out);
    }

    /// The same, never compressed.
    pub fn plain_text(&mut self, payload: &str, out: &mut Vec<u8>) {
        self.frame(Opcode::Text, payload.as_bytes(), out);
    }

    /// The same, never compressed.
    pub fn plain_binary(&mut self, payload: &[u8], out: &mut Vec<u8>) {
        self.frame(Opcode::Binary, payload, out);
    }

    /// A ping; of `payload` the first 125 bytes are sent.
    pub fn ping(&mut self, payload: &[u8], out: &mut Vec<u8>) {
        self.frame(
            Opcode::Ping,
            &payload[..payload.len().min(MAX_CONTROL)],
            out,
        );
    }

    /// A pong; of `payload` the first 125 bytes are sent.
    pub fn pong(&mut self, payload: &[u8], out: &mut Vec<u8>) {
        self.frame(
            Opcode::Pong,
            &payload[..payload.len().min(MAX_CONTROL)],
            out,
        );
    }

    /// A close frame. Without a code there is no reason either; of a reason as many whole characters
    /// are sent as fit into 123 bytes.
    pub fn close(&mut self, code: Option<u16>, reason: &str, out: &mut Vec<u8>) {
        let mut payload = [0; MAX_CONTROL];
        let mut len = 0;
        if let Some(code) = code {
            let room = MAX_CONTROL - 2;
            let end = (0..=reason.len().min(room))
                .rev()
                .find(|&end| reason.is_char_boundary(end));
            let reason = &reason.as_bytes()[..end.unwrap_or(0)];
            len = 2 + reason.len();
            payload[..2].copy_from_slice(&code.to_be_bytes());
            payload[2..len].copy_from_slice(reason);
        }
        self.frame(Opcode::Close, &payload[..len], out);
    }

    /// Lets go of the compressor's memory, for an idle connection. The next compressed message begins
    /// with an empty window, which a peer cannot tell but by its size.
    pub fn release_idle_memory(&mut self) {
        if let Some(compressor) = &mut self.compressor {
            compressor.release_idle_memory();
        }
    }

    /// Whether it holds memory that [`release_idle_memory`](Writer::release_idle_memory) lets go of.
    pub fn holds_idle_memory(&self) -> bool {
        self.compressor
            .as_ref()
            .is_some_and(|compressor| compressor.holds_idle_memory())
    }

    #[inline]
    fn message(&mut self, opcode: Opcode, payload: &[u8], out: &mut Vec<u8>) {
        match &mut self.compressor {
            Some(compressor) if compressor.wants(payload.len()) => {
                self.compressed(opcode, payload, out)
            }
            Some(_) | None => self.frame(opcode, payload, out),
        }
    }

    #[inline]
    fn frame(&mut self, opcode: Opcode, payload: &[u8], out: &mut Vec<u8>) {
        let key = self.keys.next();
        let head = ClientHead::new(opcode, false, payload.len(), key);
        out.reserve(MAX_CLIENT_HEAD + payload.len());
        out.extend_from_slice(head.as_ref());
        for block in payload.chunks(BLOCK) {
            let start = out.len();
            out.extend_from_slice(block);
            mask(&mut out[start..], key);
        }
    }

    /// Compresses behind room for the longest header, then moves the payload up to the header it got.
    fn compressed(&mut self, opcode: Opcode, payload: &[u8], out: &mut Vec<u8>) {
        let start = out.len();
        let body = start + MAX_CLIENT_HEAD;
        out.resize(body, 0);
        let done = self
            .compressor
            .as_mut()
            .is_some_and(|compressor| compressor.deflate(payload, out));
        if !done {
            out.truncate(start);
            return self.frame(opcode, payload, out);
        }
        let key = self.keys.next();
        let len = out.len() - body;
        let head = ClientHead::new(opcode, true, len, key);
        let head = head.as_ref();
        out[start..start + head.len()].copy_from_slice(head);
        out.copy_within(body.., start + head.len());
        out.truncate(start + head.len() + len);
        mask(&mut out[start + head.len()..], key);
    }
}

#[cfg(test)]
mod tests {
    use rand::rngs::Xoshiro128PlusPlus as Random;
    use rand::{Rng, SeedableRng};

    use super::*;
    use crate::wire::deflate::{Agreed, DeflateOptions};
    use crate::wire::testing::{agreed, agreed_with, frame, trace, unmasked};
    use crate::wire::{Decoded, Reader};

    fn writer(agreed: Option<&Agreed>) -> Writer {
        Writer::new([7; 16], agreed)
    }

    #[test]
    fn every_frame_is_masked_with_a_key_of_its_own() {
        let mut out = Vec::new();
        let mut writer = writer(None);
        for _ in 0..100 {
            writer.text("Hello", &mut out);
        }
        assert_eq!(out.len(), 100 * 11);
        let mut keys: Vec<&[u8]> = out.chunks(11).map(|frame| &frame[2..6]).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), 100);
        assert_eq!(unmasked(&out), frame(0x81, "Hello").repeat(100));
    }

    #[test]
    fn frames_of_every_kind_and_length_are_appended() {
        for len in [0, 1, 125, 126, 65535, 65536, 100_000] {
            let mut out = b"before".to_vec();
            let payload = vec![b'x'; len];
            writer(None).binary(&payload, &mut out);
            assert_eq!(unmasked(&out[6..]), frame(0x82, payload));
        }
        let mut out = Vec::new();
        let mut writer = writer(None);
        writer.text("é", &mut out);
        writer.ping(b"p", &mut out);
        writer.pong(&[1; 130], &mut out);
        writer.close(Some(1000), "bye", &mut out);
        writer.close(None, "unsaid", &mut out);
        let expected = [
            frame(0x81, "é"),
            frame(0x89, "p"),
            frame(0x8a, [1; 125]),
            frame(0x88, b"\x03\xe8bye"),
            frame(0x88, ""),
        ];
        assert_eq!(unmasked(&out), expected.concat());
    }

    #[test]
    fn a_long_reason_is_cut_between_characters() {
        let mut out = Vec::new();
        writer(None).close(Some(4000), &"€".repeat(100), &mut out);
        let expected = [&4000_u16.to_be_bytes()[..], "€".repeat(41).as_bytes()].concat();
        assert_eq!(unmasked(&out), frame(0x88, expected));
        out.clear();
        writer(None).close(Some(4000), &"é".repeat(100), &mut out);
        assert_eq!(unmasked(&out).len(), 2 + 2 + 122);
    }

    #[test]
    fn only_messages_from_the_threshold_on_are_compressed() {
        let mut out = Vec::new();
        let mut writer = writer(Some(&agreed("")));
        writer.text(&"x".repeat(1023), &mut out);
        let plain = out.len();
        assert_eq!(out[0], 0x81);
        writer.text(&"x".repeat(1024), &mut out);
        assert_eq!(out[plain], 0xc1);
        assert!(out.len() - plain < 50);
    }

    #[test]
    fn a_plain_message_is_never_compressed() {
        let mut out = Vec::new();
        let mut writer = writer(Some(&agreed("")));
        let text = "x".repeat(2000);
        writer.plain_text(&text, &mut out);
        writer.plain_binary(text.as_bytes(), &mut out);
        let expected = [frame(0x81, text.as_str()), frame(0x82, text.as_str())];
        assert_eq!(unmasked(&out), expected.concat());
    }

    #[test]
    fn an_empty_message_is_compressed_to_one_byte() {
        let options = DeflateOptions {
            threshold: 0,
            ..DeflateOptions::default()
        };
        let mut out = Vec::new();
        writer(Some(&agreed_with(&options, ""))).text("", &mut out);
        assert_eq!(unmasked(&out), frame(0xc1, [0]));
    }

    #[test]
    fn the_second_message_refers_to_the_first_if_it_may() {
        let text: String = (0..1100_u32)
            .map(|i| char::from(b' ' + (i * i % 89) as u8))
            .collect();
        let sizes = |parameters| {
            let mut writer = writer(Some(&agreed(parameters)));
            let (mut first, mut second) = (Vec::new(), Vec::new());
            writer.text(&text, &mut first);
            writer.text(&text, &mut second);
            (first.len(), second.len())
        };
        let (first, second) = sizes("");
        assert!(second < first / 4);
        let (first, second) = sizes("; client_no_context_takeover");
        assert_eq!(first, second);
    }

    #[test]
    fn a_writer_that_has_rested_is_read_on() {
        let agreed = agreed("");
        let text = "over and over ".repeat(100);
        let mut writer = writer(Some(&agreed));
        let mut out = Vec::new();
        writer.text(&text, &mut out);
        writer.release_idle_memory();
        writer.text(&text, &mut out);
        let mut read = 0;
        Reader::new(0, Some(&agreed))
            .feed(&unmasked(&out), |decoded| {
                assert_eq!(decoded, Decoded::Text(text.as_str().into()));
                read += 1;
            })
            .unwrap();
        assert_eq!(read, 2);
    }

    #[test]
    fn what_does_not_compress_arrives_as_well() {
        let agreed = agreed("");
        let mut rng = Random::from_seed([1; 16]);
        let mut payload = vec![0; 300_000];
        rng.fill_bytes(&mut payload);
        let mut out = Vec::new();
        writer(Some(&agreed)).binary(&payload, &mut out);
        let trace = trace(&mut Reader::new(0, Some(&agreed)), [&unmasked(&out)[..]]);
        assert_eq!(trace, [format!("Binary({payload:?})")]);
    }
}
