//! How the engine carries out when and where to connect again.

use tokio::time::sleep;

use super::*;
use crate::policy::{Asked, Failover, Verdict};

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_left_gets_what_was_sent_and_a_close_frame_and_is_not_waited_for() {
    let mut life = Life::start(settings());
    life.connect();
    let mut old = life.accept().await;
    life.told(OPEN).await;
    life.client.send(Payload::Text("last"), true).unwrap();
    let reply = life.client.reconnect(life.received, 4001, "anew".into());
    assert_eq!(events(&reply), [Event::StateChange(State::Closing)]);
    let mut new = life.accept().await;
    life.told(Event::Close(ending(4001, "anew", false))).await;
    let again = Event::Open {
        retries: 0,
        downtime: Some(Duration::ZERO),
    };
    life.told(again).await;
    assert_eq!(old.frame().await, (TEXT, b"last".to_vec()));
    let close = [&4001u16.to_be_bytes()[..], b"anew"].concat();
    assert_eq!(old.frame().await, (CLOSE, close));
    life.client.send(Payload::Text("first"), true).unwrap();
    assert_eq!(new.frame().await, (TEXT, b"first".to_vec()));
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_closing_handshake_by_hand_comes_behind_what_has_arrived() {
    let mut life = Life::start(settings());
    life.connect();
    let _peer = life.accept().await;
    life.told(OPEN).await;
    life.close(1000, "bye");
    let terminate = Input::Terminate { seen_alive: false };
    let reply = life.client.call(life.received, terminate);
    assert_eq!(events(&reply), []);
    life.told(Event::Close(ending(1006, "", false))).await;
}

#[tokio::test(start_paused = true)]
async fn a_retry_after_header_is_counted_from_the_clock() {
    let mut life = Life::start(settings());
    let failure = Failure {
        headers: vec![("retry-after".to_owned(), "7".to_owned())],
        ..Failure::default()
    };
    life.route.refusals.lock().unwrap().push(failure);
    life.connect();
    life.told(Event::Retry {
        attempt: 1,
        delay: Duration::from_secs(7),
        max_retries: Some(3),
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_attempt_goes_by_the_route_that_javascript_says_and_by_no_late_one() {
    let mut life = Life::start(asking(true, false));
    let reply = life.client.connect(life.received);
    let question = Event::AskRoute {
        attempt: 1,
        retries: 0,
        url_index: 0,
        is_reconnect: false,
    };
    assert_eq!(
        events(&reply),
        [Event::StateChange(State::Connecting), question]
    );
    let (sender, mut elsewhere) = mpsc::unbounded_channel();
    let said = Arc::new(memory(sender));
    life.client.routed(7, life.route.clone());
    life.client.routed(1, said.clone());
    life.client.routed(1, life.route.clone());
    assert!(elsewhere.recv().await.is_some());
    assert_eq!(*said.dialed.lock().unwrap(), [(0, None)]);
    assert_eq!(*life.route.dialed.lock().unwrap(), []);
    life.told(OPEN).await;
}

#[tokio::test(start_paused = true)]
async fn javascript_decides_for_as_long_as_it_wants() {
    let mut life = Life::start(asking(false, true));
    life.route.refusals.lock().unwrap().push(Failure::default());
    life.connect();
    let question = Event::AskRetry {
        attempt: 1,
        retry: 1,
        elapsed: Duration::ZERO,
    };
    life.told(question).await;
    tokio::time::sleep(Duration::from_secs(3600)).await;
    let verdict = Verdict::Retry(Some(Duration::from_millis(3)));
    let attempt = 1;
    life.client
        .call(life.received, Input::Decided { attempt, verdict });
    let _peer = life.accept().await;
}

#[tokio::test(start_paused = true)]
async fn each_attempt_has_its_place_and_its_limit() {
    let limit = Some(Duration::from_secs(9));
    let mut settings = settings();
    settings.reconnect.connection_timeout = limit;
    settings.reconnect.failover = Failover {
        urls: 2,
        ..Failover::default()
    };
    let mut life = Life::start(settings);
    life.route.refusals.lock().unwrap().push(Failure::default());
    life.connect();
    let _peer = life.accept().await;
    assert_eq!(*life.route.dialed.lock().unwrap(), [(0, limit), (1, limit)]);
}

fn asking(route: bool, retry: bool) -> Settings {
    let mut settings = settings();
    settings.reconnect.asked = Asked {
        route,
        retry,
        ..Asked::default()
    };
    settings
}

fn memory(peers: mpsc::UnboundedSender<DuplexStream>) -> Memory {
    Memory {
        peers,
        heads: Mutex::default(),
        refusals: Mutex::default(),
        hang: Mutex::default(),
        dialed: Mutex::default(),
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_waits_has_no_driver_until_its_time_has_come() {
    let mut settings = settings();
    settings.backoff.base = Duration::from_secs(5);
    settings.backoff.cap = Duration::from_secs(5);
    let mut life = Life::start(settings);
    assert!(!life.drivers.is_driving(1), "nothing has been asked of it");
    life.connect();
    drop(life.accept().await);
    life.told(Event::StateChange(State::Closed)).await;
    let lost = tokio::time::Instant::now();
    assert!(life.drivers.is_driving(1));
    sleep(Duration::from_secs(2)).await;
    assert!(!life.drivers.is_driving(1));
    drop(life.accept().await);
    assert_eq!(lost.elapsed().as_secs(), 5);
    // A call of the user needs no alarm.
    life.told(Event::StateChange(State::Closed)).await;
    sleep(Duration::from_secs(2)).await;
    assert!(!life.drivers.is_driving(1));
    life.client.reconnect(life.received, 1000, String::new());
    life.accept().await;
    assert_eq!(lost.elapsed().as_secs(), 7);
}
