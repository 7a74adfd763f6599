//! The codes of the errors that are thrown.

use crate::net::BadOption;

/// The `code` of a thrown error: one of ours.
pub struct Code(pub &'static str);

impl AsRef<str> for Code {
    fn as_ref(&self) -> &str {
        self.0
    }
}

impl From<napi::Status> for Code {
    fn from(_: napi::Status) -> Code {
        Code("Error")
    }
}

impl From<BadOption> for napi::Error<Code> {
    fn from(bad: BadOption) -> Self {
        let place = if matches!(bad.option, "url" | "protocols" | "headers" | "proxy") {
            ""
        } else {
            "websocketOptions."
        };
        napi::Error::new(Code("WSR_ERR_OPTION"), format!("{place}{}", bad.message))
    }
}
