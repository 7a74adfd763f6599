use proptest::collection::vec;
use proptest::prelude::*;
use tokio::io::ReadBuf;

use super::*;
use crate::net::http2::script::play;

/// `:status: 200`.
const OK: &[u8] = b"\x88";
/// `:status: 403`.
const FORBIDDEN: &[u8] = b"\x08\x03403";
/// `:status: 103`.
const EARLY_HINTS: &[u8] = b"\x08\x03103";

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    frame::write(&mut bytes, kind, flags, stream, payload);
    bytes
}

fn settings(settings: &[(u16, u32)]) -> Vec<u8> {
    let mut payload = Vec::new();
    for (name, value) in settings {
        payload.extend_from_slice(&name.to_be_bytes());
        payload.extend_from_slice(&value.to_be_bytes());
    }
    frame(kind::SETTINGS, 0, 0, &payload)
}

fn head(stream: u32, block: &[u8]) -> Vec<u8> {
    frame(kind::HEADERS, flag::END_HEADERS, stream, block)
}

fn last_head(stream: u32, block: &[u8]) -> Vec<u8> {
    let flags = flag::END_HEADERS | flag::END_STREAM;
    frame(kind::HEADERS, flags, stream, block)
}

fn data(stream: u32, bytes: &[u8]) -> Vec<u8> {
    frame(kind::DATA, 0, stream, bytes)
}

fn last_data(stream: u32, bytes: &[u8]) -> Vec<u8> {
    frame(kind::DATA, flag::END_STREAM, stream, bytes)
}

fn reset(stream: u32, code: u32) -> Vec<u8> {
    frame(kind::RST_STREAM, 0, stream, &code.to_be_bytes())
}

fn widen(stream: u32, more: u32) -> Vec<u8> {
    frame(kind::WINDOW_UPDATE, 0, stream, &more.to_be_bytes())
}

/// A server that takes WebSockets, whose settings have come; what is said to it at first was written.
fn settled() -> Session {
    let mut session = Session::new();
    let taken = session.take_bytes(&settings(&[(setting::ENABLE_CONNECT_PROTOCOL, 1)]));
    assert_eq!(taken, Ok(()));
    assert!(session.is_settled && session.takes_websockets);
    session.sent();
    session
}

/// The same, with so many streams, which are answered.
fn answered(streams: u32) -> Session {
    let mut session = settled();
    for _ in 0..streams {
        let id = session.open(OK).unwrap();
        session.take_bytes(&head(id, OK)).unwrap();
        assert_eq!(session.status(id).unwrap(), 200);
    }
    session.sent();
    session
}

fn context() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

impl Session {
    fn take_bytes(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let mut input = bytes.to_vec();
        let taken = self.receive(&mut input);
        if taken.is_ok() {
            assert!(input.is_empty());
            self.assert_bounded();
        }
        taken
    }

    /// The frames that are to be written, which are.
    fn sent(&mut self) -> Vec<(u8, u32, Vec<u8>)> {
        let bytes = self.unwritten().to_vec();
        self.advance(bytes.len());
        let mut rest = bytes.strip_prefix(frame::PREFACE).unwrap_or(&bytes);
        let mut frames = Vec::new();
        while let Some((head, behind)) = rest.split_first_chunk::<HEAD>() {
            let head = Head::parse(head);
            let (payload, next) = behind.split_at(head.length);
            frames.push((head.kind, head.stream, payload.to_vec()));
            rest = next;
        }
        frames
    }

    /// The status of an answer, or why there is none.
    fn status(&mut self, id: u32) -> Result<u16, String> {
        match self.poll_head(id, &mut context()) {
            Poll::Ready(Ok(response)) => Ok(response.status),
            Poll::Ready(Err(Unanswered::Failed(why))) => Err(why.to_string()),
            Poll::Ready(Err(Unanswered::Unheard)) => Err("unheard".to_owned()),
            Poll::Pending => Err("pending".to_owned()),
        }
    }

