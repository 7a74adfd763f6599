//! Being called by Node's event loop when our sockets have something to read.
//!
//! On the raw calls of libuv, which Node exports. They are looked up when they are needed, since other
//! runtimes that load addons lack them, or have them only to abort.

use std::ffi::{CStr, c_int, c_uint, c_void};
use std::mem::transmute_copy;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use napi::{Env, sys};

const POLL: c_int = 8;
const READABLE: c_int = 1;

type Handle = *mut c_void;
type PollCallback = unsafe extern "C" fn(Handle, c_int, c_int);
type CloseCallback = unsafe extern "C" fn(Handle);
type HookHandle = *mut c_void;
type Hook = unsafe extern "C" fn(HookHandle, *mut c_void);

struct Symbols {
    handle_size: unsafe extern "C" fn(c_int) -> usize,
    poll_init: unsafe extern "C" fn(*mut c_void, Handle, c_int) -> c_int,
    poll_start: unsafe extern "C" fn(Handle, c_int, PollCallback) -> c_int,
    unref: unsafe extern "C" fn(Handle),
    close: unsafe extern "C" fn(Handle, CloseCallback),
    add_hook: unsafe extern "C" fn(sys::napi_env, Hook, *mut c_void, *mut HookHandle) -> c_uint,
    remove_hook: unsafe extern "C" fn(HookHandle) -> c_uint,
}

impl Symbols {
    fn load() -> Option<Symbols> {
        // SAFETY: the types are those that libuv and Node-API document for these names.
        unsafe {
            Some(Symbols {
                handle_size: symbol(c"uv_handle_size")?,
                poll_init: symbol(c"uv_poll_init")?,
                poll_start: symbol(c"uv_poll_start")?,
                unref: symbol(c"uv_unref")?,
                close: symbol(c"uv_close")?,
                add_hook: symbol(c"napi_add_async_cleanup_hook")?,
                remove_hook: symbol(c"napi_remove_async_cleanup_hook")?,
            })
        }
    }
}

/// # Safety
///
/// `F` is the type of a pointer to the function of that name.
unsafe fn symbol<F>(name: &CStr) -> Option<F> {
    // SAFETY: the name is a C string, and a lookup changes nothing; a pointer to a function has the size
    // of any other.
    unsafe {
        let found = libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr());
        (!found.is_null()).then(|| transmute_copy::<*mut c_void, F>(&found))
    }
}

/// A watched descriptor. It belongs to the event loop until the environment ends.
struct Watched {
    symbols: Symbols,
    /// The memory of libuv's handle.
    handle: Vec<u64>,
    readable: Box<dyn Fn()>,
    hook: HookHandle,
}

/// Calls `readable` on the thread of `env` whenever `fd` can be read, until the environment ends, for
/// so long as `readable` has to keep `fd` open. It does not keep the process alive.
///
/// `false` where the runtime has no such thing.
pub fn watch(env: &Env, fd: c_int, readable: Box<dyn Fn()>) -> bool {
    let Some(symbols) = Symbols::load() else {
        return false;
    };
    let mut event_loop = ptr::null_mut();
    // SAFETY: `env` is that of the call under way.
    let status = unsafe { sys::napi_get_uv_event_loop(env.raw(), &mut event_loop) };
    if status != sys::Status::napi_ok || event_loop.is_null() {
        return false;
    }
    // SAFETY: a pure question.
    let size = unsafe { (symbols.handle_size)(POLL) };
    let watched = Box::into_raw(Box::new(Watched {
        symbols,
        handle: vec![0; size.div_ceil(size_of::<u64>())],
        readable,
        hook: ptr::null_mut(),
    }));
    // SAFETY: `watched` lives until `closed`, or is taken back here before libuv knows of it. The handle's
    // memory has the size that libuv asks for and does not move; the calls are made on the loop's thread.
    unsafe {
        let Watched {
            symbols, handle, ..
        } = &mut *watched;
        let handle = handle.as_mut_ptr().cast::<c_void>();
        if (symbols.poll_init)(event_loop.cast(), handle, fd) != 0 {
            drop(Box::from_raw(watched));
            return false;
        }
        // The first member of every handle is its user's `data`.
        handle.cast::<*mut Watched>().write(watched);
        (symbols.unref)(handle);
        let mut hook = ptr::null_mut();
        let hooked = (symbols.add_hook)(env.raw(), end, watched.cast(), &mut hook);
        let started = hooked == 0 && (symbols.poll_start)(handle, READABLE, readable_now) == 0;
        if !started {
            end(hook, watched.cast());
        }
        started
    }
}

unsafe extern "C" fn readable_now(handle: Handle, _: c_int, _: c_int) {
    // SAFETY: libuv calls with the handle of a live `Watched`, on its thread; `data` is its first member.
    let watched = unsafe { &*handle.cast::<*const Watched>().read() };
    // The panic hook has told of it; a panic must not cross into libuv.
    let _ = catch_unwind(AssertUnwindSafe(|| (watched.readable)()));
}

/// The environment ends, and waits until `closed` has let go of the hook.
unsafe extern "C" fn end(hook: HookHandle, watched: *mut c_void) {
    let watched = watched.cast::<Watched>();
    // SAFETY: Node calls once, on the loop's thread, while `watched` lives.
    unsafe {
        (*watched).hook = hook;
        let handle = (*watched).handle.as_mut_ptr().cast();
        ((*watched).symbols.close)(handle, closed);
    }
}

unsafe extern "C" fn closed(handle: Handle) {
    // SAFETY: libuv calls once, and does not touch the handle afterwards.
    unsafe {
        let watched = Box::from_raw(handle.cast::<*mut Watched>().read());
        if !watched.hook.is_null() {
            let status = (watched.symbols.remove_hook)(watched.hook);
            debug_assert_eq!(status, 0);
        }
    }
}
