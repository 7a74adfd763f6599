//! Clients that keep to one budget of attempts.

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard};

use proptest::collection::vec;
use proptest::prelude::*;
use rand::SeedableRng;

use super::trace::{Trace, measured};
use super::watch::Watch;
use crate::policy::*;

#[test]
fn a_first_attempt_waits_connecting_until_it_may_begin() {
    play(
        limited(1, 100, None),
        "at 0ms     a connect
         expect     a CONNECTING · dial #1
         at 10ms    b connect
         expect     b CONNECTING
         holds      b state=CONNECTING queued=true wake=100ms
         at 99ms    b tick
         at 100ms   b tick
         expect     b dial #1
         holds      b queued=false wake=never",
    );
}

#[test]
fn a_retry_tells_the_delay_that_the_budget_asks_for() {
    play(
        limited(1, 1000, None),
        "at 0ms     a connect
         expect     a CONNECTING · dial #1
         at 10ms    a refused #1
         expect     a error ECONNREFUSED · CLOSED · close 1006 '' · retry 1 of 10 in 990ms
         at 20ms    b connect
         expect     b CONNECTING
         holds      b wake=2000ms
         at 1000ms  a tick
         expect     a CONNECTING · dial #2
         at 2000ms  b tick
         expect     b dial #1",
    );
}

#[test]
fn a_delay_of_the_backoff_that_is_longer_stays_as_it_is() {
    play(
        limited(1, 20, None),
        "at 0ms     a connect
         expect     a CONNECTING · dial #1
         at 1ms     a refused #1
         expect     a error ECONNREFUSED · CLOSED · close 1006 '' · retry 1 of 10 in 50ms",
    );
}

#[test]
fn who_waits_for_another_to_end_is_called() {
    play(
        limited(10, 100, Some(1)),
        "at 0ms     a connect
         expect     a CONNECTING · dial #1
         at 1ms     b connect
         expect     b CONNECTING
         holds      b wake=never
         at 2ms     c connect
         expect     c CONNECTING
         at 500ms   a opened #1
         expect     a OPEN · open
         expect     b dial #1
         holds      c queued=true
         at 600ms   b refused #1
         expect     b error ECONNREFUSED · CLOSED · close 1006 '' · retry 1 of 10 in 50ms
         expect     c dial #1
         at 650ms   b tick
         expect     b CONNECTING
         at 700ms   c opened #1
         expect     c OPEN · open
         expect     b dial #2",
    );
}

#[test]
fn what_is_given_up_leaves_its_place_to_others() {
    play(
        limited(1, 1000, Some(1)),
        "at 0ms     a connect
         expect     a CONNECTING · dial #1
         at 1ms     b connect
         expect     b CONNECTING
         holds      b wake=1000ms
         at 2ms     b close 1000 bye
         expect     b CLOSING · cut · CLOSED · close 1006 ''
         at 3ms     c connect
         expect     c CONNECTING
         holds      c wake=1000ms
         at 1000ms  c tick
         at 1001ms  a terminate
         expect     a CLOSING · cut · CLOSED · close 1006 ''
         expect     c dial #1",
    );
}

#[test]
fn a_client_that_is_gone_holds_nothing() {
    play(
        limited(10, 1000, Some(1)),
        "at 0ms     a connect
         expect     a CONNECTING · dial #1
         at 1ms     b connect
         expect     b CONNECTING
         at 2ms     a dropped
         expect     b dial #1",
    );
}

#[test]
fn the_circuit_blocks_who_waits_and_a_probe_needs_a_start() {
    play(
        limited(1, 2000, None),
        "at 0ms     a connect
         expect     a CONNECTING · dial #1
         at 1ms     b connect
         expect     b CONNECTING
         at 2ms     b open circuit
         expect     b circuit OPEN · BLOCKED
         at 3ms     c connect
         expect     c CONNECTING
         holds      c wake=2000ms
         at 1002ms  b tick
         expect     b circuit HALF-OPEN · retry 1 of 10 in 2998ms · CONNECTING
         at 2000ms  c tick
         expect     c dial #1
         at 4000ms  b tick
         expect     b dial #2",
    );
}

