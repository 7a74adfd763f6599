//! Who is alive, in the life of a client: pings, replies that are judged, silence, sleep, a busy JavaScript.

use crate::policy::Duration;

use super::trace::{play as play_idle, play_with};
use crate::policy::{Beat, HeartbeatReply, Jitter, Settings};

fn ms(value: u64) -> Option<Duration> {
    Some(Duration::from_millis(value))
}

/// A connection that opens at 0ms.
fn play(change: impl FnOnce(&mut Settings), script: &str) {
    let opened = "at 0ms     connect
                  expect     CONNECTING · dial #1
                  at 0ms     opened #1
                  expect     OPEN · open\n";
    play_with(change, &format!("{opened}{script}"));
}

/// It beats every 200ms with a ping, and waits 100ms for the reply.
fn pinging(settings: &mut Settings) {
    settings.heartbeat.interval = ms(200);
    settings.heartbeat.beat = Beat::Ping;
}

/// It beats every 200ms, and waits 100ms for what JavaScript takes for a reply.
fn judged(settings: &mut Settings) {
    settings.heartbeat.interval = ms(200);
    settings.heartbeat.reply = HeartbeatReply::Judged;
}

fn idle(settings: &mut Settings) {
    settings.liveness.idle_timeout = ms(500);
}

fn watchful(settings: &mut Settings) {
    settings.liveness.max_block = ms(500);
    settings.heartbeat.interval = ms(400);
}

fn plain(_: &mut Settings) {}

// Heartbeats that ping.

#[test]
fn a_heartbeat_can_be_a_ping_and_its_pong_is_measured() {
    play(
        pinging,
        "at 200ms   tick
         expect     ping 1
         holds      wake=300ms rtt=unknown
         at 230ms   ponged #1 1
         at 230ms   received #1
         holds      wake=400ms rtt=30ms
         at 400ms   tick
         expect     ping 2
         at 500ms   tick
         expect     error WSR_ERR_HEARTBEAT · cut · CLOSED · close 1006 '' · retry 1 of 10 in 50ms",
    );
}

#[test]
fn the_mode_of_the_heartbeat_holds_from_the_next_one() {
    play(
        pinging,
        "at 100ms   heartbeatMode = message
         at 200ms   tick
         expect     beat
         at 201ms   received #1
         at 202ms   heartbeatMode = ping
         at 400ms   tick
         expect     ping 1",
    );
}

// Replies that JavaScript judges.

#[test]
fn a_frame_that_is_not_the_reply_asked_for_does_not_save_the_peer() {
    play(
        judged,
        "at 200ms   tick
         expect     beat
         at 250ms   received #1
         holds      wake=300ms
         at 300ms   tick
         expect     answered? #1
         holds      wake=400ms
         at 301ms   judged #1
         expect     error WSR_ERR_HEARTBEAT · cut · CLOSED · close 1006 '' · retry 1 of 10 in 50ms",
    );
}

#[test]
fn the_reply_asked_for_saves_the_peer() {
    play(
        judged,
        "at 200ms   tick
         expect     beat
         at 250ms   received #1
         at 251ms   answered
         holds      wake=400ms",
    );
}

#[test]
fn a_live_peer_does_not_die_of_a_javascript_that_is_too_busy_to_judge() {
    play(
        judged,
        "at 200ms   tick
         expect     beat
         at 250ms   received #1
         at 300ms   tick
         expect     answered? #1
         at 400ms   tick
         expect     beat
         at 450ms   received #1
         at 500ms   tick
         at 600ms   tick
         expect     beat
         at 650ms   received #1
         at 660ms   answered
         at 661ms   judged #1
         holds      state=OPEN wake=800ms",
    );
}

#[test]
fn a_peer_that_is_silent_dies_however_busy_javascript_is() {
    play(
        judged,
        "at 200ms   tick
         expect     beat
         at 250ms   received #1
         at 300ms   tick
         expect     answered? #1
         at 400ms   tick
         expect     beat
         at 500ms   tick
         expect     error WSR_ERR_HEARTBEAT · cut · CLOSED · close 1006 '' · retry 1 of 10 in 50ms",
    );
}

