//! Several clients that share one circuit.

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use proptest::collection::vec;
use proptest::prelude::*;
use rand::SeedableRng;

use super::trace::{Trace, measured};
use super::watch::Watch;
use crate::policy::*;

#[test]
fn the_failures_of_all_open_the_circuit_for_all() {
    play(
        "at 0ms     a failureThreshold = 2
         at 0ms     b failureThreshold = 2
         at 0ms     a connect
         expect     a CONNECTING · dial #1
         at 0ms     b connect
         expect     b CONNECTING · dial #1
         at 1ms     a refused #1
         expect     a error ECONNREFUSED · CLOSED · close 1006 '' · retry 1 of 10 in 50ms
         holds      a failures=1
         holds      b failures=1
         at 2ms     b refused #1
         expect     b error ECONNREFUSED · circuit OPEN · CLOSED · close 1006 '' · BLOCKED
         expect     a circuit OPEN · BLOCKED
         expect     c circuit OPEN
         holds      a failures=2 retries=0 wake=1002ms
         holds      c failures=2 alive=false wake=1002ms
         at 3ms     c connect
         expect     c BLOCKED
         holds      c alive=true retries=0",
    );
}

#[test]
fn who_connects_while_others_have_opened_the_circuit_waits_as_for_a_retry() {
    play(
        "at 0ms     a open circuit
         expect     a circuit OPEN
         expect     b circuit OPEN
         expect     c circuit OPEN
         at 1ms     b connect
         expect     b BLOCKED
         at 2ms     b connect
         at 3ms     c maxRetries = 0
         at 3ms     c connect
         expect     c BLOCKED · rejects Circuit breaker is OPEN
         at 1000ms  b tick
         expect     b circuit HALF-OPEN · retry 1 of 10 in 0ms · CONNECTING · dial #1
         expect     a circuit HALF-OPEN
         expect     c circuit HALF-OPEN · CLOSED
         at 1001ms  c halfOpenMaxRequests = 1
         at 1001ms  c connect
         expect     c BLOCKED · rejects Circuit breaker HALF-OPEN limit reached
         at 1002ms  b close 1000 bye
         expect     b CLOSING · cut · CLOSED · close 1006 ''
         expect     c CLOSED
         holds      c alive=false",
    );
}

#[test]
fn who_connects_while_closing_waits_for_the_circuit_after_it() {
    play(
        "at 0ms     a connect
         expect     a CONNECTING · dial #1
         at 0ms     a opened #1
         expect     a OPEN · open
         at 1ms     a close 1000 bye
         expect     a CLOSING · shut 1000 bye
         at 2ms     a reset
         at 3ms     b open circuit
         expect     a circuit OPEN
         expect     b circuit OPEN
         expect     c circuit OPEN
         at 4ms     a connect
         at 5ms     a lost #1 1000 bye
         expect     a CLOSED · close 1000 'bye' clean · BLOCKED
         holds      a retries=0",
    );
}

#[test]
fn who_has_failed_and_connects_again_waits_with_all_its_retries() {
    play(
        "at 0ms     a maxRetries = 1
         at 0ms     a retryCount = 1
         at 0ms     a connect
         expect     a CONNECTING · dial #1
         at 0ms     a refused #1
         expect     a error ECONNREFUSED · CLOSED · close 1006 '' · FAILED ·
                    close MAX_RETRIES 'Maximum retry attempts (1) exceeded'
         at 1ms     b open circuit
         expect     a circuit OPEN
         expect     b circuit OPEN
         expect     c circuit OPEN
         at 2ms     a connect
         expect     a BLOCKED
         at 1001ms  a tick
         expect     a circuit HALF-OPEN · retry 1 of 1 in 0ms · CONNECTING · dial #2
         expect     b circuit HALF-OPEN
         expect     c circuit HALF-OPEN",
    );
}

