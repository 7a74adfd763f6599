//! How a driver gets a connection whose handshake is done: from the network, or in tests from memory.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::net::{Stream, Target};
use crate::policy::Failure;
use crate::wire::{Longest, deflate};

/// A connection after its handshake.
pub struct Wired {
    pub stream: Stream,
    /// Bytes that came behind the handshake.
    pub head: Vec<u8>,
    pub protocol: String,
    /// Where it leads, as the user gave it.
    pub url: String,
    /// The status and the headers of the answer to the upgrade.
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub deflate: Option<deflate::Agreed>,
    /// Longest message that is taken, in bytes; 0 takes any.
    pub max_payload: usize,
    /// Longest messages that JavaScript can be told.
    pub longest: Longest,
}

pub type DialFuture = Pin<Box<dyn Future<Output = Result<Wired, Failure>> + Send>>;

/// Something that can be connected to again and again.
pub trait Dial: Send + Sync {
    /// Starts one attempt, which fails once `limit` has passed, to the URL of this index. Dropping
    /// the future gives it up.
    fn dial(&self, url_index: usize, limit: Option<Duration>) -> DialFuture;

    /// The host and port, where it has one: who has the same can share a circuit.
    fn host_port(&self) -> Option<String> {
        None
    }
}

/// Targets on the network, the preferred one first, and what is offered to each. There are none for as long as a user's
/// function has not said them: nothing is dialed before that.
pub struct Route {
    pub targets: Vec<Arc<Target>>,
    pub deflate: Option<deflate::DeflateOptions>,
    pub max_payload: usize,
    pub longest: Longest,
}

impl Dial for Route {
    fn host_port(&self) -> Option<String> {
        Some(self.targets.first()?.host_port())
    }

    fn dial(&self, url_index: usize, limit: Option<Duration>) -> DialFuture {
        // A list that has become shorter since the policy chose still has its first.
        let target = self
            .targets
            .get(url_index)
            .or(self.targets.first())
            .cloned();
        let offered = self.deflate.clone();
        let (max_payload, longest) = (self.max_payload, self.longest);
        Box::pin(async move {
            let target = target.ok_or_else(Failure::default)?;
            let reached = target
                .reach(limit)
                .await
                .map_err(|error| error.into_failure())?;
            let deflate = deflate::accept(offered.as_ref(), reached.extensions.as_deref())
                .map_err(|error| Failure {
                    message: error.to_string(),
                    code: Some("WSR_ERR_HANDSHAKE".into()),
                    status: Some(reached.status),
                    headers: reached.headers.clone(),
                    ..Failure::default()
                })?;
            Ok(Wired {
                stream: reached.stream,
                head: reached.head,
                protocol: reached.protocol,
                url: target.given().to_owned(),
                status: reached.status,
                headers: reached.headers,
                deflate,
                max_payload,
                longest,
            })
        })
    }
}
