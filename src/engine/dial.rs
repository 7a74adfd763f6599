//! How a driver gets its connection: from the network, or in tests from memory.

use std::future::Future;
use std::pin::Pin;

use crate::net::{Stream, Target};
use crate::policy::Failure;
use crate::wire::deflate;

/// A connection after its handshake.
pub struct Wired {
    pub stream: Stream,
    /// Bytes that came behind the handshake.
    pub head: Vec<u8>,
    pub protocol: String,
    pub deflate: Option<deflate::Agreed>,
    /// Longest message that is taken, in bytes; 0 takes any.
    pub max_payload: usize,
}

pub type DialFuture = Pin<Box<dyn Future<Output = Result<Wired, Failure>> + Send>>;

/// Something that can be connected to again and again.
pub trait Dial: Send + Sync {
    /// Starts one attempt. Dropping the future gives it up.
    fn dial(&self) -> DialFuture;

    /// The host and port, where it has one: who has the same can share a circuit.
    fn place(&self) -> Option<String> {
        None
    }
}

/// A target on the network and what is offered to it.
pub struct Route {
    pub target: std::sync::Arc<Target>,
    pub deflate: Option<deflate::Options>,
    pub max_payload: usize,
}

impl Dial for Route {
    fn place(&self) -> Option<String> {
        Some(self.target.place())
    }

    fn dial(&self) -> DialFuture {
        let target = self.target.clone();
        let offered = self.deflate.clone();
        let max_payload = self.max_payload;
        Box::pin(async move {
            let reached = target.reach().await.map_err(|error| error.into_failure())?;
            let deflate = deflate::accept(offered.as_ref(), reached.extensions.as_deref())
                .map_err(|error| Failure {
                    message: error.to_string(),
                    code: Some("WSR_ERR_HANDSHAKE".into()),
                    status: Some(reached.status),
                    headers: reached.headers,
                })?;
            Ok(Wired {
                stream: reached.stream,
                head: reached.head,
                protocol: reached.protocol,
                deflate,
                max_payload,
            })
        })
    }
}
