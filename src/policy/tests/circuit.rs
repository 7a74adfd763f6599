//! The circuit breaker in the life of a client.

use crate::policy::Duration;

use super::trace::{play, play_with};

#[test]
fn the_third_failure_of_three_opens_the_circuit_and_blocks() {
    play_with(
        |settings| settings.circuit.failure_threshold = 3,
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 0ms     refused #1
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · retry 1 of 10 in 50ms
         at 50ms    tick
         expect     CONNECTING · dial #2
         at 50ms    refused #2
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · retry 2 of 10 in 100ms
         at 150ms   tick
         expect     CONNECTING · dial #3
         at 150ms   refused #3
         expect     error ECONNREFUSED · circuit OPEN · CLOSED · close 1006 '' · BLOCKED
         holds      state=BLOCKED circuit=OPEN alive=true retries=2 failures=3 wake=1150ms
         at 200ms   connect
         expect     BLOCKED · rejects Circuit breaker is OPEN
         holds      alive=true wake=1150ms",
    );
}

/// Plays the defaults against a server that refuses every attempt. `refused` has the attempts that lead to a delay, with
/// the second that they fail at and that delay; the next one opens the circuit.
fn play_the_defaults(start: &str, refused: &[(u64, u64, u64)], blocked: u64, failed: u64) {
    let mut script = start.to_owned();
    for (n, at, delay) in refused {
        script +=
            &format!("at {at}s refused #{n}\nexpect error ECONNREFUSED · CLOSED · close 1006 ''");
        script += &format!(" · retry {n} of 10 in {delay}000ms\n");
        script += &format!(
            "at {}s tick\nexpect CONNECTING · dial #{}\n",
            at + delay,
            n + 1
        );
    }
    let first = refused.len() as u64 + refused[0].0;
    for (n, at) in (first..11).zip((blocked..).step_by(60)) {
        script +=
            &format!("at {at}s refused #{n}\nexpect error ECONNREFUSED · circuit OPEN · CLOSED");
        script += &format!(
            " · close 1006 '' · BLOCKED\nat {}s tick\nexpect circuit HALF-OPEN",
            at + 60
        );
        script += &format!(" · retry {n} of 10 in 0ms · CONNECTING · dial #{}\n", n + 1);
    }
    script +=
        &format!("at {failed}s refused #11\nexpect error ECONNREFUSED · circuit OPEN · CLOSED");
    script +=
        " · close 1006 '' · FAILED · close MAX_RETRIES 'Maximum retry attempts (10) exceeded'";
    play_with(
        |settings| {
            settings.backoff.base = Duration::from_secs(1);
            settings.backoff.cap = Duration::from_secs(30);
            settings.circuit.reset_timeout = Duration::from_secs(60);
        },
        &script,
    );
}

// The times that README.md and docs/reconnecting.md tell.

#[test]
fn the_defaults_block_after_15_s_and_give_up_after_375_s() {
    play_the_defaults(
        "at 0s connect\nexpect CONNECTING · dial #1\n",
        &[(1, 0, 1), (2, 1, 2), (3, 3, 4), (4, 7, 8)],
        15,
        375,
    );
}

#[test]
fn the_defaults_block_31_s_after_a_connection_is_lost_and_give_up_after_331_s() {
    play_the_defaults(
        "at 0s connect
         expect CONNECTING · dial #1
         at 0s opened #1
         expect OPEN · open
         at 0s lost #1
         expect CLOSED · close 1006 '' · retry 1 of 10 in 1000ms
         at 1s tick
         expect CONNECTING · dial #2\n",
        &[(2, 1, 2), (3, 3, 4), (4, 7, 8), (5, 15, 16)],
        31,
        331,
    );
}

/// A client that has been blocked since 0ms by its first failure, and whose circuit turns half-open
/// at 1000ms.
const BLOCKED: &str = "
    at 0ms     failureThreshold = 1
    at 0ms     connect
    expect     CONNECTING · dial #1
    at 0ms     refused #1
    expect     error ECONNREFUSED · circuit OPEN · CLOSED · close 1006 '' · BLOCKED
    ";

