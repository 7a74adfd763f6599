//! Whether to believe a server's certificate, and in Node's words why not.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use tokio_rustls::rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
};
use tokio_rustls::rustls::server::ParsedCertificate;
use tokio_rustls::rustls::{
    CertificateError, DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme,
};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate, X509Version};

/// TLS trouble with the code that Node has for it, else `WSR_ERR_TLS`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TlsFault {
    pub code: &'static str,
    pub message: String,
}

impl TlsFault {
    fn new(code: &'static str, message: impl Into<String>) -> TlsFault {
        TlsFault {
            code,
            message: message.into(),
        }
    }

    pub(super) fn other(message: impl Into<String>) -> TlsFault {
        TlsFault::new("WSR_ERR_TLS", message)
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
            Error::AlertReceived(alert) => TlsFault::other(format!(
                "The server ended the TLS handshake with the alert {alert:?}"
            )),
            Error::InvalidMessage(_) => TlsFault::other(format!(
                "The server does not speak TLS on this port ({error}); if it speaks none at all, use ws:"
            )),
            other => TlsFault::other(format!("TLS failed: {other}")),
        }
    }
}

/// Checks a server's certificate as Node does with these roots.
#[derive(Debug)]
pub(super) struct Verifier {
    roots: Arc<RootCertStore>,
    reject_unauthorized: bool,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Verifier {
    pub fn new(
        roots: Arc<RootCertStore>,
        reject_unauthorized: bool,
        provider: &CryptoProvider,
    ) -> Verifier {
        let algorithms = provider.signature_verification_algorithms;
        Verifier {
            roots,
            reject_unauthorized,
            algorithms,
        }
    }

    fn check(
        &self,
        leaf: &CertificateDer<'_>,
        details: &X509Certificate<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<(), TlsFault> {
        let parsed = ParsedCertificate::try_from(leaf).map_err(unreadable)?;
        let signed = verify_server_cert_signed_by_trust_anchor(
            &parsed,
            &self.roots,
            chain,
            now,
            self.algorithms.all,
        );
        match signed {
            Ok(()) => {}
            // What is left to fail on, after its dates, is that it may sign others.
            Err(Error::InvalidCertificate(CertificateError::Other(_))) if self.is_root(details) => {
            }
            // One that may sign others, or one with a trusted name and another key.
            Err(Error::InvalidCertificate(
                CertificateError::Other(_) | CertificateError::BadSignature,
            )) if is_self_signed(details) => {
                return Err(untrusted(
                    CertificateError::UnknownIssuer.into(),
                    details,
                    chain,
                ));
            }
            Err(error) => return Err(untrusted(error, details, chain)),
        }
        match verify_server_name(&parsed, name) {
            Ok(()) => Ok(()),
            Err(_) if common_name_matches(details, name) => Ok(()),
            Err(_) => Err(wrong_name(details, name)),
        }
    }

    /// Whether a certificate is itself trusted: a self-signed one that is given as `ca`, which webpki
    /// takes for no server's when it may sign others. Its subject and key are those of a trusted one,
    /// and the handshake proves that the server has the key.
    fn is_root(&self, details: &X509Certificate<'_>) -> bool {
        self.roots.roots.iter().any(|root| {
            root.name_constraints.is_none()
                && is_self_signed(details)
                && contents(details.subject().as_raw()) == root.subject.as_ref()
                && contents(details.public_key().raw) == root.subject_public_key_info.as_ref()
        })
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let believed = readable(end_entity).and_then(|details| match self.reject_unauthorized {
            true => self.check(end_entity, &details, intermediates, server_name, now),
            false => Ok(()),
        });
        believed.map_err(|fault| CertificateError::Other(OtherError(Arc::new(fault))))?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// The certificate taken apart, if TLS can be spoken with it.
fn readable<'a>(leaf: &'a CertificateDer<'_>) -> Result<X509Certificate<'a>, TlsFault> {
    let (_, details) = X509Certificate::from_der(leaf).map_err(unreadable)?;
    if details.version() == X509Version::V3 {
        return Ok(details);
    }
    Err(TlsFault::other(
        "The server's certificate is of X.509 version 1, which has no alternative names; \
         make one with the extension subjectAltName",
    ))
}

fn unreadable(why: impl fmt::Display) -> TlsFault {
    TlsFault::other(format!("The server's certificate cannot be read: {why}"))
}

/// OpenSSL's reason for a certificate that no root vouches for.
fn untrusted(error: Error, leaf: &X509Certificate<'_>, chain: &[CertificateDer<'_>]) -> TlsFault {
    const HINT: &str = "to trust it, pass the certificate that signed it as `ca`";
    match error {
        Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
            let (code, reason) = match top_of_chain(leaf, chain) {
                Top::Leaf { self_signed: true } => {
                    ("DEPTH_ZERO_SELF_SIGNED_CERT", "self-signed certificate")
                }
                Top::Leaf { self_signed: false } => (
                    "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
                    "unable to verify the first certificate",
                ),
                Top::Issuer { self_signed: true } => (
                    "SELF_SIGNED_CERT_IN_CHAIN",
                    "self-signed certificate in certificate chain",
                ),
                Top::Issuer { self_signed: false } => (
                    "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
                    "unable to get local issuer certificate",
                ),
            };
            TlsFault::new(code, format!("{reason}; {HINT}"))
        }
        Error::InvalidCertificate(
            CertificateError::Expired | CertificateError::ExpiredContext { .. },
        ) => TlsFault::new("CERT_HAS_EXPIRED", "certificate has expired"),
        Error::InvalidCertificate(
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. },
        ) => TlsFault::new("CERT_NOT_YET_VALID", "certificate is not yet valid"),
        Error::InvalidCertificate(CertificateError::Revoked) => {
            TlsFault::new("CERT_REVOKED", "certificate revoked")
        }
        Error::InvalidCertificate(CertificateError::BadSignature) => {
            TlsFault::new("CERT_SIGNATURE_FAILURE", "certificate signature failure")
        }
        Error::InvalidCertificate(
            CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. },
        ) => TlsFault::new("INVALID_PURPOSE", "unsuitable certificate purpose"),
        other => TlsFault::other(format!("The server's certificate cannot be used: {other}")),
    }
}

