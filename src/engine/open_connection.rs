//! An open connection as the engine's thread has it: its stream, its reader, and what is being written.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadBuf};

use super::flow_control::FlowControl;
use super::outbound::Outbound;
use super::read_half::ReadHalf;
use super::read_outcome::{ControlFrames, ReadOutcome, Wanted, with_scratch};
use super::shared_socket::{EngineStream, SharedSocket};
use super::user_timeout::{set_live_user_timeout, set_user_timeout};
use crate::net::Transport;
use crate::policy::{Attempt, PendingEnd};
use crate::wire::Reader;

/// How long the peer may take to end the stream after both close frames.
const LINGER: Duration = Duration::from_secs(2);

/// What one step of a connection has got done.
pub enum Progress {
    /// Some of what was handed over has been written.
    Wrote,
    Read(ReadOutcome),
}

/// See the module.
pub struct OpenConnection {
    pub attempt: Attempt,
    /// The engine does not read, since JavaScript does not keep up.
    pub paused: bool,
    /// The end that the peer has come to, until that is told.
    pub ending: Option<PendingEnd>,
    io: ConnectionIo,
    flow: Arc<FlowControl>,
    longest_batch: usize,
    /// The bytes that are being written; more are added once they are.
    pub sending: Outbound,
    unflushed: bool,
    /// When the system is to give the connection up, as it was told last; `None`: that is not known.
    user_timeout: Option<Option<Duration>>,
    /// Writing failed. Reading goes on: the peer's close frame may still be there.
    pub(super) broken: bool,
}

/// How the engine reads and writes a connection.
pub(super) enum ConnectionIo {
    /// Only the engine uses the stream.
    Own {
        stream: Box<dyn Transport>,
        reader: Reader,
    },
    /// The JavaScript thread uses the socket too.
    Shared(EngineStream),
}

impl ConnectionIo {
    fn stream(&mut self) -> Pin<&mut dyn Transport> {
        match self {
            ConnectionIo::Own { stream, .. } => Pin::new(stream.as_mut()),
            ConnectionIo::Shared(stream) => Pin::new(stream),
        }
    }

    fn as_transport(&self) -> &dyn Transport {
        match self {
            ConnectionIo::Own { stream, .. } => stream.as_ref(),
            ConnectionIo::Shared(stream) => stream,
        }
    }
}

impl OpenConnection {
    pub fn new(
        attempt: Attempt,
        io: ConnectionIo,
        flow: Arc<FlowControl>,
        longest_batch: usize,
    ) -> OpenConnection {
        OpenConnection {
            attempt,
            paused: false,
            ending: None,
            io,
            flow,
            longest_batch,
            sending: Outbound::default(),
            unflushed: false,
            user_timeout: Some(None),
            broken: false,
        }
    }

    /// Has the system give the connection up where what was sent stays without an answer for so long.
    pub fn limit_silence(&mut self, timeout: Option<Duration>) {
        // What is not read proves nothing of the peer.
        let timeout = timeout.filter(|_| !self.paused);
        if self.user_timeout != Some(timeout) {
            self.user_timeout = Some(timeout);
            set_live_user_timeout(self.io.as_transport(), timeout);
        }
    }

    /// Another driver has told the system something.
    pub fn forget_user_timeout(&mut self) {
        self.user_timeout = None;
    }

    /// The peer may have begun to read, or have ceased, and by that what the system is to be told changes.
    pub fn review_silence(&self) {
        if let Some(timeout) = self.user_timeout {
            set_live_user_timeout(self.io.as_transport(), timeout);
        }
    }

    /// Ends the connection at once. What the system still has for it goes as soon as that of a peer that is silent.
    pub fn cut(self, timeout: Option<Duration>) {
        set_user_timeout(self.io.as_transport(), timeout);
    }

    /// The socket, where the JavaScript thread may use it too.
    pub fn shared_socket(&self) -> Option<&Arc<SharedSocket>> {
        match &self.io {
            ConnectionIo::Own { .. } => None,
            ConnectionIo::Shared(stream) => Some(&stream.socket),
        }
    }

    /// Tells that what was read last is in the mailbox.
    pub fn read_is_queued(&self) {
        if let Some(socket) = self.shared_socket() {
            socket.read_half().turn.queued();
        }
    }

