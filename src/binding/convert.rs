//! What crosses, as policy and engine have it, and back. Milliseconds are here alone.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use napi::bindgen_prelude::{Buffer, Either};

use super::protocol::{
    BufferMarks, CallRefusal, CircuitBreakerSettings, CircuitState, ClientState,
    ConnectRateSettings, Copied, Data, DeflateOptions, DeliveryGuarantee, DeliveryOptions,
    DeliveryOutcome, DropReason, FailoverOrder, GiveUpReason, HeartbeatMode, JitterKind,
    LongestValues, Maker, Notice, OverflowRule, PolicySettings, ProxyOptions, Queued, ReconnectOn,
    RefusalCode, Reply, RoundTrips, RouteOptions, SendStatus, ServerOfSocket, SocketNews,
    TlsSurroundings, TlsVersion, UnconfirmedReason, WindowSettings, Written,
};
use crate::engine::{self, RouteSettings, SendError, Sent, Sharing};
use crate::net::{self, BadOption, CheckedOptions, Options, Pool, Roots, TlsOptions};
use crate::policy::{
    self, Asked, Backoff, Beat, Circuit, CircuitSettings, CloseCode, ConnectRate, Count,
    DeliverySettings, Event, Failover, FailureRate, Guarantee, HeartbeatReply, HeartbeatSettings,
    Jitter, LivenessSettings, Marks, Overflow, Question, Reconnect, Refusal, Settings, State,
    Verdict,
};
use crate::wire::Longest;
use crate::wire::deflate::{self, ClientWindow};

/// What no `Duration` can hold is forever.
pub fn duration(ms: f64) -> Duration {
    Duration::try_from_secs_f64(ms / 1000.0).unwrap_or(Duration::MAX)
}

/// 0 is none.
pub fn limit(ms: f64) -> Option<Duration> {
    let limit = (ms > 0.0).then(|| duration(ms))?;
    (!limit.is_zero()).then_some(limit)
}

fn whole_ms(duration: Duration) -> f64 {
    duration.as_millis() as f64
}

/// With their fraction, down to the microsecond.
pub fn fine_ms(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1000.0
}

impl From<LongestValues> for Longest {
    fn from(LongestValues { text, binary }: LongestValues) -> Longest {
        // Node-API takes texts of so many bytes.
        const ACROSS: usize = i32::MAX as usize;
        Longest {
            text: (text as usize).min(ACROSS),
            binary: binary as usize,
        }
    }
}

impl From<PolicySettings> for Settings {
    fn from(given: PolicySettings) -> Settings {
        Settings {
            max_retries: finite(given.max_retries),
            backoff: Backoff {
                base: duration(given.base_delay),
                cap: duration(given.max_delay),
                multiplier: given.multiplier,
                jitter: jitter(given.jitter),
            },
            heartbeat: HeartbeatSettings {
                interval: limit(given.heartbeat_interval),
                timeout: duration(given.heartbeat_timeout),
                beat: match given.heartbeat_mode {
                    HeartbeatMode::Message => Beat::Message,
                    HeartbeatMode::Ping => Beat::Ping,
                },
                reply: if given.judges_replies {
                    HeartbeatReply::Judged
                } else {
                    HeartbeatReply::AnyFrame
                },
            },
            liveness: LivenessSettings {
                idle_timeout: limit(given.idle_timeout),
                max_block: limit(given.max_event_loop_block),
                detect_sleep: given.detect_sleep,
            },
            circuit: given.circuit_breaker.into(),
            connect_rate: given.connect_rate.map(ConnectRate::from),
            close_timeout: duration(given.close_timeout),
            reconnect: Reconnect {
                min_uptime: duration(given.min_uptime),
                max_retry_after: duration(given.max_retry_after),
                connection_timeout: given
                    .connection_timeout
                    .is_finite()
                    .then(|| duration(given.connection_timeout)),
                only_transient: match given.reconnect_on {
                    ReconnectOn::Always => false,
                    ReconnectOn::Transient => true,
                },
                asked: Asked {
                    route: given.asks_route,
                    retry: given.asks_retry,
                    init: given.asks_init,
                },
                failover: Failover {
                    urls: given.places.max(1) as usize,
                    random: match given.failover {
                        FailoverOrder::Next => false,
                        FailoverOrder::Random => true,
                    },
                    prefer_first: limit(given.prefer_first),
                },
            },
        }
    }
}

fn jitter(given: Either<f64, JitterKind>) -> Jitter {
    match given {
        Either::A(share) if share > 0.0 => Jitter::Spread(share),
        Either::A(_) | Either::B(JitterKind::None) => Jitter::None,
        Either::B(JitterKind::Full) => Jitter::Full,
        Either::B(JitterKind::Equal) => Jitter::Equal,
        Either::B(JitterKind::Decorrelated) => Jitter::Decorrelated,
    }
}

