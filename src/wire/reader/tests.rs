use std::borrow::Cow;

use zlib_rs::{Deflate, DeflateFlush};

use super::*;
use crate::wire::testing::*;

fn events(bytes: impl AsRef<[u8]>) -> Vec<String> {
    trace(&mut Reader::new(0, None), [bytes.as_ref()])
}

fn inflated(agreed: &str, max_payload: usize, bytes: impl AsRef<[u8]>) -> Vec<String> {
    trace(
        &mut Reader::new(max_payload, Some(&super::super::testing::agreed(agreed))),
        [bytes.as_ref()],
    )
}

/// One message as a compressor sends it.
fn deflated(message: &[u8]) -> Vec<u8> {
    let mut out = vec![0; message.len() + 100];
    let mut deflate = Deflate::new(6, false, 15);
    deflate
        .compress(message, &mut out, DeflateFlush::SyncFlush)
        .unwrap();
    out.truncate(deflate.total_out() as usize - 4);
    out
}

#[test]
fn a_message_whole_in_the_input_is_borrowed_and_one_in_pieces_is_owned() {
    let mut reader = Reader::new(0, None);
    let mut borrowed = Vec::new();
    let mut note = |decoded: Decoded<'_>| {
        borrowed.push(matches!(
            decoded,
            Decoded::Text(Cow::Borrowed(_)) | Decoded::Binary(Cow::Borrowed(_))
        ));
    };
    reader.feed(&frame(TEXT, "one"), &mut note).unwrap();
    reader.feed(&frame(BINARY, "two"), &mut note).unwrap();
    let bytes = frame(TEXT, "three");
    reader.feed(&bytes[..4], &mut note).unwrap();
    reader.feed(&bytes[4..], &mut note).unwrap();
    assert_eq!(borrowed, [true, true, false]);
}

#[test]
fn lengths_of_every_form_are_read() {
    for len in [0, 1, 125, 126, 127, 65535, 65536, 70000] {
        let payload = "x".repeat(len);
        assert_eq!(
            events(frame(TEXT, &payload)),
            [format!("Text({payload:?})")]
        );
    }
}

#[test]
fn fragments_are_joined_and_control_frames_pass_between_them() {
    let bytes = [
        frame(FIRST_TEXT, "He"),
        frame(PING, "p"),
        frame(MORE, ""),
        frame(MORE, "ll"),
        frame(PONG, "q"),
        frame(LAST, "o"),
        frame(BINARY, [1]),
    ];
    let expected = [
        "Ping([112])",
        "Pong([113])",
        "Text(\"Hello\")",
        "Binary([1])",
    ];
    assert_eq!(events(bytes.concat()), expected);
}

#[test]
fn a_close_tells_code_and_reason_and_ends_the_reading() {
    let mut reader = Reader::new(0, None);
    let bytes = [frame(CLOSE, b"\x03\xe8bye"), frame(TEXT, "late")].concat();
    assert_eq!(
        trace(&mut reader, [&bytes[..]]),
        ["Close { code: Some(1000), reason: \"bye\" }"]
    );
    assert!(trace(&mut reader, [&b"\xff\xff"[..]]).is_empty());
    assert_eq!(
        events(frame(CLOSE, "")),
        ["Close { code: None, reason: \"\" }"]
    );
}

#[test]
fn after_a_violation_nothing_is_read() {
    let mut reader = Reader::new(0, None);
    let bytes = [frame(TEXT, "good"), frame(0x83, ""), frame(TEXT, "late")].concat();
    assert_eq!(
        trace(&mut reader, [&bytes[..], &bytes[..]]),
        ["Text(\"good\")", "Opcode(3)"]
    );
}