#[test]
fn the_wait_is_none_of_the_time_of_an_attempt() {
    let timed = |settings: &mut Settings| {
        limited(1, 1000, None)(settings);
        settings.reconnect.connection_timeout = Some(Duration::from_millis(100));
    };
    play(
        timed,
        "at 0ms     a connect
         expect     a CONNECTING · dial #1 within 100ms
         at 1ms     b connect
         expect     b CONNECTING
         at 1000ms  b tick
         expect     b dial #1 within 100ms",
    );
}

#[test]
fn a_delay_that_ends_early_ends_no_sooner_than_the_budget_lets_it() {
    play(
        limited(1, 1000, None),
        "at 0ms     a connect
         expect     a CONNECTING · dial #1
         at 1ms     a refused #1
         expect     a error ECONNREFUSED · CLOSED · close 1006 '' · retry 1 of 10 in 999ms
         at 2ms     a network
         expect     a network
         holds      a wake=1000ms
         at 3ms     a reconnect 1000 anew
         expect     a CONNECTING
         holds      a wake=1000ms
         at 1000ms  a tick
         expect     a dial #2",
    );
}

#[test]
fn a_client_that_keeps_to_no_budget_any_more_waits_no_longer() {
    play(
        limited(1, 1000, None),
        "at 0ms     a connect
         expect     a CONNECTING · dial #1
         at 1ms     b connect
         expect     b CONNECTING
         at 2ms     b connectRate = none
         expect     b dial #1",
    );
}

#[test]
fn what_a_function_says_late_is_dialed_when_the_budget_lets_it() {
    let asking = |settings: &mut Settings| {
        limited(1, 100, None)(settings);
        settings.reconnect.asked.route = true;
    };
    play(
        asking,
        "at 0ms     a connect
         expect     a CONNECTING · ask route #1 after 0
         at 10ms    b connect
         expect     b CONNECTING · ask route #1 after 0
         at 20ms    b routed #1
         expect     b dial #1
         at 30ms    a routed #1
         holds      a queued=true wake=120ms
         at 120ms   a tick
         expect     a dial #1",
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn no_while_has_too_many_starts_and_nobody_starves(
        count in 1_usize..9,
        max in 1_u64..5,
        concurrency in proptest::option::of(1_u64..4),
        steps in vec((any::<usize>(), step()), 0..120),
    ) {
        let mut crowd = Crowd::new(count, max, concurrency);
        for (index, step) in steps {
            crowd.step(index % count, step);
        }
        crowd.all_are_open_in_the_end();
        let crowd_of_none = crowd.left();
        prop_assert!(crowd_of_none.is_blank(Instant::from_micros(1e12)));
    }
}

/// The settings of a client: at most `max` attempts in any `per` milliseconds, and so many at once.
fn limited(max: u64, per: u64, concurrency: Option<u64>) -> impl Fn(&mut Settings) {
    move |settings| {
        settings.connect_rate = Some(ConnectRate {
            max: Some(max),
            per: Duration::from_millis(per),
            concurrency,
        });
    }
}

/// Plays a script of three clients with one budget: `a`, `b` and `c`. Who is called gets its tick at once.
fn play(change: impl Fn(&mut Settings), script: &str) {
    let (budget, start) = (Shared::default(), Instant::from_micros(0.0));
    let names = ["a", "b", "c"];
    let mut traces: BTreeMap<&str, Trace> = names
        .into_iter()
        .zip(1..)
        .map(|(name, number)| {
            let mut settings = measured();
            change(&mut settings);
            let mut link = Link::new(settings, Random::seed_from_u64(1));
            link.share_connects(vec![budget.member(number)], start);
            (name, Trace::of(link, Watch::of_a_queuer(), start))
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
                }
                while let Some(number) = budget.take_called() {
                    if let Some(called) = traces.get_mut(names[number as usize - 1]) {
                        called.input("tick");
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

/// A budget, and who has been called.
#[derive(Clone, Debug, Default)]
struct Shared {
    budget: Arc<Mutex<ConnectBudget>>,
    called: Arc<Mutex<Vec<u64>>>,
}

#[derive(Debug)]
struct SharedMember {
    shared: Shared,
    number: u64,
}

struct SharedGuard<'a> {
    budget: MutexGuard<'a, ConnectBudget>,
    called: &'a Mutex<Vec<u64>>,
}

impl Shared {
    fn member(&self, number: u64) -> Arc<dyn SharedBudget> {
        let shared = self.clone();
        Arc::new(SharedMember { shared, number })
    }

    fn take_called(&self) -> Option<u64> {
        self.called.lock().unwrap().pop()
    }
}

impl SharedBudget for SharedMember {
    fn lock(&self) -> Box<dyn DerefMut<Target = ConnectBudget> + '_> {
        Box::new(SharedGuard {
            budget: self.shared.budget.lock().unwrap(),
            called: &self.shared.called,
        })
    }

    fn number(&self) -> u64 {
        self.number
    }
}

impl Deref for SharedGuard<'_> {
    type Target = ConnectBudget;

    fn deref(&self) -> &ConnectBudget {
        &self.budget
    }
}

impl DerefMut for SharedGuard<'_> {
    fn deref_mut(&mut self) -> &mut ConnectBudget {
        &mut self.budget
    }
}

impl Drop for SharedGuard<'_> {
    fn drop(&mut self) {
        self.called
            .lock()
            .unwrap()
            .extend(self.budget.take_called());
    }
}

