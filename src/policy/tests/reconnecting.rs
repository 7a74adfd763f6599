//! When and where to connect again, by what a user has set and the server has said.

use rand::SeedableRng;

use super::trace::{measured, play, play_with};
use crate::policy::*;

#[test]
fn a_server_that_accepts_and_drops_is_retried_ever_later_and_given_up_in_the_end() {
    play_with(
        |settings| {
            settings.reconnect.min_uptime = Duration::from_millis(500);
            settings.max_retries = Some(2);
        },
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 0ms     opened #1
         expect     OPEN · open
         holds      wake=500ms
         at 1ms     lost #1
         expect     CLOSED · close 1006 '' · retry 1 of 2 in 50ms
         at 51ms    tick
         expect     CONNECTING · dial #2
         at 52ms    opened #2
         expect     OPEN · open
         holds      retries=1
         at 53ms    lost #2
         expect     CLOSED · close 1006 '' · retry 2 of 2 in 100ms
         at 153ms   tick
         expect     CONNECTING · dial #3
         at 154ms   opened #3
         expect     OPEN · open
         at 155ms   lost #3
         expect     CLOSED · close 1006 '' · FAILED ·
                    close MAX_RETRIES 'Maximum retry attempts (2) exceeded'",
    );
}

#[test]
fn a_connection_that_has_lived_long_enough_forgets_what_came_before() {
    play_with(
        |settings| settings.reconnect.min_uptime = Duration::from_millis(500),
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 0ms     refused #1
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · retry 1 of 10 in 50ms
         at 50ms    tick
         expect     CONNECTING · dial #2
         at 50ms    opened #2
         expect     OPEN · open
         holds      retries=1 failures=1
         at 549ms   tick
         holds      retries=1 failures=1
         at 550ms   tick
         expect     proved
         holds      retries=0 failures=0 wake=never
         at 551ms   lost #2
         expect     CLOSED · close 1006 '' · retry 1 of 10 in 50ms",
    );
}

#[test]
fn a_probe_closes_the_circuit_once_it_has_lived_long_enough() {
    play_with(
        |settings| {
            settings.reconnect.min_uptime = Duration::from_millis(500);
            settings.circuit.failure_threshold = 1;
        },
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 0ms     refused #1
         expect     error ECONNREFUSED · circuit OPEN · CLOSED · close 1006 '' · BLOCKED
         at 1000ms  tick
         expect     circuit HALF-OPEN · retry 1 of 10 in 0ms · CONNECTING · dial #2
         at 1001ms  opened #2
         expect     OPEN · open
         holds      circuit=HALF-OPEN
         at 1501ms  tick
         expect     proved · circuit CLOSED",
    );
}

#[test]
fn a_connection_with_nothing_to_forget_proves_itself_in_silence() {
    play_with(
        |settings| settings.reconnect.min_uptime = Duration::from_millis(500),
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 0ms     opened #1
         expect     OPEN · open
         at 500ms   tick
         expect     nothing
         holds      wake=never",
    );
}

#[test]
fn a_server_that_asks_for_peace_gets_it() {
    play(
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 0ms     refused #1 503 after 120s
         expect     error 503 · CLOSED · close 1006 '' · retry 1 of 10 in 120000ms
         at 120s    tick
         expect     CONNECTING · dial #2
         at 120s    refused #2 503 after 1ms
         expect     error 503 · CLOSED · close 1006 '' · retry 2 of 10 in 100ms",
    );
}

#[test]
fn a_server_that_asks_for_too_much_peace_gets_the_most_that_is_allowed() {
    play_with(
        |settings| settings.reconnect.max_retry_after = Duration::from_secs(10),
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 0ms     refused #1 429 after 11s
         expect     error 429 · CLOSED · close 1006 '' · retry 1 of 10 in 10000ms",
    );
}

#[test]
fn a_limit_of_zero_ignores_what_the_server_asks_for() {
    play_with(
        |settings| settings.reconnect.max_retry_after = Duration::ZERO,
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 0ms     refused #1 429 after 11s
         expect     error 429 · CLOSED · close 1006 '' · retry 1 of 10 in 50ms",
    );
}

