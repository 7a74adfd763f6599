//! The policy as a whole, in virtual time.

mod asking;
mod circuit;
mod closing;
mod connecting;
mod heartbeat;
mod init;
mod liveness;
mod properties;
mod reconnecting;
mod settings;
mod sharing;
mod trace;
mod watch;
