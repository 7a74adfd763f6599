//! What JavaScript calls, on its one thread. A client and a circuit are known to it by their address.
//!
//! JavaScript keeps these rules, on which the safety of all below rests: it hands in what [`create`] or [`circuit`] gave and
//! nothing after [`release`] took it, and no call is made within another, as nothing here calls JavaScript.

use std::cell::UnsafeCell;

use super::{Client, Exchange, Shared};

#[cfg(target_arch = "wasm32")]
#[global_allocator]
static MEMORY: super::memory::Allocator = super::memory::Allocator::new();

/// What crosses, in one place.
struct Place(UnsafeCell<Exchange>);

// SAFETY: JavaScript's WebAssembly has one thread.
unsafe impl Sync for Place {}

static EXCHANGE: Place = Place(UnsafeCell::new(Exchange::new()));

fn exchange<'a>() -> &'a mut Exchange {
    // SAFETY: the rules of the module, by which no two calls are under way.
    unsafe { &mut *EXCHANGE.0.get() }
}

/// Where the numbers lie. They stay there.
#[unsafe(no_mangle)]
extern "C" fn numbers() -> *mut f64 {
    exchange().numbers.as_mut_ptr()
}

/// Makes room for a text of so many bytes: where it is to be written to.
#[unsafe(no_mangle)]
extern "C" fn room(length: usize) -> *mut u8 {
    let text = &mut exchange().text;
    text.clear();
    text.resize(length, 0);
    text.as_mut_ptr()
}

/// Where the text lies.
#[unsafe(no_mangle)]
extern "C" fn text() -> *const u8 {
    exchange().text.as_ptr()
}

#[unsafe(no_mangle)]
extern "C" fn length() -> usize {
    exchange().text.len()
}

#[unsafe(no_mangle)]
extern "C" fn create(seed: u32) -> *mut Client {
    Box::into_raw(Box::new(Client::new(seed, exchange())))
}

#[unsafe(no_mangle)]
extern "C" fn release(client: *mut Client) {
    // SAFETY: the rules of the module.
    drop(unsafe { Box::from_raw(client) });
}

#[unsafe(no_mangle)]
extern "C" fn circuit() -> *mut Shared {
    Box::into_raw(Box::new(Shared::new()))
}

fn of<'a>(client: *mut Client) -> &'a mut Client {
    // SAFETY: the rules of the module.
    unsafe { &mut *client }
}

#[unsafe(no_mangle)]
extern "C" fn configure(client: *mut Client, now: f64) {
    of(client).configure(exchange(), now);
}

#[unsafe(no_mangle)]
extern "C" fn connect(client: *mut Client, now: f64) -> u32 {
    of(client).connect(now)
}

#[unsafe(no_mangle)]
extern "C" fn reconnect(client: *mut Client, code: u32, now: f64) -> u32 {
    of(client).reconnect(code, exchange(), now)
}

#[unsafe(no_mangle)]
extern "C" fn tell(client: *mut Client, input: u32, a: f64, b: f64, now: f64) {
    of(client).tell(input, a, b, exchange(), now);
}

#[unsafe(no_mangle)]
extern "C" fn next(client: *mut Client) -> u32 {
    of(client).next(exchange())
}

#[unsafe(no_mangle)]
extern "C" fn deadline(client: *mut Client) -> f64 {
    of(client).deadline()
}

#[unsafe(no_mangle)]
extern "C" fn delay(client: *mut Client, attempt: f64) -> f64 {
    of(client).delay(attempt)
}

/// Null is a circuit of its own.
#[unsafe(no_mangle)]
extern "C" fn join(client: *mut Client, shared: *const Shared, now: f64) {
    // SAFETY: the rules of the module; circuits are never released.
    of(client).join(unsafe { shared.as_ref() }, now);
}

#[unsafe(no_mangle)]
extern "C" fn behind(client: *mut Client) -> u32 {
    u32::from(of(client).is_behind())
}
