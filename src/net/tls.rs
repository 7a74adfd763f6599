//! TLS by rustls: whom to trust, who we are, and trouble in Node's words.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use p12_keystore::{KeyStore, Pkcs12ImportPolicy};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::client::{Resumption, WebPkiServerVerifier, verify_server_name};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{
    CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime,
};
use tokio_rustls::rustls::server::ParsedCertificate;
use tokio_rustls::rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, OtherError, RootCertStore,
    SignatureScheme,
};
use url::{Host, Url};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::error::NetError;
use super::options::{BadOption, TlsOptions};

/// Certificates to trust. Parsed once, and shared by all clients that name none themselves.
pub struct Roots {
    certificates: Vec<CertificateDer<'static>>,
    /// The configuration of a client that sets nothing of TLS.
    plain: OnceLock<Arc<ClientConfig>>,
}

impl Roots {
    /// What cannot be parsed is left out, as in Node.
    pub fn from_pem(pems: impl Iterator<Item = impl AsRef<[u8]>>) -> Roots {
        Roots {
            certificates: pems.flat_map(|pem| certificates(pem.as_ref())).collect(),
            plain: OnceLock::new(),
        }
    }
}

/// How to speak TLS. It exists only with settings that are valid.
pub struct Tls {
    config: LazyConfig,
    servername: Option<ServerName<'static>>,
}

/// Roots are parsed when the first connection needs them.
enum LazyConfig {
    Shared(Arc<Roots>),
    Own(Arc<ClientConfig>),
}

impl Tls {
    pub fn parse(options: TlsOptions, servername: Option<String>) -> Result<Tls, BadOption> {
        let servername = match servername {
            None => None,
            Some(name) => Some(ServerName::try_from(name.clone()).map_err(|_| {
                BadOption::new(
                    "websocketOptions.servername",
                    format!("{name:?} is no host name"),
                    "a host name",
                )
            })?),
        };
        let identity = Identity::parse(&options)?;
        let config = if options.ca.is_none() && options.reject_unauthorized && identity.is_none() {
            LazyConfig::Shared(options.roots)
        } else {
            let trusted = match &options.ca {
                Some(ca) => parse_ca(ca)?,
                None => options.roots.certificates.clone(),
            };
            LazyConfig::Own(configure(&trusted, !options.reject_unauthorized, identity)?)
        };
        Ok(Tls { config, servername })
    }

    pub async fn connect(
        &self,
        url: &Url,
        stream: TcpStream,
    ) -> Result<TlsStream<TcpStream>, NetError> {
        let name = match &self.servername {
            Some(name) => name.clone(),
            None => server_name(url)?,
        };
        TlsConnector::from(self.config()?)
            .connect(name.clone(), stream)
            .await
            .map_err(|error| tls_error(error, &name))
    }

    fn config(&self) -> Result<Arc<ClientConfig>, NetError> {
        match &self.config {
            LazyConfig::Own(config) => Ok(config.clone()),
            LazyConfig::Shared(roots) => {
                if let Some(config) = roots.plain.get() {
                    return Ok(config.clone());
                }
                let config =
                    configure(&roots.certificates, false, None).map_err(|bad| NetError::Tls {
                        code: "WSR_ERR_TLS",
                        message: bad.to_string(),
                    })?;
                Ok(roots.plain.get_or_init(|| config).clone())
            }
        }
    }
}

fn server_name(url: &Url) -> Result<ServerName<'static>, NetError> {
    let name = match url.host() {
        Some(Host::Domain(name)) => ServerName::try_from(name.to_owned()).ok(),
        Some(Host::Ipv4(address)) => Some(IpAddr::from(address).into()),
        Some(Host::Ipv6(address)) => Some(IpAddr::from(address).into()),
        None => None,
    };
    name.ok_or_else(|| NetError::Tls {
        code: "WSR_ERR_TLS",
        message: format!(
            "{:?} cannot be a name in a certificate",
            url.host_str().unwrap_or_default()
        ),
    })
}

