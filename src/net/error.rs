//! What can go wrong on the way to a peer, in Node's words where Node has some.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio_rustls::rustls;

use super::pipe::Broken;
use super::tls_fault::TlsFault;
use crate::policy::{Failure, Message};

#[derive(Debug, thiserror::Error)]
pub enum NetError {
    #[error("getaddrinfo {code} {host}")]
    Resolve { code: &'static str, host: String },
    #[error("connect {} {}:{}", told(.error), .address.ip(), .address.port())]
    Connect {
        address: SocketAddr,
        error: io::Error,
    },
    #[error("connect {} {path}", told(.error))]
    ConnectSocket { path: String, error: io::Error },
    #[error(
        "connect ENOTSUP {path}: the engine has sockets of Unix on Unix alone; by transport: 'node' Node connects"
    )]
    NoSockets { path: String },
    #[error("bind {} {ip}", told(.error))]
    Bind { ip: IpAddr, error: io::Error },
    #[error("{call} {}", told(.error))]
    Io {
        call: &'static str,
        error: io::Error,
    },
    /// The peer ended the connection before it answered.
    #[error("socket hang up")]
    HungUp,
    #[error("Client network socket disconnected before secure TLS connection was established")]
    HungUpInTls,
    #[error("{0}")]
    Tls(TlsFault),
    #[error("Opening handshake has timed out after {} ms {stage}", .after.as_millis())]
    TimedOut {
        after: Duration,
        stage: AttemptStage,
    },
    /// What the program outside of the engine said in the place of what it was asked for.
    #[error("{}", .0.message)]
    Outside(Box<Failure>),
    #[error("The JavaScript side has not answered what the attempt asked it")]
    Unanswered,
    /// What went wrong on the way to a proxy, or was its answer.
    #[error("{error} (proxy {proxy})")]
    AtProxy { proxy: String, error: Box<NetError> },
    #[error("{0}")]
    Proxy(ProxyFault),
    /// What went wrong with a connection that several clients wait for.
    #[error("{0}")]
    Shared(Arc<NetError>),
    /// The peer answered, and no upgrade came of it. Header names are in lower case.
    #[error("{fault}")]
    Handshake {
        fault: HandshakeFault,
        status: Option<u16>,
        headers: Vec<(String, String)>,
        body: Option<Message>,
    },
}

/// What is wrong with the answer to the upgrade; the words of `ws` where it has some.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandshakeFault {
    #[error("The server's answer is not HTTP: {0}")]
    NotHttp(String),
    #[error("The server's answer has more than {0} bytes of headers")]
    TooLong(usize),
    #[error("The server sent more than {0} informational answers (1xx), and none that is final")]
    OnlyInterim(usize),
    #[error("Unexpected server response: {0}")]
    Status(u16),
    #[error("Invalid Upgrade header")]
    Upgrade,
    #[error("Invalid Connection header")]
    Connection,
    #[error("Invalid Sec-WebSocket-Accept header")]
    Accept,
    #[error("Server sent a subprotocol but none was requested")]
    UnaskedProtocol,
    #[error("Server sent an invalid subprotocol")]
    WrongProtocol,
    #[error("Server sent no subprotocol")]
    NoProtocol,
    #[error("Server sent a Sec-WebSocket-Extensions header but no extension was requested")]
    UnaskedExtension,
    #[error("Maximum redirects exceeded")]
    TooManyRedirects,
    #[error("HTTP/2: {0}")]
    Http2(String),
    #[error("The server redirects to {0:?}, which is no WebSocket URL")]
    BadRedirect(String),
}

/// Why a proxy does not lead to `target`, a host and port.
#[derive(Debug, thiserror::Error)]
pub enum ProxyFault {
    #[error("CONNECT to {target} failed: {fault}")]
    BadAnswer {
        target: String,
        fault: HandshakeFault,
    },
    /// `offered`: the schemes that it names.
    #[error(
        "CONNECT to {target} was refused with 407: the proxy wants credentials, or others{}; only Basic is supported",
        offered.as_ref().map_or(String::new(), |schemes| format!(", by {schemes}"))
    )]
    Unauthorized {
        target: String,
        offered: Option<String>,
    },
    #[error(
        "CONNECT to {target} was refused with {status}{}",
        if target.ends_with(":443") { "" } else { "; many proxies allow port 443 alone" }
    )]
    Refused { target: String, status: u16 },
    #[error("SOCKS to {target} was refused: {error}")]
    SocksUnauthorized {
        target: String,
        error: tokio_socks::Error,
    },
    #[error("SOCKS to {target} failed: {error}")]
    Socks {
        target: String,
        error: tokio_socks::Error,
    },
}