    /// What can be read of a stream, and what then is to be told.
    fn read(&mut self, id: u32) -> (Vec<u8>, &'static str) {
        let mut read = Vec::new();
        loop {
            let mut room = [0; 1000];
            let mut buffer = ReadBuf::new(&mut room);
            match self.poll_read(id, &mut context(), &mut buffer) {
                Poll::Pending => return (read, "pending"),
                Poll::Ready(Err(_)) => return (read, "error"),
                Poll::Ready(Ok(())) if buffer.filled().is_empty() => return (read, "end"),
                Poll::Ready(Ok(())) => read.extend_from_slice(buffer.filled()),
            }
        }
    }

    /// How much of so many bytes goes.
    fn write(&mut self, id: u32, count: usize) -> Option<usize> {
        match self.poll_write(id, &mut context(), &vec![7; count]) {
            Poll::Ready(written) => Some(written.unwrap()),
            Poll::Pending => None,
        }
    }

    /// How much of so many bytes goes that are written on and on, where the server reads.
    fn write_on(&mut self, id: u32, count: usize) -> usize {
        let mut written = 0;
        while let Some(more) = self.write(id, count - written) {
            written += more;
            self.sent();
            if written == count {
                break;
            }
        }
        written
    }
}

fn code_of(taken: Result<(), Fault>) -> u32 {
    taken.err().map_or(code::NO_ERROR, |fault| fault.0)
}

/// RFC 9113, 3.4.
#[test]
fn settings_come_first() {
    let ack = frame(kind::SETTINGS, flag::ACK, 0, &[]);
    for first in [ack, widen(0, 1), frame(kind::PING, 0, 0, &[0; 8])] {
        let taken = Session::new().take_bytes(&first);
        assert_eq!(code_of(taken), code::PROTOCOL_ERROR, "{first:?}");
    }
}

/// RFC 9113, 4.2 and 6.
#[test]
fn frames_have_their_lengths() {
    let cases = [
        frame(kind::RST_STREAM, 0, 1, &[0; 3]),
        frame(kind::SETTINGS, 0, 0, &[0; 5]),
        frame(kind::SETTINGS, flag::ACK, 0, &[0; 6]),
        frame(kind::PING, 0, 0, &[0; 7]),
        frame(kind::PING, flag::ACK, 0, &[0; 9]),
        frame(kind::GOAWAY, 0, 0, &[0; 7]),
        frame(kind::WINDOW_UPDATE, 0, 0, &[0; 5]),
        frame(kind::HEADERS, flag::PRIORITY, 1, &[0; 4]),
        // Its head is enough.
        frame(kind::DATA, 0, 1, &vec![0; LONGEST + 1])[..HEAD].to_vec(),
        frame(99, 0, 0, &vec![0; LONGEST + 1]),
    ];
    for bytes in cases {
        let taken = answered(1).take_bytes(&bytes);
        assert_eq!(code_of(taken), code::FRAME_SIZE_ERROR, "{bytes:?}");
    }
    assert_eq!(answered(1).take_bytes(&data(1, &[0; LONGEST])), Ok(()));
}

/// RFC 9113, 5.1.1 and 6.
#[test]
fn frames_are_on_streams_that_may_have_them() {
    let on = |stream: u32| {
        [
            data(stream, b"x"),
            head(stream, OK),
            reset(stream, code::CANCEL),
        ]
    };
    let idle = 3;
    let of_the_server = 2;
    let mut cases = [on(0), on(idle), on(of_the_server)].concat();
    cases.extend([
        widen(idle, 1),
        widen(of_the_server, 1),
        frame(kind::SETTINGS, 0, 1, &[]),
        frame(kind::PING, 0, 1, &[0; 8]),
        frame(kind::GOAWAY, 0, 1, &[0; 8]),
    ]);
    for bytes in cases {
        let taken = answered(1).take_bytes(&bytes);
        assert_eq!(code_of(taken), code::PROTOCOL_ERROR, "{bytes:?}");
    }
}

