//! Which of the fast paths of both threads there are, and the link flags of a Node-API addon.

use std::env;

fn main() {
    println!("cargo::rustc-check-cfg=cfg(read_set, shared_socket, fuzzing)");
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|values| values == value);
    let has = |feature: &str| env::var_os(feature).is_some();
    let is_unix = env::var_os("CARGO_CFG_UNIX").is_some();
    if is("CARGO_CFG_TARGET_OS", "linux") && !has("CARGO_FEATURE_WITHOUT_READ_SET") {
        println!("cargo::rustc-cfg=read_set");
    }
    if is_unix && !has("CARGO_FEATURE_WITHOUT_SHARED_SOCKET") {
        println!("cargo::rustc-cfg=shared_socket");
    }
    #[cfg(feature = "node")]
    napi_build::setup();
}
