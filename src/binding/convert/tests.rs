//! Each value that crosses arrives at its place and in its unit.

use std::time::Duration;

use napi::bindgen_prelude::Either::{A, B};

use super::*;
use crate::policy::{Ending, Failure};

fn given() -> PolicySettings {
    PolicySettings {
        max_retries: 3.0,
        base_delay: 1000.0,
        max_delay: 30_000.0,
        multiplier: 2.0,
        jitter: A(0.1),
        heartbeat_interval: 30_000.0,
        heartbeat_timeout: 5000.0,
        heartbeat_mode: HeartbeatMode::Message,
        judges_replies: false,
        idle_timeout: 0.0,
        max_event_loop_block: 0.0,
        detect_sleep: true,
        circuit_breaker: CircuitBreakerSettings {
            failure_threshold: 5.0,
            reset_timeout: 60_000.0,
            half_open_max_requests: 2.0,
            window: None,
        },
        close_timeout: 30_000.0,
        connect_rate: None,
        min_uptime: 0.0,
        max_retry_after: 300_000.0,
        connection_timeout: 10_000.0,
        reconnect_on: ReconnectOn::Always,
        asks_route: false,
        asks_retry: false,
        asks_init: false,
        places: 2,
        failover: FailoverOrder::Next,
        prefer_first: 0.0,
    }
}

#[test]
fn each_setting_arrives_at_its_place() {
    let settings = Settings::from(given());
    let expected = Settings {
        max_retries: Some(3),
        backoff: Backoff {
            base: Duration::from_secs(1),
            cap: Duration::from_secs(30),
            multiplier: 2.0,
            jitter: Jitter::Spread(0.1),
        },
        heartbeat: HeartbeatSettings {
            interval: Some(Duration::from_secs(30)),
            timeout: Duration::from_secs(5),
            beat: Beat::Message,
            reply: HeartbeatReply::AnyFrame,
        },
        liveness: LivenessSettings {
            idle_timeout: None,
            max_block: None,
            detect_sleep: true,
        },
        circuit: CircuitSettings {
            failure_threshold: 5,
            rate: None,
            reset_timeout: Duration::from_secs(60),
            half_open_max: 2,
        },
        close_timeout: Duration::from_secs(30),
        connect_rate: None,
        reconnect: Reconnect {
            min_uptime: Duration::ZERO,
            max_retry_after: Duration::from_secs(300),
            connection_timeout: Some(Duration::from_secs(10)),
            only_transient: false,
            asked: Asked {
                route: false,
                retry: false,
                init: false,
            },
            failover: Failover {
                urls: 2,
                random: false,
                prefer_first: None,
            },
        },
    };
    assert_eq!(settings, expected);
}

#[test]
fn what_is_turned_on_arrives_too() {
    let settings = Settings::from(PolicySettings {
        max_retries: f64::INFINITY,
        heartbeat_mode: HeartbeatMode::Ping,
        judges_replies: true,
        idle_timeout: 1.5,
        max_event_loop_block: 2.0,
        circuit_breaker: CircuitBreakerSettings {
            window: Some(WindowSettings {
                duration: 1000.0,
                failure_rate: 0.5,
                minimum_requests: 4.0,
            }),
            ..given().circuit_breaker
        },
        connection_timeout: f64::INFINITY,
        reconnect_on: ReconnectOn::Transient,
        asks_route: true,
        asks_retry: true,
        asks_init: true,
        failover: FailoverOrder::Random,
        prefer_first: 7.0,
        ..given()
    });
    assert_eq!(settings.max_retries, None);
    assert_eq!(settings.heartbeat.beat, Beat::Ping);
    assert_eq!(settings.heartbeat.reply, HeartbeatReply::Judged);
    let liveness = settings.liveness;
    assert_eq!(liveness.idle_timeout, Some(Duration::from_micros(1500)));
    assert_eq!(liveness.max_block, Some(Duration::from_millis(2)));
    let rate = FailureRate {
        window: Duration::from_secs(1),
        share: 0.5,
        minimum: 4,
    };
    assert_eq!(settings.circuit.rate, Some(rate));
    let reconnect = settings.reconnect;
    assert_eq!(reconnect.connection_timeout, None);
    assert!(reconnect.only_transient && reconnect.asked.route && reconnect.asked.retry);
    assert!(reconnect.failover.random);
    let prefer_first = reconnect.failover.prefer_first;
    assert_eq!(prefer_first, Some(Duration::from_millis(7)));
}

#[test]
fn a_jitter_is_a_share_or_a_kind() {
    for (given, expected) in [
        (A(0.0), Jitter::None),
        (A(1.0), Jitter::Spread(1.0)),
        (B(JitterKind::None), Jitter::None),
        (B(JitterKind::Full), Jitter::Full),
        (B(JitterKind::Equal), Jitter::Equal),
        (B(JitterKind::Decorrelated), Jitter::Decorrelated),
    ] {
        assert_eq!(jitter(given), expected);
    }
}

#[test]
fn a_time_that_no_duration_holds_is_forever() {
    for ms in [f64::INFINITY, f64::MAX, 1e30] {
        assert_eq!(duration(ms), Duration::MAX);
        assert_eq!(limit(ms), Some(Duration::MAX));
    }
    assert_eq!(duration(0.25), Duration::from_micros(250));
    assert_eq!(limit(0.0), None);
    // Nothing shorter than a nanosecond is a time.
    assert_eq!(limit(1e-9), None);
}

#[test]
fn times_go_out_in_whole_milliseconds_but_round_trips() {
    let time = Duration::from_nanos(2_345_678);
    assert_eq!(whole_ms(time), 2.0);
    assert_eq!(fine_ms(time), 2.345);
    assert!(whole_ms(Duration::MAX) > 1e19);
}

