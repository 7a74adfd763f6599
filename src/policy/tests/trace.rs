//! Runs a script of what happens when, and compares what the policy decides.
//!
//! ```text
//! at 0ms     connect
//! expect     CONNECTING · dial #1
//! holds      state=CONNECTING wake=never
//! ```
//!
//! Each line `at` hands in one input; all that follows from it must be in the line `expect`, which
//! goes on in the next line where it ends in a `·`.

use std::sync::Arc;

use rand::SeedableRng;

use super::watch::Watch;
use crate::policy::*;

/// Plays the script with the settings of docs/contract.md, "Order of events", as `change` alters them.
pub fn play_with(change: impl FnOnce(&mut Settings), script: &str) {
    let mut settings = measured();
    change(&mut settings);
    let mut trace = Trace::new(settings);
    let script = script.replace("·\n", "·");
    for line in script
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
    {
        trace.line(line);
    }
    trace.nothing_is_left();
}

/// Plays the script with the settings of docs/contract.md, "Order of events".
pub fn play(script: &str) {
    play_with(|_| {}, script);
}

/// The settings of docs/contract.md, "Order of events", with the heartbeat off.
pub fn measured() -> Settings {
    Settings {
        backoff: Backoff {
            base: Duration::from_millis(50),
            cap: Duration::from_millis(200),
            multiplier: 2.0,
            jitter: Jitter::None,
        },
        max_retries: Some(10),
        reconnect: Reconnect::default(),
        heartbeat: HeartbeatSettings {
            interval: None,
            timeout: Duration::from_millis(100),
            beat: Beat::Message,
            reply: HeartbeatReply::AnyFrame,
        },
        liveness: LivenessSettings::default(),
        circuit: CircuitSettings {
            failure_threshold: 5,
            rate: None,
            reset_timeout: Duration::from_millis(1000),
            half_open_max: 3,
        },
        close_timeout: Duration::from_millis(30_000),
    }
}

pub struct Trace {
    start: Instant,
    pub now: Instant,
    pub link: Link,
    watch: Watch,
    decided: Vec<String>,
    place: String,
}

impl Trace {
    fn new(settings: Settings) -> Trace {
        let link = Link::new(settings, Random::seed_from_u64(1));
        Trace::of(link, Watch::default(), Instant::from_micros(0.0))
    }

    pub fn of(link: Link, watch: Watch, start: Instant) -> Trace {
        Trace {
            start,
            now: start,
            link,
            watch,
            decided: Vec::new(),
            place: String::new(),
        }
    }

    pub fn line(&mut self, line: &str) {
        let (verb, rest) = line.split_once(' ').unwrap();
        let rest = rest.trim();
        match verb {
            "at" => {
                self.nothing_is_left();
                self.place = line.to_owned();
                let (time, what) = rest.split_once(' ').unwrap();
                let time = self.start + duration(time);
                assert!(time >= self.now, "time runs backwards: {line}");
                self.now = time;
                self.input(what.trim());
            }
            "expect" => {
                let decided = std::mem::take(&mut self.decided).join(" · ");
                let decided = if decided.is_empty() {
                    "nothing"
                } else {
                    &decided
                };
                let expected = rest
                    .split(" · ")
                    .map(str::trim)
                    .collect::<Vec<_>>()
                    .join(" · ");
                assert_eq!(decided, expected, "after: {}", self.place);
            }
            "holds" => {
                for claim in rest.split(' ').filter(|claim| !claim.is_empty()) {
                    let (name, expected) = claim.split_once('=').unwrap();
                    assert_eq!(self.fact(name), expected, "{name} after: {}", self.place);
                }
            }
            other => panic!("unknown line: {other}"),
        }
    }

    pub fn nothing_is_left(&self) {
        assert!(
            self.decided.is_empty(),
            "unexpected after: {}: {}",
            self.place,
            self.decided.join(" · ")
        );
    }

