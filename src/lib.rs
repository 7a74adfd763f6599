//! A WebSocket client that stays up.
//!
//! Six modules, each knowing only those below it; the features keep them apart:
//!
//! | module | feature | its one job |
//! |---|---|---|
//! | [`policy`] | always | decides when to connect, wait, beat, block and give up |
//! | [`wire`] | always | translates bytes to messages and back |
//! | `net` | `engine` | turns a URL into an upgraded stream |
//! | `engine` | `engine` | moves the bytes and keeps the time |
//! | `browser` | `browser` | the policy alone, as browsers call it |
//! | `binding` | `node` | converts JavaScript values to Rust and back |

// A test is where the time comes from, and has no order of locks.
#![cfg_attr(test, allow(clippy::disallowed_methods, clippy::disallowed_types))]

#[cfg(feature = "browser")]
pub mod browser;
pub mod policy;
pub mod wire;

#[cfg(feature = "engine")]
pub mod engine;
#[cfg(feature = "engine")]
pub mod net;
#[cfg(any(feature = "engine", feature = "browser"))]
mod sync;

#[cfg(feature = "node")]
mod binding;
