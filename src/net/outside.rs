//! What an attempt needs in the middle that the program outside of the engine has: it asks, and awaits the answer.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, copy, split};
use tokio::sync::oneshot;
use tokio::time::timeout;
use url::Host;

use super::NetError;
use super::address::Address;
use super::pipe::{Pipe, PipeEnd, pipe};
use super::stream::Stream;
use crate::policy::Failure;

/// The program, as one attempt knows it.
pub trait Outside: Send + Sync {
    /// Has it answered, soon and from outside of this call. A need that is dropped has failed.
    fn ask(&self, need: Need);

    /// There is news at the [`PipeEnd`] of this number.
    fn tell(&self, pipe: u32);

    /// Whether an attempt has found that it has to make the connections to this host and port.
    fn has_to_connect(&self, host_port: &str) -> bool;

    /// From here on it has to.
    fn let_connect(&self, host_port: String);
}

/// What is asked for.
pub enum Need {
    /// The addresses of a host, best first, whatever their ports.
    Addresses {
        host: String,
        answer: Answer<Vec<SocketAddr>>,
    },
    /// A connection to a server. It is open, and where `is_secure` its certificate checked, once that is answered; from then on
    /// its bytes go through `end`.
    Socket {
        server: Server,
        end: PipeEnd,
        /// By TLS over this, where there is one: it leads to the server through a proxy.
        tunnel: Option<PipeEnd>,
        answer: Answer<RequestChanges>,
    },
}

/// How the request differs that is sent over a connection which leads to a proxy that forwards it.
#[derive(Debug, Default)]
pub struct RequestChanges {
    /// In the place of the path and query.
    pub resource: Option<String>,
    /// Beside the other headers.
    pub headers: Vec<(String, String)>,
}

/// Where a connection is to lead, and what will be asked for there.
pub struct Server {
    /// A name or an IP address, without brackets.
    pub host: String,
    pub port: u16,
    /// The path of the socket of Unix that leads there, in the place of host and port.
    pub socket: Option<String>,
    pub is_secure: bool,
    /// The value of `Host`.
    pub authority: String,
    /// The path and query.
    pub resource: String,
    /// The program did not ask for it: the engine's TLS does not take the server's.
    pub is_fallback: bool,
}

/// Where the answer goes. Who gives the attempt up waits for it no longer.
pub struct Answer<T>(oneshot::Sender<Result<T, Failure>>);

impl<T> Answer<T> {
    pub fn give(self, answer: Result<T, Failure>) {
        // Who has given up hears nothing.
        let _ = self.0.send(answer);
    }
}

/// Asks, and awaits the answer.
pub(super) async fn ask<T>(
    outside: &dyn Outside,
    need: impl FnOnce(Answer<T>) -> Need,
) -> Result<T, NetError> {
    let (sender, receiver) = oneshot::channel();
    outside.ask(need(Answer(sender)));
    match receiver.await {
        Ok(answer) => answer.map_err(|failure| NetError::Outside(Box::new(failure))),
        Err(_) => Err(NetError::Unanswered),
    }
}

/// A connection to `address` that the program makes: all of it, or the TLS over a `tunnel` through a proxy.
pub(super) async fn connect(
    outside: &Arc<dyn Outside>,
    address: &Address,
    tunnel: Option<Stream>,
    is_fallback: bool,
) -> Result<(Pipe, RequestChanges), NetError> {
    let (pipe, end) = piped(outside);
    let tunnel = tunnel.map(|tunnel| {
        let (near, far) = piped(outside);
        tokio::spawn(join(tunnel, near));
        far
    });
    let host = match address.host() {
        Host::Domain(name) => name.clone(),
        Host::Ipv4(ip) => ip.to_string(),
        Host::Ipv6(ip) => ip.to_string(),
    };
    let server = Server {
        host,
        port: address.port(),
        socket: address.socket().map(str::to_owned),
        is_secure: address.is_secure(),
        authority: address.authority(),
        resource: address.resource().to_owned(),
        is_fallback,
    };
    let changes = ask(&**outside, |answer| Need::Socket {
        server,
        end,
        tunnel,
        answer,
    })
    .await?;
    Ok((pipe, changes))
}

/// How long one direction may go on behind the end of the other.
const LINGER: Duration = Duration::from_secs(2);

/// Passes on what comes, both ways, and ends soon after either: a server that stays silent must not keep what the program has done
/// with.
async fn join(one: impl AsyncRead + AsyncWrite, other: impl AsyncRead + AsyncWrite) {
    let ((mut from_one, mut to_one), (mut from_other, mut to_other)) = (split(one), split(other));
    // Who reads on hears of the end; one that breaks has no more to say.
    let out = async {
        let _ = copy(&mut from_one, &mut to_other).await;
        let _ = to_other.shutdown().await;
    };
    let back = async {
        let _ = copy(&mut from_other, &mut to_one).await;
        let _ = to_one.shutdown().await;
    };
    tokio::pin!(out, back);
    let _ = tokio::select! {
        () = &mut out => timeout(LINGER, back).await,
        () = &mut back => timeout(LINGER, out).await,
    };
}

fn piped(outside: &Arc<dyn Outside>) -> (Pipe, PipeEnd) {
    let outside = outside.clone();
    pipe(move |number| outside.tell(number))
}

/// A program that has nothing, for those who use the net alone: tests, and programs to compare with.
pub struct Nothing;

impl Nothing {
    pub fn shared() -> Arc<dyn Outside> {
        Arc::new(Nothing)
    }
}

impl Outside for Nothing {
    fn ask(&self, _: Need) {}

    fn tell(&self, _: u32) {}

    fn has_to_connect(&self, _: &str) -> bool {
        false
    }

    fn let_connect(&self, _: String) {}
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, duplex};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_joined_ends_soon_after_one_side() {
        for is_first in [true, false] {
            let (one, mut near) = duplex(64);
            let (other, mut far) = duplex(64);
            let joined = tokio::spawn(join(one, other));
            if !is_first {
                std::mem::swap(&mut near, &mut far);
            }
            near.write_all(b"last words").await.unwrap();
            near.shutdown().await.unwrap();
            let mut heard = String::new();
            far.read_to_string(&mut heard).await.unwrap();
            assert_eq!(heard, "last words");
            far.write_all(b"answer").await.unwrap();
            // It stays open, and silent.
            joined.await.unwrap();
            near.read_to_string(&mut heard).await.unwrap();
            assert_eq!(heard, "last wordsanswer");
            assert!(far.write_all(b"more").await.is_err());
        }
    }
}
