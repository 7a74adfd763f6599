//! How a driver gets a connection whose handshake is done: from the network, or in tests from memory.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::net::{BadOption, CheckedOptions, Outside, Stream, Target};
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
    /// Starts one attempt, which fails once `limit` has passed, to the URL of this index. What it needs of JavaScript
    /// it asks `outside` for. Dropping the future gives it up.
    fn dial(
        self: Arc<Self>,
        url_index: usize,
        limit: Option<Duration>,
        outside: Arc<dyn Outside>,
    ) -> DialFuture;

    /// The host and port, where it has one: who has the same can share a circuit.
    fn host_port(&self) -> Option<String> {
        None
    }

    /// Those of all its URLs.
    fn host_ports(&self) -> Vec<String> {
        self.host_port().into_iter().collect()
    }
}

/// Targets on the network, the preferred one first, and what is offered to each. There are none for as long as a user's
/// function has not said them: nothing is dialed before that.
pub struct Route {
    targets: Vec<Target>,
    settings: Arc<RouteSettings>,
}

/// What holds for each target of a route: it is shared by all routes that differ in their URLs alone.
pub struct RouteSettings {
    pub options: Arc<CheckedOptions>,
    pub deflate: Option<deflate::DeflateOptions>,
    pub max_payload: usize,
    pub longest: Longest,
}

impl Route {
    /// Checks the URLs.
    pub fn new(urls: &[String], settings: Arc<RouteSettings>) -> Result<Route, BadOption> {
        let target = |url: &String| Target::new(url.clone(), settings.options.clone());
        Ok(Route {
            targets: urls.iter().map(target).collect::<Result<_, _>>()?,
            settings,
        })
    }

    /// Whether it is the route to these URLs.
    pub fn leads(&self, urls: &[String], settings: &Arc<RouteSettings>) -> bool {
        Arc::ptr_eq(&self.settings, settings) && self.targets.iter().map(Target::given).eq(urls)
    }
}

impl Dial for Route {
    fn host_port(&self) -> Option<String> {
        Some(self.targets.first()?.host_port())
    }

    fn host_ports(&self) -> Vec<String> {
        self.targets.iter().map(Target::host_port).collect()
    }

    fn dial(
        self: Arc<Self>,
        url_index: usize,
        limit: Option<Duration>,
        outside: Arc<dyn Outside>,
    ) -> DialFuture {
        Box::pin(async move {
            // A list that has become shorter since the policy chose still has its first.
            let target = self.targets.get(url_index).or(self.targets.first());
            let target = target.ok_or_else(Failure::default)?;
            let reached = target
                .reach(limit, &outside)
                .await
                .map_err(|error| error.into_failure())?;
            let settings = &self.settings;
            let deflate = deflate::accept(settings.deflate.as_ref(), reached.extensions.as_deref())
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
                max_payload: settings.max_payload,
                longest: settings.longest,
            })
        })
    }
}