const PER: Duration = Duration::from_millis(100);

/// Clients of one budget, whose ticks come in any order and late.
struct Crowd {
    shared: Shared,
    max: u64,
    concurrency: Option<u64>,
    now: Instant,
    numbers: u64,
    clients: Vec<Client>,
    /// When attempts have begun.
    starts: Vec<Instant>,
}

struct Client {
    link: Link,
    watch: Watch,
    number: u64,
    /// The latest that has been dialed, and whether it is still under way.
    attempt: Attempt,
    is_dialing: bool,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Pass(u64),
    /// To the deadline of this client, or past it.
    ToDeadline(u64),
    Tick,
    Connect,
    Reconnect,
    Opened,
    Refused,
    Lost,
    OpenCircuit,
    Network,
    /// Drops the client, and puts another into its place.
    Replace,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        1 => (0_u64..150).prop_map(Step::Pass),
        4 => (0_u64..30).prop_map(Step::ToDeadline),
        2 => Just(Step::Tick),
        3 => Just(Step::Connect),
        1 => Just(Step::Reconnect),
        2 => Just(Step::Opened),
        3 => Just(Step::Refused),
        2 => Just(Step::Lost),
        1 => Just(Step::OpenCircuit),
        1 => Just(Step::Network),
        1 => Just(Step::Replace),
    ]
}

impl Crowd {
    fn new(count: usize, max: u64, concurrency: Option<u64>) -> Crowd {
        let mut crowd = Crowd {
            shared: Shared::default(),
            max,
            concurrency,
            now: Instant::from_micros(0.0),
            numbers: 0,
            clients: Vec::new(),
            starts: Vec::new(),
        };
        for _ in 0..count {
            let client = crowd.client();
            crowd.clients.push(client);
        }
        crowd
    }

    fn client(&mut self) -> Client {
        self.numbers += 1;
        let mut settings = measured();
        settings.max_retries = None;
        settings.connect_rate = Some(ConnectRate {
            max: Some(self.max),
            per: PER,
            concurrency: self.concurrency,
        });
        let mut link = Link::new(settings, Random::seed_from_u64(self.numbers));
        link.share_connects(vec![self.shared.member(self.numbers)], self.now);
        Client {
            link,
            watch: Watch::of_a_queuer(),
            number: self.numbers,
            attempt: 0,
            is_dialing: false,
        }
    }

