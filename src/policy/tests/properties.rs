//! What must be true of every run: random inputs, stale ones and early ticks among them.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use rand::SeedableRng;

use super::watch::Watch;
use crate::policy::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// The rules themselves are in [`Watch`].
    #[test]
    fn every_run_keeps_the_rules(settings in settings(), seed: u64, steps in vec(step(), 0..80)) {
        Run::new(settings, seed).play(&steps);
    }

    #[test]
    fn the_same_seed_and_inputs_replay_the_same_run(
        settings in settings(),
        seed: u64,
        steps in vec(step(), 0..80),
    ) {
        let first = Run::new(settings.clone(), seed).play(&steps);
        prop_assert_eq!(first, Run::new(settings, seed).play(&steps));
    }

    #[test]
    fn a_client_left_alone_with_a_good_server_is_open_in_the_end(
        settings in settings(),
        seed: u64,
        steps in vec(step(), 0..80),
    ) {
        let settings = Settings { max_retries: None, ..settings };
        let mut run = Run::new(settings, seed);
        run.play(&steps);
        run.configure(|settings| settings.max_retries = None);
        run.finish();
    }
}

#[test]
fn ten_years_of_reconnecting_keep_the_rules() {
    let settings = Settings {
        backoff: Backoff {
            base: Duration::from_secs(1),
            cap: Duration::from_secs(600),
            multiplier: 2.0,
            jitter: Jitter::Spread(0.1),
        },
        max_retries: None,
        reconnect: Reconnect::default(),
        heartbeat: HeartbeatSettings {
            interval: Some(Duration::from_secs(3600)),
            timeout: Duration::from_secs(5),
            beat: Beat::Message,
            reply: HeartbeatReply::AnyFrame,
        },
        liveness: LivenessSettings::default(),
        circuit: CircuitSettings {
            failure_threshold: 5,
            rate: None,
            reset_timeout: Duration::from_secs(3600),
            half_open_max: 3,
        },
        close_timeout: Duration::from_secs(30),
    };
    let mut run = Run::new(settings, 1);
    let end = run.now + Duration::from_secs(10 * 365 * 24 * 3600);
    let (mut dials, mut opens, mut beats) = (0_u32, 0_u32, 0_u32);
    run.connect();
    while run.now < end {
        for output in std::mem::take(&mut run.seen) {
            match output {
                Output::Dial { attempt, .. } => {
                    dials += 1;
                    // Three bad attempts in four: the circuit opens now and then.
                    if dials.is_multiple_of(4) {
                        run.hand_in(Input::Opened { attempt });
                    } else {
                        run.hand_in(Input::Refused {
                            attempt,
                            failure: Failure::default(),
                        });
                    }
                }
                Output::Beat => {
                    beats += 1;
                    // Every hundredth beat stays without a reply.
                    if !beats.is_multiple_of(100) {
                        run.hand_in(Input::Received {
                            attempt: run.attempt,
                        });
                    }
                }
                Output::Notify(Notice {
                    event: Event::Open { .. },
                    ..
                }) => opens += 1,
                Output::Notify(_)
                | Output::Ping { .. }
                | Output::Shut { .. }
                | Output::Cut
                | Output::Leave { .. } => {}
            }
        }
        if run.seen.is_empty() {
            run.now = run
                .link
                .deadline()
                .expect("a living client always has something to wait for");
            run.tick();
        }
    }
    assert!(opens > 800, "{opens} connections in ten years");
    assert!(beats > 80_000, "{beats} beats in ten years");
}

/// A client with its user, a clock that is turned by hand, and all that was decided.
struct Run {
    link: Link,
    watch: Watch,
    now: Instant,
    /// The latest attempt.
    attempt: Attempt,
    /// The latest attempt that JavaScript was asked for and that is not dialed.
    asked: Option<Attempt>,
    seen: Vec<Output>,
}

#[derive(Clone, Debug)]
enum Step {
    Pass(Duration),
    ToDeadline,
    /// A millisecond before the deadline, with a tick that comes too early.
    AlmostToDeadline,
    Connect,
    Reconnect,
    Ping,
    /// The event loop runs.
    Run,
    HandIn(Input),
    /// Something about the attempt that is so many before the latest.
    Report {
        age: u64,
        report: Report,
    },
    Change(Change),
}

