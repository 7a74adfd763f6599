//! What crosses, as policy and engine have it, and back. Milliseconds are here alone.

use std::sync::Arc;
use std::time::Duration;

use napi::bindgen_prelude::{Buffer, Either};

use super::interned::Interned;
use super::protocol::{
    BufferMarks, CallRefusal, CircuitBreakerSettings, CircuitState, ClientState, Data,
    DeflateOptions, DeliveryGuarantee, DeliveryOptions, DeliveryOutcome, DropReason, FailoverOrder,
    GiveUpReason, HeartbeatMode, JitterKind, LongestValues, Notice, OverflowRule, PolicySettings,
    Queued, ReconnectOn, RefusalCode, Reply, RoundTrips, RouteOptions, SendStatus,
    UnconfirmedReason, WindowSettings,
};
use crate::engine::{self, Marks, RouteSettings, SendError, Sent, Sharing};
use crate::net::{BadOption, CheckedOptions, Options, Roots, TlsOptions};
use crate::policy::{
    self, Asked, Backoff, Beat, Circuit, CircuitSettings, CloseCode, DeliverySettings, Event,
    Failover, FailureRate, Guarantee, HeartbeatReply, HeartbeatSettings, Jitter, LivenessSettings,
    Overflow, Question, Reconnect, Refusal, Settings, State, Verdict,
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
fn fine_ms(duration: Duration) -> f64 {
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
            max_retries: given
                .max_retries
                .is_finite()
                .then_some(given.max_retries as u64),
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

/// Parses where and how to connect.
/// The URLs, not checked yet, and all else, which many clients have in common.
pub fn route(
    given: RouteOptions,
    roots: Arc<Roots>,
    longest: Longest,
    known: &Interned<RouteSettings>,
) -> Result<(Vec<String>, Arc<RouteSettings>), BadOption> {
    let max_payload = given.max_payload as usize;
    let deflate = given.deflate.as_ref().map(deflate::DeflateOptions::from);
    let (urls, common) = given.into_net(roots, deflate.as_ref());
    let settings = known.get(
        |settings| {
            (settings.max_payload, &settings.deflate) == (max_payload, &deflate)
                && *settings.options.given() == common
        },
        || {
            Ok(RouteSettings {
                options: Arc::new(CheckedOptions::parse(common.clone())?),
                deflate: deflate.clone(),
                max_payload,
                longest,
            })
        },
    )?;
    Ok((urls.unwrap_or_default(), settings))
}

impl RouteOptions {
    /// The URLs, and all else for each.
    fn into_net(
        self,
        roots: Arc<Roots>,
        deflate: Option<&deflate::DeflateOptions>,
    ) -> (Option<Vec<String>>, Options) {
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
        let common = Options {
            url: String::new(),
            protocols: self.protocols,
            headers,
            origin: self.origin,
            auth: self.auth,
            handshake_timeout: duration(self.handshake_timeout),
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
                roots,
            },
            extensions: deflate.map(deflate::offer),
        };
        (self.urls, common)
    }
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
            Event::AskRoute { attempt, retries } => Notice::AskRoute {
                retry_count,
                circuit_failures,
                id: attempt as f64,
                attempt: retries as f64,
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
mod tests {
    use std::time::Duration;

    use napi::bindgen_prelude::Either::{A, B};

    use super::*;
    use crate::policy::{Ending, Failure};

    fn given() -> PolicySettings {
        PolicySettings {
            max_retries: 3.0,
            base_delay: 1000.0,
            max_delay: 30_000.0,
            multiplier: 2.0,
            jitter: A(0.1),
            heartbeat_interval: 30_000.0,
            heartbeat_timeout: 5000.0,
            heartbeat_mode: HeartbeatMode::Message,
            judges_replies: false,
            idle_timeout: 0.0,
            max_event_loop_block: 0.0,
            detect_sleep: true,
            circuit_breaker: CircuitBreakerSettings {
                failure_threshold: 5.0,
                reset_timeout: 60_000.0,
                half_open_max_requests: 2.0,
                window: None,
            },
            close_timeout: 30_000.0,
            min_uptime: 0.0,
            max_retry_after: 300_000.0,
            connection_timeout: 10_000.0,
            reconnect_on: ReconnectOn::Always,
            asks_route: false,
            asks_retry: false,
            places: 2,
            failover: FailoverOrder::Next,
            prefer_first: 0.0,
        }
    }

    #[test]
    fn each_setting_arrives_at_its_place() {
        let settings = Settings::from(given());
        let expected = Settings {
            max_retries: Some(3),
            backoff: Backoff {
                base: Duration::from_secs(1),
                cap: Duration::from_secs(30),
                multiplier: 2.0,
                jitter: Jitter::Spread(0.1),
            },
            heartbeat: HeartbeatSettings {
                interval: Some(Duration::from_secs(30)),
                timeout: Duration::from_secs(5),
                beat: Beat::Message,
                reply: HeartbeatReply::AnyFrame,
            },
            liveness: LivenessSettings {
                idle_timeout: None,
                max_block: None,
                detect_sleep: true,
            },
            circuit: CircuitSettings {
                failure_threshold: 5,
                rate: None,
                reset_timeout: Duration::from_secs(60),
                half_open_max: 2,
            },
            close_timeout: Duration::from_secs(30),
            reconnect: Reconnect {
                min_uptime: Duration::ZERO,
                max_retry_after: Duration::from_secs(300),
                connection_timeout: Some(Duration::from_secs(10)),
                only_transient: false,
                asked: Asked {
                    route: false,
                    retry: false,
                },
                failover: Failover {
                    urls: 2,
                    random: false,
                    prefer_first: None,
                },
            },
        };
        assert_eq!(settings, expected);
    }

    #[test]
    fn what_is_turned_on_arrives_too() {
        let settings = Settings::from(PolicySettings {
            max_retries: f64::INFINITY,
            heartbeat_mode: HeartbeatMode::Ping,
            judges_replies: true,
            idle_timeout: 1.5,
            max_event_loop_block: 2.0,
            circuit_breaker: CircuitBreakerSettings {
                window: Some(WindowSettings {
                    duration: 1000.0,
                    failure_rate: 0.5,
                    minimum_requests: 4.0,
                }),
                ..given().circuit_breaker
            },
            connection_timeout: f64::INFINITY,
            reconnect_on: ReconnectOn::Transient,
            asks_route: true,
            asks_retry: true,
            failover: FailoverOrder::Random,
            prefer_first: 7.0,
            ..given()
        });
        assert_eq!(settings.max_retries, None);
        assert_eq!(settings.heartbeat.beat, Beat::Ping);
        assert_eq!(settings.heartbeat.reply, HeartbeatReply::Judged);
        let liveness = settings.liveness;
        assert_eq!(liveness.idle_timeout, Some(Duration::from_micros(1500)));
        assert_eq!(liveness.max_block, Some(Duration::from_millis(2)));
        let rate = FailureRate {
            window: Duration::from_secs(1),
            share: 0.5,
            minimum: 4,
        };
        assert_eq!(settings.circuit.rate, Some(rate));
        let reconnect = settings.reconnect;
        assert_eq!(reconnect.connection_timeout, None);
        assert!(reconnect.only_transient && reconnect.asked.route && reconnect.asked.retry);
        assert!(reconnect.failover.random);
        let prefer_first = reconnect.failover.prefer_first;
        assert_eq!(prefer_first, Some(Duration::from_millis(7)));
    }

    #[test]
    fn a_jitter_is_a_share_or_a_kind() {
        for (given, expected) in [
            (A(0.0), Jitter::None),
            (A(1.0), Jitter::Spread(1.0)),
            (B(JitterKind::None), Jitter::None),
            (B(JitterKind::Full), Jitter::Full),
            (B(JitterKind::Equal), Jitter::Equal),
            (B(JitterKind::Decorrelated), Jitter::Decorrelated),
        ] {
            assert_eq!(jitter(given), expected);
        }
    }

    #[test]
    fn a_time_that_no_duration_holds_is_forever() {
        for ms in [f64::INFINITY, f64::MAX, 1e30] {
            assert_eq!(duration(ms), Duration::MAX);
            assert_eq!(limit(ms), Some(Duration::MAX));
        }
        assert_eq!(duration(0.25), Duration::from_micros(250));
        assert_eq!(limit(0.0), None);
        // Nothing shorter than a nanosecond is a time.
        assert_eq!(limit(1e-9), None);
    }

    #[test]
    fn times_go_out_in_whole_milliseconds_but_round_trips() {
        let time = Duration::from_nanos(2_345_678);
        assert_eq!(whole_ms(time), 2.0);
        assert_eq!(fine_ms(time), 2.345);
        assert!(whole_ms(Duration::MAX) > 1e19);
    }

    #[test]
    fn what_is_kept_has_bounds_that_may_be_infinite() {
        let delivery = DeliverySettings::from(DeliveryOptions {
            queues: true,
            guarantee: DeliveryGuarantee::AtLeastOnce,
            max_messages: f64::INFINITY,
            max_bytes: 1e30,
            overflow: OverflowRule::DropNewest,
            ttl: 0.0,
        });
        let expected = DeliverySettings {
            queues: true,
            guarantee: Guarantee::AtLeastOnce,
            max_messages: usize::MAX,
            max_bytes: usize::MAX,
            overflow: Overflow::DropNewest,
            ttl: None,
        };
        assert_eq!(delivery, expected);
    }

    #[test]
    fn a_status_is_the_sum_of_what_sending_led_to() {
        let sent = |above, dropped| Sent {
            above,
            dropped,
            receipt: None,
        };
        assert_eq!(status(Ok(sent(false, false))), 0);
        assert_eq!(status(Ok(sent(true, false))), SendStatus::Above as u32);
        assert_eq!(status(Ok(sent(false, true))), SendStatus::Told as u32);
        assert_eq!(status(Ok(sent(true, true))), 3);
        let full = status(Err(SendError::BufferFull));
        assert_eq!(full, SendStatus::BufferFull as u32);
    }

    #[test]
    fn each_state_and_each_reason_has_its_word() {
        for (state, word) in [
            (State::Closed, ClientState::Closed),
            (State::Connecting, ClientState::Connecting),
            (State::Open, ClientState::Open),
            (State::Closing, ClientState::Closing),
            (State::Blocked, ClientState::Blocked),
            (State::Failed, ClientState::Failed),
        ] {
            assert_eq!(ClientState::from(state), word);
        }
        for circuit in [Circuit::Closed, Circuit::Open, Circuit::HalfOpen] {
            assert_eq!(Circuit::from(CircuitState::from(circuit)), circuit);
        }
        for (reason, word) in [
            (policy::UnconfirmedReason::Lost, UnconfirmedReason::Lost),
            (
                policy::UnconfirmedReason::TimedOut,
                UnconfirmedReason::TimedOut,
            ),
            (policy::UnconfirmedReason::Ended, UnconfirmedReason::Closed),
            (
                policy::UnconfirmedReason::NotConnected,
                UnconfirmedReason::NotConnected,
            ),
        ] {
            assert_eq!(UnconfirmedReason::from(reason), word);
        }
        for (reason, word, unconfirmed) in [
            (
                policy::DropReason::Overflow,
                DropReason::Overflow,
                UnconfirmedReason::Overflow,
            ),
            (
                policy::DropReason::Expired,
                DropReason::Expired,
                UnconfirmedReason::Expired,
            ),
            (
                policy::DropReason::Ended,
                DropReason::Closed,
                UnconfirmedReason::Closed,
            ),
        ] {
            assert_eq!(DropReason::from(reason), word);
            assert_eq!(
                UnconfirmedReason::from(policy::UnconfirmedReason::Dropped(reason)),
                unconfirmed
            );
        }
        for (refusal, word) in [
            (Refusal::ManuallyClosed, RefusalCode::Closed),
            (Refusal::CircuitOpen, RefusalCode::CircuitOpen),
            (Refusal::HalfOpenLimit, RefusalCode::HalfOpenLimit),
        ] {
            assert_eq!(CallRefusal::from(refusal).code, word);
        }
        for (code, word) in [
            (CloseCode::MaxRetries, GiveUpReason::MaxRetries),
            (CloseCode::Stopped, GiveUpReason::Stopped),
            (CloseCode::NotTransient, GiveUpReason::NotTransient),
            (CloseCode::Internal, GiveUpReason::Internal),
        ] {
            assert!(matches!(close_code(code), B(reason) if reason == word));
        }
        assert!(matches!(close_code(CloseCode::Frame(1001)), A(1001)));
    }

    fn told(event: Event) -> Notice {
        let notice = policy::Notice {
            event,
            retry_count: 4,
            circuit_failures: 5,
            alive: true,
        };
        notice.into()
    }

    #[test]
    fn a_notice_tells_what_happened_and_what_is_counted() {
        let close = told(Event::Close(Ending {
            code: CloseCode::Frame(1000),
            reason: "bye".into(),
            was_clean: true,
        }));
        let Notice::Close {
            alive: true,
            retry_count: 4.0,
            circuit_failures: 5.0,
            code: A(1000),
            reason,
            was_clean: true,
        } = close
        else {
            panic!("another notice");
        };
        assert_eq!(reason, "bye");

        let error = told(Event::Error(Failure {
            message: "no".into(),
            status: Some(401),
            headers: vec![("a".into(), "1".into()), ("a".into(), "2".into())],
            thrown_for: Some(9),
            ..Failure::default()
        }));
        let Notice::Error {
            message,
            code: None,
            status_code: Some(401),
            headers,
            body: None,
            thrown_for: Some(9.0),
            ..
        } = error
        else {
            panic!("another notice");
        };
        assert_eq!(
            (message.as_str(), headers),
            ("no", ["a", "1", "a", "2"].map(String::from).to_vec())
        );

        let retry = told(Event::Retry {
            attempt: 2,
            delay: Duration::from_millis(1500),
            max_retries: None,
        });
        assert!(matches!(
            retry,
            Notice::Retry {
                attempt: 2.0,
                delay: 1500.0,
                max_retries: f64::INFINITY,
                ..
            }
        ));
    }
}
