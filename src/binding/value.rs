//! Rust values as JavaScript ones. What JavaScript is told comes as flat rows of an array: an array
//! costs one call into the engine of JavaScript for each value, an object several.
//!
//! A row: `client, kind, at`, then by kind (`lib/view.js` reads them in this order):
//!
//! | kind | then |
//! |---|---|
//! | 0 text, 1 binary | `data` |
//! | 2 agreed | `protocol, extensions` |
//! | 3 state, 4 circuit | `alive, retryCount, circuitFailures, state` |
//! | 5 open | `alive, retryCount, circuitFailures` |
//! | 6 error | `alive, retryCount, circuitFailures, message, code, statusCode, headers` |
//! | 7 close | `alive, retryCount, circuitFailures, code, reason, wasClean` |
//! | 8 retry | `alive, retryCount, circuitFailures, attempt, delay, maxRetries` |

use napi::bindgen_prelude::{Buffer, BufferSlice, Env, Null, Result, ToNapiValue};
use napi::{check_status, sys};

use crate::engine::{Content, Letter};
use crate::policy::{Circuit, CloseCode, Event, Notice, State};

/// Binaries from this size on become a Buffer without a copy; below, a copy is cheaper.
const NO_COPY: usize = 16 * 1024;

pub enum Value {
    Number(f64),
    Bool(bool),
    Text(String),
    Word(&'static str),
    Bytes(Vec<u8>),
    List(Vec<Value>),
    Null,
}

impl ToNapiValue for Value {
    unsafe fn to_napi_value(env: sys::napi_env, value: Self) -> Result<sys::napi_value> {
        // SAFETY: each conversion gets the environment that this one was called with.
        unsafe {
            match value {
                Value::Number(number) => f64::to_napi_value(env, number),
                Value::Bool(bool) => bool::to_napi_value(env, bool),
                Value::Text(text) => string(env, &text),
                Value::Word(word) => string(env, word),
                Value::Bytes(bytes) if bytes.len() < NO_COPY => BufferSlice::to_napi_value(
                    env,
                    BufferSlice::copy_from(&Env::from_raw(env), bytes)?,
                ),
                Value::Bytes(bytes) => Buffer::to_napi_value(env, bytes.into()),
                Value::List(list) => Vec::to_napi_value(env, list),
                Value::Null => Null::to_napi_value(env, Null),
            }
        }
    }
}

/// ASCII goes as latin-1, which JavaScript's engine copies and need not decode.
unsafe fn string(env: sys::napi_env, text: &str) -> Result<sys::napi_value> {
    if !text.is_ascii() {
        // SAFETY: the caller's.
        return unsafe { <&str>::to_napi_value(env, text) };
    }
    let mut result = std::ptr::null_mut();
    // SAFETY: pointer and length are of a live str; the result is only read after success.
    check_status!(unsafe {
        sys::napi_create_string_latin1(env, text.as_ptr().cast(), text.len() as isize, &mut result)
    })?;
    Ok(result)
}

fn number(value: u64) -> Value {
    Value::Number(value as f64)
}

fn limit(value: Option<u64>) -> Value {
    Value::Number(value.map_or(f64::INFINITY, |value| value as f64))
}

fn optional(value: Option<String>) -> Value {
    value.map_or(Value::Null, Value::Text)
}

/// Appends the row of a letter.
pub fn letter(rows: &mut Vec<Value>, letter: Letter) {
    let Letter { from, at, content } = letter;
    let head = |kind: u8| {
        [
            number(from.id.into()),
            number(kind.into()),
            Value::Number(at),
        ]
    };
    match content {
        Content::Text(text) => {
            rows.extend(head(0));
            rows.push(Value::Text(text));
        }
        Content::Binary(bytes) => {
            rows.extend(head(1));
            rows.push(Value::Bytes(bytes));
        }
        Content::Agreed {
            protocol,
            extensions,
        } => {
            rows.extend(head(2));
            rows.extend([Value::Text(protocol), Value::Text(extensions)]);
        }
        Content::Notice(told) => notice(rows, from.id, at, told),
    }
}

/// Appends the row of a notice.
pub fn notice(rows: &mut Vec<Value>, client: u32, at: f64, notice: Notice) {
    let Notice {
        event,
        retry_count,
        circuit_failures,
        alive,
    } = notice;
    let kind = match event {
        Event::StateChange(_) => 3,
        Event::CircuitChange(_) => 4,
        Event::Open => 5,
        Event::Error(_) => 6,
        Event::Close(_) => 7,
        Event::Retry { .. } => 8,
    };
    rows.extend([
        number(client.into()),
        Value::Number(kind.into()),
        Value::Number(at),
        Value::Bool(alive),
        number(retry_count),
        number(circuit_failures),
    ]);
    match event {
        Event::StateChange(state) => rows.push(Value::Word(state_word(state))),
        Event::CircuitChange(circuit) => rows.push(Value::Word(circuit_word(circuit))),
        Event::Open => {}
        Event::Error(failure) => {
            let headers = failure
                .headers
                .into_iter()
                .flat_map(|(name, value)| [Value::Text(name), Value::Text(value)]);
            rows.extend([
                Value::Text(failure.message),
                optional(failure.code),
                failure
                    .status
                    .map_or(Value::Null, |status| number(status.into())),
                Value::List(headers.collect()),
            ]);
        }
        Event::Close(ending) => {
            let code = match ending.code {
                CloseCode::Frame(code) => number(code.into()),
                CloseCode::MaxRetries => Value::Word("MAX_RETRIES"),
            };
            rows.extend([
                code,
                Value::Text(ending.reason),
                Value::Bool(ending.was_clean),
            ]);
        }
        Event::Retry {
            attempt,
            delay,
            max_retries,
        } => {
            rows.extend([
                number(attempt),
                Value::Number(delay.as_millis() as f64),
                limit(max_retries),
            ]);
        }
    }
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