#[test]
fn a_judgement_of_an_old_connection_is_dropped() {
    play(
        judged,
        "at 200ms   tick
         expect     beat
         at 250ms   received #1
         at 300ms   tick
         expect     answered? #1
         at 310ms   lost #1
         expect     CLOSED · close 1006 '' · retry 1 of 10 in 50ms
         at 360ms   tick
         expect     CONNECTING · dial #2
         at 360ms   opened #2
         expect     OPEN · open
         at 361ms   judged #1
         holds      state=OPEN",
    );
}

#[test]
fn who_takes_any_frame_again_is_content_with_what_came() {
    play(
        judged,
        "at 200ms   tick
         expect     beat
         at 250ms   received #1
         at 260ms   judged = false
         holds      wake=400ms",
    );
}

// Pings of the user.

#[test]
fn a_ping_of_the_user_is_answered_with_its_round_trip() {
    play(
        plain,
        "at 10ms    ping
         expect     ping 1
         holds      wake=110ms
         at 25ms    ponged #1 1
         expect     pinged 1 15ms
         holds      wake=never rtt=15ms",
    );
}

#[test]
fn a_ping_that_has_no_answer_in_time_is_told_and_kills_nobody() {
    play(
        plain,
        "at 10ms    ping
         expect     ping 1
         at 110ms   tick
         expect     pinged 1 late
         holds      state=OPEN wake=never
         at 120ms   ponged #1 1
         holds      rtt=unknown",
    );
}

#[test]
fn a_pong_answers_the_pings_before_it() {
    play(
        plain,
        "at 10ms    ping
         expect     ping 1
         at 20ms    ping
         expect     ping 2
         at 30ms    ponged #1 2
         expect     pinged 1 20ms · pinged 2 10ms",
    );
}

#[test]
fn without_a_connection_a_ping_is_refused() {
    play_idle(
        "at 0ms     ping
         expect     refused
         at 0ms     connect
         expect     CONNECTING · dial #1
         at 0ms     ping
         expect     refused",
    );
}

#[test]
fn a_new_connection_is_measured_anew_and_pongs_of_the_old_one_are_not_heard() {
    play(
        plain,
        "at 10ms    ping
         expect     ping 1
         at 15ms    ponged #1 1
         expect     pinged 1 5ms
         at 16ms    ping
         expect     ping 2
         at 20ms    lost #1
         expect     CLOSED · close 1006 '' · retry 1 of 10 in 50ms
         holds      rtt=5ms
         at 70ms    tick
         expect     CONNECTING · dial #2
         at 70ms    opened #2
         expect     OPEN · open
         holds      rtt=unknown wake=never
         at 71ms    ponged #1 2
         at 71ms    ponged #2 2",
    );
}

#[test]
fn while_nothing_is_read_no_limit_runs_out() {
    play(
        idle,
        "at 10ms    ping
         expect     ping 1
         at 20ms    slept 10s
         expect     wake 10000ms · ping 2
         at 30ms    paused #1
         holds      wake=never
         at 9s      tick
         at 10s     resumed #1
         holds      wake=10100ms
         at 10100ms tick
         expect     pinged 1 late
         holds      wake=10500ms",
    );
}

// Silence.

#[test]
fn a_peer_that_is_silent_for_the_idle_timeout_is_dead() {
    play(
        idle,
        "at 0ms     ping
         expect     ping 1
         at 100ms   ponged #1 1
         expect     pinged 1 100ms
         at 100ms   received #1
         holds      wake=500ms
         at 500ms   tick
         holds      wake=600ms
         at 599ms   tick
         at 600ms   tick
         expect     error WSR_ERR_IDLE_TIMEOUT · cut · CLOSED · close 1006 '' · retry 1 of 10 in 50ms
         holds      failures=1",
    );
}

#[test]
fn the_idle_timeout_counts_from_what_came_before_it_was_set() {
    play(
        plain,
        "at 100ms   received #1
         at 200ms   idleTimeout = 300ms
         holds      wake=400ms
         at 250ms   idleTimeout = 0ms
         holds      wake=never
         at 500ms   idleTimeout = 300ms
         at 500ms   tick
         expect     error WSR_ERR_IDLE_TIMEOUT · cut · CLOSED · close 1006 '' · retry 1 of 10 in 50ms",
    );
}

// Sleep, and the network.

#[test]
fn after_sleep_the_peer_has_three_seconds_to_answer() {
    play(
        plain,
        "at 1s      slept 1h
         expect     wake 3600000ms · ping 1
         holds      wake=4000ms
         at 3999ms  tick
         at 4s      tick
         expect     error WSR_ERR_PROBE_TIMEOUT · cut · CLOSED · close 1006 '' · retry 1 of 10 in 50ms",
    );
}

