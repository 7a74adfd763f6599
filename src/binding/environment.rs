//! What one JavaScript environment (the main thread, or a worker) shares among its clients.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::rc::Rc;
use std::sync::{Arc, Mutex, OnceLock};

use napi::bindgen_prelude::{Function, JsValue, Result};
use napi::{Env, Error, Status, check_status, sys};
use napi_derive::napi;
use tokio::task::AbortHandle;

use super::exception::{self, Scope};
use super::messages::Messages;
use super::options::Code;
use super::sender::{SendFunction, Sender};
use super::uv;
use super::value::Rows;
use super::wake::Wake;
use crate::engine::{
    Client, Mailbox, Portion, Runtime, Sign, Watch, Ways, drive, epoch_ms, lock, now,
};
use crate::net::Roots;
use crate::wire::Longest;

#[napi]
pub struct Environment {
    pub(super) shared: Arc<Shared>,
    pub(super) sender: Rc<Sender>,
    receive: Callback,
}

pub struct Shared {
    pub mailbox: Arc<Mailbox>,
    pub watch: Option<Arc<Watch>>,
    pub ways: Ways,
    pub longest: Longest,
    pub sign: Arc<Sign>,
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
    guard: Option<AbortHandle>,
}

/// The fast ways that are on.
#[napi(object, object_to_js = false)]
pub struct RawWays {
    pub write: bool,
    pub read: bool,
    pub runs: bool,
}

/// The longest values that this JavaScript can have, in bytes. May be more than any.
#[napi(object, object_to_js = false)]
pub struct RawLongest {
    pub text: f64,
    pub binary: f64,
}

impl From<RawLongest> for Longest {
    fn from(RawLongest { text, binary }: RawLongest) -> Longest {
        // Node-API takes texts of so many bytes.
        const ACROSS: usize = i32::MAX as usize;
        Longest {
            text: (text as usize).min(ACROSS),
            binary: binary as usize,
        }
    }
}

/// What the environment calls.
#[napi(object, object_to_js = false)]
pub struct RawCallbacks<'a> {
    /// There is something to `take`.
    pub on_letters: Function<'a, (), ()>,
    /// Given what `take` takes: whether more is left, then the rows (see `value.rs`).
    pub receive: Function<'a, (), ()>,
    /// Given rows of messages to deliver at once.
    pub deliver: Function<'a, (), ()>,
}

#[napi]
impl Environment {
    #[napi(constructor, catch_unwind)]
    pub fn new(
        env: Env,
        callbacks: RawCallbacks<'_>,
        ways: RawWays,
        longest: RawLongest,
    ) -> Result<Environment> {
        let wake = Arc::new(Wake::new(&env, callbacks.on_letters)?);
        let receive = Callback::new(&env, &callbacks.receive)?;
        let waker = wake.clone();
        let runtime = Runtime::shared().map_err(no_engine)?;
        let watch = if ways.read {
            watch(&env, Callback::new(&env, &callbacks.deliver)?)
        } else {
            None
        };
        let guard = watch.clone().map(|watch| {
            let guard = runtime.handle().spawn(watch.guard());
            guard.abort_handle()
        });
        let shared = Arc::new(Shared {
            mailbox: Arc::new(Mailbox::new(move || waker.call())),
            ways: Ways {
                write: ways.write,
                read: watch.is_some(),
                runs: ways.runs,
            },
            watch,
            longest: longest.into(),
            sign: Arc::default(),
            wake,
            roots: OnceLock::new(),
            no_roots: Arc::new(Roots::from_pem(std::iter::empty::<&str>())),
            engine: Mutex::new(Some(Engine {
                runtime,
                drivers: HashMap::new(),
                guard,
            })),
        });
        // Hooks run last in, first out: this one before Node frees the threadsafe function.
        let going = Arc::downgrade(&shared);
        env.add_env_cleanup_hook(going, |going| {
            if let Some(shared) = going.upgrade() {
                shared.close();
            }
        })?;
        Ok(Environment {
            shared,
            sender: Sender::new(),
            receive,
        })
    }

    /// Calls `receive` with what comes next. Throws where a part of it cannot be made; the rest has been received then.
    #[napi(catch_unwind)]
    pub fn take(&self, env: Env) -> Result<(), Code> {
        self.reclaim();
        let (letters, more) = self.shared.mailbox.take();
        let mut rows = Rows::new(env.raw());
        rows.bool(more).map_err(unmade)?;
        let mut failed = None;
        for letter in letters {
            if let Err(error) = rows.letter(letter) {
                failed.get_or_insert(error);
            }
        }
        check_status!(self.receive.call(rows.values())).map_err(unmade)?;
        failed.map_or(Ok(()), |error| Err(unmade(error)))
    }

    /// The function that sends, see `sender.rs`.
    #[napi(catch_unwind)]
    pub fn sender(&self) -> SendFunction {
        SendFunction(self.sender.clone())
    }

    /// Tells that all that was taken has been delivered.
    #[napi(catch_unwind)]
    pub fn delivered(&self) {
        self.shared.mailbox.delivered();
        self.reclaim();
    }