impl From<CircuitBreakerSettings> for CircuitSettings {
    fn from(given: CircuitBreakerSettings) -> CircuitSettings {
        CircuitSettings {
            failure_threshold: given.failure_threshold as u64,
            rate: given.window.and_then(rate),
            reset_timeout: duration(given.reset_timeout),
            half_open_max: given.half_open_max_requests as u64,
        }
    }
}

impl From<ConnectRateSettings> for ConnectRate {
    fn from(given: ConnectRateSettings) -> ConnectRate {
        ConnectRate {
            max: finite(given.max),
            per: duration(given.per),
            concurrency: finite(given.concurrency),
        }
    }
}

/// An infinite one is none.
fn finite(count: f64) -> Option<Count> {
    count.is_finite().then_some(count as Count)
}

fn rate(given: WindowSettings) -> Option<FailureRate> {
    Some(FailureRate {
        window: limit(given.duration)?,
        share: given.failure_rate,
        minimum: given.minimum_requests as u64,
    })
}

impl From<DeliveryOptions> for DeliverySettings {
    fn from(given: DeliveryOptions) -> DeliverySettings {
        DeliverySettings {
            queues: given.queues,
            guarantee: match given.guarantee {
                DeliveryGuarantee::AtMostOnce => Guarantee::AtMostOnce,
                DeliveryGuarantee::AtLeastOnce => Guarantee::AtLeastOnce,
            },
            max_messages: given.max_messages as usize,
            max_bytes: given.max_bytes as usize,
            overflow: match given.overflow {
                OverflowRule::Throw => Overflow::Throw,
                OverflowRule::DropOldest => Overflow::DropOldest,
                OverflowRule::DropNewest => Overflow::DropNewest,
            },
            ttl: limit(given.ttl),
        }
    }
}

impl From<BufferMarks> for Marks {
    fn from(given: BufferMarks) -> Marks {
        Marks {
            high_water: given.high_water_mark as usize,
            max: given.max_buffered_amount as usize,
        }
    }
}

/// Parses how to connect.
pub fn route_settings(
    given: RouteOptions,
    tls: TlsSurroundings,
    roots: Arc<Roots>,
    connections: &Arc<Pool>,
    longest: Longest,
) -> Result<RouteSettings, BadOption> {
    let is_shared = given.http2;
    let max_payload = given.max_payload as usize;
    let deflate = given.deflate.as_ref().map(deflate::DeflateOptions::from);
    let mut options =
        CheckedOptions::parse(given.into_net(&tls.into_net(roots), deflate.as_ref()))?;
    if is_shared {
        options = options.sharing(connections.clone());
    }
    Ok(RouteSettings {
        options: Arc::new(options),
        deflate,
        max_payload,
        longest,
    })
}

impl RouteOptions {
    /// `tls` is for who says nothing else.
    fn into_net(self, tls: &TlsOptions, deflate: Option<&deflate::DeflateOptions>) -> Options {
        let proxy = self.proxy.map(|proxy| proxy.into_net(tls.clone()));
        Options {
            url: String::new(),
            protocols: self.protocols,
            headers: header_lists(self.headers),
            origin: self.origin,
            auth: self.auth,
            handshake_timeout: duration(self.handshake_timeout),
            follow_redirects: self.follow_redirects,
            max_redirects: self.max_redirects,
            local_address: self.local_address,
            family: self.family.map(|family| family as u8),
            races: self.auto_select_family,
            head_start: duration(self.auto_select_family_attempt_timeout),
            keep_alive: self
                .keep_alive
                .then(|| duration(self.keep_alive_initial_delay)),
            socket_path: self.socket_path.filter(|path| !path.is_empty()),
            asks_addresses: self.asks_addresses,
            maker: self.maker.into(),
            servername: self.servername,
            tls: TlsOptions {
                reject_unauthorized: self.reject_unauthorized.unwrap_or(tls.reject_unauthorized),
                ca: self.ca.map(blobs),
                cert: blobs(self.cert),
                key: self.key.map(Vec::from),
                pfx: self.pfx.map(Vec::from),
                passphrase: self.passphrase,
                min_version: self.min_version.map(TlsVersion::into_net),
                max_version: self.max_version.map(TlsVersion::into_net),
                pins: self.pins,
                ..tls.clone()
            },
            proxy,
            extensions: deflate.map(deflate::offer),
        }
    }
}

