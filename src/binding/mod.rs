//! The addon: converts JavaScript values to Rust and back. No decision is made here.
//!
//! Every export catches a panic and throws it as an error: one that crossed into Node would end the
//! user's process.

// Only JavaScript calls it, which tests of Rust have none of.
#[cfg(all(feature = "faults", not(test)))]
mod allocated;
mod callback;
mod client;
mod code;
mod convert;
mod environment;
mod exception;
#[cfg(all(feature = "faults", not(test)))]
mod external_buffers;
mod facade;
mod facades;
mod interned;
mod messages;
mod needs;
mod notification;
mod pressure;
mod protocol;
mod rows;
mod sender;
mod settings;
#[cfg_attr(not(read_set), path = "uv_absent.rs")]
mod uv;
mod value;
mod wake;
