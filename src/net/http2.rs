//! WebSockets as streams of one HTTP/2 connection (RFC 8441), which all clients share that reach a server alike.

mod answer;
mod connection;
mod frame;
mod hpack;
mod huffman;
mod pool;
mod request;
#[cfg(any(test, fuzzing))]
mod script;
mod session;
mod tunnel;

pub(super) use connection::{Connection, open};
pub use pool::Pool;
pub(super) use pool::{Key, Origin};
pub(super) use request::request;
#[cfg(fuzzing)]
pub use script::play;

#[cfg(test)]
mod tests;
