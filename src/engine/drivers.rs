//! The clients of one environment, and the tasks that drive those which need one.

use std::collections::HashMap;
use std::future::pending;
use std::sync::{Arc, Weak};

use tokio::select;
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::sleep_until;

use super::client::Client;
use super::clock;
use super::driver::drive;
use super::panics::lasting;
use super::wake::{Agenda, Due};
use crate::sync::{Lock, Rank, lock};

/// Those of all environments.
static ALL: Lock<Vec<Weak<Drivers>>> = Lock::new(Rank::AllDrivers, Vec::new());

/// Told when a client comes.
static ADDED: Notify = Notify::const_new();

/// See the module.
pub struct Drivers {
    driven: Lock<Driven>,
    agenda: Arc<Agenda>,
}

#[derive(Default)]
struct Driven {
    clients: HashMap<u32, Arc<Client>>,
    /// What drives those of them whose driver does not rest.
    tasks: HashMap<u32, AbortHandle>,
}

impl Drivers {
    pub fn new() -> Arc<Drivers> {
        let drivers = Arc::new(Drivers {
            driven: Lock::new(Rank::Drivers, Driven::default()),
            agenda: Arc::default(),
        });
        let mut all = lock(&ALL);
        all.retain(|drivers| drivers.strong_count() > 0);
        all.push(Arc::downgrade(&drivers));
        drop(all);
        drivers
    }

    /// By which a client gets its driver.
    pub fn agenda(&self) -> &Arc<Agenda> {
        &self.agenda
    }

    /// Drives a client, as soon as it needs that.
    pub fn add(&self, client: Arc<Client>) {
        lock(&self.driven).clients.insert(client.id(), client);
        ADDED.notify_one();
    }

    /// Ends the driver of a client, its connection with it.
    pub fn remove(&self, id: u32) {
        let (client, task) = {
            let mut driven = lock(&self.driven);
            let client = driven.clients.remove(&id);
            if driven.clients.is_empty() {
                driven.clients.shrink_to_fit();
            }
            (client, driven.tasks.remove(&id))
        };
        if let Some(client) = client {
            end(&client, task);
        }
    }

    /// Ends the drivers of all.
    pub fn remove_all(&self) {
        let Driven { clients, mut tasks } = std::mem::take(&mut *lock(&self.driven));
        for (id, client) in clients {
            end(&client, tasks.remove(&id));
        }
    }

    /// Begins the drivers that are needed, on the engine's thread, for as long as that runs.
    pub async fn run(self: Arc<Self>) {
        lasting(|| self.begin_all()).await;
    }

    async fn begin_all(self: &Arc<Self>) {
        loop {
            let Due {
                woken,
                alarmed,
                next,
            } = self.agenda.due(clock::now());
            for id in woken {
                self.begin(id);
            }
            for id in alarmed {
                if let Some(client) = lock(&self.driven).clients.get(&id) {
                    client.wake();
                }
            }
            select! {
                () = self.agenda.changed() => {}
                () = until(next) => {}
            }
        }
    }

    fn begin(self: &Arc<Self>, id: u32) {
        let mut driven = lock(&self.driven);
        if let Some(client) = driven.clients.get(&id).cloned() {
            let driving = Driving {
                drivers: self.clone(),
                client: client.clone(),
            };
            let task = tokio::spawn(async move {
                let _driving = driving;
                drive(client).await;
            });
            driven.tasks.insert(id, task.abort_handle());
        }
    }

    #[cfg(test)]
    pub(super) fn is_driving(&self, id: u32) -> bool {
        lock(&self.driven).tasks.contains_key(&id)
    }

    /// A driver has come to rest. The handle is let go of, since it holds the memory of the task. False where the client
    /// has been removed.
    fn rests(&self, id: u32) -> bool {
        let mut driven = lock(&self.driven);
        driven.tasks.remove(&id);
        if driven.tasks.is_empty() {
            driven.tasks.shrink_to_fit();
        }
        driven.clients.contains_key(&id)
    }
}

/// A driver that has been begun. Whenever its task is dropped, the client leaves where it has been removed.
struct Driving {
    drivers: Arc<Drivers>,
    client: Arc<Client>,
}

impl Drop for Driving {
    fn drop(&mut self) {
        if !self.drivers.rests(self.client.id()) {
            self.client.leave();
        }
    }
}

/// Ends the driving of a client that has been removed.
fn end(client: &Client, task: Option<AbortHandle>) {
    match task {
        // It leaves when its task is dropped, after whatever it is at.
        Some(task) => task.abort(),
        None => client.leave(),
    }
}

/// All clients of the process.
pub(super) fn all_clients() -> Vec<Arc<Client>> {
    let mut all = lock(&ALL);
    all.retain(|drivers| drivers.strong_count() > 0);
    let all: Vec<Arc<Drivers>> = all.iter().filter_map(Weak::upgrade).collect();
    let clients = all.iter().flat_map(|drivers| {
        let clients: Vec<Arc<Client>> = lock(&drivers.driven).clients.values().cloned().collect();
        clients
    });
    clients.collect()
}

/// Whether there is any client in the process.
pub(super) fn is_any_driven() -> bool {
    let all: Vec<Arc<Drivers>> = lock(&ALL).iter().filter_map(Weak::upgrade).collect();
    all.iter()
        .any(|drivers| !lock(&drivers.driven).clients.is_empty())
}

/// Waits until a client has come since the last call.
pub(super) async fn client_added() {
    ADDED.notified().await;
}

async fn until(next: Option<crate::policy::Instant>) {
    match next {
        Some(next) => sleep_until(clock::alarm(next)).await,
        None => pending().await,
    }
}
