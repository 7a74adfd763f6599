//! The reader, fed arbitrary bytes: no panic, no message beyond the limit, and the same events however
//! the bytes are cut.
//!
//! An input is a byte of flags, two of `maxPayload`, one that tells how many sizes of pieces follow,
//! those sizes, and then what the server sends.

#![no_main]

use libfuzzer_sys::fuzz_target;
use websocket_reconnect_native::wire::deflate::{self, Agreed, DeflateOptions};
use websocket_reconnect_native::wire::{Decoded, Reader};

const COMPRESSED: u8 = 1;
const NO_TAKEOVER: u8 = 2;

fuzz_target!(|input: &[u8]| {
    let [flags, max_high, max_low, sizes, rest @ ..] = input else {
        return;
    };
    let Some((sizes, bytes)) = rest.split_at_checked(usize::from(sizes % 16)) else {
        return;
    };
    let max_payload = usize::from(u16::from_be_bytes([*max_high, *max_low]));
    let agreed = (flags & COMPRESSED != 0).then(|| agreed(flags & NO_TAKEOVER != 0));
    let read = |sizes: &[u8]| {
        trace(
            Reader::new(max_payload, agreed.as_ref()),
            max_payload,
            bytes,
            sizes,
        )
    };
    let whole = read(&[]);
    assert_eq!(whole, read(sizes));
    assert_eq!(whole, read(&[1]));
});

fn agreed(no_takeover: bool) -> Agreed {
    let answer = match no_takeover {
        true => "permessage-deflate; server_no_context_takeover",
        false => "permessage-deflate",
    };
    deflate::accept(Some(&DeflateOptions::default()), Some(answer))
        .unwrap()
        .unwrap()
}

/// The events and the violation at their end, when `bytes` arrive in pieces of `sizes`, in turn.
fn trace(mut reader: Reader, max_payload: usize, mut bytes: &[u8], sizes: &[u8]) -> Vec<String> {
    let mut trace = Vec::new();
    let mut sizes = sizes.iter().map(|&size| usize::from(size).max(1)).cycle();
    while !bytes.is_empty() {
        let (piece, rest) = bytes.split_at(sizes.next().unwrap_or(usize::MAX).min(bytes.len()));
        bytes = rest;
        let fed = reader.feed(piece, |decoded| {
            let len = match &decoded {
                Decoded::Text(text) => text.len(),
                Decoded::Binary(bytes) => bytes.len(),
                Decoded::Ping(_) | Decoded::Pong(_) | Decoded::Close { .. } => 0,
            };
            assert!(max_payload == 0 || len <= max_payload);
            trace.push(format!("{decoded:?}"));
        });
        if let Err(violation) = fed {
            trace.push(format!("{violation:?}"));
        }
    }
    trace
}