/// Who we are, for a server that asks.
struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Identity {
    fn parse(options: &TlsOptions) -> Result<Option<Identity>, BadOption> {
        if let Some(pfx) = &options.pfx {
            return Identity::from_pfx(pfx, options.passphrase.as_deref().unwrap_or_default())
                .map(Some);
        }
        let chain: Vec<_> = options
            .cert
            .iter()
            .flat_map(|blob| certificates(blob))
            .collect();
        match (&options.key, chain.is_empty()) {
            (None, true) if options.cert.is_empty() => Ok(None),
            (_, true) => Err(BadOption::new(
                "websocketOptions.cert",
                "there is no certificate in it",
                "a certificate chain in PEM or DER, beside `key`",
            )),
            (None, false) => Err(BadOption::new(
                "websocketOptions.key",
                "is missing",
                "the private key of `cert`, in PEM",
            )),
            (Some(key), false) => {
                let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| {
                    BadOption::new(
                        "websocketOptions.key",
                        format!("cannot be read ({error})"),
                        "a private key in PEM",
                    )
                })?;
                Ok(Some(Identity { chain, key }))
            }
        }
    }

    fn from_pfx(pfx: &[u8], passphrase: &str) -> Result<Identity, BadOption> {
        let bad = |problem: String| {
            BadOption::new(
                "websocketOptions.pfx",
                problem,
                "a PKCS#12 archive of a key and its certificates, with its `passphrase`",
            )
        };
        let store = KeyStore::from_pkcs12(pfx, passphrase, Pkcs12ImportPolicy::Relaxed)
            .map_err(|error| bad(format!("cannot be read ({error})")))?;
        let (_, entry) = store
            .private_key_chain()
            .ok_or_else(|| bad("has no private key".into()))?;
        let chain = entry
            .certs()
            .iter()
            .map(|certificate| certificate.as_der().to_vec().into())
            .collect();
        Ok(Identity {
            chain,
            key: PrivatePkcs8KeyDer::from(entry.key().as_der().to_vec()).into(),
        })
    }
}

/// The certificates in PEM, or the one in DER.
fn certificates(blob: &[u8]) -> Vec<CertificateDer<'static>> {
    let pem: Vec<_> = CertificateDer::pem_slice_iter(blob)
        .filter_map(Result::ok)
        .collect();
    if pem.is_empty() && X509Certificate::from_der(blob).is_ok() {
        return vec![blob.to_vec().into()];
    }
    pem
}

fn parse_ca(blobs: &[Vec<u8>]) -> Result<Vec<CertificateDer<'static>>, BadOption> {
    let parsed: Vec<_> = blobs.iter().flat_map(|blob| certificates(blob)).collect();
    if parsed.is_empty() && !blobs.is_empty() {
        return Err(BadOption::new(
            "websocketOptions.ca",
            "there is no certificate in it",
            "certificates in PEM or DER",
        ));
    }
    Ok(parsed)
}

