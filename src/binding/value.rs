//! Rust values as JavaScript ones.

use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;

use napi::bindgen_prelude::{Result, ToNapiValue};
use napi::{check_status, sys};

use super::needs::Need;
use super::protocol::{Copied, Data, DeliveryOutcome, Notice};
use super::rows::{self, Make};
use super::{exception, pressure};
use crate::policy::Message;
use crate::sync::{Lock, Rank, lock};

/// Chunks from this size on become an ArrayBuffer without a copy; below, a copy is cheaper.
const NO_COPY: usize = 16 * 1024;

/// Rows under way to JavaScript. They live as long as the handle scope that they are made in.
pub type Rows = rows::Rows<Values>;

/// Makes values in the environment of the call under way.
pub struct Values {
    env: sys::napi_env,
}

impl Values {
    fn make(
        &self,
        create: impl FnOnce(sys::napi_env, *mut sys::napi_value) -> sys::napi_status,
    ) -> Result<sys::napi_value> {
        let mut result = ptr::null_mut();
        let status = create(self.env, &mut result);
        if status != sys::Status::napi_ok {
            // What is left pending would fail the calls behind this one.
            // SAFETY: `env` is that of the call under way.
            unsafe { exception::forget(self.env) };
        }
        check_status!(status)?;
        Ok(result)
    }

    fn object(&self, object: impl ToNapiValue) -> Result<sys::napi_value> {
        // SAFETY: `env` is that of the call under way.
        unsafe {
            let made = ToNapiValue::to_napi_value(self.env, object);
            made.inspect_err(|_| exception::forget(self.env))
        }
    }
}

impl Make for Values {
    type Value = sys::napi_value;

    fn number(&mut self, number: f64) -> Result<sys::napi_value> {
        self.make(|env, result| {
            // A small integer is the cheaper number.
            let whole = number as u32;
            // SAFETY: `env` is that of the call under way, `result` a place for a value.
            unsafe {
                if f64::from(whole) == number {
                    sys::napi_create_uint32(env, whole, result)
                } else {
                    sys::napi_create_double(env, number, result)
                }
            }
        })
    }

    /// ASCII goes as latin-1, which JavaScript's engine copies and need not decode.
    fn text(&mut self, text: &[u8]) -> Result<sys::napi_value> {
        let (bytes, length) = (text.as_ptr().cast(), text.len() as isize);
        self.make(|env, result| {
            // SAFETY: as above; pointer and length are of a live slice.
            unsafe {
                if text.is_ascii() {
                    sys::napi_create_string_latin1(env, bytes, length, result)
                } else {
                    sys::napi_create_string_utf8(env, bytes, length, result)
                }
            }
        })
    }

    fn copy(&mut self, bytes: &[u8]) -> Result<sys::napi_value> {
        pressure::made(self.env, bytes.len());
        let mut data = ptr::null_mut();
        // SAFETY: as above; `data` is told where the new buffer of that length lies.
        self.make(|env, result| unsafe {
            let status = sys::napi_create_arraybuffer(env, bytes.len(), &mut data, result);
            if status == sys::Status::napi_ok && !bytes.is_empty() {
                ptr::copy_nonoverlapping(bytes.as_ptr(), data.cast(), bytes.len());
            }
            status
        })
    }

    fn give(&mut self, mut bytes: Vec<u8>) -> Result<sys::napi_value> {
        if bytes.len() < NO_COPY {
            return self.copy(&bytes);
        }
        pressure::made(self.env, bytes.len());
        let (data, length) = (bytes.as_mut_ptr(), bytes.len());
        let given = Arc::new(Lock::new(Rank::Last, bytes));
        let hint = Arc::into_raw(given.clone());
        let made = self.make(|env, result| {
            #[cfg(all(feature = "faults", not(test)))]
            if super::external_buffers::are_forbidden() {
                return sys::Status::napi_no_external_buffers_allowed;
            }
            // SAFETY: as above; the bytes do not move or go before `free_chunk`, which is called at most once.
            unsafe {
                sys::napi_create_external_arraybuffer(
                    env,
                    data.cast(),
                    length,
                    Some(free_chunk),
                    hint.cast_mut().cast(),
                    result,
                )
            }
        });
        // Not every platform takes memory that is not its own. Whether `free_chunk` is called where it was not taken, nothing
        // says: what is left to it then is empty.
        made.or_else(|_| {
            let bytes = std::mem::take(&mut *lock(&given));
            self.copy(&bytes)
        })
    }

    fn notice(&mut self, notice: Notice) -> Result<sys::napi_value> {
        self.object(notice)
    }

    fn outcome(&mut self, outcome: DeliveryOutcome) -> Result<sys::napi_value> {
        self.object(outcome)
    }

    fn need(&mut self, need: Need) -> Result<sys::napi_value> {
        match need {
            Need::Addresses(need) => self.object(need),
            Need::Socket(need) => self.object(need),
        }
    }
}

impl Rows {
    pub fn new(env: sys::napi_env) -> Rows {
        Rows::by(Values { env })
    }

    pub fn bool(&mut self, value: bool) -> Result<()> {
        let made = self.maker.make(|env, result| {
            // SAFETY: as above.
            unsafe { sys::napi_get_boolean(env, value, result) }
        })?;
        self.push(made);
        Ok(())
    }
}

impl ToNapiValue for Data {
    unsafe fn to_napi_value(env: sys::napi_env, data: Self) -> Result<sys::napi_value> {
        let mut values = Values { env };
        match data.0 {
            Message::Text(text) => values.text(text.as_bytes()),
            Message::Binary(bytes) => values.give(bytes),
        }
    }
}

impl ToNapiValue for Copied {
    unsafe fn to_napi_value(env: sys::napi_env, Copied(bytes): Self) -> Result<sys::napi_value> {
        Values { env }.copy(&bytes)
    }
}

/// The memory of an ArrayBuffer, or what is left of it, is needed no more.
unsafe extern "C" fn free_chunk(_: sys::napi_env, _: *mut c_void, given: *mut c_void) {
    // SAFETY: `give` has taken this reference apart, and nobody else frees it.
    drop(unsafe { Arc::from_raw(given.cast::<Lock<Vec<u8>>>()) });
}
