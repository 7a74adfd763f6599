use super::deflate::{self, Decompressor};
use super::frame::{Context, Head, MAX_SERVER_HEAD, Opcode};
use super::utf8::{self, Utf8};
use super::{Event, Violation, close_code_allowed};

/// Turns the bytes of a server into [`Event`]s.
///
/// It keeps only what is partial: at rest it holds no memory but that of the decompressor, where one
/// was agreed, has been needed and must remember (see [`deflate`]).
#[derive(Debug)]
pub struct Reader {
    max_payload: usize,
    decompressor: Option<Decompressor>,
    head: [u8; MAX_SERVER_HEAD],
    head_len: usize,
    state: State,
    message: Option<Message>,
}

#[derive(Debug)]
enum State {
    Head,
    /// In a frame that is a piece of [`Reader::message`]; `left` bytes of it are still to come.
    Data {
        fin: bool,
        left: usize,
    },
    /// In a control frame, which may lie between the pieces of a message.
    Control {
        opcode: Opcode,
        len: usize,
        payload: Vec<u8>,
    },
    Ended,
}

#[derive(Debug)]
struct Message {
    compressed: bool,
    body: Body,
}

#[derive(Debug)]
enum Body {
    Text(Utf8),
    Binary(Vec<u8>),
}

impl Reader {
    /// `max_payload` bounds each message in bytes, after inflation; 0 is no bound.
    pub fn new(max_payload: usize, deflate: Option<&deflate::Agreed>) -> Self {
        Self {
            max_payload: if max_payload == 0 {
                usize::MAX
            } else {
                max_payload
            },
            decompressor: deflate.map(Decompressor::new),
            head: [0; MAX_SERVER_HEAD],
            head_len: 0,
            state: State::Head,
            message: None,
        }
    }

