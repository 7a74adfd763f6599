//! Queue, receipts and back-pressure over in-memory streams.

use super::outbound::Outbound;
use super::*;
use crate::policy::{DeliveryOutcome, DropReason, Guarantee, Message, Overflow, UnconfirmedReason};

const PING: u8 = 9;

fn queue() -> DeliverySettings {
    DeliverySettings {
        queues: true,
        max_messages: 10,
        max_bytes: 1 << 20,
        overflow: Overflow::DropOldest,
        ..DeliverySettings::default()
    }
}

fn at_least_once() -> DeliverySettings {
    DeliverySettings {
        guarantee: Guarantee::AtLeastOnce,
        ..queue()
    }
}

fn start(delivery: DeliverySettings, marks: Marks) -> Life {
    let settings = Settings {
        heartbeat: off(),
        ..settings()
    };
    Life::sending(settings, delivery, marks)
}

fn receipt_ping(number: u8) -> (u8, Vec<u8>) {
    (PING, vec![2, 0, 0, 0, 0, 0, 0, 0, number])
}

fn dropped(text: &str, reason: DropReason) -> DeliveryOutcome {
    DeliveryOutcome::Dropped {
        message: Message::Text(text.to_owned()),
        reason,
    }
}

impl Life {
    async fn open(&mut self) -> Peer {
        self.connect();
        let peer = self.accept().await;
        self.opened().await;
        peer
    }

    fn send(&self, text: &str) -> Sent {
        self.client.send(Payload::Text(text), true).unwrap()
    }

    fn send_asking(&self, text: &str, seen_open: bool, confirmation: Confirmation) -> u64 {
        let wish = Wish {
            confirmation,
            ..Wish::default()
        };
        let sent = self
            .client
            .send_wishing(Payload::Text(text), seen_open, wish);
        sent.unwrap().receipt.unwrap()
    }

    fn send_confirmed(&self, text: &str) -> u64 {
        self.send_asking(text, true, Confirmation::Receipt(None))
    }

    async fn outcome(&mut self) -> DeliveryOutcome {
        loop {
            if let NotificationKind::Delivery(outcome) = self.next().await {
                return outcome;
            }
        }
    }

    async fn drained(&mut self) {
        while !matches!(self.next().await, NotificationKind::Drain) {}
    }
}

