//! What can go wrong in TLS, in Node's words where Node has some.

use tokio_rustls::rustls::{
    AlertDescription, CertificateError, Error, OtherError, PeerIncompatible,
};

/// TLS trouble with the code that Node has for it, else `WSR_ERR_TLS`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TlsFault {
    pub code: &'static str,
    pub message: String,
    /// Whether OpenSSL may take what rustls did not.
    pub needs_node: bool,
}

impl TlsFault {
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> TlsFault {
        TlsFault {
            code,
            message: message.into(),
            needs_node: false,
        }
    }

    pub(super) fn other(message: impl Into<String>) -> TlsFault {
        TlsFault::new("WSR_ERR_TLS", message)
    }

    /// What rustls does not take and OpenSSL does.
    pub(super) fn openssl_only(what: impl AsRef<str>) -> TlsFault {
        let what = what.as_ref();
        TlsFault {
            needs_node: true,
            ..TlsFault::other(format!(
                "{what}, which the engine's TLS (rustls) does not take; that of Node does, with `transport: 'node'`"
            ))
        }
    }

    /// Of an answer to the first words of the client, before the server has sent any other.
    pub(super) fn from_first_answer(error: &Error) -> TlsFault {
        match error {
            Error::AlertReceived(
                alert @ (AlertDescription::HandshakeFailure
                | AlertDescription::InsufficientSecurity),
            ) => TlsFault::openssl_only(format!(
                "The server ended the TLS handshake with the alert {alert:?}: it wants a cipher, a curve or a signature"
            )),
            other => TlsFault::from_rustls(other),
        }
    }

    pub(super) fn from_rustls(error: &Error) -> TlsFault {
        match error {
            Error::InvalidCertificate(CertificateError::Other(OtherError(inner))) => {
                match inner.downcast_ref::<TlsFault>() {
                    Some(fault) => fault.clone(),
                    None => {
                        TlsFault::other(format!("The server's certificate cannot be used: {inner}"))
                    }
                }
            }
            Error::AlertReceived(AlertDescription::ProtocolVersion)
            | Error::PeerIncompatible(
                PeerIncompatible::ServerDoesNotSupportTls12Or13
                | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
            ) => TlsFault::other(
                "The server speaks no version of TLS that the client may: those are 1.2 and 1.3 within `minVersion` \
                     and `maxVersion`, and older ones where `minVersion` names them",
            ),
            Error::AlertReceived(alert) => TlsFault::other(format!(
                "The server ended the TLS handshake with the alert {alert:?}"
            )),
            Error::PeerIncompatible(why) => {
                TlsFault::openssl_only(format!("The server wants what is unusual in TLS ({why:?})"))
            }
            Error::InvalidMessage(_) => TlsFault::other(format!(
                "The server does not speak TLS on this port ({error}); if it speaks none at all, use ws:"
            )),
            other => TlsFault::other(format!("TLS failed: {other}")),
        }
    }
}
