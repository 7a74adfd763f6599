//! How a connection, or the client, came to its end.

/// How a connection ended, as in a `close` event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    pub code: CloseCode,
    pub reason: String,
    /// Both sides have sent their close frame.
    pub was_clean: bool,
}

/// The `code` of a `close` event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseCode {
    /// A close code of RFC 6455, 7.4.
    Frame(u16),
    /// The client gave up: `'MAX_RETRIES'`.
    MaxRetries,
    /// The user's `shouldReconnect` said no: `'STOPPED'`.
    Stopped,
    /// Trying again would not help: `'NOT_TRANSIENT'`.
    NotTransient,
    /// The engine failed: `'INTERNAL'`.
    Internal,
}
