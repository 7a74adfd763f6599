//! Tells all clients of the process what happens to the machine: it slept, or has a new way to the network.

use std::future::pending;
use std::time::Duration;

use tokio::select;
use tokio::time::{MissedTickBehavior, interval};

use super::clock;
use super::drivers::{all_clients, client_added, is_any_driven};
use super::network::Network;
use super::panics::caught;
use crate::policy::{Clocks, Input};

/// How often the clocks are compared. A process without clients compares nothing.
const LOOK: Duration = Duration::from_secs(2);

/// Runs on the engine's thread for as long as that does.
pub async fn watch() {
    loop {
        while !is_any_driven() {
            client_added().await;
        }
        watch_while_driven().await;
    }
}

async fn watch_while_driven() {
    // Where the system does not let us listen, nothing is heard.
    let mut network = Network::watch().ok();
    let mut clocks = Clocks::new(clock::epoch(), clock::now());
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The first comes at once.
    looks.tick().await;
    while is_any_driven() {
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
    for client in all_clients() {
        // A panic over one client concerns that alone.
        if let Err(panic) = caught(|| client.tell(input.clone())) {
            client.fail(&panic);
        }
        client.wake();
    }
}
