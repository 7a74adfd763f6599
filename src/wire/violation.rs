//! What a peer can do against the protocol, with the close code and the JavaScript code of each.

use thiserror::Error;

/// Longest payload of a control frame, in bytes.
pub(super) const MAX_CONTROL: usize = 125;

/// What the peer did against the protocol or past a limit; the connection is to be failed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Violation {
    #[error(
        "Invalid frame: reserved bits are set (first byte {0:#04x}), and no extension that uses them was agreed"
    )]
    ReservedBits(u8),
    #[error(
        "Invalid frame: RSV1 is set (first byte {0:#04x}), which only the first frame of a compressed message may have"
    )]
    CompressedBit(u8),
    #[error("Invalid frame: opcode {0:#03x} is reserved; allowed are 0, 1, 2, 8, 9 and 10")]
    Opcode(u8),
    #[error("Invalid frame: a continuation without a message to continue")]
    Continuation,
    #[error("Invalid frame: a new message before the last fragment of the one under way")]
    Interrupted,
    #[error("Invalid frame: a control frame that is fragmented")]
    FragmentedControl,
    #[error("Invalid frame: a control frame of more than {MAX_CONTROL} bytes")]
    LongControl,
    #[error("Invalid frame: it is masked; a server must not mask")]
    Masked,
    #[error("Invalid frame: the length {0} is not in its shortest form")]
    LongLength(u64),
    #[error("Invalid frame: the length {0} is more than 63 bits")]
    Length(u64),
    #[error(
        "Invalid close frame: a payload of 1 byte; allowed is none, or a code of 2 bytes and a reason"
    )]
    CloseLength,
    #[error("Invalid close frame: code {0}; allowed are 1000-1003, 1007-1014 and 3000-4999")]
    CloseCode(u16),
    #[error("Invalid compressed message: its payload is not DEFLATE data within the window")]
    Compression,
    #[error("Invalid UTF-8 in a text message, at byte {0}")]
    TextNotUtf8(usize),
    #[error("Invalid UTF-8 in the reason of a close frame")]
    ReasonNotUtf8,
    #[error("Message too big: more than maxPayload, which is {0} bytes")]
    TooBig(usize),
    #[error(
        "Message too big: more than {0} bytes, the longest of its kind that JavaScript can have"
    )]
    TooLong(usize),
}

impl Violation {
    /// The code for the close frame that tells the peer: 1002, 1007 or 1009.
    pub const fn close_code(&self) -> u16 {
        match self {
            Self::ReservedBits(_)
            | Self::CompressedBit(_)
            | Self::Opcode(_)
            | Self::Continuation
            | Self::Interrupted
            | Self::FragmentedControl
            | Self::LongControl
            | Self::Masked
            | Self::LongLength(_)
            | Self::Length(_)
            | Self::CloseLength
            | Self::CloseCode(_) => 1002,
            Self::Compression | Self::TextNotUtf8(_) | Self::ReasonNotUtf8 => 1007,
            Self::TooBig(_) | Self::TooLong(_) => 1009,
        }
    }

    /// The `code` of the JavaScript error.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Compression => "WSR_ERR_PROTOCOL",
            Self::TextNotUtf8(_) | Self::ReasonNotUtf8 => "WSR_ERR_INVALID_UTF8",
            Self::TooBig(_) | Self::TooLong(_) => "WSR_ERR_MESSAGE_TOO_BIG",
            Self::ReservedBits(_)
            | Self::CompressedBit(_)
            | Self::Opcode(_)
            | Self::Continuation
            | Self::Interrupted
            | Self::FragmentedControl
            | Self::LongControl
            | Self::Masked
            | Self::LongLength(_)
            | Self::Length(_)
            | Self::CloseLength
            | Self::CloseCode(_) => "WSR_ERR_PROTOCOL",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_the_close_code_and_the_error_code_of_its_sort() {
        let codes = |violation: Violation| (violation.close_code(), violation.code());
        assert_eq!(codes(Violation::Masked), (1002, "WSR_ERR_PROTOCOL"));
        assert_eq!(codes(Violation::Compression), (1007, "WSR_ERR_PROTOCOL"));
        assert_eq!(
            codes(Violation::TextNotUtf8(0)),
            (1007, "WSR_ERR_INVALID_UTF8")
        );
        assert_eq!(
            codes(Violation::ReasonNotUtf8),
            (1007, "WSR_ERR_INVALID_UTF8")
        );
        assert_eq!(
            codes(Violation::TooBig(1)),
            (1009, "WSR_ERR_MESSAGE_TOO_BIG")
        );
        assert_eq!(
            codes(Violation::TooLong(1)),
            (1009, "WSR_ERR_MESSAGE_TOO_BIG")
        );
    }
}