#[test]
fn whatever_comes_after_sleep_proves_the_peer_alive() {
    play(
        plain,
        "at 1s      slept 1h
         expect     wake 3600000ms · ping 1
         at 2s      received #1
         holds      wake=never",
    );
}

#[test]
fn a_peer_that_is_asked_already_is_not_asked_again() {
    play(
        plain,
        "at 1s      network
         expect     network · ping 1
         at 2s      network
         expect     network
         at 2s      slept 6s
         expect     wake 6000ms
         at 4s      tick
         expect     error WSR_ERR_PROBE_TIMEOUT · cut · CLOSED · close 1006 '' · retry 1 of 10 in 50ms",
    );
}

#[test]
fn a_page_that_is_shown_asks_the_peer_and_ends_the_wait_to_retry_without_a_word() {
    play(
        |settings| settings.backoff.base = Duration::from_secs(60),
        "at 1s      shown
         expect     ping 1
         at 2s      lost #1
         expect     CLOSED · close 1006 '' · retry 1 of 10 in 200ms
         at 2100ms  suspected
         at 2110ms  shown
         expect     CONNECTING · dial #2",
    );
}

#[test]
fn a_peer_that_is_suspected_has_three_seconds_to_answer() {
    play(
        plain,
        "at 1s      suspected
         expect     ping 1
         at 4s      tick
         expect     error WSR_ERR_PROBE_TIMEOUT · cut · CLOSED · close 1006 '' · retry 1 of 10 in 50ms",
    );
}

#[test]
fn who_does_not_want_it_is_told_of_neither_sleep_nor_network() {
    play(
        |settings| settings.liveness.detect_sleep = false,
        "at 1s      slept 1h
         at 1s      network
         holds      wake=never",
    );
}

#[test]
fn a_client_that_does_nothing_is_told_of_neither_sleep_nor_network() {
    play_idle(
        "at 1s      slept 1h
         at 1s      network",
    );
}

#[test]
fn a_new_way_to_the_network_ends_the_wait_to_retry() {
    play(
        |settings| settings.backoff.base = Duration::from_secs(60),
        "at 1s      lost #1
         expect     CLOSED · close 1006 '' · retry 1 of 10 in 200ms
         at 1100ms  network
         expect     network · CONNECTING · dial #2
         at 1101ms  network
         expect     network",
    );
}

#[test]
fn the_end_of_sleep_ends_the_wait_to_retry() {
    play(
        |settings| settings.backoff.base = Duration::from_secs(60),
        "at 1s      lost #1
         expect     CLOSED · close 1006 '' · retry 1 of 10 in 200ms
         at 1100ms  slept 6s
         expect     wake 6000ms · CONNECTING · dial #2",
    );
}

#[test]
fn what_ends_a_wait_early_never_makes_it_longer_and_comes_with_jitter() {
    play(
        |settings| {
            settings.backoff.base = Duration::from_secs(10);
            settings.backoff.cap = Duration::from_secs(10);
            settings.backoff.jitter = Jitter::Spread(0.1);
        },
        "at 1s      lost #1
         expect     CLOSED · close 1006 '' · retry 1 of 10 in 10203ms
         at 2s      network
         expect     network
         holds      wake=7951ms state=CLOSED
         at 7940ms  slept 6s
         expect     wake 6000ms
         holds      wake=7951ms
         at 7951ms  tick
         expect     CONNECTING · dial #2",
    );
}

#[test]
fn neither_sleep_nor_a_new_network_ends_the_peace_that_the_server_asks_for() {
    play(
        |_| {},
        "at 1s      lost #1
         expect     CLOSED · close 1006 '' · retry 1 of 10 in 50ms
         at 1050ms  tick
         expect     CONNECTING · dial #2
         at 1050ms  refused #2 503 after 120s
         expect     error 503 · CLOSED · close 1006 '' · retry 2 of 10 in 120000ms
         at 2s      network
         expect     network
         at 3s      slept 1h
         expect     wake 3600000ms
         holds      state=CLOSED wake=121050ms
         at 121050ms tick
         expect     CONNECTING · dial #3",
    );
}

