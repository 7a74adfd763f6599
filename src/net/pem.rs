//! Certificates as a user gives them, in PEM or DER.

use data_encoding::BASE64;
use rustls_pki_types::CertificateDer;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::BadOption;

/// What OpenSSL calls a certificate in PEM. The last has OpenSSL's settings of trust behind it, which nobody heeds.
const LABELS: [&str; 3] = ["CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"];

/// The certificates in PEM or DER.
pub(super) fn certificates(
    option: &'static str,
    blob: &[u8],
) -> Result<Vec<CertificateDer<'static>>, BadOption> {
    if !is_pem(blob) {
        return match certificate(blob) {
            Ok(certificate) => Ok(vec![certificate]),
            Err(why) => Err(unusable(option, why)),
        };
    }
    let blocks = blocks(blob);
    let found = blocks
        .iter()
        .filter(|block| LABELS.contains(&block.label.as_str()));
    let found: Result<Vec<_>, _> = found
        .map(|block| certificate(block.der.as_deref().map_err(|&why| why)?))
        .collect();
    match found {
        Ok(found) if found.is_empty() => {
            Err(unusable(option, "there is no certificate in the PEM"))
        }
        Ok(found) => Ok(found),
        Err(why) => Err(unusable(option, why)),
    }
}

/// Those certificates of a PEM that can be read.
pub(super) fn readable_certificates(pem: &[u8]) -> impl Iterator<Item = CertificateDer<'static>> {
    let blocks = blocks(pem).into_iter();
    blocks
        .filter(|block| LABELS.contains(&block.label.as_str()))
        .filter_map(|block| certificate(&block.der.ok()?).ok())
}

/// A block of PEM, or what is wrong with it.
pub(super) struct Block {
    pub label: String,
    pub der: Result<Vec<u8>, &'static str>,
}

/// The blocks of a PEM in their order. What stands around them is not looked at, nor is a byte order mark.
pub(super) fn blocks(pem: &[u8]) -> Vec<Block> {
    const BEGIN: &str = "-----BEGIN ";
    const DASHES: &str = "-----";
    let text = String::from_utf8_lossy(pem);
    let mut rest = text.as_ref();
    let mut blocks = Vec::new();
    while let Some((_, begun)) = rest.split_once(BEGIN) {
        let Some((label, body)) = begun.split_once(DASHES) else {
            break;
        };
        let der = match body.split_once(&format!("-----END {label}{DASHES}")) {
            Some((base64, after)) => {
                rest = after;
                let base64: String = base64.split_ascii_whitespace().collect();
                let decoded = BASE64.decode(base64.as_bytes());
                decoded.map_err(|_| "a block of the PEM is not base64")
            }
            None => {
                rest = body;
                Err("a block of the PEM has no end")
            }
        };
        let label = label.to_owned();
        blocks.push(Block { label, der });
    }
    blocks
}

fn certificate(der: &[u8]) -> Result<CertificateDer<'static>, String> {
    let (rest, _) = X509Certificate::from_der(der).map_err(|error| error.to_string())?;
    Ok(CertificateDer::from(der[..der.len() - rest.len()].to_vec()))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn found(pem: &str) -> Vec<(String, Result<Vec<u8>, &'static str>)> {
        let blocks = blocks(pem.as_bytes()).into_iter();
        blocks.map(|block| (block.label, block.der)).collect()
    }

    #[test]
    fn blocks_are_found_whatever_stands_around_them() {
        let pem = "\u{feff}-----BEGIN A-----\r\nAQI=\r\n-----END A-----\r\nBag Attributes\n  x: ---\n\
                   -----BEGIN B C-----\nAw==\n-----END B C----- trailing";
        let expected = [("A", vec![1, 2]), ("B C", vec![3])];
        assert_eq!(
            found(pem),
            expected.map(|(label, der)| (label.to_owned(), Ok(der)))
        );
        assert_eq!(found("no PEM at all"), []);
    }

    #[test]
    fn a_block_that_is_broken_is_told_and_the_next_is_found() {
        let pem = "-----BEGIN A-----\n*\n-----END A-----\n-----BEGIN B-----\nAQ==\n-----BEGIN C-----\nAQ==\n-----END C-----";
        let labels: Vec<_> = found(pem)
            .into_iter()
            .map(|(label, der)| (label, der.is_ok()))
            .collect();
        let expected = [("A", false), ("B", false), ("C", true)];
        assert_eq!(
            labels,
            expected.map(|(label, is_ok)| (label.to_owned(), is_ok))
        );
    }
}
