//! The heartbeat in the life of a client.

use crate::policy::Duration;

use super::trace::play_with;
use crate::policy::Settings;

/// A connection that opens at 0ms, beats every 200ms and waits 100ms for the reply.
fn play(script: &str) {
    let beating =
        |settings: &mut Settings| settings.heartbeat.interval = Some(Duration::from_millis(200));
    play_with(
        beating,
        &format!(
            "at 0ms     connect
             expect     CONNECTING · dial #1
             at 0ms     opened #1
             expect     OPEN · open
             {script}",
        ),
    );
}

#[test]
fn silence_after_a_heartbeat_ends_the_connection() {
    play(
        "at 199ms   tick
         at 200ms   tick
         expect     beat
         holds      wake=300ms
         at 299ms   tick
         at 300ms   tick
         expect     error WSR_ERR_HEARTBEAT · cut · CLOSED · close 1006 '' · retry 1 of 10 in 50ms
         holds      failures=1 wake=350ms
         at 350ms   tick
         expect     CONNECTING · dial #2",
    );
}

#[test]
fn a_heartbeat_that_fails_can_open_the_circuit() {
    play(
        "at 0ms     failureThreshold = 1
         at 200ms   tick
         expect     beat
         at 300ms   tick
         expect     error WSR_ERR_HEARTBEAT · circuit OPEN · cut · CLOSED · close 1006 '' · BLOCKED",
    );
}

#[test]
fn a_heartbeat_that_fails_after_a_written_manual_close_ends_the_life() {
    play(
        "at 0ms     manualClose = true
         at 200ms   tick
         expect     beat
         at 300ms   tick
         expect     error WSR_ERR_HEARTBEAT · cut · CLOSED · close 1006 ''
         holds      alive=false",
    );
}

#[test]
fn any_frame_proves_the_peer_alive() {
    play(
        "at 200ms   tick
         expect     beat
         at 299ms   received #1
         holds      wake=400ms
         at 400ms   tick
         expect     beat
         holds      wake=500ms",
    );
}

#[test]
fn a_frame_before_the_heartbeat_proves_nothing_after_it() {
    play(
        "at 199ms   received #1
         at 200ms   tick
         expect     beat
         holds      wake=300ms",
    );
}

#[test]
fn a_pong_that_comes_late_does_not_revive_the_connection() {
    play(
        "at 200ms   tick
         expect     beat
         at 300ms   tick
         expect     error WSR_ERR_HEARTBEAT · cut · CLOSED · close 1006 '' · retry 1 of 10 in 50ms
         at 301ms   received #1
         holds      state=CLOSED wake=350ms",
    );
}

#[test]
fn more_heartbeats_buy_a_dead_peer_no_time() {
    play(
        "at 0ms     heartbeatTimeout = 500ms
         at 200ms   tick
         expect     beat
         at 400ms   tick
         expect     beat
         at 600ms   tick
         expect     beat
         holds      wake=700ms
         at 700ms   tick
         expect     error WSR_ERR_HEARTBEAT · cut · CLOSED · close 1006 '' · retry 1 of 10 in 50ms",
    );
}

#[test]
fn a_reply_limit_that_is_due_wins_over_a_beat() {
    play(
        "at 0ms     heartbeatTimeout = 200ms
         at 200ms   tick
         expect     beat
         at 400ms   tick
         expect     error WSR_ERR_HEARTBEAT · cut · CLOSED · close 1006 '' · retry 1 of 10 in 50ms",
    );
}

#[test]
fn a_machine_that_overslept_beats_once_and_goes_on_from_there() {
    play(
        "at 3h      tick
         expect     beat
         holds      wake=10800100ms
         at 3h      received #1
         holds      wake=10800200ms",
    );
}

#[test]
fn a_tick_that_comes_a_little_late_does_not_move_the_beats() {
    play(
        "at 230ms   tick
         expect     beat
         holds      wake=330ms
         at 240ms   received #1
         holds      wake=400ms",
    );
}

#[test]
fn while_nothing_is_read_silence_proves_nothing() {
    play(
        "at 200ms   tick
         expect     beat
         at 250ms   paused #1
         holds      wake=400ms
         at 400ms   tick
         expect     beat
         holds      wake=600ms
         at 450ms   resumed #1
         holds      wake=550ms
         at 550ms   tick
         expect     error WSR_ERR_HEARTBEAT · cut · CLOSED · close 1006 '' · retry 1 of 10 in 50ms",
    );
}

#[test]
fn a_beat_sent_while_nothing_is_read_awaits_its_reply_from_the_resumption() {
    play(
        "at 100ms   paused #1
         at 200ms   tick
         expect     beat
         holds      wake=400ms
         at 250ms   resumed #1
         holds      wake=350ms",
    );
}

#[test]
fn reading_on_awaits_no_reply_where_none_was_awaited() {
    play(
        "at 10ms    paused #1
         at 20ms    resumed #1
         holds      wake=200ms
         at 200ms   tick
         expect     beat
         at 210ms   paused #1
         at 220ms   received #1
         at 230ms   resumed #1
         holds      wake=400ms",
    );
}

#[test]
fn a_resumption_without_a_pause_changes_nothing() {
    play(
        "at 200ms   tick
         expect     beat
         at 250ms   resumed #1
         at 250ms   resumed #7
         at 250ms   paused #7
         holds      wake=300ms",
    );
}

#[test]
fn a_heartbeat_turned_off_clears_its_deadlines() {
    play(
        "at 200ms   tick
         expect     beat
         at 250ms   heartbeatInterval = 0
         holds      wake=never
         at 500ms   tick
         holds      state=OPEN
         at 600ms   heartbeatInterval = 50ms
         holds      wake=650ms
         at 650ms   tick
         expect     beat",
    );
}

#[test]
fn a_new_interval_holds_from_the_next_beat() {
    play(
        "at 50ms    heartbeatInterval = 1000ms
         holds      wake=200ms
         at 200ms   tick
         expect     beat
         at 210ms   received #1
         holds      wake=1200ms",
    );
}

#[test]
fn a_closing_connection_does_not_beat() {
    play(
        "at 200ms   tick
         expect     beat
         at 210ms   close 1000 bye
         expect     CLOSING · shut 1000 bye
         holds      wake=30210ms
         at 300ms   tick
         at 400ms   tick",
    );
}
