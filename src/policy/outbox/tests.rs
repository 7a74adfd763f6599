//! The outbox against a model of a connection, in virtual time.

use crate::policy::Duration;
use std::collections::{BTreeMap, VecDeque};

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

const MS: Duration = Duration::from_millis(1);

fn at_least_once() -> DeliverySettings {
    DeliverySettings {
        queues: true,
        guarantee: Guarantee::AtLeastOnce,
        max_messages: 1000,
        max_bytes: 1 << 20,
        ..DeliverySettings::default()
    }
}

fn queue(max_messages: usize, overflow: Overflow) -> DeliverySettings {
    DeliverySettings {
        queues: true,
        max_messages,
        max_bytes: 100,
        overflow,
        ..DeliverySettings::default()
    }
}

fn text(number: usize) -> Message {
    Message::Text(number.to_string())
}

fn number(message: &Message) -> usize {
    match message {
        Message::Text(text) => text.parse().unwrap(),
        Message::Binary(_) => unreachable!("the tests send text"),
    }
}

fn outcomes(outbox: &mut Outbox) -> Vec<DeliveryOutcome> {
    std::iter::from_fn(|| outbox.next_outcome()).collect()
}

fn dropped(number: usize, reason: DropReason) -> DeliveryOutcome {
    DeliveryOutcome::Dropped {
        message: text(number),
        reason,
    }
}

fn written(outbox: &mut Outbox, now: Instant) -> Vec<usize> {
    let mut all = Vec::new();
    outbox.opened(now, |frame| match frame {
        Frame::Message { message, .. } => all.push(number(message)),
        Frame::Ping(_) => {}
    });
    all
}

/// An outbox in which the messages 0, 1, … wait for a connection.
fn waiting(delivery: DeliverySettings, count: usize, now: Instant) -> Outbox {
    let mut outbox = Outbox::new(delivery);
    for number in 0..count {
        assert_eq!(outbox.keep(text(number), false, now), Ok(true));
    }
    outbox
}

#[test]
fn a_message_goes_where_its_way_leads() {
    use DropReason::{Ended, Overflow as NoRoom};
    let now = Instant::from_micros(0.0);
    let plain = DeliverySettings::default();
    let queues = queue(1, Overflow::DropNewest);
    let keeps = at_least_once();
    let kept = |outbox: &Outbox| outbox.kept().0;
    let take = |delivery: &DeliverySettings, way: Way| {
        let mut outbox = Outbox::new(delivery.clone());
        let taken = outbox.take(way, false, now, || text(0)).unwrap();
        let dropped = outcomes(&mut outbox) == [dropped(0, Ended)];
        (taken, kept(&outbox), dropped)
    };
    let (open, seen, unseen) = (
        Way::Open,
        Way::Down { seen_open: true },
        Way::Down { seen_open: false },
    );
    assert_eq!(take(&plain, open), (Ok(()), 0, false));
    assert_eq!(take(&queues, open), (Ok(()), 0, false));
    assert_eq!(take(&keeps, open), (Ok(()), 1, false));
    let lost = Err(UnconfirmedReason::Lost);
    assert_eq!(take(&plain, seen), (lost, 0, false));
    assert_eq!(take(&queues, seen), (Ok(()), 1, false));
    assert_eq!(take(&keeps, seen), (Ok(()), 1, false));
    for delivery in [&plain, &queues, &keeps] {
        assert_eq!(take(delivery, unseen), (Ok(()), 1, false));
        let ended = Err(UnconfirmedReason::Ended);
        let way = |seen_open| Way::Ended { seen_open };
        assert_eq!(take(delivery, way(false)), (ended, 0, true));
        assert_eq!(take(delivery, way(true)), (ended, 0, *delivery != plain));
    }
    let mut full = waiting(queues, 1, now);
    let no_room = Err(UnconfirmedReason::Dropped(NoRoom));
    assert_eq!(full.take(seen, false, now, || text(1)), Ok(no_room));
    assert_eq!(outcomes(&mut full), [dropped(1, NoRoom)]);
    let mut full = waiting(queue(1, Overflow::Throw), 1, now);
    assert_eq!(full.take(seen, false, now, || text(1)), Err(Full));
}

