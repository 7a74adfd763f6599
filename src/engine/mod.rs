//! The engine moves the bytes and keeps the time; it decides nothing.
//!
//! One thread runs one driver for each client. A client's policy, its writer and its outbound bytes
//! live in one locked `Core`, which the JavaScript thread uses too: a call of the user is a policy
//! input like any other, handled at once. Whoever handled an input takes every output before the
//! lock goes: notices go to the mailbox in their order, the rest is left to the driver.

#![cfg_attr(
    not(read_set),
    allow(
        dead_code,
        reason = "without it the JavaScript thread does not read by itself"
    )
)]

mod asking;
mod budgets;
mod circuits;
mod client;
mod clock;
mod dial;
mod driver;
mod drivers;
mod driving;
mod event_loop_watchdog;
mod fast_paths;
mod flow_control;
mod handovers;
mod js_read_set;
mod mailbox;
mod network;
mod open_connection;
mod outbound;
mod panics;
mod payload;
mod read_half;
mod read_outcome;
mod read_turn;
#[cfg(shared_socket)]
mod readiness;
mod reading;
mod runtime;
mod sending;
#[cfg_attr(not(shared_socket), path = "shared_socket_absent.rs")]
mod shared_socket;
#[cfg_attr(not(read_set), path = "socket_set_absent.rs")]
mod socket_set;
mod system_events;
mod user_timeout;
mod wake;
mod wish;
mod write_half;

pub use circuits::Sharing;
pub use client::{Client, Reply, Setup};
pub use clock::{epoch_ms, now};
pub use dial::{Dial, DialFuture, Route, RouteSettings, Wired};
pub use drivers::Drivers;
pub use event_loop_watchdog::EventLoopWatchdog;
pub use fast_paths::FastPaths;
pub use js_read_set::{JsReadSet, JsReadable};
pub use mailbox::{Mailbox, Notification, NotificationKind};
pub use payload::{Control, Payload};
pub use read_outcome::{Incoming, IncomingKind, MessageBatch};
pub use runtime::Runtime;
pub use wish::{Confirmation, SendError, Sent, Wish};
pub use write_half::Written;

#[cfg(test)]
mod tests;