#[test]
fn what_is_kept_has_bounds_that_may_be_infinite() {
    let delivery = DeliverySettings::from(DeliveryOptions {
        queues: true,
        guarantee: DeliveryGuarantee::AtLeastOnce,
        max_messages: f64::INFINITY,
        max_bytes: 1e30,
        overflow: OverflowRule::DropNewest,
        ttl: 0.0,
    });
    let expected = DeliverySettings {
        queues: true,
        guarantee: Guarantee::AtLeastOnce,
        max_messages: usize::MAX,
        max_bytes: usize::MAX,
        overflow: Overflow::DropNewest,
        ttl: None,
    };
    assert_eq!(delivery, expected);
}

#[test]
fn a_status_is_the_sum_of_what_sending_led_to() {
    let sent = |above, dropped| Sent {
        above,
        dropped,
        receipt: None,
    };
    assert_eq!(status(Ok(sent(false, false))), 0);
    assert_eq!(status(Ok(sent(true, false))), SendStatus::Above as u32);
    assert_eq!(status(Ok(sent(false, true))), SendStatus::Told as u32);
    assert_eq!(status(Ok(sent(true, true))), 3);
    let full = status(Err(SendError::BufferFull));
    assert_eq!(full, SendStatus::BufferFull as u32);
}

#[test]
fn each_state_and_each_reason_has_its_word() {
    for (state, word) in [
        (State::Closed, ClientState::Closed),
        (State::Connecting, ClientState::Connecting),
        (State::Open, ClientState::Open),
        (State::Closing, ClientState::Closing),
        (State::Blocked, ClientState::Blocked),
        (State::Failed, ClientState::Failed),
    ] {
        assert_eq!(ClientState::from(state), word);
    }
    for circuit in [Circuit::Closed, Circuit::Open, Circuit::HalfOpen] {
        assert_eq!(Circuit::from(CircuitState::from(circuit)), circuit);
    }
    for (reason, word) in [
        (policy::UnconfirmedReason::Lost, UnconfirmedReason::Lost),
        (
            policy::UnconfirmedReason::TimedOut,
            UnconfirmedReason::TimedOut,
        ),
        (policy::UnconfirmedReason::Ended, UnconfirmedReason::Closed),
        (
            policy::UnconfirmedReason::NotConnected,
            UnconfirmedReason::NotConnected,
        ),
    ] {
        assert_eq!(UnconfirmedReason::from(reason), word);
    }
    for (reason, word, unconfirmed) in [
        (
            policy::DropReason::Overflow,
            DropReason::Overflow,
            UnconfirmedReason::Overflow,
        ),
        (
            policy::DropReason::Expired,
            DropReason::Expired,
            UnconfirmedReason::Expired,
        ),
        (
            policy::DropReason::Ended,
            DropReason::Closed,
            UnconfirmedReason::Closed,
        ),
    ] {
        assert_eq!(DropReason::from(reason), word);
        assert_eq!(
            UnconfirmedReason::from(policy::UnconfirmedReason::Dropped(reason)),
            unconfirmed
        );
    }
    for (refusal, word) in [
        (Refusal::ManuallyClosed, RefusalCode::Closed),
        (Refusal::CircuitOpen, RefusalCode::CircuitOpen),
        (Refusal::HalfOpenLimit, RefusalCode::HalfOpenLimit),
    ] {
        assert_eq!(CallRefusal::from(refusal).code, word);
    }
    for (code, word) in [
        (CloseCode::MaxRetries, GiveUpReason::MaxRetries),
        (CloseCode::Stopped, GiveUpReason::Stopped),
        (CloseCode::NotTransient, GiveUpReason::NotTransient),
        (CloseCode::Internal, GiveUpReason::Internal),
    ] {
        assert!(matches!(close_code(code), B(reason) if reason == word));
    }
    assert!(matches!(close_code(CloseCode::Frame(1001)), A(1001)));
}

fn told(event: Event) -> Notice {
    let notice = policy::Notice {
        event,
        retry_count: 4,
        circuit_failures: 5,
        alive: true,
    };
    notice.into()
}

#[test]
fn a_notice_tells_what_happened_and_what_is_counted() {
    let close = told(Event::Close(Ending {
        code: CloseCode::Frame(1000),
        reason: "bye".into(),
        was_clean: true,
    }));
    let Notice::Close {
        alive: true,
        retry_count: 4.0,
        circuit_failures: 5.0,
        code: A(1000),
        reason,
        was_clean: true,
    } = close
    else {
        panic!("another notice");
    };
    assert_eq!(reason, "bye");

    let error = told(Event::Error(Box::new(Failure {
        message: "no".into(),
        status: Some(401),
        headers: vec![("a".into(), "1".into()), ("a".into(), "2".into())],
        thrown_for: Some(9),
        ..Failure::default()
    })));
    let Notice::Error {
        message,
        code: None,
        status_code: Some(401),
        headers,
        body: None,
        thrown_for: Some(9.0),
        ..
    } = error
    else {
        panic!("another notice");
    };
    assert_eq!(
        (message.as_str(), headers),
        ("no", ["a", "1", "a", "2"].map(String::from).to_vec())
    );

    let retry = told(Event::Retry {
        attempt: 2,
        delay: Duration::from_millis(1500),
        max_retries: None,
    });
    assert!(matches!(
        retry,
        Notice::Retry {
            attempt: 2.0,
            delay: 1500.0,
            max_retries: f64::INFINITY,
            ..
        }
    ));
}