#[test]
fn the_circuit_is_not_probed_before_the_server_wants_it() {
    play_with(
        |settings| settings.circuit.failure_threshold = 1,
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 0ms     refused #1 503 after 5s
         expect     error 503 · circuit OPEN · CLOSED · close 1006 '' · BLOCKED
         at 1000ms  tick
         expect     circuit HALF-OPEN
         holds      state=BLOCKED wake=5000ms
         at 5000ms  tick
         expect     retry 1 of 10 in 0ms · CONNECTING · dial #2
         at 5001ms  refused #2 503 after 5s
         expect     error 503 · circuit OPEN · CLOSED · close 1006 '' · BLOCKED
         at 5002ms  close circuit
         expect     circuit CLOSED · retry 2 of 10 in 0ms · CONNECTING · dial #3",
    );
}

#[test]
fn what_the_same_attempt_would_meet_again_ends_a_client_that_asks_for_it() {
    play_with(
        |settings| settings.reconnect.only_transient = true,
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 0ms     refused #1 503
         expect     error 503 · CLOSED · close 1006 '' · retry 1 of 10 in 50ms
         at 50ms    tick
         expect     CONNECTING · dial #2
         at 50ms    opened #2
         expect     OPEN · open
         at 60ms    lost #2 1012 restart
         expect     CLOSED · close 1012 'restart' clean · retry 1 of 10 in 50ms
         at 110ms   tick
         expect     CONNECTING · dial #3
         at 110ms   refused #3 401
         expect     error 401 · CLOSED · close 1006 '' · FAILED ·
                    close NOT_TRANSIENT 'Trying again would not help'
         holds      state=FAILED
         at 200ms   connect
         expect     CONNECTING · dial #4
         at 200ms   opened #4
         expect     OPEN · open
         at 201ms   lost #4 1003 text
         expect     CLOSED · close 1003 'text' clean · FAILED ·
                    close NOT_TRANSIENT 'Trying again would not help'",
    );
}

#[test]
fn what_the_client_finds_wrong_is_tried_again_also_by_one_that_tries_only_what_is_transient() {
    play_with(
        |settings| settings.reconnect.only_transient = true,
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 0ms     opened #1
         expect     OPEN · open
         at 1ms     broken #1 WSR_ERR_PROTOCOL 1002
         expect     error WSR_ERR_PROTOCOL · CLOSED · close 1002 '' · retry 1 of 10 in 50ms",
    );
}

#[test]
fn a_server_that_asks_for_more_time_than_there_is_is_left_alone_all_the_same() {
    play_with(
        |settings| settings.reconnect.max_retry_after = Duration::MAX,
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 0ms     refused #1 503 after 10000000000h
         expect     error 503 · CLOSED · close 1006 '' · retry 1 of 10 in 3153600000000ms",
    );
}

#[test]
fn by_default_every_refusal_is_tried_again() {
    play(
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 0ms     refused #1 401
         expect     error 401 · CLOSED · close 1006 '' · retry 1 of 10 in 50ms",
    );
}

#[test]
fn an_attempt_may_take_so_long() {
    play_with(
        |settings| settings.reconnect.connection_timeout = Some(Duration::from_millis(700)),
        "at 0ms     connect
         expect     CONNECTING · dial #1 within 700ms",
    );
}

#[test]
fn each_failure_moves_on_to_the_next_url() {
    play_with(
        |settings| settings.reconnect.failover.urls = 2,
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 0ms     refused #1
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · retry 1 of 10 in 50ms
         at 50ms    tick
         expect     CONNECTING · dial #2 at url 1
         at 50ms    opened #2
         expect     OPEN · open
         at 60ms    lost #2
         expect     CLOSED · close 1006 '' · retry 1 of 10 in 50ms
         at 110ms   tick
         expect     CONNECTING · dial #3
         at 110ms   refused #3
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · retry 2 of 10 in 100ms
         at 120ms   urls = 1
         at 210ms   tick
         expect     CONNECTING · dial #4",
    );
}

