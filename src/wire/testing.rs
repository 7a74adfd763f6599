//! What the wire's tests share: a server's frames, and what a reader decodes as text.

use super::deflate::{self, Agreed, DeflateOptions};
use super::{Reader, Violation};

pub(super) const TEXT: u8 = 0x81;
pub(super) const BINARY: u8 = 0x82;
pub(super) const CLOSE: u8 = 0x88;
pub(super) const PING: u8 = 0x89;
pub(super) const PONG: u8 = 0x8a;
pub(super) const FIRST_TEXT: u8 = 0x01;
pub(super) const MORE: u8 = 0x00;
pub(super) const LAST: u8 = 0x80;
pub(super) const RSV1: u8 = 0x40;

/// A frame as a server sends it: `first` is its first byte.
pub(super) fn frame(first: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    let payload = payload.as_ref();
    let mut bytes = vec![first];
    match payload.len() {
        len @ 0..126 => bytes.push(len as u8),
        len @ 126..65536 => {
            bytes.push(126);
            bytes.extend((len as u16).to_be_bytes());
        }
        len => {
            bytes.push(127);
            bytes.extend((len as u64).to_be_bytes());
        }
    }
    bytes.extend(payload);
    bytes
}

/// The frames of a client as a server would have sent them: without their masks.
pub(super) fn unmasked(mut bytes: &[u8]) -> Vec<u8> {
    let mut frames = Vec::new();
    while !bytes.is_empty() {
        assert_ne!(bytes[1] & 0x80, 0, "a client masks");
        let (len, size) = match bytes[1] & 0x7f {
            126 => (
                u16::from_be_bytes(bytes[2..4].try_into().unwrap()) as usize,
                4,
            ),
            127 => (
                u64::from_be_bytes(bytes[2..10].try_into().unwrap()) as usize,
                10,
            ),
            len => (len as usize, 2),
        };
        let key = &bytes[size..size + 4];
        let payload = &bytes[size + 4..][..len];
        let payload: Vec<u8> = payload
            .iter()
            .zip(key.iter().cycle())
            .map(|(byte, key)| byte ^ key)
            .collect();
        frames.extend(frame(bytes[0], payload));
        bytes = &bytes[size + 4 + len..];
    }
    frames
}

/// The events, and the violation that ended them, when the pieces arrive one after the other.
pub(super) fn trace<'a>(
    reader: &mut Reader,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Vec<String> {
    let mut trace = Vec::new();
    for piece in pieces {
        if let Err(violation) = reader.feed(piece, |decoded| trace.push(format!("{decoded:?}"))) {
            trace.push(format!("{violation:?}"));
        }
    }
    trace
}

/// The violation that `bytes` end in, by a reader without a limit and without compression.
pub(super) fn violation(bytes: impl AsRef<[u8]>) -> Option<Violation> {
    Reader::new(0, None).feed(bytes.as_ref(), |_| {}).err()
}

/// What is agreed when the server answers `parameters` to the default offer.
pub(super) fn agreed(parameters: &str) -> Agreed {
    agreed_with(&DeflateOptions::default(), parameters)
}

pub(super) fn agreed_with(options: &DeflateOptions, parameters: &str) -> Agreed {
    let response = format!("permessage-deflate{parameters}");
    deflate::accept(Some(options), Some(&response))
        .unwrap()
        .unwrap()
}
