//! Connecting, losing the connection and retrying (docs/contract.md, "Order of events" and "Beyond the skill").

use super::trace::{measured, play, play_with};
use crate::policy::*;
use rand::SeedableRng;

#[test]
fn a_connection_opens_and_the_user_closes_it() {
    play(
        "at 0ms     connect
         expect     CONNECTING · dial #1
         holds      state=CONNECTING alive=true wake=never
         at 5ms     opened #1
         expect     OPEN · open
         holds      state=OPEN alive=true wake=never
         at 10ms    received #1
         at 20ms    close 1000 bye
         expect     CLOSING · shut 1000 bye
         holds      state=CLOSING alive=true
         at 25ms    lost #1 1000 bye
         expect     CLOSED · close 1000 'bye' clean
         holds      state=CLOSED alive=false manualClose=true wake=never",
    );
}

#[test]
fn a_client_gives_up_when_nobody_listens() {
    play_with(
        |settings| settings.max_retries = Some(3),
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 1ms     refused #1
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · retry 1 of 3 in 50ms
         holds      state=CLOSED alive=true retries=1 failures=1 wake=51ms
         at 51ms    tick
         expect     CONNECTING · dial #2
         at 52ms    refused #2
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · retry 2 of 3 in 100ms
         at 152ms   tick
         expect     CONNECTING · dial #3
         at 153ms   refused #3
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · retry 3 of 3 in 200ms
         at 353ms   tick
         expect     CONNECTING · dial #4
         at 354ms   refused #4
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · FAILED ·
                    close MAX_RETRIES 'Maximum retry attempts (3) exceeded'
         holds      state=FAILED alive=false retries=3 failures=4 wake=never",
    );
}

#[test]
fn zero_retries_give_up_at_the_first_failure() {
    play_with(
        |settings| settings.max_retries = Some(0),
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 1ms     refused #1
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · FAILED ·
                    close MAX_RETRIES 'Maximum retry attempts (0) exceeded'",
    );
}

#[test]
fn without_a_limit_the_retries_go_on() {
    play_with(
        |settings| settings.max_retries = None,
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 0ms     retryCount = 18446744073709551615
         at 1ms     refused #1
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · retry 18446744073709551615 of ∞ in 200ms",
    );
}

#[test]
fn a_connection_that_the_server_closes_is_retried_without_an_error() {
    play(
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 1ms     opened #1
         expect     OPEN · open
         at 2ms     lost #1 1012 restart
         expect     CLOSED · close 1012 'restart' clean · retry 1 of 10 in 50ms
         holds      failures=0",
    );
}

#[test]
fn a_connection_that_is_cut_is_retried_without_an_error() {
    play(
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 1ms     opened #1
         expect     OPEN · open
         at 2ms     lost #1
         expect     CLOSED · close 1006 '' · retry 1 of 10 in 50ms
         holds      failures=0",
    );
}

#[test]
fn a_peer_that_breaks_the_protocol_is_an_error_and_a_failure() {
    play(
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 1ms     opened #1
         expect     OPEN · open
         at 2ms     broken #1 WSR_ERR_PROTOCOL 1002
         expect     error WSR_ERR_PROTOCOL · CLOSED · close 1002 '' · retry 1 of 10 in 50ms
         holds      failures=1",
    );
}

#[test]
fn a_successful_open_forgets_retries_and_failures() {
    play(
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 0ms     refused #1
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · retry 1 of 10 in 50ms
         at 50ms    tick
         expect     CONNECTING · dial #2
         holds      retries=1 failures=1
         at 51ms    opened #2
         expect     OPEN · open
         holds      retries=0 failures=0
         at 52ms    lost #2
         expect     CLOSED · close 1006 '' · retry 1 of 10 in 50ms",
    );
}

#[test]
fn five_failures_that_are_not_consecutive_leave_the_circuit_closed() {
    let mut script = "at 0ms connect\nexpect CONNECTING · dial #1\n".to_owned();
    for attempt in 1..=8 {
        script += &format!(
            "at {0}ms     opened #{attempt}
             expect       OPEN · open
             at {0}ms     broken #{attempt} WSR_ERR_PROTOCOL 1002
             expect       error WSR_ERR_PROTOCOL · CLOSED · close 1002 '' · retry 1 of 10 in 50ms
             holds        failures=1 circuit=CLOSED
             at {1}ms     tick
             expect       CONNECTING · dial #{2}
             ",
            attempt * 50 - 50,
            attempt * 50,
            attempt + 1,
        );
    }
    play(&script);
}

#[test]
fn a_second_connect_changes_nothing_while_the_first_goes_on() {
    play(
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 1ms     connect
         at 2ms     refused #1
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · retry 1 of 10 in 50ms
         at 3ms     connect
         holds      wake=52ms
         at 52ms    tick
         expect     CONNECTING · dial #2
         at 53ms    opened #2
         expect     OPEN · open
         at 54ms    connect",
    );
}

