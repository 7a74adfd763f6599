//! What goes into the policy and what comes out of it.

use std::sync::Arc;

#[cfg(not(feature = "browser"))]
use super::Message;
use super::{
    Beat, ConnectRate, Ending, HeartbeatReply, Instant, LivenessSettings, Reconnect, Verdict,
};
use crate::policy::duration::{Count, Duration};

/// Where a client's jitter comes from: small, since each client has one of its own.
pub type Random = rand::rngs::Xoshiro128PlusPlus;

/// What a user has set. A `Settings` that exists is valid: the binding checks before it makes one.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    pub backoff: Backoff,
    /// Retries before giving up; `None` never gives up.
    pub max_retries: Option<Count>,
    pub reconnect: Reconnect,
    pub heartbeat: HeartbeatSettings,
    pub liveness: LivenessSettings,
    pub circuit: CircuitSettings,
    /// The budget of attempts that the client keeps to, where it shares one.
    pub connect_rate: Option<ConnectRate>,
    /// How long to wait for the peer's close frame after ours.
    pub close_timeout: Duration,
}

/// Exponential backoff with jitter.
#[derive(Clone, Debug, PartialEq)]
pub struct Backoff {
    pub base: Duration,
    /// Upper bound of the delay before jitter.
    pub cap: Duration,
    /// At least 1.
    pub multiplier: f64,
    pub jitter: Jitter,
}

/// How a delay is moved at random once it has been capped.
///
/// The named kinds are those of the AWS Architecture Blog, "Exponential Backoff And Jitter"
/// (M. Brooker, 2015): `Full` spreads clients best, `Equal` keeps half of each delay,
/// `Decorrelated` grows from the delay before instead of the attempt.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "browser", repr(u32))]
pub enum Jitter {
    /// `delay × (1 ± share)`, the share from 0 to 1.
    Spread(f64),
    /// Anything from 0 to the delay.
    Full,
    /// Half the delay, and anything up to as much again.
    Equal,
    /// Anything from `base` to three times the delay before, up to the cap.
    Decorrelated,
    None,
}

#[derive(Clone, Debug, PartialEq)]
pub struct HeartbeatSettings {
    /// Time between two beats; `None` turns the heartbeat off.
    pub interval: Option<Duration>,
    /// How long after a beat the peer may stay silent, and after a ping of the user.
    pub timeout: Duration,
    pub beat: Beat,
    pub reply: HeartbeatReply,
}

#[derive(Clone, Debug, PartialEq)]
pub struct CircuitSettings {
    /// Consecutive failures that open the circuit; at least 1. Without effect where there is a `rate`.
    pub failure_threshold: Count,
    /// Opens the circuit by the share of failures in a sliding window, in place of consecutive ones.
    pub rate: Option<FailureRate>,
    /// How long the circuit stays open before it turns half-open.
    pub reset_timeout: Duration,
    /// Connections that may be started in one half-open period; at least 1.
    pub half_open_max: Count,
}

/// So many failures among the outcomes of the last while open the circuit.
#[derive(Clone, Debug, PartialEq)]
pub struct FailureRate {
    /// How long an outcome counts; above 0.
    pub window: Duration,
    /// The share of failures that is too much, from 0 (any failure) to 1 (nothing but failures).
    pub share: f64,
    /// Fewer outcomes than this prove nothing; at least 1.
    pub minimum: Count,
}

/// The state of the client as users read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Closed,
    Connecting,
    Open,
    Closing,
    /// Waiting for an open circuit to turn half-open.
    Blocked,
    /// Gave up; a new `connect` starts again.
    Failed,
}

/// The state of the circuit breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Circuit {
    Closed,
    Open,
    HalfOpen,
}

