//! Certificates as a user gives them, in PEM or DER.

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::BadOption;

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