impl From<net::Server> for ServerOfSocket {
    fn from(server: net::Server) -> ServerOfSocket {
        ServerOfSocket {
            host: server.host,
            port: server.port,
            socket: server.socket,
            is_secure: server.is_secure,
            authority: server.authority,
            resource: server.resource,
            is_fallback: server.is_fallback,
        }
    }
}

impl From<net::PipeNews> for SocketNews {
    fn from(news: net::PipeNews) -> SocketNews {
        SocketNews {
            bytes: (!news.bytes.is_empty()).then_some(Copied(news.bytes)),
            has_room: news.has_room,
            is_shut: news.is_shut,
            is_gone: news.is_gone,
        }
    }
}

impl From<Maker> for net::Maker {
    fn from(given: Maker) -> net::Maker {
        match given {
            Maker::Native => net::Maker::Engine,
            Maker::Auto => net::Maker::EngineFirst,
            Maker::Node => net::Maker::Outside,
            Maker::Custom => net::Maker::Custom,
        }
    }
}

impl ProxyOptions {
    fn into_net(self, tls: TlsOptions) -> net::ProxyOptions {
        net::ProxyOptions {
            ws: self.ws,
            wss: self.wss,
            bypass: self.bypass,
            headers: header_lists(self.headers),
            auth: self.auth,
            tls: TlsOptions {
                reject_unauthorized: self.reject_unauthorized.unwrap_or(tls.reject_unauthorized),
                ca: self.ca.map(blobs),
                cert: blobs(self.cert),
                key: self.key.map(Vec::from),
                ..tls
            },
        }
    }
}

impl TlsSurroundings {
    /// What holds for who says nothing of TLS.
    fn into_net(self, roots: Arc<Roots>) -> TlsOptions {
        TlsOptions {
            reject_unauthorized: self.reject_unauthorized,
            key_log: self.key_log.map(PathBuf::from),
            ..TlsOptions::new(roots)
        }
    }
}

impl TlsVersion {
    fn into_net(self) -> net::TlsVersion {
        match self {
            TlsVersion::V12 => net::TlsVersion::V12,
            TlsVersion::V13 => net::TlsVersion::V13,
        }
    }
}

fn blobs(buffers: Vec<Buffer>) -> Vec<Vec<u8>> {
    buffers.into_iter().map(Vec::from).collect()
}

/// From name, value, name, value, …
pub fn pairs(flat: Vec<String>) -> Vec<(String, String)> {
    let mut flat = flat.into_iter();
    std::iter::from_fn(|| Some((flat.next()?, flat.next()?))).collect()
}

/// The values of each name, from name, value, name, value, …
fn header_lists(flat: Vec<String>) -> Vec<(String, Vec<String>)> {
    let mut headers: Vec<(String, Vec<String>)> = Vec::new();
    for (name, value) in pairs(flat) {
        match headers
            .iter_mut()
            .find(|(known, _)| known.eq_ignore_ascii_case(&name))
        {
            Some((_, values)) => values.push(value),
            None => headers.push((name, vec![value])),
        }
    }
    headers
}

impl From<&DeflateOptions> for deflate::DeflateOptions {
    fn from(given: &DeflateOptions) -> deflate::DeflateOptions {
        let defaults = deflate::DeflateOptions::default();
        deflate::DeflateOptions {
            server_no_context_takeover: given.server_no_context_takeover,
            client_no_context_takeover: given.client_no_context_takeover,
            server_max_window_bits: given.server_max_window_bits,
            client_max_window_bits: match given.client_max_window_bits {
                None => ClientWindow::Any,
                Some(0) => ClientWindow::NotOffered,
                Some(bits) => ClientWindow::AtMost(bits),
            },
            threshold: given.threshold as usize,
            level: given.level,
            mem_level: given.mem_level.unwrap_or(defaults.mem_level),
        }
    }
}

impl From<CircuitState> for Circuit {
    fn from(given: CircuitState) -> Circuit {
        match given {
            CircuitState::Closed => Circuit::Closed,
            CircuitState::Open => Circuit::Open,
            CircuitState::HalfOpen => Circuit::HalfOpen,
        }
    }
}

/// `'instance'`, `'host'` or the name of a circuit.
pub fn sharing(scope: String) -> Sharing {
    match scope.as_str() {
        "instance" => Sharing::Alone,
        "host" => Sharing::Host,
        _ => Sharing::Named(scope),
    }
}

/// `'host'` or the name of a budget; absent is none.
pub fn connects_sharing(scope: Option<String>) -> Sharing {
    match scope.as_deref() {
        None => Sharing::Alone,
        Some("host") => Sharing::Host,
        Some(name) => Sharing::Named(name.to_owned()),
    }
}