#[test]
fn frames_against_the_rules_are_violations() {
    assert_eq!(
        violation(frame(TEXT | 0x40, "")),
        Some(Violation::ReservedBits(0xc1))
    );
    assert_eq!(
        violation(frame(TEXT | 0x20, "")),
        Some(Violation::ReservedBits(0xa1))
    );
    assert_eq!(
        violation(frame(TEXT | 0x10, "")),
        Some(Violation::ReservedBits(0x91))
    );
    for opcode in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] {
        assert_eq!(violation([0x80 | opcode]), Some(Violation::Opcode(opcode)));
    }
    assert_eq!(violation(frame(LAST, "")), Some(Violation::Continuation));
    assert_eq!(
        violation([frame(FIRST_TEXT, "a"), frame(TEXT, "b")].concat()),
        Some(Violation::Interrupted)
    );
    assert_eq!(
        violation(frame(0x09, "")),
        Some(Violation::FragmentedControl)
    );
    assert_eq!(violation([PING, 126]), Some(Violation::LongControl));
    assert_eq!(violation([TEXT, 0x80]), Some(Violation::Masked));
    assert_eq!(
        violation([TEXT, 126, 0, 125]),
        Some(Violation::LongLength(125))
    );
    assert_eq!(
        violation([TEXT, 127, 0, 0, 0, 0, 0, 0, 0xff, 0xff]),
        Some(Violation::LongLength(65535))
    );
    assert_eq!(
        violation([TEXT, 127, 0x80, 0, 0, 0, 0, 0, 0, 0]),
        Some(Violation::Length(1 << 63))
    );
}

#[test]
fn close_frames_against_the_rules_are_violations() {
    assert_eq!(violation(frame(CLOSE, [3])), Some(Violation::CloseLength));
    for code in [
        0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535,
    ] {
        assert_eq!(
            violation(frame(CLOSE, u16::to_be_bytes(code))),
            Some(Violation::CloseCode(code))
        );
    }
    assert_eq!(
        violation(frame(CLOSE, b"\x03\xe8\xff")),
        Some(Violation::ReasonNotUtf8)
    );
}

#[test]
fn bad_utf8_fails_before_the_rest_of_the_frame_and_the_message() {
    let mut bytes = frame(FIRST_TEXT, [b'a'; 200]);
    bytes[50] = 0xff;
    assert_eq!(violation(&bytes[..51]), Some(Violation::TextNotUtf8(46)));
    assert_eq!(
        violation(frame(FIRST_TEXT, b"a\xed\xa0")),
        Some(Violation::TextNotUtf8(1))
    );
    assert_eq!(
        violation(frame(TEXT, b"ab\xe2\x82")),
        Some(Violation::TextNotUtf8(2))
    );
    let cut_in_a_character = [
        frame(FIRST_TEXT, b"\xe2"),
        frame(MORE, b"\x82"),
        frame(LAST, b"\xac"),
    ];
    assert_eq!(events(cut_in_a_character.concat()), ["Text(\"€\")"]);
}

#[test]
fn a_message_too_big_fails_on_the_head_that_promises_it() {
    let read = |bytes: &[u8]| Reader::new(10, None).feed(bytes, |_| {});
    assert_eq!(read(&frame(TEXT, "0123456789")), Ok(()));
    assert_eq!(read(&[BINARY, 11]), Err(Violation::TooBig(10)));
    assert_eq!(
        read(&[BINARY, 127, 0, 0, 0, 9, 0, 0, 0, 0]),
        Err(Violation::TooBig(10))
    );
    let mut fragments = frame(FIRST_TEXT, "01234567");
    fragments.extend([LAST, 3]);
    assert_eq!(read(&fragments), Err(Violation::TooBig(10)));
    assert_eq!(read(&frame(PING, [0; 125])), Ok(()));
}

