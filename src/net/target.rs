//! A checked target, and the way to it from the host name to the upgrade.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::address::{Address, redact};
use super::body::Body;
use super::client_tls::ClientTls;
use super::connect::{Connector, connect_socket};
use super::handshake::{Answer, Ask, Response, Upgrade, upgrade};
use super::headers::{Confidence, Headers, latin1, line, no_token_char};
use super::limit::Limit;
use super::outside::{self, RequestChanges};
use super::proxy::Proxies;
use super::stream::Stream;
use super::{AttemptStage, BadOption, HandshakeFault, Maker, NetError, Options, Outside};

/// How long the body of a refusal is waited for.
const BODY_TIME: Duration = Duration::from_secs(1);

/// A peer that options name. One that exists is valid: only the network can fail it.
#[derive(Clone)]
pub struct Target {
    given: Box<str>,
    address: Address,
    options: Arc<CheckedOptions>,
}

/// How targets are reached, whatever their URLs: it is shared by all that are reached alike.
pub struct CheckedOptions {
    given: Options,
    headers: Headers,
    /// Redirects to follow; `None` reports a redirect as a refusal.
    redirects: Option<u32>,
    connector: Connector,
    tls: ClientTls,
    /// `None` where no URL needs one.
    proxies: Option<Proxies>,
}

/// A connection that has been upgraded.
pub struct Reached {
    pub stream: Stream,
    /// What the peer sent right behind its answer: the first bytes of frames.
    pub head: Vec<u8>,
    /// The agreed subprotocol, empty when none was asked for.
    pub protocol: String,
    /// The peer's `Sec-WebSocket-Extensions`, not checked against the offer.
    pub extensions: Option<String>,
    pub status: u16,
    /// The response's headers in their order, names in lower case.
    pub headers: Vec<(String, String)>,
}

impl Target {
    /// The host and port of the URL, as `example.com:443`, or the path of the socket that leads there.
    pub fn host_port(&self) -> String {
        self.address.host_port()
    }

    /// Checks the options.
    pub fn parse(options: Options) -> Result<Target, BadOption> {
        let url = options.url.clone();
        Target::new(url, Arc::new(CheckedOptions::parse(options)?))
    }

    /// Checks the URL.
    pub fn new(url: String, options: Arc<CheckedOptions>) -> Result<Target, BadOption> {
        let address = Address::parse(&url)?;
        let address = match (&options.given.socket_path, address.socket()) {
            (None, _) => address,
            (Some(path), None) => address.by_socket(path),
            (Some(path), Some(other)) => {
                let trouble = format!(
                    "{path:?} is given, and the URL names {other:?}; allowed is one of them"
                );
                return Err(BadOption::new("socketPath", trouble));
            }
        };
        Ok(Target {
            address,
            given: url.into(),
            options,
        })
    }

    /// The URL as WHATWG serializes it. Credentials that the user put in are in it.
    pub fn url(&self) -> &str {
        self.address.as_str()
    }

    /// The URL as the user gave it.
    pub fn given(&self) -> &str {
        &self.given
    }

    /// One attempt, with all redirects, within `limit` and the handshake timeout. What the options leave to the program is
    /// asked `outside` for. Dropping the future ends the attempt and closes what it opened.
    pub async fn reach(
        &self,
        limit: Option<Duration>,
        outside: &Arc<dyn Outside>,
    ) -> Result<Reached, NetError> {
        let mut limit = Limit::new(self.options.given.handshake_timeout, limit);
        let mut address = Cow::Borrowed(&self.address);
        let mut redirects = 0;
        loop {
            let (mut stream, answer) = self.ask(&address, &mut limit, outside).await?;
            let (response, begun) = match answer {
                Answer::Upgraded(Upgrade {
                    response,
                    protocol,
                    extensions,
                    rest,
                }) => {
                    let Response { status, headers } = response;
                    return Ok(Reached {
                        stream,
                        head: rest,
                        protocol,
                        extensions,
                        status,
                        headers,
                    });
                }
                Answer::Refused(response, begun) => (response, begun),
            };
            let fault = match self.follow(&address, &response, redirects) {
                Ok(next) => {
                    address = Cow::Owned(next);
                    redirects += 1;
                    continue;
                }
                Err(fault) => fault,
            };
            let mut body = Body::of(&response);
            let reading = async {
                body.read(&mut stream, begun).await;
                Ok(())
            };
            // What has not come by then is not waited for.
            let _ = timeout(BODY_TIME, limit.bound(AttemptStage::Upgrade, reading)).await;
            body.decode(&response);
            for secret in self.options.headers.secrets(&address) {
                body.hide(&secret);
            }
            return Err(response.into_error(fault, body.into_message()));
        }
    }

    /// Where a redirect from `address` leads, after `so_far` others; else what is to be told.
    fn follow(
        &self,
        address: &Address,
        response: &Response,
        so_far: u32,
    ) -> Result<Address, HandshakeFault> {
        let location = match response.status {
            301 | 302 | 303 | 307 | 308 => response.header("location"),
            _ => None,
        };
        let (Some(most), Some(location)) = (self.options.redirects, location) else {
            return Err(HandshakeFault::Status(response.status));
        };
        if so_far == most {
            return Err(HandshakeFault::TooManyRedirects);
        }
        address
            .redirected(&location)
            .ok_or_else(|| HandshakeFault::BadRedirect(redact(&location)))
    }

