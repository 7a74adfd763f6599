//! Who the client is to a server: its certificate and key.

use std::sync::{Arc, OnceLock};

use p12_keystore::{KeyStore, Pkcs12ImportPolicy};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::sign::{CertifiedKey, SingleCertAndKey};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::pem::{certificates, is_pem, unusable};
use super::trust::Trust;
use super::verifier::Verifier;
use super::{BadOption, TlsOptions};

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
        let key = match &options.key {
            None => None,
            Some(blob) if is_pem(blob) => {
                PrivateKeyDer::from_pem_slice(blob).map(Some).map_err(|_| {
                    unusable(
                        "key",
                        "there is no PKCS#8, PKCS#1 or SEC1 key in the PEM that is not encrypted",
                    )
                })?
            }
            Some(blob) => {
                Some(PrivateKeyDer::try_from(blob.clone()).map_err(|why| unusable("key", why))?)
            }
        };
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
        reject_unauthorized: bool,
        send_name: bool,
    ) -> Result<ClientConfig, BadOption> {
        let verifier = Arc::new(Verifier::new(trust, reject_unauthorized, provider()));
        let builder = ClientConfig::builder_with_provider(provider().clone())
            .with_safe_default_protocol_versions()
            .map_err(|error| unusable("tls", error))?
            .dangerous()
            .with_custom_certificate_verifier(verifier);
        let mut config = match self.key {
            None => builder.with_no_client_auth(),
            Some((option, key)) => {
                let certified = certified(option, self.chain, key)?;
                builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(certified)))
            }
        };
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        config.enable_sni = send_name;
        Ok(config)
    }
}

/// The chain with the key of its first certificate. rustls has a check of its own, which refuses
/// certificates of X.509 version 1, though it is for the server to judge them.
fn certified(
    option: &'static str,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<CertifiedKey, BadOption> {
    let key = provider().key_provider.load_private_key(key);
    let key = key.map_err(|error| unusable(option, error))?;
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