/// RFC 9113, 6.10.
#[test]
fn a_header_block_is_not_interrupted() {
    let begun = frame(kind::HEADERS, 0, 1, &OK[..0]);
    for next in [
        frame(kind::CONTINUATION, flag::END_HEADERS, 3, OK),
        frame(kind::PING, 0, 0, &[0; 8]),
        head(1, OK),
        frame(99, 0, 0, &[]),
    ] {
        let mut session = settled();
        session.open(OK).unwrap();
        session.open(OK).unwrap();
        let taken = session.take_bytes(&[begun.clone(), next].concat());
        assert_eq!(code_of(taken), code::PROTOCOL_ERROR);
    }
    let alone = frame(kind::CONTINUATION, flag::END_HEADERS, 1, OK);
    assert_eq!(
        code_of(answered(1).take_bytes(&alone)),
        code::PROTOCOL_ERROR
    );
}

/// RFC 9113, 6.2.
#[test]
fn a_header_block_may_be_padded_and_cut() {
    let mut session = settled();
    let id = session.open(OK).unwrap();
    let flags = flag::PADDED | flag::PRIORITY;
    let padded = [&[3], &[0; 5][..], &FORBIDDEN[..1], &[0; 3]].concat();
    let bytes = [
        frame(kind::HEADERS, flags, id, &padded),
        frame(kind::CONTINUATION, 0, id, &FORBIDDEN[1..2]),
        frame(kind::CONTINUATION, flag::END_HEADERS, id, &FORBIDDEN[2..]),
    ];
    session.take_bytes(&bytes.concat()).unwrap();
    assert_eq!(session.status(id).unwrap(), 403);
    for padding in [vec![], vec![2, 0], vec![255]] {
        for kind in [kind::DATA, kind::HEADERS] {
            let bytes = frame(kind, flag::PADDED | flag::END_HEADERS, 1, &padding);
            let taken = answered(1).take_bytes(&bytes);
            assert_eq!(code_of(taken), code::PROTOCOL_ERROR, "{bytes:?}");
        }
    }
}

#[test]
fn a_header_block_has_an_end() {
    let full = frame(kind::CONTINUATION, 0, 1, &[0x82; LONGEST]);
    let empty = frame(kind::CONTINUATION, 0, 1, &[]);
    for flood in [full, empty] {
        let mut session = settled();
        session.open(OK).unwrap();
        session.take_bytes(&frame(kind::HEADERS, 0, 1, OK)).unwrap();
        let taken = (0..10_000).find_map(|_| session.take_bytes(&flood).err());
        assert_eq!(taken, Some(TOO_LONG));
    }
}

/// RFC 9113, 6.5.2, and RFC 8441, 3.
#[test]
fn settings_have_values_that_they_may_have() {
    let fails = |name, value| code_of(settled().take_bytes(&settings(&[(name, value)])));
    assert_eq!(fails(setting::ENABLE_PUSH, 0), code::NO_ERROR);
    assert_eq!(fails(setting::ENABLE_PUSH, 1), code::PROTOCOL_ERROR);
    assert_eq!(fails(setting::INITIAL_WINDOW_SIZE, 0), code::NO_ERROR);
    let widest = WIDEST as u32;
    assert_eq!(fails(setting::INITIAL_WINDOW_SIZE, widest), code::NO_ERROR);
    assert_eq!(
        fails(setting::INITIAL_WINDOW_SIZE, widest + 1),
        code::FLOW_CONTROL_ERROR
    );
    assert_eq!(fails(setting::MAX_FRAME_SIZE, 16_384), code::NO_ERROR);
    assert_eq!(fails(setting::MAX_FRAME_SIZE, 16_383), code::PROTOCOL_ERROR);
    assert_eq!(
        fails(setting::MAX_FRAME_SIZE, (1 << 24) - 1),
        code::NO_ERROR
    );
    assert_eq!(
        fails(setting::MAX_FRAME_SIZE, 1 << 24),
        code::PROTOCOL_ERROR
    );
    assert_eq!(fails(setting::ENABLE_CONNECT_PROTOCOL, 1), code::NO_ERROR);
    assert_eq!(
        fails(setting::ENABLE_CONNECT_PROTOCOL, 2),
        code::PROTOCOL_ERROR
    );
    assert_eq!(
        fails(setting::ENABLE_CONNECT_PROTOCOL, 0),
        code::PROTOCOL_ERROR,
        "it was 1"
    );
    assert_eq!(fails(setting::HEADER_TABLE_SIZE, u32::MAX), code::NO_ERROR);
    assert_eq!(fails(99, u32::MAX), code::NO_ERROR);
    let mut other = Session::new();
    let disabled = settings(&[(setting::ENABLE_CONNECT_PROTOCOL, 0)]);
    assert_eq!(other.take_bytes(&disabled), Ok(()));
    assert!(!other.takes_websockets);
}