#[test]
fn a_client_on_another_url_goes_home_when_it_is_time() {
    play_with(
        |settings| {
            settings.reconnect.failover.urls = 2;
            settings.reconnect.failover.prefer_first = Some(Duration::from_secs(60));
        },
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 0ms     refused #1
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · retry 1 of 10 in 50ms
         at 50ms    tick
         expect     CONNECTING · dial #2 at url 1
         at 50ms    opened #2
         expect     OPEN · open
         holds      wake=60000ms
         at 60s     tick
         expect     CLOSING · leave 1000 Back to the first URL · CLOSED ·
                    close 1000 'Back to the first URL' · CONNECTING · dial #3
         at 60s     refused #3
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · retry 1 of 10 in 50ms
         at 60050ms tick
         expect     CONNECTING · dial #4 at url 1
         at 60050ms opened #4
         expect     OPEN · open
         holds      wake=120000ms
         at 120s    tick
         expect     CLOSING · leave 1000 Back to the first URL · CLOSED ·
                    close 1000 'Back to the first URL' · CONNECTING · dial #5
         at 120s    opened #5
         expect     OPEN · open
         holds      wake=never",
    );
}

#[test]
fn a_retry_that_is_made_when_it_is_time_goes_home() {
    play_with(
        |settings| {
            settings.reconnect.failover.urls = 3;
            settings.reconnect.failover.prefer_first = Some(Duration::from_millis(120));
        },
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 0ms     refused #1
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · retry 1 of 10 in 50ms
         at 50ms    tick
         expect     CONNECTING · dial #2 at url 1
         at 50ms    refused #2
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · retry 2 of 10 in 100ms
         at 150ms   tick
         expect     CONNECTING · dial #3",
    );
}

#[test]
fn an_open_circuit_keeps_a_client_where_it_is() {
    play_with(
        |settings| {
            settings.reconnect.failover.urls = 2;
            settings.reconnect.failover.prefer_first = Some(Duration::from_secs(60));
            settings.circuit.reset_timeout = Duration::from_secs(600);
        },
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 0ms     refused #1
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · retry 1 of 10 in 50ms
         at 50ms    tick
         expect     CONNECTING · dial #2 at url 1
         at 50ms    opened #2
         expect     OPEN · open
         at 1s      open circuit
         expect     circuit OPEN
         at 60s     tick
         holds      state=OPEN wake=601000ms",
    );
}

#[test]
fn reconnect_leaves_an_open_connection_without_waiting_for_the_peer() {
    play(
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 1ms     opened #1
         expect     OPEN · open
         at 2ms     reconnect 4001 token
         expect     CLOSING · leave 4001 token · CLOSED · close 4001 'token' · CONNECTING · dial #2
         at 3ms     lost #1
         at 3ms     opened #2
         expect     OPEN · open
         holds      retries=0",
    );
}

#[test]
fn reconnect_in_any_other_state_starts_at_once() {
    play(
        "at 0ms     reconnect 1000 bye
         expect     CONNECTING · dial #1
         at 1ms     reconnect 1000 bye
         expect     CLOSING · cut · CLOSED · close 1006 '' · CONNECTING · dial #2
         at 2ms     refused #2
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · retry 1 of 10 in 50ms
         at 3ms     reconnect 1000 bye
         expect     CONNECTING · dial #3
         holds      retries=1 wake=never
         at 4ms     close 1000 bye
         expect     CLOSING · cut · CLOSED · close 1006 ''
         at 5ms     reconnect 1000 bye
         expect     rejects Connection manually closed",
    );
}

#[test]
fn reconnect_asks_the_circuit() {
    play_with(
        |settings| settings.circuit.failure_threshold = 1,
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 1ms     opened #1
         expect     OPEN · open
         at 2ms     open circuit
         expect     circuit OPEN
         at 3ms     reconnect 1000 bye
         expect     rejects Circuit breaker is OPEN
         holds      state=OPEN
         at 4ms     lost #1
         expect     CLOSED · close 1006 '' · BLOCKED
         at 5ms     reconnect 1000 bye
         expect     BLOCKED · rejects Circuit breaker is OPEN",
    );
}

