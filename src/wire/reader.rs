//! Reads what a server sends: bytes become messages and control frames, or a violation of the protocol.

use super::deflate::{self, Decompressor};
use super::frame::{Context, Head, MAX_SERVER_HEAD, Opcode};
use super::utf8::{self, Utf8};
use super::{Decoded, Violation, close_code_allowed};

/// Turns the bytes of a server into [`Decoded`] messages and control frames.
///
/// It keeps only what is partial: between messages it holds no memory but that of the decompressor, where one
/// was agreed, has been needed and must remember (see [`deflate`]).
#[derive(Debug)]
pub struct Reader {
    limits: Limits,
    decompressor: Option<Decompressor>,
    head: [u8; MAX_SERVER_HEAD],
    head_len: u8,
    state: State,
    /// Boxed, since every connection has room for it.
    message: Option<Box<Partial>>,
}

/// The longest messages that their consumer can hold, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Longest {
    pub text: usize,
    pub binary: usize,
}

impl Default for Longest {
    /// No bound.
    fn default() -> Longest {
        Longest {
            text: usize::MAX,
            binary: usize::MAX,
        }
    }
}

/// How many bytes a message may have.
#[derive(Clone, Copy, Debug)]
struct Limits {
    payload: usize,
    longest: Longest,
}

/// One of the limits, and what passing it is.
#[derive(Clone, Copy)]
struct Limit {
    bytes: usize,
    passed: fn(usize) -> Violation,
}

impl Limits {
    /// What a message of either kind may have.
    fn least(self) -> usize {
        let Longest { text, binary } = self.longest;
        self.payload.min(text).min(binary)
    }

    fn of(self, is_text: bool) -> Limit {
        let Longest { text, binary } = self.longest;
        let longest = if is_text { text } else { binary };
        if longest < self.payload {
            Limit {
                bytes: longest,
                passed: Violation::TooLong,
            }
        } else {
            Limit {
                bytes: self.payload,
                passed: Violation::TooBig,
            }
        }
    }
}

impl Limit {
    fn violation(self) -> Violation {
        (self.passed)(self.bytes)
    }
}

#[derive(Debug)]
enum State {
    Head,
    /// In a frame that is a piece of [`Reader::message`]; `left` bytes of it are still to come.
    Data {
        fin: bool,
        left: usize,
    },
    /// In a control frame, which may lie between the pieces of a message; boxed, since every connection has room for it.
    Control(Box<PartialControl>),
    Ended,
}

/// A control frame of which bytes are still to come.
#[derive(Debug)]
struct PartialControl {
    opcode: Opcode,
    len: usize,
    payload: Vec<u8>,
}

