//! A stream of an HTTP/2 connection as a stream of bytes.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::connection::Connection;
use super::session::Unanswered;
use crate::net::handshake::Response;
use crate::net::stream::Transport;
use crate::sync::lock;

/// See the module. Dropping it resets the stream, unless both sides have ended it.
pub struct Tunnel {
    /// It lives as long as its streams.
    connection: Arc<Connection>,
    id: u32,
}

impl Tunnel {
    /// Opens a stream with this header block.
    pub fn open(connection: Arc<Connection>, block: &[u8]) -> Result<Tunnel, Unanswered> {
        let id = lock(&connection.session).open(block)?;
        Ok(Tunnel { connection, id })
    }

    /// The head of the server's answer.
    pub async fn head(&self) -> Result<Response, Unanswered> {
        poll_fn(|context| lock(&self.connection.session).poll_head(self.id, context)).await
    }
}

impl Drop for Tunnel {
    fn drop(&mut self) {
        lock(&self.connection.session).leave(self.id);
    }
}

impl Transport for Tunnel {}

impl AsyncRead for Tunnel {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        lock(&self.connection.session).poll_read(self.id, context, buffer)
    }
}

impl AsyncWrite for Tunnel {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        lock(&self.connection.session).poll_write(self.id, context, bytes)
    }

    /// The task of the connection writes what it was given.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        lock(&self.connection.session).end(self.id);
        Poll::Ready(Ok(()))
    }
}
