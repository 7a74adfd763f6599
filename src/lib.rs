//! A WebSocket client that stays up.
//!
//! Five layers, each knowing only those below it; the features keep them apart:
//!
//! | module | feature | its one job |
//! |---|---|---|
//! | [`policy`] | always | decides when to connect, wait, beat, block and give up |
//! | [`wire`] | always | translates bytes to messages and back |
//! | `net` | `engine` | turns a URL into an upgraded stream |
//! | `engine` | `engine` | moves the bytes and keeps the time |
//! | `binding` | `node` | converts JavaScript values to Rust and back |

// A test is where the time comes from.
#![cfg_attr(test, allow(clippy::disallowed_methods))]

pub mod policy;
pub mod wire;

#[cfg(feature = "engine")]
pub mod engine;
#[cfg(feature = "engine")]
pub mod net;

#[cfg(feature = "node")]
mod binding;
