//! One HTTP/2 connection, and the task that moves its bytes.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::time::timeout;

use super::session::{Fault, Session};
use crate::net::NetError;
use crate::net::stream::Stream;
use crate::sync::{Lock, Rank, lock};

/// Bytes that are read at a time.
const READ: usize = 32 * 1024;
/// Reads and writes before other tasks have their turn.
const TURNS: usize = 16;
/// How long the last words of a connection may take.
const LINGER: Duration = Duration::from_secs(2);

/// A connection on which streams can be opened. It ends with the last of those who hold it.
pub struct Connection {
    pub(super) session: Arc<Lock<Session>>,
}

impl Connection {
    /// Whether one more may hold it: each of its holders has a stream, or is about to.
    pub fn has_room(self: &Arc<Connection>) -> bool {
        let session = lock(&self.session);
        session.takes_streams() && Arc::strong_count(self) <= session.most_streams
    }

    /// How often something has come over it.
    pub fn heard(&self) -> u64 {
        lock(&self.session).heard()
    }

    /// A request has waited in vain. Where nothing has come since, the network may have lost the connection, and no one else is to
    /// wait for it.
    pub fn doubt(&self, heard: u64) {
        let mut session = lock(&self.session);
        session.is_closing |= session.heard() == heard;
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        lock(&self.session).close();
    }
}

/// Speaks HTTP/2 over `stream`; `None` where the server takes no WebSockets that way. The connection is driven by a task
/// of its own.
pub async fn open(stream: Stream) -> Result<Option<Connection>, NetError> {
    let session = Arc::new(Lock::new(Rank::Last, Session::new()));
    let connection = Connection {
        session: session.clone(),
    };
    let mut driver = Driver {
        stream,
        session,
        scratch: vec![0; READ].into(),
        input: Vec::new(),
        is_flushed: false,
    };
    poll_fn(|context| driver.poll_settled(context)).await?;
    if !lock(&connection.session).takes_websockets {
        return Ok(None);
    }
    tokio::spawn(driver.run());
    Ok(Some(connection))
}

struct Driver {
    stream: Stream,
    session: Arc<Lock<Session>>,
    scratch: Box<[u8]>,
    /// What is no whole frame yet.
    input: Vec<u8>,
    is_flushed: bool,
}

impl Driver {
    async fn run(mut self) {
        poll_fn(|context| self.poll(context)).await;
        let farewell = async {
            poll_fn(|context| self.poll_write(context)).await;
            self.stream.shutdown().await
        };
        // How its stream ends changes nothing for those who had one of its own.
        let _ = timeout(LINGER, farewell).await;
    }

    fn poll_settled(&mut self, context: &mut Context<'_>) -> Poll<Result<(), NetError>> {
        let moved = self.poll(context);
        let session = lock(&self.session);
        match session.fault() {
            Some(fault) => Poll::Ready(Err(fault)),
            None if session.is_settled => Poll::Ready(Ok(())),
            None => moved.map(Ok),
        }
    }

    /// Moves what it can; ready when the connection is over.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        for _ in 0..TURNS {
            let has_read = self.poll_read(context).is_ready();
            let has_written = self.poll_write(context).is_ready();
            let mut session = lock(&self.session);
            if session.is_over() {
                return Poll::Ready(());
            }
            if !has_read && (!has_written || session.unwritten().is_empty()) {
                session.driver = Some(context.waker().clone());
                return Poll::Pending;
            }
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }

    fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let mut buffer = ReadBuf::new(&mut self.scratch);
        let read = Pin::new(&mut self.stream).poll_read(context, &mut buffer);
        let mut session = lock(&self.session);
        match read {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Ok(())) if buffer.filled().is_empty() => session.fail(NetError::HungUp),
            Poll::Ready(Ok(())) => {
                self.input.extend_from_slice(buffer.filled());
                if let Err(Fault(code, why)) = session.receive(&mut self.input) {
                    session.say_goodbye(code);
                    session.fail(NetError::http2(why.to_owned()));
                }
            }
            Poll::Ready(Err(error)) => session.fail(NetError::from_io("read", error)),
        }
        Poll::Ready(())
    }

    /// Ready when all is written, or nothing can be any more.
    fn poll_write(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let mut session = lock(&self.session);
        let mut stream = Pin::new(&mut self.stream);
        while !session.unwritten().is_empty() {
            match stream.as_mut().poll_write(context, session.unwritten()) {
                Poll::Ready(Ok(count)) if count > 0 => session.advance(count),
                Poll::Ready(Ok(_)) => {
                    session.break_off(NetError::HungUp);
                    return Poll::Ready(());
                }
                Poll::Ready(Err(error)) => {
                    session.break_off(NetError::from_io("write", error));
                    return Poll::Ready(());
                }
                Poll::Pending => return Poll::Pending,
            }
            self.is_flushed = false;
        }
        if !self.is_flushed && stream.poll_flush(context).is_ready() {
            self.is_flushed = true;
        }
        if self.is_flushed {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}
