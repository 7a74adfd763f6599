//! Waking a JavaScript thread from the engine's.
//!
//! Written on the raw calls of Node-API, since the life of the handle must be ours: Node frees it
//! when the environment goes, and a call on a freed one aborts the process.

use std::ptr;
use std::sync::Mutex;

use napi::bindgen_prelude::{Function, JsValue, Result, ToNapiValue};
use napi::{Env, check_status, sys};

use crate::engine::lock;

/// A threadsafe function that calls a JavaScript function without arguments.
pub struct Wake(Mutex<Option<Raw>>);

struct Raw(sys::napi_threadsafe_function);

// SAFETY: Node-API documents these handles as callable from any thread; that it is still alive is
// kept by the lock around it.
unsafe impl Send for Raw {}

impl Wake {
    /// It does not keep the process alive until `hold`.
    pub fn new(env: &Env, callback: Function<'_, (), ()>) -> Result<Wake> {
        let mut raw = ptr::null_mut();
        // SAFETY: `env` and `callback` are live in this call; null callbacks ask for the defaults.
        unsafe {
            let name = String::to_napi_value(env.raw(), "websocket-reconnect-native".to_owned())?;
            check_status!(sys::napi_create_threadsafe_function(
                env.raw(),
                callback.raw(),
                ptr::null_mut(),
                name,
                0,
                1,
                ptr::null_mut(),
                None,
                ptr::null_mut(),
                None,
                &mut raw,
            ))?;
            check_status!(sys::napi_unref_threadsafe_function(env.raw(), raw))?;
        }
        Ok(Wake(Mutex::new(Some(Raw(raw)))))
    }

    /// Calls the function on its thread, soon. Does nothing once the environment is going.
    pub fn call(&self) {
        let mut handle = lock(&self.0);
        let Some(Raw(raw)) = *handle else { return };
        // SAFETY: the handle is alive, since `disarm` takes it under this lock before Node frees it.
        let status = unsafe {
            sys::napi_call_threadsafe_function(
                raw,
                ptr::null_mut(),
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

impl Drop for Wake {
    /// Where the environment lives on, the handle is given back.
    fn drop(&mut self) {
        if let Some(Raw(raw)) = lock(&self.0).take() {
            // SAFETY: alive, and nobody else can hold it any more.
            unsafe {
                sys::napi_release_threadsafe_function(
                    raw,
                    sys::ThreadsafeFunctionReleaseMode::release,
                )
            };
        }
    }
}
