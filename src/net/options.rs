//! The options as a user gave them.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::Roots;

/// How to reach a peer, not checked yet: [`Target::parse`](super::Target::parse) does that.
#[derive(Clone)]
pub struct Options {
    /// `ws:` or `wss:`, or `http:` and `https:` that mean the same, absolute, without a fragment; or `ws+unix:` or
    /// `wss+unix:` with the path of a socket, a colon and a path. Credentials in it become Basic authentication.
    pub url: String,
    /// Subprotocols to ask for, in the order of preference.
    pub protocols: Vec<String>,
    /// Request headers in their order, several values for one that is sent several times. `Cookie`
    /// is sent once, its values joined. Of a name given twice the last holds, as in Node. Those that
    /// the handshake owns are refused, unless they say just what the handshake says.
    pub headers: Vec<(String, Vec<String>)>,
    /// The `Origin` header; wins over one among `headers`.
    pub origin: Option<String>,
    /// `user:password` for Basic authentication; wins over credentials in the URL. An
    /// `Authorization` among `headers` wins over both.
    pub auth: Option<String>,
    /// Bound on DNS, TCP, TLS, the upgrade and all redirects together; zero for none. Default 10 s.
    pub handshake_timeout: Duration,
    /// Follow the redirects 301, 302, 303, 307 and 308. Default false.
    pub follow_redirects: bool,
    /// Redirects to follow before giving up. Default 10.
    pub max_redirects: u32,
    /// IP address to connect from.
    pub local_address: Option<String>,
    /// 4 or 6: use addresses of that family alone, of those that a name resolves to. 0: both.
    pub family: Option<u8>,
    /// Addresses of a host are raced (RFC 8305). Default true; false tries the first alone.
    pub races: bool,
    /// How long an address is tried before the next is tried beside it. Default 250 ms.
    pub head_start: Duration,
    /// The system probes connections where nothing has moved for so long; zero: for as long as it says itself. Default none.
    pub keep_alive: Option<Duration>,
    /// Path of a socket of Unix that leads to the URL's host, in the place of its address.
    pub socket_path: Option<String>,
    /// The addresses of names are asked of the program outside. Default false.
    pub asks_addresses: bool,
    /// Who makes connections. Default [`Maker::EngineFirst`].
    pub maker: Maker,
    /// Name sent by SNI and looked for in the certificate, instead of the URL's host. An empty one
    /// sends none.
    pub servername: Option<String>,
    pub tls: TlsOptions,
    /// Which proxy leads there. Default none.
    pub proxy: Option<ProxyOptions>,
    /// The value of `Sec-WebSocket-Extensions` to offer.
    pub extensions: Option<String>,
}

impl Options {
    /// The defaults, for `url`.
    pub fn new(url: impl Into<String>, roots: Arc<Roots>) -> Options {
        Options {
            url: url.into(),
            protocols: Vec::new(),
            headers: Vec::new(),
            origin: None,
            auth: None,
            handshake_timeout: Duration::from_secs(10),
            follow_redirects: false,
            max_redirects: 10,
            local_address: None,
            family: None,
            races: true,
            head_start: Duration::from_millis(250),
            keep_alive: None,
            socket_path: None,
            asks_addresses: false,
            maker: Maker::EngineFirst,
            servername: None,
            tls: TlsOptions::new(roots),
            proxy: None,
            extensions: None,
        }
    }
}

/// Who makes connections, the TLS of `wss:` included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Maker {
    Engine,
    /// The engine, and the program outside where the TLS of a server needs that.
    EngineFirst,
    /// The program outside; a proxy leads there all the same.
    Outside,
    /// The program outside, in a way of its own: it says what leads there.
    Custom,
}

/// Which proxy leads to a peer, and how to speak with it.
#[derive(Clone)]
pub struct ProxyOptions {
    /// The URL of the proxy for `ws:` URLs: `http:`, `https:`, `socks5:`, `socks5h:`, `socks4:` or `socks4a:`. Credentials
    /// in it are for the proxy.
    pub ws: Option<String>,
    /// The same for `wss:` URLs.
    pub wss: Option<String>,
    /// Hosts that are reached without it, as `NO_PROXY` has them; then those of this machine are too. `None`: all hosts
    /// are reached by the proxy.
    pub bypass: Option<String>,
    /// Headers of the CONNECT request.
    pub headers: Vec<(String, Vec<String>)>,
    /// `user:password`; wins over credentials in the URL.
    pub auth: Option<String>,
    /// For `https:` proxies.
    pub tls: TlsOptions,
}

/// Whom to trust and who to be. Not used for `ws:`.
#[derive(Clone)]
pub struct TlsOptions {
    /// Default true. False accepts any certificate: the peer can then be anybody.
    pub reject_unauthorized: bool,
    /// Certificates to trust instead of `roots`, PEM or DER; several in one PEM are fine. An
    /// intermediate one is enough, also without its root. One that is no authority is trusted for itself
    /// alone, for the names that it carries.
    pub ca: Option<Vec<Vec<u8>>>,
    /// The client's certificate and its chain, PEM or DER.
    pub cert: Vec<Vec<u8>>,
    /// The key of `cert`: PEM of PKCS#8, PKCS#1 or SEC1; or DER. PKCS#8 may be encrypted.
    pub key: Option<Vec<u8>>,
    /// The client's certificate, chain and key in PKCS#12. As in Node, its chain is trusted too.
    pub pfx: Option<Vec<u8>>,
    /// The passphrase of `key` or `pfx`.
    pub passphrase: Option<String>,
    /// The oldest version to speak. Default 1.2.
    pub min_version: Option<TlsVersion>,
    /// The newest. Default 1.3.
    pub max_version: Option<TlsVersion>,
    /// Public keys as `sha256/…`, of which the verified chain must have one; without `reject_unauthorized` the server's own
    /// certificate must. Default none: any key will do.
    pub pins: Vec<String>,
    /// Where to write the secrets by which recorded connections can be read. Default nowhere.
    pub key_log: Option<PathBuf>,
    /// What is trusted when there is no `ca`.
    pub roots: Arc<Roots>,
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TlsVersion {
    V12,
    V13,
}

impl TlsOptions {
    pub fn new(roots: Arc<Roots>) -> TlsOptions {
        TlsOptions {
            reject_unauthorized: true,
            ca: None,
            cert: Vec::new(),
            key: None,
            pfx: None,
            passphrase: None,
            min_version: None,
            max_version: None,
            pins: Vec::new(),
            key_log: None,
            roots,
        }
    }
}