fn configure(
    trusted: &[CertificateDer<'static>],
    accept_all: bool,
    identity: Option<Identity>,
) -> Result<Arc<ClientConfig>, BadOption> {
    let unusable = |option: &str, error: Error| {
        BadOption::new(
            option,
            format!("cannot be used ({error})"),
            "certificates and keys that TLS 1.2 and 1.3 can use",
        )
    };
    let provider = Arc::new(ring::default_provider());
    let verifier = Arc::new(Verifier::new(trusted, accept_all, &provider));
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable("websocketOptions.ca", error))?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let mut config = match identity {
        None => builder.with_no_client_auth(),
        Some(Identity { chain, key }) => builder
            .with_client_auth_cert(chain, key)
            .map_err(|error| unusable("websocketOptions.cert, key or pfx", error))?,
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config.resumption = Resumption::in_memory_sessions(32);
    Ok(Arc::new(config))
}

/// Checks a server's certificate as Node does: by the chain of trust, and by a certificate that is
/// trusted itself.
#[derive(Debug)]
struct Verifier {
    /// `None` where nothing is trusted.
    chain: Option<Arc<WebPkiServerVerifier>>,
    trusted: Vec<CertificateDer<'static>>,
    accept_all: bool,
    provider: Arc<CryptoProvider>,
}

/// A refusal under the code that Node gives it.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
struct Distrust {
    code: &'static str,
    message: &'static str,
}

impl Verifier {
    fn new(
        trusted: &[CertificateDer<'static>],
        accept_all: bool,
        provider: &Arc<CryptoProvider>,
    ) -> Verifier {
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(trusted.iter().cloned());
        let chain = WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider.clone())
            .build()
            .ok();
        // Only a certificate that is its own issuer can also be a server's.
        let trusted = trusted
            .iter()
            .filter(|certificate| is_self_issued(certificate))
            .cloned()
            .collect();
        Verifier {
            chain,
            trusted,
            accept_all,
            provider: provider.clone(),
        }
    }

    /// A certificate that is trusted itself has no chain to check, but a name and a time.
    fn verify_itself(
        &self,
        leaf: &CertificateDer<'_>,
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<(), Error> {
        verify_server_name(&ParsedCertificate::try_from(leaf)?, name)?;
        let (_, parsed) = X509Certificate::from_der(leaf)
            .map_err(|_| Error::InvalidCertificate(CertificateError::BadEncoding))?;
        let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        if now > parsed.validity().not_after.timestamp() {
            return Err(CertificateError::Expired.into());
        }
        if now < parsed.validity().not_before.timestamp() {
            return Err(CertificateError::NotValidYet.into());
        }
        Ok(())
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if self.accept_all {
            return Ok(ServerCertVerified::assertion());
        }
        if self.trusted.iter().any(|trusted| trusted == leaf) {
            self.verify_itself(leaf, name, now)?;
            return Ok(ServerCertVerified::assertion());
        }
        let result = match &self.chain {
            Some(chain) => chain.verify_server_cert(leaf, intermediates, name, ocsp, now),
            None => Err(CertificateError::UnknownIssuer.into()),
        };
        result.map_err(|error| match error {
            Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
                distrust(leaf, intermediates)
            }
            // A self-signed certificate is a CA more often than not.
            error if is_self_issued(leaf) && !is_dated(&error) => distrust(leaf, intermediates),
            error => error,
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        tokio_rustls::rustls::crypto::verify_tls12_signature(
            message,
            certificate,
            signature,
            algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        tokio_rustls::rustls::crypto::verify_tls13_signature(
            message,
            certificate,
            signature,
            algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

fn is_dated(error: &Error) -> bool {
    matches!(
        certificate_code(error),
        Some("CERT_HAS_EXPIRED" | "CERT_NOT_YET_VALID")
    )
}

fn is_self_issued(certificate: &[u8]) -> bool {
    X509Certificate::from_der(certificate)
        .is_ok_and(|(_, parsed)| parsed.issuer() == parsed.subject())
}

/// Says as OpenSSL does what is missing in a chain.
fn distrust(leaf: &CertificateDer<'_>, intermediates: &[CertificateDer<'_>]) -> Error {
    let (code, message) = if is_self_issued(leaf) {
        ("DEPTH_ZERO_SELF_SIGNED_CERT", "self-signed certificate")
    } else if intermediates
        .iter()
        .any(|certificate| is_self_issued(certificate))
    {
        (
            "SELF_SIGNED_CERT_IN_CHAIN",
            "self-signed certificate in certificate chain",
        )
    } else if intermediates.is_empty() {
        (
            "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
            "unable to verify the first certificate",
        )
    } else {
        (
            "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
            "unable to get local issuer certificate",
        )
    };
    CertificateError::Other(OtherError(Arc::new(Distrust { code, message }))).into()
}

/// Node's code of a certificate that was refused.
fn certificate_code(error: &Error) -> Option<&'static str> {
    let Error::InvalidCertificate(error) = error else {
        return None;
    };
    Some(match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "CERT_HAS_EXPIRED",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "CERT_NOT_YET_VALID"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "ERR_TLS_CERT_ALTNAME_INVALID"
        }
        CertificateError::Revoked => "CERT_REVOKED",
        CertificateError::BadSignature => "CERT_SIGNATURE_FAILURE",
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "INVALID_PURPOSE"
        }
        CertificateError::Other(OtherError(other)) => other.downcast_ref::<Distrust>()?.code,
        _ => return None,
    })
}

fn tls_error(error: std::io::Error, name: &ServerName<'_>) -> NetError {
    let Some(tls) = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<Error>())
    else {
        if error.kind() == std::io::ErrorKind::UnexpectedEof {
            return NetError::Tls {
                code: "ECONNRESET",
                message: "Client network socket disconnected before secure TLS connection was established".into(),
            };
        }
        return NetError::system("read", String::new(), error);
    };
    let code = certificate_code(tls).unwrap_or("WSR_ERR_TLS");
    let message = match (tls, code) {
        (_, "CERT_HAS_EXPIRED") => "certificate has expired".to_owned(),
        (_, "ERR_TLS_CERT_ALTNAME_INVALID") => {
            format!(
                "Hostname/IP does not match certificate's altnames: {:?} is not among them",
                name.to_str()
            )
        }
        (Error::InvalidCertificate(CertificateError::Other(other)), _) => other.to_string(),
        _ => format!("TLS: {tls}"),
    };
    NetError::Tls { code, message }
}
