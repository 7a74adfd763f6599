//! A connection by a script of bytes: what the server sends, and what clients do between. So any bytes are a script.

use std::fmt::Write;
use std::task::{Context, Waker};

use tokio::io::ReadBuf;

use super::frame::{self, HEAD, Head, PREFACE, code, kind};
use super::session::Session;
use crate::net::NetError;

/// What a client opens a stream with.
const BLOCK: &[u8] = b"\x82";
/// Beside the bytes that clients write, no byte of a script makes more than so many of them.
const MOST_FOR_EACH: usize = 64;

/// What a script has come to.
#[derive(Debug, PartialEq, Eq)]
pub struct Played {
    /// What clients were told.
    pub trace: String,
    /// What was sent to the server.
    pub sent: Vec<u8>,
}

/// Plays a script, in which the server's bytes come in pieces of `piece` at most.
pub fn play(script: &[u8], piece: usize) -> Played {
    let mut play = Play {
        script,
        piece,
        session: Session::new(),
        input: Vec::new(),
        streams: Vec::new(),
        written: 0,
        played: Played {
            trace: String::new(),
            sent: Vec::new(),
        },
    };
    while play.step().is_some() && !play.session.is_over() {
        play.session.assert_bounded();
    }
    play.write_out(usize::MAX);
    let Played { sent, .. } = &play.played;
    assert!(sent.len() <= play.written + MOST_FOR_EACH * (script.len() + 2));
    assert_whole(sent);
    play.played
}

struct Play<'a> {
    script: &'a [u8],
    piece: usize,
    session: Session,
    input: Vec<u8>,
    streams: Vec<u32>,
    /// Bytes and heads of frames that clients have written.
    written: usize,
    played: Played,
}

impl<'a> Play<'a> {
    fn step(&mut self) -> Option<()> {
        let mut context = Context::from_waker(Waker::noop());
        let step = self.byte()?;
        match step % 10 {
            0 => match self.session.open(BLOCK) {
                Ok(id) => self.streams.push(id),
                Err(why) => self.tell(&why),
            },
            1 => {
                let id = self.stream()?;
                let bytes = vec![0; 64 * usize::from(self.byte()?)];
                let written = self.session.poll_write(id, &mut context, &bytes);
                self.written += HEAD + bytes.len();
                self.tell(&written);
            }
            2 => {
                let id = self.stream()?;
                let mut room = vec![0; 16 * usize::from(self.byte()?)];
                let mut buffer = ReadBuf::new(&mut room);
                let read = self.session.poll_read(id, &mut context, &mut buffer);
                self.tell(&(read, buffer.filled()));
            }
            3 => {
                let id = self.stream()?;
                let head = self.session.poll_head(id, &mut context);
                self.tell(&head);
            }
            4 => {
                let id = self.stream()?;
                self.session.end(id);
            }
            5 => {
                let id = self.stream()?;
                self.session.leave(id);
            }
            6 => {
                let count = 256 * usize::from(self.byte()?);
                self.write_out(count);
            }
            7 => {
                let count = self.byte()?;
                let bytes = self.bytes(usize::from(count))?;
                self.receive(bytes);
            }
            // A whole frame, which chance seldom makes.
            _ => {
                let [kind, flags, stream, length] = *self.bytes(4)?.first_chunk()?;
                let payload = self.bytes(usize::from(length))?;
                let mut bytes = Vec::new();
                frame::write(&mut bytes, kind % 12, flags, stream.into(), payload);
                self.receive(&bytes);
            }
        }
        Some(())
    }

    fn receive(&mut self, bytes: &[u8]) {
        for piece in bytes.chunks(self.piece) {
            self.input.extend_from_slice(piece);
            if let Err(fault) = self.session.receive(&mut self.input) {
                self.tell(&fault);
                self.session.say_goodbye(fault.0);
                self.session.fail(NetError::HungUp);
                return;
            }
        }
    }

    fn write_out(&mut self, most: usize) {
        let unwritten = self.session.unwritten();
        let count = unwritten.len().min(most);
        self.played.sent.extend_from_slice(&unwritten[..count]);
        self.session.advance(count);
    }

    fn tell(&mut self, what: &impl std::fmt::Debug) {
        // Text takes all that is written to it.
        let _ = writeln!(self.played.trace, "{what:?}");
    }

    fn stream(&mut self) -> Option<u32> {
        let index = usize::from(self.byte()?);
        // One that nobody has opened is none, too.
        Some(self.streams.get(index).copied().unwrap_or(1))
    }

    fn byte(&mut self) -> Option<u8> {
        let (&first, rest) = self.script.split_first()?;
        self.script = rest;
        Some(first)
    }

    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.script.split_at_checked(count)?;
        self.script = rest;
        Some(bytes)
    }
}

/// What a client sends is frames, and the last of them the end of a connection that was broken off.
fn assert_whole(sent: &[u8]) {
    let mut rest = sent.strip_prefix(PREFACE).expect("a preface comes first");
    while let Some((head, behind)) = rest.split_first_chunk::<HEAD>() {
        let head = Head::parse(head);
        let (payload, next) = behind.split_at(head.length);
        assert!(head.kind != kind::GOAWAY || next.is_empty() && payload.len() == 8);
        assert!(head.kind != kind::RST_STREAM || payload != code::NO_ERROR.to_be_bytes());
        rest = next;
    }
    assert!(rest.is_empty());
}
