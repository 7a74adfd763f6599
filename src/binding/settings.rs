//! What many clients have alike. It crosses once, and each of them is made with it.

use std::sync::Arc;

use napi::bindgen_prelude::Result;
use napi_derive::napi;

use super::code::Code;
use super::convert;
use super::environment::Environment;
use super::protocol::{PolicySettings, RouteOptions, TlsSurroundings};
use crate::engine;
use crate::policy;

/// The policy's settings, as the engine takes them.
#[napi]
pub struct Settings(pub(super) Arc<policy::Settings>);

#[napi]
impl Settings {
    #[napi(constructor, catch_unwind)]
    pub fn new(given: PolicySettings) -> Settings {
        Settings(Arc::new(given.into()))
    }
}

/// How to connect, whatever the URL, as the engine takes it.
#[napi]
pub struct RouteSettings(pub(super) Arc<engine::RouteSettings>);

#[napi]
impl RouteSettings {
    /// Trusts the certificates that the environment trusts by then. Throws where an option is bad.
    #[napi(constructor, catch_unwind)]
    pub fn new(
        environment: &Environment,
        given: RouteOptions,
        tls: TlsSurroundings,
    ) -> Result<RouteSettings, Code> {
        let shared = &environment.shared;
        let roots = shared.roots(given.trust);
        let connections = &shared.connections;
        let settings = convert::route_settings(given, tls, roots, connections, shared.longest)?;
        Ok(RouteSettings(Arc::new(settings)))
    }
}