#[test]
fn settings_are_acknowledged() {
    let mut session = settled();
    session.take_bytes(&settings(&[(99, 1)])).unwrap();
    assert_eq!(session.sent(), [(kind::SETTINGS, 0, vec![])]);
}

/// RFC 9113, 5.1.2.
#[test]
fn no_more_streams_are_opened_than_the_server_takes() {
    let mut session = answered(2);
    let most = |most| settings(&[(setting::MAX_CONCURRENT_STREAMS, most)]);
    session.take_bytes(&most(2)).unwrap();
    assert!(session.open(OK).is_err());
    session.take_bytes(&most(3)).unwrap();
    let third = session.open(OK).unwrap();
    session.take_bytes(&most(1)).unwrap();
    session.leave(third);
    assert!(session.open(OK).is_err());
    // Those that there are stay.
    assert_eq!(session.write(1, 5), Some(5));
    session.leave(1);
    session.leave(3);
    assert!(session.open(OK).is_ok());
}

/// RFC 9113, 5.1.1.
#[test]
fn the_numbers_of_streams_have_an_end() {
    let mut session = settled();
    session.next_id = WIDEST as u32;
    assert_eq!(session.open(OK).unwrap(), WIDEST as u32);
    assert!(!session.takes_streams());
    assert!(session.open(OK).is_err());
    session.take_bytes(&head(WIDEST as u32, OK)).unwrap();
}

#[test]
fn a_long_request_is_cut_into_frames() {
    let mut session = settled();
    let block = vec![0x82; 2 * LONGEST + 5];
    let id = session.open(&block).unwrap();
    let sent = session.sent();
    let kinds: Vec<_> = sent.iter().map(|(kind, _, _)| *kind).collect();
    assert_eq!(
        kinds,
        [kind::HEADERS, kind::CONTINUATION, kind::CONTINUATION]
    );
    assert!(sent.iter().all(|(_, stream, _)| *stream == id));
    let payloads: Vec<_> = sent.into_iter().flat_map(|(_, _, part)| part).collect();
    assert_eq!(payloads, block);
}

/// RFC 9113, 6.9.2.
#[test]
fn a_window_may_become_negative() {
    let mut session = answered(1);
    assert_eq!(session.write_on(1, 100_000), 65_535);
    let initial = |size| settings(&[(setting::INITIAL_WINDOW_SIZE, size)]);
    session.take_bytes(&widen(0, 1 << 20)).unwrap();
    session.take_bytes(&initial(0)).unwrap();
    session.take_bytes(&widen(1, 65_535)).unwrap();
    assert_eq!(session.write(1, 1), None);
    session.take_bytes(&widen(1, 10)).unwrap();
    assert_eq!(session.write(1, 100), Some(10));
    // What was sent counts against a wider one, too.
    session.take_bytes(&initial(20)).unwrap();
    assert_eq!(session.write(1, 100), Some(20));
    let second = session.open(OK).unwrap();
    assert_eq!(session.write(second, 100), Some(20));
}

/// RFC 9113, 6.9 and 6.9.1.
#[test]
fn no_window_is_wider_than_it_can_be() {
    let rest = WIDEST as u32 - 65_535;
    let mut session = answered(2);
    assert_eq!(session.take_bytes(&widen(0, rest)), Ok(()));
    assert_eq!(session.take_bytes(&widen(0, 1)), Err(WINDOW_TOO_WIDE));
    // That of one stream is its own.
    let mut session = answered(2);
    assert_eq!(session.take_bytes(&widen(1, rest)), Ok(()));
    assert_eq!(session.sent(), []);
    assert_eq!(session.take_bytes(&widen(1, 1)), Ok(()));
    let code = code::FLOW_CONTROL_ERROR.to_be_bytes().to_vec();
    assert_eq!(session.sent(), [(kind::RST_STREAM, 1, code)]);
    assert_eq!(session.read(1), (vec![], "error"));
    assert_eq!(session.write(3, 5), Some(5));
    // One that the settings of all make too wide.
    let mut session = answered(1);
    session.take_bytes(&widen(1, rest)).unwrap();
    let initial = settings(&[(setting::INITIAL_WINDOW_SIZE, 65_536)]);
    assert_eq!(session.take_bytes(&initial), Err(WINDOW_TOO_WIDE));
}

