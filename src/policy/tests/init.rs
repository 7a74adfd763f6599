//! The first messages of a connection, which JavaScript exchanges before the connection counts as open.

use super::trace::play_with;
use crate::policy::*;

#[test]
fn a_connection_is_open_once_it_has_been_initialized() {
    play_with(
        init,
        "at 0ms     connect
         expect     CONNECTING · dial #1 within 100ms
         at 20ms    opened #1
         expect     ask init #1
         holds      state=CONNECTING wake=100ms
         at 60ms    initialized #1
         expect     OPEN · open
         holds      wake=never",
    );
}

#[test]
fn init_is_told_of_a_connection_after_one_that_was_open() {
    play_with(
        init,
        "at 0ms     connect
         expect     CONNECTING · dial #1 within 100ms
         at 1ms     opened #1
         expect     ask init #1
         at 2ms     lost #1
         expect     error WSR_ERR_INIT_CLOSED · CLOSED · close 1006 '' · retry 1 of 10 in 50ms
         at 52ms    tick
         expect     CONNECTING · dial #2 within 100ms
         at 53ms    opened #2
         expect     ask init #2
         at 54ms    initialized #2
         expect     OPEN · open
         at 55ms    lost #2
         expect     CLOSED · close 1006 '' · retry 1 of 10 in 50ms
         at 105ms   tick
         expect     CONNECTING · dial #3 within 100ms
         at 106ms   opened #3
         expect     ask init #3 again",
    );
}

#[test]
fn init_that_throws_is_a_failed_attempt_and_leaves_the_connection() {
    play_with(
        init,
        "at 0ms     connect
         expect     CONNECTING · dial #1 within 100ms
         at 1ms     opened #1
         expect     ask init #1
         at 2ms     threw #1
         expect     leave 1000 init failed · error THROWN · CLOSED · close 1006 '' ·
                    retry 1 of 10 in 50ms
         holds      failures=1",
    );
}

#[test]
fn init_has_what_the_upgrade_has_left_of_the_attempts_time() {
    play_with(
        init,
        "at 0ms     connect
         expect     CONNECTING · dial #1 within 100ms
         at 99ms    opened #1
         expect     ask init #1
         at 99ms    tick
         at 100ms   tick
         expect     leave 1000 init failed · error WSR_ERR_HANDSHAKE_TIMEOUT · CLOSED ·
                    close 1006 '' · retry 1 of 10 in 50ms
         at 101ms   initialized #1
         at 101ms   lost #1
         holds      state=CLOSED failures=1",
    );
}

#[test]
fn without_a_limit_init_takes_its_time() {
    play_with(
        |settings| {
            init(settings);
            settings.reconnect.connection_timeout = None;
        },
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 1ms     opened #1
         expect     ask init #1
         holds      wake=never
         at 10h     initialized #1
         expect     OPEN · open",
    );
}

#[test]
fn a_server_that_closes_during_init_has_refused_the_attempt_and_its_code_is_told() {
    play_with(
        init,
        "at 0ms     connect
         expect     CONNECTING · dial #1 within 100ms
         at 1ms     opened #1
         expect     ask init #1
         at 2ms     lost #1 4403 forbidden
         expect     error WSR_ERR_INIT_CLOSED · CLOSED · close 4403 'forbidden' clean ·
                    retry 1 of 10 in 50ms
         holds      failures=1",
    );
}

#[test]
fn attempts_that_fail_in_init_use_up_the_retries_and_open_the_circuit() {
    play_with(
        |settings| {
            init(settings);
            settings.circuit.failure_threshold = 2;
        },
        "at 0ms     connect
         expect     CONNECTING · dial #1 within 100ms
         at 1ms     opened #1
         expect     ask init #1
         at 2ms     lost #1 4403 forbidden
         expect     error WSR_ERR_INIT_CLOSED · CLOSED · close 4403 'forbidden' clean ·
                    retry 1 of 10 in 50ms
         at 52ms    tick
         expect     CONNECTING · dial #2 within 100ms
         at 53ms    opened #2
         expect     ask init #2
         at 54ms    threw #2
         expect     leave 1000 init failed · error THROWN · circuit OPEN · CLOSED · close 1006 '' ·
                    BLOCKED
         holds      retries=1",
    );
}