/// Without a delay, when to try again is left to the policy.
pub fn verdict(goes_on: bool, delay: Option<f64>) -> Verdict {
    if goes_on {
        Verdict::Retry(delay.map(duration))
    } else {
        Verdict::Stop
    }
}

/// A sum of [`SendStatus`].
pub fn status(sent: Result<Sent, SendError>) -> u32 {
    match sent {
        Ok(Sent { above, dropped, .. }) => {
            let above = if above { SendStatus::Above as u32 } else { 0 };
            let told = if dropped { SendStatus::Told as u32 } else { 0 };
            above | told
        }
        Err(SendError::QueueFull(_)) => SendStatus::QueueFull as u32,
        Err(SendError::BufferFull) => SendStatus::BufferFull as u32,
    }
}

impl From<engine::Reply> for Reply {
    fn from(reply: engine::Reply) -> Reply {
        Reply {
            cutoff: reply.cutoff as f64,
            notices: reply.notices.into_iter().map(Notice::from).collect(),
            refusal: reply.refusal.map(CallRefusal::from),
        }
    }
}

impl From<Refusal> for CallRefusal {
    fn from(refusal: Refusal) -> CallRefusal {
        CallRefusal {
            code: match refusal {
                Refusal::ManuallyClosed => RefusalCode::Closed,
                Refusal::CircuitOpen => RefusalCode::CircuitOpen,
                Refusal::HalfOpenLimit => RefusalCode::HalfOpenLimit,
            },
            message: refusal.to_string(),
        }
    }
}

impl From<policy::Rtt> for RoundTrips {
    fn from(rtt: policy::Rtt) -> RoundTrips {
        RoundTrips {
            last: fine_ms(rtt.last),
            min: fine_ms(rtt.min),
            mean: fine_ms(rtt.mean),
            p95: fine_ms(rtt.p95),
        }
    }
}

pub fn queued((messages, bytes): (usize, usize)) -> Queued {
    Queued {
        messages: messages as f64,
        bytes: bytes as f64,
    }
}

impl From<engine::Written> for Written {
    fn from(written: engine::Written) -> Written {
        Written {
            messages: written.messages as f64,
            bytes: written.bytes as f64,
        }
    }
}

/// Name, value, name, value, …
pub fn flat(headers: Vec<(String, String)>) -> Vec<String> {
    let pairs = headers.into_iter();
    pairs.flat_map(|(name, value)| [name, value]).collect()
}

impl From<policy::Notice> for Notice {
    fn from(notice: policy::Notice) -> Notice {
        let policy::Notice {
            event,
            retry_count,
            circuit_failures,
            alive,
        } = notice;
        let (retry_count, circuit_failures) = (retry_count as f64, circuit_failures as f64);
        match event {
            Event::StateChange(state) => Notice::State {
                alive,
                retry_count,
                circuit_failures,
                state: state.into(),
            },
            Event::CircuitChange(circuit) => Notice::Circuit {
                retry_count,
                circuit_failures,
                state: circuit.into(),
            },
            Event::Open { retries, downtime } => Notice::Open {
                retry_count,
                circuit_failures,
                attempt: retries as f64,
                downtime: downtime.map(whole_ms),
            },
            Event::Error(failure) => Notice::Error {
                retry_count,
                circuit_failures,
                message: failure.message,
                code: failure.code,
                status_code: failure.status.map(u32::from),
                headers: flat(failure.headers),
                body: failure.body.map(Data),
                thrown_for: failure.thrown_for.map(|attempt| attempt as f64),
            },
            Event::Close(ending) => Notice::Close {
                alive,
                retry_count,
                circuit_failures,
                code: close_code(ending.code),
                reason: ending.reason,
                was_clean: ending.was_clean,
            },
            Event::Retry {
                attempt,
                delay,
                max_retries,
            } => Notice::Retry {
                retry_count,
                circuit_failures,
                attempt: attempt as f64,
                delay: whole_ms(delay),
                max_retries: max_retries.map_or(f64::INFINITY, |limit| limit as f64),
            },
            Event::Proved => Notice::Proved {
                retry_count,
                circuit_failures,
            },
            Event::AskRoute {
                attempt,
                retries,
                url_index,
                is_reconnect,
            } => Notice::AskRoute {
                retry_count,
                circuit_failures,
                id: attempt as f64,
                attempt: retries as f64,
                place: url_index as f64,
                is_reconnect,
            },
            Event::AskRetry {
                attempt,
                retry,
                elapsed,
            } => Notice::AskRetry {
                retry_count,
                circuit_failures,
                id: attempt as f64,
                attempt: retry as f64,
                elapsed: whole_ms(elapsed),
            },
            Event::AskInit {
                attempt,
                after_open,
            } => Notice::AskInit {
                retry_count,
                circuit_failures,
                id: attempt as f64,
                is_reconnect: after_open,
            },
            Event::Undecided { limit } => Notice::Undecided {
                retry_count,
                circuit_failures,
                limit: whole_ms(limit),
            },
            Event::Pinged { number, rtt } => Notice::Pinged {
                retry_count,
                circuit_failures,
                number: number as f64,
                round_trip: rtt.map(fine_ms),
            },
            Event::Blocked { lasted } => Notice::Blocked {
                retry_count,
                circuit_failures,
                duration: whole_ms(lasted),
            },
            Event::Wake { slept } => Notice::Wake {
                retry_count,
                circuit_failures,
                slept: whole_ms(slept),
            },
            Event::Network => Notice::Network {
                retry_count,
                circuit_failures,
            },
            Event::Asked(Question::WasAnswered { attempt }) => Notice::WasAnswered {
                retry_count,
                circuit_failures,
                connection: attempt as f64,
            },
            Event::Asked(Question::EventLoopAlive) => Notice::Runs {
                retry_count,
                circuit_failures,
            },
        }
    }
}

