//! What JavaScript is asked before an attempt and before a retry, and what its answers lead to.

use super::trace::play_with;
use crate::policy::*;

#[test]
fn an_attempt_is_dialed_once_javascript_has_said_where_to() {
    play_with(
        route,
        "at 0ms     connect
         expect     CONNECTING · ask route #1 after 0
         holds      wake=never
         at 20ms    routed #1
         expect     dial #1 within 100ms
         at 21ms    refused #1
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · retry 1 of 10 in 50ms
         at 71ms    tick
         expect     CONNECTING · ask route #2 after 1
         at 72ms    routed #2
         expect     dial #2 within 100ms
         at 73ms    opened #2
         expect     OPEN · open",
    );
}

#[test]
fn a_function_that_throws_is_a_failed_attempt() {
    play_with(
        route,
        "at 0ms     connect
         expect     CONNECTING · ask route #1 after 0
         at 1ms     refused #1
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · retry 1 of 10 in 50ms
         holds      failures=1",
    );
}

#[test]
fn an_attempt_that_is_withheld_is_retried_and_says_nothing_of_the_server() {
    play_with(
        route,
        "at 0ms     connect
         expect     CONNECTING · ask route #1 after 0
         at 1ms     refused #1 503 after 30s
         expect     error 503 · CLOSED · close 1006 '' · retry 1 of 10 in 30000ms
         holds      failures=1
         at 30001ms tick
         expect     CONNECTING · ask route #2 after 1
         at 90s     withheld #2
         expect     error WITHHELD · CLOSED · close 1006 '' · retry 2 of 10 in 100ms
         holds      failures=1
         at 90100ms tick
         expect     CONNECTING · ask route #3 after 2
         at 90101ms withheld #2
         holds      state=CONNECTING",
    );
}

#[test]
fn a_question_says_whether_a_connection_is_replaced() {
    play_with(
        route,
        "at 0ms     connect
         expect     CONNECTING · ask route #1 after 0
         at 1ms     routed #1
         expect     dial #1 within 100ms
         at 2ms     opened #1
         expect     OPEN · open
         at 3ms     lost #1 1006
         expect     CLOSED · close 1006 '' · retry 1 of 10 in 50ms
         at 53ms    tick
         expect     CONNECTING · ask route #2 after 1 again",
    );
}

#[test]
fn a_promise_that_never_settles_is_a_failed_attempt_when_its_time_is_up() {
    play_with(
        route,
        "at 0ms     connect
         expect     CONNECTING · ask route #1 after 0
         at 10s     awaited #1
         holds      wake=10100ms
         at 10s     awaited #1
         holds      wake=10100ms
         at 10100ms tick
         expect     error WSR_ERR_HANDSHAKE_TIMEOUT · CLOSED · close 1006 '' · retry 1 of 10 in 50ms
         at 10101ms routed #1
         holds      failures=1 state=CLOSED",
    );
}

#[test]
fn the_handshake_gets_what_the_promise_has_left_of_the_time() {
    play_with(
        route,
        "at 0ms     connect
         expect     CONNECTING · ask route #1 after 0
         at 10ms    awaited #1
         at 70ms    routed #1
         expect     dial #1 within 40ms",
    );
}

#[test]
fn an_answer_for_an_old_attempt_is_dropped() {
    play_with(
        route,
        "at 0ms     connect
         expect     CONNECTING · ask route #1 after 0
         at 1ms     refused #1
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · retry 1 of 10 in 50ms
         at 51ms    tick
         expect     CONNECTING · ask route #2 after 1
         at 52ms    routed #1
         at 52ms    awaited #1
         at 52ms    refused #1
         at 52ms    opened #2
         holds      state=CONNECTING wake=never
         at 53ms    routed #2
         expect     dial #2 within 100ms",
    );
}

#[test]
fn a_close_takes_the_question_back() {
    play_with(
        route,
        "at 0ms     connect
         expect     CONNECTING · ask route #1 after 0
         at 1ms     close 1000 bye
         expect     CLOSING · cut · CLOSED · close 1006 ''
         at 2ms     routed #1
         holds      state=CLOSED alive=false",
    );
}

#[test]
fn a_circuit_opened_by_hand_leaves_the_question_alone() {
    play_with(
        route,
        "at 0ms     connect
         expect     CONNECTING · ask route #1 after 0
         at 1ms     open circuit
         expect     circuit OPEN
         at 2ms     routed #1
         expect     dial #1 within 100ms",
    );
}

#[test]
fn a_user_who_says_stop_ends_the_client() {
    play_with(
        retry,
        "at 0ms     connect
         expect     CONNECTING · dial #1 within 100ms
         at 1ms     refused #1
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · ask retry #1 for 1 after 1ms
         holds      state=CLOSED alive=true wake=never
         at 5s      decided #1 stop
         expect     FAILED · close STOPPED 'shouldReconnect said no'
         holds      state=FAILED alive=false
         at 6s      connect
         expect     CONNECTING · dial #2 within 100ms",
    );
}