/// Trouble as a user is told of it in an `error` event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failure {
    pub message: String,
    /// The system's code (`ECONNREFUSED`, …) or one of ours (`WSR_ERR_…`).
    pub code: Option<String>,
    /// The HTTP status of a refused upgrade.
    pub status: Option<u16>,
    /// The response's headers of a refused upgrade, in their order.
    #[cfg(not(feature = "browser"))]
    pub headers: Vec<(String, String)>,
    /// The body of a refused upgrade, or its beginning; none where it is empty.
    #[cfg(not(feature = "browser"))]
    pub body: Option<Message>,
    /// How long the server asked to be left alone (`Retry-After`, RFC 9110, 10.2.3).
    pub retry_after: Option<Duration>,
    /// The attempt whose functions threw: JavaScript holds the error itself.
    pub thrown_for: Option<Attempt>,
    /// The user's gate held the attempt back: the server was not asked, so this says nothing of it.
    pub withheld: bool,
}

impl Failure {
    pub(super) fn new(code: &str, message: String) -> Failure {
        Failure {
            message,
            code: Some(code.to_owned()),
            ..Failure::default()
        }
    }
}

/// The number of a connection attempt of one client, from 1. What arrives for an old one is dropped.
pub type Attempt = Count;

/// A fact that the policy is told.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "browser", repr(u32))]
pub enum Input {
    /// Time has passed; due when [`deadline`](super::Link::deadline) says so, harmless when early.
    Tick,

    // What the user does. `connect` is a method, since it can be refused.
    /// End for good. `seen_alive` tells whether the user's view of the client is one that is
    /// connecting, open, waiting to retry or blocked: events that would have told otherwise may not
    /// have been delivered, and such a user is owed a `close`. A view that is closing is none of
    /// these: its `close` is on its way.
    Close {
        code: u16,
        reason: String,
        seen_alive: bool,
    },
    /// End for good, at once and without the closing handshake.
    Terminate {
        seen_alive: bool,
    },
    Reset,
    OpenCircuit,
    CloseCircuit,
    /// The user reports a failure (`handleError`): it counts against the circuit.
    CountFailure,
    Configure(Arc<Settings>),
    SetRetryCount(Count),
    SetCircuitFailures(Count),
    SetManualClose(bool),
    /// The user assigned the circuit's state: like opening or closing by hand, without its event.
    SetCircuit(Circuit),
    /// A message that JavaScript takes for the answer to a heartbeat was delivered.
    Answered,
    /// JavaScript has judged all that came before it was asked ([`Question::WasAnswered`]).
    Judged {
        attempt: Attempt,
    },
    /// JavaScript's event loop last ran at this time.
    EventLoopAlive {
        at: Instant,
    },

    // What the engine reports of the machine.
    /// The machine slept for so long.
    Woke {
        slept: Duration,
    },
    /// There is a new way to the network.
    NetworkChanged,
    /// The peer may be gone, and JavaScript may have been late to hear of it: it is asked. The user is told nothing.
    Suspected,
    /// The page is shown again: the peer is asked, and a wait ends early. The user is told nothing.
    Shown,

    /// The engine has failed this client, and goes on with nothing that it was at.
    Broke {
        failure: Failure,
    },

    // What JavaScript answers to what it is asked. An answer to an old question is dropped.
    /// The user's function has been called and its promise is awaited: the time for it runs from here on.
    Awaited {
        attempt: Attempt,
    },
    /// Where and how to connect has been said: the attempt may be dialed.
    Routed {
        attempt: Attempt,
    },
    /// Whether and when to try again after `attempt`. `None` leaves it to the policy.
    Decided {
        attempt: Attempt,
        verdict: Verdict,
    },

    /// The first messages of the connection have been exchanged: it is open.
    Initialized {
        attempt: Attempt,
    },

    // What the engine reports of a connection attempt.
    Opened {
        attempt: Attempt,
    },
    /// The attempt ended before it opened, or a user's function that it needs has thrown.
    Refused {
        attempt: Attempt,
        failure: Failure,
    },
    /// Any frame arrived.
    Received {
        attempt: Attempt,
    },
    /// A pong arrived that answers our ping of this number; [`Input::Received`] tells of it too.
    Ponged {
        attempt: Attempt,
        number: Count,
    },
    /// The connection ended. With a `failure`, that is told as `error` and counts against the
    /// circuit; a connection that the peer closed or cut is none.
    Lost {
        attempt: Attempt,
        ending: Ending,
        failure: Option<Failure>,
    },
    /// The engine stopped reading since JavaScript does not keep up: silence proves nothing.
    Paused {
        attempt: Attempt,
    },
    /// The engine reads again.
    Resumed {
        attempt: Attempt,
    },
}