impl ProxyFault {
    fn code(&self) -> &'static str {
        match self {
            ProxyFault::Unauthorized { .. } | ProxyFault::SocksUnauthorized { .. } => {
                "WSR_ERR_PROXY_AUTH"
            }
            ProxyFault::BadAnswer { .. }
            | ProxyFault::Refused { .. }
            | ProxyFault::Socks { .. } => "WSR_ERR_PROXY",
        }
    }

    fn status(&self) -> Option<u16> {
        match self {
            ProxyFault::Unauthorized { .. } => Some(407),
            ProxyFault::Refused { status, .. } => Some(*status),
            ProxyFault::BadAnswer { .. }
            | ProxyFault::SocksUnauthorized { .. }
            | ProxyFault::Socks { .. } => None,
        }
    }
}

/// How far an attempt has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttemptStage {
    ProxyResolve,
    ProxyConnect,
    ProxyTls,
    ProxyAnswer,
    Resolve,
    Connect,
    Tls,
    Http2,
    Upgrade,
}

impl fmt::Display for AttemptStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            AttemptStage::ProxyResolve => "while resolving the proxy's name",
            AttemptStage::ProxyConnect => "while connecting to the proxy",
            AttemptStage::ProxyTls => "in the TLS handshake with the proxy",
            AttemptStage::ProxyAnswer => "waiting for the proxy's answer",
            AttemptStage::Resolve => "while resolving the host name",
            AttemptStage::Connect => "while connecting",
            AttemptStage::Tls => "in the TLS handshake",
            AttemptStage::Http2 => "waiting for the server's HTTP/2 settings",
            AttemptStage::Upgrade => "waiting for the server's answer to the upgrade",
        })
    }
}

/// The code of an attempt whose time is over.
const TIMED_OUT: &str = "WSR_ERR_HANDSHAKE_TIMEOUT";

impl NetError {
    /// From a failed read or write; TLS hides its own errors in those.
    pub(super) fn from_io(call: &'static str, error: io::Error) -> NetError {
        if let Some(tls) = error
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<rustls::Error>())
        {
            return NetError::Tls(TlsFault::from_rustls(tls));
        }
        if let Some(Broken(failure)) = error.get_ref().and_then(|inner| inner.downcast_ref()) {
            return NetError::Outside(Box::new(failure.clone()));
        }
        match error.kind() {
            io::ErrorKind::UnexpectedEof => NetError::HungUp,
            _ => NetError::Io { call, error },
        }
    }

    pub(super) fn http2(why: String) -> NetError {
        NetError::Handshake {
            fault: HandshakeFault::Http2(why),
            status: None,
            headers: Vec::new(),
            body: None,
        }
    }

    pub(super) fn is_timeout(&self) -> bool {
        self.code() == TIMED_OUT
    }

    /// Whether rustls refused what OpenSSL, and so a connection that Node makes, may take. What is wrong at a proxy is the
    /// proxy's, and nobody asked for a way past it.
    pub fn needs_node(&self) -> bool {
        match self {
            NetError::Tls(fault) => fault.needs_node,
            NetError::Shared(error) => error.needs_node(),
            _ => false,
        }
    }

    /// The status of an answer that no upgrade came of.
    fn status(&self) -> Option<u16> {
        match self {
            NetError::Handshake { status, .. } => *status,
            NetError::Proxy(fault) => fault.status(),
            NetError::AtProxy { error, .. } => error.status(),
            NetError::Shared(error) => error.status(),
            _ => None,
        }
    }

    /// The code that JavaScript sees.
    pub fn code(&self) -> &'static str {
        match self {
            NetError::Resolve { code, .. } => code,
            NetError::Connect { error, .. }
            | NetError::ConnectSocket { error, .. }
            | NetError::Bind { error, .. }
            | NetError::Io { error, .. } => code_of(error),
            NetError::NoSockets { .. } => "ENOTSUP",
            NetError::HungUp | NetError::HungUpInTls => "ECONNRESET",
            NetError::Tls(fault) => fault.code,
            NetError::TimedOut { .. } => TIMED_OUT,
            NetError::Handshake { .. } => "WSR_ERR_HANDSHAKE",
            NetError::Outside(_) | NetError::Unanswered => "WSR_ERR_FUNCTION",
            NetError::AtProxy { error, .. } => error.code(),
            NetError::Shared(error) => error.code(),
            NetError::Proxy(fault) => fault.code(),
        }
    }

    pub fn into_failure(self) -> Failure {
        let failure = Failure {
            message: self.to_string(),
            code: Some(self.code().to_owned()),
            status: self.status(),
            ..Failure::default()
        };
        match self {
            NetError::Outside(failure) => *failure,
            NetError::Handshake { headers, body, .. } => Failure {
                headers,
                body,
                ..failure
            },
            _ => failure,
        }
    }
}

