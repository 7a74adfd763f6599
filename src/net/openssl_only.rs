//! What OpenSSL takes of certificates and rustls does not: seen on cameras, televisions and old gateways.

use x509_parser::prelude::{X509Certificate, X509Version};
use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

/// What of a certificate is for OpenSSL alone, as the end of a sentence about it. `verified`: it has to be trusted, which
/// leaves fewer critical extensions, and makes the signature under it matter.
pub(super) fn peculiarity(details: &X509Certificate<'_>, verified: bool) -> Option<String> {
    if details.version() != X509Version::V3 {
        return Some("is not of version 3 of X.509".to_owned());
    }
    let extension = details
        .extensions()
        .iter()
        .filter(|extension| extension.critical)
        .map(|extension| extension.oid.to_id_string())
        .find(|oid| !OF_WEBPKI.contains(&oid.as_str()));
    if let Some(oid) = extension {
        let is_taken = !verified || OF_OPENSSL.contains(&oid.as_str());
        return is_taken.then(|| format!("has the critical extension {oid}"));
    }
    if let Some(key) = peculiar_key(details.public_key()) {
        return Some(format!("has {key}"));
    }
    let algorithm = details.signature_algorithm.algorithm.to_id_string();
    let is_signed_otherwise = verified && !SIGNATURES.contains(&algorithm.as_str());
    is_signed_otherwise.then(|| format!("is signed with {}", named(&algorithm)))
}

/// A public key that is for OpenSSL alone.
pub(super) fn peculiar_key(key: &SubjectPublicKeyInfo<'_>) -> Option<String> {
    let algorithm = key.algorithm.algorithm.to_id_string();
    match (algorithm.as_str(), key.parsed()) {
        (RSA, Ok(PublicKey::RSA(key))) => {
            let leading = key.modulus.iter().take_while(|&&byte| byte == 0).count();
            let bits = (key.modulus.len() - leading) * 8;
            (!(2048..=8192).contains(&bits)).then(|| format!("an RSA key of {bits} bits"))
        }
        (EC, _) => {
            let curve = key.algorithm.parameters.as_ref();
            let curve = curve
                .and_then(|curve| curve.as_oid().ok())
                .map(|oid| oid.to_id_string());
            match curve.as_deref() {
                Some(P256 | P384) => None,
                Some(other) => Some(format!("a key on the curve {}", named(other))),
                None => Some("a key on a curve without a name".to_owned()),
            }
        }
        (ED25519, _) => None,
        (other, _) => Some(format!("a key for {}", named(other))),
    }
}

const RSA: &str = "1.2.840.113549.1.1.1";
const EC: &str = "1.2.840.10045.2.1";
const ED25519: &str = "1.3.101.112";
const P256: &str = "1.2.840.10045.3.1.7";
const P384: &str = "1.3.132.0.34";

/// The signatures under certificates that ring verifies.
const SIGNATURES: &[&str] = &[
    "1.2.840.113549.1.1.10",
    "1.2.840.113549.1.1.11",
    "1.2.840.113549.1.1.12",
    "1.2.840.113549.1.1.13",
    "1.2.840.10045.4.3.2",
    "1.2.840.10045.4.3.3",
    ED25519,
];

/// The critical extensions that webpki knows: keyUsage, subjectAltName, basicConstraints, nameConstraints,
/// cRLDistributionPoints, extKeyUsage, and the list of timestamps of Certificate Transparency.
const OF_WEBPKI: &[&str] = &[
    "2.5.29.15",
    "2.5.29.17",
    "2.5.29.19",
    "2.5.29.30",
    "2.5.29.31",
    "2.5.29.37",
    "1.3.6.1.4.1.11129.2.4.2",
];

/// Those that OpenSSL knows beside them: policies in four forms, Netscape's type, proxy certificates, addresses,
/// autonomous systems, and OCSP's noCheck.
const OF_OPENSSL: &[&str] = &[
    "2.5.29.32",
    "2.5.29.33",
    "2.5.29.36",
    "2.5.29.54",
    "2.16.840.1.113730.1.1",
    "1.3.6.1.5.5.7.1.14",
    "1.3.6.1.5.5.7.1.7",
    "1.3.6.1.5.5.7.1.8",
    "1.3.6.1.5.5.7.48.1.5",
];

/// What people call an algorithm or curve.
fn named(oid: &str) -> &str {
    match oid {
        "1.2.840.113549.1.1.4" => "md5WithRSAEncryption",
        "1.2.840.113549.1.1.5" => "sha1WithRSAEncryption",
        "1.2.840.113549.1.1.10" => "RSA-PSS alone",
        "1.2.840.113549.1.1.14" => "sha224WithRSAEncryption",
        "1.2.840.10040.4.1" => "DSA",
        "1.2.840.10045.4.1" => "ecdsa-with-SHA1",
        "1.2.840.10045.4.3.1" => "ecdsa-with-SHA224",
        "1.2.840.10045.4.3.4" => "ecdsa-with-SHA512",
        "1.3.101.113" => "Ed448",
        "1.3.132.0.10" => "secp256k1",
        "1.3.132.0.33" => "P-224",
        "1.3.132.0.35" => "P-521",
        other => other,
    }
}
