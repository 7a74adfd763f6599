//! The policy for platforms without the engine: `npm run build:browser` makes JavaScript of it, by way of WebAssembly.
//!
//! All that crosses are numbers, and one text: [`Exchange`] holds both while a call is under way. `lib/browser/policy-client.js` is
//! the other side, and knows the order of the numbers too. Times are in microseconds since a moment of the caller's, durations in
//! milliseconds. Browsers show neither pings nor what a server answers to an upgrade, so neither is here.

use std::sync::Arc;

use crate::policy::{
    Asked, Backoff, Beat, Breaker, Chance, Circuit, CircuitSettings, CloseCode, Count, Duration,
    Ending, Event, Failover, Failure, FailureRate, HeartbeatReply, HeartbeatSettings, Input,
    Instant, Jitter, Link, LivenessSettings, Notice, Output, Question, Reconnect, Refusal,
    Settings, SharedBreaker, State, Verdict,
};
use crate::policy::{millis, of_micros};
use crate::sync::{Guard, Lock, Rank, lock};

mod exports;
#[cfg(target_arch = "wasm32")]
mod memory;

/// What crosses with a call, in either direction.
#[derive(Debug, Default)]
pub struct Exchange {
    pub numbers: [f64; 32],
    pub text: Vec<u8>,
}

/// One client.
pub struct Client {
    link: Link<Draws>,
}

/// A circuit that clients share.
#[derive(Clone, Debug)]
pub struct Shared(Arc<Lock<Breaker>>);

/// A small generator ("mulberry32"): a browser gives it a seed, and so does a trace that is replayed.
struct Draws(u32);

impl Chance for Draws {
    fn share(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x6D2B_79F5);
        let mut mixed = (self.0 ^ (self.0 >> 15)).wrapping_mul(1 | self.0);
        mixed ^= mixed.wrapping_add((mixed ^ (mixed >> 7)).wrapping_mul(61 | mixed));
        f64::from(mixed ^ (mixed >> 14)) / 4_294_967_296.0
    }
}

impl Client {
    /// With the settings that the numbers say.
    pub fn new(seed: u32, exchange: &Exchange) -> Client {
        let link = Link::new(settings(&exchange.numbers), Draws(seed));
        Client { link }
    }

    pub fn configure(&mut self, exchange: &Exchange, now: f64) {
        let settings = Arc::new(settings(&exchange.numbers));
        self.handle(Input::Configure(settings), now);
    }

    /// 0, or the number of the refusal.
    pub fn connect(&mut self, now: f64) -> u32 {
        refusal(self.link.connect(at(now)))
    }

    /// As `connect`; the text is the reason.
    pub fn reconnect(&mut self, code: u32, exchange: &Exchange, now: f64) -> u32 {
        let (code, reason) = (code as u16, exchange.said());
        refusal(self.link.reconnect(code, reason, at(now)))
    }

    /// Hands in a fact, by its number; what `a` and `b` are is said beside each.
    pub fn tell(&mut self, input: u32, a: f64, b: f64, exchange: &Exchange, now: f64) {
        let attempt = count(a);
        let input = match input {
            0 => Input::Tick,
            // A close code, and whether the user has seen it alive; the text is the reason.
            1 => Input::Close {
                code: attempt as u16,
                reason: exchange.said(),
                seen_alive: b > 0.0,
            },
            2 => Input::Terminate {
                seen_alive: b > 0.0,
            },
            3 => Input::Reset,
            4 => Input::OpenCircuit,
            5 => Input::CloseCircuit,
            6 => Input::CountFailure,
            7 => Input::SetRetryCount(attempt),
            8 => Input::SetCircuitFailures(attempt),
            9 => Input::SetManualClose(a > 0.0),
            10 => Input::SetCircuit(circuit(a)),
            11 => Input::Answered,
            12 => Input::Judged { attempt },
            // Milliseconds.
            13 => Input::Woke { slept: duration(a) },
            14 => Input::NetworkChanged,
            15 => Input::Awaited { attempt },
            16 => Input::Routed { attempt },
            // The delay in milliseconds, or below 0: -1 leaves it to the policy, -2 stops.
            17 => Input::Decided {
                attempt,
                verdict: if b >= 0.0 {
                    Verdict::Retry(Some(duration(b)))
                } else if b >= -1.0 {
                    Verdict::Retry(None)
                } else {
                    Verdict::Stop
                },
            },
            18 => Input::Opened { attempt },
            // Above 0 a function of the user threw, above 1 the gate. The text is the code and the message, a line each.
            19 => Input::Refused {
                attempt,
                failure: Failure {
                    withheld: b > 1.0,
                    ..failure(&exchange.text, (b > 0.0).then_some(attempt))
                },
            },
            20 => Input::Received { attempt },
            // A close code, above 65535 where the closing handshake was not whole; the text is the reason.
            21 => Input::Lost {
                attempt,
                ending: Ending {
                    code: CloseCode::Frame(count(b) as u16),
                    reason: exchange.said(),
                    was_clean: b < 65536.0,
                },
                failure: None,
            },
            22 => Input::Paused { attempt },
            23 => Input::Resumed { attempt },
            24 => Input::Suspected,
            25 => Input::Shown,
            26 => Input::Initialized { attempt },
            _ => return,
        };
        self.handle(input, now);
    }

