//! Whom to trust, parsed once and shared.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use tokio_rustls::rustls::ClientConfig;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::client_tls::Identity;
use super::trust::Trust;
use super::{BadOption, TlsOptions};

/// The certificates that Node trusts.
///
/// It also keeps the TLS configurations that were made with it, so that ten thousand clients with the
/// same options cost one.
pub struct Roots {
    trust: Arc<Trust>,
    made: Mutex<Vec<(Key, Weak<ClientConfig>)>>,
}

/// All that a configuration depends on.
#[derive(PartialEq)]
pub(super) struct Key {
    pub reject_unauthorized: bool,
    pub send_name: bool,
    pub ca: Option<Vec<Vec<u8>>>,
    pub cert: Vec<Vec<u8>>,
    pub key: Option<Vec<u8>>,
    pub pfx: Option<Vec<u8>>,
    pub passphrase: Option<String>,
}

impl PartialEq for Roots {
    /// Roots are read once, and what was made with them belongs to them: two are never the same.
    fn eq(&self, other: &Roots) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Roots {
    /// From PEM texts of one or more certificates; those that cannot be parsed are skipped, since an
    /// old one in the system's store must not keep a user from the rest.
    pub fn from_pem(pems: impl Iterator<Item = impl AsRef<[u8]>>) -> Roots {
        let mut trust = Trust::default();
        for pem in pems {
            for certificate in CertificateDer::pem_slice_iter(pem.as_ref()).flatten() {
                let _ = trust.add(&certificate);
            }
        }
        Roots {
            trust: Arc::new(trust),
            made: Mutex::default(),
        }
    }

    /// What is trusted where `ca` takes the place of these roots and `more` comes on top.
    fn trust(
        &self,
        ca: Option<&[Vec<u8>]>,
        more: &[CertificateDer<'static>],
    ) -> Result<Arc<Trust>, BadOption> {
        if ca.is_none() && more.is_empty() {
            return Ok(self.trust.clone());
        }
        let mut trust = match ca {
            None => Trust::clone(&self.trust),
            Some(_) => Trust::default(),
        };
        for blob in ca.unwrap_or_default() {
            for certificate in certificates("ca", blob)? {
                trust.add(&certificate).map_err(|why| unusable("ca", why))?;
            }
        }
        for certificate in more {
            trust.add(certificate).map_err(|why| unusable("pfx", why))?;
        }
        Ok(Arc::new(trust))
    }

    /// The configuration for `options`; made anew only where no client uses the same.
    pub(super) fn config(
        options: &TlsOptions,
        send_name: bool,
    ) -> Result<Arc<ClientConfig>, BadOption> {
        let key = Key {
            reject_unauthorized: options.reject_unauthorized,
            send_name,
            ca: options.ca.clone(),
            cert: options.cert.clone(),
            key: options.key.clone(),
            pfx: options.pfx.clone(),
            passphrase: options.passphrase.clone(),
        };
        let mut made = options
            .roots
            .made
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let known = made
            .iter()
            .find(|(other, _)| *other == key)
            .and_then(|(_, config)| config.upgrade());
        if let Some(config) = known {
            return Ok(config);
        }
        let identity = Identity::parse(options)?;
        let trust = options
            .roots
            .trust(options.ca.as_deref(), identity.issuers())?;
        let config = Arc::new(identity.config(trust, options.reject_unauthorized, send_name)?);
        made.retain(|(_, config)| config.strong_count() > 0);
        made.push((key, Arc::downgrade(&config)));
        Ok(config)
    }
}

/// The certificates in PEM or DER.
pub(super) fn certificates(
    option: &'static str,
    blob: &[u8],
) -> Result<Vec<CertificateDer<'static>>, BadOption> {
    if !is_pem(blob) {
        return match X509Certificate::from_der(blob) {
            Ok(_) => Ok(vec![CertificateDer::from(blob.to_vec())]),
            Err(error) => Err(unusable(option, error)),
        };
    }
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(blob).collect();
    match found {
        Ok(found) if found.is_empty() => {
            Err(unusable(option, "there is no certificate in the PEM"))
        }
        Ok(found) => Ok(found),
        Err(error) => Err(unusable(option, error)),
    }
}

pub(super) fn is_pem(blob: &[u8]) -> bool {
    blob.windows(11).any(|window| window == b"-----BEGIN ")
}

pub(super) fn unusable(option: &'static str, why: impl std::fmt::Display) -> BadOption {
    BadOption::new(
        option,
        format!("cannot be used ({why}); allowed is PEM or DER"),
    )
}
