//! The keys that a server's chain must have one of.

use data_encoding::BASE64;

use super::BadOption;
use super::digest::{Digest, digest};

/// Digests of public keys (SPKI, RFC 7469). None of them: any key will do.
#[derive(Clone, Debug, Default)]
pub(super) struct Pins(Vec<Digest>);

const PREFIX: &str = "sha256/";

impl Pins {
    pub fn parse(given: &[String]) -> Result<Pins, BadOption> {
        let parsed = given.iter().map(|pin| {
            let digest = pin.strip_prefix(PREFIX);
            let digest = digest.and_then(|text| BASE64.decode(text.as_bytes()).ok());
            digest.and_then(|bytes| Digest::try_from(bytes).ok()).ok_or_else(|| {
                let trouble = format!(
                    "{pin:?} is no pin; allowed is 'sha256/' and the base64 of the SHA-256 of a public key, of 44 characters"
                );
                BadOption::new("pins", trouble)
            })
        });
        parsed.collect::<Result<_, _>>().map(Pins)
    }

    /// Whether one of `keys`, each a digest, is pinned.
    pub fn hold(&self, mut keys: impl Iterator<Item = Digest>) -> bool {
        self.0.is_empty() || keys.any(|key| self.0.contains(&key))
    }
}

/// The pin of a public key, as a user writes it.
pub(super) fn pin_of(spki: &[u8]) -> String {
    format!("{PREFIX}{}", BASE64.encode(&digest(spki)))
}