    /// Whether all is written, so that the engine has nothing to do for it while the JavaScript thread reads.
    pub fn may_be_left_to_javascript(&self) -> bool {
        let is_written = self.sending.is_empty() && !self.unflushed && !self.broken;
        is_written
            && !self.paused
            && self.ending.is_none()
            && self
                .shared_socket()
                .is_some_and(|socket| socket.can_be_watched())
    }

    /// Whether the JavaScript thread reads.
    pub fn is_read_by_javascript(&self) -> bool {
        let reads = |socket: &Arc<SharedSocket>| socket.read_half().turn.is_javascripts();
        self.shared_socket().is_some_and(reads)
    }

    /// Lets go of the memory that writing needs; only when all is written.
    pub fn release_idle_memory(&mut self) {
        self.sending = Outbound::default();
    }

    /// Writes and reads what the stream allows, until one of them has got something done.
    /// Dropping the future loses nothing.
    pub async fn advance(&mut self) -> Progress {
        poll_fn(|context| self.poll(context)).await
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Progress> {
        if self.poll_write(context).is_ready() {
            return Poll::Ready(Progress::Wrote);
        }
        if self.ending.is_some() {
            return Poll::Pending;
        }
        self.poll_read(context).map(Progress::Read)
    }

    fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<ReadOutcome> {
        let OpenConnection {
            io,
            flow,
            longest_batch,
            sending,
            paused,
            ..
        } = self;
        match io {
            ConnectionIo::Own { stream, reader } => {
                if *paused {
                    return Poll::Pending;
                }
                let stream = Pin::new(stream.as_mut());
                read(context, stream, reader, &flow.wanted, *longest_batch)
            }
            ConnectionIo::Shared(stream) => {
                let socket = stream.socket.clone();
                let mut read_half = socket.read_half();
                let ReadHalf { reader, turn, end } = &mut *read_half;
                if let Some(end) = end.take() {
                    return Poll::Ready(ReadOutcome::of(ControlFrames {
                        end: Some(*end),
                        ..ControlFrames::default()
                    }));
                }
                if turn.is_javascripts() && sending.is_empty() {
                    stream.stop_waiting();
                }
                if !turn.is_engines() || *paused {
                    return Poll::Pending;
                }
                let progress = read(
                    context,
                    Pin::new(stream),
                    reader,
                    &flow.wanted,
                    *longest_batch,
                );
                if let Poll::Ready(outcome) = &progress {
                    turn.engine_read();
                    if outcome.control.end.is_some() {
                        turn.end();
                    }
                }
                progress
            }
        }
    }

    /// Ready when something has been written by this call.
    fn poll_write(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.broken {
            self.sending.clear();
        }
        let mut stream = self.io.stream();
        let mut progress = Poll::Pending;
        while !self.sending.is_empty() {
            match stream
                .as_mut()
                .poll_write(context, self.sending.unwritten())
            {
                Poll::Ready(Ok(count)) if count > 0 => self.sending.advance(count),
                Poll::Ready(_) => {
                    self.broken = true;
                    self.sending.clear();
                }
                Poll::Pending => return progress,
            }
            self.unflushed = true;
            progress = Poll::Ready(());
        }
        if self.unflushed && !self.broken && stream.poll_flush(context).is_ready() {
            self.unflushed = false;
        }
        progress
    }

    /// Writes `last_words` behind what is being written, and waits for the peer to end the stream.
    pub async fn end(mut self, last_words: Outbound) {
        let farewell = async {
            let mut stream = self.io.stream();
            stream.write_all(self.sending.unwritten()).await?;
            stream.write_all(last_words.unwritten()).await?;
            stream.shutdown().await?;
            let mut sink = [0; 1024];
            while stream.read(&mut sink).await? > 0 {}
            std::io::Result::Ok(())
        };
        // The connection is over for the user; how its stream ends changes nothing any more.
        let _ = tokio::time::timeout(LINGER, farewell).await;
    }
}

fn read(
    context: &mut Context<'_>,
    stream: Pin<&mut dyn Transport>,
    reader: &mut Reader,
    wanted: &Wanted,
    longest_batch: usize,
) -> Poll<ReadOutcome> {
    with_scratch(|scratch| {
        let mut buffer = ReadBuf::new(scratch);
        Poll::Ready(match stream.poll_read(context, &mut buffer) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                ReadOutcome::read(reader, buffer.filled(), wanted, longest_batch)
            }
            Poll::Ready(Ok(()) | Err(_)) => ReadOutcome::of(ControlFrames::cut()),
        })
    })
}
