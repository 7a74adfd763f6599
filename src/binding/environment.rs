//! What one JavaScript environment (the main thread, or a worker) has once, however often the package is loaded into it.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::sync::{Arc, OnceLock};

use napi::bindgen_prelude::Result;
use napi::{Env, Error, sys};
use napi_derive::napi;
use tokio::task::AbortHandle;

use super::code::Code;
use super::exception::{self, Scope};
use super::facades::{Facades, Listener, unmade};
use super::interned::Interned;
use super::messages::Messages;
use super::protocol::{DeliveryOptions, FastPathOptions, LongestValues, TrustStore};
use super::uv;
use super::value::Rows;
use super::wake::Wake;
use crate::engine::{
    Client, Drivers, EventLoopWatchdog, FastPaths, JsReadSet, Route, RouteSettings, Runtime,
    epoch_ms, now,
};
use crate::net::{Pool, Roots, code_of};
use crate::policy::{DeliverySettings, Portion};
use crate::sync::{Lock, Rank, lock};
use crate::wire::Longest;

/// It lives until its JavaScript environment ends: a copy of the package that is loaded later finds it again.
#[napi]
pub struct Environment {
    pub(super) shared: Arc<Shared>,
    pub(super) facades: Rc<Facades>,
}

pub struct Shared {
    pub read_set: Option<Arc<JsReadSet<Client>>>,
    pub fast_paths: FastPaths,
    pub longest: Longest,
    pub watchdog: Arc<EventLoopWatchdog>,
    pub wake: Arc<Wake>,
    routes: Interned<Route>,
    heartbeats: Interned<String>,
    deliveries: Interned<DeliverySettings>,
    /// What Node trusts, from the first client that needs it, and what the system does.
    roots: OnceLock<Arc<Roots>>,
    system_roots: OnceLock<Arc<Roots>>,
    /// For all clients before that.
    no_roots: Arc<Roots>,
    /// The HTTP/2 connections that its clients share.
    pub connections: Arc<Pool>,
    pub drivers: Arc<Drivers>,
    /// None once the environment is going.
    engine: Lock<Option<Engine>>,
}

struct Engine {
    /// Held for as long as the environment is there.
    _runtime: Arc<Runtime>,
    /// What begins drivers, and what guards the reading by JavaScript.
    tasks: Vec<AbortHandle>,
}

#[napi]
impl Environment {
    #[napi(constructor, catch_unwind)]
    pub fn new(
        env: Env,
        fast_paths: FastPathOptions,
        longest: LongestValues,
    ) -> Result<Environment, Code> {
        let runtime = Runtime::shared().map_err(|error| no_engine(&error))?;
        Environment::with(runtime, &env, &fast_paths, longest)
            .map_err(|error| Error::new(Code("Error"), error.reason))
    }

    /// Tells that the event loop runs.
    #[napi(catch_unwind)]
    pub fn runs(&self) {
        self.shared.watchdog.note_alive();
    }

    /// Certificates (PEM) to trust where a client names none. The first call counts, for each store.
    #[napi(catch_unwind)]
    pub fn trust(&self, store: TrustStore, roots: Vec<String>) {
        let known = self.shared.roots_of(store);
        known.get_or_init(|| Roots::shared(&roots));
    }

    /// Whether `trust` has been called for that store.
    #[napi(catch_unwind)]
    pub fn trusts(&self, store: TrustStore) -> bool {
        self.shared.roots_of(store).get().is_some()
    }
}

/// Lets the event loop watch what JavaScript reads, where it can.
fn watch(env: &Env, facades: Rc<Facades>) -> Option<Arc<JsReadSet<Client>>> {
    let read_set = Arc::new(JsReadSet::new().ok()?);
    let readable = read_set.clone();
    let portion = RefCell::default();
    let raw = env.raw();
    let watched = uv::watch(
        env,
        read_set.raw_fd(),
        Box::new(move || read(raw, &readable, &facades, &portion)),
    );
    watched.then_some(read_set)
}

/// What a facade is to be told.
struct Told {
    home: u32,
    listener: Rc<Listener>,
    rows: Rows,
}

