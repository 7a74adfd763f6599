//! Waking a JavaScript thread from the engine's.
//!
//! Written on the raw calls of Node-API, since the life of the handle must be ours: Node frees it
//! when the environment goes, and a call on a freed one aborts the process.

use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::rc::Rc;

use napi::bindgen_prelude::{Result, ToNapiValue};
use napi::{Env, check_status, sys};

use super::exception::{self, Scope};
use super::facades::Facades;
use crate::sync::{Lock, Rank, lock};

/// A threadsafe function that tells a facade of notifications.
pub struct Wake(Lock<Option<Raw>>);

struct Raw(sys::napi_threadsafe_function);

// SAFETY: Node-API documents these handles as callable from any thread; that it is still alive is
// kept by the lock around it.
unsafe impl Send for Raw {}

impl Wake {
    /// It does not keep the process alive until `hold`.
    pub fn new(env: &Env, facades: Rc<Facades>) -> Result<Wake> {
        let mut raw = ptr::null_mut();
        let facades = Rc::into_raw(facades).cast_mut().cast::<c_void>();
        // SAFETY: `env` is live in this call, and `facades` until `forget`.
        unsafe {
            let name = String::to_napi_value(env.raw(), "websocket-reconnect-native".to_owned())?;
            check_status!(sys::napi_create_threadsafe_function(
                env.raw(),
                ptr::null_mut(),
                ptr::null_mut(),
                name,
                0,
                1,
                facades,
                Some(forget),
                facades,
                Some(ring),
                &mut raw,
            ))?;
            check_status!(sys::napi_unref_threadsafe_function(env.raw(), raw))?;
        }
        Ok(Wake(Lock::new(Rank::Last, Some(Raw(raw)))))
    }

    /// Calls `on_notifications` of a facade on its thread, soon. Does nothing once the environment is going.
    pub fn call(&self, home: u32) {
        let mut handle = lock(&self.0);
        let Some(Raw(raw)) = *handle else { return };
        // SAFETY: the handle is alive, since `disarm` takes it under this lock before Node frees it.
        let status = unsafe {
            sys::napi_call_threadsafe_function(
                raw,
                ptr::without_provenance_mut(home as usize),
                sys::ThreadsafeFunctionCallMode::nonblocking,
            )
        };
        if status != sys::Status::napi_ok {
            // It is closing: this answer gives the handle up, and it must not be used again.
            *handle = None;
        }
    }

    /// Whether a pending call keeps the process alive. Only on the environment's own thread.
    pub fn hold(&self, env: &Env, hold: bool) -> Result<()> {
        let handle = lock(&self.0);
        let Some(Raw(raw)) = *handle else {
            return Ok(());
        };
        // SAFETY: alive as above; the caller is on the environment's thread.
        let status = unsafe {
            if hold {
                sys::napi_ref_threadsafe_function(env.raw(), raw)
            } else {
                sys::napi_unref_threadsafe_function(env.raw(), raw)
            }
        };
        check_status!(status)
    }

    /// Never calls again. For an environment that is going: Node itself frees the handle.
    pub fn disarm(&self) {
        *lock(&self.0) = None;
    }
}

unsafe extern "C" fn ring(
    env: sys::napi_env,
    _: sys::napi_value,
    facades: *mut c_void,
    home: *mut c_void,
) {
    // What is still queued when the environment ends comes without one.
    if env.is_null() {
        return;
    }
    // SAFETY: it lives until `forget`, and this is its thread.
    let facades = unsafe { &*facades.cast::<Facades>() };
    // The panic hook has told of it; a panic must not cross into Node.
    let _ = catch_unwind(AssertUnwindSafe(|| {
        let listener = facades.get(home.addr() as u32)?;
        // SAFETY: this is the thread of `env`, which lives.
        unsafe {
            let _scope = Scope::open(env)?;
            exception::tell(env, listener.on_notifications.call(&[]));
        }
        Some(())
    }));
}

/// The environment ends: `ring` is called no more.
unsafe extern "C" fn forget(_: sys::napi_env, facades: *mut c_void, _: *mut c_void) {
    // SAFETY: `new` has taken this reference apart, and nobody else frees it.
    drop(unsafe { Rc::from_raw(facades.cast::<Facades>()) });
}