#[test]
fn a_window_is_widened_by_something() {
    let mut session = answered(2);
    // The first bit is reserved.
    let nothing = 1 << 31;
    session.take_bytes(&widen(1, nothing)).unwrap();
    let code = code::PROTOCOL_ERROR.to_be_bytes().to_vec();
    assert_eq!(session.sent(), [(kind::RST_STREAM, 1, code)]);
    assert_eq!(session.read(3), (vec![], "pending"));
    assert_eq!(
        code_of(session.take_bytes(&widen(0, nothing))),
        code::PROTOCOL_ERROR
    );
}

#[test]
fn all_streams_share_the_window_of_the_connection() {
    let mut session = answered(2);
    session.take_bytes(&widen(1, 1 << 20)).unwrap();
    assert_eq!(session.write_on(1, 100_000), 65_535);
    assert_eq!(session.write(3, 1), None);
    session.take_bytes(&widen(0, 5)).unwrap();
    assert_eq!(session.write(3, 10), Some(5));
}

#[test]
fn who_waits_for_a_window_is_woken() {
    let woken = |session: &Session| session.streams[&1].writer.is_none();
    let initial = |size| settings(&[(setting::INITIAL_WINDOW_SIZE, size)]);
    for widened in [widen(1, 5), initial(65_540)] {
        let mut session = answered(1);
        session.take_bytes(&widen(0, 5)).unwrap();
        assert_eq!(session.write_on(1, 100_000), 65_535);
        assert!(!woken(&session));
        session.take_bytes(&widened).unwrap();
        assert!(woken(&session));
        assert_eq!(session.write(1, 100), Some(5));
    }
    let mut session = answered(1);
    session.take_bytes(&widen(1, 5)).unwrap();
    assert_eq!(session.write_on(1, 100_000), 65_535);
    assert!(!woken(&session));
    session.take_bytes(&widen(0, 5)).unwrap();
    assert!(woken(&session));
    assert_eq!(session.write(1, 100), Some(5));
}

/// RFC 9113, 6.9.1.
#[test]
fn a_server_sends_no_more_than_it_may() {
    let mut session = answered(1);
    let chunk = data(1, &[7; LONGEST]);
    for _ in 0..STREAM_WINDOW / LONGEST {
        session.take_bytes(&chunk).unwrap();
    }
    assert_eq!(
        code_of(session.take_bytes(&data(1, b"x"))),
        code::FLOW_CONTROL_ERROR
    );
}

#[test]
fn what_is_read_may_be_sent_again() {
    let mut session = answered(1);
    let chunk = data(1, &[7; LONGEST]);
    for _ in 0..STREAM_WINDOW / LONGEST {
        session.take_bytes(&chunk).unwrap();
    }
    let given_back = |session: &mut Session, stream: u32| {
        let sent = session.sent().into_iter();
        let sent = sent.filter(|(kind, id, _)| *kind == kind::WINDOW_UPDATE && *id == stream);
        sent.map(|(_, _, more)| number(more.try_into().unwrap()) as usize)
            .sum::<usize>()
    };
    // The window of the connection is never what is waited for.
    assert_eq!(given_back(&mut session, 0), STREAM_WINDOW);
    let (read, then) = session.read(1);
    assert_eq!((read.len(), then), (STREAM_WINDOW, "pending"));
    assert!(given_back(&mut session, 1) > STREAM_WINDOW - GIVEN_BACK);
    session.take_bytes(&chunk).unwrap();
    // What has been left counts for the connection, and what only fills frames for both.
    session.leave(1);
    let flood = chunk.repeat(8);
    session.take_bytes(&flood).unwrap();
    assert!(given_back(&mut session, 0) >= LONGEST * 8);
    let mut session = answered(1);
    let padded = frame(
        kind::DATA,
        flag::PADDED,
        1,
        &[&[255], &[0; 256][..]].concat(),
    );
    for _ in 0..10 * STREAM_WINDOW / padded.len() {
        session.take_bytes(&padded).unwrap();
        session.read(1);
    }
    assert!(given_back(&mut session, 1) >= 9 * STREAM_WINDOW);
}