#[test]
fn a_blocked_client_probes_by_itself_and_a_probe_that_opens_closes_the_circuit() {
    play(&format!(
        "{BLOCKED}
         at 999ms   tick
         at 1000ms  tick
         expect     circuit HALF-OPEN · retry 1 of 10 in 0ms · CONNECTING · dial #2
         holds      circuit=HALF-OPEN retries=1 wake=never
         at 1001ms  opened #2
         expect     OPEN · circuit CLOSED · open
         holds      retries=0 failures=0 circuit=CLOSED",
    ));
}

#[test]
fn a_probe_that_fails_opens_the_circuit_again() {
    play(&format!(
        "{BLOCKED}
         at 0ms     failureThreshold = 3
         at 1000ms  tick
         expect     circuit HALF-OPEN · retry 1 of 10 in 0ms · CONNECTING · dial #2
         at 1001ms  refused #2
         expect     error ECONNREFUSED · circuit OPEN · CLOSED · close 1006 '' · BLOCKED
         holds      failures=2 wake=2001ms
         at 2001ms  tick
         expect     circuit HALF-OPEN · retry 2 of 10 in 0ms · CONNECTING · dial #3",
    ));
}

#[test]
fn probes_count_towards_the_retries() {
    play(&format!(
        "{BLOCKED}
         at 0ms     maxRetries = 1
         at 1000ms  tick
         expect     circuit HALF-OPEN · retry 1 of 1 in 0ms · CONNECTING · dial #2
         at 1001ms  refused #2
         expect     error ECONNREFUSED · circuit OPEN · CLOSED · close 1006 '' · FAILED ·
                    close MAX_RETRIES 'Maximum retry attempts (1) exceeded'
         holds      alive=false state=FAILED circuit=OPEN wake=2001ms
         at 1500ms  connect
         expect     BLOCKED · rejects Circuit breaker is OPEN
         at 2001ms  tick
         expect     circuit HALF-OPEN · CLOSED
         holds      retries=1
         at 2002ms  connect
         expect     CONNECTING · dial #3",
    ));
}

#[test]
fn a_blocked_client_whose_retries_are_taken_away_gives_up_at_half_open() {
    play(&format!(
        "{BLOCKED}
         at 1ms     retryCount = 10
         at 1000ms  tick
         expect     circuit HALF-OPEN · FAILED · close MAX_RETRIES 'Maximum retry attempts (10) exceeded'",
    ));
}

#[test]
fn closing_the_circuit_by_hand_lets_a_blocked_client_go_on_at_once() {
    play(&format!(
        "{BLOCKED}
         at 1ms     close circuit
         expect     circuit CLOSED · retry 1 of 10 in 0ms · CONNECTING · dial #2
         holds      failures=0 wake=never",
    ));
}

#[test]
fn a_reset_lets_a_blocked_client_go_on_at_once() {
    play(&format!(
        "{BLOCKED}
         at 0ms     retryCount = 7
         at 1ms     reset
         expect     circuit CLOSED · retry 1 of 10 in 0ms · CONNECTING · dial #2
         holds      failures=0 retries=1",
    ));
}

#[test]
fn a_circuit_state_that_the_user_writes_is_not_told_but_what_follows_is() {
    play(&format!(
        "{BLOCKED}
         at 1ms     circuitState = CLOSED
         expect     retry 1 of 10 in 0ms · CONNECTING · dial #2
         holds      circuit=CLOSED failures=0",
    ));
    play(&format!(
        "{BLOCKED}
         at 1ms     circuitState = HALF-OPEN
         expect     retry 1 of 10 in 0ms · CONNECTING · dial #2
         holds      circuit=HALF-OPEN
         at 2ms     opened #2
         expect     OPEN · circuit CLOSED · open",
    ));
    play(
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 0ms     refused #1
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · retry 1 of 10 in 50ms
         at 10ms    circuitState = OPEN
         expect     BLOCKED
         holds      circuit=OPEN wake=1010ms",
    );
}

#[test]
fn an_open_connection_settles_a_half_open_state_that_the_user_writes() {
    play(
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 0ms     opened #1
         expect     OPEN · open
         at 1ms     circuitState = HALF-OPEN
         expect     circuit CLOSED",
    );
}

