//! Whom to trust, parsed once and shared.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use ring::digest::{Context, SHA256};
use rustls_pki_types::CertificateDer;

use super::BadOption;
use super::digest::{Digest, finished};
use super::pem::{certificates, readable_certificates, unusable};
use super::trust::Trust;
use crate::sync::{Lock, Rank, lock};

/// Certificates that are trusted where a user names none.
pub struct Roots {
    trust: Arc<Trust>,
    digest: Digest,
}

/// Those of all JavaScript environments, which mostly are the same.
static KNOWN: Lock<Option<HashMap<Digest, Weak<Roots>>>> = Lock::new(Rank::Last, None);

impl Roots {
    /// The same for all in the process that name the same certificates, see [`Roots::from_pem`].
    pub fn shared(pems: &[String]) -> Arc<Roots> {
        let digest = digest_of(pems.iter());
        let mut known = lock(&KNOWN);
        let known = known.get_or_insert_default();
        if let Some(roots) = known.get(&digest).and_then(Weak::upgrade) {
            return roots;
        }
        let roots = Arc::new(Roots::from_pem(pems.iter()));
        known.retain(|_, roots| roots.strong_count() > 0);
        known.insert(digest, Arc::downgrade(&roots));
        roots
    }

    /// From PEM texts of one or more certificates; those that cannot be parsed are skipped, since an
    /// old one in the system's store must not keep a user from the rest.
    pub fn from_pem(pems: impl Iterator<Item = impl AsRef<[u8]>> + Clone) -> Roots {
        let mut trust = Trust::default();
        for pem in pems.clone() {
            for certificate in readable_certificates(pem.as_ref()) {
                let _ = trust.add(&certificate);
            }
        }
        Roots {
            trust: Arc::new(trust),
            digest: digest_of(pems),
        }
    }

    /// What tells these from others.
    pub(super) fn digest(&self) -> Digest {
        self.digest
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
}

fn digest_of(pems: impl Iterator<Item = impl AsRef<[u8]>>) -> Digest {
    let mut context = Context::new(&SHA256);
    for pem in pems {
        context.update(pem.as_ref());
        // Ends one, so that no other cut of the same text is taken for it.
        context.update(&[0]);
    }
    finished(context)
}
