//! A byte stream whose socket the program outside of the engine has: what the engine reads was pushed at the other end, and
//! what it writes is taken there.
//!
//! So much waits in each direction at most. Beyond, the program stops reading its socket, or the engine writing.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::stream::Transport;
use crate::policy::Failure;
use crate::sync::{Lock, Rank, lock};

/// Bytes that wait at most in one direction, but for a push that begins below.
const ROOM: usize = 256 * 1024;
/// The program reads on when so few wait.
const FEW: usize = ROOM / 4;

/// The engine's end. Where it is dropped, the program destroys its socket.
pub struct Pipe(Arc<Shared>);

impl Transport for Pipe {}

/// The program's end. Where it is dropped, the stream has ended.
pub struct PipeEnd(Arc<Shared>);

/// What there is for the program to do.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct PipeNews {
    /// To be written to the socket.
    pub bytes: Vec<u8>,
    /// The socket may be read.
    pub has_room: bool,
    /// Behind `bytes` comes nothing.
    pub is_shut: bool,
    /// The engine is done with the socket.
    pub is_gone: bool,
}

/// Why the program's socket broke.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.message)]
pub(super) struct Broken(pub Failure);

struct Shared {
    number: u32,
    tell: Box<dyn Fn(u32) + Send + Sync>,
    state: Lock<State>,
}

#[derive(Default)]
struct State {
    arrived: VecDeque<Vec<u8>>,
    /// How much of the first of them has been read.
    read: usize,
    /// Bytes of all of them that have not been read.
    unread: usize,
    reader: Option<Waker>,
    /// The program was told that there is no room.
    is_full: bool,
    end: Option<End>,
    leaving: Vec<u8>,
    writer: Option<Waker>,
    is_shut: bool,
    is_gone: bool,
    /// The program has been told that there is news, and has not looked yet.
    is_told: bool,
}

#[derive(Clone)]
enum End {
    Finished,
    Broken(Failure),
}

/// Both ends of a new pipe; `tell` is called with its number where there is news for the program.
pub(super) fn pipe(tell: impl Fn(u32) + Send + Sync + 'static) -> (Pipe, PipeEnd) {
    static LAST: AtomicU32 = AtomicU32::new(0);
    let shared = Arc::new(Shared {
        number: LAST.fetch_add(1, Ordering::Relaxed).wrapping_add(1),
        tell: Box::new(tell),
        state: Lock::new(Rank::Last, State::default()),
    });
    (Pipe(shared.clone()), PipeEnd(shared))
}

impl Shared {
    /// Changes the state, and tells the program where there is news in that.
    fn change<T>(&self, change: impl FnOnce(&mut State) -> (T, bool)) -> T {
        let mut state = lock(&self.state);
        let (made, is_news) = change(&mut state);
        let tells = is_news && !state.is_told;
        state.is_told |= is_news;
        drop(state);
        if tells {
            (self.tell)(self.number);
        }
        made
    }
}

impl AsyncRead for Pipe {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.0.change(|state| {
            let mut is_read = false;
            while let Some(first) = state.arrived.front()
                && buffer.remaining() > 0
            {
                let rest = &first[state.read..];
                let count = rest.len().min(buffer.remaining());
                buffer.put_slice(&rest[..count]);
                is_read = true;
                state.unread -= count;
                state.read += count;
                if state.read == first.len() {
                    state.arrived.pop_front();
                    state.read = 0;
                }
            }
            if is_read {
                let has_room = state.is_full && state.unread <= FEW;
                state.is_full &= !has_room;
                return (Poll::Ready(Ok(())), has_room);
            }
            let ended = match &state.end {
                Some(End::Finished) => Poll::Ready(Ok(())),
                Some(End::Broken(failure)) => {
                    Poll::Ready(Err(io::Error::other(Broken(failure.clone()))))
                }
                None => {
                    state.reader = Some(context.waker().clone());
                    Poll::Pending
                }
            };
            (ended, false)
        })
    }
}

impl AsyncWrite for Pipe {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.0.change(|state| {
            if let Some(End::Broken(failure)) = &state.end {
                let error = io::Error::other(Broken(failure.clone()));
                return (Poll::Ready(Err(error)), false);
            }
            let count = bytes.len().min(ROOM.saturating_sub(state.leaving.len()));
            if count == 0 && !bytes.is_empty() {
                state.writer = Some(context.waker().clone());
                return (Poll::Pending, false);
            }
            state.leaving.extend_from_slice(&bytes[..count]);
            (Poll::Ready(Ok(count)), true)
        })
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.change(|state| {
            state.is_shut = true;
            (Poll::Ready(Ok(())), true)
        })
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        self.0.change(|state| {
            state.is_gone = true;
            ((), true)
        });
    }
}

impl PipeEnd {
    /// Its name, which no other of the process has.
    pub fn number(&self) -> u32 {
        self.0.number
    }

    /// Hands over what the socket has read. Whether there is room for more; where there is none, the program is told when there
    /// is again.
    pub fn push(&self, bytes: &[u8]) -> bool {
        if bytes.is_empty() {
            return true;
        }
        let mut state = lock(&self.0.state);
        state.arrived.push_back(bytes.to_vec());
        state.unread += bytes.len();
        state.is_full = state.unread >= ROOM;
        let has_room = !state.is_full;
        let reader = state.reader.take();
        drop(state);
        reader.into_iter().for_each(Waker::wake);
        has_room
    }

    /// The peer has ended the stream.
    pub fn finish(&self) {
        self.end(End::Finished);
    }

    /// The socket broke.
    pub fn fail(&self, failure: Failure) {
        self.end(End::Broken(failure));
    }

    /// What there is to do. Where the socket takes nothing for now, what is to be written stays.
    pub fn look(&self, takes: bool) -> PipeNews {
        let mut state = lock(&self.0.state);
        state.is_told = false;
        let bytes = if takes {
            std::mem::take(&mut state.leaving)
        } else {
            Vec::new()
        };
        let news = PipeNews {
            has_room: !state.is_full,
            is_shut: state.is_shut && state.leaving.is_empty(),
            is_gone: state.is_gone,
            bytes,
        };
        let writer = state.writer.take_if(|_| takes);
        drop(state);
        writer.into_iter().for_each(Waker::wake);
        news
    }

    fn end(&self, end: End) {
        let mut state = lock(&self.0.state);
        state.end.get_or_insert(end);
        let wakers = [state.reader.take(), state.writer.take()];
        drop(state);
        wakers.into_iter().flatten().for_each(Waker::wake);
    }
}

impl Drop for PipeEnd {
    fn drop(&mut self) {
        self.end(End::Broken(Failure {
            message: "The socket that Node made for the connection is gone".into(),
            ..Failure::default()
        }));
    }
}

#[cfg(test)]
mod tests;