#[test]
fn a_connect_after_a_stop_starts_a_new_series_of_retries() {
    play_with(
        retry,
        "at 0ms     connect
         expect     CONNECTING · dial #1 within 100ms
         at 0ms     refused #1
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · ask retry #1 for 1 after 0ms
         at 0ms     decided #1 retry
         expect     retry 1 of 10 in 50ms
         at 50ms    tick
         expect     CONNECTING · dial #2 within 100ms
         at 50ms    refused #2
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · ask retry #2 for 2 after 50ms
         at 50ms    decided #2 stop
         expect     FAILED · close STOPPED 'shouldReconnect said no'
         holds      retries=1
         at 60ms    connect
         expect     CONNECTING · dial #3 within 100ms
         holds      retries=0",
    );
}

#[test]
fn a_user_may_leave_the_delay_to_the_policy_or_give_one() {
    play_with(
        retry,
        "at 0ms     connect
         expect     CONNECTING · dial #1 within 100ms
         at 0ms     refused #1
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · ask retry #1 for 1 after 0ms
         at 0ms     decided #1 retry
         expect     retry 1 of 10 in 50ms
         at 50ms    tick
         expect     CONNECTING · dial #2 within 100ms
         at 50ms    refused #2
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · ask retry #2 for 2 after 50ms
         at 50ms    decided #2 retry in 7ms
         expect     retry 2 of 10 in 7ms
         holds      wake=57ms
         at 57ms    tick
         expect     CONNECTING · dial #3 within 100ms",
    );
}

#[test]
fn a_decision_that_never_comes_is_made_without_the_user() {
    play_with(
        retry,
        "at 0ms     connect
         expect     CONNECTING · dial #1 within 100ms
         at 0ms     refused #1
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · ask retry #1 for 1 after 0ms
         at 10s     awaited #1
         holds      wake=10100ms
         at 10100ms tick
         expect     undecided within 100ms · retry 1 of 10 in 50ms
         at 10101ms decided #1 stop
         holds      alive=true",
    );
}

#[test]
fn a_missing_decision_is_told_before_what_is_done_without_it() {
    play_with(
        retry,
        "at 0ms     connect
         expect     CONNECTING · dial #1 within 100ms
         at 0ms     refused #1
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · ask retry #1 for 1 after 0ms
         at 0ms     awaited #1
         at 1ms     open circuit
         expect     circuit OPEN
         at 100ms   tick
         expect     undecided within 100ms · BLOCKED",
    );
}

#[test]
fn nobody_is_asked_once_the_retries_are_used_up() {
    play_with(
        |settings| {
            retry(settings);
            settings.max_retries = Some(0);
        },
        "at 0ms     connect
         expect     CONNECTING · dial #1 within 100ms
         at 0ms     refused #1
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · FAILED ·
                    close MAX_RETRIES 'Maximum retry attempts (0) exceeded'",
    );
}

#[test]
fn retries_that_are_used_up_while_the_user_decides_end_the_client() {
    play_with(
        retry,
        "at 0ms     connect
         expect     CONNECTING · dial #1 within 100ms
         at 0ms     refused #1
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · ask retry #1 for 1 after 0ms
         at 1ms     maxRetries = 0
         at 2ms     decided #1 retry
         expect     FAILED · close MAX_RETRIES 'Maximum retry attempts (0) exceeded'",
    );
}

#[test]
fn a_decision_to_go_on_still_waits_for_the_circuit() {
    play_with(
        |settings| {
            retry(settings);
            settings.circuit.failure_threshold = 1;
        },
        "at 0ms     connect
         expect     CONNECTING · dial #1 within 100ms
         at 0ms     refused #1
         expect     error ECONNREFUSED · circuit OPEN · CLOSED · close 1006 '' · ask retry #1 for 1 after 0ms
         at 1ms     decided #1 retry in 5ms
         expect     BLOCKED
         at 1000ms  tick
         expect     circuit HALF-OPEN · retry 1 of 10 in 0ms · CONNECTING · dial #2 within 100ms",
    );
}

#[test]
fn a_user_who_acts_takes_the_question_back() {
    play_with(
        retry,
        "at 0ms     connect
         expect     CONNECTING · dial #1 within 100ms
         at 0ms     refused #1
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · ask retry #1 for 1 after 0ms
         at 1ms     connect
         at 2ms     reconnect 4000 anew
         expect     CONNECTING · dial #2 within 100ms
         at 3ms     decided #1 stop
         at 4ms     refused #2
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · ask retry #2 for 1 after 4ms
         at 5ms     close 1000 bye
         expect     CLOSING · CLOSED · close 1000 'bye' clean
         at 6ms     decided #2 retry
         holds      alive=false",
    );
}

fn route(settings: &mut Settings) {
    settings.reconnect.asked.route = true;
    settings.reconnect.connection_timeout = Some(Duration::from_millis(100));
}

fn retry(settings: &mut Settings) {
    settings.reconnect.asked.retry = true;
    settings.reconnect.connection_timeout = Some(Duration::from_millis(100));
}
