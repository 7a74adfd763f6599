//! The policy decides; it never reads a clock, draws from the system's randomness or does I/O.
//!
//! Facts go in as [`Input`]s with the time, decisions come out as [`Output`]s. The one rule of its
//! use: **hand in one input, take every output until there is none, then wait for the deadline**
//! (hand in [`Input::Tick`] then; an early tick does nothing).

/// A page sees neither pings nor what a server answers to an upgrade, and nobody watches over its event loop: browsers do not load the
/// code for that.
const IN_BROWSERS: bool = cfg!(feature = "browser");

mod backoff;
mod backpressure;
mod chance;
mod circuit;
mod circuit_membership;
mod connect_budget;
mod connect_turn;
mod duration;
mod ending;
mod failover;
mod heartbeat;
mod link;
mod liveness;
mod outbox;
mod peer_liveness;
mod phase;
mod pings;
mod rare;
mod reconnect;
mod rtt;
mod sleep;
mod sliding_window;
#[cfg(test)]
mod tests;
mod time;
#[cfg(not(feature = "browser"))]
mod traffic;
mod types;

pub use backpressure::{Backpressure, Marks};
pub use chance::Chance;
pub use circuit::Breaker;
pub use circuit_membership::SharedBreaker;
pub use connect_budget::{ConnectBudget, ConnectRate, SharedBudget};
pub use duration::{Count, Duration};
#[cfg(feature = "browser")]
pub(crate) use duration::{millis, of_micros};
pub use ending::{CloseCode, Ending};
pub use failover::Failover;
pub use link::Link;
pub use liveness::{Beat, HeartbeatReply, LivenessSettings};
pub use outbox::*;
pub use pings::{is_receipt, ping_number};
pub use rare::Rare;
pub use reconnect::{Asked, Reconnect, Verdict};
pub use rtt::Rtt;
pub use sleep::Clocks;
pub use time::Instant;
#[cfg(not(feature = "browser"))]
pub use traffic::*;
pub use types::*;
