//! When to connect again: what a user has set, and what follows from how a connection ended.

use super::{CloseCode, Ending, Failover};
use crate::policy::duration::Duration;

/// When to connect again, beside backoff and circuit. The default is the plain client: always, after
/// the backoff's delay, asking nobody.
#[derive(Clone, Debug, PartialEq)]
pub struct Reconnect {
    /// How long a connection must live before the retries and failures before it are forgotten.
    pub min_uptime: Duration,
    /// The longest `Retry-After` that is honoured; zero turns it off.
    pub max_retry_after: Duration,
    /// How long one attempt may take; `None` sets no limit.
    pub connection_timeout: Option<Duration>,
    /// Stops after what will not get better by trying again (see `is_final`).
    pub only_transient: bool,
    pub asked: Asked,
    pub failover: Failover,
}

/// What JavaScript is asked for. A client that asks for nothing never waits for JavaScript.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Where and how each attempt connects.
    pub route: bool,
    /// Whether and when to try again.
    pub retry: bool,
    /// The first messages of each connection, before it counts as open.
    pub init: bool,
}

/// What a user's functions say of the next retry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "browser", repr(u32))]
pub enum Verdict {
    Stop,
    /// Try again after this delay; `None` leaves it to the policy.
    Retry(Option<Duration>),
}

impl Default for Reconnect {
    fn default() -> Reconnect {
        Reconnect {
            min_uptime: Duration::ZERO,
            max_retry_after: Duration::from_secs(300),
            connection_timeout: None,
            only_transient: false,
            asked: Asked::default(),
            failover: Failover::default(),
        }
    }
}

/// Whether the same attempt would fail again: the server says that the request is wrong (RFC 9110,
/// 15.5, but for the statuses that ask to come back), or that it does not understand the client (RFC
/// 6455, 7.4.1).
///
/// Only what the peer itself says in a close frame is final. What the client found wrong in what came may be one
/// damaged frame of a connection that is gone.
pub(super) fn is_final(ending: &Ending, status: Option<u16>) -> bool {
    const COME_BACK: [u16; 3] = [408, 425, 429];
    let refused =
        status.is_some_and(|status| (400..500).contains(&status) && !COME_BACK.contains(&status));
    let is_final_code = match ending.code {
        CloseCode::Frame(code) => matches!(code, 1002 | 1003 | 1007 | 1009 | 1010),
        CloseCode::MaxRetries
        | CloseCode::Stopped
        | CloseCode::NotTransient
        | CloseCode::Internal => false,
    };
    refused || (is_final_code && ending.was_clean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_same_attempt_would_meet_again_is_final() {
        for status in [400, 401, 403, 404, 410, 418, 426, 451, 499] {
            assert!(is_final(&ending(1006), Some(status)), "{status}");
        }
        for code in [1002, 1003, 1007, 1009, 1010] {
            assert!(is_final(&ending(code), None), "{code}");
        }
    }

    #[test]
    fn what_may_pass_is_not_final() {
        for status in [101, 200, 301, 399, 408, 425, 429, 500, 502, 503, 504] {
            assert!(!is_final(&ending(1006), Some(status)), "{status}");
        }
        for code in [
            1000, 1001, 1005, 1006, 1008, 1011, 1012, 1013, 1014, 1015, 3000, 4000,
        ] {
            assert!(!is_final(&ending(code), None), "{code}");
        }
    }

    #[test]
    fn what_the_client_found_wrong_is_not_final() {
        for code in [1002, 1007, 1009] {
            let found = Ending {
                was_clean: false,
                ..ending(code)
            };
            assert!(!is_final(&found, None), "{code}");
        }
    }

    fn ending(code: u16) -> Ending {
        Ending {
            code: CloseCode::Frame(code),
            reason: String::new(),
            was_clean: true,
        }
    }
}
