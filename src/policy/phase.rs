//! Where in its life a client is.

use std::time::Instant;

use super::vigil::Vigil;
use super::{Attempt, State};

/// Where in its life a client is. A time of `None` is one too far for the clock: it never comes.
#[derive(Clone, Debug)]
pub(super) enum Phase {
    /// Nothing goes on; `failed` after the retries were used up.
    Idle {
        failed: bool,
    },
    Dialing {
        attempt: Attempt,
    },
    Open {
        attempt: Attempt,
        vigil: Vigil,
    },
    /// The closing handshake is under way, until `cut_at`; `reconnect` where the user has asked for
    /// a new connection after it.
    Closing {
        attempt: Attempt,
        cut_at: Option<Instant>,
        reconnect: bool,
    },
    /// Between two attempts.
    Waiting {
        until: Option<Instant>,
    },
    /// Between two attempts, until the circuit turns half-open.
    Blocked,
    /// Between two attempts, until JavaScript runs again, which it last did at `since`.
    Stalled {
        since: Instant,
    },
}

impl Phase {
    pub(super) fn state(&self) -> State {
        match self {
            Phase::Idle { failed: true } => State::Failed,
            Phase::Idle { failed: false } | Phase::Waiting { .. } | Phase::Stalled { .. } => {
                State::Closed
            }
            Phase::Dialing { .. } => State::Connecting,
            Phase::Open { .. } => State::Open,
            Phase::Closing { .. } => State::Closing,
            Phase::Blocked => State::Blocked,
        }
    }

    pub(super) fn is_alive(&self) -> bool {
        !matches!(self, Phase::Idle { .. })
    }

    /// The attempt that is under way or connected.
    pub(super) fn attempt(&self) -> Option<Attempt> {
        match self {
            Phase::Dialing { attempt }
            | Phase::Open { attempt, .. }
            | Phase::Closing { attempt, .. } => Some(*attempt),
            Phase::Idle { .. } | Phase::Waiting { .. } | Phase::Blocked | Phase::Stalled { .. } => {
                None
            }
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        match self {
            Phase::Open { vigil, .. } => vigil.deadline(),
            Phase::Closing { cut_at: time, .. } | Phase::Waiting { until: time } => *time,
            Phase::Idle { .. } | Phase::Dialing { .. } | Phase::Blocked | Phase::Stalled { .. } => {
                None
            }
        }
    }

    /// The vigil over `attempt`, while that is open.
    pub(super) fn vigil(&mut self, attempt: Attempt) -> Option<&mut Vigil> {
        match self {
            Phase::Open {
                attempt: current,
                vigil,
            } if *current == attempt => Some(vigil),
            Phase::Idle { .. }
            | Phase::Dialing { .. }
            | Phase::Open { .. }
            | Phase::Closing { .. }
            | Phase::Waiting { .. }
            | Phase::Blocked
            | Phase::Stalled { .. } => None,
        }
    }
}