    /// Whether there is nothing to `take`.
    #[napi(catch_unwind)]
    pub fn is_empty(&self) -> bool {
        self.shared.mailbox.is_empty()
    }

    /// Tells that the event loop runs.
    #[napi(catch_unwind)]
    pub fn runs(&self) {
        self.shared.sign.give();
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

    /// Reads by this thread again what it has been delivered all of.
    fn reclaim(&self) {
        if let Some(watch) = &self.shared.watch {
            watch.reclaim();
        }
    }
}

/// A JavaScript function that is kept. It is given back with its environment.
struct Callback {
    env: sys::napi_env,
    function: sys::napi_ref,
}

impl Callback {
    fn new(env: &Env, function: &Function<'_, (), ()>) -> Result<Callback> {
        let env = env.raw();
        let mut reference = std::ptr::null_mut();
        // SAFETY: `env` and `function` are live in this call.
        check_status!(unsafe {
            sys::napi_create_reference(env, function.raw(), 1, &mut reference)
        })?;
        Ok(Callback {
            env,
            function: reference,
        })
    }

    /// Calls it from within a call of JavaScript, which is to take what it leaves pending.
    fn call(&self, arguments: &[sys::napi_value]) -> sys::napi_status {
        self.with(|env, receiver, function, result| {
            // SAFETY: all are live: `with` and the caller's scope see to it.
            unsafe {
                let (count, values) = (arguments.len(), arguments.as_ptr());
                sys::napi_call_function(env, receiver, function, count, values, result)
            }
        })
    }

    /// Calls it from the event loop, and lets the microtasks run after it. Whether JavaScript can be called again.
    fn make(&self, arguments: &[sys::napi_value]) -> bool {
        let status = self.with(|env, receiver, function, result| {
            // SAFETY: as above; without a context of its own, the call has that of the process.
            unsafe {
                sys::napi_make_callback(
                    env,
                    std::ptr::null_mut(),
                    receiver,
                    function,
                    arguments.len(),
                    arguments.as_ptr(),
                    result,
                )
            }
        });
        // SAFETY: as above.
        unsafe { exception::tell(self.env, status) }
    }

    fn with(
        &self,
        call: impl FnOnce(
            sys::napi_env,
            sys::napi_value,
            sys::napi_value,
            *mut sys::napi_value,
        ) -> sys::napi_status,
    ) -> sys::napi_status {
        let (mut function, mut receiver) = (std::ptr::null_mut(), std::ptr::null_mut());
        let mut result = std::ptr::null_mut();
        // SAFETY: the reference lives as long as its environment, on whose thread this is.
        unsafe {
            let status = sys::napi_get_reference_value(self.env, self.function, &mut function);
            if status != sys::Status::napi_ok {
                return status;
            }
            let status = sys::napi_get_global(self.env, &mut receiver);
            if status != sys::Status::napi_ok {
                return status;
            }
        }
        call(self.env, receiver, function, &mut result)
    }
}

/// Lets the event loop watch what JavaScript reads, where it can.
fn watch(env: &Env, deliver: Callback) -> Option<Arc<Watch>> {
    let watch = Arc::new(Watch::new().ok()?);
    let readable = watch.clone();
    let portion = RefCell::default();
    let watched = uv::watch(
        env,
        watch.raw_fd(),
        Box::new(move || read(&readable, &deliver, &portion)),
    );
    watched.then_some(watch)
}

/// Reads a portion of what is readable, and delivers the messages.
fn read(watch: &Watch, deliver: &Callback, portion: &RefCell<Portion>) {
    // SAFETY: called by the event loop, on the thread of the environment.
    let Some(_scope) = (unsafe { Scope::open(deliver.env) }) else {
        return;
    };
    let mut rows = Rows::new(deliver.env);
    let mut readers = Vec::new();
    let mut failed = None;
    let at = epoch_ms();
    let most = portion.borrow().bytes();
    let mut bytes = 0;
    watch.serve(|client| {
        let mut messages = Messages::new(&mut rows, client.id(), at);
        let read = client.read_here(most, |message| messages.push(message));
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
    for batch in rows.batches() {
        if !deliver.make(batch) {
            break;
        }
    }
    let took = now().saturating_duration_since(began);
    portion.borrow_mut().took(bytes, took);
    if let Some(error) = failed {
        // SAFETY: as above.
        unsafe { exception::raise(deliver.env, unmade(error)) };
    }
    // Also where JavaScript has ended: the engine must not wait for it.
    for client in readers {
        client.delivered_here();
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
        if let Some(watch) = &self.watch {
            watch.forget(id);
        }
    }

    fn close(&self) {
        self.wake.disarm();
        let Some(engine) = lock(&self.engine).take() else {
            return;
        };
        for task in engine.drivers.values().chain(&engine.guard) {
            task.abort();
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.close();
    }
}

/// JavaScript cannot be given a value, for want of memory or by a limit of its engine.
fn unmade(error: Error) -> Error<Code> {
    Error::new(
        Code("WSR_ERR_INTERNAL"),
        format!("What has arrived cannot be told to JavaScript: {error}"),
    )
}

fn no_engine(error: io::Error) -> Error {
    Error::new(
        Status::GenericFailure,
        format!("The engine's thread cannot start: {error}"),
    )
}
