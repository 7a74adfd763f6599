//! How a connection, or the client, came to its end.

/// How a connection ended, as in a `close` event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    pub code: CloseCode,
    pub reason: String,
    /// Both sides have sent their close frame.
    pub was_clean: bool,
}

impl Ending {
    /// Both sides have said so.
    pub fn clean(code: u16, reason: String) -> Ending {
        Ending {
            code: CloseCode::Frame(code),
            reason,
            was_clean: true,
        }
    }

    /// One side has said so, at most.
    pub fn unclean(code: u16) -> Ending {
        Ending {
            code: CloseCode::Frame(code),
            reason: String::new(),
            was_clean: false,
        }
    }

    /// A connection that was cut, or never came to be.
    pub fn abnormal() -> Ending {
        Ending::unclean(1006)
    }
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
