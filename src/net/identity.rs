//! Who the client is to a server: its certificate and key.

use std::sync::{Arc, OnceLock};

use p12_keystore::{KeyStore, Pkcs12ImportPolicy};
use pkcs8::EncryptedPrivateKeyInfoRef;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::sign::{CertifiedKey, SingleCertAndKey};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ClientConfig, SupportedProtocolVersion};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::key_log::KeyLogFile;
use super::pem::{blocks, certificates, is_pem, unusable};
use super::pins::Pins;
use super::trust::Trust;
use super::verifier::Verifier;
use super::{BadOption, TlsOptions, TlsVersion};

/// Who the client is to the server.
pub(super) struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: Option<(&'static str, PrivateKeyDer<'static>)>,
    from_pfx: bool,
}

impl Identity {
    pub fn parse(options: &TlsOptions) -> Result<Identity, BadOption> {
        if let Some(pfx) = &options.pfx {
            if options.key.is_some() || !options.cert.is_empty() {
                return Err(BadOption::new(
                    "pfx",
                    "is given together with cert or key; allowed is one of them",
                ));
            }
            return Identity::from_pfx(pfx, options.passphrase.as_deref().unwrap_or_default());
        }
        let mut chain = Vec::new();
        for blob in &options.cert {
            chain.extend(certificates("cert", blob)?);
        }
        let passphrase = options.passphrase.as_deref();
        let key = options.key.as_deref();
        let key = key.map(|blob| private_key(blob, passphrase)).transpose()?;
        match (chain.is_empty(), &key) {
            (false, None) => Err(BadOption::new(
                "cert",
                "comes without its key; allowed is a certificate together with `key`",
            )),
            (true, Some(_)) => Err(BadOption::new(
                "key",
                "comes without its certificate; allowed is a key together with `cert`",
            )),
            (true, None) | (false, Some(_)) => Ok(Identity {
                chain,
                key: key.map(|key| ("key", key)),
                from_pfx: false,
            }),
        }
    }

    fn from_pfx(pfx: &[u8], passphrase: &str) -> Result<Identity, BadOption> {
        let bad = |why: String| {
            let trouble = format!(
                "cannot be used ({why}); allowed is PKCS#12 with its passphrase in `passphrase`"
            );
            BadOption::new("pfx", trouble)
        };
        let store = KeyStore::from_pkcs12(pfx, passphrase, Pkcs12ImportPolicy::Strict);
        let store = store.map_err(|error| bad(error.to_string()))?;
        let (_, own) = store
            .private_key_chain()
            .ok_or_else(|| bad("there is no certificate with its key in it".to_owned()))?;
        let chain = own
            .certs()
            .iter()
            .map(|cert| CertificateDer::from(cert.as_der().to_vec()))
            .collect();
        let key = PrivatePkcs8KeyDer::from(own.key().as_der().to_vec());
        Ok(Identity {
            chain,
            key: Some(("pfx", key.into())),
            from_pfx: true,
        })
    }

    /// The certificates that come with a `pfx`, which Node trusts too.
    pub fn issuers(&self) -> &[CertificateDer<'static>] {
        if self.from_pfx {
            self.chain.get(1..).unwrap_or_default()
        } else {
            &[]
        }
    }

    pub fn config(
        self,
        trust: Arc<Trust>,
        options: &TlsOptions,
        send_name: bool,
    ) -> Result<ClientConfig, BadOption> {
        let pins = Pins::parse(&options.pins)?;
        let verifier = Verifier::new(trust, options.reject_unauthorized, pins, provider());
        let builder = ClientConfig::builder_with_provider(provider().clone())
            .with_protocol_versions(&versions(options)?)
            .map_err(|error| unusable("tls", error))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        let mut config = match self.key {
            None => builder.with_no_client_auth(),
            Some((option, key)) => {
                let certified = certified(option, self.chain, key)?;
                builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(certified)))
            }
        };
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        config.enable_sni = send_name;
        // A log that can no longer be written is no reason not to connect.
        if let Some(Ok(file)) = options.key_log.as_deref().map(KeyLogFile::open) {
            config.key_log = Arc::new(file);
        }
        Ok(config)
    }
}

/// The versions that may be spoken.
fn versions(options: &TlsOptions) -> Result<Vec<&'static SupportedProtocolVersion>, BadOption> {
    let min = options.min_version.unwrap_or(TlsVersion::V12);
    let max = options.max_version.unwrap_or(TlsVersion::V13);
    if min > max {
        let trouble = "is above maxVersion; allowed is one up to that";
        return Err(BadOption::new("minVersion", trouble));
    }
    let all = [(TlsVersion::V13, &TLS13), (TlsVersion::V12, &TLS12)];
    let allowed = all
        .into_iter()
        .filter(|(version, _)| (min..=max).contains(version));
    Ok(allowed.map(|(_, version)| version).collect())
}

/// A private key in PEM or DER. One in PKCS#8 may be encrypted.
fn private_key(blob: &[u8], passphrase: Option<&str>) -> Result<PrivateKeyDer<'static>, BadOption> {
    let none = || unusable("key", "there is no PKCS#8, PKCS#1 or SEC1 key in the PEM");
    let der = match is_pem(blob) {
        true => {
            let mut blocks = blocks(blob).into_iter();
            let block = blocks
                .find(|block| block.label.ends_with("PRIVATE KEY"))
                .ok_or_else(none)?;
            block.der.map_err(|why| unusable("key", why))?
        }
        false => blob.to_vec(),
    };
    if let Ok(encrypted) = EncryptedPrivateKeyInfoRef::try_from(der.as_slice()) {
        let Some(passphrase) = passphrase else {
            let trouble = "is encrypted; allowed is one together with `passphrase`";
            return Err(BadOption::new("key", trouble));
        };
        let opened = encrypted.decrypt(passphrase).map_err(|_| {
            let trouble = "cannot be opened by `passphrase`; allowed is PKCS#8 with the right one";
            BadOption::new("key", trouble)
        })?;
        return Ok(PrivatePkcs8KeyDer::from(opened.as_bytes().to_vec()).into());
    }
    PrivateKeyDer::try_from(der).map_err(|_| none())
}

/// The chain with the key of its first certificate. rustls has a check of its own, which refuses
/// certificates of X.509 version 1, though it is for the server to judge them.
fn certified(
    option: &'static str,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<CertifiedKey, BadOption> {
    let key = provider().key_provider.load_private_key(key);
    let key = key.map_err(|error| {
        let allowed = "allowed are RSA of 2048 bits and more, P-256, P-384 and Ed25519, and others with `transport: 'node'`";
        BadOption {
            needs_node: true,
            ..BadOption::new(option, format!("cannot be used ({error}); {allowed}"))
        }
    })?;
    let own = chain.first().map(|leaf| X509Certificate::from_der(leaf));
    let Some(Ok((_, own))) = own else {
        return Err(unusable(option, "its certificate cannot be read"));
    };
    if key
        .public_key()
        .is_some_and(|public| public.as_ref() != own.public_key().raw)
    {
        let trouble = "is not the key of its certificate";
        return Err(BadOption::new(option, trouble));
    }
    Ok(CertifiedKey::new(chain, key))
}

fn provider() -> &'static Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    PROVIDER.get_or_init(|| Arc::new(ring::default_provider()))
}