#[test]
fn terminate_ends_a_connection_without_a_close_frame() {
    play(
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 1ms     opened #1
         expect     OPEN · open
         at 2ms     terminate
         expect     CLOSING · cut · CLOSED · close 1006 ''
         holds      manualClose=true alive=false
         at 3ms     terminate",
    );
}

#[test]
fn terminate_ends_a_closing_handshake() {
    play(
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 1ms     opened #1
         expect     OPEN · open
         at 2ms     close 1000 bye
         expect     CLOSING · shut 1000 bye
         at 3ms     terminate
         expect     cut · CLOSED · close 1006 ''",
    );
}

#[test]
fn terminate_without_a_connection_does_what_close_does() {
    play(
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 2ms     refused #1
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · retry 1 of 10 in 50ms
         at 3ms     terminate
         expect     CLOSING · CLOSED · close 1000 'Normal closure' clean
         holds      wake=never alive=false",
    );
}

#[test]
fn an_open_tells_after_how_many_retries_and_how_long_without_a_connection() {
    let mut life = Life::new();
    life.link.connect(life.start).unwrap();
    life.hand_in(
        10,
        Input::Refused {
            attempt: 1,
            failure: Failure::default(),
        },
    );
    life.hand_in(60, Input::Tick);
    life.hand_in(70, Input::Opened { attempt: 2 });
    assert_eq!(life.opens(), [(1, None)]);
    life.hand_in(100, lost(2));
    life.hand_in(150, Input::Tick);
    life.hand_in(
        150,
        Input::Refused {
            attempt: 3,
            failure: Failure::default(),
        },
    );
    life.hand_in(250, Input::Tick);
    life.hand_in(260, Input::Opened { attempt: 4 });
    assert_eq!(life.opens(), [(2, Some(Duration::from_millis(160)))]);
    life.link
        .reconnect(1000, String::new(), life.at(300))
        .unwrap();
    life.hand_in(305, Input::Opened { attempt: 5 });
    assert_eq!(life.opens(), [(0, Some(Duration::from_millis(5)))]);
}

#[test]
fn a_connection_after_a_close_is_no_reconnection() {
    let mut life = Life::new();
    life.link.connect(life.start).unwrap();
    life.hand_in(1, Input::Opened { attempt: 1 });
    let close = Input::Close {
        code: 1000,
        reason: String::new(),
        seen_alive: true,
    };
    life.hand_in(2, close);
    life.hand_in(3, Input::Reset);
    life.link.connect(life.at(4)).unwrap();
    life.hand_in(5, lost(1));
    life.hand_in(6, Input::Opened { attempt: 2 });
    assert_eq!(life.opens(), [(0, None), (0, None)]);
}

#[test]
fn decorrelated_delays_grow_from_each_other_and_begin_anew_with_each_series() {
    let mut settings = measured();
    settings.backoff.jitter = Jitter::Decorrelated;
    settings.backoff.cap = Duration::from_secs(3600);
    settings.max_retries = None;
    let mut life = Life::with(settings);
    life.link.connect(life.start).unwrap();
    let mut before = 50;
    let mut longest = 0;
    for attempt in 1..=100 {
        life.hand_in(
            0,
            Input::Refused {
                attempt,
                failure: Failure::default(),
            },
        );
        let delay = life.delay();
        assert!(
            (50..=3 * before.max(50)).contains(&delay),
            "{delay} after {before}"
        );
        longest = longest.max(delay);
        before = delay;
        life.link.handle(Input::SetCircuitFailures(0), life.start);
        life.link
            .reconnect(1000, String::new(), life.start)
            .unwrap();
    }
    assert!(longest > 5_000, "{longest}");
    life.hand_in(0, Input::Opened { attempt: 101 });
    life.hand_in(0, lost(101));
    assert!((50..=150).contains(&life.delay()));
}

