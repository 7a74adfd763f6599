//! What the writer wrote, unmasked, the reader reads, with permessage-deflate in all its parameters.

#![no_main]

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use websocket_reconnect_native::wire::deflate::{self, Agreed, ClientWindow, DeflateOptions};
use websocket_reconnect_native::wire::{Decoded, Reader, Writer};

#[derive(Debug, Arbitrary)]
struct Case {
    compression: Option<Compression>,
    sizes: Vec<u16>,
    messages: Vec<Sent>,
}

#[derive(Debug, Arbitrary)]
struct Compression {
    client_no_takeover: bool,
    server_no_takeover: bool,
    client_bits: u8,
    server_bits: u8,
    threshold: u8,
    level: u8,
    mem_level: u8,
}

#[derive(Debug, Arbitrary)]
enum Sent {
    Text(String),
    Binary(Vec<u8>),
    /// What a compressor likes.
    Repeated(Vec<u8>, u16),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    ReleaseMemory,
}

fuzz_target!(|case: Case| {
    let agreed = case.compression.as_ref().map(agreed);
    let mut writer = Writer::new([1; 16], agreed.as_ref());
    let mut out = Vec::new();
    let mut expected = Vec::new();
    for message in case.messages {
        match message {
            Sent::Text(text) => {
                writer.text(&text, &mut out);
                expected.push(format!("Text({text:?})"));
            }
            Sent::Binary(bytes) => {
                writer.binary(&bytes, &mut out);
                expected.push(format!("Binary({bytes:?})"));
            }
            Sent::Repeated(bytes, times) => {
                let times = usize::from(times).min(20_000 / bytes.len().max(1));
                let bytes = bytes.repeat(times);
                writer.binary(&bytes, &mut out);
                expected.push(format!("Binary({bytes:?})"));
            }
            Sent::Ping(mut bytes) => {
                writer.ping(&bytes, &mut out);
                bytes.truncate(125);
                expected.push(format!("Ping({bytes:?})"));
            }
            Sent::Pong(mut bytes) => {
                writer.pong(&bytes, &mut out);
                bytes.truncate(125);
                expected.push(format!("Pong({bytes:?})"));
            }
            Sent::ReleaseMemory => writer.release_idle_memory(),
        }
    }
    let bytes = unmasked(&out);
    let mut reader = Reader::new(0, agreed.as_ref());
    let mut rest = &bytes[..];
    let mut sizes = case
        .sizes
        .iter()
        .map(|&size| usize::from(size).max(1))
        .cycle();
    let mut read = Vec::new();
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(sizes.next().unwrap_or(usize::MAX).min(rest.len()));
        rest = after;
        let fed = reader.feed(piece, |decoded: Decoded<'_>| read.push(format!("{decoded:?}")));
        assert_eq!(fed, Ok(()));
    }
    assert_eq!(read, expected);
});

fn agreed(compression: &Compression) -> Agreed {
    let options = DeflateOptions {
        client_max_window_bits: ClientWindow::AtMost(8 + compression.client_bits % 8),
        threshold: usize::from(compression.threshold),
        level: Some(compression.level % 10),
        mem_level: 1 + compression.mem_level % 9,
        ..DeflateOptions::default()
    };
    let mut answer = format!(
        "permessage-deflate; server_max_window_bits={}",
        8 + compression.server_bits % 8
    );
    if compression.client_no_takeover {
        answer += "; client_no_context_takeover";
        // The reader here reads what a client wrote, so that it may forget only what that forgets.
        if compression.server_no_takeover {
            answer += "; server_no_context_takeover";
        }
    }
    deflate::accept(Some(&options), Some(&answer))
        .unwrap()
        .unwrap()
}

/// The frames of a client as a server would have sent them: without their masks.
fn unmasked(mut bytes: &[u8]) -> Vec<u8> {
    let mut frames = Vec::new();
    while !bytes.is_empty() {
        let (len, size) = match bytes[1] & 0x7f {
            126 => (usize::from(u16::from_be_bytes([bytes[2], bytes[3]])), 4),
            127 => (
                u64::from_be_bytes(bytes[2..10].try_into().unwrap()) as usize,
                10,
            ),
            len => (usize::from(len), 2),
        };
        frames.push(bytes[0]);
        frames.push(bytes[1] & 0x7f);
        frames.extend(&bytes[2..size]);
        let (key, rest) = bytes[size..].split_at(4);
        let (payload, rest) = rest.split_at(len);
        frames.extend(
            payload
                .iter()
                .zip(key.iter().cycle())
                .map(|(byte, key)| byte ^ key),
        );
        bytes = rest;
    }
    frames
}