/// The code as a message tells it: one that says nothing comes with the system's own words.
fn told(error: &io::Error) -> String {
    match code_of(error) {
        UNKNOWN => format!("{UNKNOWN} ({error})"),
        code => code.to_owned(),
    }
}

/// The code that Node has for what it has no name for.
const UNKNOWN: &str = "UNKNOWN";

/// The system's name of an error, on every platform that of Unix, as in Node.
pub fn code_of(error: &io::Error) -> &'static str {
    use io::ErrorKind as Kind;
    match error.kind() {
        Kind::AddrInUse => "EADDRINUSE",
        Kind::AddrNotAvailable => "EADDRNOTAVAIL",
        Kind::BrokenPipe => "EPIPE",
        Kind::ConnectionAborted => "ECONNABORTED",
        Kind::ConnectionRefused => "ECONNREFUSED",
        Kind::ConnectionReset => "ECONNRESET",
        Kind::HostUnreachable => "EHOSTUNREACH",
        Kind::InvalidInput => "EINVAL",
        Kind::NetworkDown => "ENETDOWN",
        Kind::NetworkUnreachable => "ENETUNREACH",
        Kind::NotConnected => "ENOTCONN",
        Kind::NotFound => "ENOENT",
        Kind::OutOfMemory => "ENOMEM",
        Kind::PermissionDenied if error.raw_os_error() == Some(1) => "EPERM",
        Kind::PermissionDenied => "EACCES",
        Kind::TimedOut => "ETIMEDOUT",
        Kind::WouldBlock => "EAGAIN",
        _ => match error.raw_os_error() {
            Some(24 | 10024) => "EMFILE",
            Some(23) => "ENFILE",
            Some(97 | 47 | 10047) => "EAFNOSUPPORT",
            _ => UNKNOWN,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_becomes_what_node_would_say() {
        let refused = |address: &str| NetError::Connect {
            address: address.parse().unwrap(),
            error: io::ErrorKind::ConnectionRefused.into(),
        };
        let failure = refused("127.0.0.1:1").into_failure();
        assert_eq!(failure.message, "connect ECONNREFUSED 127.0.0.1:1");
        assert_eq!(failure.code.as_deref(), Some("ECONNREFUSED"));
        assert_eq!(refused("[::1]:1").to_string(), "connect ECONNREFUSED ::1:1");
        let late = NetError::TimedOut {
            after: Duration::from_millis(1500),
            stage: AttemptStage::Tls,
        };
        assert_eq!(
            late.to_string(),
            "Opening handshake has timed out after 1500 ms in the TLS handshake"
        );
        assert_eq!(late.code(), "WSR_ERR_HANDSHAKE_TIMEOUT");
    }

    #[test]
    fn a_refused_upgrade_keeps_status_headers_and_body() {
        let headers = vec![("retry-after".to_owned(), "1".to_owned())];
        let failure = NetError::Handshake {
            fault: HandshakeFault::Status(503),
            status: Some(503),
            headers: headers.clone(),
            body: Some(Message::Text("busy".to_owned())),
        }
        .into_failure();
        assert_eq!(failure.message, "Unexpected server response: 503");
        assert_eq!((failure.status, failure.headers), (Some(503), headers));
        assert_eq!(failure.body, Some(Message::Text("busy".to_owned())));
    }
}