/// The first half of all stories: `a` and `b` are blocked since 0ms, `c` has an open connection.
const BLOCKED: &str = "
    at 0ms     a halfOpenMaxRequests = 1
    at 0ms     b halfOpenMaxRequests = 1
    at 0ms     c halfOpenMaxRequests = 1
    at 0ms     c connect
    expect     c CONNECTING · dial #1
    at 0ms     c opened #1
    expect     c OPEN · open
    at 0ms     a connect
    expect     a CONNECTING · dial #1
    at 0ms     b connect
    expect     b CONNECTING · dial #1
    at 0ms     a refused #1
    expect     a error ECONNREFUSED · CLOSED · close 1006 '' · retry 1 of 10 in 50ms
    at 0ms     b refused #1
    expect     b error ECONNREFUSED · CLOSED · close 1006 '' · retry 1 of 10 in 50ms
    at 0ms     a open circuit
    expect     a circuit OPEN · BLOCKED
    expect     b circuit OPEN · BLOCKED
    expect     c circuit OPEN
    ";

#[test]
fn one_probes_and_the_others_wait_for_its_outcome() {
    play(&format!(
        "{BLOCKED}
         at 0ms     a baseDelay = 0ms
         at 1000ms  b tick
         expect     b circuit HALF-OPEN · retry 1 of 10 in 0ms · CONNECTING · dial #2
         expect     a circuit HALF-OPEN
         expect     c circuit HALF-OPEN
         holds      a state=BLOCKED alive=true wake=never
         holds      c state=OPEN
         at 1001ms  a connect
         at 1002ms  b opened #2
         expect     b OPEN · circuit CLOSED · open
         expect     a circuit CLOSED · CLOSED · retry 1 of 10 in 0ms · CONNECTING · dial #2
         expect     c circuit CLOSED",
    ));
}

#[test]
fn a_probe_that_fails_keeps_all_waiting_for_another_reset_timeout() {
    play(&format!(
        "{BLOCKED}
         at 1000ms  a tick
         expect     a circuit HALF-OPEN · retry 1 of 10 in 0ms · CONNECTING · dial #2
         expect     b circuit HALF-OPEN
         expect     c circuit HALF-OPEN
         at 1500ms  a refused #2
         expect     a error ECONNREFUSED · circuit OPEN · CLOSED · close 1006 '' · BLOCKED
         expect     b circuit OPEN
         expect     c circuit OPEN
         holds      a wake=2500ms retries=1
         holds      b wake=2500ms retries=0 state=BLOCKED",
    ));
}

#[test]
fn a_probe_that_is_closed_gives_its_place_to_another() {
    play(&format!(
        "{BLOCKED}
         at 1000ms  a tick
         expect     a circuit HALF-OPEN · retry 1 of 10 in 0ms · CONNECTING · dial #2
         expect     b circuit HALF-OPEN
         expect     c circuit HALF-OPEN
         at 1001ms  a close 1000 bye
         expect     a CLOSING · cut · CLOSED · close 1006 ''
         expect     b retry 1 of 10 in 0ms · CONNECTING · dial #2",
    ));
}

#[test]
fn a_probe_that_is_dropped_gives_its_place_to_another() {
    play(&format!(
        "{BLOCKED}
         at 1000ms  a tick
         expect     a circuit HALF-OPEN · retry 1 of 10 in 0ms · CONNECTING · dial #2
         expect     b circuit HALF-OPEN
         expect     c circuit HALF-OPEN
         at 1001ms  a dropped
         expect     b retry 1 of 10 in 0ms · CONNECTING · dial #2",
    ));
}

#[test]
fn an_attempt_under_way_when_the_circuit_turns_half_open_is_its_probe() {
    play(
        "at 0ms     a halfOpenMaxRequests = 1
         at 0ms     a connect
         expect     a CONNECTING · dial #1
         at 0ms     b open circuit
         expect     a circuit OPEN
         expect     b circuit OPEN
         expect     c circuit OPEN
         at 1000ms  b tick
         expect     a circuit HALF-OPEN
         expect     b circuit HALF-OPEN
         expect     c circuit HALF-OPEN
         at 1001ms  b halfOpenMaxRequests = 1
         at 1001ms  b baseDelay = 0ms
         at 1001ms  b connect
         expect     b BLOCKED
         at 1002ms  a opened #1
         expect     a OPEN · circuit CLOSED · open
         expect     b circuit CLOSED · CLOSED · retry 1 of 10 in 0ms · CONNECTING · dial #1
         expect     c circuit CLOSED",
    );
}