#[test]
fn opening_the_circuit_by_hand_blocks_a_client_that_waits() {
    play_with(
        |settings| settings.max_retries = Some(1),
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 0ms     refused #1
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · retry 1 of 1 in 50ms
         at 10ms    open circuit
         expect     circuit OPEN · BLOCKED
         holds      retries=0 wake=1010ms
         at 50ms    tick
         at 1010ms  tick
         expect     circuit HALF-OPEN · retry 1 of 1 in 0ms · CONNECTING · dial #2",
    );
}

#[test]
fn a_retry_count_of_zero_stays_zero_when_the_wait_is_blocked() {
    play(
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 0ms     refused #1
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · retry 1 of 10 in 50ms
         at 10ms    retryCount = 0
         at 10ms    open circuit
         expect     circuit OPEN · BLOCKED
         holds      retries=0",
    );
}

#[test]
fn opening_an_open_circuit_again_restarts_its_timer() {
    play(
        "at 0ms     open circuit
         expect     circuit OPEN
         at 600ms   open circuit
         holds      wake=1600ms
         at 1000ms  tick
         at 1600ms  tick
         expect     circuit HALF-OPEN",
    );
}

#[test]
fn an_open_circuit_refuses_to_connect_until_it_turns_half_open() {
    play(
        "at 0ms     open circuit
         expect     circuit OPEN
         holds      alive=false state=CLOSED
         at 1ms     connect
         expect     BLOCKED · rejects Circuit breaker is OPEN
         holds      alive=false state=BLOCKED wake=1000ms
         at 2ms     connect
         expect     BLOCKED · rejects Circuit breaker is OPEN
         at 1000ms  tick
         expect     circuit HALF-OPEN · CLOSED
         holds      alive=false state=CLOSED wake=never
         at 1001ms  connect
         expect     CONNECTING · dial #1
         at 1002ms  opened #1
         expect     OPEN · circuit CLOSED · open",
    );
}

#[test]
fn a_connect_after_the_reset_timeout_does_not_need_the_tick() {
    play(
        "at 0ms     open circuit
         expect     circuit OPEN
         at 1000ms  connect
         expect     circuit HALF-OPEN · CONNECTING · dial #1",
    );
}

#[test]
fn half_open_allows_so_many_connections_and_no_more() {
    let mut script = "
        at 0ms     halfOpenMaxRequests = 2
        at 0ms     circuitState = HALF-OPEN
        "
    .to_owned();
    for attempt in 1..=2 {
        script += &format!(
            "at 1ms     connect
             expect     CONNECTING · dial #{attempt}
             at 1ms     close 1000 bye
             expect     CLOSING · cut · CLOSED · close 1006 ''
             at 1ms     manualClose = false
            ",
        );
    }
    play(&format!(
        "{script}
         at 2ms     connect
         expect     BLOCKED · rejects Circuit breaker HALF-OPEN limit reached
         holds      alive=false wake=never
         at 3ms     close circuit
         expect     circuit CLOSED · CLOSED
         at 4ms     connect
         expect     CONNECTING · dial #3",
    ));
}

/// A client that the circuit, opened by hand, has refused to let connect.
const REFUSED: &str = "
    at 0ms     open circuit
    expect     circuit OPEN
    at 1ms     connect
    expect     BLOCKED · rejects Circuit breaker is OPEN
    ";

#[test]
fn a_circuit_that_lets_go_of_a_refused_client_does_not_connect_it() {
    for (what, told) in [
        ("close circuit", "circuit CLOSED · CLOSED"),
        ("reset", "circuit CLOSED · CLOSED"),
        ("circuitState = CLOSED", "CLOSED"),
        ("circuitState = HALF-OPEN", "CLOSED"),
    ] {
        play(&format!(
            "{REFUSED}
             at 2ms     {what}
             expect     {told}
             holds      alive=false state=CLOSED wake=never",
        ));
    }
}

