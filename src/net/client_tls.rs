//! TLS from the client's side.

use std::hash::{Hash, Hasher};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use rustls_pki_types::ServerName;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use url::Host;

use super::identity::Identity;
use super::stream::{Stream, Transport};
use super::tls_configs::{self, TlsConfig};
use super::tls_fault::TlsFault;
use super::{BadOption, NetError, TlsOptions};

/// HTTP/2 as ALPN names it.
const HTTP2: &[u8] = b"h2";

/// How to speak TLS with a target.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct ClientTls {
    config: Shared,
    /// The name to ask for and look for, where it is not the URL's host.
    name: Option<ServerName<'static>>,
}

/// A configuration that is the same where it is shared.
#[derive(Clone)]
struct Shared(Arc<TlsConfig>);

impl PartialEq for Shared {
    fn eq(&self, other: &Shared) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Shared {}

impl Hash for Shared {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.0).hash(state);
    }
}

/// Whether the server has chosen HTTP/2.
pub(super) fn speaks_http2(stream: &TlsStream<Answered>) -> bool {
    stream.get_ref().1.alpn_protocol() == Some(HTTP2)
}

impl ClientTls {
    /// An empty `servername` sends none.
    pub fn parse(options: &TlsOptions, servername: Option<&str>) -> Result<ClientTls, BadOption> {
        let name = match servername {
            None | Some("") => None,
            Some(name) => Some(ServerName::try_from(name.to_owned()).map_err(|_| {
                BadOption::new(
                    "servername",
                    format!(
                        "{name:?} is no host name; allowed is one, or an empty string to send none"
                    ),
                )
            })?),
        };
        let send_name = servername != Some("");
        Ok(ClientTls {
            config: Shared(config(options, send_name)?),
            name,
        })
    }

    pub async fn connect(
        &self,
        host: &Host,
        port: u16,
        stream: Stream,
        offers_http2: bool,
    ) -> Result<TlsStream<Answered>, NetError> {
        let name = match (&self.name, host) {
            (Some(name), _) => name.clone(),
            (None, Host::Ipv4(ip)) => ServerName::IpAddress((*ip).into()),
            (None, Host::Ipv6(ip)) => ServerName::IpAddress((*ip).into()),
            (None, Host::Domain(name)) => ServerName::try_from(name.clone()).map_err(|_| {
                NetError::Tls(TlsFault::other(format!(
                    "{name:?} is no name that TLS can ask for"
                )))
            })?,
        };
        let stream = Answered { stream, bytes: 0 };
        let mut config = self.config.0.at(port);
        if offers_http2 {
            Arc::make_mut(&mut config)
                .alpn_protocols
                .insert(0, HTTP2.to_vec());
        }
        let connecting = TlsConnector::from(config).connect(name, stream);
        connecting
            .into_fallible()
            .await
            .map_err(|(error, stream)| failed(error, &stream))
    }
}

fn failed(error: io::Error, stream: &Answered) -> NetError {
    let rustls = error.get_ref().and_then(|inner| inner.downcast_ref());
    match (error.kind(), rustls) {
        (io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset, _) => NetError::HungUpInTls,
        (_, Some(error)) if stream.bytes <= ALERT => {
            NetError::Tls(TlsFault::from_first_answer(error))
        }
        _ => NetError::from_io("read", error),
    }
}

/// The bytes of an alert in the clear: five of its record and two of its own.
const ALERT: u64 = 7;

/// A stream that knows how much has come: the same alert means one thing as the first answer and another later.
pub(super) struct Answered {
    stream: Stream,
    bytes: u64,
}

impl Transport for Answered {
    fn tcp(&self) -> Option<SockRef<'_>> {
        self.stream.tcp()
    }
}

impl AsyncRead for Answered {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        let read = buffer.filled().len() - before;
        self.bytes = self.bytes.saturating_add(read as u64);
        polled
    }
}

impl AsyncWrite for Answered {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// The configuration for `options`, shared with all clients that have the same.
pub(super) fn config(options: &TlsOptions, send_name: bool) -> Result<Arc<TlsConfig>, BadOption> {
    tls_configs::shared(options, send_name, || {
        let identity = Identity::parse(options)?;
        let trust = options
            .roots
            .trust(options.ca.as_deref(), identity.issuers())?;
        identity.config(trust, options, send_name)
    })
}