#[test]
fn what_waits_goes_out_in_order_and_once() {
    let now = Instant::from_micros(0.0);
    let mut outbox = waiting(queue(10, Overflow::Throw), 3, now);
    assert_eq!(outbox.kept(), (3, 3));
    assert_eq!(outbox.waiting_bytes(), 3);
    assert_eq!(written(&mut outbox, now), [0, 1, 2]);
    assert_eq!(outbox.kept(), (0, 0));
    outbox.lost();
    assert_eq!(written(&mut outbox, now), [0; 0]);
    assert_eq!(outcomes(&mut outbox), []);
}

#[test]
fn a_full_queue_throws_and_keeps_what_it_has() {
    let now = Instant::from_micros(0.0);
    let mut outbox = waiting(queue(2, Overflow::Throw), 2, now);
    assert_eq!(outbox.keep(text(2), false, now), Err(Full));
    assert_eq!(written(&mut outbox, now), [0, 1]);
}

#[test]
fn a_full_queue_drops_its_oldest() {
    let now = Instant::from_micros(0.0);
    let mut outbox = waiting(queue(2, Overflow::DropOldest), 3, now);
    assert_eq!(outcomes(&mut outbox), [dropped(0, DropReason::Overflow)]);
    assert_eq!(written(&mut outbox, now), [1, 2]);
}

#[test]
fn a_full_queue_drops_the_newest() {
    let now = Instant::from_micros(0.0);
    let mut outbox = waiting(queue(2, Overflow::DropNewest), 2, now);
    assert_eq!(outbox.keep(text(2), false, now), Ok(false));
    assert_eq!(outcomes(&mut outbox), [dropped(2, DropReason::Overflow)]);
    assert_eq!(written(&mut outbox, now), [0, 1]);
}

#[test]
fn the_queue_is_bounded_by_bytes_too() {
    let now = Instant::from_micros(0.0);
    let large = || Message::Binary(vec![0; 60]);
    let mut outbox = Outbox::new(queue(10, Overflow::DropOldest));
    assert_eq!(outbox.keep(large(), false, now), Ok(true));
    assert_eq!(outbox.keep(large(), false, now), Ok(true));
    assert_eq!(outbox.kept(), (1, 60));
    assert_eq!(outcomes(&mut outbox).len(), 1);
}

#[test]
fn a_message_larger_than_the_queue_drops_no_other() {
    let now = Instant::from_micros(0.0);
    let mut outbox = waiting(queue(10, Overflow::DropOldest), 1, now);
    assert_eq!(
        outbox.keep(Message::Binary(vec![0; 101]), false, now),
        Ok(false)
    );
    assert_eq!(written(&mut outbox, now), [0]);
}

#[test]
fn what_has_waited_longer_than_its_ttl_is_dropped() {
    let start = Instant::from_micros(0.0);
    let mut outbox = Outbox::new(DeliverySettings {
        ttl: Some(10 * MS),
        ..queue(10, Overflow::Throw)
    });
    outbox.keep(text(0), false, start).unwrap();
    outbox.keep(text(1), false, start + 5 * MS).unwrap();
    assert_eq!(outbox.deadline(), Some(start + 10 * MS));
    outbox.expire(start + 9 * MS);
    assert_eq!(outcomes(&mut outbox), []);
    outbox.expire(start + 10 * MS);
    assert_eq!(outcomes(&mut outbox), [dropped(0, DropReason::Expired)]);
    assert_eq!(outbox.deadline(), Some(start + 15 * MS));
    assert_eq!(written(&mut outbox, start + 14 * MS), [1]);
    assert_eq!(outbox.deadline(), None);
}

#[test]
fn what_is_written_does_not_expire_until_it_waits_again() {
    let start = Instant::from_micros(0.0);
    let mut outbox = waiting(
        DeliverySettings {
            ttl: Some(10 * MS),
            ..at_least_once()
        },
        1,
        start,
    );
    assert_eq!(written(&mut outbox, start), [0]);
    outbox.expire(start + 20 * MS);
    assert_eq!(outcomes(&mut outbox), []);
    outbox.lost();
    assert_eq!(written(&mut outbox, start + 20 * MS), [0; 0]);
    assert_eq!(outcomes(&mut outbox), [dropped(0, DropReason::Expired)]);
}

