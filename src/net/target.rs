//! A checked target, and the way to it from the host name to the upgrade.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;
use tokio_rustls::client::TlsStream;

use super::address::{Address, redact};
use super::body::Body;
use super::client_tls::{Answered, ClientTls, speaks_http2};
use super::connect::{Connector, connect_socket};
use super::handshake::{Answer, Ask, Response, Upgrade, upgrade};
use super::headers::{Confidence, Headers, Line, latin1, no_token_char};
use super::http2::{self, Connection, Origin, Pool};
use super::limit::Limit;
use super::outside::{self, RequestChanges};
use super::proxy::{Proxies, Proxy};
use super::stream::Stream;
use super::{AttemptStage, BadOption, HandshakeFault, Maker, NetError, Options, Outside};

/// How long the body of a refusal is waited for.
const BODY_TIME: Duration = Duration::from_secs(1);

/// Connections that one attempt tries, where a server takes no more streams on the one before.
const MOST_CONNECTIONS: usize = 3;

/// Over what a request goes.
enum Joined {
    Shared(Arc<Connection>),
    /// A connection of its own; one that speaks HTTP/1.1 may be there already.
    Alone(Option<Stream>),
}

/// What a server speaks that was offered both.
enum Opened {
    Http2(Connection),
    Http1(Option<Stream>),
}

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
    /// The HTTP/2 connections to share; `None` asks for none.
    connections: Option<Arc<Pool>>,
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

    /// One request to `address`.
    async fn ask(
        &self,
        address: &Address,
        limit: &mut Limit,
        outside: &Arc<dyn Outside>,
    ) -> Result<(Stream, Answer), NetError> {
        let asked = match self.connections(address, outside) {
            Some(connections) => self.ask_shared(connections, address, limit, outside).await,
            None => self.ask_alone(None, address, limit, outside).await,
        };
        if let Err(error) = &asked
            && error.needs_node()
            && self.options.given.maker == Maker::EngineFirst
        {
            outside.let_connect(address.host_port());
        }
        asked
    }

    /// One request by HTTP/1.1, over a connection of its own, which may be there already.
    async fn ask_alone(
        &self,
        stream: Option<Stream>,
        address: &Address,
        limit: &mut Limit,
        outside: &Arc<dyn Outside>,
    ) -> Result<(Stream, Answer), NetError> {
        let (mut stream, changes) = match stream {
            Some(stream) => (stream, RequestChanges::default()),
            None => self.connect(address, limit, outside).await?,
        };
        let mut headers = self.headers(address);
        let more = changes.headers.iter();
        headers.extend(more.map(|(name, value)| (name.as_str(), value.as_bytes().into())));
        let mut ask = self.request(address, &headers);
        if let Some(resource) = &changes.resource {
            ask.resource = resource;
        }
        let upgrading = upgrade(&mut stream, &ask);
        let answer = limit.bound(AttemptStage::Upgrade, upgrading).await?;
        Ok((stream, answer))
    }

    /// One request over the HTTP/2 connection of all who get there alike, and by HTTP/1.1 where there can be none.
    async fn ask_shared(
        &self,
        connections: &Pool,
        address: &Address,
        limit: &mut Limit,
        outside: &Arc<dyn Outside>,
    ) -> Result<(Stream, Answer), NetError> {
        let origin = connections.origin(self.key(address));
        let headers = self.headers(address);
        let ask = self.request(address, &headers);
        for _ in 0..MOST_CONNECTIONS {
            let connection = match self.join(&origin, address, limit, outside).await? {
                Joined::Shared(connection) => connection,
                Joined::Alone(stream) => {
                    let asked = self.ask_alone(stream, address, limit, outside).await;
                    if asked.is_err() {
                        origin.forget().await;
                    }
                    return asked;
                }
            };
            let (shared, heard) = (Arc::downgrade(&connection), connection.heard());
            let asking = http2::request(connection, &ask);
            let asked = limit.bound(AttemptStage::Upgrade, asking).await;
            if asked.as_ref().is_err_and(NetError::is_timeout)
                && let Some(connection) = shared.upgrade()
            {
                connection.doubt(heard);
            }
            if let Some((stream, answer)) = asked? {
                return Ok((stream, answer));
            }
        }
        Err(NetError::http2("the server takes no stream".to_owned()))
    }

    /// The connection of `origin`, made where there is none that takes one more stream.
    async fn join(
        &self,
        origin: &Origin,
        address: &Address,
        limit: &mut Limit,
        outside: &Arc<dyn Outside>,
    ) -> Result<Joined, NetError> {
        let mut state = limit.bound(AttemptStage::Connect, origin.turn()).await?;
        if state.is_http1 {
            return Ok(Joined::Alone(None));
        }
        if let Some(connection) = state.connection() {
            return Ok(Joined::Shared(connection));
        }
        match self.open_shared(address, limit, outside).await {
            Ok(Opened::Http2(connection)) => Ok(Joined::Shared(state.add(connection))),
            Ok(Opened::Http1(stream)) => {
                state.is_http1 = true;
                Ok(Joined::Alone(stream))
            }
            // Others may have more time.
            Err(error) if error.is_timeout() => Err(error),
            Err(error) => Err(origin.fail(&mut state, error)),
        }
    }

    /// The connections to share on the way to `address`; `None` where its own is made for it alone.
    fn connections(&self, address: &Address, outside: &Arc<dyn Outside>) -> Option<&Pool> {
        let is_alike = address.is_secure()
            && address.socket().is_none()
            && !self.options.connector.asks_addresses()
            && self.maker(address, outside) == Maker::Engine;
        self.options.connections.as_deref().filter(|_| is_alike)
    }

    /// A connection to share, where the server lets WebSockets share one.
    async fn open_shared(
        &self,
        address: &Address,
        limit: &mut Limit,
        outside: &Arc<dyn Outside>,
    ) -> Result<Opened, NetError> {
        let stream = self.connect_plain(address, limit, outside).await?;
        let stream = self.secure(address, stream, true, limit).await?;
        let is_http2 = speaks_http2(&stream);
        let stream = Stream::Other(Box::new(stream));
        if !is_http2 {
            return Ok(Opened::Http1(Some(stream)));
        }
        let opening = http2::open(stream);
        let opened = limit.bound(AttemptStage::Http2, opening).await?;
        Ok(opened.map_or(Opened::Http1(None), Opened::Http2))
    }

    /// A socket of Unix is of this machine.
    fn proxy(&self, address: &Address) -> Option<&Proxy> {
        let proxies = self.options.proxies.as_ref();
        let proxies = proxies.filter(|_| address.socket().is_none());
        proxies.and_then(|proxies| proxies.between(address))
    }

    /// By what a connection to `address` is shared.
    fn key(&self, address: &Address) -> http2::Key {
        http2::Key {
            host: address.host().clone(),
            port: address.port(),
            connector: self.options.connector,
            tls: self.options.tls.clone(),
            proxy: self.proxy(address).cloned(),
        }
    }

    fn headers<'a>(&'a self, address: &'a Address) -> Vec<Line<'a>> {
        let headers = &self.options.headers;
        headers.lines(address, self.confidence(address))
    }

    fn request<'a>(&'a self, address: &'a Address, headers: &'a [Line<'a>]) -> Ask<'a> {
        Ask {
            resource: address.resource(),
            headers,
            protocols: &self.options.given.protocols,
            extensions: self.options.given.extensions.as_deref(),
        }
    }

    /// Who makes the connection.
    fn maker(&self, address: &Address, outside: &Arc<dyn Outside>) -> Maker {
        match self.options.given.maker {
            Maker::EngineFirst if !outside.has_to_connect(&address.host_port()) => Maker::Engine,
            maker => maker,
        }
    }

    /// A connection to `address` that speaks HTTP/1.1, its TLS included.
    async fn connect(
        &self,
        address: &Address,
        limit: &mut Limit,
        outside: &Arc<dyn Outside>,
    ) -> Result<(Stream, RequestChanges), NetError> {
        let maker = self.maker(address, outside);
        if maker == Maker::Engine {
            let mut stream = self.connect_plain(address, limit, outside).await?;
            if address.is_secure() {
                let secured = self.secure(address, stream, false, limit).await?;
                stream = Stream::Other(Box::new(secured));
            }
            return Ok((stream, RequestChanges::default()));
        }
        let proxy = self.proxy(address).filter(|_| maker != Maker::Custom);
        let (stage, tunnel) = match proxy {
            Some(proxy) => {
                let connector = &self.options.connector;
                let reaching = proxy.reach(address, connector, limit, &**outside);
                let tunnel = reaching.await?;
                // The program has nothing to do there but TLS.
                if !address.is_secure() {
                    return Ok((tunnel, RequestChanges::default()));
                }
                (AttemptStage::Tls, Some(tunnel))
            }
            None => (AttemptStage::Connect, None),
        };
        let is_fallback = maker == Maker::EngineFirst;
        let connecting = outside::connect(outside, address, tunnel, is_fallback);
        let (pipe, changes) = limit.bound(stage, connecting).await?;
        Ok((Stream::Other(Box::new(pipe)), changes))
    }

    /// A connection to `address`, before TLS.
    async fn connect_plain(
        &self,
        address: &Address,
        limit: &mut Limit,
        outside: &Arc<dyn Outside>,
    ) -> Result<Stream, NetError> {
        let connector = &self.options.connector;
        if let Some(path) = address.socket() {
            let connecting = connect_socket(path);
            return limit.bound(AttemptStage::Connect, connecting).await;
        }
        if let Some(proxy) = self.proxy(address) {
            return proxy.reach(address, connector, limit, &**outside).await;
        }
        let resolving = connector.resolve(address.host(), address.port(), &**outside);
        let found = limit.bound(AttemptStage::Resolve, resolving).await?;
        let connecting = connector.connect(found);
        let stream = limit.bound(AttemptStage::Connect, connecting).await?;
        Ok(Stream::Tcp(stream))
    }

    async fn secure(
        &self,
        address: &Address,
        stream: Stream,
        offers_http2: bool,
        limit: &mut Limit,
    ) -> Result<TlsStream<Answered>, NetError> {
        let tls = &self.options.tls;
        let securing = tls.connect(address.host(), address.port(), stream, offers_http2);
        limit.bound(AttemptStage::Tls, securing).await
    }

    fn confidence(&self, address: &Address) -> Confidence {
        let place = |address: &Address| {
            let socket = address.socket().map(str::to_owned);
            (address.host().clone(), address.port(), socket)
        };
        if place(address) != place(&self.address) {
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
    pub fn parse(mut options: Options) -> Result<CheckedOptions, BadOption> {
        check_protocols(&options.protocols)?;
        let headers = Headers::parse(&options)?;
        if let Some(offer) = &options.extensions {
            latin1(offer).map_err(|trouble| BadOption::new("extensions", trouble))?;
        }
        Ok(CheckedOptions {
            headers,
            connector: Connector::parse(&options)?,
            tls: client_tls(&mut options)?,
            proxies: options.proxy.as_ref().map(Proxies::parse).transpose()?,
            redirects: options.follow_redirects.then_some(options.max_redirects),
            given: options,
            connections: None,
        })
    }

    /// Has `wss:` servers that take WebSockets by HTTP/2 be reached over these connections.
    pub fn sharing(self, connections: Arc<Pool>) -> CheckedOptions {
        CheckedOptions {
            connections: Some(connections),
            ..self
        }
    }
}

/// How the engine speaks TLS. Where it cannot use the client's key, the program outside makes the connections.
fn client_tls(options: &mut Options) -> Result<ClientTls, BadOption> {
    let servername = options.servername.as_deref();
    match ClientTls::parse(&options.tls, servername) {
        Err(bad) if bad.needs_node && options.maker == Maker::EngineFirst => {
            let tls = &mut options.tls;
            (tls.cert, tls.key, tls.pfx) = (Vec::new(), None, None);
            options.maker = Maker::Outside;
            ClientTls::parse(tls, servername)
        }
        parsed => parsed,
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
mod outside_tests;
#[cfg(test)]
mod tests;
