//! Exceptions where no JavaScript is on the stack to catch them: in what the event loop calls.
//!
//! Node-API keeps an exception pending until somebody takes it. In a call of JavaScript that is the caller. Left pending
//! by a callback of the event loop, it would come up in the next call that has nothing to do with it, and abort the process
//! where the environment ends before that.

use std::ptr;

use napi::{Error, JsError, sys};

use super::code::Code;

/// A handle scope for what is called by the event loop; JavaScript's calls have one.
pub struct Scope {
    env: sys::napi_env,
    scope: sys::napi_handle_scope,
}

impl Scope {
    /// None where the environment makes no values any more.
    ///
    /// # Safety
    ///
    /// `env` lives, and this is its thread.
    pub unsafe fn open(env: sys::napi_env) -> Option<Scope> {
        let mut scope = ptr::null_mut();
        // SAFETY: as the caller says.
        let status = unsafe { sys::napi_open_handle_scope(env, &mut scope) };
        (status == sys::Status::napi_ok).then_some(Scope { env, scope })
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        // SAFETY: it was opened on this thread, and is the innermost: nothing keeps one for longer than a call.
        let status = unsafe { sys::napi_close_handle_scope(self.env, self.scope) };
        debug_assert_eq!(status, sys::Status::napi_ok);
    }
}

/// Tells what a call into JavaScript has left pending as `uncaughtException`. Whether JavaScript can be called again: where
/// its environment is ending, it cannot.
///
/// # Safety
///
/// As for [`Scope::open`], and within a scope.
pub unsafe fn tell(env: sys::napi_env, status: sys::napi_status) -> bool {
    if status == sys::Status::napi_ok {
        return true;
    }
    // SAFETY: as the caller says.
    unsafe { take(env).is_some_and(|exception| uncaught(env, exception)) }
}

/// Tells an error of our own as `uncaughtException`.
///
/// # Safety
///
/// As for [`tell`].
pub unsafe fn raise(env: sys::napi_env, error: Error<Code>) {
    // SAFETY: as the caller says.
    unsafe {
        let error = JsError::from(error).into_value(env);
        if !error.is_null() {
            uncaught(env, error);
        }
    }
}

/// Lets go of an exception that is pending: what failed by it has been dealt with.
///
/// # Safety
///
/// As for [`tell`].
pub unsafe fn forget(env: sys::napi_env) {
    // SAFETY: as the caller says.
    unsafe { take(env) };
}

unsafe fn uncaught(env: sys::napi_env, exception: sys::napi_value) -> bool {
    // SAFETY: as the callers say.
    unsafe {
        let status = sys::napi_fatal_exception(env, exception);
        // A handler of `uncaughtException` may end its worker, which leaves an exception of its own.
        forget(env);
        status == sys::Status::napi_ok
    }
}

unsafe fn take(env: sys::napi_env) -> Option<sys::napi_value> {
    let mut pending = false;
    let mut exception = ptr::null_mut();
    // SAFETY: as the callers say.
    unsafe {
        let asked = sys::napi_is_exception_pending(env, &mut pending);
        if asked != sys::Status::napi_ok || !pending {
            return None;
        }
        let taken = sys::napi_get_and_clear_last_exception(env, &mut exception);
        (taken == sys::Status::napi_ok).then_some(exception)
    }
}
