//! Which connections there are, by what they lead to and how.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use tokio::sync::{Mutex, MutexGuard};
use url::Host;

use super::connection::Connection;
use crate::net::NetError;
use crate::net::client_tls::ClientTls;
use crate::net::connect::Connector;
use crate::net::proxy::Proxy;
use crate::sync::{Lock, Rank, lock};

/// So many origins are remembered at least, whether or not somebody has a connection.
const REMEMBERED: usize = 64;

/// Where connections lead, and how: clients that have it in common share them.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Key {
    pub host: Host,
    pub port: u16,
    pub connector: Connector,
    pub tls: ClientTls,
    pub proxy: Option<Proxy>,
}

/// See the module.
pub struct Pool(Lock<Known>);

struct Known {
    origins: HashMap<Key, Arc<Origin>>,
    /// With so many, those are forgotten that nobody uses.
    most: usize,
}

/// What is known of one of them.
#[derive(Default)]
pub struct Origin {
    /// How often connecting has failed.
    failures: AtomicUsize,
    /// Held by the one who connects; all others wait for that.
    state: Mutex<State>,
}

#[derive(Default)]
pub struct State {
    /// The server takes no WebSockets by HTTP/2.
    pub is_http1: bool,
    connections: Vec<Weak<Connection>>,
    /// How connecting has failed last.
    failure: Option<Arc<NetError>>,
}

impl Default for Pool {
    fn default() -> Pool {
        let known = Known {
            origins: HashMap::new(),
            most: REMEMBERED,
        };
        Pool(Lock::new(Rank::Last, known))
    }
}

impl Pool {
    pub(in crate::net) fn origin(&self, key: Key) -> Arc<Origin> {
        let mut known = lock(&self.0);
        if known.origins.len() >= known.most {
            known.origins.retain(|_, origin| origin.is_used());
            known.most = REMEMBERED.max(2 * known.origins.len());
        }
        known.origins.entry(key).or_default().clone()
    }
}

impl Origin {
    /// Whether somebody connects to it, or is connected.
    fn is_used(self: &Arc<Origin>) -> bool {
        let has_connection = |state: MutexGuard<'_, State>| {
            state
                .connections
                .iter()
                .any(|known| known.strong_count() > 0)
        };
        Arc::strong_count(self) > 1 || self.state.try_lock().map_or(true, has_connection)
    }

    /// Waits until nobody connects. Fails as one who has connected meanwhile has failed.
    pub async fn turn(&self) -> Result<MutexGuard<'_, State>, NetError> {
        let failures = self.failures.load(Ordering::Relaxed);
        let state = self.state.lock().await;
        match &state.failure {
            Some(failure) if self.failures.load(Ordering::Relaxed) != failures => {
                Err(NetError::Shared(failure.clone()))
            }
            Some(_) | None => Ok(state),
        }
    }

    /// The server may have been replaced: it is asked for HTTP/2 again.
    pub async fn forget(&self) {
        self.state.lock().await.is_http1 = false;
    }

    /// Connecting has failed for all who wait for it.
    pub fn fail(&self, state: &mut State, error: NetError) -> NetError {
        let error = Arc::new(error);
        self.failures.fetch_add(1, Ordering::Relaxed);
        state.failure = Some(error.clone());
        NetError::Shared(error)
    }
}

impl State {
    /// A connection that takes one more stream.
    pub fn connection(&mut self) -> Option<Arc<Connection>> {
        self.connections.retain(|known| known.strong_count() > 0);
        let mut known = self.connections.iter().filter_map(Weak::upgrade);
        known.find(Connection::has_room)
    }

    pub fn add(&mut self, connection: Connection) -> Arc<Connection> {
        let connection = Arc::new(connection);
        self.connections.push(Arc::downgrade(&connection));
        connection
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;
    use crate::net::{Options, Roots};

    fn key(port: u16, servername: Option<&str>) -> Key {
        let options = Options::new("wss://x", Arc::new(Roots::from_pem([""; 0].iter())));
        Key {
            host: Host::Domain("example.com".to_owned()),
            port,
            connector: Connector::parse(&options).unwrap(),
            tls: ClientTls::parse(&options.tls, servername).unwrap(),
            proxy: None,
        }
    }

    #[test]
    fn clients_that_get_there_alike_share_an_origin() {
        let pool = Pool::default();
        let origin = pool.origin(key(443, None));
        assert!(Arc::ptr_eq(&origin, &pool.origin(key(443, None))));
        for other in [key(444, None), key(443, Some("other.example"))] {
            assert!(!Arc::ptr_eq(&origin, &pool.origin(other)));
        }
    }

    #[test]
    fn origins_that_nobody_uses_are_forgotten() {
        let pool = Pool::default();
        let template = key(0, None);
        let at = |port| Key {
            port,
            ..template.clone()
        };
        let used = pool.origin(at(1));
        for port in 2..1000 {
            pool.origin(at(port));
        }
        assert!(lock(&pool.0).origins.len() <= REMEMBERED);
        assert!(Arc::ptr_eq(&used, &pool.origin(at(1))));
    }

    #[tokio::test]
    async fn who_waits_for_one_that_connects_fails_as_that_does() {
        let origin = Arc::new(Origin::default());
        let mut connecting = origin.turn().await.unwrap();
        let waiting = tokio::spawn({
            let origin = origin.clone();
            async move { origin.turn().await.map(drop) }
        });
        tokio::task::yield_now().await;
        origin.fail(&mut connecting, NetError::HungUp);
        drop(connecting);
        let error = waiting.await.unwrap().unwrap_err();
        assert_eq!(error.to_string(), "socket hang up");
        assert_eq!(error.code(), "ECONNRESET");
        // Who comes later tries.
        assert!(origin.turn().await.is_ok());
    }

    #[tokio::test]
    async fn who_gives_up_leaves_connecting_to_the_next() {
        let origin = Arc::new(Origin::default());
        let connecting = origin.turn().await.unwrap();
        let waiting = origin.turn();
        let mut waiting = std::pin::pin!(waiting);
        let short = Duration::from_millis(10);
        assert!(timeout(short, waiting.as_mut()).await.is_err());
        drop(connecting);
        assert!(waiting.await.is_ok());
    }
}