/// A message of which pieces are still to come.
#[derive(Debug)]
struct Partial {
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
            limits: Limits {
                payload: if max_payload == 0 {
                    usize::MAX
                } else {
                    max_payload
                },
                longest: Longest::default(),
            },
            decompressor: deflate.map(Decompressor::new),
            head: [0; MAX_SERVER_HEAD],
            head_len: 0,
            state: State::Head,
            message: None,
        }
    }

    /// Bounds messages by what their consumer can hold, besides.
    pub fn with_longest(mut self, longest: Longest) -> Self {
        self.limits.longest = longest;
        self
    }

    /// Decodes all of `input`, calling `sink` for each message and control frame in order.
    ///
    /// The events are the same however the bytes are cut. After a [`Violation`] or a close frame the
    /// reader reads no more: what comes then is ignored.
    pub fn feed(
        &mut self,
        input: &[u8],
        mut sink: impl FnMut(Decoded<'_>),
    ) -> Result<(), Violation> {
        let read = self.read(input, &mut sink);
        if read.is_err() {
            self.end();
        }
        read
    }

    fn read(
        &mut self,
        mut input: &[u8],
        sink: &mut impl FnMut(Decoded<'_>),
    ) -> Result<(), Violation> {
        let mut chunk = Vec::new();
        loop {
            match &mut self.state {
                State::Head => {
                    if self.head_len == 0 && self.message.is_none() {
                        short_messages(&mut input, self.limits.least(), sink)?;
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
                State::Control(frame) => {
                    let PartialControl {
                        opcode,
                        len,
                        payload,
                    } = &mut **frame;
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
                    self.head_len = input.len() as u8;
                }
            }
            return Ok(parsed.map(|(head, _)| head));
        }
        let before = usize::from(self.head_len);
        let taken = input.len().min(MAX_SERVER_HEAD - before);
        let known = before + taken;
        self.head[before..known].copy_from_slice(&input[..taken]);
        let parsed = Head::parse(&self.head[..known], context)?;
        match parsed {
            Some((_, size)) => {
                *input = &input[size - before..];
                self.head_len = 0;
            }
            None => self.head_len = known as u8,
        }
        Ok(parsed.map(|(head, _)| head))
    }

    /// Goes into the frame that `head` begins, and at once through it where it is a message
    /// that `input` has whole.
    #[inline]
    fn begin(
        &mut self,
        head: Head,
        input: &mut &[u8],
        sink: &mut impl FnMut(Decoded<'_>),
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
                sink(Decoded::Text(text.into()));
                return Ok(());
            }
            Opcode::Binary if whole => {
                sink(Decoded::Binary(take(input, len).into()));
                return Ok(());
            }
            Opcode::Close | Opcode::Ping | Opcode::Pong if whole => {
                return self.control(opcode, take(input, len), sink);
            }
            Opcode::Close | Opcode::Ping | Opcode::Pong => {
                let payload = Vec::new();
                self.state = State::Control(Box::new(PartialControl {
                    opcode,
                    len,
                    payload,
                }));
                return Ok(());
            }
            Opcode::Text => {
                let body = Body::Text(Utf8::default());
                self.message = Some(Box::new(Partial { compressed, body }));
            }
            Opcode::Binary => {
                let body = Body::Binary(Vec::new());
                self.message = Some(Box::new(Partial { compressed, body }));
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
        let (compressed, is_text, before) = match self.message.as_deref() {
            Some(Partial { compressed, body }) if !head.opcode.is_control() => {
                (*compressed, body.is_text(), body.len())
            }
            Some(_) | None => (head.compressed, head.opcode == Opcode::Text, 0),
        };
        let limit = self.limits.of(is_text);
        match usize::try_from(head.len) {
            Ok(len) if compressed || head.opcode.is_control() || len <= limit.bytes - before => {
                Ok(len)
            }
            Ok(_) | Err(_) => Err(limit.violation()),
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
        let Some(Partial { compressed, body }) = self.message.as_deref_mut() else {
            return Ok(());
        };
        let limit = self.limits.of(body.is_text());
        match &mut self.decompressor {
            Some(decompressor) if *compressed => decompressor.inflate(piece, chunk, |inflated| {
                body.push(inflated, 0, limit.bytes, limit)
            }),
            Some(_) | None => {
                let ceiling = if fin {
                    body.len() + piece.len() + left
                } else {
                    limit.bytes
                };
                body.push(piece, left, ceiling, limit)
            }
        }
    }

    fn finish(
        &mut self,
        chunk: &mut Vec<u8>,
        sink: &mut impl FnMut(Decoded<'_>),
    ) -> Result<(), Violation> {
        let Some(message) = self.message.take() else {
            return Ok(());
        };
        let Partial {
            compressed,
            mut body,
        } = *message;
        if compressed && let Some(decompressor) = &mut self.decompressor {
            let limit = self.limits.of(body.is_text());
            decompressor.finish(chunk, |inflated| body.push(inflated, 0, limit.bytes, limit))?;
        }
        sink(match body {
            Body::Text(text) => {
                Decoded::Text(text.finish().map_err(Violation::TextNotUtf8)?.into())
            }
            Body::Binary(bytes) => Decoded::Binary(bytes.into()),
        });
        Ok(())
    }

    fn control(
        &mut self,
        opcode: Opcode,
        payload: &[u8],
        sink: &mut impl FnMut(Decoded<'_>),
    ) -> Result<(), Violation> {
        match opcode {
            Opcode::Ping => sink(Decoded::Ping(payload)),
            Opcode::Pong => sink(Decoded::Pong(payload)),
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
    fn is_text(&self) -> bool {
        match self {
            Self::Text(_) => true,
            Self::Binary(_) => false,
        }
    }

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
        limit: Limit,
    ) -> Result<(), Violation> {
        let (kept, over) = bytes.split_at(bytes.len().min(limit.bytes - self.len()));
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
            Err(limit.violation())
        }
    }
}

fn close(payload: &[u8]) -> Result<Decoded<'_>, Violation> {
    let Some((&code, reason)) = payload.split_first_chunk() else {
        return match payload {
            [] => Ok(Decoded::Close {
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
    Ok(Decoded::Close {
        code: Some(code),
        reason,
    })
}

/// Goes through the short messages at the front of `input`, of at most `max` bytes. They are most of all, so they get a
/// loop of their own, which asks of them only what can be wrong with them.
#[inline]
fn short_messages(
    input: &mut &[u8],
    max: usize,
    sink: &mut impl FnMut(Decoded<'_>),
) -> Result<(), Violation> {
    while let [first @ (0x81 | 0x82), len @ 0..=125, rest @ ..] = *input
        && usize::from(*len) <= max
        && let Some((payload, rest)) = rest.split_at_checked(usize::from(*len))
    {
        *input = rest;
        if *first == 0x81 {
            let text = utf8::whole(payload).map_err(Violation::TextNotUtf8)?;
            sink(Decoded::Text(text.into()));
        } else {
            sink(Decoded::Binary(payload.into()));
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
            State::Control(frame) => frame.payload.capacity(),
            State::Head | State::Data { .. } | State::Ended => 0,
        };
        control
            + match self.message.as_deref() {
                Some(Partial {
                    body: Body::Text(text),
                    ..
                }) => text.capacity(),
                Some(Partial {
                    body: Body::Binary(bytes),
                    ..
                }) => bytes.capacity(),
                None => 0,
            }
    }
}

#[cfg(test)]
mod tests;