    pub fn input(&mut self, what: &str) {
        if what == "connect" {
            let answer = self.link.connect(self.now);
            self.watch.connected(&answer);
            self.drain();
            if let Err(refusal) = answer {
                self.decided.push(format!("rejects {refusal}"));
            }
            return;
        }
        if let ["reconnect", code, reason] = what.split_whitespace().collect::<Vec<_>>()[..] {
            let answer = self
                .link
                .reconnect(code.parse().unwrap(), reason.to_owned(), self.now);
            self.watch.connected(&answer);
            self.drain();
            if let Err(refusal) = answer {
                self.decided.push(format!("rejects {refusal}"));
            }
            return;
        }
        if what == "ping" {
            if self.link.ping(self.now).is_none() {
                self.decided.push("refused".to_owned());
            }
            self.drain();
            return;
        }
        let input = parse(what, &self.link, self.start);
        self.watch.told(&input);
        self.link.handle(input, self.now);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.link.next_output() {
            self.watch.saw(&output, self.link.settings());
            self.decided.push(render(&output));
        }
        self.watch.agrees(&self.link);
    }

    fn fact(&self, name: &str) -> String {
        match name {
            "state" => state(self.link.state()).to_owned(),
            "circuit" => circuit(self.link.circuit()).to_owned(),
            "retries" => self.link.retry_count().to_string(),
            "failures" => self.link.circuit_failures().to_string(),
            "manualClose" => self.link.manual_close().to_string(),
            "alive" => self.link.is_alive().to_string(),
            "rtt" => match self.link.rtt() {
                Some(rtt) => format!("{}ms", rtt.last.as_millis()),
                None => "unknown".to_owned(),
            },
            "wake" => match self.link.deadline() {
                Some(deadline) => format!(
                    "{}ms",
                    deadline.saturating_duration_since(self.start).as_millis()
                ),
                None => "never".to_owned(),
            },
            other => panic!("unknown fact: {other}"),
        }
    }
}

