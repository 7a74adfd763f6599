//! Whom to trust, and for what.

use std::collections::HashSet;
use std::time::Duration;

use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm, TrustAnchor, UnixTime};
use webpki::{EndEntityCert, Error, KeyUsage, VerifiedPath, anchor_from_trusted_cert};
use x509_parser::prelude::{FromDer, X509Certificate, X509Name, X509Version};

use super::digest::{Digest, digest};
use super::openssl_only::peculiar_key;
use super::pins::Pins;

/// The certificates that are trusted.
///
/// Each is trusted for itself, for the names that it carries. It vouches for others only where it says that
/// it may: else whoever holds the key of one server could speak for every other.
#[derive(Clone, Debug, Default)]
pub(super) struct Trust {
    /// Digests of all certificates.
    known: HashSet<Digest>,
    /// Those that vouch for others, …
    authorities: Vec<TrustAnchor<'static>>,
    /// … and how far, in the same order.
    bounds: Vec<Bounds>,
    /// Names of authorities with keys that are for OpenSSL alone, and these.
    peculiar: Vec<(Vec<u8>, String)>,
}

/// What of an authority's own certificate webpki does not look at.
#[derive(Clone, Debug)]
struct Bounds {
    /// Authorities that may come between it and the server.
    path_length: Option<u32>,
    validity: Validity,
    /// The digest of its public key.
    key: Digest,
}

/// When a certificate is good.
#[derive(Clone, Debug)]
struct Validity {
    from: UnixTime,
    until: UnixTime,
}

impl Trust {
    /// Trusts one more certificate; says why that cannot be done.
    pub fn add(&mut self, certificate: &CertificateDer<'_>) -> Result<(), String> {
        let (_, details) =
            X509Certificate::from_der(certificate).map_err(|error| error.to_string())?;
        if is_authority(&details) {
            let anchor =
                anchor_from_trusted_cert(certificate).map_err(|error| error.to_string())?;
            self.authorities.push(anchor.to_owned());
            self.bounds.push(Bounds {
                path_length: path_length(&details),
                validity: Validity::of(&details),
                key: digest(details.public_key().raw),
            });
            if let Some(key) = peculiar_key(details.public_key()) {
                let name = details.subject().as_raw().to_vec();
                self.peculiar.push((name, key));
            }
        }
        self.known.insert(digest(certificate));
        Ok(())
    }

    /// The key of the authority `name`, where it is for OpenSSL alone.
    pub fn peculiar_key(&self, name: &X509Name<'_>) -> Option<&str> {
        let mut peculiar = self.peculiar.iter();
        let (_, key) = peculiar.find(|(other, _)| other == name.as_raw())?;
        Some(key)
    }

    /// Whether `leaf` is to be believed, for the names that it carries: it is trusted itself, or an authority
    /// vouches for it, perhaps by way of those in `chain`. One of the certificates on that way has a key that is
    /// pinned; where none has, the error is [`Error::CertDistrusted`].
    pub fn check(
        &self,
        leaf: &EndEntityCert<'_>,
        chain: &[CertificateDer<'_>],
        now: UnixTime,
        pins: &Pins,
        algorithms: &[&dyn SignatureVerificationAlgorithm],
    ) -> Result<(), Error> {
        let own = parsed(&leaf.der(), |details| Ok(digest(details.public_key().raw)))?;
        if self.known.contains(&digest(&leaf.der())) {
            parsed(&leaf.der(), |details| Validity::of(details).check(now))?;
            return pinned(pins, &[own]);
        }
        leaf.verify_for_usage(
            algorithms,
            &self.authorities,
            chain,
            now,
            KeyUsage::server_auth(),
            None,
            Some(&|path| pinned(pins, &self.check_path(path, own, now)?)),
        )?;
        Ok(())
    }

    /// What webpki leaves out: it takes an authority for good whatever its own certificate says, and lets one
    /// that is sent along sign others against its `keyUsage`. Returns the digests of all keys on the path, of which
    /// `own` is the server's.
    fn check_path(
        &self,
        path: &VerifiedPath<'_>,
        own: Digest,
        now: UnixTime,
    ) -> Result<Vec<Digest>, Error> {
        let mut keys = vec![own];
        let mut between = 0;
        for certificate in path.intermediate_certificates() {
            let key = parsed(&certificate.der(), |details| match may_sign(details) {
                true => Ok(digest(details.public_key().raw)),
                false => Err(Error::EndEntityUsedAsCa),
            })?;
            keys.push(key);
            between += u32::from(certificate.subject() != certificate.issuer());
        }
        let authority = (self.authorities.iter())
            .position(|authority| std::ptr::eq(authority, path.anchor()))
            .and_then(|index| self.bounds.get(index))
            .ok_or(Error::UnknownIssuer)?;
        authority.validity.check(now)?;
        keys.push(authority.key);
        match authority.path_length {
            Some(most) if between > most => Err(Error::PathLenConstraintViolated),
            Some(_) | None => Ok(keys),
        }
    }
}

impl Validity {
    fn of(details: &X509Certificate<'_>) -> Validity {
        // Nothing that is asked about was before the epoch.
        let moment = |seconds: i64| {
            let seconds = u64::try_from(seconds).unwrap_or_default();
            UnixTime::since_unix_epoch(Duration::from_secs(seconds))
        };
        let validity = details.validity();
        Validity {
            from: moment(validity.not_before.timestamp()),
            until: moment(validity.not_after.timestamp()),
        }
    }

