//! What one JavaScript environment (the main thread, or a worker) shares among its clients.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, OnceLock};

use napi::bindgen_prelude::{Function, Result};
use napi::{Env, Error, Status};
use napi_derive::napi;
use tokio::task::AbortHandle;

use super::value::{self, Value};
use super::wake::Wake;
use crate::engine::{Client, Mailbox, Runtime, drive, lock};
use crate::net::Roots;

#[napi]
pub struct Environment {
    pub(super) shared: Arc<Shared>,
}

pub struct Shared {
    pub mailbox: Arc<Mailbox>,
    wake: Arc<Wake>,
    /// What Node trusts, from the first client that needs it.
    roots: OnceLock<Arc<Roots>>,
    /// For all clients before that.
    no_roots: Arc<Roots>,
    /// None once the environment is going.
    engine: Mutex<Option<Engine>>,
}

struct Engine {
    runtime: Arc<Runtime>,
    drivers: HashMap<u32, AbortHandle>,
}

#[napi]
impl Environment {
    /// `on_letters` is called whenever there is something to `take`.
    #[napi(constructor, catch_unwind)]
    pub fn new(env: Env, on_letters: Function<'_, (), ()>) -> Result<Environment> {
        let wake = Arc::new(Wake::new(&env, on_letters)?);
        let waker = wake.clone();
        let runtime = Runtime::shared().map_err(no_engine)?;
        let shared = Arc::new(Shared {
            mailbox: Arc::new(Mailbox::new(move || waker.call())),
            wake,
            roots: OnceLock::new(),
            no_roots: Arc::new(Roots::from_pem(std::iter::empty::<&str>())),
            engine: Mutex::new(Some(Engine {
                runtime,
                drivers: HashMap::new(),
            })),
        });
        // Hooks run last in, first out: this one before Node frees the threadsafe function.
        let going = Arc::downgrade(&shared);
        env.add_env_cleanup_hook(going, |going| {
            if let Some(shared) = going.upgrade() {
                shared.close();
            }
        })?;
        Ok(Environment { shared })
    }

    /// The next rows (see `value.rs`), the first value telling whether more are left.
    #[napi(catch_unwind)]
    pub fn take(&self) -> Vec<Value> {
        let (letters, more) = self.shared.mailbox.take();
        let mut rows = Vec::with_capacity(1 + letters.len() * 4);
        rows.push(Value::Bool(more));
        for letter in letters {
            value::letter(&mut rows, letter);
        }
        rows
    }

    /// Tells that all that was taken has been delivered.
    #[napi(catch_unwind)]
    pub fn delivered(&self) {
        self.shared.mailbox.delivered();
    }

    /// Whether there is nothing to `take`.
    #[napi(catch_unwind)]
    pub fn is_empty(&self) -> bool {
        self.shared.mailbox.is_empty()
    }

    /// Whether the clients of this environment keep the process alive.
    #[napi(catch_unwind)]
    pub fn hold(&self, env: Env, hold: bool) -> Result<()> {
        self.shared.wake.hold(&env, hold)
    }

    /// Certificates (PEM) to trust where a client names none. The first call counts.
    #[napi(catch_unwind)]
    pub fn trust(&self, roots: Vec<String>) {
        self.shared
            .roots
            .get_or_init(|| Arc::new(Roots::from_pem(roots.iter())));
    }
}

impl Shared {
    /// What was handed to `trust`; nothing before that.
    pub fn roots(&self) -> Arc<Roots> {
        self.roots.get().unwrap_or(&self.no_roots).clone()
    }

    /// Starts a client's driver.
    pub fn start(&self, id: u32, client: Arc<Client>) -> Result<()> {
        let mut engine = lock(&self.engine);
        let Some(engine) = &mut *engine else {
            return Err(no_engine(io::Error::other(
                "the JavaScript environment is going",
            )));
        };
        let driver = engine.runtime.handle().spawn(drive(client));
        engine.drivers.insert(id, driver.abort_handle());
        Ok(())
    }

    /// Ends a client's driver, its connection with it.
    pub fn end(&self, id: u32) {
        let mut engine = lock(&self.engine);
        let driver = engine
            .as_mut()
            .and_then(|engine| engine.drivers.remove(&id));
        if let Some(driver) = driver {
            driver.abort();
        }
    }

    fn close(&self) {
        self.wake.disarm();
        let Some(engine) = lock(&self.engine).take() else {
            return;
        };
        for driver in engine.drivers.values() {
            driver.abort();
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.close();
    }
}

fn no_engine(error: io::Error) -> Error {
    Error::new(
        Status::GenericFailure,
        format!("The engine's thread cannot start: {error}"),
    )
}
