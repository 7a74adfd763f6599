//! Closing by the user in every state, and connecting again after it.

use super::trace::{play, play_with};

#[test]
fn a_close_while_connecting_cuts_the_attempt_without_an_error() {
    play(
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 1ms     close 4000 enough
         expect     CLOSING · cut · CLOSED · close 1006 ''
         holds      alive=false manualClose=true
         at 2ms     opened #1
         at 2ms     refused #1
         holds      state=CLOSED",
    );
}

#[test]
fn a_close_while_waiting_to_retry_ends_in_closed_with_the_code_of_the_user() {
    play(
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 1ms     refused #1
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · retry 1 of 10 in 50ms
         at 2ms     close 4000 enough
         expect     CLOSING · CLOSED · close 4000 'enough' clean
         holds      state=CLOSED alive=false wake=never
         at 51ms    tick",
    );
}

#[test]
fn a_close_while_blocked_ends_in_closed_with_the_code_of_the_user() {
    play_with(
        |settings| settings.circuit.failure_threshold = 1,
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 1ms     refused #1
         expect     error ECONNREFUSED · circuit OPEN · CLOSED · close 1006 '' · BLOCKED
         at 2ms     close 4000 enough
         expect     CLOSING · CLOSED · close 4000 'enough' clean
         holds      state=CLOSED alive=false circuit=OPEN wake=1001ms
         at 1001ms  tick
         expect     circuit HALF-OPEN
         holds      state=CLOSED alive=false wake=never",
    );
}

#[test]
fn a_close_tells_what_the_wire_said() {
    play(
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 1ms     opened #1
         expect     OPEN · open
         at 2ms     close 1000 bye
         expect     CLOSING · shut 1000 bye
         at 3ms     lost #1 1012 restart
         expect     CLOSED · close 1012 'restart' clean",
    );
}

#[test]
fn a_peer_that_never_answers_the_close_is_cut() {
    play(
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 0ms     opened #1
         expect     OPEN · open
         at 0ms     close 1000 bye
         expect     CLOSING · shut 1000 bye
         holds      wake=30000ms
         at 29999ms tick
         at 30000ms tick
         expect     cut · CLOSED · close 1006 ''
         holds      alive=false wake=never
         at 30001ms lost #1 1000 bye",
    );
}

#[test]
fn a_failure_while_closing_is_told_and_counted() {
    play(
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 0ms     opened #1
         expect     OPEN · open
         at 0ms     close 1000 bye
         expect     CLOSING · shut 1000 bye
         at 1ms     broken #1 WSR_ERR_PROTOCOL 1002
         expect     error WSR_ERR_PROTOCOL · CLOSED · close 1002 ''
         holds      failures=1 alive=false",
    );
}

#[test]
fn a_second_close_does_nothing() {
    play(
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 0ms     opened #1
         expect     OPEN · open
         at 0ms     close 1000 bye
         expect     CLOSING · shut 1000 bye
         at 1ms     close 4000 again
         holds      wake=30000ms
         at 2ms     lost #1 1000 bye
         expect     CLOSED · close 1000 'bye' clean
         at 3ms     close 4000 again",
    );
}

#[test]
fn a_close_of_an_idle_client_only_forbids_connecting() {
    play(
        "at 0ms     close 1000 bye
         expect     CLOSED
         holds      manualClose=true state=CLOSED alive=false
         at 1ms     connect
         expect     rejects Connection manually closed",
    );
}

#[test]
fn a_close_of_a_client_that_never_connected_is_told() {
    for end in ["close 1000 bye", "terminate"] {
        play(&format!(
            "at 0ms     manualClose = true
             at 1ms     {end}
             expect     CLOSED
             holds      alive=false
             at 2ms     reset
             at 3ms     connect
             expect     CONNECTING · dial #1
             at 4ms     close 1000 bye
             expect     CLOSING · cut · CLOSED · close 1006 ''
             at 5ms     {end}",
        ));
    }
}