#[test]
fn a_connect_after_giving_up_starts_a_new_series_of_retries() {
    play_with(
        |settings| settings.max_retries = Some(1),
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 1ms     refused #1
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · retry 1 of 1 in 50ms
         at 51ms    tick
         expect     CONNECTING · dial #2
         at 52ms    refused #2
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · FAILED ·
                    close MAX_RETRIES 'Maximum retry attempts (1) exceeded'
         at 60ms    connect
         expect     CONNECTING · dial #3
         holds      retries=0 failures=2
         at 61ms    refused #3
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · retry 1 of 1 in 50ms",
    );
}

#[test]
fn a_retry_count_written_after_giving_up_is_kept() {
    play_with(
        |settings| settings.max_retries = Some(0),
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 1ms     refused #1
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · FAILED ·
                    close MAX_RETRIES 'Maximum retry attempts (0) exceeded'
         at 2ms     maxRetries = 5
         at 2ms     retryCount = 4
         at 3ms     connect
         expect     CONNECTING · dial #2
         at 4ms     refused #2
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · retry 5 of 5 in 200ms",
    );
}

#[test]
fn what_arrives_for_an_old_attempt_is_dropped() {
    play(
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 1ms     refused #1
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · retry 1 of 10 in 50ms
         at 2ms     opened #1
         at 2ms     lost #1
         at 51ms    tick
         expect     CONNECTING · dial #2
         at 52ms    opened #1
         at 52ms    refused #1
         at 52ms    broken #1 WSR_ERR_PROTOCOL
         at 53ms    opened #2
         expect     OPEN · open
         at 54ms    lost #1
         at 54ms    refused #1
         at 54ms    received #1
         at 54ms    opened #2
         holds      state=OPEN",
    );
}

#[test]
fn an_early_tick_does_nothing() {
    play(
        "at 0ms     tick
         at 0ms     connect
         expect     CONNECTING · dial #1
         at 1ms     tick
         at 2ms     refused #1
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · retry 1 of 10 in 50ms
         at 51ms    tick
         holds      state=CLOSED wake=52ms
         at 52ms    tick
         expect     CONNECTING · dial #2",
    );
}

#[test]
fn the_details_of_a_failure_reach_the_user() {
    let now = Instant::from_micros(0.0);
    let mut link = Link::new(measured(), Random::seed_from_u64(1));
    link.connect(now).unwrap();
    while link.next_output().is_some() {}
    let failure = Failure {
        message: "Unexpected server response: 401".to_owned(),
        code: Some("WSR_ERR_HANDSHAKE".to_owned()),
        status: Some(401),
        headers: vec![("www-authenticate".to_owned(), "Basic".to_owned())],
        ..Failure::default()
    };
    link.handle(
        Input::Refused {
            attempt: 1,
            failure: failure.clone(),
        },
        now,
    );
    let told = Notice {
        event: Event::Error(Box::new(failure)),
        retry_count: 0,
        circuit_failures: 1,
        alive: true,
    };
    assert_eq!(link.next_output(), Some(Output::Notify(told)));
}

#[test]
fn the_close_before_a_retry_does_not_count_it() {
    let now = Instant::from_micros(0.0);
    let mut link = Link::new(measured(), Random::seed_from_u64(1));
    link.connect(now).unwrap();
    link.handle(
        Input::Refused {
            attempt: 1,
            failure: Failure::default(),
        },
        now,
    );
    let mut counts = Vec::new();
    while let Some(output) = link.next_output() {
        match output {
            Output::Notify(Notice {
                event: Event::Close(_) | Event::Retry { .. },
                retry_count,
                ..
            }) => {
                counts.push(retry_count);
            }
            Output::Notify(_)
            | Output::Dial { .. }
            | Output::Beat
            | Output::Shut { .. }
            | Output::Cut
            | Output::Ping { .. }
            | Output::Leave { .. } => {}
        }
    }
    assert_eq!(counts, [0, 1]);
}

#[test]
fn only_the_open_connection_counts_as_open() {
    let now = Instant::from_micros(0.0);
    let mut link = Link::new(measured(), Random::seed_from_u64(1));
    link.connect(now).unwrap();
    assert!(!link.is_open(1));
    link.handle(Input::Opened { attempt: 1 }, now);
    assert!(link.is_open(1));
    assert!(!link.is_open(2));
    link.handle(
        Input::Close {
            code: 1000,
            reason: String::new(),
            seen_alive: true,
        },
        now,
    );
    assert!(link.is_open(1));
    link.handle(Input::Tick, now + link.settings().close_timeout);
    assert!(!link.is_open(1));
}