#[test]
fn a_probe_of_the_circuit_succeeds_once_it_has_been_initialized() {
    play_with(
        |settings| {
            init(settings);
            settings.circuit.failure_threshold = 1;
        },
        "at 0ms     connect
         expect     CONNECTING · dial #1 within 100ms
         at 0ms     refused #1
         expect     error ECONNREFUSED · circuit OPEN · CLOSED · close 1006 '' · BLOCKED
         at 1000ms  tick
         expect     circuit HALF-OPEN · retry 1 of 10 in 0ms · CONNECTING · dial #2 within 100ms
         at 1001ms  opened #2
         expect     ask init #2
         holds      circuit=HALF-OPEN
         at 1002ms  initialized #2
         expect     OPEN · circuit CLOSED · open",
    );
}

#[test]
fn a_close_during_init_begins_the_closing_handshake() {
    play_with(
        init,
        "at 0ms     connect
         expect     CONNECTING · dial #1 within 100ms
         at 1ms     opened #1
         expect     ask init #1
         at 2ms     close 1000 bye
         expect     CLOSING · shut 1000 bye
         at 3ms     initialized #1
         at 3ms     threw #1
         at 4ms     lost #1 1000 bye
         expect     CLOSED · close 1000 'bye' clean",
    );
}

#[test]
fn a_terminate_during_init_cuts() {
    play_with(
        init,
        "at 0ms     connect
         expect     CONNECTING · dial #1 within 100ms
         at 1ms     opened #1
         expect     ask init #1
         at 2ms     terminate
         expect     CLOSING · cut · CLOSED · close 1006 ''
         at 3ms     initialized #1
         holds      state=CLOSED alive=false",
    );
}

#[test]
fn a_reconnect_during_init_leaves_for_another_connection() {
    play_with(
        init,
        "at 0ms     connect
         expect     CONNECTING · dial #1 within 100ms
         at 1ms     opened #1
         expect     ask init #1
         at 2ms     reconnect 4000 anew
         expect     CLOSING · leave 4000 anew · CLOSED · close 4000 'anew' · CONNECTING ·
                    dial #2 within 100ms
         at 3ms     initialized #1
         at 4ms     opened #2
         expect     ask init #2",
    );
}

#[test]
fn the_heartbeat_begins_behind_init() {
    play_with(
        |settings| {
            init(settings);
            settings.heartbeat.interval = Some(Duration::from_millis(20));
        },
        "at 0ms     connect
         expect     CONNECTING · dial #1 within 100ms
         at 1ms     opened #1
         expect     ask init #1
         at 50ms    received #1
         at 50ms    tick
         at 50ms    ping
         expect     refused
         at 60ms    initialized #1
         expect     OPEN · open
         holds      wake=80ms
         at 80ms    tick
         expect     beat",
    );
}

#[test]
fn silence_proves_nothing_where_the_engine_has_not_read_since_init() {
    play_with(
        |settings| {
            init(settings);
            settings.liveness.idle_timeout = Some(Duration::from_millis(30));
        },
        "at 0ms     connect
         expect     CONNECTING · dial #1 within 100ms
         at 1ms     opened #1
         expect     ask init #1
         at 2ms     paused #1
         at 3ms     initialized #1
         expect     OPEN · open
         holds      wake=never
         at 90ms    resumed #1
         holds      wake=120ms",
    );
}

fn init(settings: &mut Settings) {
    settings.reconnect.asked.init = true;
    settings.reconnect.connection_timeout = Some(Duration::from_millis(100));
}
