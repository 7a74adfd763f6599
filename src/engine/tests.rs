//! The engine over in-memory streams, in paused time.

mod liveness;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::{Notify, mpsc};
use tokio::time::timeout;

mod sending;

use super::*;
use crate::net::{Outside, Stream};
use crate::policy::{
    Backoff, Beat, Circuit, CircuitSettings, CloseCode, DeliverySettings, Ending, Event, Failure,
    HeartbeatReply, HeartbeatSettings, Input, Jitter, LivenessSettings, Marks, Notice, Reconnect,
    Refusal, Settings, State,
};
use crate::wire::Longest;

#[cfg(read_set)]
mod reading;
mod reconnecting;
mod sharing;
mod threads;

#[tokio::test(start_paused = true)]
async fn a_message_sent_while_connecting_goes_out_at_open_before_later_ones() {
    let mut life = Life::start(settings());
    life.connect();
    life.client.send(Payload::Text("first"), false).unwrap();
    let mut peer = life.accept().await;
    life.told(OPEN).await;
    life.client.send(Payload::Text("second"), true).unwrap();
    assert_eq!(peer.frame().await, (TEXT, b"first".to_vec()));
    assert_eq!(peer.frame().await, (TEXT, b"second".to_vec()));
}

#[tokio::test(start_paused = true)]
async fn bytes_behind_the_handshake_are_read() {
    let mut life = Life::start(settings());
    life.route
        .heads
        .lock()
        .unwrap()
        .push(vec![0x81, 2, b'h', b'i']);
    life.connect();
    let _peer = life.accept().await;
    assert_eq!(life.text().await, "hi");
}

#[tokio::test(start_paused = true)]
async fn a_ping_is_answered_while_javascript_takes_nothing() {
    let mut life = Life::start(settings());
    life.connect();
    let mut peer = life.accept().await;
    peer.write(&[0x89, 2, b'h', b'i']).await;
    assert_eq!(peer.frame().await, (PONG, b"hi".to_vec()));
}

#[tokio::test(start_paused = true)]
async fn a_silent_peer_is_cut_one_timeout_after_the_heartbeat() {
    let mut life = Life::start(settings());
    life.connect();
    let mut peer = life.accept().await;
    let start = clock::now();
    assert_eq!(peer.frame().await, (TEXT, b"beat".to_vec()));
    assert_eq!(peer.read_to_end().await, Vec::<u8>::new());
    let age = (clock::now() - start).as_millis();
    assert!((300..=305).contains(&age), "cut after {age} ms");
    life.told(Event::Close(ending(1006, "", false))).await;
}

#[tokio::test(start_paused = true)]
async fn close_ends_with_the_frame_that_the_peer_answers() {
    let mut life = Life::start(settings());
    life.connect();
    let mut peer = life.accept().await;
    life.told(OPEN).await;
    let reply = life.close(1000, "bye");
    assert_eq!(events(&reply), [Event::StateChange(State::Closing)]);
    let close = [&1000u16.to_be_bytes()[..], b"bye"].concat();
    assert_eq!(peer.frame().await, (CLOSE, close.clone()));
    peer.write(&[&[0x88, close.len() as u8], &close[..]].concat())
        .await;
    life.told(Event::StateChange(State::Closed)).await;
    life.told(Event::Close(ending(1000, "bye", true))).await;
}

