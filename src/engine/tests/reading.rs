//! Who reads a plain connection, over sockets of this machine: what is watched is a matter of the system.

use std::collections::HashSet;

use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::engine::client::Action;

const DEADLINE: Duration = Duration::from_secs(10);

/// A route to a socket of this test.
struct Plain {
    listener: Arc<TcpListener>,
    head: Vec<u8>,
}

impl Dial for Plain {
    fn dial(self: Arc<Self>, _: usize, _: Option<Duration>, _: Arc<dyn Outside>) -> DialFuture {
        let address = self.listener.local_addr().unwrap();
        let head = self.head.clone();
        Box::pin(async move {
            let stream = TcpStream::connect(address).await.unwrap();
            Ok(wired(Stream::Tcp(stream), head))
        })
    }
}

/// A client whose JavaScript reads by itself, which is this test.
struct Reader {
    client: Arc<Client>,
    drivers: Arc<Drivers>,
    read_set: Arc<JsReadSet<Client>>,
    mailbox: Arc<Mailbox>,
    listener: Arc<TcpListener>,
    received: u64,
}

impl Reader {
    async fn new(head: &[u8]) -> Reader {
        Reader::at(Arc::new(JsReadSet::new().unwrap()), 7, head).await
    }

    /// One of several that are watched together.
    async fn at(read_set: Arc<JsReadSet<Client>>, id: u32, head: &[u8]) -> Reader {
        let listener = Arc::new(TcpListener::bind("127.0.0.1:0").await.unwrap());
        let mailbox = Arc::new(Mailbox::new(|| {}));
        let settings = Settings {
            heartbeat: off(),
            max_retries: None,
            ..settings()
        };
        let drivers = driving();
        let client = Arc::new(Client::new(Setup {
            id,
            home: 1,
            settings: Arc::new(settings),
            heartbeat: Arc::new(String::new()),
            route: Arc::new(Plain {
                listener: listener.clone(),
                head: head.to_vec(),
            }),
            mailbox: mailbox.clone(),
            agenda: drivers.agenda().clone(),
            watchdog: Arc::default(),
            read_set: Some(read_set.clone()),
            fast_paths: FastPaths::default(),
            delivery: Arc::default(),
            marks: Marks::default(),
        }));
        drivers.add(client.clone());
        Reader {
            client,
            drivers,
            read_set,
            mailbox,
            listener,
            received: 0,
        }
    }

    fn connect(&self) {
        assert!(self.client.connect(self.received).refusal.is_none());
    }

    /// Delivers what is in the mailbox: the messages, and whether an `open` was told.
    fn deliver(&mut self) -> (Vec<String>, bool) {
        let (mut texts, mut opened) = (Vec::new(), false);
        self.read_set.reclaim();
        for notification in self.mailbox.take().0 {
            match notification.kind {
                NotificationKind::Messages(batch) => {
                    texts.push(String::from_utf8(batch.bytes).unwrap())
                }
                NotificationKind::Notice(notice) => {
                    self.received += 1;
                    opened |= matches!(notice.event, Event::Open { .. });
                }
                _ => {}
            }
        }
        self.mailbox.delivered();
        self.read_set.reclaim();
        (texts, opened)
    }

    /// Waits for a connection, which JavaScript reads from then on.
    async fn accept(&mut self) -> TcpStream {
        let (peer, _) = timeout(DEADLINE, self.listener.accept())
            .await
            .unwrap()
            .unwrap();
        self.until(|reader| reader.deliver().1).await;
        peer
    }

    /// Lets the engine work until this is so.
    async fn until(&mut self, mut holds: impl FnMut(&mut Reader) -> bool) {
        let wait = async {
            while !holds(self) {
                tokio::task::yield_now().await;
            }
        };
        timeout(DEADLINE, wait).await.unwrap();
    }

    fn read_on_js_thread(&self) -> Vec<String> {
        self.read_at_most(usize::MAX)
    }

    fn read_at_most(&self, most: usize) -> Vec<String> {
        let mut texts = Vec::new();
        let read = self
            .client
            .read_on_js_thread(most, |message| match message {
                Incoming::Text(text) => texts.push(text.into_owned()),
                Incoming::Binary(_) | Incoming::Ping(_) | Incoming::Pong(_) => panic!("no text"),
            });
        if read.is_some() {
            self.client.delivered_on_js_thread();
        }
        texts
    }

