//! Where in its life a client is, from idle over dialing to open and back, and what ends each phase.

use super::peer_liveness::PeerLiveness;
use super::time::earliest;
use super::{Attempt, Instant, State};

/// Where in its life a client is. A time of `None` is one too far for the clock: it never comes.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "browser", repr(u32))]
pub(super) enum Phase {
    /// Nothing goes on.
    Idle { reason: IdleReason },
    /// JavaScript says where and how to connect, until the time that runs once it has begun to.
    Asking {
        attempt: Attempt,
        until: Option<Instant>,
    },
    /// `until`: when the attempt's time is over.
    Dialing {
        attempt: Attempt,
        until: Option<Instant>,
    },
    /// The upgrade is done, and JavaScript runs the first messages of the connection, until the attempt's time is over.
    /// `paused`: the engine does not read for now.
    Initializing {
        attempt: Attempt,
        until: Option<Instant>,
        paused: bool,
    },
    Open {
        attempt: Attempt,
        liveness: PeerLiveness,
        stability: Stability,
    },
    /// The closing handshake is under way, until `cut_at`; `reconnect` where the user has asked for
    /// a new connection after it.
    Closing {
        attempt: Attempt,
        cut_at: Option<Instant>,
        reconnect: bool,
    },
    /// JavaScript says whether and when to connect again after `attempt`, until the time that runs
    /// once it has begun to.
    Deciding {
        attempt: Attempt,
        until: Option<Instant>,
    },
    /// Between two attempts.
    Waiting {
        until: Option<Instant>,
        delay: Delay,
    },
    /// Between two attempts, until the circuit turns half-open.
    Blocked,
    /// Between two attempts, until JavaScript runs again, which it last did at `since`.
    Stalled { since: Instant },
}

/// Whose delay a client waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delay {
    /// The policy's: a reason to hope ends it early.
    Drawn,
    /// The user's.
    Chosen,
}

/// Why nothing goes on, which says what a client shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IdleReason {
    Closed,
    /// It gave up.
    Failed,
    /// The circuit has refused to let it connect, and still would.
    Refused,
}

/// Whether an open connection has lived long enough to forget what came before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "browser", repr(u32))]
pub(super) enum Stability {
    Proved,
    Probation { until: Option<Instant> },
}

impl Stability {
    pub(super) fn deadline(self) -> Option<Instant> {
        match self {
            Stability::Proved => None,
            Stability::Probation { until } => until,
        }
    }
}

impl Phase {
    pub(super) fn state(&self) -> State {
        match self {
            Phase::Idle {
                reason: IdleReason::Failed,
            } => State::Failed,
            Phase::Idle {
                reason: IdleReason::Closed,
            }
            | Phase::Deciding { .. }
            | Phase::Waiting { .. }
            | Phase::Stalled { .. } => State::Closed,
            Phase::Asking { .. } | Phase::Dialing { .. } | Phase::Initializing { .. } => {
                State::Connecting
            }
            Phase::Open { .. } => State::Open,
            Phase::Closing { .. } => State::Closing,
            Phase::Idle {
                reason: IdleReason::Refused,
            }
            | Phase::Blocked => State::Blocked,
        }
    }

    /// Whether an attempt is under way.
    pub(super) fn is_connecting(&self) -> bool {
        self.state() == State::Connecting
    }

    pub(super) fn is_alive(&self) -> bool {
        !matches!(self, Phase::Idle { .. })
    }

    /// The attempt that is under way or connected.
    pub(super) fn attempt(&self) -> Option<Attempt> {
        match self {
            Phase::Asking { attempt, .. }
            | Phase::Dialing { attempt, .. }
            | Phase::Initializing { attempt, .. }
            | Phase::Open { attempt, .. }
            | Phase::Closing { attempt, .. } => Some(*attempt),
            Phase::Idle { .. }
            | Phase::Deciding { .. }
            | Phase::Waiting { .. }
            | Phase::Blocked
            | Phase::Stalled { .. } => None,
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        match self {
            Phase::Open {
                liveness,
                stability,
                ..
            } => earliest(liveness.deadline(), stability.deadline()),
            Phase::Asking { until: time, .. }
            | Phase::Initializing { until: time, .. }
            | Phase::Deciding { until: time, .. }
            | Phase::Closing { cut_at: time, .. }
            | Phase::Waiting { until: time, .. } => *time,
            Phase::Idle { .. } | Phase::Dialing { .. } | Phase::Blocked | Phase::Stalled { .. } => {
                None
            }
        }
    }

    /// The liveness of the peer of `attempt`, while that connection is open.
    pub(super) fn liveness(&mut self, attempt: Attempt) -> Option<&mut PeerLiveness> {
        match self {
            Phase::Open {
                attempt: current,
                liveness,
                ..
            } if *current == attempt => Some(liveness),
            Phase::Idle { .. }
            | Phase::Asking { .. }
            | Phase::Dialing { .. }
            | Phase::Initializing { .. }
            | Phase::Open { .. }
            | Phase::Closing { .. }
            | Phase::Deciding { .. }
            | Phase::Waiting { .. }
            | Phase::Blocked
            | Phase::Stalled { .. } => None,
        }
    }
}
