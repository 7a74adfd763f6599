//! Who is alive, over in-memory streams.

use super::*;
use crate::policy::{Question, Rtt};

const PING: u8 = 9;

#[tokio::test(start_paused = true)]
async fn a_heartbeat_can_be_a_ping() {
    let mut life = Life::start(Settings {
        heartbeat: HeartbeatSettings {
            beat: Beat::Ping,
            ..settings().heartbeat
        },
        ..settings()
    });
    life.connect();
    let mut peer = life.accept().await;
    assert_eq!(peer.frame().await, (PING, vec![1, 0, 0, 0, 0, 0, 0, 1]));
    peer.write(&[0x8a, 8, 1, 0, 0, 0, 0, 0, 0, 1]).await;
    assert_eq!(peer.frame().await, (PING, vec![1, 0, 0, 0, 0, 0, 0, 2]));
    assert!(life.client.rtt().is_some());
}

#[tokio::test(start_paused = true)]
async fn a_ping_of_the_user_is_told_its_round_trip() {
    let (mut life, mut peer) = open(quiet()).await;
    assert_eq!(life.client.ping(), Some(1));
    assert_eq!(peer.frame().await, (PING, vec![1, 0, 0, 0, 0, 0, 0, 1]));
    tokio::time::sleep(Duration::from_millis(20)).await;
    peer.write(&[0x8a, 8, 1, 0, 0, 0, 0, 0, 0, 1]).await;
    let rtt = Duration::from_millis(20);
    life.told(Event::Pinged {
        number: 1,
        rtt: Some(rtt),
    })
    .await;
    let all = Rtt {
        last: rtt,
        min: rtt,
        mean: rtt,
        p95: rtt,
    };
    assert_eq!(life.client.rtt(), Some(all));
}

#[tokio::test(start_paused = true)]
async fn who_does_not_listen_is_told_of_no_ping_and_no_pong() {
    let (mut life, mut peer) = open(quiet()).await;
    peer.write(&[0x89, 1, b'p', 0x8a, 1, b'q', 0x81, 1, b'm'])
        .await;
    let NotificationKind::Messages(batch) = life.next().await else {
        panic!("told something else");
    };
    assert_eq!(
        (batch.kind, &batch.bytes[..]),
        (IncomingKind::Text, &b"m"[..])
    );
}

#[tokio::test(start_paused = true)]
async fn who_listens_is_told_of_pings_and_pongs_in_their_place_but_not_of_receipts() {
    let (mut life, mut peer) = open(quiet()).await;
    life.client.listen(true, true);
    let receipt = [&[0x8a, 9, 2][..], &[0; 8]].concat();
    let frames = [0x81, 1, b'm', 0x89, 1, b'p', 0x8a, 1, b'q', 0x81, 1, b'n'];
    peer.write(&[&receipt[..], &frames].concat()).await;
    let mut told = Vec::new();
    while told.len() < 4 {
        if let NotificationKind::Messages(batch) = life.next().await {
            told.push((batch.kind, String::from_utf8(batch.bytes).unwrap()));
        }
    }
    let expected = [
        (IncomingKind::Text, "m"),
        (IncomingKind::Ping, "p"),
        (IncomingKind::Pong, "q"),
        (IncomingKind::Text, "n"),
    ];
    assert_eq!(told, expected.map(|(kind, text)| (kind, text.to_owned())));
}

#[tokio::test(start_paused = true)]
async fn a_ping_and_a_pong_of_the_user_go_out_with_their_payloads_in_their_place() {
    let (life, mut peer) = open(quiet()).await;
    life.client.send_control(Control::Ping(b"one"));
    life.client.send(Payload::Text("two"), true).unwrap();
    life.client.send_control(Control::Pong(b"three"));
    assert_eq!(peer.frame().await, (9, b"one".to_vec()));
    assert_eq!(peer.frame().await, (1, b"two".to_vec()));
    assert_eq!(peer.frame().await, (10, b"three".to_vec()));
}

#[tokio::test(start_paused = true)]
async fn a_javascript_that_gives_no_sign_ends_the_connection_and_the_next_waits_for_it() {
    let mut settings = quiet();
    settings.liveness.max_block = Some(Duration::from_millis(300));
    let (mut life, mut peer) = open(settings).await;
    for _ in 0..10 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        life.watchdog.note_alive();
    }
    let blocked = clock::now();
    let last_words = [&4008u16.to_be_bytes()[..], b"event loop blocked"].concat();
    assert_eq!(peer.frame().await, (CLOSE, last_words));
    assert_eq!((clock::now() - blocked).as_millis() / 5, 60);
    assert_eq!(peer.read_to_end().await, Vec::<u8>::new());
    life.told(Event::Close(ending(4008, "event loop blocked", false)))
        .await;
    life.told(Event::Asked(Question::EventLoopAlive)).await;

    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(life.peers.try_recv().is_err(), "connected for nobody");
    let reply = life.client.event_loop_alive(life.received);
    let retry = Event::Retry {
        attempt: 1,
        delay: Duration::from_millis(50),
        max_retries: Some(3),
    };
    let told = events(&reply);
    assert!(matches!(told[0], Event::Blocked { lasted } if lasted >= Duration::from_secs(60)));
    assert_eq!(told[1..], [retry]);
    life.accept().await;
}

#[tokio::test(start_paused = true)]
async fn what_waited_to_be_written_goes_out_before_the_connection_is_left() {
    let mut settings = quiet();
    settings.liveness.max_block = Some(Duration::from_millis(300));
    let (life, mut peer) = open(settings).await;
    life.client.send(Payload::Text("last"), true).unwrap();
    assert_eq!(peer.frame().await, (TEXT, b"last".to_vec()));
    assert_eq!(peer.frame().await.0, CLOSE);
}

#[tokio::test(start_paused = true)]
async fn after_sleep_the_peer_is_asked_and_cut_when_it_is_silent() {
    let (mut life, mut peer) = open(quiet()).await;
    life.client.tell(Input::Woke {
        slept: Duration::from_secs(60),
    });
    life.client.wake.wake();
    let asked = clock::now();
    assert_eq!(peer.frame().await.0, PING);
    assert_eq!(peer.read_to_end().await, Vec::<u8>::new());
    assert_eq!((clock::now() - asked).as_millis() / 5, 600);
    life.told(Event::Close(ending(1006, "", false))).await;
}

#[tokio::test(start_paused = true)]
async fn a_new_way_to_the_network_starts_the_next_attempt() {
    let (mut life, peer) = open(Settings {
        backoff: Backoff {
            base: Duration::from_secs(3600),
            cap: Duration::from_secs(3600),
            ..settings().backoff
        },
        ..quiet()
    })
    .await;
    drop(peer);
    life.told(Event::Close(ending(1006, "", false))).await;
    let lost = clock::now();
    life.client.tell(Input::NetworkChanged);
    life.client.wake.wake();
    life.accept().await;
    assert!(clock::now() - lost < Duration::from_secs(1));
}

fn quiet() -> Settings {
    Settings {
        heartbeat: off(),
        ..settings()
    }
}

async fn open(settings: Settings) -> (Life, Peer) {
    let mut life = Life::start(settings);
    life.connect();
    let peer = life.accept().await;
    life.told(OPEN).await;
    (life, peer)
}