#[test]
fn a_close_of_a_client_that_the_circuit_has_refused_is_told() {
    play(
        "at 0ms     open circuit
         expect     circuit OPEN
         at 1ms     connect
         expect     BLOCKED · rejects Circuit breaker is OPEN
         at 2ms     close 1000 bye
         expect     CLOSED
         holds      alive=false
         at 1000ms  tick
         expect     circuit HALF-OPEN",
    );
}

#[test]
fn a_close_of_a_failed_client_leaves_it_failed() {
    play_with(
        |settings| settings.max_retries = Some(0),
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 1ms     refused #1
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · FAILED ·
                    close MAX_RETRIES 'Maximum retry attempts (0) exceeded'
         at 2ms     close 1000 bye
         holds      state=FAILED manualClose=true",
    );
}

#[test]
fn a_user_who_has_not_heard_of_the_end_is_owed_a_close() {
    play_with(
        |settings| settings.max_retries = Some(0),
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 1ms     refused #1
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · FAILED ·
                    close MAX_RETRIES 'Maximum retry attempts (0) exceeded'
         at 2ms     close 1000 bye seen alive
         expect     CLOSING · CLOSED · close 1000 'bye' clean
         holds      state=CLOSED manualClose=true alive=false",
    );
}

#[test]
fn a_reset_allows_connecting_again() {
    play(
        "at 0ms     close 1000 bye
         expect     CLOSED
         at 1ms     retryCount = 4
         at 1ms     circuitFailures = 3
         at 2ms     reset
         holds      manualClose=false retries=0 failures=0
         at 3ms     connect
         expect     CONNECTING · dial #1",
    );
}

#[test]
fn a_reset_closes_the_circuit() {
    play(
        "at 0ms     open circuit
         expect     circuit OPEN
         at 1ms     reset
         expect     circuit CLOSED
         holds      wake=never
         at 2ms     reset",
    );
}

#[test]
fn a_reset_leaves_a_failed_client_failed_until_it_connects() {
    play_with(
        |settings| settings.max_retries = Some(0),
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 1ms     refused #1
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · FAILED ·
                    close MAX_RETRIES 'Maximum retry attempts (0) exceeded'
         at 2ms     reset
         holds      state=FAILED failures=0
         at 3ms     connect
         expect     CONNECTING · dial #2",
    );
}

#[test]
fn a_reset_while_waiting_leaves_the_wait_alone() {
    play(
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 1ms     refused #1
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · retry 1 of 10 in 50ms
         at 2ms     reset
         holds      wake=51ms retries=0 failures=0",
    );
}

#[test]
fn a_connection_asked_for_while_closing_starts_when_the_old_one_has_ended() {
    play(
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 1ms     opened #1
         expect     OPEN · open
         at 2ms     close 1000 bye
         expect     CLOSING · shut 1000 bye
         at 2ms     connect
         expect     rejects Connection manually closed
         at 3ms     reset
         at 3ms     connect
         at 4ms     lost #1 1000 bye
         expect     CLOSED · close 1000 'bye' clean · CONNECTING · dial #2
         holds      retries=0 alive=true",
    );
}

#[test]
fn a_reset_while_closing_does_not_connect_by_itself() {
    play(
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 1ms     opened #1
         expect     OPEN · open
         at 2ms     close 1000 bye
         expect     CLOSING · shut 1000 bye
         at 3ms     reset
         at 4ms     lost #1 1000 bye
         expect     CLOSED · close 1000 'bye' clean
         holds      alive=false",
    );
}

#[test]
fn a_close_takes_back_the_connection_asked_for_while_closing() {
    for take_back in ["close 1000 bye", "manualClose = true"] {
        play(&format!(
            "at 0ms     connect
             expect     CONNECTING · dial #1
             at 1ms     opened #1
             expect     OPEN · open
             at 2ms     close 1000 bye
             expect     CLOSING · shut 1000 bye
             at 3ms     reset
             at 3ms     connect
             at 3ms     {take_back}
             at 4ms     lost #1 1000 bye
             expect     CLOSED · close 1000 'bye' clean
             holds      alive=false",
        ));
    }
}

