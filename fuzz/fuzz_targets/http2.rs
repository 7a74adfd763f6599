//! An HTTP/2 connection: no panic, no memory without bound, and the same whatever the pieces in which the server's bytes come.
//!
//! An input is a byte that says how large the pieces are, and a script (`src/net/http2/script.rs`).

#![no_main]

use libfuzzer_sys::fuzz_target;
use websocket_reconnect_native::net::play_http2;

fuzz_target!(|input: &[u8]| {
    let [piece, script @ ..] = input else {
        return;
    };
    let whole = play_http2(script, usize::MAX);
    assert_eq!(whole, play_http2(script, usize::from(*piece).max(1)));
});