#[test]
fn a_connection_lost_while_others_probe_waits_for_their_outcome() {
    play(&format!(
        "{BLOCKED}
         at 1000ms  a tick
         expect     a circuit HALF-OPEN · retry 1 of 10 in 0ms · CONNECTING · dial #2
         expect     b circuit HALF-OPEN
         expect     c circuit HALF-OPEN
         at 1001ms  c lost #1
         expect     c CLOSED · close 1006 '' · BLOCKED
         at 1002ms  a refused #2
         expect     a error ECONNREFUSED · circuit OPEN · CLOSED · close 1006 '' · BLOCKED
         expect     b circuit OPEN
         expect     c circuit OPEN
         holds      c retries=0 wake=2002ms",
    ));
}

#[test]
fn a_retry_that_comes_due_while_others_probe_is_taken_back() {
    play(
        "at 0ms     b halfOpenMaxRequests = 1
         at 0ms     b connect
         expect     b CONNECTING · dial #1
         at 0ms     b opened #1
         expect     b OPEN · open
         at 0ms     a circuitState = HALF-OPEN
         expect     b circuit HALF-OPEN
         expect     c circuit HALF-OPEN
         at 1ms     b lost #1
         expect     b CLOSED · close 1006 '' · retry 1 of 10 in 50ms
         at 2ms     a connect
         expect     a CONNECTING · dial #1
         at 51ms    b tick
         expect     b BLOCKED
         holds      b retries=0 wake=never circuit=HALF-OPEN",
    );
}

#[test]
fn who_closes_the_circuit_by_hand_goes_on_at_once_and_the_others_by_their_backoff() {
    play(&format!(
        "{BLOCKED}
         at 0ms     b baseDelay = 0ms
         at 10ms    a close circuit
         expect     a circuit CLOSED · retry 1 of 10 in 0ms · CONNECTING · dial #2
         expect     b circuit CLOSED · CLOSED · retry 1 of 10 in 0ms · CONNECTING · dial #2
         expect     c circuit CLOSED",
    ));
}

#[test]
fn a_client_without_retries_gives_up_when_it_is_let_go() {
    play(&format!(
        "{BLOCKED}
         at 0ms     b maxRetries = 0
         at 10ms    a close circuit
         expect     a circuit CLOSED · retry 1 of 10 in 0ms · CONNECTING · dial #2
         expect     b circuit CLOSED · FAILED · close MAX_RETRIES 'Maximum retry attempts (0) exceeded'
         expect     c circuit CLOSED",
    ));
}

#[test]
fn a_state_that_one_writes_is_told_to_the_others() {
    play(
        "at 0ms     a circuitState = OPEN
         expect     b circuit OPEN
         expect     c circuit OPEN
         at 0ms     a circuitState = CLOSED
         expect     b circuit CLOSED
         expect     c circuit CLOSED",
    );
}

#[test]
fn a_timer_that_one_restarts_is_restarted_for_all() {
    play(
        "at 0ms     a open circuit
         expect     a circuit OPEN
         expect     b circuit OPEN
         expect     c circuit OPEN
         at 500ms   b open circuit
         holds      a wake=1500ms
         at 1000ms  a tick
         at 1500ms  a tick
         expect     a circuit HALF-OPEN
         expect     b circuit HALF-OPEN
         expect     c circuit HALF-OPEN",
    );
}

#[test]
fn each_judges_by_its_own_threshold_and_opens_for_its_own_time() {
    play(
        "at 0ms     a failureThreshold = 2
         at 0ms     b failureThreshold = 3
         at 0ms     b resetTimeout = 2s
         at 0ms     b handleError
         at 0ms     b handleError
         holds      b circuit=CLOSED
         at 0ms     b handleError
         expect     a circuit OPEN
         expect     b circuit OPEN
         expect     c circuit OPEN
         holds      a wake=2000ms",
    );
}