/// Reads a portion of what is readable, and delivers the messages.
fn read(
    env: sys::napi_env,
    read_set: &JsReadSet<Client>,
    facades: &Facades,
    portion: &RefCell<Portion>,
) {
    // SAFETY: called by the event loop, on the thread of the environment.
    let Some(_scope) = (unsafe { Scope::open(env) }) else {
        return;
    };
    let mut told: Vec<Told> = Vec::new();
    let mut readers = Vec::new();
    let mut failed = None;
    let at = epoch_ms();
    let most = portion.borrow().bytes();
    let mut bytes = 0;
    read_set.serve(|client| {
        let home = client.home();
        if !matches!(told.last(), Some(last) if last.home == home) {
            let listener = facades.get(home);
            told.extend(listener.map(|listener| Told {
                home,
                listener,
                rows: Rows::new(env),
            }));
        }
        // The clients of a facade that has been collected go with it.
        let Some(Told { rows, .. }) = told.last_mut().filter(|last| last.home == home) else {
            return true;
        };
        let mut messages = Messages::new(rows, client.id(), at);
        let read = client.read_on_js_thread(most, |message| messages.push(message));
        if let Err(error) = messages.finish() {
            failed.get_or_insert(error);
        }
        if let Some(count) = read {
            bytes += count;
            readers.push(client);
        }
        bytes < most
    });
    let began = now();
    'all: for Told { listener, rows, .. } in &told {
        for batch in rows.batches() {
            if !listener.deliver.make(batch) {
                break 'all;
            }
        }
    }
    let took = now().saturating_duration_since(began);
    portion.borrow_mut().took(bytes, took);
    if let Some(error) = failed {
        // SAFETY: as above.
        unsafe { exception::raise(env, unmade(error)) };
    }
    // Also where JavaScript has ended: the engine must not wait for it.
    for client in readers {
        client.delivered_on_js_thread();
    }
}

impl Environment {
    fn with(
        runtime: Arc<Runtime>,
        env: &Env,
        fast_paths: &FastPathOptions,
        longest: LongestValues,
    ) -> Result<Environment> {
        let facades = Rc::<Facades>::default();
        let wake = Arc::new(Wake::new(env, facades.clone())?);
        let read_set = if fast_paths.read {
            watch(env, facades.clone())
        } else {
            None
        };
        let drivers = Drivers::new();
        let mut tasks = vec![runtime.handle().spawn(drivers.clone().run()).abort_handle()];
        if let Some(read_set) = read_set.clone() {
            tasks.push(runtime.handle().spawn(read_set.guard()).abort_handle());
        }
        let shared = Arc::new(Shared {
            fast_paths: FastPaths {
                write: fast_paths.write,
                read: read_set.is_some(),
                batches: fast_paths.runs,
            },
            read_set,
            longest: longest.into(),
            watchdog: Arc::default(),
            wake,
            routes: Interned::default(),
            heartbeats: Interned::default(),
            deliveries: Interned::default(),
            roots: OnceLock::new(),
            system_roots: OnceLock::new(),
            no_roots: Roots::shared(&[]),
            connections: Arc::default(),
            drivers,
            engine: Lock::new(
                Rank::Last,
                Some(Engine {
                    _runtime: runtime,
                    tasks,
                }),
            ),
        });
        // Hooks run last in, first out: this one before Node frees the threadsafe function.
        env.add_env_cleanup_hook(shared.clone(), |shared| shared.close())?;
        Ok(Environment { shared, facades })
    }
}

impl Shared {
    /// What was handed to `trust`; nothing before that.
    pub fn roots(&self, store: TrustStore) -> Arc<Roots> {
        self.roots_of(store).get().unwrap_or(&self.no_roots).clone()
    }

    fn roots_of(&self, store: TrustStore) -> &OnceLock<Arc<Roots>> {
        match store {
            TrustStore::Node => &self.roots,
            TrustStore::System => &self.system_roots,
        }
    }

    /// Where and how to connect, as the engine takes it.
    pub fn route(
        &self,
        settings: &Arc<RouteSettings>,
        urls: &[String],
    ) -> Result<Arc<Route>, Code> {
        Ok(self.routes.get(
            |known| known.leads(urls, settings),
            || Route::new(urls, settings.clone()),
        )?)
    }

    /// The message of a heartbeat.
    pub fn heartbeat(&self, message: String) -> Arc<String> {
        self.heartbeats.of(message)
    }

    /// How messages are kept; as by default where that is not given.
    pub fn delivery(&self, given: Option<DeliveryOptions>) -> Arc<DeliverySettings> {
        self.deliveries
            .of(given.map(DeliverySettings::from).unwrap_or_default())
    }

    /// Has a client driven.
    pub fn start(&self, client: Arc<Client>) -> Result<()> {
        if lock(&self.engine).is_none() {
            return Err(Error::from_reason("The JavaScript environment is going"));
        }
        self.drivers.add(client);
        Ok(())
    }

    /// Ends a client's driver, its connection with it.
    pub fn end(&self, id: u32) {
        self.drivers.remove(id);
        if let Some(read_set) = &self.read_set {
            read_set.detach(id);
        }
    }

    /// Reads by JavaScript's thread again what it has been delivered all of.
    pub fn reclaim(&self) {
        if let Some(read_set) = &self.read_set {
            read_set.reclaim();
        }
    }

    fn close(&self) {
        self.wake.disarm();
        let Some(engine) = lock(&self.engine).take() else {
            return;
        };
        for task in &engine.tasks {
            task.abort();
        }
        self.drivers.remove_all();
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.close();
    }
}

fn no_engine(error: &io::Error) -> Error<Code> {
    let message = format!("The engine's thread cannot start: {error}");
    Error::new(Code(code_of(error)), message)
}
