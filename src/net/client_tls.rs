//! TLS from the client's side.

use std::hash::{Hash, Hasher};
use std::io;
use std::sync::Arc;

use rustls_pki_types::ServerName;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::ClientConfig;
use url::Host;

use super::identity::Identity;
use super::roots::Key;
use super::stream::Stream;
use super::verifier::TlsFault;
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
struct Shared(Arc<ClientConfig>);

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
pub(super) fn speaks_http2(stream: &TlsStream<Stream>) -> bool {
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
        stream: Stream,
        offers_http2: bool,
    ) -> Result<TlsStream<Stream>, NetError> {
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
        let mut config = self.config.0.clone();
        if offers_http2 {
            Arc::make_mut(&mut config)
                .alpn_protocols
                .insert(0, HTTP2.to_vec());
        }
        let connecting = TlsConnector::from(config).connect(name, stream);
        connecting.await.map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset => NetError::HungUpInTls,
            _ => NetError::from_io("read", error),
        })
    }
}

/// The configuration for `options`, shared with all clients that have the same.
pub(super) fn config(
    options: &TlsOptions,
    send_name: bool,
) -> Result<Arc<ClientConfig>, BadOption> {
    let key = Key {
        reject_unauthorized: options.reject_unauthorized,
        send_name,
        ca: options.ca.clone(),
        cert: options.cert.clone(),
        key: options.key.clone(),
        pfx: options.pfx.clone(),
        passphrase: options.passphrase.clone(),
    };
    options.roots.config(key, || {
        let identity = Identity::parse(options)?;
        let trust = options
            .roots
            .trust(options.ca.as_deref(), identity.issuers())?;
        identity.config(trust, options.reject_unauthorized, send_name)
    })
}
