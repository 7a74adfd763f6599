//! An open connection: its stream, its reader, and what is being written.

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};

use super::client::End;
use super::mailbox::Content;
use crate::net::Transport;
use crate::policy::Attempt;
use crate::wire::{Event, Reader};

/// One read takes at most this many bytes.
const SCRATCH: usize = 64 * 1024;

/// Written bytes leave no larger buffer behind with an idle connection.
const KEPT_CAPACITY: usize = 4 * 1024;

/// How long the peer may take to end the stream after both close frames.
const LINGER: Duration = Duration::from_secs(2);

thread_local! {
    /// Shared by all connections of the engine thread: only what is partial is kept by each.
    static READ: RefCell<Vec<u8>> = RefCell::new(vec![0; SCRATCH]);
}

/// What one read brought.
#[derive(Default)]
pub struct Inbox {
    pub messages: Vec<Content>,
    /// Payloads of the peer's pings, to be answered.
    pub pings: Vec<Vec<u8>>,
    /// Bytes arrived: the peer is alive.
    pub heard: bool,
    pub end: Option<End>,
}

/// What a connection has got done.
pub enum Progress {
    /// All that was handed over has been written.
    Wrote,
    Read(Inbox),
}

pub struct Live {
    pub attempt: Attempt,
    /// The engine does not read, since JavaScript does not keep up.
    pub paused: bool,
    /// The end that the peer has come to, until JavaScript has been delivered what came before, or
    /// until then.
    pub ending: Option<(End, Instant)>,
    stream: Box<dyn Transport>,
    reader: Reader,
    /// Bytes that came behind the handshake and have not been read.
    head: Vec<u8>,
    sending: Vec<u8>,
    sent: usize,
    unflushed: bool,
    /// Writing failed. Reading goes on: the peer's close frame may still be there.
    broken: bool,
}

impl Live {
    pub fn new(
        attempt: Attempt,
        stream: Box<dyn Transport>,
        reader: Reader,
        head: Vec<u8>,
    ) -> Live {
        Live {
            attempt,
            paused: false,
            ending: None,
            stream,
            reader,
            head,
            sending: Vec::new(),
            sent: 0,
            unflushed: false,
            broken: false,
        }
    }

    /// Bytes that were handed over and are not written.
    pub fn unwritten(&self) -> usize {
        self.sending.len() - self.sent
    }

    /// Hands bytes over; only when all of the last are written.
    pub fn write(&mut self, bytes: Vec<u8>) {
        if !self.broken && !bytes.is_empty() {
            self.sending = bytes;
            self.sent = 0;
        }
    }

    /// Writes and reads what the stream allows, until one of them has got something done.
    /// Dropping the future loses nothing.
    pub async fn advance(&mut self) -> Progress {
        poll_fn(|context| self.poll(context)).await
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Progress> {
        if !self.head.is_empty() {
            let head = std::mem::take(&mut self.head);
            return Poll::Ready(Progress::Read(read(&mut self.reader, &head)));
        }
        if self.poll_write(context).is_ready() {
            return Poll::Ready(Progress::Wrote);
        }
        if self.paused || self.ending.is_some() {
            return Poll::Pending;
        }
        READ.with_borrow_mut(|scratch| {
            let mut buffer = ReadBuf::new(scratch);
            match Pin::new(&mut self.stream).poll_read(context, &mut buffer) {
                Poll::Pending => Poll::Pending,
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    Poll::Ready(Progress::Read(read(&mut self.reader, buffer.filled())))
                }
                Poll::Ready(Ok(()) | Err(_)) => Poll::Ready(Progress::Read(Inbox {
                    end: Some(End::Cut),
                    ..Inbox::default()
                })),
            }
        })
    }

    /// Ready when all has been written by this call.
    fn poll_write(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let mut stream = Pin::new(&mut self.stream);
        let mut progress = Poll::Pending;
        while self.sent < self.sending.len() {
            match stream
                .as_mut()
                .poll_write(context, &self.sending[self.sent..])
            {
                Poll::Ready(Ok(count)) if count > 0 => self.sent += count,
                Poll::Ready(_) => {
                    self.broken = true;
                    self.sent = self.sending.len();
                }
                Poll::Pending => return Poll::Pending,
            }
            if self.sent == self.sending.len() {
                self.sent = 0;
                self.sending.clear();
                self.sending.shrink_to(KEPT_CAPACITY);
                self.unflushed = true;
                progress = Poll::Ready(());
            }
        }
        if self.unflushed && !self.broken && stream.poll_flush(context).is_ready() {
            self.unflushed = false;
        }
        progress
    }

    /// Writes `last_words` behind what is being written, and waits for the peer to end the stream.
    pub async fn end(mut self, last_words: Vec<u8>) {
        let farewell = async {
            self.stream.write_all(&self.sending[self.sent..]).await?;
            self.stream.write_all(&last_words).await?;
            self.stream.shutdown().await?;
            let mut sink = [0; 1024];
            while self.stream.read(&mut sink).await? > 0 {}
            std::io::Result::Ok(())
        };
        // The connection is over for the user; how its stream ends changes nothing any more.
        let _ = tokio::time::timeout(LINGER, farewell).await;
    }
}

fn read(reader: &mut Reader, bytes: &[u8]) -> Inbox {
    let mut inbox = Inbox {
        heard: true,
        ..Inbox::default()
    };
    let result = reader.feed(bytes, |event| match event {
        Event::Text(text) => inbox.messages.push(Content::Text(text.into_owned())),
        Event::Binary(bytes) => inbox.messages.push(Content::Binary(bytes.into_owned())),
        Event::Ping(payload) => inbox.pings.push(payload.to_vec()),
        Event::Pong(_) => {}
        Event::Close { code, reason } => {
            inbox.end = Some(End::Closed {
                code,
                reason: reason.to_owned(),
            })
        }
    });
    if let Err(violation) = result {
        inbox.end = Some(End::Violated(violation));
    }
    inbox
}