#[test]
fn a_refused_client_stays_blocked_while_its_circuit_is_opened_again() {
    play(&format!(
        "{REFUSED}
         at 600ms   open circuit
         at 1000ms  tick
         holds      state=BLOCKED
         at 1600ms  tick
         expect     circuit HALF-OPEN · CLOSED",
    ));
}

#[test]
fn a_refused_client_connects_when_the_circuit_is_due_without_a_tick() {
    play(&format!(
        "{REFUSED}
         at 1000ms  connect
         expect     circuit HALF-OPEN · CONNECTING · dial #1",
    ));
}

#[test]
fn a_half_open_circuit_without_an_outcome_opens_again_and_the_client_goes_on() {
    play_with(
        |settings| settings.circuit.half_open_max = 1,
        "at 0ms     circuitState = HALF-OPEN
         at 0ms     connect
         expect     CONNECTING · dial #1
         at 1ms     lost #1
         expect     CLOSED · close 1006 '' · circuit OPEN · BLOCKED
         at 1001ms  tick
         expect     circuit HALF-OPEN · retry 1 of 10 in 0ms · CONNECTING · dial #2",
    );
}

#[test]
fn a_new_half_open_period_counts_its_connections_anew() {
    play(&format!(
        "{BLOCKED}
         at 0ms     halfOpenMaxRequests = 1
         at 1000ms  tick
         expect     circuit HALF-OPEN · retry 1 of 10 in 0ms · CONNECTING · dial #2
         at 1000ms  refused #2
         expect     error ECONNREFUSED · circuit OPEN · CLOSED · close 1006 '' · BLOCKED
         at 2000ms  tick
         expect     circuit HALF-OPEN · retry 2 of 10 in 0ms · CONNECTING · dial #3",
    ));
}

#[test]
fn opening_the_circuit_leaves_an_open_connection_alone_which_then_is_the_probe() {
    play(
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 0ms     opened #1
         expect     OPEN · open
         at 0ms     open circuit
         expect     circuit OPEN
         holds      state=OPEN
         at 1000ms  tick
         expect     circuit HALF-OPEN · circuit CLOSED
         holds      state=OPEN circuit=CLOSED wake=never",
    );
}

#[test]
fn a_connection_lost_while_the_circuit_is_open_is_blocked() {
    play(
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 0ms     opened #1
         expect     OPEN · open
         at 0ms     open circuit
         expect     circuit OPEN
         at 1ms     lost #1 1012 restart
         expect     CLOSED · close 1012 'restart' clean · BLOCKED
         holds      wake=1000ms retries=0",
    );
}

#[test]
fn opening_the_circuit_leaves_an_attempt_alone_and_its_success_waits_for_the_timer() {
    play(
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 0ms     open circuit
         expect     circuit OPEN
         at 1ms     opened #1
         expect     OPEN · open
         holds      circuit=OPEN
         at 1000ms  tick
         expect     circuit HALF-OPEN · circuit CLOSED",
    );
}

#[test]
fn an_attempt_under_way_at_half_open_is_the_probe() {
    play(
        "at 0ms     halfOpenMaxRequests = 1
         at 0ms     connect
         expect     CONNECTING · dial #1
         at 0ms     open circuit
         expect     circuit OPEN
         at 1000ms  tick
         expect     circuit HALF-OPEN
         at 1001ms  refused #1
         expect     error ECONNREFUSED · circuit OPEN · CLOSED · close 1006 '' · BLOCKED
         holds      wake=2001ms",
    );
}

#[test]
fn an_attempt_under_way_at_half_open_counts_towards_the_limit() {
    play(
        "at 0ms     halfOpenMaxRequests = 1
         at 0ms     connect
         expect     CONNECTING · dial #1
         at 0ms     open circuit
         expect     circuit OPEN
         at 1000ms  tick
         expect     circuit HALF-OPEN
         at 1001ms  close 1000 bye
         expect     CLOSING · cut · CLOSED · close 1006 ''
         at 1001ms  manualClose = false
         at 1001ms  connect
         expect     BLOCKED · rejects Circuit breaker HALF-OPEN limit reached
         at 1002ms  halfOpenMaxRequests = 2
         expect     CLOSED",
    );
}