#[tokio::test(start_paused = true)]
async fn a_close_without_a_status_sends_a_frame_without_a_code() {
    let mut life = Life::start(settings());
    life.connect();
    let mut peer = life.accept().await;
    life.told(OPEN).await;
    life.close(1005, "");
    assert_eq!(peer.frame().await, (CLOSE, Vec::new()));
    peer.write(&[0x88, 0]).await;
    life.told(Event::StateChange(State::Closed)).await;
    life.told(Event::Close(ending(1005, "", true))).await;
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_never_answers_the_close_frame_is_cut() {
    let mut life = Life::start(Settings {
        heartbeat: off(),
        ..settings()
    });
    life.connect();
    let mut peer = life.accept().await;
    life.told(OPEN).await;
    let start = clock::now();
    life.close(1000, "");
    assert_eq!(peer.frame().await.0, CLOSE);
    peer.read_to_end().await;
    let age = (clock::now() - start).as_millis();
    assert!((500..=505).contains(&age), "cut after {age} ms");
    life.told(Event::Close(ending(1006, "", false))).await;
}

#[tokio::test(start_paused = true)]
async fn a_refused_attempt_is_told_and_tried_again() {
    let mut life = Life::start(settings());
    let failure = Failure {
        message: "no".into(),
        ..Failure::default()
    };
    life.route.refusals.lock().unwrap().push(failure.clone());
    life.connect();
    life.told(Event::Error(Box::new(failure))).await;
    life.told(Event::Retry {
        attempt: 1,
        delay: Duration::from_millis(50),
        max_retries: Some(3),
    })
    .await;
    let _peer = life.accept().await;
    life.told(Event::Open {
        retries: 1,
        downtime: None,
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_close_while_dialing_gives_the_attempt_up() {
    let mut life = Life::start(settings());
    life.route
        .hang
        .lock()
        .unwrap()
        .replace(Arc::new(Notify::new()));
    life.connect();
    let reply = life.close(1000, "");
    assert_eq!(events(&reply), [Event::StateChange(State::Closing)]);
    life.told(Event::StateChange(State::Closed)).await;
    let last = life.told(Event::Close(ending(1006, "", false))).await;
    assert!(!last.alive);
}

#[tokio::test(start_paused = true)]
async fn a_call_is_told_behind_what_javascript_has_not_seen() {
    let mut life = Life::start(settings());
    life.connect();
    let peer = life.accept().await;
    life.told(OPEN).await;
    drop(peer);
    // In paused time, it passes only when the engine has nothing left to do: the loss and the retry
    // are in the mailbox, unseen.
    tokio::time::sleep(Duration::from_millis(1)).await;
    let reply = life.client.call(life.received, Input::OpenCircuit);
    assert_eq!(events(&reply), [Event::CircuitChange(Circuit::Open)]);
    assert!(reply.cutoff > life.received);
    life.told(Event::StateChange(State::Closed)).await;
    life.told(Event::Close(ending(1006, "", false))).await;
    life.told(Event::Retry {
        attempt: 1,
        delay: Duration::from_millis(50),
        max_retries: Some(3),
    })
    .await;
    life.told(Event::StateChange(State::Blocked)).await;
}

#[tokio::test(start_paused = true)]
async fn what_came_before_a_breach_is_answered_before_the_close_frame() {
    let mut life = Life::start(settings());
    life.connect();
    let mut peer = life.accept().await;
    peer.write(&[0x81, 2, b'h', b'i', 0xff, 0]).await;
    assert_eq!(life.text().await, "hi");
    life.client.send(Payload::Text("answer"), true).unwrap();
    life.mailbox.delivered();
    assert_eq!(peer.frame().await, (TEXT, b"answer".to_vec()));
    assert_eq!(peer.frame().await, (CLOSE, 1002u16.to_be_bytes().to_vec()));
    life.told(Event::Close(ending(1002, "", false))).await;
}

#[tokio::test(start_paused = true)]
async fn a_busy_javascript_does_not_hold_the_end_of_a_connection() {
    let mut life = Life::start(Settings {
        heartbeat: off(),
        ..settings()
    });
    life.connect();
    let mut peer = life.accept().await;
    peer.write(&[0x81, 2, b'h', b'i', 0x88, 2, 3, 0xf4]).await;
    let start = clock::now();
    assert_eq!(peer.frame().await, (CLOSE, 1012u16.to_be_bytes().to_vec()));
    let age = (clock::now() - start).as_millis();
    assert!(age <= 205, "closed after {age} ms");
    life.told(Event::Close(ending(1012, "", true))).await;
}

#[tokio::test(start_paused = true)]
async fn a_mailbox_that_nobody_empties_stops_the_reading_and_not_the_connection() {
    let mut life = Life::start(settings());
    life.connect();
    let mut peer = life.accept().await;
    let message = [
        &[0x82, 127][..],
        &(1u64 << 20).to_be_bytes(),
        &vec![0; 1 << 20],
    ]
    .concat();
    let flood = async {
        for _ in 0..64 {
            peer.write(&message).await;
        }
    };
    // Silence beyond the heartbeat's limit, while nothing is read, proves nothing.
    assert!(
        timeout(Duration::from_secs(60), flood).await.is_err(),
        "64 MiB went through"
    );
    let mut messages = 0;
    while let Some(kind) = life.next_queued() {
        assert!(!matches!(
            kind,
            NotificationKind::Notice(Notice {
                event: Event::Error(_),
                ..
            })
        ));
        if let NotificationKind::Messages(batch) = kind {
            messages += batch.lengths.len();
        }
    }
    assert!((16..=18).contains(&messages), "{messages} MiB were read");
    peer.write(&[0x81, 2, b'h', b'i']).await;
}

#[tokio::test(start_paused = true)]
async fn a_panic_ends_what_the_client_is_at_and_it_can_be_started_again() {
    for late in [false, true] {
        let mut life = Life::start(settings());
        life.client.set_route(Arc::new(Faulty { late }));
        life.connect();
        let mut events = Vec::new();
        while !matches!(
            &events[..],
            [
                ..,
                Event::Close(Ending {
                    code: CloseCode::Internal,
                    ..
                })
            ]
        ) {
            if let NotificationKind::Notice(notice) = life.next().await {
                assert_eq!(notice.circuit_failures, 0, "the server is not to blame");
                events.push(notice.event);
            }
        }
        assert!(is_broken(&events), "{events:?}");
        life.client.set_route(life.route.clone());
        life.connect();
        let mut peer = life.accept().await;
        life.told(OPEN).await;
        life.client.send(Payload::Text("hi"), true).unwrap();
        assert_eq!(peer.frame().await, (TEXT, b"hi".to_vec()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_at_rest_waits_for_the_user() {
    let mut life = Life::start(settings());
    let panic = panics::caught(|| panic!("a fault for a test")).map(|(): ()| ());
    assert!(!life.client.fail(&panic.unwrap_err()));
    assert!(life.next_queued().is_none());
    life.connect();
}

/// A route that panics, at once or when it is awaited.
struct Faulty {
    late: bool,
}

impl Dial for Faulty {
    fn dial(self: Arc<Self>, _: usize, _: Option<Duration>, _: Arc<dyn Outside>) -> DialFuture {
        assert!(self.late, "a fault for a test");
        Box::pin(async { panic!("a fault for a test") })
    }
}

/// Whether these are the last that a client tells after a panic for a test.
fn is_broken(events: &[Event]) -> bool {
    let [Event::Error(error), state, lost, failed, Event::Close(last)] = events else {
        return false;
    };
    error.code.as_deref() == Some("WSR_ERR_INTERNAL")
        && error.message.ends_with(": a fault for a test")
        && *state == Event::StateChange(State::Closed)
        && *lost == Event::Close(ending(1006, "", false))
        && *failed == Event::StateChange(State::Failed)
        && last.code == CloseCode::Internal
        && last.reason == error.message
}

const OPEN: Event = Event::Open {
    retries: 0,
    downtime: None,
};
const TEXT: u8 = 1;
const CLOSE: u8 = 8;
const PONG: u8 = 10;

pub(super) fn settings() -> Settings {
    Settings {
        backoff: Backoff {
            base: Duration::from_millis(50),
            cap: Duration::from_millis(200),
            multiplier: 2.0,
            jitter: Jitter::None,
        },
        max_retries: Some(3),
        reconnect: Reconnect::default(),
        heartbeat: HeartbeatSettings {
            interval: Some(Duration::from_millis(200)),
            timeout: Duration::from_millis(100),
            beat: Beat::Message,
            reply: HeartbeatReply::AnyFrame,
        },
        liveness: LivenessSettings::default(),
        circuit: CircuitSettings {
            failure_threshold: 3,
            rate: None,
            reset_timeout: Duration::from_millis(300),
            half_open_max: 1,
        },
        close_timeout: Duration::from_millis(500),
        connect_rate: None,
    }
}

fn off() -> HeartbeatSettings {
    HeartbeatSettings {
        interval: None,
        timeout: Duration::from_millis(100),
        beat: Beat::Message,
        reply: HeartbeatReply::AnyFrame,
    }
}

fn ending(code: u16, reason: &str, was_clean: bool) -> Ending {
    Ending {
        code: CloseCode::Frame(code),
        reason: reason.into(),
        was_clean,
    }
}

fn events(reply: &Reply) -> Vec<Event> {
    reply
        .notices
        .iter()
        .map(|notice| notice.event.clone())
        .collect()
}

/// A route to this test.
struct Memory {
    peers: mpsc::UnboundedSender<DuplexStream>,
    heads: Mutex<Vec<Vec<u8>>>,
    refusals: Mutex<Vec<Failure>>,
    hang: Mutex<Option<Arc<Notify>>>,
    /// The URLs and limits of all attempts.
    dialed: Mutex<Vec<(usize, Option<Duration>)>>,
}

impl Dial for Memory {
    fn dial(
        self: Arc<Self>,
        url_index: usize,
        limit: Option<Duration>,
        _: Arc<dyn Outside>,
    ) -> DialFuture {
        self.dialed.lock().unwrap().push((url_index, limit));
        let (near, far) = duplex(64 * 1024);
        let refusal = self.refusals.lock().unwrap().pop();
        let hang = self.hang.lock().unwrap().clone();
        let head = self.heads.lock().unwrap().pop().unwrap_or_default();
        let peers = self.peers.clone();
        Box::pin(async move {
            if let Some(hang) = hang {
                hang.notified().await;
            }
            if let Some(refusal) = refusal {
                return Err(refusal);
            }
            let _ = peers.send(far);
            Ok(wired(Stream::Other(Box::new(near)), head))
        })
    }
}

/// A connection after a handshake that agreed on nothing, and `head` behind it.
fn wired(stream: Stream, head: Vec<u8>) -> Wired {
    Wired {
        stream,
        head,
        protocol: String::new(),
        url: String::new(),
        status: 101,
        headers: Vec::new(),
        deflate: None,
        max_payload: 0,
        longest: Longest::default(),
    }
}

/// Drives the clients that are added.
fn driving() -> Arc<Drivers> {
    let drivers = Drivers::new();
    tokio::spawn(drivers.clone().run());
    drivers
}

/// A client with its driver running, and what JavaScript has taken so far.
struct Life {
    client: Arc<Client>,
    drivers: Arc<Drivers>,
    watchdog: Arc<EventLoopWatchdog>,
    route: Arc<Memory>,
    mailbox: Arc<Mailbox>,
    notifications: Arc<Notify>,
    peers: mpsc::UnboundedReceiver<DuplexStream>,
    queued: std::collections::VecDeque<NotificationKind>,
    received: u64,
}

impl Life {
    fn start(settings: Settings) -> Life {
        Life::sending(settings, DeliverySettings::default(), Marks::default())
    }

    fn sending(settings: Settings, delivery: DeliverySettings, marks: Marks) -> Life {
        let (sender, peers) = mpsc::unbounded_channel();
        let route = Arc::new(Memory {
            peers: sender,
            heads: Mutex::default(),
            refusals: Mutex::default(),
            hang: Mutex::default(),
            dialed: Mutex::default(),
        });
        let watchdog = Arc::new(EventLoopWatchdog::default());
        let notifications = Arc::new(Notify::new());
        let bell = notifications.clone();
        let mailbox = Arc::new(Mailbox::new(move || bell.notify_one()));
        let drivers = driving();
        let client = Arc::new(Client::new(Setup {
            id: 1,
            home: 1,
            settings: Arc::new(settings),
            heartbeat: Arc::new("beat".into()),
            route: route.clone(),
            mailbox: mailbox.clone(),
            agenda: drivers.agenda().clone(),
            watchdog: watchdog.clone(),
            read_set: None,
            fast_paths: FastPaths::default(),
            delivery: Arc::new(delivery),
            marks,
        }));
        drivers.add(client.clone());
        Life {
            client,
            drivers,
            watchdog,
            route,
            mailbox,
            notifications,
            peers,
            queued: Default::default(),
            received: 0,
        }
    }

    fn connect(&mut self) {
        let reply = self.client.connect(self.received);
        assert_eq!(events(&reply), [Event::StateChange(State::Connecting)]);
    }

    fn close(&mut self, code: u16, reason: &str) -> Reply {
        let close = Input::Close {
            code,
            reason: reason.into(),
            seen_alive: true,
        };
        self.client.call(self.received, close)
    }

    async fn accept(&mut self) -> Peer {
        Peer(self.peers.recv().await.unwrap())
    }

    fn next_queued(&mut self) -> Option<NotificationKind> {
        if self.queued.is_empty() {
            self.queued.extend(
                self.mailbox
                    .take()
                    .0
                    .into_iter()
                    .map(|notification| notification.kind),
            );
        }
        let next = self.queued.pop_front();
        self.received += u64::from(matches!(next, Some(NotificationKind::Notice(_))));
        next
    }

    async fn next(&mut self) -> NotificationKind {
        loop {
            if let Some(kind) = self.next_queued() {
                return kind;
            }
            timeout(Duration::from_secs(60), self.notifications.notified())
                .await
                .unwrap();
        }
    }

    /// Takes what JavaScript is told up to an `open`, however that came about.
    async fn opened(&mut self) {
        loop {
            if let NotificationKind::Notice(notice) = self.next().await
                && matches!(notice.event, Event::Open { .. })
            {
                return;
            }
        }
    }

    /// Takes what JavaScript is told up to `event`.
    async fn told(&mut self, event: Event) -> Notice {
        loop {
            match self.next().await {
                NotificationKind::Notice(notice) if notice.event == event => return notice,
                _ => {}
            }
        }
    }

    async fn text(&mut self) -> String {
        loop {
            if let NotificationKind::Messages(batch) = self.next().await {
                return String::from_utf8(batch.bytes).unwrap();
            }
        }
    }
}

/// The far end of a connection.
struct Peer(DuplexStream);

impl Peer {
    async fn write(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.unwrap();
    }

    /// The next frame, unmasked: its opcode and its payload of less than 126 bytes.
    async fn frame(&mut self) -> (u8, Vec<u8>) {
        let mut head = [0; 6];
        self.0.read_exact(&mut head).await.unwrap();
        let mut payload = vec![0; (head[1] & 0x7f).into()];
        self.0.read_exact(&mut payload).await.unwrap();
        for (index, byte) in payload.iter_mut().enumerate() {
            *byte ^= head[2 + index % 4];
        }
        (head[0] & 0x0f, payload)
    }

    async fn read_some(&mut self, count: usize) {
        self.0.read_exact(&mut vec![0; count]).await.unwrap();
    }

    async fn read_to_end(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        self.0.read_to_end(&mut rest).await.unwrap();
        rest
    }
}