#[test]
fn the_end_of_the_client_drops_what_waits() {
    let now = Instant::from_micros(0.0);
    let mut outbox = waiting(queue(10, Overflow::Throw), 2, now);
    outbox.end();
    let all = [dropped(0, DropReason::Ended), dropped(1, DropReason::Ended)];
    assert_eq!(outcomes(&mut outbox), all);
}

#[test]
fn one_ping_stands_for_all_before_it_and_the_next_for_the_rest() {
    let now = Instant::from_micros(0.0);
    let mut outbox = Outbox::new(DeliverySettings::default());
    outbox.opened(now, |_| {});
    assert_eq!(outbox.ping(), None);
    let first = outbox.confirm(now, None);
    let ping = outbox.ping().unwrap();
    assert_eq!(ping, [2, 0, 0, 0, 0, 0, 0, 0, 1]);
    let later = [outbox.confirm(now, None), outbox.flush(now, None)];
    assert_eq!(outbox.ping(), None);
    outbox.pong(&ping);
    assert_eq!(
        outcomes(&mut outbox),
        [DeliveryOutcome::Confirmed { receipt: first }]
    );
    let ping = outbox.ping().unwrap();
    outbox.pong(&ping);
    assert_eq!(
        outcomes(&mut outbox),
        later.map(|receipt| DeliveryOutcome::Confirmed { receipt })
    );
    assert_eq!(outbox.ping(), None);
}

#[test]
fn pongs_that_answer_no_ping_of_ours_prove_nothing() {
    let now = Instant::from_micros(0.0);
    let mut outbox = Outbox::new(DeliverySettings::default());
    outbox.opened(now, |_| {});
    outbox.confirm(now, None);
    let ping = outbox.ping().unwrap();
    for payload in [
        &b""[..],
        b"\x01\0\0\0\0\0\0\0\x01",
        b"\x02\0\0\0\0\0\0\0\x02",
        b"\x02\0\0\0\0\0\0\0\0",
        b"\x02\x01",
    ] {
        outbox.pong(payload);
    }
    assert_eq!(outcomes(&mut outbox), []);
    outbox.pong(&ping);
    assert_eq!(outcomes(&mut outbox).len(), 1);
}

#[test]
fn a_pong_of_the_connection_before_confirms_nothing_of_this_one() {
    let now = Instant::from_micros(0.0);
    let mut outbox = waiting(at_least_once(), 1, now);
    written(&mut outbox, now);
    let old = outbox.ping().unwrap();
    outbox.lost();
    assert_eq!(written(&mut outbox, now), [0]);
    outbox.ping().unwrap();
    outbox.pong(&old);
    assert_eq!(outbox.kept().0, 1);
}

#[test]
fn at_most_once_a_receipt_is_unconfirmed_when_the_connection_is_lost() {
    let now = Instant::from_micros(0.0);
    let mut outbox = Outbox::new(queue(10, Overflow::Throw));
    outbox.opened(now, |_| {});
    let receipt = outbox.confirm(now, None);
    outbox.lost();
    let reason = UnconfirmedReason::Lost;
    assert_eq!(
        outcomes(&mut outbox),
        [DeliveryOutcome::Unconfirmed { receipt, reason }]
    );
}

#[test]
fn at_least_once_a_receipt_outlives_the_connection() {
    let now = Instant::from_micros(0.0);
    let mut outbox = waiting(at_least_once(), 1, now);
    let receipt = outbox.confirm(now, None);
    written(&mut outbox, now);
    outbox.ping().unwrap();
    outbox.lost();
    assert_eq!(written(&mut outbox, now), [0]);
    let ping = outbox.ping().unwrap();
    outbox.pong(&ping);
    assert_eq!(
        outcomes(&mut outbox),
        [DeliveryOutcome::Confirmed { receipt }]
    );
    outbox.lost();
    assert_eq!(written(&mut outbox, now), [0; 0]);
}

#[test]
fn a_receipt_ends_at_its_timeout_and_a_late_pong_changes_nothing() {
    let start = Instant::from_micros(0.0);
    let mut outbox = Outbox::new(DeliverySettings::default());
    outbox.opened(start, |_| {});
    let receipt = outbox.confirm(start, Some(10 * MS));
    let ping = outbox.ping().unwrap();
    assert_eq!(outbox.deadline(), Some(start + 10 * MS));
    outbox.expire(start + 10 * MS);
    let reason = UnconfirmedReason::TimedOut;
    assert_eq!(
        outcomes(&mut outbox),
        [DeliveryOutcome::Unconfirmed { receipt, reason }]
    );
    outbox.pong(&ping);
    assert_eq!(outcomes(&mut outbox), []);
    assert_eq!(outbox.deadline(), None);
}

