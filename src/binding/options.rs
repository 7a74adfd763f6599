//! What the facade hands over when it makes a client.

use std::sync::Arc;
use std::time::Duration;

use napi::bindgen_prelude::Buffer;
use napi_derive::napi;

use super::delivery::RawDelivery;
use super::environment::Shared;
use super::reconnect::{jitter, reconnect};
use crate::engine::Route;
use crate::net::{BadOption, Options, Target, TlsOptions};
use crate::policy::{
    Backoff, Beat, CircuitSettings, FailureRate, HeartbeatReply, HeartbeatSettings,
    LivenessSettings, Settings,
};
use crate::wire::deflate::{self, ClientWindow};

/// What the policy and the heartbeat need.
#[napi(object, object_to_js = false)]
pub struct RawPolicy {
    /// See [`settings`].
    pub settings: Vec<f64>,
    pub liveness: RawLiveness,
    pub heartbeat: String,
    pub delivery: RawDelivery,
}

/// How the client is to find out who is alive. Times are in ms; 0 is off.
#[napi(object, object_to_js = false)]
pub struct RawLiveness {
    /// Heartbeats are ping frames.
    pub pings: bool,
    /// JavaScript says what answers a heartbeat.
    pub judged: bool,
    pub idle_timeout: f64,
    pub max_event_loop_block: f64,
    pub detect_sleep: bool,
}

/// Where and how to connect. The facade has checked the types; what they mean is checked by
/// [`Target::parse`].
#[napi(object, object_to_js = false)]
pub struct RawRoute {
    /// The preferred one first; never none.
    pub urls: Vec<String>,
    pub protocols: Vec<String>,
    /// Name, value, name, value, …; a name may come again.
    pub headers: Vec<String>,
    pub origin: Option<String>,
    pub auth: Option<String>,
    pub handshake_timeout: f64,
    pub max_payload: f64,
    pub follow_redirects: bool,
    pub max_redirects: u32,
    pub deflate: Option<RawDeflate>,
    pub local_address: Option<String>,
    pub family: Option<u32>,
    pub servername: Option<String>,
    pub reject_unauthorized: bool,
    pub ca: Option<Vec<Buffer>>,
    pub cert: Vec<Buffer>,
    pub key: Option<Buffer>,
    pub pfx: Option<Buffer>,
    pub passphrase: Option<String>,
}

/// `perMessageDeflate` as an object, see [`deflate::DeflateOptions`].
#[napi(object, object_to_js = false)]
pub struct RawDeflate {
    pub server_no_context_takeover: bool,
    pub client_no_context_takeover: Option<bool>,
    pub server_max_window_bits: Option<u8>,
    /// Absent: offered without a value; 0: not offered.
    pub client_max_window_bits: Option<u8>,
    pub threshold: f64,
    pub level: Option<u8>,
    pub mem_level: Option<u8>,
}