/// Where the way up from the leaf ends, of what the server sent.
enum Top {
    Leaf { self_signed: bool },
    Issuer { self_signed: bool },
}

fn top_of_chain(leaf: &X509Certificate<'_>, chain: &[CertificateDer<'_>]) -> Top {
    let chain: Vec<_> = chain
        .iter()
        .filter_map(|der| X509Certificate::from_der(der).ok())
        .map(|(_, cert)| cert)
        .collect();
    let mut top = leaf;
    for _ in 0..chain.len() {
        if is_self_signed(top) {
            break;
        }
        let issuer = chain
            .iter()
            .find(|cert| cert.subject().as_raw() == top.issuer().as_raw());
        let Some(issuer) = issuer else { break };
        top = issuer;
    }
    let self_signed = is_self_signed(top);
    if std::ptr::eq(top, leaf) {
        Top::Leaf { self_signed }
    } else {
        Top::Issuer { self_signed }
    }
}

fn is_self_signed(certificate: &X509Certificate<'_>) -> bool {
    certificate.subject().as_raw() == certificate.issuer().as_raw()
}

/// What is inside the outermost tag and length of DER: the form in which webpki keeps roots.
fn contents(der: &[u8]) -> &[u8] {
    x509_parser::asn1_rs::Any::from_der(der).map_or(&[], |(_, any)| any.data)
}

/// Whether the common name of a certificate without alternative host names is `name`, as Node
/// accepts it. An asterisk stands for the whole first label.
fn common_name_matches(details: &X509Certificate<'_>, name: &ServerName<'_>) -> bool {
    let ServerName::DnsName(name) = name else {
        return false;
    };
    let host = name.as_ref().trim_end_matches('.');
    let nameless = match details.subject_alternative_name() {
        Ok(None) => true,
        Ok(Some(names)) => {
            let mut names = names.value.general_names.iter();
            !names.any(|name| matches!(name, GeneralName::DNSName(_)))
        }
        Err(_) => false,
    };
    nameless
        && common_names(details).any(|common| {
            match (common.strip_prefix("*."), host.split_once('.')) {
                (Some(rest), Some((_, domain))) => {
                    rest.contains('.') && rest.eq_ignore_ascii_case(domain)
                }
                (Some(_), None) => false,
                (None, _) => common.eq_ignore_ascii_case(host),
            }
        })
}

fn common_names<'a>(details: &'a X509Certificate<'_>) -> impl Iterator<Item = &'a str> {
    details
        .subject()
        .iter_common_name()
        .filter_map(|name| name.as_str().ok())
}

/// The alternative names, in the form in which Node lists them.
fn alternatives(details: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(names)) = details.subject_alternative_name() else {
        return Vec::new();
    };
    let text = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) => Some(format!("DNS:{name}")),
        GeneralName::IPAddress(bytes) => {
            let v4 = <[u8; 4]>::try_from(*bytes).map(IpAddr::from);
            let ip = v4.or_else(|_| <[u8; 16]>::try_from(*bytes).map(IpAddr::from));
            ip.ok().map(|ip| format!("IP Address:{ip}"))
        }
        _ => None,
    };
    names.value.general_names.iter().filter_map(text).collect()
}

fn wrong_name(details: &X509Certificate<'_>, name: &ServerName<'_>) -> TlsFault {
    let names = alternatives(details);
    let reason = match name {
        ServerName::IpAddress(_) => {
            let ips: Vec<_> = names
                .iter()
                .filter_map(|name| name.strip_prefix("IP Address:"))
                .collect();
            format!(
                "IP: {} is not in the cert's list: {}",
                name.to_str(),
                ips.join(", ")
            )
        }
        _ if names.is_empty() => {
            let common: Vec<_> = common_names(details).collect();
            format!(
                "Host: {}. is not cert's CN: {}",
                name.to_str(),
                common.join(", ")
            )
        }
        _ => format!(
            "Host: {}. is not in the cert's altnames: {}",
            name.to_str(),
            names.join(", ")
        ),
    };
    let message = format!("Hostname/IP does not match certificate's altnames: {reason}");
    TlsFault::new("ERR_TLS_CERT_ALTNAME_INVALID", message)
}