/// RFC 9113, 8.1.
#[test]
fn an_answer_comes_behind_informational_ones() {
    let mut session = settled();
    let id = session.open(OK).unwrap();
    let hints = head(id, EARLY_HINTS);
    session.take_bytes(&hints.repeat(MAX_INTERIM)).unwrap();
    assert_eq!(session.status(id), Err("pending".to_owned()));
    session.take_bytes(&head(id, FORBIDDEN)).unwrap();
    assert_eq!(session.status(id), Ok(403));
    assert_eq!(session.sent().len(), 1);
}

/// RFC 9113, 8.1.1. A proxy may have other servers behind it on other streams.
#[test]
fn a_malformed_answer_is_the_end_of_its_stream_alone() {
    let switching = b"\x08\x03101";
    let no_status = b"\x00\x01a\x011";
    let of_http1 = b"\x88\x00\x11transfer-encoding\x07chunked";
    let too_many = [OK, &[0x90; 2000]].concat();
    let malformed = [
        vec![head(3, EARLY_HINTS); MAX_INTERIM + 1].concat(),
        last_head(3, EARLY_HINTS),
        head(3, switching),
        head(3, no_status),
        head(3, of_http1),
        head(3, b""),
        data(3, b"early"),
    ];
    let closed = [
        [last_head(3, OK), data(3, b"late")].concat(),
        [last_head(3, OK), head(3, OK)].concat(),
    ];
    let codes = [
        (code::PROTOCOL_ERROR, malformed.to_vec()),
        (code::ENHANCE_YOUR_CALM, vec![head(3, &too_many)]),
        (code::STREAM_CLOSED, closed.to_vec()),
    ];
    for (code, cases) in codes {
        for bytes in cases {
            let mut session = answered(1);
            let id = session.open(OK).unwrap();
            session.sent();
            assert_eq!(session.take_bytes(&bytes), Ok(()), "{bytes:?}");
            let cut = (kind::RST_STREAM, id, code.to_be_bytes().to_vec());
            assert_eq!(session.sent(), [cut], "{bytes:?}");
            // What else is on its way for it is nothing.
            session.take_bytes(&head(id, OK)).unwrap();
            session.take_bytes(&data(id, b"more")).unwrap();
            session.take_bytes(&reset(id, code::NO_ERROR)).unwrap();
            assert!(session.read(id).0.is_empty());
            session.leave(id);
            assert_eq!(session.sent(), []);
            session.take_bytes(&data(1, b"well")).unwrap();
            assert_eq!(session.read(1), (b"well".to_vec(), "pending"));
        }
    }
}

#[test]
fn a_malformed_answer_is_an_error_that_says_so() {
    let mut session = settled();
    let id = session.open(OK).unwrap();
    session.take_bytes(&head(id, b"\x08\x03abc")).unwrap();
    let why = session.status(id).unwrap_err();
    assert_eq!(why, "HTTP/2: its answer is malformed");
}

/// RFC 7541, and RFC 9113, 4.3.
#[test]
fn a_garbled_block_is_the_end_of_the_connection() {
    for block in [b"\xbe".as_slice(), b"\x88\x3f\xe1\x1f", b"\x00\x05ab"] {
        let mut session = settled();
        session.open(OK).unwrap();
        let taken = session.take_bytes(&head(1, block));
        assert_eq!(code_of(taken), code::COMPRESSION_ERROR, "{block:?}");
    }
}