#[derive(Clone, Debug)]
enum Report {
    Opened,
    Refused,
    /// Refused by a server that asks for so many ms of peace.
    Busy(u64),
    Awaited,
    Routed,
    Initialized,
    Decided(Verdict),
    Received,
    Ponged(u64),
    Judged,
    Lost {
        failed: bool,
    },
    Paused,
    Resumed,
}

#[derive(Clone, Debug)]
enum Change {
    Interval(Option<Duration>),
    MaxRetries(Option<u64>),
    Threshold(u64),
    HalfOpenMax(u64),
    MinUptime(Duration),
    Urls(usize),
    Asked(Asked),
    Idle(Option<Duration>),
    MaxBlock(Option<Duration>),
}

impl Run {
    fn new(settings: Settings, seed: u64) -> Run {
        Run {
            link: Link::new(settings, Random::seed_from_u64(seed)),
            watch: Watch::default(),
            now: epoch(),
            attempt: 0,
            asked: None,
            seen: Vec::new(),
        }
    }

    fn play(&mut self, steps: &[Step]) -> Vec<Output> {
        for step in steps {
            match step.clone() {
                Step::Pass(duration) => self.now += duration,
                Step::ToDeadline => {
                    self.now = self
                        .link
                        .deadline()
                        .map_or(self.now, |deadline| deadline.max(self.now));
                    self.tick();
                }
                Step::AlmostToDeadline => {
                    let early = self
                        .link
                        .deadline()
                        .map(|due| Instant::from_micros(due.as_micros() - 1000.0));
                    if let Some(early) = early.filter(|early| *early >= self.now) {
                        self.now = early;
                        self.tick();
                    }
                }
                Step::Connect => self.connect(),
                Step::Reconnect => {
                    let answer = self.link.reconnect(4000, "anew".to_owned(), self.now);
                    self.watch.connected(&answer);
                    self.drain();
                }
                Step::Ping => {
                    let answer = self.link.ping(self.now);
                    assert_eq!(answer.is_some(), self.link.state() == State::Open);
                    self.drain();
                }
                Step::Run => self.run(),
                Step::HandIn(Input::Tick) => self.tick(),
                Step::HandIn(input) => {
                    self.hand_in(input);
                }
                Step::Report { age, report } => {
                    self.report(self.attempt.saturating_sub(age), report)
                }
                Step::Change(change) => self.configure(|settings| match change {
                    Change::Interval(interval) => settings.heartbeat.interval = interval,
                    Change::MaxRetries(limit) => settings.max_retries = limit,
                    Change::Threshold(threshold) => settings.circuit.failure_threshold = threshold,
                    Change::HalfOpenMax(limit) => settings.circuit.half_open_max = limit,
                    Change::MinUptime(time) => settings.reconnect.min_uptime = time,
                    Change::Urls(urls) => settings.reconnect.failover.urls = urls,
                    Change::Asked(asked) => settings.reconnect.asked = asked,
                    Change::Idle(timeout) => settings.liveness.idle_timeout = timeout,
                    Change::MaxBlock(limit) => settings.liveness.max_block = limit,
                }),
            }
            self.is_not_stuck();
        }
        self.seen.clone()
    }

    /// From wherever the run is, a user who wants to be connected comes to be, without a refusal.
    fn finish(&mut self) {
        self.hand_in(Input::Reset);
        self.connect();
        for _ in 0..100 {
            match self.watch.state() {
                State::Open => return,
                State::Connecting if self.link.is_asking(self.attempt) => {
                    self.report(self.attempt, Report::Routed)
                }
                State::Connecting if self.link.is_initializing(self.attempt) => {
                    self.report(self.attempt, Report::Initialized)
                }
                State::Connecting => self.report(self.attempt, Report::Opened),
                State::Closing => self.report(self.attempt, Report::Lost { failed: false }),
                State::Closed if self.link.is_deciding(self.attempt) => {
                    self.report(self.attempt, Report::Decided(Verdict::Retry(None)))
                }
                State::Closed if self.watch.javascript_is_awaited() => self.run(),
                State::Closed | State::Blocked => {
                    self.now = self
                        .link
                        .deadline()
                        .expect("nothing to wait for")
                        .max(self.now);
                    self.tick();
                }
                State::Failed => panic!("gave up without a limit"),
            }
        }
        panic!("not open in the end: {:?}", self.link);
    }