#[test]
fn who_is_let_go_comes_back_at_any_time_within_its_backoff() {
    let circle = Circle::new();
    let now = Instant::from_micros(0.0);
    let mut links: Vec<Link> = (0..200)
        .map(|seed| {
            let mut settings = measured();
            settings.backoff.base = Duration::from_millis(1000);
            settings.backoff.cap = Duration::from_millis(1000);
            let mut link = Link::new(settings, Random::seed_from_u64(seed));
            link.join(Some(circle.membership()), now);
            link.connect(now).unwrap();
            link.handle(lost(), now);
            link
        })
        .collect();
    links[0].handle(Input::OpenCircuit, now);
    for link in &mut links {
        link.handle(Input::Tick, now);
        assert_eq!(link.state(), State::Blocked);
    }
    links[0].handle(Input::CloseCircuit, now);
    let mut quarters = [0; 4];
    for link in &mut links[1..] {
        link.handle(Input::Tick, now);
        let wait = link.deadline().unwrap() - now;
        quarters[(wait.as_millis() / 251) as usize] += 1;
    }
    assert!(quarters.iter().all(|count| *count > 25), "{quarters:?}");
}

#[test]
fn a_client_moves_to_another_circuit_when_its_attempt_has_ended() {
    let (now, other) = (Instant::from_micros(0.0), Circle::new());
    let mut link = Link::new(measured(), Random::seed_from_u64(1));
    link.join(Some(Circle::new().membership()), now);
    link.connect(now).unwrap();
    other.lock().open(&measured().circuit, now);
    link.join(Some(other.membership()), now);
    assert_eq!(link.circuit(), Circuit::Closed);
    link.handle(lost(), now);
    assert_eq!(
        (link.circuit(), link.state()),
        (Circuit::Open, State::Blocked)
    );
    link.join(None, now);
    assert_eq!(
        (link.circuit(), link.state()),
        (Circuit::Closed, State::Closed)
    );
    assert!(link.is_alive() && link.deadline().is_some());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// The rules of one client are in [`Watch`], those of all in [`Herd`].
    #[test]
    fn never_too_many_probe_and_nobody_is_stuck(
        limit in 1_u64..4,
        threshold in 1_u64..6,
        count in 2_usize..6,
        steps in vec((0_usize..6, step()), 0..150),
    ) {
        let mut herd = Herd::new(count, limit, threshold);
        for (index, step) in steps {
            herd.step(index % count, step);
        }
        herd.all_are_open_in_the_end();
    }
}

/// Plays a script of three clients with one circuit: `a`, `b` and `c`. What one moves, the others are
/// told at once.
fn play(script: &str) {
    let (circle, start) = (Circle::new(), Instant::from_micros(0.0));
    let mut traces: BTreeMap<&str, Trace> = ["a", "b", "c"]
        .into_iter()
        .map(|name| {
            let mut link = Link::new(measured(), Random::seed_from_u64(1));
            link.join(Some(circle.membership()), start);
            (name, Trace::of(link, Watch::of_a_sharer(), start))
        })
        .collect();
    let script = script.replace("·\n", "·");
    let lines = script.lines().map(str::trim);
    for line in lines.filter(|line| !line.is_empty()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["at", time, name, ref what @ ..] => {
                for trace in traces.values() {
                    trace.nothing_is_left();
                }
                if what == ["dropped"] {
                    traces.remove(name);
                } else {
                    let line = format!("at {time} {}", what.join(" "));
                    traces.get_mut(name).unwrap().line(&line);
                }
                let now = traces.values().map(|trace| trace.now).max().unwrap();
                for trace in traces.values_mut() {
                    trace.now = now;
                    if trace.link.is_behind() {
                        trace.input("tick");
                    }
                }
            }
            [verb @ ("expect" | "holds"), name, ref rest @ ..] => {
                let line = format!("{verb} {}", rest.join(" "));
                traces.get_mut(name).unwrap().line(&line);
            }
            _ => panic!("unknown line: {line}"),
        }
    }
    for trace in traces.values() {
        trace.nothing_is_left();
    }
}

/// A circuit with its sharers.
#[derive(Debug)]
struct Circle {
    breaker: Mutex<Breaker>,
    moves: AtomicU64,
}