/// A client whose outputs are read as they are.
struct Life {
    link: Link,
    start: Instant,
}

impl Life {
    fn new() -> Life {
        Life::with(measured())
    }

    fn with(settings: Settings) -> Life {
        Life {
            link: Link::new(settings, Random::seed_from_u64(1)),
            start: Instant::from_micros(0.0),
        }
    }

    fn at(&self, ms: u64) -> Instant {
        self.start + Duration::from_millis(ms)
    }

    fn hand_in(&mut self, ms: u64, input: Input) {
        self.link.handle(input, self.at(ms));
    }

    fn events(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.link.next_output())
            .filter_map(|output| match output {
                Output::Notify(notice) => Some(notice.event),
                Output::Dial { .. }
                | Output::Beat
                | Output::Ping { .. }
                | Output::Shut { .. }
                | Output::Leave { .. }
                | Output::Cut => None,
            })
            .collect()
    }

    fn opens(&mut self) -> Vec<(u64, Option<Duration>)> {
        let opens = self.events().into_iter().filter_map(|event| {
            if let Event::Open { retries, downtime } = event {
                return Some((retries, downtime));
            }
            None
        });
        opens.collect()
    }

    fn delay(&mut self) -> u64 {
        let mut delays = self.events().into_iter().filter_map(|event| {
            if let Event::Retry { delay, .. } = event {
                return Some(delay.as_millis() as u64);
            }
            None
        });
        delays.next_back().unwrap()
    }
}

fn lost(attempt: Attempt) -> Input {
    Input::Lost {
        attempt,
        ending: Ending {
            code: CloseCode::Frame(1006),
            reason: String::new(),
            was_clean: false,
        },
        failure: None,
    }
}

#[test]
fn a_server_that_asks_for_peace_holds_back_its_own_url_alone() {
    play_with(
        |settings| settings.reconnect.failover.urls = 2,
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 0ms     refused #1 503 after 120s
         expect     error 503 · CLOSED · close 1006 '' · retry 1 of 10 in 50ms
         at 50ms    tick
         expect     CONNECTING · dial #2 at url 1
         at 50ms    refused #2 500
         expect     error 500 · CLOSED · close 1006 '' · retry 2 of 10 in 100ms
         at 150ms   tick
         expect     CONNECTING · dial #3 at url 1
         at 150ms   refused #3 503 after 60s
         expect     error 503 · CLOSED · close 1006 '' · retry 3 of 10 in 60000ms
         at 60150ms tick
         expect     CONNECTING · dial #4 at url 1
         at 60150ms opened #4
         expect     OPEN · open
         at 120s    lost #4
         expect     CLOSED · close 1006 '' · retry 1 of 10 in 50ms
         at 120050ms tick
         expect     CONNECTING · dial #5",
    );
}

#[test]
fn a_client_on_another_url_goes_home_no_sooner_than_the_first_server_wants_it() {
    play_with(
        |settings| {
            settings.reconnect.failover.urls = 2;
            settings.reconnect.failover.prefer_first = Some(Duration::from_secs(60));
        },
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 0ms     refused #1 503 after 120s
         expect     error 503 · CLOSED · close 1006 '' · retry 1 of 10 in 50ms
         at 50ms    tick
         expect     CONNECTING · dial #2 at url 1
         at 50ms    opened #2
         expect     OPEN · open
         holds      wake=120000ms",
    );
}

#[test]
fn a_circuit_is_probed_at_a_url_that_nobody_holds_back() {
    play_with(
        |settings| {
            settings.reconnect.failover.urls = 2;
            settings.circuit.failure_threshold = 1;
        },
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 0ms     refused #1 503 after 120s
         expect     error 503 · circuit OPEN · CLOSED · close 1006 '' · BLOCKED
         at 1000ms  tick
         expect     circuit HALF-OPEN · retry 1 of 10 in 0ms · CONNECTING · dial #2 at url 1",
    );
}
