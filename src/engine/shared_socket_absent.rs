//! Where a socket cannot be shared between threads, the engine uses it alone.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::read_half::ReadHalf;
use super::read_turn::Asked;
use super::socket_set::SocketSet;
use crate::net::Transport;
use crate::policy::Attempt;
use crate::sync::Guard;
use crate::wire::Reader;

pub struct SharedSocket {
    pub(super) attempt: Attempt,
    never: Infallible,
}

impl SharedSocket {
    pub fn read_half(&self) -> Guard<'_, ReadHalf> {
        match self.never {}
    }

    pub fn can_be_watched(&self) -> bool {
        match self.never {}
    }

    pub fn hand_over(&self, _: &mut ReadHalf) -> Asked {
        match self.never {}
    }

    pub fn take_over(&self, _: &mut ReadHalf) -> bool {
        match self.never {}
    }

    pub fn end(&self, _: &mut ReadHalf) {
        match self.never {}
    }

    pub fn read(&self, _: &mut [u8]) -> io::Result<usize> {
        match self.never {}
    }

    pub fn write(&self, _: &[u8]) -> io::Result<usize> {
        match self.never {}
    }
}

pub(super) struct EngineStream {
    pub socket: Arc<SharedSocket>,
}

/// The stream and the reader of a connection that cannot be shared.
type Unshared = Box<(Box<dyn Transport>, Reader)>;

impl EngineStream {
    pub fn share(
        _: Attempt,
        stream: tokio::net::TcpStream,
        reader: Reader,
        _: Option<(Arc<SocketSet>, u32)>,
    ) -> Result<EngineStream, Unshared> {
        Err(Box::new((Box::new(stream), reader)))
    }

    pub fn again(socket: Arc<SharedSocket>) -> EngineStream {
        EngineStream { socket }
    }

    pub fn stop_waiting(&mut self) {
        match self.socket.never {}
    }
}

impl Transport for EngineStream {}

impl AsyncRead for EngineStream {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        _: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.socket.never {}
    }
}

impl AsyncWrite for EngineStream {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        match self.socket.never {}
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.socket.never {}
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.socket.never {}
    }
}