    fn handle(&mut self, input: Input, now: f64) {
        self.link.handle(input, at(now));
    }

    /// Takes the next decision: its number, 0 where there is none.
    pub fn next(&mut self, exchange: &mut Exchange) -> u32 {
        self.link
            .next_output()
            .map_or(0, |output| exchange.decided(&output))
    }

    /// When to hand in a tick; infinite where only other facts can change anything.
    pub fn deadline(&self) -> f64 {
        self.link
            .deadline()
            .map_or(f64::INFINITY, Instant::as_micros)
    }

    pub fn delay(&mut self, attempt: f64) -> f64 {
        ms(self.link.delay(count(attempt)))
    }

    /// Moves to a circuit that is shared, or to one of its own.
    pub fn join(&mut self, shared: Option<&Shared>, now: f64) {
        let shared = shared.map(|shared| -> Box<dyn SharedBreaker> { Box::new(shared.clone()) });
        self.link.join(shared, at(now));
    }

    pub fn is_behind(&self) -> bool {
        self.link.is_behind()
    }
}

impl Exchange {
    const fn new() -> Exchange {
        Exchange {
            numbers: [0.0; 32],
            text: Vec::new(),
        }
    }

    fn said(&self) -> String {
        string(&self.text)
    }

    /// Puts down what goes with a number, and gives that back. In one place, since what is inlined is loaded as often.
    #[inline(never)]
    fn say(&mut self, kind: u32, a: f64, b: f64, c: f64, text: &str) -> u32 {
        self.numbers[0] = a;
        self.numbers[1] = b;
        self.numbers[2] = c;
        self.text.clear();
        self.text.extend_from_slice(text.as_bytes());
        kind
    }

    fn decided(&mut self, output: &Output) -> u32 {
        match output {
            Output::Dial {
                attempt,
                url_index,
                limit,
            } => {
                let (attempt, place) = (*attempt as f64, *url_index as f64);
                self.say(1, attempt, place, or_infinite(*limit), "")
            }
            Output::Beat => self.say(2, 0.0, 0.0, 0.0, ""),
            Output::Ping { .. } => self.say(3, 0.0, 0.0, 0.0, ""),
            Output::Shut { code, reason } => self.say(4, f64::from(*code), 0.0, 0.0, reason),
            Output::Cut => self.say(5, 0.0, 0.0, 0.0, ""),
            Output::Leave { code, reason } => self.say(6, f64::from(*code), 0.0, 0.0, reason),
            Output::Notify(notice) => self.told(notice),
        }
    }

