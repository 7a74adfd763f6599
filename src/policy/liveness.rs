//! How a client is to find out who is alive: its peer, its own JavaScript, the way between.

use crate::policy::duration::Duration;

/// What a heartbeat sends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Beat {
    /// The user's message.
    #[default]
    Message,
    /// A ping frame (RFC 6455, 5.5.2).
    Ping,
}

/// What answers a heartbeat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HeartbeatReply {
    /// Any frame.
    #[default]
    AnyFrame,
    /// A message that JavaScript takes for one.
    Judged,
}

/// What is watched besides heartbeats.
#[derive(Clone, Debug, PartialEq)]
pub struct LivenessSettings {
    /// A peer that was silent for so long is dead; `None` turns this off.
    pub idle_timeout: Option<Duration>,
    /// A connection is left when JavaScript has not run for so long; `None` turns this off.
    pub max_block: Option<Duration>,
    /// Whether the peer is asked when the machine has slept or has a new way to the network.
    pub detect_sleep: bool,
}

impl Default for LivenessSettings {
    fn default() -> LivenessSettings {
        LivenessSettings {
            idle_timeout: None,
            max_block: None,
            detect_sleep: true,
        }
    }
}
