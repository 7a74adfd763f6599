//! permessage-deflate (RFC 7692): what is offered, what was agreed, and the two codecs.
//!
//! Memory of a connection, beside its messages under way: a decompressor takes 48 KiB from the first
//! compressed message that arrives, a compressor 370 KiB from the first that is sent (at the default
//! `mem_level`; less with smaller windows). A side without context takeover gives it back after each message.

mod codec;
mod negotiation;

pub(super) use codec::{Compressor, Decompressor};
pub use negotiation::{Agreed, ClientWindow, DeflateOptions, ExtensionError, accept, offer};
