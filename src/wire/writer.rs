use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::deflate::{self, Compressor};
use super::frame::{ClientHead, MAX_CLIENT_HEAD, MAX_CONTROL, Opcode, mask};

/// Masking goes over the copy in blocks of this size, which the processor still has at hand.
const BLOCK: usize = 8 * 1024;

/// Frames and masks messages onto the end of an outbound buffer.
///
/// Each frame has a key of its own from a generator that a peer cannot predict (RFC 6455, 10.3). It holds
/// no memory but that of the compressor, where one was agreed and has been needed.
#[derive(Debug)]
pub struct Writer {
    keys: StdRng,
    compressor: Option<Compressor>,
}

impl Writer {
    /// `seed` is to come from the system's randomness, and to serve one connection alone.
    pub fn new(seed: [u8; 32], deflate: Option<&deflate::Agreed>) -> Self {
        Self {
            keys: StdRng::from_seed(seed),
            compressor: deflate.map(Compressor::new),
        }
    }

    pub fn text(&mut self, payload: &str, out: &mut Vec<u8>) {
        self.message(Opcode::Text, payload.as_bytes(), out);
    }

    pub fn binary(&mut self, payload: &[u8], out: &mut Vec<u8>) {
        self.message(Opcode::Binary, payload, out);
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

    /// Lets go of the compressor's memory, for a connection at rest. The next compressed message begins
    /// with an empty window, which a peer cannot tell but by its size.
    pub fn rest(&mut self) {
        if let Some(compressor) = &mut self.compressor {
            compressor.rest();
        }
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
        let key = self.key();
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
        let key = self.key();
        let len = out.len() - body;
        let head = ClientHead::new(opcode, true, len, key);
        let head = head.as_ref();
        out[start..start + head.len()].copy_from_slice(head);
        out.copy_within(body.., start + head.len());
        out.truncate(start + head.len() + len);
        mask(&mut out[start + head.len()..], key);
    }

    #[inline]
    fn key(&mut self) -> [u8; 4] {
        self.keys.next_u32().to_ne_bytes()
    }
}