#[test]
fn trailers_end_a_stream() {
    let mut session = answered(2);
    let trailers = b"\x00\x01a\x011";
    let bytes = [data(1, b"x"), last_head(1, trailers)].concat();
    session.take_bytes(&bytes).unwrap();
    assert_eq!(session.read(1), (b"x".to_vec(), "end"));
    session.take_bytes(&head(3, trailers)).unwrap();
    let code = code::PROTOCOL_ERROR.to_be_bytes().to_vec();
    assert_eq!(session.sent(), [(kind::RST_STREAM, 3, code)]);
}

/// RFC 9113, 6.4.
#[test]
fn a_stream_may_be_reset_in_each_state() {
    let internal = 2;
    let mut session = settled();
    let asked = session.open(OK).unwrap();
    session.take_bytes(&reset(asked, internal)).unwrap();
    let why = "HTTP/2: the server has reset the stream (code 2)";
    assert_eq!(session.status(asked), Err(why.to_owned()));
    // It was not processed: there may be another connection for it, and for those that come later.
    let refused = session.open(OK).unwrap();
    session
        .take_bytes(&reset(refused, code::REFUSED_STREAM))
        .unwrap();
    assert_eq!(session.status(refused), Err("unheard".to_owned()));
    assert!(!session.takes_streams());

    let mut session = answered(4);
    let bytes = [data(1, b"last"), reset(1, internal), data(1, b"late")].concat();
    session.take_bytes(&bytes).unwrap();
    assert_eq!(session.read(1), (b"last".to_vec(), "error"));
    let written = session.poll_write(1, &mut context(), b"x");
    assert!(matches!(written, Poll::Ready(Err(_))));
    // A server wants nothing more of a client that it has answered whole.
    let bytes = [last_data(3, b"last"), reset(3, code::NO_ERROR)].concat();
    session.take_bytes(&bytes).unwrap();
    assert_eq!(session.read(3), (b"last".to_vec(), "end"));
    session.end(5);
    session.take_bytes(&reset(5, internal)).unwrap();
    assert_eq!(session.read(5), (vec![], "error"));
    session.leave(7);
    session.take_bytes(&reset(7, internal)).unwrap();
    session.sent();
    for id in [1, 3, 5] {
        session.leave(id);
    }
    assert_eq!(session.sent(), []);
}

#[test]
fn who_leaves_a_stream_resets_it_unless_both_have_ended_it() {
    let mut session = answered(2);
    session.take_bytes(&last_data(1, b"")).unwrap();
    session.end(1);
    session.end(1);
    session.leave(1);
    assert_eq!(session.sent(), [(kind::DATA, 1, vec![])]);
    session.end(3);
    session.leave(3);
    let code = code::CANCEL.to_be_bytes().to_vec();
    let sent = [(kind::DATA, 3, vec![]), (kind::RST_STREAM, 3, code)];
    assert_eq!(session.sent(), sent);
}

/// RFC 9113, 6.8.
#[test]
fn streams_behind_the_last_of_a_goaway_are_for_another_connection() {
    for reserved in [0, 1 << 31] {
        let mut session = answered(1);
        let (second, third) = (session.open(OK).unwrap(), session.open(OK).unwrap());
        let last = (second | reserved).to_be_bytes();
        let goaway = [&last[..], &[0; 4], b"why"].concat();
        session
            .take_bytes(&frame(kind::GOAWAY, 0, 0, &goaway))
            .unwrap();
        assert!(!session.takes_streams() && !session.is_over());
        assert_eq!(session.status(third), Err("unheard".to_owned()));
        session.take_bytes(&head(second, OK)).unwrap();
        assert_eq!(session.status(second), Ok(200));
        assert_eq!(session.write(1, 5), Some(5));
        assert!(session.open(OK).is_err());
    }
}

/// RFC 9113, 6.6 and 8.4.
#[test]
fn nothing_is_pushed() {
    let promise = [&2_u32.to_be_bytes()[..], OK].concat();
    let bytes = frame(kind::PUSH_PROMISE, flag::END_HEADERS, 1, &promise);
    assert_eq!(
        code_of(answered(1).take_bytes(&bytes)),
        code::PROTOCOL_ERROR
    );
}

