//! How a connection comes to its end.

use crate::policy::{Attempt, CloseCode, Ending, Failure, Input};
use crate::wire::Violation;

/// How a connection came to its end, as its reader saw it.
pub(super) enum End {
    /// The peer's close frame.
    Closed { code: Option<u16>, reason: String },
    /// The peer broke the protocol.
    Violated(Violation),
    /// The stream ended without a close frame.
    Cut,
}

/// The close frame to end with.
pub(super) struct LastFrame {
    pub code: Option<u16>,
    pub reason: String,
}

impl End {
    /// Whether what the user still sends can reach the peer.
    pub fn hears(&self) -> bool {
        match self {
            End::Closed { .. } | End::Violated(_) => true,
            End::Cut => false,
        }
    }

    pub fn into_input(self, attempt: Attempt) -> (Option<LastFrame>, Input) {
        const NO_STATUS: u16 = 1005;
        const ABNORMAL: u16 = 1006;
        let ending = |code, reason, was_clean| Ending {
            code: CloseCode::Frame(code),
            reason,
            was_clean,
        };
        match self {
            End::Closed { code, reason } => {
                let ending = ending(code.unwrap_or(NO_STATUS), reason.clone(), true);
                (
                    Some(LastFrame { code, reason }),
                    Input::Lost {
                        attempt,
                        ending,
                        failure: None,
                    },
                )
            }
            End::Violated(violation) => {
                let code = violation.close_code();
                let failure = Failure {
                    message: violation.to_string(),
                    code: Some(violation.code().to_owned()),
                    ..Failure::default()
                };
                let frame = LastFrame {
                    code: Some(code),
                    reason: String::new(),
                };
                let ending = ending(code, String::new(), false);
                (
                    Some(frame),
                    Input::Lost {
                        attempt,
                        ending,
                        failure: Some(failure),
                    },
                )
            }
            End::Cut => {
                let ending = ending(ABNORMAL, String::new(), false);
                (
                    None,
                    Input::Lost {
                        attempt,
                        ending,
                        failure: None,
                    },
                )
            }
        }
    }
}