#[test]
fn a_message_that_is_dropped_was_not_handed_to_the_system() {
    let now = Instant::from_micros(0.0);
    let mut outbox = Outbox::new(queue(1, Overflow::DropOldest));
    outbox.keep(text(0), false, now).unwrap();
    let receipt = outbox.hand_over(false);
    outbox.keep(text(1), true, now).unwrap();
    let reason = UnconfirmedReason::Dropped(DropReason::Overflow);
    assert_eq!(
        outcomes(&mut outbox),
        [
            dropped(0, DropReason::Overflow),
            DeliveryOutcome::Unsent { receipt, reason },
        ]
    );
    let mut manners = Vec::new();
    let kept = outbox.hand_over(false);
    outbox.opened(now, |frame| match frame {
        Frame::Message {
            plain, handover, ..
        } => manners.push((plain, handover)),
        Frame::Ping(_) => {}
    });
    assert_eq!(manners, [(true, Some(kept))]);
    outbox.handed(receipt);
    outbox.handed(kept);
    outbox.handed(kept);
    assert_eq!(
        outcomes(&mut outbox),
        [DeliveryOutcome::Confirmed { receipt: kept }]
    );
}

#[test]
fn a_message_that_is_dropped_once_it_was_written_may_have_been_sent() {
    let now = Instant::from_micros(0.0);
    let mut outbox = Outbox::new(at_least_once());
    outbox.keep(text(0), false, now).unwrap();
    let written_later = outbox.hand_over(false);
    written(&mut outbox, now);
    outbox.keep(text(1), false, now).unwrap();
    let written_at_once = outbox.confirm(now, None);
    outbox.lost();
    outbox.keep(text(2), false, now).unwrap();
    let never = outbox.confirm(now, None);
    outbox.end();
    let reason = UnconfirmedReason::Dropped(DropReason::Ended);
    let unconfirmed = |receipt| DeliveryOutcome::Unconfirmed { receipt, reason };
    assert_eq!(
        outcomes(&mut outbox),
        [
            dropped(0, DropReason::Ended),
            unconfirmed(written_later),
            dropped(1, DropReason::Ended),
            unconfirmed(written_at_once),
            dropped(2, DropReason::Ended),
            DeliveryOutcome::Unsent {
                receipt: never,
                reason
            },
        ]
    );
}

#[test]
fn what_the_peer_has_read_was_handed_to_the_system() {
    let now = Instant::from_micros(0.0);
    let mut outbox = Outbox::new(at_least_once());
    written(&mut outbox, now);
    outbox.keep(text(0), false, now).unwrap();
    let receipt = outbox.hand_over(false);
    let ping = outbox.ping().unwrap();
    outbox.pong(&ping);
    assert_eq!(
        outcomes(&mut outbox),
        [DeliveryOutcome::Confirmed { receipt }]
    );
    outbox.handed(receipt);
    assert_eq!(outcomes(&mut outbox), []);
}

#[test]
fn a_message_that_is_dropped_takes_its_receipt_and_the_flushes_behind_it_along() {
    let now = Instant::from_micros(0.0);
    let mut outbox = Outbox::new(queue(1, Overflow::DropOldest));
    outbox.keep(text(0), false, now).unwrap();
    let receipt = outbox.confirm(now, None);
    let flush = outbox.flush(now, None);
    outbox.keep(text(1), false, now).unwrap();
    let kept = outbox.flush(now, None);
    let reason = UnconfirmedReason::Dropped(DropReason::Overflow);
    assert_eq!(
        outcomes(&mut outbox),
        [
            dropped(0, DropReason::Overflow),
            DeliveryOutcome::Unsent { receipt, reason },
            DeliveryOutcome::Unconfirmed {
                receipt: flush,
                reason
            },
        ]
    );
    written(&mut outbox, now);
    let ping = outbox.ping().unwrap();
    outbox.pong(&ping);
    assert_eq!(
        outcomes(&mut outbox),
        [DeliveryOutcome::Confirmed { receipt: kept }]
    );
}

