//! Where in its life a client is.

use std::time::Instant;

use super::heartbeat::Pulse;
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
        pulse: Pulse,
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
}

impl Phase {
    pub(super) fn state(&self) -> State {
        match self {
            Phase::Idle { failed: true } => State::Failed,
            Phase::Idle { failed: false } | Phase::Waiting { .. } => State::Closed,
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
            Phase::Idle { .. } | Phase::Waiting { .. } | Phase::Blocked => None,
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        match self {
            Phase::Open { pulse, .. } => pulse.deadline(),
            Phase::Closing { cut_at: time, .. } | Phase::Waiting { until: time } => *time,
            Phase::Idle { .. } | Phase::Dialing { .. } | Phase::Blocked => None,
        }
    }

    /// The pulse of `attempt`, while that is open.
    pub(super) fn pulse(&mut self, attempt: Attempt) -> Option<&mut Pulse> {
        match self {
            Phase::Open {
                attempt: current,
                pulse,
            } if *current == attempt => Some(pulse),
            Phase::Idle { .. }
            | Phase::Dialing { .. }
            | Phase::Open { .. }
            | Phase::Closing { .. }
            | Phase::Waiting { .. }
            | Phase::Blocked => None,
        }
    }
}
