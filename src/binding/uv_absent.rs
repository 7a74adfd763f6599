//! Where the event loop cannot watch our sockets.

use std::ffi::c_int;

use napi::Env;

pub fn watch(_: &Env, _: c_int, _: Box<dyn Fn()>) -> bool {
    false
}
