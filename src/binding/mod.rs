//! The addon: converts JavaScript values to Rust and back. No decision is made here.
//!
//! Every export catches a panic and throws it as an error: one that crossed into Node would end the
//! user's process.

mod client;
mod environment;
mod options;
mod value;
mod wake;