    /// Decodes all of `input`, calling `sink` for each event in order.
    ///
    /// The events are the same however the bytes are cut. After a [`Violation`] or a close frame the
    /// reader reads no more: what comes then is ignored.
    pub fn feed(&mut self, input: &[u8], mut sink: impl FnMut(Event<'_>)) -> Result<(), Violation> {
        let read = self.read(input, &mut sink);
        if read.is_err() {
            self.end();
        }
        read
    }

    fn read(
        &mut self,
        mut input: &[u8],
        sink: &mut impl FnMut(Event<'_>),
    ) -> Result<(), Violation> {
        let mut chunk = Vec::new();
        loop {
            match &mut self.state {
                State::Head => {
                    if self.head_len == 0 && self.message.is_none() {
                        short_messages(&mut input, self.max_payload, sink)?;
                    }
                    let Some(head) = self.next_head(&mut input)? else {
                        return Ok(());
                    };
                    self.begin(head, &mut input, sink)?;
                }
                State::Data { fin, left } => {
                    let piece = take(&mut input, *left);
                    *left -= piece.len();
                    let (fin, left) = (*fin, *left);
                    self.append(piece, left, fin, &mut chunk)?;
                    if left > 0 {
                        return Ok(());
                    }
                    self.state = State::Head;
                    if fin {
                        self.finish(&mut chunk, sink)?;
                    }
                }
                State::Control {
                    opcode,
                    len,
                    payload,
                } => {
                    payload.extend_from_slice(take(&mut input, *len - payload.len()));
                    if payload.len() < *len {
                        return Ok(());
                    }
                    let (opcode, payload) = (*opcode, std::mem::take(payload));
                    self.state = State::Head;
                    self.control(opcode, &payload, sink)?;
                }
                State::Ended => return Ok(()),
            }
        }
    }

    #[inline]
    fn next_head(&mut self, input: &mut &[u8]) -> Result<Option<Head>, Violation> {
        let context = Context {
            deflate: self.decompressor.is_some(),
            in_message: self.message.is_some(),
        };
        if self.head_len == 0 {
            let parsed = Head::parse(input, context)?;
            match parsed {
                Some((_, size)) => *input = &input[size..],
                None => {
                    self.head[..input.len()].copy_from_slice(input);
                    self.head_len = input.len();
                }
            }
            return Ok(parsed.map(|(head, _)| head));
        }
        let taken = input.len().min(MAX_SERVER_HEAD - self.head_len);
        let known = self.head_len + taken;
        self.head[self.head_len..known].copy_from_slice(&input[..taken]);
        let parsed = Head::parse(&self.head[..known], context)?;
        match parsed {
            Some((_, size)) => {
                *input = &input[size - self.head_len..];
                self.head_len = 0;
            }
            None => self.head_len = known,
        }
        Ok(parsed.map(|(head, _)| head))
    }

    /// Goes into the frame that `head` begins, and at once through it where it is an event of its own
    /// that `input` has whole.
    #[inline]
    fn begin(
        &mut self,
        head: Head,
        input: &mut &[u8],
        sink: &mut impl FnMut(Event<'_>),
    ) -> Result<(), Violation> {
        let Head {
            opcode,
            fin,
            compressed,
            ..
        } = head;
        let len = self.admit(head)?;
        let whole = fin && !compressed && opcode != Opcode::Continuation && len <= input.len();
        match opcode {
            Opcode::Text if whole => {
                let text = utf8::whole(take(input, len)).map_err(Violation::TextNotUtf8)?;
                sink(Event::Text(text.into()));
                return Ok(());
            }
            Opcode::Binary if whole => {
                sink(Event::Binary(take(input, len).into()));
                return Ok(());
            }
            Opcode::Close | Opcode::Ping | Opcode::Pong if whole => {
                return self.control(opcode, take(input, len), sink);
            }
            Opcode::Close | Opcode::Ping | Opcode::Pong => {
                let payload = Vec::new();
                self.state = State::Control {
                    opcode,
                    len,
                    payload,
                };
                return Ok(());
            }
            Opcode::Text => {
                let body = Body::Text(Utf8::default());
                self.message = Some(Message { compressed, body });
            }
            Opcode::Binary => {
                let body = Body::Binary(Vec::new());
                self.message = Some(Message { compressed, body });
            }
            Opcode::Continuation => {}
        }
        self.state = State::Data { fin, left: len };
        Ok(())
    }

    /// The length of the payload, if a message may be that long. What is compressed is counted when it
    /// is inflated.
    #[inline]
    fn admit(&self, head: Head) -> Result<usize, Violation> {
        let too_big = Violation::TooBig(self.max_payload);
        let Ok(len) = usize::try_from(head.len) else {
            return Err(too_big);
        };
        let (compressed, before) = match &self.message {
            Some(message) if !head.opcode.is_control() => (message.compressed, message.body.len()),
            Some(_) | None => (head.compressed, 0),
        };
        if compressed || head.opcode.is_control() || len <= self.max_payload - before {
            Ok(len)
        } else {
            Err(too_big)
        }
    }

    /// Adds `piece` to the message; `left` bytes of its frame are still to come.
    fn append(
        &mut self,
        piece: &[u8],
        left: usize,
        fin: bool,
        chunk: &mut Vec<u8>,
    ) -> Result<(), Violation> {
        let Some(Message { compressed, body }) = &mut self.message else {
            return Ok(());
        };
        let max = self.max_payload;
        match &mut self.decompressor {
            Some(decompressor) if *compressed => {
                decompressor.inflate(piece, chunk, |inflated| body.push(inflated, 0, max, max))
            }
            Some(_) | None => {
                let ceiling = if fin {
                    body.len() + piece.len() + left
                } else {
                    max
                };
                body.push(piece, left, ceiling, max)
            }
        }
    }

    fn finish(
        &mut self,
        chunk: &mut Vec<u8>,
        sink: &mut impl FnMut(Event<'_>),
    ) -> Result<(), Violation> {
        let Some(Message {
            compressed,
            mut body,
        }) = self.message.take()
        else {
            return Ok(());
        };
        if compressed && let Some(decompressor) = &mut self.decompressor {
            let max = self.max_payload;
            decompressor.finish(chunk, |inflated| body.push(inflated, 0, max, max))?;
        }
        sink(match body {
            Body::Text(text) => Event::Text(text.finish().map_err(Violation::TextNotUtf8)?.into()),
            Body::Binary(bytes) => Event::Binary(bytes.into()),
        });
        Ok(())
    }

    fn control(
        &mut self,
        opcode: Opcode,
        payload: &[u8],
        sink: &mut impl FnMut(Event<'_>),
    ) -> Result<(), Violation> {
        match opcode {
            Opcode::Ping => sink(Event::Ping(payload)),
            Opcode::Pong => sink(Event::Pong(payload)),
            Opcode::Close => {
                sink(close(payload)?);
                self.end();
            }
            Opcode::Continuation | Opcode::Text | Opcode::Binary => {}
        }
        Ok(())
    }

    fn end(&mut self) {
        self.state = State::Ended;
        self.message = None;
        self.decompressor = None;
    }
}

impl Body {
    fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }

    fn push(
        &mut self,
        bytes: &[u8],
        left: usize,
        ceiling: usize,
        max: usize,
    ) -> Result<(), Violation> {
        let (kept, over) = bytes.split_at(bytes.len().min(max - self.len()));
        match self {
            Self::Text(text) => text
                .push(kept, left, ceiling)
                .map_err(Violation::TextNotUtf8)?,
            Self::Binary(body) => {
                let more = utf8::growth(body.len(), body.capacity(), kept.len(), left, ceiling);
                body.reserve_exact(more);
                body.extend_from_slice(kept);
            }
        }
        if over.is_empty() {
            Ok(())
        } else {
            Err(Violation::TooBig(max))
        }
    }
}

fn close(payload: &[u8]) -> Result<Event<'_>, Violation> {
    let Some((&code, reason)) = payload.split_first_chunk() else {
        return match payload {
            [] => Ok(Event::Close {
                code: None,
                reason: "",
            }),
            _ => Err(Violation::CloseLength),
        };
    };
    let code = u16::from_be_bytes(code);
    if !close_code_allowed(code) {
        return Err(Violation::CloseCode(code));
    }
    let reason = utf8::whole(reason).map_err(|_| Violation::ReasonNotUtf8)?;
    Ok(Event::Close {
        code: Some(code),
        reason,
    })
}

/// Goes through the short messages at the front of `input`. They are most of all, so they get a loop of
/// their own, which asks of them only what can be wrong with them.
#[inline]
fn short_messages(
    input: &mut &[u8],
    max: usize,
    sink: &mut impl FnMut(Event<'_>),
) -> Result<(), Violation> {
    while let [first @ (0x81 | 0x82), len @ 0..=125, rest @ ..] = *input
        && usize::from(*len) <= max
        && let Some((payload, rest)) = rest.split_at_checked(usize::from(*len))
    {
        *input = rest;
        if *first == 0x81 {
            let text = utf8::whole(payload).map_err(Violation::TextNotUtf8)?;
            sink(Event::Text(text.into()));
        } else {
            sink(Event::Binary(payload.into()));
        }
    }
    Ok(())
}

/// Takes `len` bytes off the front of `input`, or all where it has fewer.
#[inline]
fn take<'a>(input: &mut &'a [u8], len: usize) -> &'a [u8] {
    let (taken, rest) = input.split_at(len.min(input.len()));
    *input = rest;
    taken
}

#[cfg(test)]
impl Reader {
    /// Bytes on the heap for what is partial, the decompressor's not among them.
    pub(super) fn held(&self) -> usize {
        let control = match &self.state {
            State::Control { payload, .. } => payload.capacity(),
            State::Head | State::Data { .. } | State::Ended => 0,
        };
        control
            + match &self.message {
                Some(Message {
                    body: Body::Text(text),
                    ..
                }) => text.capacity(),
                Some(Message {
                    body: Body::Binary(bytes),
                    ..
                }) => bytes.capacity(),
                None => 0,
            }
    }
}

#[cfg(test)]
mod tests {
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
        let mut note = |event: Event<'_>| {
            borrowed.push(matches!(
                event,
                Event::Text(Cow::Borrowed(_)) | Event::Binary(Cow::Borrowed(_))
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
            .feed(last, |event| match event {
                Event::Binary(Cow::Owned(bytes)) => assert_eq!(bytes.capacity(), 100_000),
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
}