    fn connect(&mut self) {
        let before = self.link.state();
        let answer = self.link.connect(self.now);
        self.watch.connected(&answer);
        let told = self.drain();
        if answer == Err(Refusal::ManuallyClosed) {
            assert_eq!(
                (told, self.link.state()),
                (0, before),
                "a refusal changes nothing"
            );
        }
    }

    fn run(&mut self) {
        self.now += Duration::from_millis(1);
        self.hand_in(Input::EventLoopAlive { at: self.now });
    }

    /// Says how many outputs followed.
    fn hand_in(&mut self, input: Input) -> usize {
        self.watch.told(&input);
        self.link.handle(input, self.now);
        self.drain()
    }

    fn drain(&mut self) -> usize {
        let before = self.seen.len();
        while let Some(output) = self.link.next_output() {
            self.watch.saw(&output, self.link.settings());
            let begun = match &output {
                Output::Dial {
                    attempt, url_index, ..
                } => {
                    assert!(*url_index < self.link.settings().reconnect.failover.urls);
                    Some(*attempt)
                }
                Output::Notify(Notice {
                    event: Event::AskRoute { attempt, .. },
                    ..
                }) => Some(*attempt),
                Output::Notify(_)
                | Output::Beat
                | Output::Ping { .. }
                | Output::Shut { .. }
                | Output::Leave { .. }
                | Output::Cut => None,
            };
            if let Some(attempt) = begun {
                let dialed_after_asking = self.asked.take() == Some(attempt);
                assert!(
                    attempt == self.attempt + 1 || dialed_after_asking,
                    "attempts are numbered in order"
                );
                self.attempt = attempt;
                let asks = matches!(&output, Output::Notify(_));
                self.asked = asks.then_some(attempt);
            }
            self.seen.push(output);
        }
        self.watch.agrees(&self.link);
        self.seen.len() - before
    }

    /// An early tick does nothing; a due deadline clears or moves, so that ticks come to an end.
    fn tick(&mut self) {
        let deadline = self.link.deadline();
        if deadline.is_none_or(|deadline| deadline > self.now) {
            assert_eq!(
                self.hand_in(Input::Tick),
                0,
                "an early tick decided something"
            );
            assert_eq!(self.link.deadline(), deadline);
            return;
        }
        self.hand_in(Input::Tick);
        for _ in 0..100 {
            if self
                .link
                .deadline()
                .is_none_or(|deadline| deadline > self.now)
            {
                return;
            }
            self.hand_in(Input::Tick);
        }
        panic!("a deadline that is due does not go away: {:?}", self.link);
    }

    fn report(&mut self, attempt: Attempt, report: Report) {
        let stale = attempt != self.attempt;
        let deadline = self.link.deadline();
        let failure = Failure::default();
        let told = self.hand_in(match report {
            Report::Opened => Input::Opened { attempt },
            Report::Refused => Input::Refused { attempt, failure },
            Report::Busy(asked) => Input::Refused {
                attempt,
                failure: Failure {
                    retry_after: Some(Duration::from_millis(asked)),
                    ..failure
                },
            },
            Report::Awaited => Input::Awaited { attempt },
            Report::Routed => Input::Routed { attempt },
            Report::Initialized => Input::Initialized { attempt },
            Report::Decided(verdict) => Input::Decided { attempt, verdict },
            Report::Received => Input::Received { attempt },
            Report::Ponged(number) => Input::Ponged { attempt, number },
            Report::Judged => Input::Judged { attempt },
            Report::Lost { failed } => {
                let ending = Ending {
                    code: CloseCode::Frame(1012),
                    reason: "restart".to_owned(),
                    was_clean: true,
                };
                Input::Lost {
                    attempt,
                    ending,
                    failure: failed.then_some(failure),
                }
            }
            Report::Paused => Input::Paused { attempt },
            Report::Resumed => Input::Resumed { attempt },
        });
        if stale {
            assert_eq!(
                (told, self.link.deadline()),
                (0, deadline),
                "an old attempt was heard"
            );
        }
    }

