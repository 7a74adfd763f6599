//! The byte stream that a connection runs over.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, Empty, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// A byte stream.
pub enum Stream {
    /// In the clear: its socket can be used as such.
    Tcp(TcpStream),
    /// By TLS or a socket of Unix, or in tests from memory.
    Other(Box<dyn Transport>),
}

pub trait Transport: AsyncRead + AsyncWrite + Send + Unpin {
    /// The TCP socket beneath, where there is one.
    fn tcp(&self) -> Option<SockRef<'_>> {
        None
    }
}

impl Transport for TcpStream {
    fn tcp(&self) -> Option<SockRef<'_>> {
        Some(SockRef::from(self))
    }
}

impl<S: Transport> Transport for TlsStream<S> {
    fn tcp(&self) -> Option<SockRef<'_>> {
        self.get_ref().0.tcp()
    }
}

impl Transport for Empty {}

#[cfg(unix)]
impl Transport for tokio::net::UnixStream {}

#[cfg(test)]
impl Transport for tokio::io::DuplexStream {}

/// A stream of which the first bytes were read already.
pub(super) struct Begun {
    pub first: Vec<u8>,
    pub stream: Stream,
}

impl Transport for Stream {
    fn tcp(&self) -> Option<SockRef<'_>> {
        match self {
            Stream::Tcp(stream) => stream.tcp(),
            Stream::Other(stream) => stream.tcp(),
        }
    }
}

impl Transport for Begun {
    fn tcp(&self) -> Option<SockRef<'_>> {
        self.stream.tcp()
    }
}

impl Stream {
    fn inner(self: Pin<&mut Self>) -> Pin<&mut dyn Transport> {
        match self.get_mut() {
            Stream::Tcp(stream) => Pin::new(stream),
            Stream::Other(stream) => Pin::new(stream.as_mut()),
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.inner().poll_read(context, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.inner().poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner().poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner().poll_shutdown(context)
    }
}

impl AsyncRead for Begun {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Begun { first, stream } = self.get_mut();
        if first.is_empty() {
            return Pin::new(stream).poll_read(context, buffer);
        }
        let taken = first.len().min(buffer.remaining());
        buffer.put_slice(&first[..taken]);
        first.drain(..taken);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Begun {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}