#[test]
fn a_connection_asked_for_while_closing_waits_for_a_circuit_opened_meanwhile() {
    play(
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 1ms     opened #1
         expect     OPEN · open
         at 2ms     close 1000 bye
         expect     CLOSING · shut 1000 bye
         at 3ms     reset
         at 3ms     connect
         at 3ms     open circuit
         expect     circuit OPEN
         at 3ms     connect
         expect     rejects Circuit breaker is OPEN
         holds      state=CLOSING
         at 4ms     lost #1 1000 bye
         expect     CLOSED · close 1000 'bye' clean · BLOCKED
         at 1003ms  tick
         expect     circuit HALF-OPEN · retry 1 of 10 in 0ms · CONNECTING · dial #2",
    );
}

#[test]
fn a_manual_close_written_while_waiting_ends_the_wait() {
    play(
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 1ms     refused #1
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · retry 1 of 10 in 50ms
         at 2ms     manualClose = true
         expect     close 1000 'Normal closure' clean
         holds      state=CLOSED alive=false wake=never manualClose=true",
    );
}

#[test]
fn a_manual_close_written_while_blocked_ends_the_block() {
    play_with(
        |settings| settings.circuit.failure_threshold = 1,
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 1ms     refused #1
         expect     error ECONNREFUSED · circuit OPEN · CLOSED · close 1006 '' · BLOCKED
         at 2ms     manualClose = true
         expect     CLOSED · close 1000 'Normal closure' clean
         holds      alive=false",
    );
}

#[test]
fn a_manual_close_written_while_connected_prevents_the_next_retry() {
    play(
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 1ms     manualClose = true
         at 2ms     opened #1
         expect     OPEN · open
         at 3ms     lost #1 1012 restart
         expect     CLOSED · close 1012 'restart' clean
         holds      alive=false",
    );
}

#[test]
fn a_manual_close_written_while_connecting_prevents_the_next_retry() {
    play(
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 1ms     manualClose = true
         at 2ms     refused #1
         expect     error ECONNREFUSED · CLOSED · close 1006 ''
         holds      alive=false failures=1",
    );
}

#[test]
fn a_manual_close_taken_back_lets_the_retry_happen() {
    play(
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 1ms     manualClose = true
         at 1ms     manualClose = false
         at 2ms     refused #1
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · retry 1 of 10 in 50ms",
    );
}

#[test]
fn a_client_that_the_engine_fails_gives_up_wherever_it_is() {
    let opened = "at 0ms     connect
         expect     CONNECTING · dial #1
         at 0ms     opened #1
         expect     OPEN · open";
    let waits = "at 0ms     connect
         expect     CONNECTING · dial #1
         at 0ms     refused #1
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · retry 1 of 10 in 50ms";
    let gives_up = "FAILED · close INTERNAL 'a panic'
         holds      alive=false wake=never failures=";
    play(&format!(
        "{opened}
         at 1ms     broke
         expect     error WSR_ERR_INTERNAL · cut · CLOSED · close 1006 '' · {gives_up}0
         at 1ms     broke
         at 2ms     connect
         expect     CONNECTING · dial #2
         at 3ms     broke
         expect     error WSR_ERR_INTERNAL · cut · CLOSED · close 1006 '' · {gives_up}0",
    ));
    play(&format!(
        "{waits}
         at 1ms     broke
         expect     error WSR_ERR_INTERNAL · {gives_up}1",
    ));
}

#[test]
fn a_client_that_is_closing_ends_as_closed_when_the_engine_fails_it() {
    play(
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 0ms     opened #1
         expect     OPEN · open
         at 1ms     close 1000 bye
         expect     CLOSING · shut 1000 bye
         at 2ms     broke
         expect     error WSR_ERR_INTERNAL · cut · CLOSED · close 1006 ''
         holds      alive=false",
    );
}
