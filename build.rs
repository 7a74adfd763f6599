//! Link flags of a Node-API addon; nothing where the addon is not built.

fn main() {
    #[cfg(feature = "node")]
    napi_build::setup();
}