    /// Behind the numbers of the event, the counts and whether the client lives.
    fn told(&mut self, notice: &Notice) -> u32 {
        self.numbers[3] = notice.retry_count as f64;
        self.numbers[4] = notice.circuit_failures as f64;
        self.numbers[5] = f64::from(notice.alive);
        match &notice.event {
            Event::StateChange(state) => {
                self.say(10, f64::from(state_number(*state)), 0.0, 0.0, "")
            }
            Event::CircuitChange(circuit) => {
                self.say(11, f64::from(circuit_number(*circuit)), 0.0, 0.0, "")
            }
            Event::Open { retries, downtime } => {
                self.say(12, *retries as f64, downtime.map_or(-1.0, ms), 0.0, "")
            }
            Event::Error(failure) => {
                let thrown_for = failure.thrown_for.unwrap_or_default() as f64;
                let code = failure.code.as_deref().unwrap_or_default();
                let kind = self.say(13, thrown_for, 0.0, 0.0, code);
                self.text.push(b'\n');
                self.text.extend_from_slice(failure.message.as_bytes());
                kind
            }
            Event::Close(ending) => {
                let code = match ending.code {
                    CloseCode::Frame(code) => i32::from(code),
                    CloseCode::MaxRetries => -1,
                    CloseCode::Stopped => -2,
                    CloseCode::NotTransient => -3,
                    CloseCode::Internal => -4,
                };
                self.say(
                    14,
                    f64::from(code),
                    f64::from(ending.was_clean),
                    0.0,
                    &ending.reason,
                )
            }
            Event::Retry {
                attempt,
                delay,
                max_retries,
            } => {
                let most = max_retries.map_or(f64::INFINITY, |most| most as f64);
                self.say(15, *attempt as f64, ms(*delay), most, "")
            }
            Event::Proved => self.say(16, 0.0, 0.0, 0.0, ""),
            // Of an attempt to replace a connection the index of the URL is told below 0, from -1 on.
            Event::AskRoute {
                attempt,
                retries,
                url_index,
                is_reconnect,
            } => {
                let index = *url_index as f64;
                let place = if *is_reconnect { -1.0 - index } else { index };
                self.say(17, *attempt as f64, *retries as f64, place, "")
            }
            Event::AskRetry {
                attempt,
                retry,
                elapsed,
            } => self.say(18, *attempt as f64, *retry as f64, ms(*elapsed), ""),
            Event::Undecided { limit } => self.say(19, ms(*limit), 0.0, 0.0, ""),
            Event::Wake { slept } => self.say(20, ms(*slept), 0.0, 0.0, ""),
            Event::Network => self.say(21, 0.0, 0.0, 0.0, ""),
            Event::Asked(Question::WasAnswered { attempt }) => {
                self.say(22, *attempt as f64, 0.0, 0.0, "")
            }
            Event::AskInit {
                attempt,
                after_open,
            } => self.say(24, *attempt as f64, f64::from(*after_open), 0.0, ""),
            // None is told of a client that neither pings for its user nor watches over JavaScript.
            Event::Pinged { .. }
            | Event::Blocked { .. }
            | Event::Asked(Question::EventLoopAlive) => self.say(23, 0.0, 0.0, 0.0, ""),
        }
    }
}

impl Shared {
    pub fn new() -> Shared {
        Shared(Arc::new(Lock::new(Rank::Breaker, Breaker::shared())))
    }

    fn breaker(&self) -> Guard<'_, Breaker> {
        lock(&self.0)
    }
}

impl Default for Shared {
    fn default() -> Shared {
        Shared::new()
    }
}

impl SharedBreaker for Shared {
    fn lock(&self) -> Box<dyn std::ops::DerefMut<Target = Breaker> + '_> {
        Box::new(self.breaker())
    }

    fn moves(&self) -> Count {
        self.breaker().moves()
    }
}

/// A moment as it crosses. One function for all of them, as `count` is.
#[inline(never)]
fn at(now: f64) -> Instant {
    Instant::from_micros(now)
}

/// Rounded up, so that what is above zero stays so.
fn duration(ms: f64) -> Duration {
    of_micros((ms * 1000.0).ceil())
}

/// 0 is none.
fn limit(ms: f64) -> Option<Duration> {
    (ms > 0.0).then(|| duration(ms))
}

fn finite(ms: f64) -> Option<Duration> {
    (ms < f64::INFINITY).then(|| duration(ms))
}

fn or_infinite(limit: Option<Duration>) -> f64 {
    limit.map_or(f64::INFINITY, ms)
}