    fn is_watched(&self) -> bool {
        self.read_set.state().0
    }
}

fn text(text: &str) -> Vec<u8> {
    [&[0x81, text.len() as u8], text.as_bytes()].concat()
}

#[tokio::test]
async fn javascript_reads_what_came_behind_the_handshake_before_what_came_later() {
    let mut reader = Reader::new(&text("one")).await;
    reader.connect();
    let Action::Dial {
        attempt,
        url_index,
        limit,
    } = reader.client.turn(None).actions.used().remove(0).unwrap()
    else {
        panic!("no attempt");
    };
    let (wired, accepted) = tokio::join!(
        reader.client.dial(attempt, url_index, limit),
        reader.listener.accept()
    );
    let (mut peer, _) = accepted.unwrap();
    peer.write_all(&text("two")).await.unwrap();
    peer.readable().await.ok();
    // An earlier connection may have been offered, and not been looked at.
    reader.read_set.enqueue(&reader.client);
    let (connection, outcome) = reader.client.opened(1, wired.unwrap()).unwrap();
    let outcome = outcome.unwrap();
    assert_eq!(reader.deliver(), (vec![], true));
    assert_eq!(
        reader.read_on_js_thread(),
        [""; 0],
        "the engine holds what is older"
    );
    reader.client.on_read(1, outcome.batches, &outcome.control);
    connection.read_is_queued();
    assert_eq!(reader.deliver().0, ["one"]);
    reader.until(|reader| reader.is_watched()).await;
    assert_eq!(reader.read_on_js_thread(), ["two"]);
}

#[tokio::test]
async fn a_line_that_nobody_reads_is_watched_by_nobody() {
    type Way = fn(&Reader);
    let fast_paths: [(&str, Way); 6] = [
        ("reconnect", |reader| {
            reader
                .client
                .reconnect(reader.received, 4000, String::new());
        }),
        ("terminate", |reader| {
            let terminate = Input::Terminate { seen_alive: true };
            reader.client.call(reader.received, terminate);
        }),
        ("pause", |reader| reader.client.pause()),
        ("the engine takes over", |reader| {
            assert!(reader.client.take_over());
        }),
        ("the end is read", |reader| {
            while !reader.read_on_js_thread().is_empty() {}
        }),
        ("the driver ends", |reader| {
            reader.drivers.remove_all();
            reader.client.leave();
        }),
    ];
    for (name, way) in fast_paths {
        let mut reader = Reader::new(b"").await;
        reader.connect();
        let mut peer = reader.accept().await;
        // A message, and a frame that no peer may send; and the peer does not end the stream.
        peer.write_all(&[text("hello"), vec![0xff, 0]].concat())
            .await
            .unwrap();
        reader.until(|reader| reader.is_watched()).await;
        way(&reader);
        assert!(!reader.is_watched(), "after: {name}");
    }
}

#[tokio::test]
async fn a_paused_client_is_not_asked_about_for_each_of_its_connections() {
    let mut reader = Reader::new(b"").await;
    reader.connect();
    drop(reader.accept().await);
    reader.client.pause();
    for _ in 0..5 {
        drop(reader.accept().await);
        assert_eq!(reader.read_set.state(), (false, 0));
    }
    let mut peer = reader.accept().await;
    reader.client.resume();
    peer.write_all(&text("hello")).await.unwrap();
    reader.until(|reader| reader.is_watched()).await;
    assert_eq!(reader.read_on_js_thread(), ["hello"]);
}

#[tokio::test]
async fn a_panic_of_the_javascript_thread_ends_the_client_and_is_told() {
    let mut reader = Reader::new(b"").await;
    reader.connect();
    let mut peer = reader.accept().await;
    peer.write_all(&text("hello")).await.unwrap();
    reader.until(|reader| reader.is_watched()).await;
    let read = reader
        .client
        .read_on_js_thread(usize::MAX, |_| panic!("a fault for a test"));
    assert_eq!(read, Some(7), "what was made is delivered");
    reader.client.delivered_on_js_thread();
    assert!(!reader.is_watched());
    let told = reader.mailbox.take().0;
    let events: Vec<Event> = told
        .into_iter()
        .filter_map(|notification| match notification.kind {
            NotificationKind::Notice(notice) => Some(notice.event),
            _ => None,
        })
        .collect();
    assert!(is_broken(&events), "{events:?}");
    reader.mailbox.delivered();
    assert!(reader.client.flow.is_drained());
}