    fn step(&mut self, index: usize, step: Step) {
        let client = &mut self.clients[index];
        let attempt = client.attempt;
        match step {
            Step::Pass(time) => self.now += Duration::from_millis(time),
            Step::ToDeadline(late) => {
                let due = client.link.deadline().unwrap_or(self.now);
                self.now = due.max(self.now) + Duration::from_millis(late);
                self.hand_in(index, Input::Tick);
            }
            Step::Tick => self.hand_in(index, Input::Tick),
            Step::Connect => {
                let answer = client.link.connect(self.now);
                client.watch.connected(&answer);
                self.drain(index);
            }
            Step::Reconnect => {
                let answer = client.link.reconnect(1000, "anew".to_owned(), self.now);
                client.watch.connected(&answer);
                self.drain(index);
            }
            Step::Opened => self.hand_in(index, Input::Opened { attempt }),
            Step::Refused if client.link.is_open(attempt) => {}
            Step::Refused => {
                let failure = Failure::default();
                self.hand_in(index, Input::Refused { attempt, failure });
            }
            Step::Lost if !client.link.is_open(attempt) => {}
            Step::Lost => {
                let ending = Ending {
                    code: CloseCode::Frame(1006),
                    reason: String::new(),
                    was_clean: false,
                };
                let lost = Input::Lost {
                    attempt,
                    ending,
                    failure: None,
                };
                self.hand_in(index, lost);
            }
            Step::OpenCircuit => self.hand_in(index, Input::OpenCircuit),
            Step::Network => self.hand_in(index, Input::NetworkChanged),
            Step::Replace => {
                let client = self.client();
                self.clients[index] = client;
            }
        }
        self.call();
    }

    fn hand_in(&mut self, index: usize, input: Input) {
        let client = &mut self.clients[index];
        client.watch.told(&input);
        client.link.handle(input, self.now);
        self.drain(index);
    }

    fn drain(&mut self, index: usize) {
        let client = &mut self.clients[index];
        while let Some(output) = client.link.next_output() {
            client.watch.saw(&output, client.link.settings());
            if let Output::Dial { attempt, .. } = output {
                client.attempt = attempt;
                client.is_dialing = true;
                self.starts.push(self.now);
            }
        }
        client.watch.agrees(&client.link);
        client.is_dialing &= client.link.state() == State::Connecting && !client.link.is_queued();
        self.check();
    }

    /// The rules of the budget.
    fn check(&self) {
        let of_a_while = self.starts.iter().filter(|start| **start + PER > self.now);
        let count = of_a_while.count() as u64;
        assert!(count <= self.max, "{count} starts in a while");
        let under_way = self.clients.iter().filter(|client| client.is_dialing);
        let under_way = under_way.count() as u64;
        assert!(
            self.concurrency.is_none_or(|most| under_way <= most),
            "{under_way} attempts at once"
        );
    }

    /// Hands a tick to those who are called.
    fn call(&mut self) {
        while let Some(number) = self.shared.take_called() {
            let called = self
                .clients
                .iter()
                .position(|client| client.number == number);
            if let Some(index) = called {
                self.hand_in(index, Input::Tick);
            }
        }
    }

    /// With a good server each is open after as long as the budget asks for, where ticks come at their deadlines alone.
    fn all_are_open_in_the_end(&mut self) {
        let end = self.now + Duration::from_secs(10);
        while self.now < end {
            for index in 0..self.clients.len() {
                let client = &self.clients[index];
                if client.is_dialing {
                    self.step(index, Step::Opened);
                } else if !client.link.is_alive() {
                    self.step(index, Step::Connect);
                }
            }
            let mut links = self.clients.iter().map(|client| &client.link);
            if links.clone().all(|link| link.state() == State::Open) {
                return;
            }
            let due = links.by_ref().filter_map(Link::deadline).min();
            self.now = due.map_or(self.now, |due| due.max(self.now)) + Duration::from_micros(1);
            for index in 0..self.clients.len() {
                let deadline = self.clients[index].link.deadline();
                if deadline.is_some_and(|at| at <= self.now) {
                    self.step(index, Step::Tick);
                }
            }
        }
        panic!("somebody starves");
    }

    /// What is left of the budget when all are gone.
    fn left(self) -> ConnectBudget {
        drop(self.clients);
        std::mem::take(&mut *self.shared.budget.lock().unwrap())
    }
}
