//! One TLS configuration for each distinct setting in the process.
//!
//! With it go the sessions that servers let a client resume: so retries, other clients and other JavaScript
//! environments with the same setting need no full handshake.

use std::collections::{HashMap, VecDeque};
use std::hash::{Hash, Hasher};
use std::path::Path;
use std::sync::{Arc, Weak};

use ring::digest::{Context, SHA256};
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::client::Resumption;

use super::digest::{Digest, finished};
use super::{BadOption, TlsOptions, TlsVersion};
use crate::sync::{Lock, Rank, lock};

/// So many settings are remembered while no client has them, as between the end of one and the start of the next.
const REMEMBERED: usize = 16;

/// For so many ports a setting keeps sessions.
const PORTS: usize = 64;

static CONFIGS: Lock<Option<Configs>> = Lock::new(Rank::Last, None);

#[derive(Default)]
struct Configs {
    made: HashMap<Digest, Weak<TlsConfig>>,
    /// The latest, each once.
    recent: VecDeque<Arc<TlsConfig>>,
}

/// How to speak TLS with all servers.
pub(super) struct TlsConfig {
    config: ClientConfig,
    /// The same for each port, the latest first. rustls keeps sessions by the names of servers, and one name may have several
    /// servers, each on its port.
    by_port: Lock<VecDeque<(u16, Arc<ClientConfig>)>>,
}

impl TlsConfig {
    pub fn at(&self, port: u16) -> Arc<ClientConfig> {
        let mut by_port = lock(&self.by_port);
        let known = by_port.iter().position(|(other, _)| *other == port);
        let (_, config) = known.and_then(|at| by_port.remove(at)).unwrap_or_else(|| {
            let mut config = self.config.clone();
            config.resumption = Resumption::default();
            (port, Arc::new(config))
        });
        by_port.push_front((port, config.clone()));
        by_port.truncate(PORTS);
        config
    }
}

/// All that a configuration depends on.
#[derive(Hash)]
struct Setting<'a> {
    reject_unauthorized: bool,
    send_name: bool,
    min_version: Option<TlsVersion>,
    max_version: Option<TlsVersion>,
    pins: &'a [String],
    ca: Option<&'a [Vec<u8>]>,
    /// Those that stand where there is no `ca`.
    roots: Option<Digest>,
    cert: &'a [Vec<u8>],
    key: Option<&'a [u8]>,
    pfx: Option<&'a [u8]>,
    passphrase: Option<&'a str>,
    key_log: Option<&'a Path>,
}

/// The configuration for `options`; made anew only where the process has none for the same.
pub(super) fn shared(
    options: &TlsOptions,
    send_name: bool,
    make: impl FnOnce() -> Result<ClientConfig, BadOption>,
) -> Result<Arc<TlsConfig>, BadOption> {
    let setting = Setting {
        reject_unauthorized: options.reject_unauthorized,
        send_name,
        min_version: options.min_version,
        max_version: options.max_version,
        pins: &options.pins,
        ca: options.ca.as_deref(),
        roots: options.ca.is_none().then(|| options.roots.digest()),
        cert: &options.cert,
        key: options.key.as_deref(),
        pfx: options.pfx.as_deref(),
        passphrase: options.passphrase.as_deref(),
        key_log: options.key_log.as_deref(),
    };
    let digest = digest_of(&setting);
    let mut configs = lock(&CONFIGS);
    let configs = configs.get_or_insert_default();
    let config = match configs.made.get(&digest).and_then(Weak::upgrade) {
        Some(config) => config,
        None => {
            let config = Arc::new(TlsConfig {
                config: make()?,
                by_port: Lock::new(Rank::Last, VecDeque::new()),
            });
            configs.made.retain(|_, config| config.strong_count() > 0);
            configs.made.insert(digest, Arc::downgrade(&config));
            config
        }
    };
    configs.recent.retain(|other| !Arc::ptr_eq(other, &config));
    configs.recent.push_front(config.clone());
    configs.recent.truncate(REMEMBERED);
    Ok(config)
}

/// What stands for a setting. Secrets are in it, and cannot be read from it.
fn digest_of(setting: &Setting<'_>) -> Digest {
    let mut bytes = Bytes(Context::new(&SHA256));
    setting.hash(&mut bytes);
    finished(bytes.0)
}

/// A hasher of what is told apart for good.
struct Bytes(Context);

impl Hasher for Bytes {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Nobody asks for the short one.
    fn finish(&self) -> u64 {
        0
    }
}
