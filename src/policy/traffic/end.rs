//! How a connection comes to its end, and when that is told.

use std::time::Duration;

use crate::policy::{Attempt, Ending, Failure, Input, Instant};

/// How long an end waits for JavaScript to answer what came before it.
const ANSWER: Duration = Duration::from_millis(200);

/// The close code of a close frame without one (RFC 6455, 7.4.1).
pub const NO_STATUS: u16 = 1005;

/// How a connection came to its end, as its reader saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// The peer's close frame.
    Closed { code: Option<u16>, reason: String },
    /// The peer broke the protocol, which the close frame with this code tells it. Boxed, since each read has room for an end.
    Violated { code: u16, failure: Box<Failure> },
    /// The stream ended without a close frame.
    Cut,
}

/// The close frame to end with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastFrame {
    pub code: Option<u16>,
    pub reason: String,
}

impl End {
    /// The close frame to end with, and what the policy is told.
    pub fn into_input(self, attempt: Attempt) -> (Option<LastFrame>, Input) {
        let (frame, ending, failure) = match self {
            End::Closed { code, reason } => {
                let ending = Ending::clean(code.unwrap_or(NO_STATUS), reason.clone());
                (Some(LastFrame { code, reason }), ending, None)
            }
            End::Violated { code, failure } => {
                let frame = LastFrame {
                    code: Some(code),
                    reason: String::new(),
                };
                (Some(frame), Ending::unclean(code), Some(*failure))
            }
            End::Cut => (None, Ending::abnormal(), None),
        };
        let lost = Input::Lost {
            attempt,
            ending,
            failure,
        };
        (frame, lost)
    }

    /// Whether what the user still sends can reach the peer.
    fn hears(&self) -> bool {
        match self {
            End::Closed { .. } | End::Violated { .. } => true,
            End::Cut => false,
        }
    }
}

/// An end that has been read, and has not been told.
///
/// A peer that closes or breaks the protocol can still be answered: what it sent before is delivered
/// first, and the answers of the handlers go out before our close frame, unless JavaScript is busy.
#[derive(Clone, Debug)]
pub struct PendingEnd {
    end: End,
    until: Instant,
}

impl PendingEnd {
    pub fn new(end: End, now: Instant) -> PendingEnd {
        PendingEnd {
            end,
            until: now + ANSWER,
        }
    }

    /// When it waits no longer.
    pub fn deadline(&self) -> Instant {
        self.until
    }

    /// Whether it is to be told. `is_drained`: JavaScript has been delivered all that came before.
    pub fn is_due(&self, is_drained: bool, now: Instant) -> bool {
        is_drained || !self.end.hears() || self.until <= now
    }

    pub fn into_end(self) -> End {
        self.end
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::CloseCode;

    const ATTEMPT: Attempt = 7;

    /// The last frame, and what is told of the connection.
    fn told(end: End) -> (Option<LastFrame>, Ending, Option<Failure>) {
        let (frame, input) = end.into_input(ATTEMPT);
        let Input::Lost {
            attempt: ATTEMPT,
            ending,
            failure,
        } = input
        else {
            panic!("no loss: {input:?}");
        };
        (frame, ending, failure)
    }

    fn frame(code: Option<u16>, reason: &str) -> Option<LastFrame> {
        Some(LastFrame {
            code,
            reason: reason.to_owned(),
        })
    }

    fn closed(code: Option<u16>) -> End {
        End::Closed {
            code,
            reason: "bye".to_owned(),
        }
    }

    fn violated() -> End {
        let failure = Failure {
            message: "Invalid frame".to_owned(),
            ..Failure::default()
        };
        End::Violated {
            code: 1002,
            failure: Box::new(failure),
        }
    }

    #[test]
    fn a_close_frame_is_answered_by_the_same() {
        let (last, ending, failure) = told(closed(Some(4000)));
        assert_eq!(last, frame(Some(4000), "bye"));
        assert_eq!(ending, Ending::clean(4000, "bye".to_owned()));
        assert_eq!(failure, None);
    }

    #[test]
    fn a_close_frame_without_a_code_is_answered_without_one() {
        let (last, ending, _) = told(closed(None));
        assert_eq!(last, frame(None, "bye"));
        assert_eq!(ending.code, CloseCode::Frame(1005));
        assert!(ending.was_clean);
    }

    #[test]
    fn a_peer_that_breaks_the_protocol_is_told_and_so_is_the_user() {
        let (last, ending, failure) = told(violated());
        assert_eq!(last, frame(Some(1002), ""));
        assert_eq!(ending.code, CloseCode::Frame(1002));
        assert!(!ending.was_clean);
        assert_eq!(failure.unwrap().message, "Invalid frame");
    }

    #[test]
    fn a_stream_that_ends_is_answered_by_nothing_and_is_no_failure() {
        assert_eq!(told(End::Cut), (None, Ending::abnormal(), None));
    }

    #[test]
    fn an_end_waits_for_the_answers_to_what_came_before_but_not_for_ever() {
        let start = Instant::from_micros(0.0);
        for end in [closed(None), violated()] {
            let pending = PendingEnd::new(end, start);
            assert_eq!(pending.deadline(), start + ANSWER);
            assert!(pending.is_due(true, start));
            assert!(!pending.is_due(false, start));
            assert!(pending.is_due(false, pending.deadline()));
        }
    }

    #[test]
    fn a_stream_that_has_ended_waits_for_no_answer() {
        let start = Instant::from_micros(0.0);
        assert!(PendingEnd::new(End::Cut, start).is_due(false, start));
    }
}
