//! An open connection of the engine: its stream, its reader, and what is being written.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadBuf};

use super::end::End;
use super::inbox::{Run, Runs, Signals, Wanted, feed, with_scratch};
use super::intake::{Intake, Side};
use super::line::{Line, Tap};
use super::writing::Outbound;
use crate::net::Transport;
use crate::policy::Attempt;
use crate::wire::Reader;

/// How long the peer may take to end the stream after both close frames.
const LINGER: Duration = Duration::from_secs(2);

/// What a connection has got done.
pub enum Progress {
    /// Some of what was handed over has been written.
    Wrote,
    Read(Inbox),
}

pub struct Inbox {
    pub runs: Vec<Run>,
    pub signals: Signals,
}

impl Inbox {
    pub fn read(reader: &mut Reader, bytes: &[u8], wanted: &Wanted, longest_run: usize) -> Inbox {
        let mut runs = Runs::new(longest_run);
        let signals = feed(reader, bytes, wanted, |message| runs.push(message));
        Inbox {
            runs: runs.into_runs(),
            signals,
        }
    }

    fn of(signals: Signals) -> Inbox {
        Inbox {
            runs: Vec::new(),
            signals,
        }
    }
}

pub struct Live {
    pub attempt: Attempt,
    /// The engine does not read, since JavaScript does not keep up.
    pub paused: bool,
    /// The end that the peer has come to, until JavaScript has been delivered what came before, or
    /// until then.
    pub ending: Option<(End, Instant)>,
    port: Port,
    wanted: Arc<Wanted>,
    longest_run: usize,
    /// What is being written; more comes once that is.
    pub sending: Outbound,
    unflushed: bool,
    /// Writing failed. Reading goes on: the peer's close frame may still be there.
    pub(super) broken: bool,
}

pub(super) enum Port {
    /// The engine's alone.
    Own {
        stream: Box<dyn Transport>,
        reader: Reader,
    },
    Shared(Tap),
}

impl Port {
    fn stream(&mut self) -> Pin<&mut dyn Transport> {
        match self {
            Port::Own { stream, .. } => Pin::new(stream.as_mut()),
            Port::Shared(tap) => Pin::new(tap),
        }
    }
}

impl Live {
    pub fn new(attempt: Attempt, port: Port, wanted: Arc<Wanted>, longest_run: usize) -> Live {
        Live {
            attempt,
            paused: false,
            ending: None,
            port,
            wanted,
            longest_run,
            sending: Outbound::default(),
            unflushed: false,
            broken: false,
        }
    }

    /// The line, where the JavaScript thread may use it too.
    pub fn line(&self) -> Option<&Arc<Line>> {
        match &self.port {
            Port::Own { .. } => None,
            Port::Shared(tap) => Some(&tap.line),
        }
    }

    /// Tells that what was read last is in the mailbox.
    pub fn absorbed(&self) {
        if let Some(line) = self.line() {
            let mut intake = line.intake();
            if intake.side == Side::InHand {
                intake.side = Side::Engine;
            }
        }
    }

    /// Lets go of the memory that writing needs; only when all is written.
    pub fn rest(&mut self) {
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

    fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<Inbox> {
        let Live {
            port,
            wanted,
            longest_run,
            sending,
            paused,
            ..
        } = self;
        match port {
            Port::Own { stream, reader } => {
                if *paused {
                    return Poll::Pending;
                }
                let stream = Pin::new(stream.as_mut());
                read(context, stream, reader, wanted, *longest_run)
            }
            Port::Shared(tap) => {
                let line = tap.line.clone();
                let mut intake = line.intake();
                let Intake { reader, side, end } = &mut *intake;
                if let Some(end) = end.take() {
                    return Poll::Ready(Inbox::of(Signals {
                        end: Some(end),
                        ..Signals::default()
                    }));
                }
                if *side == Side::JavaScript && sending.is_empty() {
                    tap.rest();
                }
                if *side != Side::Engine || *paused {
                    return Poll::Pending;
                }
                let progress = read(context, Pin::new(tap), reader, wanted, *longest_run);
                if let Poll::Ready(inbox) = &progress {
                    *side = match inbox.signals.end {
                        Some(_) => Side::Over,
                        None => Side::InHand,
                    };
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
        let mut stream = self.port.stream();
        let mut progress = Poll::Pending;
        while !self.sending.is_empty() {
            match stream.as_mut().poll_write(context, self.sending.rest()) {
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
            let mut stream = self.port.stream();
            stream.write_all(self.sending.rest()).await?;
            stream.write_all(last_words.rest()).await?;
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
    longest_run: usize,
) -> Poll<Inbox> {
    with_scratch(|scratch| {
        let mut buffer = ReadBuf::new(scratch);
        Poll::Ready(match stream.poll_read(context, &mut buffer) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                Inbox::read(reader, buffer.filled(), wanted, longest_run)
            }
            Poll::Ready(Ok(()) | Err(_)) => Inbox::of(Signals::cut()),
        })
    })
}
