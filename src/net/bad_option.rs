//! What is wrong with an option.

/// What is wrong with an option. Its message names the option, the value and what is allowed, and
/// never shows a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct BadOption {
    pub option: &'static str,
    pub message: String,
    /// Whether the program outside may take what the engine did not.
    pub(super) needs_node: bool,
}

impl BadOption {
    /// The message is `option: trouble`.
    pub(super) fn new(option: &'static str, trouble: impl AsRef<str>) -> BadOption {
        BadOption {
            option,
            message: format!("{option}: {}", trouble.as_ref()),
            needs_node: false,
        }
    }
}
