//! The wire translates bytes to messages and back: RFC 6455 with permessage-deflate (RFC 7692), the
//! client's side of both.
//!
//! Bytes that the socket gave go into [`Reader::feed`], which calls back with each [`Decoded`] in
//! order; [`Writer`] frames and masks a message onto the end of an outbound buffer. Nothing here does
//! I/O, reads a clock or draws from the system's randomness.
//!
//! Memory follows the bytes that have arrived, never what a header promises: a message that lies
//! wholly in the input is handed out as a slice of it, and between messages neither side holds a
//! buffer. What compression keeps is said at [`deflate`].

pub mod deflate;
mod frame;
mod reader;
mod utf8;
mod violation;
mod writer;

use std::borrow::Cow;

pub use reader::{Longest, Reader};
pub use violation::Violation;
pub use writer::Writer;

/// What the peer sent.
///
/// A message is borrowed where it lay wholly in the input; an owned one was put together from pieces
/// or inflated, and can be moved on without a copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decoded<'a> {
    Text(Cow<'a, str>),
    Binary(Cow<'a, [u8]>),
    Ping(&'a [u8]),
    Pong(&'a [u8]),
    /// The last of a connection. `code` is `None` where the frame carried none (1005).
    Close {
        code: Option<u16>,
        reason: &'a str,
    },
}

/// Whether a user may close with `code`: 1000–1003, 1007–1014 and 3000–4999 (RFC 6455, 7.4).
///
/// The same codes are the ones a peer may send.
pub const fn close_code_allowed(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod testing;

#[cfg(test)]
mod tests {
    use super::close_code_allowed;

    #[test]
    fn the_codes_for_the_wire_are_those_of_the_standard_and_of_applications() {
        let allowed: Vec<u16> = (0..=u16::MAX)
            .filter(|&code| close_code_allowed(code))
            .collect();
        let expected: Vec<u16> = (1000..=1003)
            .chain(1007..=1014)
            .chain(3000..=4999)
            .collect();
        assert_eq!(allowed, expected);
    }
}