#[test]
fn a_flush_without_anything_to_ask_for_is_answered_at_once() {
    let now = Instant::from_micros(0.0);
    let mut outbox = Outbox::new(at_least_once());
    let receipt = outbox.flush(now, None);
    assert_eq!(
        outcomes(&mut outbox),
        [DeliveryOutcome::Confirmed { receipt }]
    );
    let mut outbox = Outbox::new(DeliverySettings::default());
    let receipt = outbox.flush(now, None);
    let reason = UnconfirmedReason::NotConnected;
    assert_eq!(
        outcomes(&mut outbox),
        [DeliveryOutcome::Unconfirmed { receipt, reason }]
    );
}

#[test]
fn a_backlog_is_confirmed_piece_by_piece() {
    let now = Instant::from_micros(0.0);
    let mut outbox = waiting(at_least_once(), 40, now);
    let receipt = outbox.confirm(now, None);
    let (mut pings, mut sent) = (Vec::new(), 0);
    outbox.opened(now, |frame| match frame {
        Frame::Message { .. } => sent += 1,
        Frame::Ping(ping) => pings.push((sent, ping)),
    });
    let places: Vec<usize> = pings.iter().map(|(place, _)| *place).collect();
    assert_eq!(places, [16, 32]);
    outbox.pong(&pings[0].1);
    assert_eq!(outbox.kept().0, 24);
    outbox.lost();
    assert_eq!(written(&mut outbox, now).first(), Some(&16));
    let ping = outbox.last_ping().unwrap();
    assert_eq!(outcomes(&mut outbox), []);
    outbox.pong(&ping);
    assert_eq!(
        outcomes(&mut outbox),
        [DeliveryOutcome::Confirmed { receipt }]
    );
}

#[test]
fn a_large_message_has_a_ping_of_its_own() {
    let now = Instant::from_micros(0.0);
    let mut outbox = Outbox::new(at_least_once());
    outbox.opened(now, |_| {});
    outbox.keep(text(0), false, now).unwrap();
    assert!(outbox.ping().is_some());
    outbox.keep(text(1), false, now).unwrap();
    assert_eq!(outbox.ping(), None);
    let large = Message::Binary(vec![0; BYTES_A_PING]);
    outbox.keep(large, false, now).unwrap();
    assert!(outbox.ping().is_some());
}

#[test]
fn the_pong_of_a_later_ping_stands_for_a_receipt_too() {
    let now = Instant::from_micros(0.0);
    let mut outbox = Outbox::new(DeliverySettings::default());
    outbox.opened(now, |_| {});
    outbox.overtaken(6);
    let receipt = outbox.confirm(now, None);
    outbox.ping().unwrap();
    outbox.overtaken(7);
    outbox.overtaken(8);
    outbox.overtook(6);
    assert_eq!(outcomes(&mut outbox), []);
    outbox.overtook(8);
    assert_eq!(
        outcomes(&mut outbox),
        [DeliveryOutcome::Confirmed { receipt }]
    );
}

#[test]
fn a_close_asks_once_more_although_a_ping_is_under_way() {
    let now = Instant::from_micros(0.0);
    let mut outbox = Outbox::new(DeliverySettings::default());
    outbox.opened(now, |_| {});
    outbox.confirm(now, None);
    outbox.ping().unwrap();
    assert_eq!(outbox.last_ping(), None);
    outbox.confirm(now, None);
    let last = outbox.last_ping().unwrap();
    outbox.pong(&last);
    assert_eq!(outcomes(&mut outbox).len(), 2);
}