fn parse(what: &str, link: &Link, start: Instant) -> Input {
    let words: Vec<&str> = what.split_whitespace().collect();
    match words[..] {
        ["tick"] => Input::Tick,
        ["opened", id] => Input::Opened {
            attempt: attempt(id),
        },
        ["refused", id, status, ref after @ ..] => Input::Refused {
            attempt: attempt(id),
            failure: Failure {
                status: Some(status.parse().unwrap()),
                retry_after: after.get(1).map(|after| duration(after)),
                ..failure(status)
            },
        },
        ["awaited", id] => Input::Awaited {
            attempt: attempt(id),
        },
        ["routed", id] => Input::Routed {
            attempt: attempt(id),
        },
        ["decided", id, ref verdict @ ..] => Input::Decided {
            attempt: attempt(id),
            verdict: match verdict {
                ["stop"] => Verdict::Stop,
                ["retry"] => Verdict::Retry(None),
                ["retry", "in", delay] => Verdict::Retry(Some(duration(delay))),
                other => panic!("unknown verdict: {other:?}"),
            },
        },
        ["terminate"] => Input::Terminate {
            seen_alive: link.is_alive(),
        },
        ["withheld", id] => Input::Refused {
            attempt: attempt(id),
            failure: Failure {
                withheld: true,
                ..failure("WITHHELD")
            },
        },
        ["initialized", id] => Input::Initialized {
            attempt: attempt(id),
        },
        ["threw", id] => Input::Refused {
            attempt: attempt(id),
            failure: failure("THROWN"),
        },
        ["refused", id] => Input::Refused {
            attempt: attempt(id),
            failure: failure("ECONNREFUSED"),
        },
        ["received", id] => Input::Received {
            attempt: attempt(id),
        },
        ["ponged", id, number] => Input::Ponged {
            attempt: attempt(id),
            number: number.parse().unwrap(),
        },
        ["answered"] => Input::Answered,
        ["judged", id] => Input::Judged {
            attempt: attempt(id),
        },
        ["ran", time] => Input::EventLoopAlive {
            at: start + duration(time),
        },
        ["slept", time] => Input::Woke {
            slept: duration(time),
        },
        ["network"] => Input::NetworkChanged,
        ["suspected"] => Input::Suspected,
        ["shown"] => Input::Shown,
        ["broke"] => Input::Broke {
            failure: Failure {
                message: "a panic".to_owned(),
                ..failure("WSR_ERR_INTERNAL")
            },
        },
        ["paused", id] => Input::Paused {
            attempt: attempt(id),
        },
        ["resumed", id] => Input::Resumed {
            attempt: attempt(id),
        },
        ["lost", id, ref ending @ ..] => Input::Lost {
            attempt: attempt(id),
            ending: read_ending(ending),
            failure: None,
        },
        ["broken", id, code, ref ending @ ..] => Input::Lost {
            attempt: attempt(id),
            ending: read_ending(ending),
            failure: Some(failure(code)),
        },
        ["close", "circuit"] => Input::CloseCircuit,
        ["open", "circuit"] => Input::OpenCircuit,
        ["close", code, reason] => close(code, reason, link.is_alive()),
        ["close", code, reason, "seen", "alive"] => close(code, reason, true),
        ["reset"] => Input::Reset,
        ["handleError"] => Input::CountFailure,
        ["retryCount", "=", count] => Input::SetRetryCount(count.parse().unwrap()),
        ["circuitFailures", "=", count] => Input::SetCircuitFailures(count.parse().unwrap()),
        ["manualClose", "=", value] => Input::SetManualClose(value.parse().unwrap()),
        ["circuitState", "=", value] => {
            let states = [Circuit::Closed, Circuit::Open, Circuit::HalfOpen];
            Input::SetCircuit(
                states
                    .into_iter()
                    .find(|state| circuit(*state) == value)
                    .unwrap(),
            )
        }
        [name, "=", value] => {
            let mut settings = link.settings().clone();
            match name {
                "maxRetries" => settings.max_retries = Some(value.parse().unwrap()),
                "baseDelay" => settings.backoff.base = duration(value),
                "heartbeatInterval" => {
                    settings.heartbeat.interval =
                        Some(duration(value)).filter(|interval| !interval.is_zero());
                }
                "heartbeatTimeout" => settings.heartbeat.timeout = duration(value),
                "heartbeatMode" => {
                    settings.heartbeat.beat = match value {
                        "ping" => Beat::Ping,
                        _ => Beat::Message,
                    };
                }
                "judged" => {
                    settings.heartbeat.reply = match value {
                        "true" => HeartbeatReply::Judged,
                        _ => HeartbeatReply::AnyFrame,
                    };
                }
                "idleTimeout" => {
                    settings.liveness.idle_timeout =
                        Some(duration(value)).filter(|timeout| !timeout.is_zero());
                }
                "maxEventLoopBlock" => {
                    settings.liveness.max_block =
                        Some(duration(value)).filter(|limit| !limit.is_zero());
                }
                "detectSleep" => settings.liveness.detect_sleep = value.parse().unwrap(),
                "failureThreshold" => settings.circuit.failure_threshold = value.parse().unwrap(),
                "resetTimeout" => settings.circuit.reset_timeout = duration(value),
                "minUptime" => settings.reconnect.min_uptime = duration(value),
                "urls" => settings.reconnect.failover.urls = value.parse().unwrap(),
                "window" => {
                    settings.circuit.rate = Some(FailureRate {
                        window: duration(value),
                        share: 0.5,
                        minimum: 4,
                    });
                }
                "halfOpenMaxRequests" => settings.circuit.half_open_max = value.parse().unwrap(),
                other => panic!("unknown setting: {other}"),
            }
            Input::Configure(Arc::new(settings))
        }
        _ => panic!("unknown input: {what}"),
    }
}

fn close(code: &str, reason: &str, seen_alive: bool) -> Input {
    Input::Close {
        code: code.parse().unwrap(),
        reason: reason.to_owned(),
        seen_alive,
    }
}

fn attempt(id: &str) -> Attempt {
    id.strip_prefix('#').unwrap().parse().unwrap()
}

fn failure(code: &str) -> Failure {
    Failure {
        code: Some(code.to_owned()),
        ..Failure::default()
    }
}

/// `1012 restart` is a clean ending, `1006` or nothing a cut.
fn read_ending(words: &[&str]) -> Ending {
    let code = words.first().map_or(1006, |code| code.parse().unwrap());
    let reason = words.get(1).copied().unwrap_or_default().to_owned();
    Ending {
        code: CloseCode::Frame(code),
        was_clean: !reason.is_empty(),
        reason,
    }
}