#[test]
fn a_message_longer_than_its_kind_can_be_held_is_refused_before_it_comes() {
    let longest = Longest {
        text: 5,
        binary: 10,
    };
    let read = |max_payload, bytes: &[u8]| {
        Reader::new(max_payload, None)
            .with_longest(longest)
            .feed(bytes, |_| {})
    };
    assert_eq!(read(0, &frame(TEXT, "01234")), Ok(()));
    assert_eq!(read(0, &[TEXT, 6]), Err(Violation::TooLong(5)));
    assert_eq!(
        read(0, &[TEXT, 127, 0, 0, 0, 0, 32, 0, 0, 0]),
        Err(Violation::TooLong(5))
    );
    let mut fragments = frame(FIRST_TEXT, "0123");
    fragments.extend([LAST, 2]);
    assert_eq!(read(0, &fragments), Err(Violation::TooLong(5)));
    assert_eq!(read(0, &frame(BINARY, [0; 10])), Ok(()));
    assert_eq!(read(0, &[BINARY, 11]), Err(Violation::TooLong(10)));
    assert_eq!(read(7, &[TEXT, 6]), Err(Violation::TooLong(5)));
    assert_eq!(read(7, &[BINARY, 8]), Err(Violation::TooBig(7)));
    assert_eq!(read(0, &frame(PING, [0; 125])), Ok(()));
}

