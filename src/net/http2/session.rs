//! What both sides of a connection have said: frames in, frames out, and the streams between. No I/O.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::answer;
use super::frame::{self, HEAD, Head, LONGEST, WIDEST, code, flag, kind, setting};
use super::hpack::Unread;
use crate::net::NetError;
use crate::net::handshake::{MAX_HEAD, MAX_INTERIM, Response};

/// Bytes that a server may send on one stream ahead of its reader.
pub const STREAM_WINDOW: usize = 256 * 1024;
/// Given back once so many have been read, or have come on the connection.
const GIVEN_BACK: usize = STREAM_WINDOW / 4;
/// Bytes that wait to be written before streams add no more.
const MOST_WAITING: usize = 128 * 1024;
/// Beyond so many, the server asks for answers without end and reads none.
const TOO_MANY_WAITING: usize = 2 * 1024 * 1024;
/// The window of a stream before settings say another.
const FIRST_WINDOW: i64 = 65_535;
/// Room of an empty buffer that a stream keeps.
const KEPT: usize = 1024;

/// What the server does against the rules, by the code of HTTP/2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault(pub u32, pub &'static str);

/// Why no answer came on a stream.
#[derive(Debug)]
pub enum Unanswered {
    /// The server has done nothing for it: another connection may.
    Unheard,
    Failed(NetError),
}

/// See the module.
pub struct Session {
    /// What is to be written, behind what has been.
    out: Vec<u8>,
    written: usize,
    /// So much waits there that a stream could not add more.
    is_crowded: bool,
    /// Wakes who writes that.
    pub driver: Option<Waker>,
    /// The server's settings have come.
    pub is_settled: bool,
    /// It takes WebSockets.
    pub takes_websockets: bool,
    /// Streams that it takes at once.
    pub most_streams: usize,
    /// It takes no further stream.
    pub is_closing: bool,
    /// How it has ended.
    over: Option<Arc<NetError>>,
    streams: BTreeMap<u32, Stream>,
    next_id: u32,
    /// Bytes that the server takes, of all streams.
    window: i64,
    stream_window: i64,
    longest_frame: usize,
    /// Bytes that have come since the server was last allowed more.
    received: usize,
    /// How often something has come.
    heard: u64,
    /// A header block that is not whole yet, with the flags of its first frame.
    block: Option<Block>,
}

struct Block {
    stream: u32,
    ends_stream: bool,
    bytes: Vec<u8>,
    /// Bytes of its frames, their heads among them: empty frames have an end too.
    size: usize,
}

/// What has cut a stream off.
#[derive(Clone, Copy)]
enum Cut {
    /// The server, with this code.
    There(u32),
    /// What it has done on the stream, against the rules.
    Here(&'static str),
}

#[derive(Default)]
struct Stream {
    head: Option<Response>,
    is_answered: bool,
    interim: usize,
    /// What has come and was not read.
    data: VecDeque<u8>,
    /// Bytes that the server may still send.
    receive_window: i64,
    /// Bytes that were read since it was last allowed more.
    read: usize,
    window: i64,
    has_ended: bool,
    is_ended_here: bool,
    reset: Option<Cut>,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Stream {
    fn wake(&mut self) {
        let waiting = [self.reader.take(), self.writer.take()];
        waiting.into_iter().flatten().for_each(Waker::wake);
    }

    /// What comes behind the head of an answer is of no use here.
    fn take_head(&mut self, block: &Block) -> Result<(), Unread> {
        if self.is_answered && !block.ends_stream {
            return Err(Unread::Malformed);
        }
        if !self.is_answered {
            let response = answer::read(&block.bytes)?;
            if !(100..200).contains(&response.status) {
                self.is_answered = true;
                self.head = Some(response);
            } else if block.ends_stream || self.interim == MAX_INTERIM {
                return Err(Unread::Malformed);
            } else {
                self.interim += 1;
            }
        }
        self.has_ended = block.ends_stream;
        Ok(())
    }

    fn is_over(&self) -> bool {
        self.reset.is_some() || self.has_ended && self.is_ended_here
    }
}

impl Session {
    pub fn new() -> Session {
        let mut out = Vec::new();
        let settings = [
            (setting::HEADER_TABLE_SIZE, 0),
            (setting::ENABLE_PUSH, 0),
            (setting::INITIAL_WINDOW_SIZE, STREAM_WINDOW as u32),
            (setting::MAX_HEADER_LIST_SIZE, MAX_HEAD as u32),
        ];
        frame::write_preface(&mut out, &settings);
        // What is not read is bounded for each stream: the window of all never keeps one waiting.
        let more = (WIDEST - FIRST_WINDOW) as u32;
        frame::write(&mut out, kind::WINDOW_UPDATE, 0, 0, &more.to_be_bytes());
        Session {
            out,
            written: 0,
            is_crowded: false,
            driver: None,
            is_settled: false,
            takes_websockets: false,
            most_streams: usize::MAX,
            is_closing: false,
            over: None,
            streams: BTreeMap::new(),
            next_id: 1,
            window: FIRST_WINDOW,
            stream_window: FIRST_WINDOW,
            longest_frame: LONGEST,
            received: 0,
            heard: 0,
            block: None,
        }
    }

