//! Settings that change while the client lives, and settings at the end of their range.

use crate::policy::Duration;

use super::trace::{play, play_with};

#[test]
fn a_new_delay_holds_from_the_next_retry() {
    play(
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 0ms     refused #1
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · retry 1 of 10 in 50ms
         at 1ms     baseDelay = 70ms
         holds      wake=50ms
         at 50ms    tick
         expect     CONNECTING · dial #2
         at 50ms    refused #2
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · retry 2 of 10 in 140ms",
    );
}

#[test]
fn a_lower_limit_holds_from_the_next_decision() {
    play(
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 0ms     refused #1
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · retry 1 of 10 in 50ms
         at 1ms     maxRetries = 0
         at 50ms    tick
         expect     CONNECTING · dial #2
         at 50ms    refused #2
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · FAILED ·
                    close MAX_RETRIES 'Maximum retry attempts (0) exceeded'",
    );
}

#[test]
fn a_retry_count_that_the_user_writes_counts() {
    play(
        "at 0ms     retryCount = 9
         at 0ms     connect
         expect     CONNECTING · dial #1
         at 0ms     refused #1
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · retry 10 of 10 in 200ms
         at 1ms     retryCount = 0
         at 200ms   tick
         expect     CONNECTING · dial #2
         at 200ms   refused #2
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · retry 1 of 10 in 50ms",
    );
}

#[test]
fn retries_that_the_user_has_used_up_before_connecting_stay_used_up() {
    play(
        "at 0ms     retryCount = 10
         at 0ms     connect
         expect     CONNECTING · dial #1
         at 0ms     refused #1
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · FAILED ·
                    close MAX_RETRIES 'Maximum retry attempts (10) exceeded'",
    );
}

#[test]
fn a_lower_threshold_holds_from_the_next_failure() {
    play(
        "at 0ms     handleError
         at 0ms     handleError
         at 0ms     failureThreshold = 1
         holds      circuit=CLOSED
         at 0ms     handleError
         expect     circuit OPEN",
    );
}

#[test]
fn times_too_far_for_the_clock_never_come() {
    play_with(
        |settings| {
            settings.backoff.base = Duration::MAX;
            settings.backoff.cap = Duration::MAX;
            settings.heartbeat.interval = Some(Duration::MAX);
            settings.heartbeat.timeout = Duration::MAX;
            settings.circuit.reset_timeout = Duration::MAX;
            settings.close_timeout = Duration::MAX;
        },
        "at 0ms     connect
         expect     CONNECTING · dial #1
         at 0ms     opened #1
         expect     OPEN · open
         holds      wake=never
         at 0ms     heartbeatInterval = 10ms
         at 0ms     tick
         at 0ms     open circuit
         expect     circuit OPEN
         at 0ms     close 1000 bye
         expect     CLOSING · shut 1000 bye
         holds      wake=never
         at 1ms     lost #1 1000 bye
         expect     CLOSED · close 1000 'bye' clean
         at 2ms     reset
         expect     circuit CLOSED
         at 2ms     connect
         expect     CONNECTING · dial #2
         at 3ms     refused #2
         expect     error ECONNREFUSED · CLOSED · close 1006 '' · retry 1 of 10 in 18446744073709551615ms
         holds      wake=never",
    );
}