/// One client of a circle.
#[derive(Debug)]
struct CircleMember(Arc<Circle>);

struct BreakerGuard<'a> {
    breaker: MutexGuard<'a, Breaker>,
    moves: &'a AtomicU64,
}

impl Circle {
    fn new() -> Arc<Circle> {
        Arc::new(Circle {
            breaker: Mutex::new(Breaker::shared()),
            moves: AtomicU64::new(0),
        })
    }

    fn lock(&self) -> BreakerGuard<'_> {
        BreakerGuard {
            breaker: self.breaker.lock().unwrap(),
            moves: &self.moves,
        }
    }

    fn membership(self: &Arc<Circle>) -> Box<dyn SharedBreaker> {
        Box::new(CircleMember(self.clone()))
    }
}

impl SharedBreaker for CircleMember {
    fn lock(&self) -> Box<dyn DerefMut<Target = Breaker> + '_> {
        Box::new(self.0.lock())
    }

    fn moves(&self) -> u64 {
        self.0.moves.load(Ordering::Relaxed)
    }
}

impl Deref for BreakerGuard<'_> {
    type Target = Breaker;

    fn deref(&self) -> &Breaker {
        &self.breaker
    }
}

impl DerefMut for BreakerGuard<'_> {
    fn deref_mut(&mut self) -> &mut Breaker {
        &mut self.breaker
    }
}

impl Drop for BreakerGuard<'_> {
    fn drop(&mut self) {
        self.moves.store(self.breaker.moves(), Ordering::Relaxed);
    }
}

fn lost() -> Input {
    Input::Lost {
        attempt: 1,
        ending: Ending {
            code: CloseCode::Frame(1006),
            reason: String::new(),
            was_clean: false,
        },
        failure: None,
    }
}

/// Clients of one circuit, whose wake-ups come in any order and late.
struct Herd {
    circle: Arc<Circle>,
    limit: u64,
    now: Instant,
    clients: Vec<Client>,
    seeds: u64,
    settings: Settings,
}

struct Client {
    link: Link,
    watch: Watch,
    attempt: Attempt,
}

#[derive(Clone, Debug)]
enum Step {
    Pass(u64),
    /// To the deadline of this client.
    ToDeadline,
    /// Hands a tick to this client, which may be behind.
    Wake,
    Connect,
    HandIn(Box<Input>),
    Opened,
    Refused,
    Lost,
    /// Drops the client, and puts another into its place.
    Replace,
}

impl Herd {
    fn new(count: usize, limit: u64, threshold: u64) -> Herd {
        let mut settings = measured();
        settings.max_retries = None;
        settings.circuit.half_open_max = limit;
        settings.circuit.failure_threshold = threshold;
        let mut herd = Herd {
            circle: Circle::new(),
            limit,
            now: Instant::from_micros(0.0),
            clients: Vec::new(),
            seeds: 0,
            settings,
        };
        for _ in 0..count {
            let client = herd.client();
            herd.clients.push(client);
        }
        herd
    }

    fn client(&mut self) -> Client {
        self.seeds += 1;
        let mut link = Link::new(self.settings.clone(), Random::seed_from_u64(self.seeds));
        link.join(Some(self.circle.membership()), self.now);
        let mut client = Client {
            link,
            watch: Watch::of_a_sharer(),
            attempt: 0,
        };
        client.drain();
        client
    }

    fn step(&mut self, index: usize, step: Step) {
        let before = self.under_way();
        let client = &mut self.clients[index];
        let attempt = client.attempt;
        match step {
            Step::Pass(time) => self.now += Duration::from_millis(time),
            Step::ToDeadline => {
                self.now = client
                    .link
                    .deadline()
                    .map_or(self.now, |at| at.max(self.now));
                client.hand_in(Input::Tick, self.now);
            }
            Step::Wake => client.hand_in(Input::Tick, self.now),
            Step::Connect => {
                let answer = client.link.connect(self.now);
                client.watch.connected(&answer);
                client.drain();
            }
            Step::HandIn(input) => client.hand_in(*input, self.now),
            Step::Opened => client.hand_in(Input::Opened { attempt }, self.now),
            Step::Refused => client.hand_in(
                Input::Refused {
                    attempt,
                    failure: Failure::default(),
                },
                self.now,
            ),
            Step::Lost => client.hand_in(
                match lost() {
                    Input::Lost { ending, .. } => Input::Lost {
                        attempt,
                        ending,
                        failure: None,
                    },
                    other => other,
                },
                self.now,
            ),
            Step::Replace => self.clients[index] = self.client(),
        }
        // Attempts from before the circuit turned half-open are probes that nobody asked the limit.
        let (probes, limit) = (self.under_way(), self.limit.max(before));
        let half_open = self.circle.lock().circuit() == Circuit::HalfOpen;
        assert!(
            !half_open || probes <= limit,
            "{probes} probes, {before} before"
        );
    }