fn duration(text: &str) -> Duration {
    let digits = text
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(text.len());
    let number: u64 = text[..digits].parse().unwrap();
    match &text[digits..] {
        "ms" => Duration::from_millis(number),
        "s" => Duration::from_secs(number),
        "h" => Duration::from_secs(number * 3600),
        "" if number == 0 => Duration::ZERO,
        other => panic!("unknown unit: {other}"),
    }
}

fn render(output: &Output) -> String {
    match output {
        Output::Dial {
            attempt,
            url_index,
            limit,
        } => {
            let url = match url_index {
                0 => String::new(),
                index => format!(" at url {index}"),
            };
            let limit = limit.map_or(String::new(), |limit| {
                format!(" within {}ms", limit.as_millis())
            });
            format!("dial #{attempt}{url}{limit}")
        }
        Output::Beat => "beat".to_owned(),
        Output::Ping { payload } => format!("ping {}", ping_number(payload).unwrap()),
        Output::Shut { code, reason } => format!("shut {code} {reason}"),
        Output::Cut => "cut".to_owned(),
        Output::Leave { code, reason } => format!("leave {code} {reason}"),
        Output::Notify(notice) => event(&notice.event),
    }
}

fn event(event: &Event) -> String {
    match event {
        Event::StateChange(to) => state(*to).to_owned(),
        Event::CircuitChange(to) => format!("circuit {}", circuit(*to)),
        Event::Open { .. } => "open".to_owned(),
        Event::Proved => "proved".to_owned(),
        Event::AskRoute {
            attempt,
            retries,
            url_index,
            is_reconnect,
        } => {
            let place = match url_index {
                0 => String::new(),
                index => format!(" at url {index}"),
            };
            let again = if *is_reconnect { " again" } else { "" };
            format!("ask route #{attempt} after {retries}{place}{again}")
        }
        Event::AskRetry {
            attempt,
            retry,
            elapsed,
        } => format!(
            "ask retry #{attempt} for {retry} after {}ms",
            elapsed.as_millis()
        ),
        Event::AskInit {
            attempt,
            after_open,
        } => {
            let again = if *after_open { " again" } else { "" };
            format!("ask init #{attempt}{again}")
        }
        Event::Undecided { limit } => format!("undecided within {}ms", limit.as_millis()),
        Event::Error(failure) => format!("error {}", failure.code.as_deref().unwrap_or("?")),
        Event::Close(Ending {
            code,
            reason,
            was_clean,
        }) => {
            let code = match code {
                CloseCode::Frame(code) => code.to_string(),
                CloseCode::MaxRetries => "MAX_RETRIES".to_owned(),
                CloseCode::Stopped => "STOPPED".to_owned(),
                CloseCode::NotTransient => "NOT_TRANSIENT".to_owned(),
                CloseCode::Internal => "INTERNAL".to_owned(),
            };
            let manner = if *was_clean { " clean" } else { "" };
            format!("close {code} '{reason}'{manner}")
        }
        Event::Retry {
            attempt,
            delay,
            max_retries,
        } => {
            let limit = max_retries.map_or("∞".to_owned(), |limit| limit.to_string());
            format!("retry {attempt} of {limit} in {}ms", delay.as_millis())
        }
        Event::Pinged { number, rtt } => match rtt {
            Some(rtt) => format!("pinged {number} {}ms", rtt.as_millis()),
            None => format!("pinged {number} late"),
        },
        Event::Blocked { lasted } => format!("blocked {}ms", lasted.as_millis()),
        Event::Wake { slept } => format!("wake {}ms", slept.as_millis()),
        Event::Network => "network".to_owned(),
        Event::Asked(Question::WasAnswered { attempt }) => format!("answered? #{attempt}"),
        Event::Asked(Question::EventLoopAlive) => "runs?".to_owned(),
    }
}

fn state(state: State) -> &'static str {
    match state {
        State::Closed => "CLOSED",
        State::Connecting => "CONNECTING",
        State::Open => "OPEN",
        State::Closing => "CLOSING",
        State::Blocked => "BLOCKED",
        State::Failed => "FAILED",
    }
}

fn circuit(circuit: Circuit) -> &'static str {
    match circuit {
        Circuit::Closed => "CLOSED",
        Circuit::Open => "OPEN",
        Circuit::HalfOpen => "HALF-OPEN",
    }
}
