//! Tells all clients of the process what happens to the machine: it slept, or has a new way to the network.

use std::collections::HashMap;
use std::future::pending;
use std::sync::{Arc, LazyLock, Weak};
use std::time::Duration;

use tokio::select;
use tokio::sync::Notify;
use tokio::time::{MissedTickBehavior, interval};

use super::client::Client;
use super::clock;
use super::network::Network;
use super::panics::caught;
use crate::policy::{Clocks, Input};
use crate::sync::{Lock, Rank, lock};

/// How often the clocks are compared. A process without clients compares nothing.
const LOOK: Duration = Duration::from_secs(2);

/// All clients that are driven, by their address.
static CLIENTS: LazyLock<Lock<HashMap<usize, Weak<Client>>>> =
    LazyLock::new(|| Lock::new(Rank::Last, HashMap::new()));

/// Told when the first client comes.
static REGISTERED: Notify = Notify::const_new();

/// Has a client told what happens to the machine, until this is dropped.
pub struct Registration(usize);

impl Registration {
    pub fn new(client: &Arc<Client>) -> Registration {
        let address = Arc::as_ptr(client) as usize;
        lock(&CLIENTS).insert(address, Arc::downgrade(client));
        REGISTERED.notify_one();
        Registration(address)
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let mut clients = lock(&CLIENTS);
        clients.remove(&self.0);
        clients.shrink_to_fit();
    }
}

/// Runs on the engine's thread for as long as that does.
pub async fn watch() {
    loop {
        while lock(&CLIENTS).is_empty() {
            REGISTERED.notified().await;
        }
        watch_while_registered().await;
    }
}

async fn watch_while_registered() {
    // Where the system does not let us listen, nothing is heard.
    let mut network = Network::watch().ok();
    let mut clocks = Clocks::new(clock::epoch(), clock::now());
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The first comes at once.
    looks.tick().await;
    while !lock(&CLIENTS).is_empty() {
        select! {
            _ = looks.tick() => {
                if let Some(slept) = clocks.slept(clock::epoch(), clock::now(), LOOK) {
                    tell_all(&Input::Woke { slept });
                }
            }
            () = changed(&mut network) => tell_all(&Input::NetworkChanged),
        }
    }
}

async fn changed(network: &mut Option<Network>) {
    match network {
        Some(network) => network.changed().await,
        None => pending().await,
    }
}

fn tell_all(input: &Input) {
    let clients: Vec<Arc<Client>> = lock(&CLIENTS).values().filter_map(Weak::upgrade).collect();
    for client in clients {
        // A panic over one client concerns that alone.
        if let Err(panic) = caught(|| client.tell(input.clone())) {
            client.fail(&panic);
        }
        client.wake.notify_one();
    }
}