#[test]
fn a_flush_is_answered_once_all_before_it_is_read_though_its_own_ping_is_lost() {
    let now = Instant::from_micros(0.0);
    let mut outbox = waiting(at_least_once(), 16, now);
    let mut pings = Vec::new();
    outbox.opened(now, |frame| {
        if let Frame::Ping(ping) = frame {
            pings.push(ping);
        }
    });
    let receipt = outbox.flush(now, None);
    outbox.pong(&pings[0]);
    assert_eq!(
        outcomes(&mut outbox),
        [DeliveryOutcome::Confirmed { receipt }]
    );
    outbox.lost();
    assert_eq!(outcomes(&mut outbox), []);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn at_least_once_loses_nothing_and_keeps_the_order(steps in vec(step(), 0..120)) {
        let mut run = Run::new(at_least_once());
        run.play(&steps);
        run.finish();
        let mut first_arrivals = Vec::new();
        for number in &run.read {
            if !first_arrivals.contains(number) {
                first_arrivals.push(*number);
            }
        }
        prop_assert_eq!(first_arrivals, (0..run.sent).collect::<Vec<_>>());
        prop_assert_eq!(run.outbox.kept(), (0, 0));
        prop_assert_eq!(run.receipts.len(), 0, "receipts without an answer");
    }

    #[test]
    fn at_most_once_doubles_nothing_and_keeps_the_order(steps in vec(step(), 0..120)) {
        let mut run = Run::new(queue(1000, Overflow::Throw));
        Arc::make_mut(&mut run.outbox.delivery).max_bytes = 1 << 20;
        run.play(&steps);
        run.finish();
        prop_assert!(run.read.is_sorted_by(|a, b| a < b), "{:?}", run.read);
        prop_assert_eq!(run.receipts.len(), 0, "receipts without an answer");
    }

    #[test]
    fn the_limits_hold_and_every_message_has_one_outcome(
        overflow in prop_oneof![Just(Overflow::Throw), Just(Overflow::DropOldest), Just(Overflow::DropNewest)],
        guarantee in prop_oneof![Just(Guarantee::AtMostOnce), Just(Guarantee::AtLeastOnce)],
        steps in vec(step(), 0..120),
    ) {
        let delivery = DeliverySettings { guarantee, max_bytes: 8, ttl: Some(3 * MS), ..queue(5, overflow) };
        let mut run = Run::new(delivery);
        run.play(&steps);
        run.finish();
        prop_assert_eq!(run.receipts.len(), 0, "receipts without an answer");
        if guarantee == Guarantee::AtLeastOnce {
            prop_assert!((0..run.sent).all(|sent| run.read.contains(&sent) || run.dropped.contains(&sent)));
        }
        let mut dropped = run.dropped.clone();
        dropped.sort_unstable();
        dropped.dedup();
        prop_assert_eq!(dropped.len(), run.dropped.len(), "dropped twice");
    }
}

#[derive(Clone, Debug)]
enum Step {
    Send {
        confirmed: bool,
        timeout: bool,
    },
    Flush,
    Open,
    Cut,
    /// The peer reads so many frames, …
    PeerReads(usize),
    /// … and so many of its pongs arrive.
    PongsArrive(usize),
    Wait,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (any::<bool>(), any::<bool>())
            .prop_map(|(confirmed, timeout)| Step::Send { confirmed, timeout }),
        1 => Just(Step::Flush),
        2 => Just(Step::Open),
        1 => Just(Step::Cut),
        4 => (0usize..6).prop_map(Step::PeerReads),
        3 => (0usize..3).prop_map(Step::PongsArrive),
        2 => Just(Step::Wait),
    ]
}

enum Sent {
    Message(usize),
    Ping(Ping),
}

/// An outbox with a user, and a peer behind a connection that is cut now and then.
struct Run {
    outbox: Outbox,
    now: Instant,
    /// Messages that `keep` took, or that were written.
    sent: usize,
    wire: VecDeque<Sent>,
    pongs: VecDeque<Ping>,
    /// What the peer has read.
    read: Vec<usize>,
    dropped: Vec<usize>,
    /// Receipts without an answer, with the messages that they stand for.
    receipts: BTreeMap<Receipt, Vec<usize>>,
}

impl Run {
    fn new(delivery: DeliverySettings) -> Run {
        Run {
            outbox: Outbox::new(delivery),
            now: Instant::from_micros(0.0),
            sent: 0,
            wire: VecDeque::new(),
            pongs: VecDeque::new(),
            read: Vec::new(),
            dropped: Vec::new(),
            receipts: BTreeMap::new(),
        }
    }

    fn play(&mut self, steps: &[Step]) {
        for step in steps {
            match *step {
                Step::Send { confirmed, timeout } => self.send(confirmed, timeout),
                Step::Flush => {
                    let receipt = self.outbox.flush(self.now, None);
                    self.receipts.insert(receipt, Vec::new());
                }
                Step::Open => self.open(),
                Step::Cut => {
                    self.outbox.lost();
                    self.wire.clear();
                    self.pongs.clear();
                }
                Step::PeerReads(count) => {
                    for _ in 0..count {
                        self.peer_reads();
                    }
                }
                Step::PongsArrive(count) => {
                    for _ in 0..count {
                        self.pong_arrives();
                    }
                }
                Step::Wait => self.now += MS,
            }
            self.settle();
        }
    }