    fn check(&self, now: UnixTime) -> Result<(), Error> {
        let (time, not_before, not_after) = (now, self.from, self.until);
        if time < not_before {
            Err(Error::CertNotValidYet { time, not_before })
        } else if time > not_after {
            Err(Error::CertExpired { time, not_after })
        } else {
            Ok(())
        }
    }
}

/// Whether a trusted certificate vouches for servers: OpenSSL's rule, but for Netscape's extensions, which are older
/// than what they say. A certificate that says nothing of itself is an authority where it is of version 1 and
/// self-signed, as roots once were, or where its `keyUsage` lets it sign certificates.
fn is_authority(details: &X509Certificate<'_>) -> bool {
    let is_meant = match (details.basic_constraints(), details.key_usage()) {
        (Ok(Some(constraints)), _) => constraints.value.ca,
        (Ok(None), Ok(Some(_))) => true,
        (Ok(None), Ok(None)) => details.version() != X509Version::V3 && is_self_signed(details),
        (Err(_), _) | (_, Err(_)) => false,
    };
    is_meant && may_sign(details) && is_for_servers(details)
}

fn path_length(details: &X509Certificate<'_>) -> Option<u32> {
    let constraints = details.basic_constraints().ok().flatten()?;
    constraints.value.path_len_constraint
}

/// Whether a certificate's `keyUsage`, where it has one, lets it sign others.
fn may_sign(details: &X509Certificate<'_>) -> bool {
    match details.key_usage() {
        Ok(usage) => usage.is_none_or(|usage| usage.value.key_cert_sign()),
        Err(_) => false,
    }
}

/// Whether a certificate's `extendedKeyUsage`, where it has one, names servers.
fn is_for_servers(details: &X509Certificate<'_>) -> bool {
    match details.extended_key_usage() {
        Ok(purposes) => purposes.is_none_or(|purposes| purposes.value.server_auth),
        Err(_) => false,
    }
}

/// Whether a server may use a certificate in TLS, whoever vouches for it.
pub(super) fn may_serve(details: &X509Certificate<'_>) -> bool {
    let proves_itself = match details.key_usage() {
        Ok(usage) => usage.is_none_or(|usage| {
            let usage = usage.value;
            usage.digital_signature() || usage.key_encipherment() || usage.key_agreement()
        }),
        Err(_) => false,
    };
    proves_itself && is_for_servers(details)
}

pub(super) fn is_self_signed(details: &X509Certificate<'_>) -> bool {
    details.subject().as_raw() == details.issuer().as_raw()
}

fn parsed<T>(
    certificate: &CertificateDer<'_>,
    read: impl FnOnce(&X509Certificate<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    let (_, details) = X509Certificate::from_der(certificate).map_err(|_| Error::BadDer)?;
    read(&details)
}

fn pinned(pins: &Pins, keys: &[Digest]) -> Result<(), Error> {
    match pins.hold(keys.iter().copied()) {
        true => Ok(()),
        false => Err(Error::CertDistrusted),
    }
}