/// RFC 9113, 4.1 and 5.5.
#[test]
fn what_is_not_known_is_ignored() {
    let mut session = answered(1);
    let priority = frame(2, 0xff, 9, &[0; 5]);
    let altsvc = frame(10, 0, 0, b"x");
    let unknown = frame(200, 0xff, u32::MAX, &[1; 100]);
    let acked = frame(kind::PING, flag::ACK, 0, &[0; 8]);
    let bytes = [priority, altsvc, unknown, acked].concat();
    session.take_bytes(&bytes).unwrap();
    assert_eq!(session.sent(), []);
}

/// RFC 9113, 10.5.
#[test]
fn who_asks_for_answers_and_reads_none_is_left() {
    let ping = frame(kind::PING, 0, 0, b"whatever");
    for asked in [ping.clone(), settings(&[])] {
        let mut session = settled();
        let flood = asked.repeat(1000);
        let most = TOO_MANY_WAITING + flood.len();
        let taken = (0..10_000).find_map(|_| session.take_bytes(&flood).err());
        assert_eq!(taken.map(|fault| fault.0), Some(code::ENHANCE_YOUR_CALM));
        assert!(session.waiting() <= most);
    }
    // One that reads may.
    let mut session = settled();
    for _ in 0..1000 {
        session.take_bytes(&ping.repeat(1000)).unwrap();
        assert_eq!(session.sent().len(), 1000);
    }
}

#[test]
fn nothing_follows_the_goodbye() {
    let mut session = answered(1);
    session.take_bytes(&data(1, &[7; GIVEN_BACK / 4])).unwrap();
    session.say_goodbye(code::PROTOCOL_ERROR);
    session.fail(NetError::HungUp);
    let (read, then) = session.read(1);
    assert_eq!((read.len(), then), (GIVEN_BACK / 4, "error"));
    session.end(1);
    session.leave(1);
    session.close();
    let last = [[0; 4], code::PROTOCOL_ERROR.to_be_bytes()].concat();
    assert_eq!(session.sent(), [(kind::GOAWAY, 0, last)]);
}

/// A script whose server mostly keeps the rules, and breaks each of them now and then.
fn script() -> impl Strategy<Value = Vec<u8>> {
    let payload = prop_oneof![
        3 => prop::sample::select(vec![OK, FORBIDDEN, EARLY_HINTS, b"", b"\0\0\0\x01", b"\0\0\0\0\0\0\0\x08"]).prop_map(<[u8]>::to_vec),
        1 => vec(any::<u8>(), 0..40),
        1 => (1..9_u8, any::<u32>()).prop_map(|(name, value)| [&[0, name][..], &value.to_be_bytes()].concat()),
    ];
    let server = (
        0..12_u8,
        prop::sample::select(vec![0, 1, 4, 5, 8, 0xff]),
        0..8_u8,
        payload,
    )
        .prop_map(|(kind, flags, stream, payload)| {
            [&[8, kind, flags, stream, payload.len() as u8][..], &payload].concat()
        });
    let client = (0..7_u8, 0..4_u8, any::<u8>()).prop_map(|(step, stream, count)| match step {
        0 => vec![step],
        6 => vec![step, count],
        1 | 2 => vec![step, stream, count],
        _ => vec![step, stream],
    });
    let step = prop_oneof![
        4 => server,
        4 => client,
        1 => vec(any::<u8>(), 0..12).prop_map(|bytes| [&[7, bytes.len() as u8][..], &bytes].concat()),
    ];
    let begun = [8, kind::SETTINGS, 0, 0, 6, 0, 8, 0, 0, 0, 1, 0];
    vec(step, 0..40).prop_map(move |steps| [&begun[..], &steps.concat()].concat())
}

proptest! {
    #[test]
    fn the_same_bytes_are_the_same_however_they_are_cut(script in script(), piece in 1..40_usize) {
        let whole = play(&script, usize::MAX);
        prop_assert_eq!(&whole, &play(&script, 1));
        prop_assert_eq!(&whole, &play(&script, piece));
    }

    #[test]
    fn no_bytes_are_too_much(script in vec(any::<u8>(), 0..2000), piece in 1..40_usize) {
        prop_assert_eq!(play(&script, usize::MAX), play(&script, piece));
    }
}