    /// A connection on which all is read and answered.
    fn finish(&mut self) {
        self.open();
        while !self.wire.is_empty() || !self.pongs.is_empty() {
            self.peer_reads();
            self.pong_arrives();
            self.settle();
        }
        self.settle();
    }

    fn send(&mut self, confirmed: bool, timeout: bool) {
        let connected = self.outbox.connected;
        let number = self.sent;
        let mut kept = true;
        if !connected || self.outbox.keeps_written() {
            match self.outbox.keep(text(number), false, self.now) {
                Ok(taken) => kept = taken,
                Err(Full) => return,
            }
        }
        self.sent += 1;
        if connected && kept {
            self.wire.push_back(Sent::Message(number));
        }
        if confirmed && kept {
            let receipt = self.outbox.confirm(self.now, timeout.then_some(2 * MS));
            self.receipts.insert(receipt, vec![number]);
        }
    }

    fn open(&mut self) {
        if !self.outbox.connected {
            let wire = &mut self.wire;
            self.outbox.opened(self.now, |frame| {
                wire.push_back(match frame {
                    Frame::Message { message, .. } => Sent::Message(number(message)),
                    Frame::Ping(ping) => Sent::Ping(ping),
                });
            });
        }
    }

    fn peer_reads(&mut self) {
        match self.wire.pop_front() {
            Some(Sent::Message(number)) => self.read.push(number),
            Some(Sent::Ping(ping)) => self.pongs.push_back(ping),
            None => {}
        }
    }

    fn pong_arrives(&mut self) {
        if let Some(pong) = self.pongs.pop_front() {
            self.outbox.pong(&pong);
        }
    }

    /// Does what the engine does after each fact, and holds the outbox to its rules.
    fn settle(&mut self) {
        self.outbox.expire(self.now);
        self.wire.extend(self.outbox.ping().map(Sent::Ping));
        while let Some(outcome) = self.outbox.next_outcome() {
            match outcome {
                DeliveryOutcome::Dropped { message, .. } => self.dropped.push(number(&message)),
                DeliveryOutcome::Confirmed { receipt } => {
                    let messages = self.receipts.remove(&receipt).expect("answered twice");
                    for number in messages {
                        assert!(self.read.contains(&number), "{number} has not been read");
                    }
                }
                DeliveryOutcome::Unconfirmed { receipt, .. } => {
                    self.receipts.remove(&receipt).expect("answered twice");
                }
                DeliveryOutcome::Unsent { receipt, .. } => {
                    let messages = self.receipts.remove(&receipt).expect("answered twice");
                    for number in messages {
                        assert!(!self.read.contains(&number), "{number} has been read");
                    }
                }
            }
        }
        let (messages, bytes) = self.outbox.kept();
        assert!(messages <= self.outbox.delivery.max_messages);
        assert!(bytes <= self.outbox.delivery.max_bytes);
        let sum: usize = self
            .outbox
            .entries
            .get()
            .into_iter()
            .flatten()
            .map(|entry| entry.message.len())
            .sum();
        assert_eq!(bytes, sum);
        assert!(self.outbox.deadline().is_none_or(|due| due > self.now));
    }
}

#[test]
fn a_message_that_is_not_kept_is_lost_with_its_connection_and_those_that_are_kept_are_not() {
    let now = Instant::from_micros(0.0);
    let mut outbox = Outbox::new(at_least_once());
    written(&mut outbox, now);
    outbox.keep(text(0), false, now).unwrap();
    let kept = outbox.hand_over(false);
    let volatile = outbox.hand_over(true);
    outbox.lost();
    let reason = UnconfirmedReason::Lost;
    let lost = DeliveryOutcome::Unconfirmed {
        receipt: volatile,
        reason,
    };
    assert_eq!(outcomes(&mut outbox), [lost]);
    let mut again = Vec::new();
    outbox.opened(now, |frame| match frame {
        Frame::Message { handover, .. } => again.push(handover),
        Frame::Ping(_) => {}
    });
    assert_eq!(again, [Some(kept)]);
}
