//! JavaScript functions that are kept and called later.

use std::cell::Cell;
use std::ptr;

use napi::bindgen_prelude::{Function, JsValue, Result};
use napi::{Env, check_status, sys};

use super::exception;

/// A function of the facade. It is kept alive while it is held, and can be collected with its copy of the package
/// otherwise.
pub struct Callback {
    env: sys::napi_env,
    function: sys::napi_ref,
    held: Cell<bool>,
}

impl Callback {
    pub fn new(env: &Env, function: &Function<'_, (), ()>) -> Result<Callback> {
        let env = env.raw();
        let mut reference = ptr::null_mut();
        // SAFETY: `env` and `function` are live in this call.
        check_status!(unsafe {
            sys::napi_create_reference(env, function.raw(), 0, &mut reference)
        })?;
        Ok(Callback {
            env,
            function: reference,
            held: Cell::new(false),
        })
    }

    pub fn hold(&self, hold: bool) -> Result<()> {
        if self.held.get() == hold {
            return Ok(());
        }
        let mut count = 0;
        // SAFETY: the reference lives as long as this, on the thread of its environment.
        check_status!(unsafe {
            if hold {
                sys::napi_reference_ref(self.env, self.function, &mut count)
            } else {
                sys::napi_reference_unref(self.env, self.function, &mut count)
            }
        })?;
        self.held.set(hold);
        Ok(())
    }

    /// Calls it from within a call of JavaScript, which is to take what it leaves pending.
    pub fn call(&self, arguments: &[sys::napi_value]) -> sys::napi_status {
        self.with(|env, receiver, function, result| {
            // SAFETY: all are live: `with` and the caller's scope see to it.
            unsafe {
                let (count, values) = (arguments.len(), arguments.as_ptr());
                sys::napi_call_function(env, receiver, function, count, values, result)
            }
        })
    }

    /// Calls it from the event loop, and lets the microtasks run after it. Whether JavaScript can be called again.
    pub fn make(&self, arguments: &[sys::napi_value]) -> bool {
        let status = self.with(|env, receiver, function, result| {
            // SAFETY: as above; without a context of its own, the call has that of the process.
            unsafe {
                sys::napi_make_callback(
                    env,
                    ptr::null_mut(),
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
        let (mut function, mut receiver) = (ptr::null_mut(), ptr::null_mut());
        let mut result = ptr::null_mut();
        // SAFETY: as above.
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
        // Nobody is there to be told once it has been collected.
        if function.is_null() {
            return sys::Status::napi_ok;
        }
        call(self.env, receiver, function, &mut result)
    }
}

impl Drop for Callback {
    fn drop(&mut self) {
        // SAFETY: as above. Where the environment is ending, this is in the finalizer of what owns it, as Node-API allows.
        let status = unsafe { sys::napi_delete_reference(self.env, self.function) };
        debug_assert_eq!(status, sys::Status::napi_ok);
    }
}