/// A decision of the policy, to be carried out in order.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "browser", repr(u32))]
pub enum Output {
    /// Start connecting, and report `Opened` or `Refused` with this number. `url_index` is the index of
    /// the URL; the attempt fails once `limit` has passed, which the engine sees to until it is opened.
    Dial {
        attempt: Attempt,
        url_index: usize,
        limit: Option<Duration>,
    },
    /// Send the heartbeat's message.
    Beat,
    /// Send a ping frame.
    Ping { payload: [u8; 8] },
    /// Start the closing handshake of the open connection; report `Lost` at its end.
    Shut { code: u16, reason: String },
    /// Drop the attempt or connection at once; nothing is to be reported of it any more.
    Cut,
    /// Send a close frame and drop the connection, without waiting for the peer's; nothing is to be reported of
    /// it any more.
    Leave { code: u16, reason: String },
    /// Tell the user.
    Notify(Notice),
}

/// An event with what the user's view of the client becomes by it.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    pub event: Event,
    pub retry_count: Count,
    pub circuit_failures: Count,
    /// Whether the client is connecting, open, waiting to retry, blocked or closing. The last event
    /// of a life, always a `Close`, is the first that says `false`.
    pub alive: bool,
}

/// What the user is told, in the words of the JavaScript events.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "browser", repr(u32))]
pub enum Event {
    StateChange(State),
    CircuitChange(Circuit),
    /// After so many retries; `downtime` is how long there was no connection where there had been
    /// one before.
    Open {
        retries: Count,
        downtime: Option<Duration>,
    },
    /// Boxed, since all that is told takes the room of the largest.
    Error(Box<Failure>),
    Close(Ending),
    /// `attempt` from 1; told before the wait begins.
    Retry {
        attempt: Count,
        delay: Duration,
        max_retries: Option<Count>,
    },
    /// The connection has lived for `min_uptime`: the counts are forgotten. Not an event of JavaScript.
    Proved,
    /// JavaScript is asked whether, where and how `attempt` connects, to be answered by `Routed` or `Refused`. `url_index` is the
    /// index of the URL; `is_reconnect` tells an attempt to replace a connection from one to have the first.
    AskRoute {
        attempt: Attempt,
        retries: Count,
        url_index: usize,
        is_reconnect: bool,
    },
    /// JavaScript is asked whether and when to try again, to be answered by `Decided`. `retry` is the
    /// number that the next retry would have, `elapsed` how long there has been no connection.
    AskRetry {
        attempt: Attempt,
        retry: Count,
        elapsed: Duration,
    },
    /// JavaScript is asked to exchange the first messages of the connection `attempt`, to be answered by `Initialized` or
    /// `Refused`. What the user sends waits until then. `after_open`: there has been an open connection before.
    AskInit {
        attempt: Attempt,
        after_open: bool,
    },
    /// JavaScript has not answered `AskRetry` within `limit`: what follows is the policy's own decision.
    Undecided {
        limit: Duration,
    },
    /// What became of the user's ping `number`: the round trip, or `None` where no pong came in time.
    Pinged {
        number: Count,
        rtt: Option<Duration>,
    },
    /// JavaScript runs again after so long.
    Blocked {
        lasted: Duration,
    },
    Wake {
        slept: Duration,
    },
    Network,
    /// JavaScript is to answer, and the user is told nothing.
    Asked(Question),
}

/// What the policy has to know of JavaScript. It is asked behind all that it was told before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "browser", repr(u32))]
pub enum Question {
    /// Was the answer to the heartbeat among the messages so far? JavaScript says [`Input::Answered`] for the one
    /// that was, and [`Input::Judged`] at this place.
    WasAnswered { attempt: Attempt },
    /// Does the event loop run? JavaScript says [`Input::EventLoopAlive`].
    EventLoopAlive,
}

/// Why `connect` does not start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("Connection manually closed")]
    ManuallyClosed,
    #[error("Circuit breaker is OPEN")]
    CircuitOpen,
    #[error("Circuit breaker HALF-OPEN limit reached")]
    HalfOpenLimit,
}
