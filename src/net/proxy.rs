//! The way to a server by a proxy: HTTP CONNECT (RFC 9110, 9.3.6), by TLS too, and SOCKS 4, 4a and 5.

use std::net::IpAddr;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio_socks::tcp::{Socks4Stream, Socks5Stream};
use url::{Host, Url};

use super::address::{Address, basic, credentials, redact};
use super::bypass::Bypass;
use super::client_tls::ClientTls;
use super::connect::Connector;
use super::handshake::read_response;
use super::headers::{checked_auth, checked_lines, line};
use super::limit::Limit;
use super::outside::Outside;
use super::stream::{Begun, Stream};
use super::{AttemptStage, BadOption, NetError, ProxyFault, ProxyOptions};

/// Which proxy leads to which URL.
pub(super) struct Proxies {
    ws: Option<Proxy>,
    wss: Option<Proxy>,
    /// `None`: no host goes without.
    bypass: Option<Bypass>,
}

/// A proxy that options name. One that exists is valid.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Proxy {
    /// As errors name it: its URL without credentials.
    name: String,
    host: Host,
    port: u16,
    protocol: Protocol,
}

#[derive(Clone, PartialEq, Eq, Hash)]
enum Protocol {
    Connect {
        /// For an `https:` proxy.
        tls: Option<Box<ClientTls>>,
        /// The lines of the CONNECT request besides `Host`.
        headers: Vec<u8>,
    },
    Socks {
        version: SocksVersion,
        /// The proxy is given the name of a host, and not an address.
        takes_names: bool,
        credentials: Option<(String, String)>,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum SocksVersion {
    V4,
    V5,
}

impl Proxies {
    pub fn parse(options: &ProxyOptions) -> Result<Proxies, BadOption> {
        let proxy = |url: &Option<String>| url.as_deref().map(|url| Proxy::parse(url, options));
        Ok(Proxies {
            ws: proxy(&options.ws).transpose()?,
            wss: proxy(&options.wss).transpose()?,
            bypass: options.bypass.as_deref().map(Bypass::parse),
        })
    }

    /// The proxy that leads to `address`, if one does.
    pub fn between(&self, address: &Address) -> Option<&Proxy> {
        let proxy = if address.is_secure() {
            &self.wss
        } else {
            &self.ws
        };
        let goes_without = |bypass: &Bypass| bypass.has(address.host(), address.port());
        proxy
            .as_ref()
            .filter(|_| !self.bypass.as_ref().is_some_and(goes_without))
    }
}

impl Proxy {
    fn parse(text: &str, options: &ProxyOptions) -> Result<Proxy, BadOption> {
        let bad = |trouble: &str| BadOption::new("proxy", format!("{:?} {trouble}", redact(text)));
        let url = Url::parse(text).map_err(|error| {
            bad(&format!(
                "cannot be parsed ({error}); allowed is a URL like http://host:port"
            ))
        })?;
        let host = url.host_str().filter(|host| !host.is_empty());
        let host =
            host.ok_or_else(|| bad("has no host; allowed is a URL like http://host:port"))?;
        // The parser takes a host for one of the schemes that it knows, and else for any text.
        let host = Host::parse(host).map_err(|error| bad(&format!("has no host ({error})")))?;
        let inside = |inner: BadOption| BadOption {
            option: "proxy",
            message: format!("proxy.{}", inner.message),
            ..inner
        };
        let pair = match options.auth.as_deref().filter(|auth| !auth.is_empty()) {
            Some(auth) => Some(checked_auth(auth).map_err(inside)?.to_vec()),
            None => credentials(&url).map_err(bad)?,
        };
        let (protocol, port) = match url.scheme() {
            scheme @ ("http" | "https") => {
                let is_secure = scheme == "https";
                let tls = || ClientTls::parse(&options.tls, None).map(Box::new);
                let lines = checked_lines(&options.headers).map_err(inside)?;
                let protocol = Protocol::Connect {
                    tls: is_secure.then(tls).transpose().map_err(inside)?,
                    headers: request_lines(&lines, pair.as_deref()),
                };
                (protocol, if is_secure { 443 } else { 80 })
            }
            scheme @ ("socks" | "socks5" | "socks5h" | "socks4" | "socks4a") => {
                let is_v4 = scheme.starts_with("socks4");
                let protocol = Protocol::Socks {
                    version: if is_v4 {
                        SocksVersion::V4
                    } else {
                        SocksVersion::V5
                    },
                    takes_names: matches!(scheme, "socks" | "socks5h" | "socks4a"),
                    credentials: pair.map(|pair| split(&pair)),
                };
                (protocol, 1080)
            }
            _ => {
                return Err(bad(
                    "has another scheme; allowed are http:, https:, socks5:, socks5h:, socks4: and socks4a:",
                ));
            }
        };
        let port = url.port().unwrap_or(port);
        Ok(Proxy {
            name: format!("{}://{host}:{port}", url.scheme()),
            host,
            port,
            protocol,
        })
    }

    /// A stream to `address`, all that the proxy has to do for it included.
    pub async fn reach(
        &self,
        address: &Address,
        connector: &Connector,
        limit: &mut Limit,
        outside: &dyn Outside,
    ) -> Result<Stream, NetError> {
        let target = match &self.protocol {
            Protocol::Socks {
                takes_names: false,
                version,
                ..
            } => {
                let resolving = resolved(address, connector, *version, outside);
                limit.bound(AttemptStage::Resolve, resolving).await?
            }
            Protocol::Socks { .. } | Protocol::Connect { .. } => {
                (address.host().clone(), address.port())
            }
        };
        self.tunnel(target, connector, limit, outside)
            .await
            .map_err(|error| NetError::AtProxy {
                proxy: self.name.clone(),
                error: Box::new(error),
            })
    }

    async fn tunnel(
        &self,
        (host, port): (Host, u16),
        connector: &Connector,
        limit: &mut Limit,
        outside: &dyn Outside,
    ) -> Result<Stream, NetError> {
        let resolving = connector.resolve(&self.host, self.port, outside);
        let found = limit.bound(AttemptStage::ProxyResolve, resolving).await?;
        let connecting = connector.connect(found);
        let tcp = limit.bound(AttemptStage::ProxyConnect, connecting).await?;
        let mut stream = Stream::Tcp(tcp);
        match &self.protocol {
            Protocol::Connect { tls, headers } => {
                if let Some(tls) = tls {
                    let securing = tls.connect(&self.host, self.port, stream, false);
                    let secured = limit.bound(AttemptStage::ProxyTls, securing).await?;
                    stream = Stream::Other(Box::new(secured));
                }
                let target = format!("{host}:{port}");
                let asking = connect(&mut stream, target, headers);
                let first = limit.bound(AttemptStage::ProxyAnswer, asking).await?;
                if first.is_empty() {
                    return Ok(stream);
                }
                Ok(Stream::Other(Box::new(Begun { first, stream })))
            }
            Protocol::Socks {
                version,
                credentials,
                ..
            } => {
                let asking = socks(stream, *version, &host, port, credentials.as_ref());
                limit.bound(AttemptStage::ProxyAnswer, asking).await
            }
        }
    }
}

fn request_lines(given: &[(String, Vec<u8>)], pair: Option<&[u8]>) -> Vec<u8> {
    const AUTHORIZATION: &str = "Proxy-Authorization";
    let mut lines = Vec::new();
    let is_given = given
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case(AUTHORIZATION));
    if let Some(pair) = pair.filter(|_| !is_given) {
        line(&mut lines, AUTHORIZATION, basic(pair).as_bytes());
    }
    for (name, value) in given {
        line(&mut lines, name, value);
    }
    lines
}

/// `user:password` as SOCKS takes them.
fn split(pair: &[u8]) -> (String, String) {
    let text = String::from_utf8_lossy(pair);
    let (user, password) = text.split_once(':').unwrap_or((&text, ""));
    (user.to_owned(), password.to_owned())
}

/// Where `address` is, for a proxy that takes no names.
async fn resolved(
    address: &Address,
    connector: &Connector,
    version: SocksVersion,
    outside: &dyn Outside,
) -> Result<(Host, u16), NetError> {
    let resolving = connector.resolve(address.host(), address.port(), outside);
    let found = resolving.await?;
    let first = found
        .iter()
        .find(|found| version == SocksVersion::V5 || found.is_ipv4())
        .ok_or_else(|| NetError::Resolve {
            code: "ENOTFOUND",
            host: address.host().to_string(),
        })?;
    let host = match first.ip() {
        IpAddr::V4(ip) => Host::Ipv4(ip),
        IpAddr::V6(ip) => Host::Ipv6(ip),
    };
    Ok((host, first.port()))
}

/// Asks an HTTP proxy for a tunnel to `target`: what came out of it right behind the answer.
async fn connect<S>(stream: &mut S, target: String, headers: &[u8]) -> Result<Vec<u8>, NetError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n").into_bytes();
    request.extend_from_slice(headers);
    request.extend_from_slice(b"\r\n");
    let written = async {
        stream.write_all(&request).await?;
        stream.flush().await
    };
    written
        .await
        .map_err(|error| NetError::from_io("write", error))?;
    let (response, rest) = read_response(stream).await.map_err(|error| match error {
        NetError::Handshake { fault, .. } => NetError::Proxy(ProxyFault::BadAnswer {
            target: target.clone(),
            fault,
        }),
        other => other,
    })?;
    match response.status {
        200..300 => Ok(rest),
        407 => Err(NetError::Proxy(ProxyFault::Unauthorized {
            target,
            offered: schemes(&response.headers),
        })),
        status => Err(NetError::Proxy(ProxyFault::Refused { target, status })),
    }
}

