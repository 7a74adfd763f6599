//! JavaScript strings as UTF-8.

use std::cell::RefCell;
use std::ptr;

use napi::bindgen_prelude::{JsValue, Result, Unknown};
use napi::{Env, check_status, sys};

/// Texts up to this many bytes are asked for once, longer ones twice: first for their length.
const SCRATCH: usize = 16 * 1024;

thread_local! {
    static TEXT: RefCell<Vec<u8>> = RefCell::new(vec![0; SCRATCH]);
}

/// Lends the text of a JavaScript string. A lone surrogate is read as U+FFFD, as WHATWG does.
pub fn with_text<R>(env: &Env, value: &Unknown<'_>, take: impl FnOnce(&str) -> R) -> Result<R> {
    TEXT.with_borrow_mut(|scratch| {
        let mut length = read(env, value, scratch)?;
        // Node-API ends the text with a 0 and never cuts a character: this may be all, or not.
        if length + 4 >= scratch.len() {
            let mut whole = 0;
            // SAFETY: without a place to write to, the length is told.
            check_status!(unsafe {
                sys::napi_get_value_string_utf8(
                    env.raw(),
                    value.raw(),
                    ptr::null_mut(),
                    0,
                    &mut whole,
                )
            })?;
            let mut long = vec![0; whole + 1];
            length = read(env, value, &mut long)?;
            return Ok(take(&String::from_utf8_lossy(&long[..length])));
        }
        Ok(match simdutf8::basic::from_utf8(&scratch[..length]) {
            Ok(text) => take(text),
            Err(_) => take(&String::from_utf8_lossy(&scratch[..length])),
        })
    })
}

fn read(env: &Env, value: &Unknown<'_>, buffer: &mut [u8]) -> Result<usize> {
    let mut length = 0;
    // SAFETY: the buffer is live and has the length that is told.
    check_status!(unsafe {
        sys::napi_get_value_string_utf8(
            env.raw(),
            value.raw(),
            buffer.as_mut_ptr().cast(),
            buffer.len(),
            &mut length,
        )
    })?;
    Ok(length)
}