    fn under_way(&self) -> u64 {
        let states = self.clients.iter().map(|client| client.link.state());
        states.filter(|state| *state == State::Connecting).count() as u64
    }

    /// From wherever they are, clients that want to be connected come to be, when the server is well and
    /// every wake-up comes in the end.
    fn all_are_open_in_the_end(&mut self) {
        for index in 0..self.clients.len() {
            self.step(index, Step::HandIn(Box::new(Input::SetManualClose(false))));
            self.step(index, Step::Connect);
        }
        for _ in 0..100 {
            for index in 0..self.clients.len() {
                if self.clients[index].link.is_behind() {
                    self.step(index, Step::Wake);
                }
                match self.clients[index].link.state() {
                    State::Connecting => self.step(index, Step::Opened),
                    State::Closing => self.step(index, Step::Lost),
                    State::Closed if !self.clients[index].link.is_alive() => {
                        self.step(index, Step::Connect);
                    }
                    State::Closed | State::Open | State::Blocked => {}
                    State::Failed => panic!("gave up without a limit"),
                }
            }
            let links = || self.clients.iter().map(|client| &client.link);
            if links().all(|link| link.state() == State::Open) {
                return;
            }
            let waits = |link: &&Link| !matches!(link.state(), State::Open | State::Connecting);
            if let Some(next) = links().filter(waits).filter_map(Link::deadline).min()
                && !links().any(Link::is_behind)
            {
                self.now = next.max(self.now);
                for index in 0..self.clients.len() {
                    self.step(index, Step::Wake);
                }
            }
        }
        let states: Vec<State> = self
            .clients
            .iter()
            .map(|client| client.link.state())
            .collect();
        panic!("not open in the end: {states:?} {:?}", self.circle);
    }
}

impl Client {
    fn hand_in(&mut self, input: Input, now: Instant) {
        self.watch.told(&input);
        self.link.handle(input, now);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.link.next_output() {
            self.watch.saw(&output, self.link.settings());
            if let Output::Dial { attempt, .. } = output {
                self.attempt = attempt;
            }
        }
        self.watch.agrees(&self.link);
        // Who waits for an outcome waits for one that can come.
        let waits = self.link.state() == State::Blocked && !self.link.is_behind();
        assert!(
            !waits || self.link.circuit() != Circuit::Closed,
            "blocked by a closed circuit"
        );
    }
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => (0_u64..300).prop_map(Step::Pass),
        8 => Just(Step::ToDeadline),
        8 => Just(Step::Wake),
        6 => Just(Step::Connect),
        4 => input().prop_map(|input| Step::HandIn(Box::new(input))),
        5 => Just(Step::Opened),
        9 => Just(Step::Refused),
        2 => Just(Step::Lost),
        1 => Just(Step::Replace),
    ]
}

fn input() -> impl Strategy<Value = Input> {
    prop_oneof![
        3 => Just(Input::Close { code: 4000, reason: "enough".to_owned(), seen_alive: false }),
        2 => Just(Input::SetManualClose(false)),
        1 => Just(Input::Reset),
        3 => Just(Input::OpenCircuit),
        1 => Just(Input::CloseCircuit),
        1 => Just(Input::CountFailure),
        1 => prop_oneof![Just(Circuit::Closed), Just(Circuit::Open), Just(Circuit::HalfOpen)]
            .prop_map(Input::SetCircuit),
    ]
}
