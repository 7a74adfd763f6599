//! Reaches a peer: a URL and options become a stream that has been upgraded.
//!
//! Everything is given up by dropping the future.

mod error;
mod handshake;
mod options;
mod tcp;
mod tls;

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use url::Url;

pub use error::NetError;
pub use options::{BadOption, Options, TlsOptions};
pub use tls::Roots;

use handshake::{Answer, Request};
use options::Headers;
use tcp::Endpoint;
use tls::Tls;

/// A stream of bytes to a peer, plain or encrypted.
pub trait Transport: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Transport for T {}

/// Where to connect and how. A `Target` that exists is valid.
pub struct Target {
    url: Url,
    headers: Headers,
    protocols: Vec<String>,
    extensions: Option<String>,
    endpoint: Endpoint,
    tls: Tls,
    handshake_timeout: Duration,
    /// Redirects that may be followed.
    redirects: u32,
}

/// A peer that has agreed to speak WebSocket.
pub struct Reached {
    pub stream: Box<dyn Transport>,
    /// Bytes that came behind the handshake.
    pub head: Vec<u8>,
    /// The subprotocol that was agreed, or nothing.
    pub protocol: String,
    /// The response's `Sec-WebSocket-Extensions`, several joined.
    pub extensions: Option<String>,
    pub status: u16,
    pub headers: Vec<(String, String)>,
}

impl Target {
    /// One attempt: DNS, TCP, TLS and the upgrade, all within the handshake's timeout.
    pub async fn reach(&self) -> Result<Reached, NetError> {
        match tokio::time::timeout(self.handshake_timeout, self.follow()).await {
            Ok(result) => result,
            Err(_) => Err(NetError::TimedOut(self.handshake_timeout)),
        }
    }

    async fn follow(&self) -> Result<Reached, NetError> {
        let mut url = self.url.clone();
        let mut headers = self.headers.clone();
        for _ in 0..=self.redirects {
            let to = match self.upgrade(&url, &headers).await? {
                Answer::Upgraded(reached) => return Ok(reached),
                Answer::Redirected { to, refusal } if self.redirects == 0 => {
                    let _ = to;
                    return Err(refusal);
                }
                Answer::Redirected { to, .. } => to,
            };
            let next = options::redirected(&url, &to)?;
            let leaves = next.host_str() != url.host_str()
                || next.port_or_known_default() != url.port_or_known_default();
            if leaves || (url.scheme() == "wss" && next.scheme() == "ws") {
                headers.forget_secrets();
            }
            url = next;
        }
        Err(NetError::TooManyRedirects(self.redirects))
    }

    async fn upgrade(&self, url: &Url, headers: &Headers) -> Result<Answer, NetError> {
        let stream = self.endpoint.connect(url).await?;
        let stream: Box<dyn Transport> = match url.scheme() {
            "wss" => Box::new(self.tls.connect(url, stream).await?),
            _ => Box::new(stream),
        };
        let request = Request {
            url,
            headers,
            protocols: &self.protocols,
            extensions: self.extensions.as_deref(),
        };
        handshake::upgrade(stream, &request).await
    }
}

#[cfg(test)]
mod tests;
