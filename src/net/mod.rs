//! Reaches a peer: a URL and its options become a stream that has been upgraded to WebSocket.
//!
//! [`Target::parse`] checks everything that can be checked without the network, so that bad input
//! throws at once; [`Target::reach`] then resolves, connects, speaks TLS and upgrades, all within one
//! handshake timeout, and may be called for every attempt anew. Dropping its future cancels it.

mod address;
mod bad_option;
mod body;
mod bypass;
mod client_tls;
mod connect;
mod digest;
mod error;
mod getaddrinfo;
mod handshake;
mod headers;
mod http2;
mod identity;
mod key_log;
mod limit;
mod openssl_only;
mod options;
mod outside;
mod pem;
mod pins;
mod pipe;
mod proxy;
mod resolver;
mod retry_after;
mod roots;
mod stream;
mod target;
mod tls_configs;
mod tls_fault;
#[cfg(test)]
mod tls_tests;
mod trust;
mod verifier;

pub use bad_option::BadOption;
pub use error::{AttemptStage, HandshakeFault, NetError, ProxyFault, code_of};
pub use getaddrinfo::parse_ip;
pub use http2::Pool;
#[cfg(fuzzing)]
pub use http2::play as play_http2;
pub use options::{Maker, Options, ProxyOptions, TlsOptions, TlsVersion};
pub use outside::{Answer, Need, Nothing, Outside, RequestChanges, Server};
pub use pipe::{PipeEnd, PipeNews};
pub use retry_after::retry_after;
pub use roots::Roots;
pub use stream::{Stream, Transport};
pub use target::{CheckedOptions, Reached, Target};
