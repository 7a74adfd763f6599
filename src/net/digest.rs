//! SHA-256.

use ring::digest::{Context, SHA256, SHA256_OUTPUT_LEN};

pub(super) type Digest = [u8; SHA256_OUTPUT_LEN];

pub(super) fn digest(bytes: &[u8]) -> Digest {
    let mut context = Context::new(&SHA256);
    context.update(bytes);
    finished(context)
}

pub(super) fn finished(context: Context) -> Digest {
    let mut digest = [0; SHA256_OUTPUT_LEN];
    digest.copy_from_slice(context.finish().as_ref());
    digest
}