#[test]
fn a_failure_while_the_circuit_is_open_does_not_prolong_it() {
    play(
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 0ms     open circuit
         expect     circuit OPEN
         at 500ms   refused #1
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · BLOCKED
         holds      failures=1 wake=1000ms",
    );
}

#[test]
fn failures_that_the_user_reports_open_the_circuit() {
    play_with(
        |settings| settings.circuit.failure_threshold = 2,
        "at 0ms     handleError
         holds      failures=1 circuit=CLOSED
         at 1ms     handleError
         expect     circuit OPEN
         holds      failures=2 wake=1001ms alive=false
         at 2ms     handleError
         holds      failures=3 wake=1001ms",
    );
}

#[test]
fn a_failure_that_the_user_reports_blocks_a_client_that_waits() {
    play_with(
        |settings| settings.circuit.failure_threshold = 2,
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 0ms     refused #1
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · retry 1 of 10 in 50ms
         at 1ms     handleError
         expect     circuit OPEN · BLOCKED
         holds      failures=2 retries=0",
    );
}

#[test]
fn calls_that_change_nothing_tell_nothing() {
    play(
        "at 0ms     close circuit
         at 0ms     circuitFailures = 4
         at 0ms     close circuit
         holds      failures=0 circuit=CLOSED
         at 0ms     circuitState = CLOSED
         at 0ms     circuitState = HALF-OPEN
         at 0ms     circuitState = HALF-OPEN
         holds      circuit=HALF-OPEN
         at 0ms     close circuit
         expect     circuit CLOSED",
    );
}

#[test]
fn a_count_of_failures_that_the_user_writes_holds_from_the_next_failure() {
    play(
        "at 0ms     circuitFailures = 100
         holds      circuit=CLOSED
         at 0ms     circuitFailures = 4
         at 1ms     connect
         expect     CONNECTING · dial #1
         at 1ms     refused #1
         expect     error ECONNREFUSED · circuit OPEN · CLOSED · close 1006 '' · BLOCKED",
    );
}

#[test]
fn the_circuit_turns_half_open_while_closing_without_more() {
    play(
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 0ms     opened #1
         expect     OPEN · open
         at 0ms     open circuit
         expect     circuit OPEN
         at 1ms     close 1000 bye
         expect     CLOSING · shut 1000 bye
         at 1000ms  tick
         expect     circuit HALF-OPEN
         holds      state=CLOSING wake=30001ms",
    );
}

#[test]
fn with_a_window_failures_that_are_not_consecutive_open_the_circuit() {
    play(
        "at 0ms     window = 10s
         at 0ms     handleError
         at 0ms     connect
         expect     CONNECTING · dial #1
         at 0ms     opened #1
         expect     OPEN · open
         holds      failures=1
         at 1ms     broken #1 WSR_ERR_PROTOCOL 1002
         expect     error WSR_ERR_PROTOCOL · CLOSED · close 1002 '' · retry 1 of 10 in 50ms
         at 51ms    tick
         expect     CONNECTING · dial #2
         at 52ms    refused #2
         expect     error ECONNREFUSED · circuit OPEN · CLOSED · close 1006 '' · BLOCKED
         holds      failures=3",
    );
}

#[test]
fn with_a_window_failures_in_a_row_that_are_too_few_or_too_old_leave_the_circuit_closed() {
    play_with(
        |settings| settings.circuit.failure_threshold = 1,
        "at 0ms     window = 10s
         at 0ms     handleError
         at 1s      handleError
         at 2s      handleError
         at 10s     handleError
         holds      failures=3 circuit=CLOSED
         at 10s     handleError
         expect     circuit OPEN",
    );
}

#[test]
fn a_count_of_failures_that_the_user_writes_is_the_window_from_then_on() {
    play(
        "at 0ms     window = 10s
         at 0ms     handleError
         at 0ms     handleError
         at 0ms     handleError
         at 0ms     circuitFailures = 0
         holds      failures=0
         at 1ms     handleError
         holds      failures=1 circuit=CLOSED
         at 1ms     circuitFailures = 100
         holds      failures=100 circuit=CLOSED
         at 2ms     handleError
         expect     circuit OPEN",
    );
}