/// The `code` of a thrown error: one of ours.
pub struct Code(pub &'static str);

impl AsRef<str> for Code {
    fn as_ref(&self) -> &str {
        self.0
    }
}

impl From<napi::Status> for Code {
    fn from(_: napi::Status) -> Code {
        Code("Error")
    }
}

impl From<BadOption> for napi::Error<Code> {
    fn from(bad: BadOption) -> Self {
        let place = if matches!(bad.option, "url" | "protocols" | "headers") {
            ""
        } else {
            "websocketOptions."
        };
        napi::Error::new(Code("WSR_ERR_OPTION"), format!("{place}{}", bad.message))
    }
}

/// The numbers of the facade, checked there, in the order of `SETTINGS` in `lib/options.js`.
/// Times are in ms.
pub fn settings(numbers: &[f64], liveness: &RawLiveness) -> Settings {
    let at = |index: usize| numbers.get(index).copied().unwrap_or_default();
    let count = |index| at(index) as u64;
    Settings {
        max_retries: at(0).is_finite().then(|| count(0)),
        backoff: Backoff {
            base: ms(at(1)),
            cap: ms(at(2)),
            multiplier: at(3),
            jitter: jitter(at(4)),
        },
        heartbeat: HeartbeatSettings {
            interval: limit(at(5)),
            timeout: ms(at(6)),
            beat: if liveness.pings {
                Beat::Ping
            } else {
                Beat::Message
            },
            reply: if liveness.judged {
                HeartbeatReply::Judged
            } else {
                HeartbeatReply::AnyFrame
            },
        },
        liveness: LivenessSettings {
            idle_timeout: limit(liveness.idle_timeout),
            max_block: limit(liveness.max_event_loop_block),
            detect_sleep: liveness.detect_sleep,
        },
        circuit: CircuitSettings {
            failure_threshold: count(7),
            rate: rate(at(11), at(12), count(13)),
            reset_timeout: ms(at(8)),
            half_open_max: count(9),
        },
        close_timeout: ms(at(10)),
        reconnect: reconnect(numbers.get(14..).unwrap_or_default()),
    }
}

/// A window of 0 counts consecutive failures.
fn rate(window: f64, share: f64, minimum: u64) -> Option<FailureRate> {
    Some(FailureRate {
        window: limit(window)?,
        share,
        minimum,
    })
}

/// The one place where JavaScript's milliseconds become a `Duration`. What no `Duration` can hold
/// is forever.
pub(super) fn ms(value: f64) -> Duration {
    Duration::try_from_secs_f64(value / 1000.0).unwrap_or(Duration::MAX)
}

/// 0 is off.
fn limit(value: f64) -> Option<Duration> {
    Some(ms(value)).filter(|limit| !limit.is_zero())
}

/// Parses where and how to connect.
pub fn route(options: RawRoute, shared: &Shared) -> Result<Route, BadOption> {
    let max_payload = options.max_payload as usize;
    let deflate = options.deflate.as_ref().map(RawDeflate::parse);
    let urls = options.urls.clone();
    let common = options.into_net(shared, deflate.as_ref());
    let target = |url| {
        let options = Options {
            url,
            ..common.clone()
        };
        Target::parse(options).map(Arc::new)
    };
    Ok(Route {
        targets: urls.into_iter().map(target).collect::<Result<_, _>>()?,
        deflate,
        max_payload,
        longest: shared.longest,
    })
}

impl RawRoute {
    fn into_net(self, shared: &Shared, deflate: Option<&deflate::DeflateOptions>) -> Options {
        let bytes = |buffer: Buffer| Vec::from(buffer);
        let blobs = |buffers: Vec<Buffer>| buffers.into_iter().map(bytes).collect();
        let mut headers: Vec<(String, Vec<String>)> = Vec::new();
        let mut flat = self.headers.into_iter();
        while let (Some(name), Some(value)) = (flat.next(), flat.next()) {
            match headers
                .iter_mut()
                .find(|(known, _)| known.eq_ignore_ascii_case(&name))
            {
                Some((_, values)) => values.push(value),
                None => headers.push((name, vec![value])),
            }
        }
        Options {
            url: String::new(),
            protocols: self.protocols,
            headers,
            origin: self.origin,
            auth: self.auth,
            handshake_timeout: ms(self.handshake_timeout),
            follow_redirects: self.follow_redirects,
            max_redirects: self.max_redirects,
            local_address: self.local_address,
            family: self.family.map(|family| family as u8),
            servername: self.servername,
            tls: TlsOptions {
                reject_unauthorized: self.reject_unauthorized,
                ca: self.ca.map(blobs),
                cert: blobs(self.cert),
                key: self.key.map(bytes),
                pfx: self.pfx.map(bytes),
                passphrase: self.passphrase,
                roots: shared.roots(),
            },
            extensions: deflate.map(deflate::offer),
        }
    }
}

impl RawDeflate {
    fn parse(&self) -> deflate::DeflateOptions {
        let defaults = deflate::DeflateOptions::default();
        deflate::DeflateOptions {
            server_no_context_takeover: self.server_no_context_takeover,
            client_no_context_takeover: self.client_no_context_takeover,
            server_max_window_bits: self.server_max_window_bits,
            client_max_window_bits: match self.client_max_window_bits {
                None => ClientWindow::Any,
                Some(0) => ClientWindow::NotOffered,
                Some(bits) => ClientWindow::AtMost(bits),
            },
            threshold: self.threshold as usize,
            level: self.level,
            mem_level: self.mem_level.unwrap_or(defaults.mem_level),
        }
    }
}
