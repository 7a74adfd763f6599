//! Whom to trust, parsed once and shared.

use std::sync::{Arc, Weak};

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use tokio_rustls::rustls::ClientConfig;

use super::BadOption;
use super::pem::{certificates, unusable};
use super::trust::Trust;
use crate::sync::{Lock, Rank, lock};

/// The certificates that Node trusts.
///
/// It also keeps the TLS configurations that were made with it, so that ten thousand clients with the
/// same options cost one.
pub struct Roots {
    trust: Arc<Trust>,
    made: Lock<Vec<(Key, Weak<ClientConfig>)>>,
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
            made: Lock::new(Rank::Last, Vec::new()),
        }
    }

    /// What is trusted where `ca` takes the place of these roots and `more` comes on top.
    pub(super) fn trust(
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

    /// The configuration for `key`; made anew only where no client uses the same.
    pub(super) fn config(
        &self,
        key: Key,
        make: impl FnOnce() -> Result<ClientConfig, BadOption>,
    ) -> Result<Arc<ClientConfig>, BadOption> {
        let mut made = lock(&self.made);
        let known = made
            .iter()
            .find(|(other, _)| *other == key)
            .and_then(|(_, config)| config.upgrade());
        if let Some(config) = known {
            return Ok(config);
        }
        let config = Arc::new(make()?);
        made.retain(|(_, config)| config.strong_count() > 0);
        made.push((key, Arc::downgrade(&config)));
        Ok(config)
    }
}