    fn configure(&mut self, change: impl FnOnce(&mut Settings)) {
        let mut settings = self.link.settings().clone();
        change(&mut settings);
        self.hand_in(Input::Configure(Arc::new(settings)));
    }

    /// A client that waits has a deadline; one that has none waits for the network or the user.
    fn is_not_stuck(&self) {
        if self.link.is_asking(self.attempt) || self.link.is_deciding(self.attempt) {
            return;
        }
        let waits = match self.link.state() {
            State::Closed => self.link.is_alive() && !self.watch.javascript_is_awaited(),
            State::Blocked => self.link.is_alive(),
            State::Closing => true,
            State::Connecting | State::Failed => false,
            State::Open => self.link.settings().heartbeat.interval.is_some(),
        };
        assert!(
            !waits || self.link.deadline().is_some(),
            "waits for nothing: {:?}",
            self.link
        );
    }
}

/// The same for all runs of a test, so that two of them can be compared.
fn epoch() -> Instant {
    Instant::from_micros(0.0)
}

fn settings() -> impl Strategy<Value = Settings> {
    let backoff = (duration(), duration(), 1.0..10.0, jitter()).prop_map(
        |(base, cap, multiplier, jitter)| Backoff {
            base,
            cap,
            multiplier,
            jitter,
        },
    );
    let heartbeat = (interval(), duration(), any::<bool>(), any::<bool>()).prop_map(
        |(interval, timeout, pings, judged)| HeartbeatSettings {
            interval,
            timeout,
            beat: if pings { Beat::Ping } else { Beat::Message },
            reply: if judged {
                HeartbeatReply::Judged
            } else {
                HeartbeatReply::AnyFrame
            },
        },
    );
    let liveness = (interval(), interval(), any::<bool>()).prop_map(
        |(idle_timeout, max_block, detect_sleep)| LivenessSettings {
            idle_timeout,
            max_block,
            detect_sleep,
        },
    );
    let circuit = (1_u64..6, duration(), 1_u64..4).prop_map(
        |(failure_threshold, reset_timeout, half_open_max)| CircuitSettings {
            failure_threshold,
            rate: None,
            reset_timeout,
            half_open_max,
        },
    );
    (
        backoff,
        max_retries(),
        reconnect(),
        heartbeat,
        liveness,
        circuit,
        duration(),
    )
        .prop_map(
            |(backoff, max_retries, reconnect, heartbeat, liveness, circuit, close_timeout)| {
                Settings {
                    backoff,
                    max_retries,
                    reconnect,
                    heartbeat,
                    liveness,
                    circuit,
                    close_timeout,
                }
            },
        )
}

fn jitter() -> impl Strategy<Value = Jitter> {
    prop_oneof![
        4 => (0.0..=1.0).prop_map(Jitter::Spread),
        1 => Just(Jitter::Full),
        1 => Just(Jitter::Equal),
        1 => Just(Jitter::Decorrelated),
        1 => Just(Jitter::None),
    ]
}

fn reconnect() -> impl Strategy<Value = Reconnect> {
    let failover =
        (1_usize..4, any::<bool>(), interval()).prop_map(|(urls, random, prefer_first)| Failover {
            urls,
            random,
            prefer_first,
        });
    let times = (min_uptime(), min_uptime(), interval());
    (times, any::<bool>(), asked(), failover).prop_map(
        |((min_uptime, max_retry_after, connection_timeout), only_transient, asked, failover)| {
            Reconnect {
                min_uptime,
                max_retry_after,
                connection_timeout,
                only_transient,
                asked,
                failover,
            }
        },
    )
}

fn min_uptime() -> impl Strategy<Value = Duration> {
    prop_oneof![2 => Just(Duration::ZERO), 1 => duration()]
}