#[test]
fn a_head_that_promises_much_costs_nothing_until_the_bytes_come() {
    let mut reader = Reader::new(0, None);
    reader
        .feed(
            &[BINARY, 127, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            |_| {},
        )
        .unwrap();
    assert_eq!(reader.held(), 0);
    reader.feed(&[0; 1000], |_| {}).unwrap();
    assert_eq!(reader.held(), 1000 + 64 * 1024);
}

#[test]
fn a_frame_in_pieces_takes_exactly_its_length() {
    let mut reader = Reader::new(0, None);
    let bytes = frame(BINARY, vec![7; 100_000]);
    for piece in bytes[..bytes.len() - 1].chunks(10_000) {
        reader.feed(piece, |_| {}).unwrap();
    }
    assert_eq!(reader.held(), 100_000);
    let last = &bytes[bytes.len() - 1..];
    reader
        .feed(last, |decoded| match decoded {
            Decoded::Binary(Cow::Owned(bytes)) => assert_eq!(bytes.capacity(), 100_000),
            other => panic!("{other:?}"),
        })
        .unwrap();
    assert_eq!(reader.held(), 0);
}

#[test]
fn empty_fragments_cost_no_memory() {
    let mut reader = Reader::new(0, None);
    let empty = frame(MORE, "").repeat(65536);
    reader.feed(&frame(FIRST_TEXT, ""), |_| {}).unwrap();
    reader.feed(&empty, |_| {}).unwrap();
    assert_eq!(reader.held(), 0);
    assert_eq!(trace(&mut reader, [&frame(LAST, "")[..]]), ["Text(\"\")"]);
}

#[test]
fn the_examples_of_rfc_7692_are_inflated() {
    let hello = b"\xf2\x48\xcd\xc9\xc9\x07\x00";
    let again = b"\xf2\x00\x11\x00\x00";
    let stored = b"\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00";
    let final_block = b"\xf3\x48\xcd\xc9\xc9\x07\x00\x00";
    let two_blocks = b"\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00";
    let first = FIRST_TEXT | RSV1;
    let bytes = [
        frame(TEXT | RSV1, hello),
        frame(TEXT | RSV1, again),
        [
            frame(first, &hello[..3]),
            frame(PING, ""),
            frame(LAST, &hello[3..]),
        ]
        .concat(),
        frame(TEXT | RSV1, stored),
        frame(TEXT | RSV1, final_block),
        frame(TEXT | RSV1, two_blocks),
        frame(TEXT | RSV1, [0]),
        frame(TEXT | RSV1, []),
        frame(TEXT, "plain"),
    ];
    let hello = "Text(\"Hello\")";
    let empty = "Text(\"\")";
    assert_eq!(
        inflated("", 0, bytes.concat()),
        [
            hello,
            hello,
            "Ping([])",
            hello,
            hello,
            hello,
            hello,
            empty,
            empty,
            "Text(\"plain\")"
        ]
    );
}

#[test]
fn a_message_that_ends_in_a_final_block_leaves_the_next_unharmed() {
    let no_padding = b"\xf3\x48\xcd\xc9\xc9\x07\x00";
    let bytes = [
        frame(TEXT | RSV1, no_padding),
        frame(TEXT | RSV1, no_padding),
    ];
    assert_eq!(
        inflated("", 0, bytes.concat()),
        ["Text(\"Hello\")", "Text(\"Hello\")"]
    );
}

#[test]
fn the_compressed_bit_belongs_to_the_first_frame_of_a_message() {
    assert_eq!(
        inflated("", 0, frame(PING | RSV1, "")),
        ["CompressedBit(201)"]
    );
    let more = [frame(FIRST_TEXT, ""), frame(LAST | RSV1, "")].concat();
    assert_eq!(inflated("", 0, more), ["CompressedBit(192)"]);
    assert_eq!(
        inflated("", 0, frame(TEXT | 0x20, "")),
        ["ReservedBits(161)"]
    );
}

#[test]
fn without_context_takeover_no_message_may_refer_to_the_one_before() {
    let bytes = [
        frame(TEXT | RSV1, b"\xf2\x48\xcd\xc9\xc9\x07\x00"),
        frame(TEXT | RSV1, b"\xf2\x00\x11\x00\x00"),
    ];
    let trace = inflated("; server_no_context_takeover", 0, bytes.concat());
    assert_eq!(trace, ["Text(\"Hello\")", "Compression"]);
}

#[test]
fn a_bomb_stops_at_the_limit_and_not_at_its_end() {
    let bomb = deflated(&vec![0; 10 << 20]);
    assert!(bomb.len() < 20_000);
    let mut reader = Reader::new(100_000, Some(&agreed("")));
    let mut held = 0;
    let bytes = frame(BINARY | RSV1, &bomb);
    let failed = bytes.chunks(16).position(|piece| {
        let read = reader.feed(piece, |_| {});
        held = held.max(reader.held());
        read == Err(Violation::TooBig(100_000))
    });
    assert!(failed.unwrap() * 16 < bomb.len() / 50);
    assert!(held <= 100_000);
}

#[test]
fn the_limit_counts_inflated_bytes_exactly() {
    let bytes = frame(TEXT | RSV1, deflated(&[b'a'; 1000]));
    assert_eq!(inflated("", 1000, &bytes).len(), 1);
    assert!(inflated("", 1000, &bytes)[0].starts_with("Text"));
    assert_eq!(inflated("", 999, &bytes), ["TooBig(999)"]);
    let longest = |text| Longest {
        text,
        ..Longest::default()
    };
    let inflate = |text| {
        let agreed = super::super::testing::agreed("");
        let mut reader = Reader::new(0, Some(&agreed)).with_longest(longest(text));
        trace(&mut reader, [&bytes[..]])
    };
    assert!(inflate(1000)[0].starts_with("Text"));
    assert_eq!(inflate(999), ["TooLong(999)"]);
}

#[test]
fn bad_utf8_in_a_compressed_message_fails_before_its_end() {
    let mut text = vec![b'a'; 1000];
    text.push(0xff);
    let bytes = frame(FIRST_TEXT | RSV1, deflated(&text));
    assert_eq!(inflated("", 0, bytes), ["TextNotUtf8(1000)"]);
}

#[test]
fn the_decompressor_is_made_when_needed_and_kept_only_for_its_context() {
    let message = frame(TEXT | RSV1, deflated(b"Hello"));
    for (parameters, kept) in [("", true), ("; server_no_context_takeover", false)] {
        let mut reader = Reader::new(0, Some(&agreed(parameters)));
        let made = |reader: &Reader| {
            reader
                .decompressor
                .as_ref()
                .is_some_and(Decompressor::is_made)
        };
        reader.feed(&frame(TEXT, "plain"), |_| {}).unwrap();
        assert!(!made(&reader));
        reader.feed(&message, |_| {}).unwrap();
        assert_eq!(made(&reader), kept);
        reader.feed(&frame(CLOSE, ""), |_| {}).unwrap();
        assert!(!made(&reader));
    }
}
