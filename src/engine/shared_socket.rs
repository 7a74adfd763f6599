//! A plain TCP connection that the JavaScript thread and the engine's thread both read and write.

#[cfg(test)]
mod tests;

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::{AsRawFd, RawFd};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use socket2::SockRef;
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};

use super::read_half::ReadHalf;
use super::read_turn::{Asked, ReadTurn};
use super::readiness::readiness;
use super::socket_set::SocketSet;
use crate::net::Transport;
use crate::policy::Attempt;
use crate::sync::{Guard, Lock, Rank, lock};
use crate::wire::Reader;

/// The socket, and the half that reads it, which is locked by whoever reads.
pub struct SharedSocket {
    pub(super) attempt: Attempt,
    stream: TcpStream,
    /// The set by which JavaScript's event loop can watch it, and the name of the client there.
    watched_in: Option<(Arc<SocketSet>, u32)>,
    read_half: Lock<ReadHalf>,
}

impl SharedSocket {
    pub fn read_half(&self) -> Guard<'_, ReadHalf> {
        lock(&self.read_half)
    }

    /// Whether the JavaScript thread can ever read it.
    pub fn can_be_watched(&self) -> bool {
        self.watched_in.is_some()
    }

    /// Gives the turn to read to JavaScript's thread, where it can be given.
    pub fn hand_over(&self, read_half: &mut ReadHalf) -> Asked {
        self.change_turn(read_half, ReadTurn::hand_over)
    }

    /// Takes the turn to read from JavaScript's thread. Whether that had it.
    pub fn take_over(&self, read_half: &mut ReadHalf) -> bool {
        self.change_turn(read_half, ReadTurn::take_over)
    }

    /// Nobody reads it any more.
    pub fn end(&self, read_half: &mut ReadHalf) {
        self.change_turn(read_half, ReadTurn::end);
    }

    /// JavaScript's event loop watches the socket exactly while it is the turn of JavaScript's thread: bytes that wait in a
    /// socket that it watches and does not read would keep it busy. Where it cannot be watched, the engine reads.
    fn change_turn<R>(
        &self,
        read_half: &mut ReadHalf,
        change: impl FnOnce(&mut ReadTurn) -> R,
    ) -> R {
        let before = read_half.turn.is_javascripts();
        let changed = change(&mut read_half.turn);
        let Some((set, id)) = &self.watched_in else {
            return changed;
        };
        match (before, read_half.turn.is_javascripts()) {
            (true, false) => set.remove(&self.stream),
            (false, true) => {
                if set.add(*id, &self.stream).is_err() {
                    read_half.turn.take_over();
                }
            }
            (true, true) | (false, false) => {}
        }
        changed
    }

    /// Reads what is there; only under the lock of the read half.
    pub fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        (&self.stream).read(buffer)
    }

    /// Writes what fits; only one thread may be at it.
    pub fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        (&self.stream).write(bytes)
    }
}

/// The socket as the engine reads and writes it.
pub(super) struct EngineStream {
    pub socket: Arc<SharedSocket>,
    /// Tells when the socket is ready. That costs the engine a wake-up for each arrival, so it is
    /// asked for only while the engine has something to wait for.
    ready: Option<AsyncFd<Descriptor>>,
}

/// Keeps the socket open while its readiness is watched.
struct Descriptor(Arc<SharedSocket>);

impl AsRawFd for Descriptor {
    fn as_raw_fd(&self) -> RawFd {
        self.0.stream.as_raw_fd()
    }
}

/// The stream and the reader of a connection that cannot be shared.
type Unshared = Box<(Box<dyn Transport>, Reader)>;

impl EngineStream {
    /// Shares a connection with the JavaScript thread. Where that cannot be, its stream and reader come back.
    pub fn share(
        attempt: Attempt,
        stream: tokio::net::TcpStream,
        reader: Reader,
        watched_in: Option<(Arc<SocketSet>, u32)>,
    ) -> Result<EngineStream, Unshared> {
        let Ok(stream) = stream.into_std() else {
            // The socket is gone: a stream at its end tells it as any other loss.
            return Err(Box::new((Box::new(tokio::io::empty()), reader)));
        };
        let socket = Arc::new(SharedSocket {
            attempt,
            stream,
            watched_in,
            read_half: Lock::new(Rank::ReadHalf, ReadHalf::new(reader)),
        });
        Ok(EngineStream::again(socket))
    }

    /// As a driver goes on with a connection that another one has left.
    pub fn again(socket: Arc<SharedSocket>) -> EngineStream {
        EngineStream {
            socket,
            ready: None,
        }
    }

    /// Does not wait for the socket any more.
    pub fn stop_waiting(&mut self) {
        self.ready = None;
    }

    fn ready(&mut self) -> io::Result<&AsyncFd<Descriptor>> {
        let ready = match self.ready.take() {
            Some(ready) => ready,
            None => {
                let both = Interest::READABLE | Interest::WRITABLE;
                readiness(Descriptor(self.socket.clone()), both)?
            }
        };
        Ok(self.ready.insert(ready))
    }
}

impl Transport for EngineStream {
    fn tcp(&self) -> Option<SockRef<'_>> {
        Some(SockRef::from(&self.socket.stream))
    }
}

impl AsyncRead for EngineStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let socket = self.socket.clone();
        let ready = self.ready()?;
        loop {
            let mut guard = ready!(ready.poll_read_ready(context))?;
            let room = buffer.remaining();
            match socket.read(buffer.initialize_unfilled()) {
                Ok(count) => {
                    if count > 0 && count < room {
                        guard.clear_ready();
                    }
                    buffer.advance(count);
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => guard.clear_ready(),
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

impl AsyncWrite for EngineStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let socket = self.socket.clone();
        loop {
            match socket.write(bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    ready!(self.ready()?.poll_write_ready(context))?.clear_ready();
                }
                result => return Poll::Ready(result),
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.socket.stream.shutdown(Shutdown::Write))
    }
}
