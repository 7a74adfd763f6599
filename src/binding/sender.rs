//! Sending, the one call that is made for each message.
//!
//! On the raw calls of Node-API: what napi-rs keeps account of in a call costs more than the message.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::rc::Rc;
use std::sync::Arc;

use napi::bindgen_prelude::{Result, ToNapiValue};
use napi::{Env, check_status, sys};

use super::convert::status;
use super::protocol::SendFlag;
use crate::engine::{Client, Payload};

/// Texts up to this many bytes are asked for once, longer ones twice: first for their length.
const SCRATCH: usize = 16 * 1024;

/// The clients of an environment, and the function that sends by them.
pub struct Sender {
    clients: RefCell<HashMap<u32, Arc<Client>>>,
    scratch: RefCell<Vec<u8>>,
}

impl Sender {
    pub fn new() -> Rc<Sender> {
        Rc::new(Sender {
            clients: RefCell::default(),
            scratch: RefCell::new(vec![0; SCRATCH]),
        })
    }

    pub fn add(&self, client: Arc<Client>) {
        self.clients.borrow_mut().insert(client.id(), client);
    }

    pub fn remove(&self, id: u32) {
        self.clients.borrow_mut().remove(&id);
    }

    /// `send(id, data, flags)`: see [`Client::send`]. The flags are a sum of [`SendFlag`]; what it led to is told as
    /// [`status`] has it.
    fn send(&self, env: sys::napi_env, arguments: [sys::napi_value; 3]) -> Result<u32> {
        let [id, data, flags] = arguments;
        let (id, flags) = (number(env, id)?, number(env, flags)?);
        let Some(client) = self.clients.borrow().get(&id).cloned() else {
            return Ok(0);
        };
        let has = |flag: SendFlag| flags & flag as u32 != 0;
        let send = |payload: Payload<'_>| status(client.send(payload, has(SendFlag::SeenOpen)));
        if has(SendFlag::Binary) {
            return Ok(send(Payload::Binary(bytes(env, data)?)));
        }
        let mut scratch = self.scratch.borrow_mut();
        let mut length = text(env, data, Some(&mut scratch))?;
        // Node-API ends the text with a 0 and never cuts a character: this may be all, or not.
        if length + 4 < SCRATCH {
            return Ok(send_text(&scratch[..length], send));
        }
        let mut long = vec![0; text(env, data, None)? + 1];
        length = text(env, data, Some(&mut long))?;
        Ok(send_text(&long[..length], send))
    }
}

/// A lone surrogate is sent as U+FFFD, as WHATWG does; Node-API may leave it to us.
fn send_text(bytes: &[u8], send: impl Fn(Payload<'_>) -> u32) -> u32 {
    match simdutf8::basic::from_utf8(bytes) {
        Ok(text) => send(Payload::Text(text)),
        Err(_) => send(Payload::Text(&String::from_utf8_lossy(bytes))),
    }
}

fn number(env: sys::napi_env, value: sys::napi_value) -> Result<u32> {
    let mut number = 0;
    // SAFETY: `env` and `value` are of the call under way.
    check_status!(unsafe { sys::napi_get_value_uint32(env, value, &mut number) })?;
    Ok(number)
}

fn uint32(env: sys::napi_env, number: u32) -> Result<sys::napi_value> {
    let mut value = ptr::null_mut();
    // SAFETY: as above.
    check_status!(unsafe { sys::napi_create_uint32(env, number, &mut value) })?;
    Ok(value)
}

/// The bytes of a Uint8Array, which JavaScript does not touch during the call.
fn bytes<'a>(env: sys::napi_env, value: sys::napi_value) -> Result<&'a [u8]> {
    let (mut data, mut length) = (ptr::null_mut(), 0);
    // SAFETY: as above.
    check_status!(unsafe { sys::napi_get_buffer_info(env, value, &mut data, &mut length) })?;
    if length == 0 {
        return Ok(&[]);
    }
    // SAFETY: Node-API says so; the caller uses it within the call alone.
    Ok(unsafe { std::slice::from_raw_parts(data.cast(), length) })
}

/// Writes a string into `buffer` as UTF-8 and tells how many bytes that were; without one, how many
/// it has.
fn text(env: sys::napi_env, value: sys::napi_value, buffer: Option<&mut Vec<u8>>) -> Result<usize> {
    let (data, size) = match buffer {
        Some(buffer) => (buffer.as_mut_ptr().cast(), buffer.len()),
        None => (ptr::null_mut(), 0),
    };
    let mut length = 0;
    // SAFETY: as above; the buffer is live and has the size that is told.
    check_status!(unsafe { sys::napi_get_value_string_utf8(env, value, data, size, &mut length) })?;
    Ok(length)
}

/// The JavaScript function of a `Sender`.
pub struct SendFunction(pub Rc<Sender>);

impl ToNapiValue for SendFunction {
    unsafe fn to_napi_value(env: sys::napi_env, function: Self) -> Result<sys::napi_value> {
        let sender = Rc::into_raw(function.0).cast_mut().cast::<c_void>();
        let mut value = ptr::null_mut();
        // SAFETY: the function holds the sender until it is collected, which calls `release`.
        unsafe {
            let name = c"send";
            let length = name.count_bytes() as isize;
            check_status!(sys::napi_create_function(
                env,
                name.as_ptr(),
                length,
                Some(call),
                sender,
                &mut value,
            ))?;
            check_status!(sys::napi_add_finalizer(
                env,
                value,
                sender,
                Some(release),
                ptr::null_mut(),
                ptr::null_mut(),
            ))?;
        }
        Ok(value)
    }
}

unsafe extern "C" fn release(_: sys::napi_env, sender: *mut c_void, _: *mut c_void) {
    // SAFETY: taken apart in `to_napi_value`.
    drop(unsafe { Rc::from_raw(sender.cast::<Sender>()) });
}

unsafe extern "C" fn call(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    let mut arguments = [ptr::null_mut(); 3];
    let (mut count, mut sender) = (arguments.len(), ptr::null_mut());
    let this = ptr::null_mut();
    // SAFETY: Node-API calls with a live `info`.
    let status = unsafe {
        sys::napi_get_cb_info(
            env,
            info,
            &mut count,
            arguments.as_mut_ptr(),
            this,
            &mut sender,
        )
    };
    let sent = catch_unwind(AssertUnwindSafe(|| {
        check_status!(status)?;
        // SAFETY: the data is that of `to_napi_value`.
        let sender = unsafe { &*sender.cast::<Sender>() };
        match sender.send(env, arguments)? {
            0 => Ok(ptr::null_mut()),
            status => uint32(env, status),
        }
    }));
    let trouble = match sent {
        Ok(Ok(value)) => return value,
        Ok(Err(error)) => error.to_string(),
        Err(_) => "The engine panicked while sending".to_owned(),
    };
    // One that cannot be thrown is pending already, or the environment is ending.
    let _ = Env::from_raw(env).throw_error(&trouble, None);
    ptr::null_mut()
}