    /// Opens a stream with this header block.
    pub fn open(&mut self, block: &[u8]) -> Result<u32, Unanswered> {
        let id = self.next_id;
        if !self.takes_streams() || self.streams.len() >= self.most_streams {
            return Err(Unanswered::Unheard);
        }
        self.next_id += 2;
        let mut rest = block;
        let mut kind = kind::HEADERS;
        loop {
            let (part, behind) = rest.split_at(rest.len().min(self.longest_frame));
            rest = behind;
            let flags = if rest.is_empty() {
                flag::END_HEADERS
            } else {
                0
            };
            self.send(kind, flags, id, part);
            if rest.is_empty() {
                break;
            }
            kind = kind::CONTINUATION;
        }
        let stream = Stream {
            window: self.stream_window,
            receive_window: STREAM_WINDOW as i64,
            ..Stream::default()
        };
        self.streams.insert(id, stream);
        Ok(id)
    }

    /// The head of the answer on a stream.
    pub fn poll_head(
        &mut self,
        id: u32,
        context: &mut Context<'_>,
    ) -> Poll<Result<Response, Unanswered>> {
        let Some(stream) = self.streams.get_mut(&id) else {
            return Poll::Ready(Err(Unanswered::Unheard));
        };
        if let Some(head) = stream.head.take() {
            return Poll::Ready(Ok(head));
        }
        let failed = |why| Poll::Ready(Err(Unanswered::Failed(why)));
        match (stream.reset, &self.over) {
            (Some(Cut::There(code::REFUSED_STREAM)), _) => {
                self.is_closing = true;
                Poll::Ready(Err(Unanswered::Unheard))
            }
            (Some(Cut::There(code)), _) => failed(NetError::http2(format!(
                "the server has reset the stream (code {code})"
            ))),
            (Some(Cut::Here(why)), _) => failed(NetError::http2(why.to_owned())),
            (None, Some(why)) => failed(NetError::Shared(why.clone())),
            (None, None) if stream.has_ended => failed(NetError::HungUp),
            (None, None) => {
                stream.reader = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }

    /// Reads what has come on a stream into `buffer`; nothing at its end.
    pub fn poll_read(
        &mut self,
        id: u32,
        context: &mut Context<'_>,
        buffer: &mut tokio::io::ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Some(stream) = self.streams.get_mut(&id) else {
            return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
        };
        if stream.data.is_empty() {
            // A server may reset what it has ended, for want of what else the client would send (RFC 9113, 8.1).
            if stream.has_ended {
                return Poll::Ready(Ok(()));
            }
            if stream.reset.is_some() || self.over.is_some() {
                return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
            }
            stream.reader = Some(context.waker().clone());
            return Poll::Pending;
        }
        let (first, _) = stream.data.as_slices();
        let count = first.len().min(buffer.remaining());
        buffer.put_slice(&first[..count]);
        stream.data.drain(..count);
        if stream.data.is_empty() && stream.data.capacity() > KEPT {
            stream.data = VecDeque::new();
        }
        self.give_back(id, count);
        Poll::Ready(Ok(()))
    }

    /// Takes what the server and the connection have room for.
    pub fn poll_write(
        &mut self,
        id: u32,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let is_over = self.over.is_some();
        let waiting = self.waiting();
        let Some(stream) = self.streams.get_mut(&id).filter(|_| !is_over) else {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        };
        if stream.reset.is_some() || stream.is_ended_here {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let room = stream.window.min(self.window).max(0) as usize;
        let count = bytes.len().min(room).min(self.longest_frame);
        self.is_crowded |= waiting >= MOST_WAITING;
        if count == 0 && !bytes.is_empty() || waiting >= MOST_WAITING {
            stream.writer = Some(context.waker().clone());
            return Poll::Pending;
        }
        stream.window -= count as i64;
        self.window -= count as i64;
        self.send(kind::DATA, 0, id, &bytes[..count]);
        Poll::Ready(Ok(count))
    }

    /// Nothing more is written on a stream.
    pub fn end(&mut self, id: u32) {
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        if !mem::replace(&mut stream.is_ended_here, true) && stream.reset.is_none() {
            self.send(kind::DATA, flag::END_STREAM, id, &[]);
        }
    }

    /// Nobody uses a stream any more.
    pub fn leave(&mut self, id: u32) {
        let left = self.streams.remove(&id);
        if left.is_some_and(|stream| !stream.is_over()) {
            let cancel = code::CANCEL.to_be_bytes();
            self.send(kind::RST_STREAM, 0, id, &cancel);
        }
    }

    /// Cuts a stream off for what the server has done on it. The others are not to suffer from that.
    fn cut(&mut self, id: u32, Fault(code, why): Fault) {
        if let Some(stream) = self.streams.get_mut(&id) {
            stream.reset = Some(Cut::Here(why));
            stream.wake();
            self.send(kind::RST_STREAM, 0, id, &code.to_be_bytes());
        }
    }

    /// Nobody uses the connection any more.
    pub fn close(&mut self) {
        self.say_goodbye(code::NO_ERROR);
        self.fail(NetError::HungUp);
    }

    /// It has ended, for all streams.
    pub fn fail(&mut self, why: NetError) {
        if self.over.is_none() {
            self.over = Some(Arc::new(why));
        }
        self.streams.values_mut().for_each(Stream::wake);
        self.driver.take().into_iter().for_each(Waker::wake);
    }

    pub fn is_over(&self) -> bool {
        self.over.is_some()
    }

    /// Why it has ended.
    pub fn fault(&self) -> Option<NetError> {
        self.over.clone().map(NetError::Shared)
    }

    /// Tells the server why it is to end.
    pub fn say_goodbye(&mut self, code: u32) {
        // No stream of the server's was ever taken.
        let payload = [[0; 4], code.to_be_bytes()].concat();
        self.send(kind::GOAWAY, 0, 0, &payload);
    }

    pub fn takes_streams(&self) -> bool {
        self.over.is_none() && !self.is_closing && i64::from(self.next_id) <= WIDEST
    }

    /// How often something has come from the server.
    pub fn heard(&self) -> u64 {
        self.heard
    }

    pub fn unwritten(&self) -> &[u8] {
        &self.out[self.written..]
    }

    /// So many bytes have been written.
    pub fn advance(&mut self, count: usize) {
        self.written += count;
        if self.written == self.out.len() && self.out.capacity() > KEPT {
            self.out = Vec::new();
            self.written = 0;
        } else if self.written >= MOST_WAITING || self.written == self.out.len() {
            self.out.drain(..self.written);
            self.written = 0;
        }
        if self.is_crowded && self.waiting() < MOST_WAITING / 2 {
            self.is_crowded = false;
            self.wake_writers();
        }
    }

    /// Nothing can be written any more.
    pub fn break_off(&mut self, why: NetError) {
        self.out = Vec::new();
        self.written = 0;
        self.fail(why);
    }

    fn waiting(&self) -> usize {
        self.out.len() - self.written
    }

    /// Takes the whole frames of what has come, and leaves the rest.
    pub fn receive(&mut self, input: &mut Vec<u8>) -> Result<(), Fault> {
        self.heard = self.heard.wrapping_add(1);
        let mut rest = input.as_slice();
        while let Some((head, behind)) = rest.split_first_chunk::<HEAD>() {
            let head = Head::parse(head);
            if head.length > LONGEST {
                return Err(Fault(code::FRAME_SIZE_ERROR, "a frame is too long"));
            }
            if !self.is_settled && (head.kind != kind::SETTINGS || head.has(flag::ACK)) {
                return Err(Fault(code::PROTOCOL_ERROR, "no settings come first"));
            }
            let Some((payload, next)) = behind.split_at_checked(head.length) else {
                break;
            };
            self.take(head, payload)?;
            rest = next;
        }
        let taken = input.len() - rest.len();
        input.drain(..taken);
        if self.waiting() > TOO_MANY_WAITING {
            return Err(Fault(
                code::ENHANCE_YOUR_CALM,
                "it asks for more than it reads",
            ));
        }
        Ok(())
    }

    fn take(&mut self, head: Head, payload: &[u8]) -> Result<(), Fault> {
        let continues = head.kind == kind::CONTINUATION;
        let open = self.block.as_ref().map(|block| block.stream);
        if open.is_some() != continues || open.is_some_and(|stream| stream != head.stream) {
            return Err(Fault(code::PROTOCOL_ERROR, "a header block is cut"));
        }
        if !self.may_have(head) {
            return Err(Fault(
                code::PROTOCOL_ERROR,
                "a frame is on a stream that has none",
            ));
        }
        match head.kind {
            kind::DATA => self.take_data(head, payload),
            kind::HEADERS => {
                let (mut block, _) = without_padding(head, payload)?;
                if head.has(flag::PRIORITY) {
                    block = block.get(5..).ok_or(TOO_SHORT)?;
                }
                self.block = Some(Block {
                    stream: head.stream,
                    ends_stream: head.has(flag::END_STREAM),
                    bytes: Vec::new(),
                    size: 0,
                });
                self.take_block(head, block)
            }
            kind::CONTINUATION => self.take_block(head, payload),
            kind::RST_STREAM => {
                let code = u32::from_be_bytes(word(payload)?);
                if let Some(stream) = self.streams.get_mut(&head.stream) {
                    stream.reset.get_or_insert(Cut::There(code));
                    stream.wake();
                }
                Ok(())
            }
            kind::SETTINGS => self.take_settings(head, payload),
            kind::PUSH_PROMISE => Err(Fault(code::PROTOCOL_ERROR, "it pushes what was declined")),
            kind::PING => {
                if payload.len() != 8 {
                    return Err(TOO_SHORT);
                }
                if !head.has(flag::ACK) {
                    self.send(kind::PING, flag::ACK, 0, payload);
                }
                Ok(())
            }
            kind::GOAWAY => {
                let (words, _) = payload.split_at_checked(8).ok_or(TOO_SHORT)?;
                let last = number(word(&words[..4])?);
                self.is_closing = true;
                for (_, stream) in self.streams.range_mut(last + 1..) {
                    let refused = Cut::There(code::REFUSED_STREAM);
                    stream.reset.get_or_insert(refused);
                    stream.wake();
                }
                Ok(())
            }
            kind::WINDOW_UPDATE => self.take_window(head.stream, word(payload)?),
            // Of extensions, and of priorities.
            _ => Ok(()),
        }
    }

    /// Whether the frame is of a kind that its stream may have. The server opens none itself.
    fn may_have(&self, head: Head) -> bool {
        let is_connection = head.stream == 0;
        let is_opened = head.stream % 2 == 1 && head.stream < self.next_id;
        match head.kind {
            kind::DATA | kind::HEADERS | kind::RST_STREAM | kind::CONTINUATION => is_opened,
            kind::SETTINGS | kind::PING | kind::GOAWAY => is_connection,
            kind::WINDOW_UPDATE => is_connection || is_opened,
            _ => true,
        }
    }

    fn take_data(&mut self, head: Head, payload: &[u8]) -> Result<(), Fault> {
        let (data, padding) = without_padding(head, payload)?;
        self.received += payload.len();
        if self.received >= GIVEN_BACK {
            let more = (mem::take(&mut self.received) as u32).to_be_bytes();
            self.send(kind::WINDOW_UPDATE, 0, 0, &more);
        }
        // What was on its way when the stream was left or cut off still comes.
        let Some(stream) = self.at(head.stream) else {
            return Ok(());
        };
        if stream.has_ended {
            self.cut(head.stream, ENDED);
            return Ok(());
        }
        if !stream.is_answered {
            let early = Fault(code::PROTOCOL_ERROR, "data come before an answer");
            self.cut(head.stream, early);
            return Ok(());
        }
        stream.receive_window -= payload.len() as i64;
        if stream.receive_window < 0 {
            return Err(Fault(code::FLOW_CONTROL_ERROR, "it sends more than it may"));
        }
        stream.data.extend(data);
        stream.has_ended |= head.has(flag::END_STREAM);
        stream.reader.take().into_iter().for_each(Waker::wake);
        self.give_back(head.stream, padding);
        Ok(())
    }

    /// Bytes of a stream have been read: the server may send as many more.
    fn give_back(&mut self, id: u32, count: usize) {
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        stream.read += count;
        if stream.read < GIVEN_BACK || stream.has_ended || stream.reset.is_some() {
            return;
        }
        let more = mem::take(&mut stream.read);
        stream.receive_window += more as i64;
        let more = (more as u32).to_be_bytes();
        self.send(kind::WINDOW_UPDATE, 0, id, &more);
    }

    fn take_block(&mut self, head: Head, part: &[u8]) -> Result<(), Fault> {
        let Some(block) = &mut self.block else {
            return Ok(());
        };
        block.size += HEAD + part.len();
        if block.size > MAX_HEAD {
            return Err(TOO_LONG);
        }
        block.bytes.extend_from_slice(part);
        if !head.has(flag::END_HEADERS) {
            return Ok(());
        }
        let Some(block) = self.block.take() else {
            return Ok(());
        };
        let Some(stream) = self.at(block.stream) else {
            return Ok(());
        };
        if stream.has_ended {
            self.cut(block.stream, ENDED);
            return Ok(());
        }
        match stream.take_head(&block) {
            Ok(()) => stream.reader.take().into_iter().for_each(Waker::wake),
            Err(Unread::Garbled) => {
                return Err(Fault(code::COMPRESSION_ERROR, "its headers are garbled"));
            }
            Err(Unread::TooLong) => self.cut(block.stream, TOO_LONG),
            Err(Unread::Malformed) => self.cut(block.stream, MALFORMED),
        }
        Ok(())
    }

    /// A stream that is neither left nor cut off.
    fn at(&mut self, id: u32) -> Option<&mut Stream> {
        let stream = self.streams.get_mut(&id);
        stream.filter(|stream| stream.reset.is_none())
    }

    fn take_settings(&mut self, head: Head, payload: &[u8]) -> Result<(), Fault> {
        if head.has(flag::ACK) {
            return if payload.is_empty() {
                Ok(())
            } else {
                Err(TOO_SHORT)
            };
        }
        let mut stream_window = self.stream_window;
        for entry in payload.chunks(6) {
            let &[a, b, c, d, e, f] = entry else {
                return Err(TOO_SHORT);
            };
            let value = u32::from_be_bytes([c, d, e, f]);
            match (u16::from_be_bytes([a, b]), value) {
                (setting::ENABLE_PUSH, 0) => {}
                (setting::MAX_CONCURRENT_STREAMS, most) => self.most_streams = most as usize,
                (setting::INITIAL_WINDOW_SIZE, _) => stream_window = i64::from(value),
                (setting::MAX_FRAME_SIZE, LEAST_FRAME..MOST_FRAME) => {
                    self.longest_frame = (value as usize).min(MOST_WAITING);
                }
                (setting::ENABLE_CONNECT_PROTOCOL, 1) => self.takes_websockets = true,
                // It may not be taken back (RFC 8441, 3).
                (setting::ENABLE_CONNECT_PROTOCOL, 0) if !self.takes_websockets => {}
                (
                    setting::ENABLE_PUSH
                    | setting::MAX_FRAME_SIZE
                    | setting::ENABLE_CONNECT_PROTOCOL,
                    _,
                ) => {
                    return Err(Fault(
                        code::PROTOCOL_ERROR,
                        "a setting has a value that it may not have",
                    ));
                }
                _ => {}
            }
            if stream_window > WIDEST {
                return Err(WINDOW_TOO_WIDE);
            }
        }
        self.is_settled = true;
        self.send(kind::SETTINGS, flag::ACK, 0, &[]);
        self.set_stream_window(stream_window)
    }

    /// What a stream may be sent at first: those that are open have had that much less or more.
    fn set_stream_window(&mut self, window: i64) -> Result<(), Fault> {
        let more = window - mem::replace(&mut self.stream_window, window);
        if more == 0 {
            return Ok(());
        }
        for stream in self.streams.values_mut() {
            stream.window += more;
            if stream.window > WIDEST {
                return Err(WINDOW_TOO_WIDE);
            }
        }
        self.wake_writers();
        Ok(())
    }

    fn take_window(&mut self, id: u32, more: [u8; 4]) -> Result<(), Fault> {
        let more = i64::from(number(more));
        let nothing = Fault(code::PROTOCOL_ERROR, "it widens a window by nothing");
        if id == 0 {
            let was_shut = self.window <= 0;
            self.window += more;
            if more == 0 {
                return Err(nothing);
            }
            if self.window > WIDEST {
                return Err(WINDOW_TOO_WIDE);
            }
            if was_shut {
                self.wake_writers();
            }
            return Ok(());
        }
        let Some(stream) = self.at(id) else {
            return Ok(());
        };
        if more == 0 {
            self.cut(id, nothing);
        } else if stream.window + more > WIDEST {
            self.cut(id, WINDOW_TOO_WIDE);
        } else {
            stream.window += more;
            stream.writer.take().into_iter().for_each(Waker::wake);
        }
        Ok(())
    }

    fn wake_writers(&mut self) {
        let writers = self
            .streams
            .values_mut()
            .filter_map(|stream| stream.writer.take());
        writers.for_each(Waker::wake);
    }

    fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        if self.over.is_some() {
            return;
        }
        frame::write(&mut self.out, kind, flags, stream, payload);
        self.driver.take().into_iter().for_each(Waker::wake);
    }
}

/// What a server may have for the most bytes of a payload (RFC 9113, 6.5.2), from and below.
const LEAST_FRAME: u32 = LONGEST as u32;
const MOST_FRAME: u32 = 1 << 24;
const TOO_SHORT: Fault = Fault(code::FRAME_SIZE_ERROR, "a frame has another length");
const WINDOW_TOO_WIDE: Fault = Fault(code::FLOW_CONTROL_ERROR, "a window is too wide");
const TOO_LONG: Fault = Fault(code::ENHANCE_YOUR_CALM, "its headers are too long");
const MALFORMED: Fault = Fault(code::PROTOCOL_ERROR, "its answer is malformed");
const ENDED: Fault = Fault(
    code::STREAM_CLOSED,
    "it sends more on a stream than its end",
);

fn word(payload: &[u8]) -> Result<[u8; 4], Fault> {
    payload.try_into().map_err(|_| TOO_SHORT)
}

/// The first bit is reserved.
fn number(word: [u8; 4]) -> u32 {
    u32::from_be_bytes(word) & (u32::MAX >> 1)
}

/// The payload, and how many bytes beside it only fill the frame.
fn without_padding(head: Head, payload: &[u8]) -> Result<(&[u8], usize), Fault> {
    if !head.has(flag::PADDED) {
        return Ok((payload, 0));
    }
    let too_long = Fault(code::PROTOCOL_ERROR, "a frame is nothing but padding");
    let (&padding, padded) = payload.split_first().ok_or(too_long)?;
    let length = padded.len().checked_sub(usize::from(padding));
    let data = length.map(|length| &padded[..length]).ok_or(too_long)?;
    Ok((data, payload.len() - data.len()))
}

#[cfg(any(test, fuzzing))]
mod invariants;
#[cfg(test)]
mod tests;
