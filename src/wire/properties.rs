//! What must hold for all bytes and all cuts.

use proptest::collection::vec;
use proptest::prelude::*;

use super::deflate::{Agreed, ClientWindow, DeflateOptions};
use super::testing::{agreed, agreed_with, frame, trace, unmasked};
use super::{Reader, Writer};

/// Bytes of a server that mostly keeps the rules, and breaks each of them now and then.
fn server_bytes() -> impl Strategy<Value = Vec<u8>> {
    let first = prop_oneof![
        6 => prop::sample::select(vec![0x81, 0x82, 0x01, 0x02, 0x00, 0x80, 0x89, 0x8a, 0xc1, 0xc2, 0x41, 0x42]),
        1 => any::<u8>(),
    ];
    let payload = prop_oneof![
        3 => "[a-zé€😀]{0,40}".prop_map(String::into_bytes),
        3 => "[a-f]{0,300}".prop_map(|text| deflated(text.as_bytes())),
        2 => vec(any::<u8>(), 0..140),
        1 => (1000..1016_u16, "[a-zé]{0,9}").prop_map(|(code, reason)| [&code.to_be_bytes()[..], reason.as_bytes()].concat()),
    ];
    let piece = prop_oneof![
        9 => (first, payload).prop_map(|(first, payload)| frame(first, payload)),
        1 => vec(any::<u8>(), 0..12),
    ];
    vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// A message as a compressor sends it.
fn deflated(message: &[u8]) -> Vec<u8> {
    let options = DeflateOptions {
        threshold: 0,
        ..DeflateOptions::default()
    };
    let mut out = Vec::new();
    Writer::new([0; 16], Some(&agreed_with(&options, ""))).binary(message, &mut out);
    let bytes = unmasked(&out);
    let size = if bytes[1] < 126 { 2 } else { 4 };
    bytes[size..].to_vec()
}

fn cut<'a>(mut bytes: &'a [u8], sizes: &'a [usize]) -> impl Iterator<Item = &'a [u8]> {
    let mut sizes = sizes.iter().cycle();
    std::iter::from_fn(move || {
        let size = (*sizes.next()?).min(bytes.len());
        let (piece, rest) = bytes.split_at(size);
        bytes = rest;
        (!piece.is_empty()).then_some(piece)
    })
}

/// The agreement of a client with a server that answers all it may; one side reads here what the other
/// wrote, so that a window may not end for the reader alone.
fn agreement() -> impl Strategy<Value = Agreed> {
    let bits = || 8..=15_u8;
    (
        any::<(bool, bool)>(),
        bits(),
        bits(),
        0..=9_u8,
        1..=9_u8,
        0..200_usize,
    )
        .prop_map(
            |((client, server), client_bits, server_bits, level, mem_level, threshold)| {
                let options = DeflateOptions {
                    client_max_window_bits: ClientWindow::AtMost(client_bits),
                    level: Some(level),
                    mem_level,
                    threshold,
                    ..DeflateOptions::default()
                };
                let mut answer = format!("; server_max_window_bits={server_bits}");
                if client {
                    answer += "; client_no_context_takeover";
                }
                if client && server {
                    answer += "; server_no_context_takeover";
                }
                agreed_with(&options, &answer)
            },
        )
}

#[derive(Debug, Clone)]
enum Sent {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    ReleaseMemory,
}

fn sent() -> impl Strategy<Value = Sent> {
    let words = "([a-d]{1,9} ){0,99}[€😀]?";
    prop_oneof![
        4 => words.prop_map(Sent::Text),
        2 => vec(any::<u8>(), 0..2000).prop_map(Sent::Binary),
        2 => (any::<u8>(), 0..70_000_usize).prop_map(|(byte, len)| Sent::Binary(vec![byte; len])),
        1 => vec(any::<u8>(), 0..=125).prop_map(Sent::Ping),
        1 => vec(any::<u8>(), 0..=125).prop_map(Sent::Pong),
        1 => Just(Sent::ReleaseMemory),
    ]
}

proptest! {
    #[test]
    fn the_events_are_the_same_however_the_bytes_are_cut(
        bytes in server_bytes(),
        sizes in vec(1..40_usize, 1..10),
        compressed in any::<bool>(),
        max_payload in prop_oneof![Just(0), 0..400_usize],
    ) {
        let agreed = agreed("");
        let reader = || Reader::new(max_payload, compressed.then_some(&agreed));
        let whole = trace(&mut reader(), [&bytes[..]]);
        prop_assert_eq!(&whole, &trace(&mut reader(), cut(&bytes, &sizes)));
        prop_assert_eq!(&whole, &trace(&mut reader(), cut(&bytes, &[1])));
    }

    #[test]
    fn arbitrary_bytes_neither_panic_nor_take_memory_beyond_the_limit(
        bytes in prop_oneof![vec(any::<u8>(), 0..2000), server_bytes()],
        sizes in vec(1..400_usize, 1..10),
        compressed in any::<bool>(),
        max_payload in 1..500_usize,
    ) {
        let agreed = agreed("");
        let mut reader = Reader::new(max_payload, compressed.then_some(&agreed));
        for piece in cut(&bytes, &sizes) {
            let failed = reader.feed(piece, |_| {}).is_err();
            // The payload of a control frame may be held beside the message that it came into.
            prop_assert!(reader.held() <= max_payload.max(250) + 125);
            prop_assert!(!failed || reader.held() == 0);
        }
    }

    #[test]
    fn what_the_writer_wrote_the_reader_reads(
        messages in vec(sent(), 0..12),
        agreed in prop::option::of(agreement()),
        sizes in vec(1..5000_usize, 1..10),
    ) {
        let mut writer = Writer::new([1; 16], agreed.as_ref());
        let mut out = Vec::new();
        let mut expected = Vec::new();
        for message in &messages {
            match message {
                Sent::Text(text) => writer.text(text, &mut out),
                Sent::Binary(bytes) => writer.binary(bytes, &mut out),
                Sent::Ping(bytes) => writer.ping(bytes, &mut out),
                Sent::Pong(bytes) => writer.pong(bytes, &mut out),
                Sent::ReleaseMemory => {
                    writer.release_idle_memory();
                    continue;
                }
            }
            expected.push(format!("{message:?}"));
        }
        writer.close(Some(1000), "bye", &mut out);
        expected.push("Close { code: Some(1000), reason: \"bye\" }".to_owned());
        let bytes = unmasked(&out);
        let mut reader = Reader::new(0, agreed.as_ref());
        prop_assert_eq!(trace(&mut reader, cut(&bytes, &sizes)), expected);
    }
}