/// Whole ones.
fn ms(duration: Duration) -> f64 {
    millis(duration).floor()
}

fn settings(numbers: &[f64; 32]) -> Settings {
    let &[
        max_retries,
        base,
        cap,
        multiplier,
        kind,
        share,
        interval,
        timeout,
        judged,
        idle_timeout,
        detect_sleep,
        threshold,
        reset_timeout,
        half_open_max,
        window,
        failure_rate,
        minimum,
        close_timeout,
        min_uptime,
        connection_timeout,
        only_transient,
        asks_route,
        asks_retry,
        places,
        random,
        prefer_first,
        asks_init,
        ..,
    ] = numbers;
    Settings {
        backoff: Backoff {
            base: duration(base),
            cap: duration(cap),
            multiplier,
            jitter: match count(kind) {
                1 => Jitter::Full,
                2 => Jitter::Equal,
                3 => Jitter::Decorrelated,
                _ if share > 0.0 => Jitter::Spread(share),
                _ => Jitter::None,
            },
        },
        max_retries: (max_retries < f64::INFINITY).then_some(count(max_retries)),
        reconnect: Reconnect {
            min_uptime: duration(min_uptime),
            max_retry_after: Duration::ZERO,
            connection_timeout: finite(connection_timeout),
            only_transient: only_transient > 0.0,
            asked: Asked {
                route: asks_route > 0.0,
                retry: asks_retry > 0.0,
                init: asks_init > 0.0,
            },
            failover: Failover {
                urls: count(places).max(1) as usize,
                random: random > 0.0,
                prefer_first: limit(prefer_first),
            },
        },
        heartbeat: HeartbeatSettings {
            interval: limit(interval),
            timeout: duration(timeout),
            beat: Beat::Message,
            reply: if judged > 0.0 {
                HeartbeatReply::Judged
            } else {
                HeartbeatReply::AnyFrame
            },
        },
        liveness: LivenessSettings {
            idle_timeout: limit(idle_timeout),
            max_block: None,
            detect_sleep: detect_sleep > 0.0,
        },
        circuit: CircuitSettings {
            failure_threshold: count(threshold),
            rate: limit(window).map(|window| FailureRate {
                window,
                share: failure_rate,
                minimum: count(minimum),
            }),
            reset_timeout: duration(reset_timeout),
            half_open_max: count(half_open_max),
        },
        close_timeout: duration(close_timeout),
    }
}

/// Of a text: the code and the message, a line each.
fn failure(text: &[u8], thrown_for: Option<Count>) -> Failure {
    let end = text.iter().position(|byte| *byte == b'\n').unwrap_or(0);
    let (code, message) = text.split_at(end);
    Failure {
        message: string(message.get(1..).unwrap_or_default()),
        code: (end > 0).then(|| string(code)),
        status: None,
        retry_after: None,
        thrown_for,
        withheld: false,
    }
}

fn string(text: &[u8]) -> String {
    // SAFETY: JavaScript encodes what it writes, see `exports.rs`.
    unsafe { String::from_utf8_unchecked(text.to_vec()) }
}

/// A whole number. One function for all of them: in JavaScript the cast takes a line.
#[inline(never)]
fn count(number: f64) -> Count {
    number as Count
}

fn refusal(answer: Result<(), Refusal>) -> u32 {
    match answer {
        Ok(()) => 0,
        Err(Refusal::ManuallyClosed) => 1,
        Err(Refusal::CircuitOpen) => 2,
        Err(Refusal::HalfOpenLimit) => 3,
    }
}

fn state_number(state: State) -> u32 {
    match state {
        State::Closed => 0,
        State::Connecting => 1,
        State::Open => 2,
        State::Closing => 3,
        State::Blocked => 4,
        State::Failed => 5,
    }
}

fn circuit_number(circuit: Circuit) -> u32 {
    match circuit {
        Circuit::Closed => 0,
        Circuit::Open => 1,
        Circuit::HalfOpen => 2,
    }
}

fn circuit(number: f64) -> Circuit {
    match count(number) {
        1 => Circuit::Open,
        2 => Circuit::HalfOpen,
        _ => Circuit::Closed,
    }
}