/// The names of the schemes of authentication that a proxy offers; what else it says may be anything.
fn schemes(headers: &[(String, String)]) -> Option<String> {
    let offers = headers
        .iter()
        .filter(|(name, _)| name == "proxy-authenticate");
    let names = offers.filter_map(|(_, value)| value.split([' ', ',']).next());
    let names: Vec<&str> = names.collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// Asks a SOCKS proxy for a connection to `host`.
async fn socks<S>(
    stream: S,
    version: SocksVersion,
    host: &Host,
    port: u16,
    credentials: Option<&(String, String)>,
) -> Result<S, NetError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let target = match host {
        Host::Domain(name) => name.clone(),
        Host::Ipv4(ip) => ip.to_string(),
        Host::Ipv6(ip) => ip.to_string(),
    };
    let target = (target.as_str(), port);
    let answered = match (version, credentials) {
        (SocksVersion::V4, None) => Socks4Stream::connect_with_socket(stream, target)
            .await
            .map(Socks4Stream::into_inner),
        (SocksVersion::V4, Some((user, _))) => {
            Socks4Stream::connect_with_userid_and_socket(stream, target, user)
                .await
                .map(Socks4Stream::into_inner)
        }
        (SocksVersion::V5, None) => Socks5Stream::connect_with_socket(stream, target)
            .await
            .map(Socks5Stream::into_inner),
        (SocksVersion::V5, Some((user, password))) => {
            Socks5Stream::connect_with_password_and_socket(stream, target, user, password)
                .await
                .map(Socks5Stream::into_inner)
        }
    };
    answered.map_err(|error| socks_fault(error, format!("{host}:{port}")))
}

fn socks_fault(error: tokio_socks::Error, target: String) -> NetError {
    use tokio_socks::Error as Socks;
    match error {
        Socks::Io(error) => NetError::from_io("read", error),
        Socks::NoAcceptableAuthMethods
        | Socks::PasswordAuthFailure(_)
        | Socks::AuthorizationRequired
        | Socks::IdentdAuthFailure
        | Socks::InvalidUserIdAuthFailure => {
            NetError::Proxy(ProxyFault::SocksUnauthorized { target, error })
        }
        error => NetError::Proxy(ProxyFault::Socks { target, error }),
    }
}

#[cfg(test)]
mod tests;
