//! Trouble on the way to a peer, in the words and codes that Node users know.

use std::io;
use std::time::Duration;

use crate::policy::Failure;

/// Why an attempt failed.
#[derive(Debug, thiserror::Error)]
pub enum NetError {
    #[error("getaddrinfo {code} {host}")]
    Dns { code: &'static str, host: String },
    #[error("{call} {what}{place}", what = code.map_or_else(|| source.to_string(), str::to_owned))]
    System {
        call: &'static str,
        code: Option<&'static str>,
        /// With a leading space, or empty.
        place: String,
        source: io::Error,
    },
    /// The peer ended the stream before it answered the upgrade.
    #[error("socket hang up")]
    HungUp,
    #[error("{message}")]
    Tls { code: &'static str, message: String },
    #[error("Opening handshake has timed out after {} ms", .0.as_millis())]
    TimedOut(Duration),
    /// The peer's answer is no upgrade.
    #[error("Unexpected server response: {status}")]
    Refused {
        status: u16,
        headers: Vec<(String, String)>,
    },
    /// The peer's answer claims to be an upgrade, and is none that was asked for.
    #[error("{problem}")]
    BadUpgrade {
        problem: String,
        status: Option<u16>,
        headers: Vec<(String, String)>,
    },
    #[error("Maximum number of redirects ({0}) exceeded")]
    TooManyRedirects(u32),
    #[error(
        "The redirect to {0:?} cannot be followed: allowed are ws:, wss:, http: and https: URLs"
    )]
    BadRedirect(String),
}

impl NetError {
    /// A failed system call, with the code that Node gives it.
    pub fn system(call: &'static str, place: String, source: io::Error) -> NetError {
        NetError::System {
            call,
            code: system_code(&source),
            place,
            source,
        }
    }

    /// What a user is told.
    pub fn into_failure(self) -> Failure {
        let message = self.to_string();
        let (code, status, headers) = match self {
            NetError::Dns { code, .. } | NetError::Tls { code, .. } => {
                (Some(code), None, Vec::new())
            }
            NetError::System { code, .. } => (code, None, Vec::new()),
            NetError::HungUp => (Some("ECONNRESET"), None, Vec::new()),
            NetError::TimedOut(_) => (Some("WSR_ERR_HANDSHAKE_TIMEOUT"), None, Vec::new()),
            NetError::Refused { status, headers } => {
                (Some("WSR_ERR_HANDSHAKE"), Some(status), headers)
            }
            NetError::BadUpgrade {
                status, headers, ..
            } => (Some("WSR_ERR_HANDSHAKE"), status, headers),
            NetError::TooManyRedirects(_) | NetError::BadRedirect(_) => {
                (Some("WSR_ERR_HANDSHAKE"), None, Vec::new())
            }
        };
        Failure {
            message,
            code: code.map(str::to_owned),
            status,
            headers,
        }
    }
}

/// The code of the operating system's error, as Node names it.
fn system_code(error: &io::Error) -> Option<&'static str> {
    use io::ErrorKind::*;
    Some(match error.kind() {
        ConnectionRefused => "ECONNREFUSED",
        ConnectionReset => "ECONNRESET",
        ConnectionAborted => "ECONNABORTED",
        TimedOut => "ETIMEDOUT",
        HostUnreachable => "EHOSTUNREACH",
        NetworkUnreachable => "ENETUNREACH",
        NetworkDown => "ENETDOWN",
        AddrInUse => "EADDRINUSE",
        AddrNotAvailable => "EADDRNOTAVAIL",
        BrokenPipe => "EPIPE",
        PermissionDenied => "EACCES",
        UnexpectedEof => "ECONNRESET",
        InvalidInput => "EINVAL",
        _ => return None,
    })
}
