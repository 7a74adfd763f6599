//! Rust values as JavaScript ones. What JavaScript is told comes as flat rows: a value costs one call
//! into the engine of JavaScript, an object several. They reach JavaScript as the arguments of a call,
//! which costs less than filling an array.
//!
//! A row: `client, kind, at`, then by kind (`lib/view.js` reads them in this order). The kinds 2 to 11, 13 and 22 to 27 end with
//! `order`: how many notices of the client have gone to the mailbox, infinite in what a call returns.
//!
//! | kind | then |
//! |---|---|
//! | 0 texts | `count`, and so many strings |
//! | 1 binaries | `count, chunk`, and so many lengths of what lies in the chunk, an ArrayBuffer, end to end |
//! | 2 agreed | `protocol, extensions, url, statusCode, headers` |
//! | 3 state, 4 circuit | `alive, retryCount, circuitFailures, state` |
//! | 5 open | `alive, retryCount, circuitFailures, attempt, downtime`, which is null at the first of a life |
//! | 6 error | `alive, retryCount, circuitFailures, message, code, statusCode, headers, body, thrownFor`: the body a string, an ArrayBuffer or null; the attempt whose function threw |
//! | 7 close | `alive, retryCount, circuitFailures, code, reason, wasClean` |
//! | 8 retry | `alive, retryCount, circuitFailures, attempt, delay, maxRetries` |
//! | 9 proved | `alive, retryCount, circuitFailures` |
//! | 10 ask route | `alive, retryCount, circuitFailures, id, attempt` |
//! | 11 ask retry | `alive, retryCount, circuitFailures, id, attempt, elapsed` |
//! | 12 refused | `code, message`; of the call that returns it, which does nothing besides |
//! | 13 undecided | `alive, retryCount, circuitFailures, limit`, the ms that JavaScript had for an answer |
//! | 20 ping, 21 pong | `payload`, an ArrayBuffer |
//! | 22 pinged | `alive, retryCount, circuitFailures, number, ms`; null for one without a pong |
//! | 23 blocked, 24 wake | `alive, retryCount, circuitFailures, ms` |
//! | 25 network | `alive, retryCount, circuitFailures` |
//! | 26 was answered? | `alive, retryCount, circuitFailures, connection` |
//! | 27 runs? | `alive, retryCount, circuitFailures` |
//! | 30 dropped | `reason, data`: a string, or an ArrayBuffer |
//! | 31 receipt | `receipt, doubt`; without a doubt, null |
//! | 32 drained | |

use std::ffi::c_void;
use std::ptr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use napi::bindgen_prelude::{Result, ToNapiValue};
use napi::{check_status, sys};