impl Peer {
    async fn pong(&mut self, number: u8) {
        let (_, payload) = receipt_ping(number);
        self.write(&[&[0x8a, 9], &payload[..]].concat()).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_queued_message_goes_out_on_the_next_connection_first() {
    let mut life = start(queue(), Marks::default());
    drop(life.open().await);
    life.told(Event::StateChange(State::Closed)).await;
    life.send("one");
    life.send("two");
    assert_eq!(life.client.queued(), (2, 6));
    assert_eq!(life.client.buffered_amount(), 6);
    let mut peer = life.accept().await;
    life.opened().await;
    life.send("three");
    for text in ["one", "two", "three"] {
        assert_eq!(peer.frame().await, (TEXT, text.into()));
    }
    assert_eq!(life.client.queued(), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn what_is_sent_during_init_goes_out_behind_it_and_its_own_messages_at_once() {
    let mut settings = settings();
    settings.reconnect.asked.init = true;
    let mut life = Life::start(settings);
    life.connect();
    let before = life.client.send(Payload::Text("before"), false);
    assert_eq!(before, Ok(Sent::default()));
    let mut peer = life.accept().await;
    let attempt = 1;
    life.told(Event::AskInit {
        attempt,
        after_open: false,
    })
    .await;
    let handover = life.send_asking("meanwhile", false, Confirmation::Handover);
    life.client.send_first(attempt + 1, Payload::Text("stale"));
    life.client.send_first(attempt, Payload::Text("login"));
    assert_eq!(peer.frame().await, (TEXT, b"login".to_vec()));
    life.client.initialized(attempt + 1);
    life.client.initialized(attempt);
    life.client.initialized(attempt);
    life.client.send_first(attempt, Payload::Text("late"));
    life.opened().await;
    life.send("after");
    for text in ["before", "meanwhile", "after"] {
        assert_eq!(peer.frame().await, (TEXT, text.into()));
    }
    let receipt = handover;
    assert_eq!(life.outcome().await, DeliveryOutcome::Confirmed { receipt });
}

#[tokio::test(start_paused = true)]
async fn an_init_that_fails_closes_the_connection_and_what_was_sent_waits_for_the_next() {
    let mut settings = settings();
    settings.reconnect.asked.init = true;
    let mut life = Life::start(settings);
    life.connect();
    life.client.send(Payload::Text("kept"), false).unwrap();
    let mut peer = life.accept().await;
    let failure = Failure::default();
    for attempt in [1, 2] {
        life.told(Event::AskInit {
            attempt,
            after_open: false,
        })
        .await;
        if attempt == 1 {
            let failure = failure.clone();
            life.client.assign(Input::Refused { attempt, failure });
            let close = [&1000u16.to_be_bytes()[..], b"init failed"].concat();
            assert_eq!(peer.frame().await, (CLOSE, close));
            peer = life.accept().await;
        }
    }
    life.client.initialized(2);
    assert_eq!(peer.frame().await, (TEXT, b"kept".to_vec()));
}

#[tokio::test(start_paused = true)]
async fn a_volatile_message_is_neither_kept_nor_sent_again() {
    let mut life = start(at_least_once(), Marks::default());
    let volatile = Wish {
        volatile: true,
        confirmation: Confirmation::Handover,
        ..Wish::default()
    };
    life.connect();
    let early = life
        .client
        .send_wishing(Payload::Text("early"), false, volatile);
    let reason = UnconfirmedReason::Lost;
    let receipt = early.unwrap().receipt.unwrap();
    let lost = DeliveryOutcome::Unsent { receipt, reason };
    assert_eq!(life.client.take_outcomes(0), [lost]);
    let mut peer = life.accept().await;
    life.opened().await;
    life.send("kept");
    let sent = life
        .client
        .send_wishing(Payload::Text("now"), true, volatile);
    assert!(sent.is_ok());
    while peer.frame().await != (TEXT, b"now".to_vec()) {}
    drop(peer);
    let mut peer = life.accept().await;
    assert_eq!(peer.frame().await, (TEXT, b"kept".to_vec()));
    assert_ne!(peer.frame().await, (TEXT, b"now".to_vec()));
}

#[tokio::test(start_paused = true)]
async fn without_a_queue_a_message_is_lost_with_the_connection_that_it_was_meant_for() {
    let mut life = start(DeliverySettings::default(), Marks::default());
    drop(life.open().await);
    life.told(Event::StateChange(State::Closed)).await;
    life.send("lost");
    let mut peer = life.accept().await;
    life.opened().await;
    life.send("new");
    assert_eq!(peer.frame().await, (TEXT, b"new".to_vec()));
}

#[tokio::test(start_paused = true)]
async fn a_pong_confirms_what_went_out_before_its_ping() {
    let mut life = start(DeliverySettings::default(), Marks::default());
    let mut peer = life.open().await;
    life.send("plain");
    let receipt = life.send_confirmed("asked");
    assert_eq!(peer.frame().await, (TEXT, b"plain".to_vec()));
    assert_eq!(peer.frame().await, (TEXT, b"asked".to_vec()));
    assert_eq!(peer.frame().await, receipt_ping(1));
    let flush = life.client.flush(None);
    peer.pong(1).await;
    assert_eq!(life.outcome().await, DeliveryOutcome::Confirmed { receipt });
    assert_eq!(peer.frame().await, receipt_ping(2));
    peer.pong(2).await;
    assert_eq!(
        life.outcome().await,
        DeliveryOutcome::Confirmed { receipt: flush }
    );
}

#[tokio::test(start_paused = true)]
async fn a_receipt_is_unconfirmed_when_its_connection_is_lost() {
    let mut life = start(queue(), Marks::default());
    let peer = life.open().await;
    let receipt = life.send_confirmed("asked");
    drop(peer);
    let reason = UnconfirmedReason::Lost;
    assert_eq!(
        life.outcome().await,
        DeliveryOutcome::Unconfirmed { receipt, reason }
    );
}

#[tokio::test(start_paused = true)]
async fn a_receipt_ends_by_itself_at_its_timeout() {
    let mut life = start(DeliverySettings::default(), Marks::default());
    let _peer = life.open().await;
    let start = clock::now();
    let timeout = Some(Duration::from_millis(70));
    let receipt = life.send_asking("asked", true, Confirmation::Receipt(timeout));
    let reason = UnconfirmedReason::TimedOut;
    assert_eq!(
        life.outcome().await,
        DeliveryOutcome::Unconfirmed { receipt, reason }
    );
    let age = (clock::now() - start).as_millis();
    assert!((70..=75).contains(&age), "ended after {age} ms");
}

#[tokio::test(start_paused = true)]
async fn at_least_once_sends_again_what_no_pong_has_confirmed() {
    let mut life = start(at_least_once(), Marks::default());
    let mut peer = life.open().await;
    life.send("one");
    assert_eq!(peer.frame().await, (TEXT, b"one".to_vec()));
    assert_eq!(peer.frame().await, receipt_ping(1));
    life.send("two");
    life.send("three");
    peer.pong(1).await;
    assert_eq!(peer.frame().await, (TEXT, b"two".to_vec()));
    drop(peer);
    life.told(Event::StateChange(State::Closed)).await;
    life.send("four");
    let mut peer = life.accept().await;
    for text in ["two", "three", "four"] {
        assert_eq!(peer.frame().await, (TEXT, text.into()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_close_asks_for_a_last_receipt_before_its_frame() {
    let mut life = start(at_least_once(), Marks::default());
    let mut peer = life.open().await;
    life.send("one");
    life.send("two");
    life.close(1000, "");
    let mut frames = Vec::new();
    for _ in 0..5 {
        frames.push(peer.frame().await);
    }
    assert_eq!(frames[1], receipt_ping(1));
    assert_eq!(frames[3], receipt_ping(2));
    assert_eq!(frames[4].0, CLOSE);
    peer.pong(2).await;
    peer.write(&[0x88, 2, 3, 0xe8]).await;
    loop {
        match life.next().await {
            NotificationKind::Delivery(outcome) => panic!("{outcome:?}"),
            NotificationKind::Notice(notice)
                if notice.event == Event::Close(ending(1000, "", true)) =>
            {
                break;
            }
            _ => {}
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_not_confirmed_at_the_end_is_told_before_the_close() {
    let mut life = start(at_least_once(), Marks::default());
    let mut peer = life.open().await;
    life.send("one");
    peer.frame().await;
    life.close(1000, "");
    drop(peer);
    assert_eq!(life.outcome().await, dropped("one", DropReason::Ended));
    life.told(Event::Close(ending(1006, "", false))).await;
}

#[tokio::test(start_paused = true)]
async fn a_handover_is_told_in_order_once_the_system_has_the_bytes() {
    let mut life = start(DeliverySettings::default(), Marks::default());
    let mut peer = life.open().await;
    let small = life.send_asking("small", true, Confirmation::Handover);
    assert_eq!(
        life.outcome().await,
        DeliveryOutcome::Confirmed { receipt: small }
    );
    let large = life.send_asking(&"x".repeat(100_000), true, Confirmation::Handover);
    life.send("plain");
    let last = life.send_asking("last", true, Confirmation::Handover);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(life.next_queued().is_none(), "the peer has not read");
    peer.read_some(60_000).await;
    assert_eq!(
        life.outcome().await,
        DeliveryOutcome::Confirmed { receipt: large }
    );
    assert_eq!(
        life.outcome().await,
        DeliveryOutcome::Confirmed { receipt: last }
    );
}

#[tokio::test(start_paused = true)]
async fn a_handover_of_what_the_system_does_not_have_is_unconfirmed_when_its_connection_is_lost() {
    let mut life = start(queue(), Marks::default());
    let peer = life.open().await;
    let receipt = life.send_asking(&"x".repeat(100_000), true, Confirmation::Handover);
    let last = life.send_asking("last", true, Confirmation::Handover);
    drop(peer);
    let reason = UnconfirmedReason::Lost;
    assert_eq!(
        life.outcome().await,
        DeliveryOutcome::Unconfirmed { receipt, reason }
    );
    let receipt = last;
    assert_eq!(
        life.outcome().await,
        DeliveryOutcome::Unconfirmed { receipt, reason }
    );
}

#[tokio::test(start_paused = true)]
async fn a_handover_waits_for_the_connection_that_its_message_waits_for() {
    for delivery in [DeliverySettings::default(), at_least_once()] {
        let mut life = start(delivery, Marks::default());
        life.connect();
        let receipt = life.send_asking("kept", false, Confirmation::Handover);
        let mut peer = life.accept().await;
        assert_eq!(life.outcome().await, DeliveryOutcome::Confirmed { receipt });
        assert_eq!(peer.frame().await, (TEXT, b"kept".to_vec()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_handover_that_is_written_again_is_told_once() {
    const FRAME: usize = 14 + 100_000;
    let mut life = start(at_least_once(), Marks::default());
    let peer = life.open().await;
    let receipt = life.send_asking(&"x".repeat(100_000), true, Confirmation::Handover);
    drop(peer);
    life.told(Event::StateChange(State::Closed)).await;
    let mut peer = life.accept().await;
    peer.read_some(FRAME).await;
    assert_eq!(life.outcome().await, DeliveryOutcome::Confirmed { receipt });
    drop(peer);
    life.told(Event::StateChange(State::Closed)).await;
    let mut peer = life.accept().await;
    peer.read_some(FRAME).await;
    life.opened().await;
    assert!(life.next_queued().is_none(), "told again");
}

#[tokio::test(start_paused = true)]
async fn a_handover_ends_with_its_message() {
    let mut life = start(DeliverySettings::default(), Marks::default());
    life.connect();
    let receipt = life.send_asking("kept", false, Confirmation::Handover);
    life.close(1000, "");
    assert_eq!(life.outcome().await, dropped("kept", DropReason::Ended));
    let reason = UnconfirmedReason::Dropped(DropReason::Ended);
    assert_eq!(
        life.outcome().await,
        DeliveryOutcome::Unsent { receipt, reason }
    );
    let receipt = life.send_asking("late", true, Confirmation::Handover);
    let reason = UnconfirmedReason::Ended;
    let outcomes = life.client.take_outcomes(2);
    assert_eq!(outcomes, [DeliveryOutcome::Unsent { receipt, reason }]);
}

#[tokio::test(start_paused = true)]
async fn a_close_frame_waits_for_what_javascript_still_reads() {
    let mut life = start(DeliverySettings::default(), Marks::default());
    let mut peer = life.open().await;
    life.client.hold_close(true);
    let reply = life.close(4000, "bye");
    assert_eq!(events(&reply), [Event::StateChange(State::Closing)]);
    life.send("read at last");
    assert_eq!(peer.frame().await, (TEXT, b"read at last".to_vec()));
    life.client.hold_close(false);
    let close = [&4000_u16.to_be_bytes()[..], b"bye"].concat();
    assert_eq!(peer.frame().await, (CLOSE, close));
}

#[tokio::test(start_paused = true)]
async fn a_close_frame_that_waits_for_ever_ends_with_the_time_for_closing() {
    let mut life = start(DeliverySettings::default(), Marks::default());
    let _peer = life.open().await;
    life.client.hold_close(true);
    life.close(4000, "bye");
    life.told(Event::Close(ending(1006, "", false))).await;
    life.client.hold_close(false);
}

#[tokio::test(start_paused = true)]
async fn what_waits_too_long_is_dropped_by_itself() {
    let ttl = Some(Duration::from_millis(30));
    let mut life = start(DeliverySettings { ttl, ..queue() }, Marks::default());
    drop(life.open().await);
    life.told(Event::StateChange(State::Closed)).await;
    life.send("old");
    assert_eq!(life.outcome().await, dropped("old", DropReason::Expired));
}

#[tokio::test(start_paused = true)]
async fn a_drop_that_a_send_causes_is_there_when_it_returns() {
    let delivery = DeliverySettings {
        max_messages: 1,
        ..queue()
    };
    let mut life = start(delivery, Marks::default());
    drop(life.open().await);
    life.told(Event::StateChange(State::Closed)).await;
    assert!(!life.send("one").dropped);
    assert!(life.send("two").dropped);
    let all = life.client.take_outcomes(0);
    assert_eq!(all, [dropped("one", DropReason::Overflow)]);
}

#[tokio::test(start_paused = true)]
async fn a_drop_that_a_send_causes_follows_those_on_their_way() {
    let ttl = Some(Duration::from_millis(30));
    let delivery = DeliverySettings {
        max_messages: 1,
        ttl,
        ..queue()
    };
    let mut life = start(delivery, Marks::default());
    drop(life.open().await);
    life.told(Event::StateChange(State::Closed)).await;
    life.send("old");
    tokio::time::sleep(Duration::from_millis(40)).await;
    life.send("one");
    assert!(life.send("two").dropped);
    assert_eq!(life.client.take_outcomes(0), []);
    assert_eq!(life.outcome().await, dropped("old", DropReason::Expired));
    assert_eq!(life.outcome().await, dropped("one", DropReason::Overflow));
    assert!(life.send("three").dropped);
    let all = life.client.take_outcomes(2);
    assert_eq!(all, [dropped("two", DropReason::Overflow)]);
}

#[tokio::test(start_paused = true)]
async fn a_send_above_the_high_water_mark_says_so_and_the_drain_is_told() {
    let marks = Marks {
        high_water: 100_000,
        ..Marks::default()
    };
    let mut life = start(DeliverySettings::default(), marks);
    let mut peer = life.open().await;
    let chunk = "x".repeat(60_000);
    assert!(!life.send(&chunk).above);
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert!(!life.send(&chunk).above);
    assert!(life.send(&chunk).above);
    assert!(life.send("small").above);
    let before = life.client.buffered_amount();
    assert!((100_000..=190_000).contains(&before), "{before} buffered");
    peer.read_some(60_000).await;
    tokio::time::sleep(Duration::from_millis(1)).await;
    let after = life.client.buffered_amount();
    assert!((1..=before - 50_000).contains(&after), "{after} buffered");
    peer.read_some(60_000).await;
    life.drained().await;
    assert!(!life.send("small").above);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_lost_drains_what_was_buffered_for_it() {
    let marks = Marks {
        high_water: 100_000,
        ..Marks::default()
    };
    let mut life = start(DeliverySettings::default(), marks);
    let peer = life.open().await;
    assert!(life.send(&"x".repeat(200_000)).above);
    drop(peer);
    life.drained().await;
    assert_eq!(life.client.buffered_amount(), 0);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_taken_beyond_the_limit_of_the_buffer() {
    let marks = Marks {
        max: 1000,
        ..Marks::default()
    };
    let mut life = start(DeliverySettings::default(), marks);
    let mut peer = life.open().await;
    life.send(&"x".repeat(100));
    let large = "y".repeat(1000);
    let refused = life.client.send(Payload::Text(&large), true);
    assert_eq!(refused, Err(SendError::BufferFull));
    life.send("z");
    assert_eq!(peer.frame().await.1.len(), 100);
    assert_eq!(peer.frame().await, (TEXT, b"z".to_vec()));
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_reads_gets_a_pong_for_each_of_its_pings() {
    let mut life = start(DeliverySettings::default(), Marks::default());
    let mut peer = life.open().await;
    let mut expected = 0..;
    for at_once in [1, 10, 400] {
        let numbers: Vec<u32> = expected.by_ref().take(at_once).collect();
        peer.write(&pings(&numbers)).await;
        for number in numbers {
            assert_eq!(peer.frame().await, (PONG, number.to_be_bytes().to_vec()));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_read_costs_one_pong_which_answers_its_latest_ping() {
    let mut life = start(DeliverySettings::default(), Marks::default());
    let mut peer = life.open().await;
    let numbers: Vec<u32> = (0..500_000).collect();
    peer.write(&pings(&numbers)).await;
    let buffered = life.client.buffered_amount();
    assert!(buffered < 512 * 1024, "{buffered} bytes wait");
    life.send("last");
    let mut answered = Vec::new();
    loop {
        let (opcode, payload) = peer.frame().await;
        if opcode == TEXT {
            break;
        }
        answered.push(u32::from_be_bytes(payload.try_into().unwrap()));
    }
    // What was written before the peer was seen not to read, in order.
    assert_eq!(answered, (0..answered.len() as u32).collect::<Vec<_>>());
    assert_eq!(
        peer.frame().await,
        (PONG, 499_999u32.to_be_bytes().to_vec())
    );
}

#[tokio::test(start_paused = true)]
async fn heartbeats_do_not_gather_before_a_peer_that_does_not_read() {
    for beat in [Beat::Message, Beat::Ping] {
        let heartbeat = HeartbeatSettings {
            interval: Some(Duration::from_millis(10)),
            timeout: Duration::from_secs(3600),
            beat,
            reply: HeartbeatReply::AnyFrame,
        };
        let settings = Settings {
            heartbeat,
            ..settings()
        };
        let mut life = Life::sending(settings, DeliverySettings::default(), Marks::default());
        let mut peer = life.open().await;
        life.send(&"x".repeat(300_000));
        tokio::time::sleep(Duration::from_millis(1)).await;
        let before = life.client.buffered_amount();
        tokio::time::sleep(Duration::from_secs(100)).await;
        assert_eq!(life.client.buffered_amount(), before);
        peer.read_some(300_000).await;
        tokio::time::sleep(Duration::from_millis(1)).await;
        assert_eq!(life.client.buffered_amount(), 0, "the beat goes out");
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_the_user_cuts_drains_too() {
    let marks = Marks {
        high_water: 100_000,
        ..Marks::default()
    };
    for reconnects in [false, true] {
        let mut life = start(DeliverySettings::default(), marks);
        let _peer = life.open().await;
        assert!(life.send(&"x".repeat(300_000)).above);
        // The driver has taken it, and has not got rid of it.
        tokio::time::sleep(Duration::from_millis(1)).await;
        if reconnects {
            let reply = life.client.reconnect(life.received, 4000, "".to_owned());
            assert!(reply.refusal.is_none());
        } else {
            let terminate = Input::Terminate { seen_alive: true };
            life.client.call(life.received, terminate);
        }
        assert_eq!(life.client.buffered_amount(), 0);
        life.drained().await;
        tokio::time::sleep(Duration::from_millis(1)).await;
        assert_eq!(life.client.buffered_amount(), 0);
    }
}

#[test]
fn what_is_written_in_parts_is_not_moved() {
    let mut out = Outbound::default();
    out.end().extend_from_slice(b"one two");
    let place = out.unwritten().as_ptr();
    out.advance(4);
    assert_eq!((out.unwritten(), out.len()), (&b"two"[..], 3));
    assert_eq!(out.unwritten().as_ptr(), place.wrapping_add(4));
    out.end().extend_from_slice(b" three");
    assert_eq!(out.unwritten(), b"two three");
    out.advance(9);
    assert!(out.is_empty());
    out.end().extend_from_slice(b"four");
    assert_eq!(out.unwritten(), b"four");
}

/// Pings with a number each.
fn pings(numbers: &[u32]) -> Vec<u8> {
    numbers
        .iter()
        .flat_map(|number| [&[0x89, 4], &number.to_be_bytes()[..]].concat())
        .collect()
}