impl From<State> for ClientState {
    fn from(state: State) -> ClientState {
        match state {
            State::Closed => ClientState::Closed,
            State::Connecting => ClientState::Connecting,
            State::Open => ClientState::Open,
            State::Closing => ClientState::Closing,
            State::Blocked => ClientState::Blocked,
            State::Failed => ClientState::Failed,
        }
    }
}

impl From<Circuit> for CircuitState {
    fn from(circuit: Circuit) -> CircuitState {
        match circuit {
            Circuit::Closed => CircuitState::Closed,
            Circuit::Open => CircuitState::Open,
            Circuit::HalfOpen => CircuitState::HalfOpen,
        }
    }
}

fn close_code(code: CloseCode) -> Either<u32, GiveUpReason> {
    match code {
        CloseCode::Frame(code) => Either::A(code.into()),
        CloseCode::MaxRetries => Either::B(GiveUpReason::MaxRetries),
        CloseCode::Stopped => Either::B(GiveUpReason::Stopped),
        CloseCode::NotTransient => Either::B(GiveUpReason::NotTransient),
        CloseCode::Internal => Either::B(GiveUpReason::Internal),
    }
}

impl From<policy::DeliveryOutcome> for DeliveryOutcome {
    fn from(outcome: policy::DeliveryOutcome) -> DeliveryOutcome {
        match outcome {
            policy::DeliveryOutcome::Dropped { message, reason } => DeliveryOutcome::Dropped {
                reason: reason.into(),
                data: Data(message),
            },
            policy::DeliveryOutcome::Confirmed { receipt } => DeliveryOutcome::Receipt {
                receipt: receipt as f64,
                reason: None,
            },
            policy::DeliveryOutcome::Unconfirmed { receipt, reason } => DeliveryOutcome::Receipt {
                receipt: receipt as f64,
                reason: Some(reason.into()),
            },
            policy::DeliveryOutcome::Unsent { receipt, reason } => DeliveryOutcome::Unsent {
                receipt: receipt as f64,
                reason: reason.into(),
            },
        }
    }
}

impl From<policy::DropReason> for DropReason {
    fn from(reason: policy::DropReason) -> DropReason {
        match reason {
            policy::DropReason::Overflow => DropReason::Overflow,
            policy::DropReason::Expired => DropReason::Expired,
            policy::DropReason::Ended => DropReason::Closed,
        }
    }
}

impl From<policy::UnconfirmedReason> for UnconfirmedReason {
    fn from(reason: policy::UnconfirmedReason) -> UnconfirmedReason {
        match reason {
            policy::UnconfirmedReason::Lost => UnconfirmedReason::Lost,
            policy::UnconfirmedReason::TimedOut => UnconfirmedReason::TimedOut,
            policy::UnconfirmedReason::Dropped(policy::DropReason::Overflow) => {
                UnconfirmedReason::Overflow
            }
            policy::UnconfirmedReason::Dropped(policy::DropReason::Expired) => {
                UnconfirmedReason::Expired
            }
            policy::UnconfirmedReason::Dropped(policy::DropReason::Ended)
            | policy::UnconfirmedReason::Ended => UnconfirmedReason::Closed,
            policy::UnconfirmedReason::NotConnected => UnconfirmedReason::NotConnected,
        }
    }
}

#[cfg(test)]
mod tests;