#[tokio::test]
async fn no_more_is_read_at_a_time_than_handlers_have_time_for() {
    let mut reader = Reader::new(b"").await;
    reader.connect();
    let mut peer = reader.accept().await;
    let (one, two) = (text("one"), text("two"));
    peer.write_all(&[&one[..], &two, &one].concat())
        .await
        .unwrap();
    reader.until(|reader| reader.is_watched()).await;
    assert_eq!(reader.read_at_most(one.len() + 1), ["one"]);
    assert_eq!(reader.read_at_most(two.len() - 1), ["two"]);
    assert_eq!(reader.read_at_most(one.len()), ["one"]);
}

#[tokio::test]
async fn whoever_has_waited_for_longest_is_read_next() {
    let read_set = Arc::new(JsReadSet::new().unwrap());
    let mut peers = Vec::new();
    for id in 0..3 {
        let mut reader = Reader::at(read_set.clone(), id, b"").await;
        reader.connect();
        let mut peer = reader.accept().await;
        peer.write_all(&text("hello")).await.unwrap();
        peers.push((peer, reader));
    }
    let mut all = Vec::new();
    let readable = async {
        while all.len() < 3 {
            all.clear();
            read_set.serve(|client| {
                all.push(client.id());
                true
            });
            tokio::task::yield_now().await;
        }
    };
    timeout(DEADLINE, readable).await.unwrap();
    // Nobody reads, so all have something to read all the time.
    let mut served = Vec::new();
    for _ in 0..9 {
        read_set.serve(|client| {
            served.push(client.id());
            false
        });
    }
    let first = &served[..3];
    assert_eq!(first.iter().collect::<HashSet<_>>().len(), 3, "{served:?}");
    assert_eq!(served, first.repeat(3));
}

#[tokio::test]
async fn a_connection_that_javascript_reads_needs_no_driver_until_something_is_to_be_done() {
    let mut reader = Reader::new(b"").await;
    reader.connect();
    let mut peer = reader.accept().await;
    let rests = |reader: &mut Reader| {
        reader.deliver();
        !reader.drivers.is_driving(7)
    };
    reader.until(rests).await;
    peer.write_all(&text("hello")).await.unwrap();
    let mut texts = Vec::new();
    reader
        .until(|reader| {
            texts.extend(reader.read_on_js_thread());
            !texts.is_empty()
        })
        .await;
    assert_eq!(texts, ["hello"]);
    assert!(!reader.drivers.is_driving(7), "to read took no driver");
    // The engine reads what JavaScript does not, and JavaScript goes on.
    reader.client.pause();
    peer.write_all(&text("paused")).await.unwrap();
    let mut texts = Vec::new();
    reader
        .until(|reader| {
            texts.extend(reader.deliver().0);
            !texts.is_empty()
        })
        .await;
    assert_eq!(texts, ["paused"]);
    reader.client.resume();
    reader.until(rests).await;
    // What was left is ended as any connection is.
    let close = Input::Close {
        code: 1000,
        reason: String::new(),
        seen_alive: true,
    };
    reader.client.call(reader.received, close);
    let mut head = [0; 8];
    peer.read_exact(&mut head).await.unwrap();
    assert_eq!(head[0], 0x88);
}

#[tokio::test]
async fn a_client_that_is_paused_while_its_connection_opens_is_not_read_by_javascript() {
    use std::sync::atomic::{AtomicBool, Ordering};

    let mut reader = Reader::new(b"").await;
    reader.connect();
    let _peer = reader.accept().await;
    let over = Arc::new(AtomicBool::new(false));
    let engine = std::thread::spawn({
        let (over, client, read_set) =
            (over.clone(), reader.client.clone(), reader.read_set.clone());
        move || {
            while !over.load(Ordering::Relaxed) {
                read_set.attach(&client);
            }
        }
    });
    let socket = crate::sync::lock(&reader.client.core)
        .write_half
        .socket()
        .cloned()
        .unwrap();
    let mut wrong = 0;
    for _ in 0..200_000 {
        reader.client.pause();
        for _ in 0..50 {
            std::hint::spin_loop();
        }
        wrong += u32::from(socket.read_half().turn.is_javascripts());
        reader.client.paused.store(false, Ordering::Release);
    }
    over.store(true, Ordering::Relaxed);
    engine.join().unwrap();
    assert_eq!(wrong, 0, "a paused client is read by JavaScript");
}