    /// One request to `address`, over a connection of its own.
    async fn ask(
        &self,
        address: &Address,
        limit: &mut Limit,
        outside: &Arc<dyn Outside>,
    ) -> Result<(Stream, Answer), NetError> {
        let (mut stream, changes) = self.connect(address, limit, outside).await?;
        let mut headers = Vec::new();
        self.options
            .headers
            .write(address, self.confidence(address), &mut headers);
        for (name, value) in &changes.headers {
            line(&mut headers, name, value.as_bytes());
        }
        let ask = Ask {
            resource: changes.resource.as_deref().unwrap_or(address.resource()),
            headers: &headers,
            protocols: &self.options.given.protocols,
            extensions: self.options.given.extensions.as_deref(),
        };
        let answer = limit
            .bound(AttemptStage::Upgrade, upgrade(&mut stream, &ask))
            .await?;
        Ok((stream, answer))
    }

    /// A connection to `address`, its TLS included.
    async fn connect(
        &self,
        address: &Address,
        limit: &mut Limit,
        outside: &Arc<dyn Outside>,
    ) -> Result<(Stream, RequestChanges), NetError> {
        let connector = &self.options.connector;
        let maker = self.options.given.maker;
        let is_direct = maker == Maker::Custom || address.socket().is_some();
        let proxies = self.options.proxies.as_ref().filter(|_| !is_direct);
        let proxy = proxies.and_then(|proxies| proxies.between(address));
        let is_fallback = match maker {
            Maker::Engine => None,
            Maker::EngineFirst => {
                let is_needed = outside.has_to_connect(&address.host_port());
                is_needed.then_some(true)
            }
            Maker::Outside | Maker::Custom => Some(false),
        };
        let tunnel = match proxy {
            Some(proxy) => Some(proxy.reach(address, connector, limit, &**outside).await?),
            None => None,
        };
        // Through a proxy the program has nothing to do but TLS.
        if let Some(is_fallback) = is_fallback
            && (tunnel.is_none() || address.is_secure())
        {
            let stage = match tunnel {
                Some(_) => AttemptStage::Tls,
                None => AttemptStage::Connect,
            };
            let connecting = outside::connect(outside, address, tunnel, is_fallback);
            let (pipe, changes) = limit.bound(stage, connecting).await?;
            return Ok((Stream::Other(Box::new(pipe)), changes));
        }
        let stream = match (tunnel, address.socket()) {
            (Some(tunnel), _) => tunnel,
            (None, Some(path)) => {
                let connecting = connect_socket(path);
                limit.bound(AttemptStage::Connect, connecting).await?
            }
            (None, None) => {
                let resolving = connector.resolve(address.host(), address.port(), &**outside);
                let found = limit.bound(AttemptStage::Resolve, resolving).await?;
                let connecting = connector.connect(found);
                Stream::Tcp(limit.bound(AttemptStage::Connect, connecting).await?)
            }
        };
        if !address.is_secure() {
            return Ok((stream, RequestChanges::default()));
        }
        let securing = self.options.tls.connect(address.host(), stream);
        let secured = limit.bound(AttemptStage::Tls, securing).await;
        if let Err(error) = &secured
            && error.needs_node()
            && maker == Maker::EngineFirst
        {
            outside.let_connect(address.host_port());
        }
        Ok((Stream::Other(Box::new(secured?)), RequestChanges::default()))
    }

    fn confidence(&self, address: &Address) -> Confidence {
        if (address.host(), address.port()) != (self.address.host(), self.address.port()) {
            Confidence::Stranger
        } else if self.address.is_secure() && !address.is_secure() {
            Confidence::Downgraded
        } else {
            Confidence::Full
        }
    }
}

impl CheckedOptions {
    /// Checks the options but for the URL.
    pub fn parse(options: Options) -> Result<CheckedOptions, BadOption> {
        check_protocols(&options.protocols)?;
        let headers = Headers::parse(&options)?;
        if let Some(offer) = &options.extensions {
            latin1(offer).map_err(|trouble| BadOption::new("extensions", trouble))?;
        }
        Ok(CheckedOptions {
            headers,
            connector: Connector::parse(&options)?,
            tls: ClientTls::parse(&options.tls, options.servername.as_deref())?,
            proxies: options.proxy.as_ref().map(Proxies::parse).transpose()?,
            redirects: options.follow_redirects.then_some(options.max_redirects),
            given: options,
        })
    }
}

/// Many put a token among the subprotocols, so an error shows none of them, but its place.
fn check_protocols(protocols: &[String]) -> Result<(), BadOption> {
    let bad = |index: usize, trouble: &str| {
        Err(BadOption::new("protocols", format!("[{index}] {trouble}")))
    };
    for (index, protocol) in protocols.iter().enumerate() {
        let allowed = "letters, digits and !#$%&'*+-.^_`|~ are allowed";
        if let Some((_, wrong)) = no_token_char(protocol) {
            let trouble = format!("is no subprotocol: it has a {wrong:?}; {allowed}");
            return bad(index, &trouble);
        }
        if protocol.is_empty() {
            return bad(index, &format!("is no subprotocol: it is empty; {allowed}"));
        }
        if protocols[..index].contains(protocol) {
            return bad(index, "is given twice; allowed is each once");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