use super::messages::Messages;
use super::rows::{self, Make};
use super::{delivery, exception, pressure};
use crate::engine::{Notification, NotificationKind, lock};
use crate::policy::{
    Circuit, CloseCode, DeliveryOutcome, Event, Message, Notice, Question, Refusal, State,
};

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

    fn list(&self, values: &[sys::napi_value]) -> Result<sys::napi_value> {
        let list = self.make(|env, result| {
            // SAFETY: as below.
            unsafe { sys::napi_create_array_with_length(env, values.len(), result) }
        })?;
        for (index, value) in values.iter().enumerate() {
            self.make(|env, _| {
                // SAFETY: list and value were made in the scope of the call under way.
                unsafe { sys::napi_set_element(env, list, index as u32, *value) }
            })?;
        }
        Ok(list)
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
        let given = Arc::new(Mutex::new(bytes));
        let hint = Arc::into_raw(given.clone());
        let made = self.make(|env, result| {
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

    fn text(&mut self, text: &str) -> Result<()> {
        self.utf8(text.as_bytes())
    }

    fn optional(&mut self, text: Option<&str>) -> Result<()> {
        match text {
            Some(text) => self.text(text),
            None => self.null(),
        }
    }

    fn null(&mut self) -> Result<()> {
        // SAFETY: as above.
        let made = self
            .maker
            .make(|env, result| unsafe { sys::napi_get_null(env, result) })?;
        self.push(made);
        Ok(())
    }

    /// Name, value, name, value, …
    fn headers(&mut self, headers: Vec<(String, String)>) -> Result<()> {
        let flat = headers.iter().flat_map(|(name, value)| [name, value]);
        let texts = flat.map(|text| self.maker.text(text.as_bytes()));
        let texts = texts.collect::<Result<Vec<_>>>()?;
        let list = self.maker.list(&texts)?;
        self.push(list);
        Ok(())
    }

    /// A string, or an ArrayBuffer.
    fn data(&mut self, data: Message) -> Result<()> {
        match data {
            Message::Text(text) => self.text(&text),
            Message::Binary(bytes) => self.give(bytes),
        }
    }

    /// Appends the row of a letter.
    pub fn letter(&mut self, letter: Notification) -> Result<()> {
        let Notification {
            from,
            at,
            order,
            kind,
        } = letter;
        match kind {
            NotificationKind::Messages(batch) => {
                let mut messages = Messages::new(self, from.id, at);
                messages.run(batch);
                messages.finish()
            }
            NotificationKind::Agreed {
                protocol,
                extensions,
                url,
                status,
                headers,
            } => self.row(|rows| {
                rows.head(from.id, 2, at)?;
                rows.text(&protocol)?;
                rows.text(&extensions)?;
                rows.text(&url)?;
                rows.number(status.into())?;
                rows.headers(headers)?;
                rows.number(order as f64)
            }),
            NotificationKind::Notice(told) => self.notice(from.id, at, told, order as f64),
            NotificationKind::Delivery(fate) => self.fate(from.id, at, fate),
            NotificationKind::Drain => self.row(|rows| rows.head(from.id, 32, at)),
        }
    }

    /// Appends the row of what became of a message or a receipt.
    pub fn fate(&mut self, client: u32, at: f64, fate: DeliveryOutcome) -> Result<()> {
        self.row(|rows| rows.fate_values(client, at, fate))
    }

    fn fate_values(&mut self, client: u32, at: f64, fate: DeliveryOutcome) -> Result<()> {
        match fate {
            DeliveryOutcome::Dropped { message, reason } => {
                self.head(client, 30, at)?;
                self.number(delivery::reason(reason).into())?;
                self.data(message)
            }
            DeliveryOutcome::Confirmed { receipt } => {
                self.head(client, 31, at)?;
                self.number(receipt as f64)?;
                self.null()
            }
            DeliveryOutcome::Unconfirmed { receipt, reason } => {
                self.head(client, 31, at)?;
                self.number(receipt as f64)?;
                self.number(delivery::doubt(reason).into())
            }
        }
    }

    /// Appends the row of a call that was refused.
    pub fn refusal(&mut self, client: u32, at: f64, refusal: Refusal) -> Result<()> {
        self.row(|rows| {
            rows.head(client, 12, at)?;
            rows.text(match refusal {
                Refusal::ManuallyClosed => "WSR_ERR_CLOSED",
                Refusal::CircuitOpen => "WSR_ERR_CIRCUIT_OPEN",
                Refusal::HalfOpenLimit => "WSR_ERR_HALF_OPEN_LIMIT",
            })?;
            rows.text(&refusal.to_string())
        })
    }

    /// Appends the row of a notice that a call returns.
    pub fn returned(&mut self, client: u32, at: f64, notice: Notice) -> Result<()> {
        self.notice(client, at, notice, f64::INFINITY)
    }

    fn notice(&mut self, client: u32, at: f64, notice: Notice, order: f64) -> Result<()> {
        self.row(|rows| {
            rows.notice_values(client, at, notice)?;
            rows.number(order)
        })
    }

    fn notice_values(&mut self, client: u32, at: f64, notice: Notice) -> Result<()> {
        let Notice {
            event,
            retry_count,
            circuit_failures,
            alive,
        } = notice;
        let kind = match event {
            Event::StateChange(_) => 3,
            Event::CircuitChange(_) => 4,
            Event::Open { .. } => 5,
            Event::Error(_) => 6,
            Event::Close(_) => 7,
            Event::Retry { .. } => 8,
            Event::Proved => 9,
            Event::AskRoute { .. } => 10,
            Event::AskRetry { .. } => 11,
            Event::Undecided { .. } => 13,
            Event::Pinged { .. } => 22,
            Event::Blocked { .. } => 23,
            Event::Wake { .. } => 24,
            Event::Network => 25,
            Event::Asked(Question::WasAnswered { .. }) => 26,
            Event::Asked(Question::EventLoopAlive) => 27,
        };
        self.head(client, kind, at)?;
        self.bool(alive)?;
        self.number(retry_count as f64)?;
        self.number(circuit_failures as f64)?;
        match event {
            Event::StateChange(state) => self.text(state_word(state)),
            Event::CircuitChange(circuit) => self.text(circuit_word(circuit)),
            Event::Open { retries, downtime } => {
                self.number(retries as f64)?;
                match downtime {
                    Some(downtime) => self.number(downtime.as_millis() as f64),
                    None => self.null(),
                }
            }
            Event::Proved => Ok(()),
            Event::AskRoute { attempt, retries } => {
                self.number(attempt as f64)?;
                self.number(retries as f64)
            }
            Event::AskRetry {
                attempt,
                retry,
                elapsed,
            } => {
                self.number(attempt as f64)?;
                self.number(retry as f64)?;
                self.number(elapsed.as_millis() as f64)
            }
            Event::Undecided { limit } => self.number(limit.as_millis() as f64),
            Event::Error(failure) => {
                self.text(&failure.message)?;
                self.optional(failure.code.as_deref())?;
                match failure.status {
                    Some(status) => self.number(status.into())?,
                    None => self.null()?,
                }
                self.headers(failure.headers)?;
                match failure.body {
                    Some(body) => self.data(body)?,
                    None => self.null()?,
                }
                match failure.thrown_for {
                    Some(attempt) => self.number(attempt as f64),
                    None => self.null(),
                }
            }
            Event::Close(ending) => {
                match ending.code {
                    CloseCode::Frame(code) => self.number(code.into())?,
                    CloseCode::MaxRetries => self.text("MAX_RETRIES")?,
                    CloseCode::Stopped => self.text("STOPPED")?,
                    CloseCode::NotTransient => self.text("NOT_TRANSIENT")?,
                    CloseCode::Internal => self.text("INTERNAL")?,
                }
                self.text(&ending.reason)?;
                self.bool(ending.was_clean)
            }
            Event::Retry {
                attempt,
                delay,
                max_retries,
            } => {
                self.number(attempt as f64)?;
                self.number(delay.as_millis() as f64)?;
                self.number(max_retries.map_or(f64::INFINITY, |limit| limit as f64))
            }
            Event::Pinged { number, rtt } => {
                self.number(number as f64)?;
                match rtt {
                    Some(rtt) => self.number(ms(rtt)),
                    None => self.null(),
                }
            }
            Event::Blocked { lasted } => self.number(lasted.as_millis() as f64),
            Event::Wake { slept } => self.number(slept.as_millis() as f64),
            Event::Asked(Question::WasAnswered { attempt }) => self.number(attempt as f64),
            Event::Network | Event::Asked(Question::EventLoopAlive) => Ok(()),
        }
    }
}

impl ToNapiValue for Rows {
    /// As an array, for what a call returns.
    unsafe fn to_napi_value(_: sys::napi_env, rows: Self) -> Result<sys::napi_value> {
        rows.maker.list(rows.values())
    }
}

/// The memory of an ArrayBuffer, or what is left of it, is needed no more.
unsafe extern "C" fn free_chunk(_: sys::napi_env, _: *mut c_void, given: *mut c_void) {
    // SAFETY: `give` has taken this reference apart, and nobody else frees it.
    drop(unsafe { Arc::from_raw(given.cast::<Mutex<Vec<u8>>>()) });
}

/// Milliseconds with their fraction, down to the microsecond.
pub fn ms(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1000.0
}

fn state_word(state: State) -> &'static str {
    match state {
        State::Closed => "CLOSED",
        State::Connecting => "CONNECTING",
        State::Open => "OPEN",
        State::Closing => "CLOSING",
        State::Blocked => "BLOCKED",
        State::Failed => "FAILED",
    }
}

fn circuit_word(circuit: Circuit) -> &'static str {
    match circuit {
        Circuit::Closed => "CLOSED",
        Circuit::Open => "OPEN",
        Circuit::HalfOpen => "HALF-OPEN",
    }
}

/// The circuit that JavaScript names, checked by the facade.
pub fn circuit(word: &str) -> Circuit {
    match word {
        "OPEN" => Circuit::Open,
        "HALF-OPEN" => Circuit::HalfOpen,
        _ => Circuit::Closed,
    }
}