fn asked() -> impl Strategy<Value = Asked> {
    prop_oneof![
        2 => Just(Asked::default()),
        1 => any::<(bool, bool, bool)>()
            .prop_map(|(route, retry, init)| Asked { route, retry, init }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0_u64..300).prop_map(|time| Step::Pass(Duration::from_millis(time))),
        1 => Just(Step::Pass(Duration::from_secs(3600))),
        10 => Just(Step::ToDeadline),
        2 => Just(Step::AlmostToDeadline),
        5 => Just(Step::Connect),
        2 => Just(Step::Reconnect),
        1 => Just(Step::Ping),
        3 => Just(Step::Run),
        5 => input().prop_map(Step::HandIn),
        12 => (prop_oneof![8 => Just(0_u64), 1 => 1_u64..4], report())
            .prop_map(|(age, report)| Step::Report { age, report }),
        1 => change().prop_map(Step::Change),
    ]
}

fn input() -> impl Strategy<Value = Input> {
    prop_oneof![
        2 => Just(Input::Tick),
        2 => any::<bool>().prop_map(|seen_alive| Input::Close { code: 4000, reason: "enough".to_owned(), seen_alive }),
        1 => any::<bool>().prop_map(|seen_alive| Input::Terminate { seen_alive }),
        3 => Just(Input::Reset),
        1 => Just(Input::OpenCircuit),
        1 => Just(Input::CloseCircuit),
        1 => Just(Input::CountFailure),
        1 => prop_oneof![0_u64..8, Just(u64::MAX)].prop_map(Input::SetRetryCount),
        1 => prop_oneof![0_u64..8, Just(u64::MAX)].prop_map(Input::SetCircuitFailures),
        1 => any::<bool>().prop_map(Input::SetManualClose),
        2 => prop_oneof![Just(Circuit::Closed), Just(Circuit::Open), Just(Circuit::HalfOpen)]
            .prop_map(Input::SetCircuit),
        1 => Just(Input::Answered),
        1 => duration().prop_map(|slept| Input::Woke { slept }),
        1 => Just(Input::NetworkChanged),
        1 => Just(Input::Broke { failure: Failure { code: Some("WSR_ERR_INTERNAL".to_owned()), ..Failure::default() } }),
    ]
}

fn report() -> impl Strategy<Value = Report> {
    prop_oneof![
        6 => Just(Report::Opened),
        6 => Just(Report::Refused),
        1 => (0_u64..2000).prop_map(Report::Busy),
        2 => Just(Report::Awaited),
        6 => Just(Report::Routed),
        4 => Just(Report::Initialized),
        4 => prop_oneof![
            1 => Just(Verdict::Stop),
            3 => Just(Verdict::Retry(None)),
            1 => duration().prop_map(|delay| Verdict::Retry(Some(delay))),
        ]
        .prop_map(Report::Decided),
        2 => Just(Report::Received),
        1 => (0_u64..5).prop_map(Report::Ponged),
        1 => Just(Report::Judged),
        2 => any::<bool>().prop_map(|failed| Report::Lost { failed }),
        1 => Just(Report::Paused),
        1 => Just(Report::Resumed),
    ]
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        interval().prop_map(Change::Interval),
        max_retries().prop_map(Change::MaxRetries),
        (1_u64..6).prop_map(Change::Threshold),
        (1_u64..4).prop_map(Change::HalfOpenMax),
        min_uptime().prop_map(Change::MinUptime),
        (1_usize..4).prop_map(Change::Urls),
        asked().prop_map(Change::Asked),
        interval().prop_map(Change::Idle),
        interval().prop_map(Change::MaxBlock),
    ]
}

fn max_retries() -> impl Strategy<Value = Option<u64>> {
    prop_oneof![Just(None), (0_u64..6).prop_map(Some)]
}

fn interval() -> impl Strategy<Value = Option<Duration>> {
    prop_oneof![1 => Just(None), 3 => duration().prop_map(Some)]
}

fn duration() -> impl Strategy<Value = Duration> {
    (1_u64..500).prop_map(Duration::from_millis)
}