#[test]
fn what_is_beyond_the_peace_that_the_server_asks_for_ends_early() {
    play(
        |settings| {
            settings.backoff.base = Duration::from_secs(60);
            settings.backoff.cap = Duration::from_secs(60);
        },
        "at 1s      lost #1
         expect     CLOSED · close 1006 '' · retry 1 of 10 in 60000ms
         at 2s      network
         expect     network · CONNECTING · dial #2
         at 2s      refused #2 503 after 10s
         expect     error 503 · CLOSED · close 1006 '' · retry 2 of 10 in 60000ms
         at 3s      network
         expect     network
         holds      wake=12000ms",
    );
}

#[test]
fn neither_sleep_nor_a_new_network_overrides_the_delay_that_the_user_chose() {
    play(
        |settings| settings.reconnect.asked.retry = true,
        "at 1s      lost #1
         expect     CLOSED · close 1006 '' · ask retry #1 for 1 after 0ms
         at 1s      decided #1 retry in 30s
         expect     retry 1 of 10 in 30000ms
         at 2s      network
         expect     network
         at 3s      slept 6s
         expect     wake 6000ms
         holds      state=CLOSED wake=31000ms
         at 31s     tick
         expect     CONNECTING · dial #2
         at 31s     refused #2
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · ask retry #2 for 2 after 30000ms
         at 31s     decided #2 retry
         expect     retry 2 of 10 in 100ms
         at 31050ms network
         expect     network · CONNECTING · dial #3",
    );
}

#[test]
fn a_new_way_to_the_network_does_not_close_a_circuit() {
    play(
        |settings| settings.circuit.failure_threshold = 1,
        "at 1s      broken #1 ECONNRESET
         expect     error ECONNRESET · circuit OPEN · CLOSED · close 1006 '' · BLOCKED
         at 1100ms  network
         expect     network
         holds      state=BLOCKED",
    );
}

// A JavaScript that does not run.

#[test]
fn a_blocked_event_loop_ends_the_connection_and_holds_the_next_until_it_runs() {
    play(
        watchful,
        "at 400ms   ran 390ms
         at 400ms   tick
         expect     beat
         at 410ms   received #1
         at 800ms   tick
         expect     beat
         at 810ms   received #1
         holds      wake=890ms
         at 890ms   tick
         expect     leave 4008 event loop blocked · CLOSED · close 4008 'event loop blocked' · runs?
         holds      failures=0 alive=true wake=never
         at 5s      tick
         at 6s      ran 6s
         expect     blocked 5610ms · retry 1 of 10 in 50ms
         at 6050ms  tick
         expect     CONNECTING · dial #2",
    );
}

#[test]
fn an_event_loop_that_runs_in_time_is_left_alone() {
    play(
        |settings| settings.liveness.max_block = ms(500),
        "at 500ms   ran 450ms
         at 500ms   tick
         holds      wake=950ms
         at 501ms   maxEventLoopBlock = 0ms
         holds      wake=never
         at 2s      maxEventLoopBlock = 100ms
         holds      wake=2100ms",
    );
}

#[test]
fn a_connection_that_opens_while_the_event_loop_is_blocked_is_left() {
    play(
        watchful,
        "at 10ms    lost #1
         expect     CLOSED · close 1006 '' · retry 1 of 10 in 50ms
         at 60ms    tick
         expect     CONNECTING · dial #2
         at 600ms   opened #2
         expect     OPEN · open
         holds      wake=500ms
         at 600ms   tick
         expect     leave 4008 event loop blocked · CLOSED · close 4008 'event loop blocked' · runs?",
    );
}

#[test]
fn a_client_that_waits_for_javascript_can_be_closed() {
    let blocked = "at 500ms   tick
         expect     leave 4008 event loop blocked · CLOSED · close 4008 'event loop blocked' · runs?";
    play(
        watchful,
        &format!(
            "{blocked}
             at 600ms   close 1000 bye
             expect     CLOSING · CLOSED · close 1000 'bye' clean
             holds      alive=false
             at 601ms   ran 601ms",
        ),
    );
    play(
        watchful,
        &format!(
            "{blocked}
             at 600ms   manualClose = true
             expect     close 1000 'Normal closure' clean
             holds      alive=false",
        ),
    );
}

#[test]
fn a_blocked_event_loop_after_a_written_manual_close_ends_the_life() {
    play(
        watchful,
        "at 0ms     manualClose = true
         at 500ms   tick
         expect     leave 4008 event loop blocked · CLOSED · close 4008 'event loop blocked'
         holds      alive=false",
    );
}
