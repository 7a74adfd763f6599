//! Whether to believe a server's certificate, and in Node's words why not.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
};
use tokio_rustls::rustls::{
    CertificateError, DigitallySignedStruct, Error, OtherError, SignatureScheme,
};
use webpki::{EndEntityCert, Error as Untrusted};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate, X509Version};

use super::digest::digest;
use super::openssl_only::peculiarity;
use super::pins::{Pins, pin_of};
use super::tls_fault::TlsFault;
use super::trust::{Trust, is_self_signed, may_serve};

/// Checks a server's certificate as Node does with these roots.
#[derive(Debug)]
pub(super) struct Verifier {
    trust: Arc<Trust>,
    reject_unauthorized: bool,
    pins: Pins,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Verifier {
    pub fn new(
        trust: Arc<Trust>,
        reject_unauthorized: bool,
        pins: Pins,
        provider: &CryptoProvider,
    ) -> Verifier {
        let algorithms = provider.signature_verification_algorithms;
        Verifier {
            trust,
            reject_unauthorized,
            pins,
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
        let refused = |error| self.refused(error, details, chain);
        let parsed = EndEntityCert::try_from(leaf).map_err(refused)?;
        self.trust
            .check(&parsed, chain, now, &self.pins, self.algorithms.all)
            .map_err(refused)?;
        if !may_serve(details) {
            return Err(unsuitable());
        }
        match parsed.verify_is_valid_for_subject_name(name) {
            Ok(()) => Ok(()),
            Err(_) if common_name_matches(details, name) => Ok(()),
            Err(_) => Err(wrong_name(details, name)),
        }
    }

    /// Why a certificate is not taken: OpenSSL's reason, or what OpenSSL alone takes.
    fn refused(
        &self,
        error: Untrusted,
        leaf: &X509Certificate<'_>,
        chain: &[CertificateDer<'_>],
    ) -> TlsFault {
        match error {
            Untrusted::UnsupportedSignatureAlgorithmContext(_)
            | Untrusted::UnsupportedSignatureAlgorithmForPublicKeyContext(_)
            | Untrusted::InvalidSignatureForPublicKey
            | Untrusted::UnsupportedCriticalExtension
            | Untrusted::UnsupportedCertVersion => self
                .peculiarity(leaf, chain)
                .map_or_else(|| untrusted(error, leaf, chain), TlsFault::openssl_only),
            Untrusted::CertDistrusted => unpinned(leaf),
            Untrusted::BadDer
            | Untrusted::BadDerTime
            | Untrusted::ExtensionValueInvalid
            | Untrusted::InvalidSerialNumber
            | Untrusted::MalformedExtensions
            | Untrusted::TrailingData(_) => unreadable(error),
            _ => untrusted(error, leaf, chain),
        }
    }

    /// What is for OpenSSL alone of a server's chain, or of an authority of that name.
    fn peculiarity(
        &self,
        leaf: &X509Certificate<'_>,
        chain: &[CertificateDer<'_>],
    ) -> Option<String> {
        if let Some(what) = peculiarity(leaf, true) {
            return Some(format!("The server's certificate {what}"));
        }
        let chain = parsed(chain);
        let above = chain.iter().find_map(|details| peculiarity(details, true));
        if let Some(what) = above {
            return Some(format!("A certificate above that of the server {what}"));
        }
        let mut issuers = std::iter::once(leaf).chain(&chain).map(|one| one.issuer());
        let key = issuers.find_map(|issuer| self.trust.peculiar_key(issuer))?;
        Some(format!(
            "The authority above the server's certificate has {key}"
        ))
    }

    /// Why a signature in the handshake is not taken, where that lies in the certificate.
    fn unverified(&self, leaf: &CertificateDer<'_>, error: Error) -> Error {
        let details = X509Certificate::from_der(leaf).ok();
        match details.and_then(|(_, details)| peculiarity(&details, false)) {
            Some(what) => refusal(TlsFault::openssl_only(format!(
                "The server's certificate {what}"
            ))),
            None => error,
        }
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
            // Of what nobody vouches for, the server's own key alone says who it is.
            false
                if self
                    .pins
                    .hold(std::iter::once(digest(details.public_key().raw))) =>
            {
                Ok(())
            }
            false => Err(unpinned(&details)),
        });
        believed.map_err(refusal)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, signed, &self.algorithms)
            .map_err(|error| self.unverified(cert, error))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, signed, &self.algorithms)
            .map_err(|error| self.unverified(cert, error))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

fn refusal(fault: TlsFault) -> Error {
    CertificateError::Other(OtherError(Arc::new(fault))).into()
}

/// The certificate taken apart, if TLS can be spoken with it.
fn readable<'a>(leaf: &'a CertificateDer<'_>) -> Result<X509Certificate<'a>, TlsFault> {
    let (_, details) = X509Certificate::from_der(leaf).map_err(unreadable)?;
    if details.version() == X509Version::V3 {
        return Ok(details);
    }
    let what = "The server's certificate is not of version 3 of X.509";
    Err(TlsFault::openssl_only(what))
}

/// OpenSSL reads some that break the rules of DER.
fn unreadable(why: impl fmt::Display) -> TlsFault {
    TlsFault::openssl_only(format!("The server's certificate breaks rules ({why})"))
}

/// OpenSSL's reason not to believe a certificate.
fn untrusted(
    error: Untrusted,
    leaf: &X509Certificate<'_>,
    chain: &[CertificateDer<'_>],
) -> TlsFault {
    match error {
        Untrusted::UnknownIssuer => unknown(leaf, chain),
        // A self-signed certificate that is not trusted: one that may sign others, or one with the name of
        // a trusted one and another key.
        Untrusted::CaUsedAsEndEntity | Untrusted::InvalidSignatureForPublicKey
            if is_self_signed(leaf) =>
        {
            unknown(leaf, chain)
        }
        Untrusted::CertExpired { .. } | Untrusted::InvalidCertValidity => {
            TlsFault::new("CERT_HAS_EXPIRED", "certificate has expired")
        }
        Untrusted::CertNotValidYet { .. } => {
            TlsFault::new("CERT_NOT_YET_VALID", "certificate is not yet valid")
        }
        Untrusted::InvalidSignatureForPublicKey => {
            TlsFault::new("CERT_SIGNATURE_FAILURE", "certificate signature failure")
        }
        Untrusted::RequiredEkuNotFoundContext(_) => unsuitable(),
        Untrusted::EndEntityUsedAsCa => TlsFault::new("INVALID_CA", "invalid CA certificate"),
        Untrusted::PathLenConstraintViolated => {
            TlsFault::new("PATH_LENGTH_EXCEEDED", "path length constraint exceeded")
        }
        other => TlsFault::other(format!("The server's certificate cannot be used: {other}")),
    }
}

fn unpinned(leaf: &X509Certificate<'_>) -> TlsFault {
    let pin = pin_of(leaf.public_key().raw);
    let message = format!(
        "No key of the server's certificates is one of `pins`; the pin of its own certificate would be {pin}"
    );
    TlsFault::new("WSR_ERR_TLS_PIN", message)
}

fn unsuitable() -> TlsFault {
    TlsFault::new("INVALID_PURPOSE", "unsuitable certificate purpose")
}

/// No trusted certificate vouches for this one.
fn unknown(leaf: &X509Certificate<'_>, chain: &[CertificateDer<'_>]) -> TlsFault {
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
    let hint = "to trust it, pass the certificate that signed it as `ca`";
    TlsFault::new(code, format!("{reason}; {hint}"))
}

/// Where the way up from the leaf ends, of what the server sent.
enum Top {
    Leaf { self_signed: bool },
    Issuer { self_signed: bool },
}

fn top_of_chain(leaf: &X509Certificate<'_>, chain: &[CertificateDer<'_>]) -> Top {
    let chain = parsed(chain);
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

/// Those of a chain that can be read.
fn parsed<'a>(chain: &'a [CertificateDer<'_>]) -> Vec<X509Certificate<'a>> {
    let read = chain.iter().map(|der| X509Certificate::from_der(der));
    read.flatten().map(|(_, details)| details).collect()
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
