//! Both threads at one connection, over a socket of this machine. The engine's thread is the one that runs in a process,
//! JavaScript's is the test's.

use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Instant as Clock;

use tungstenite::protocol::Role;
use tungstenite::{Error, Message, WebSocket};

use super::*;

const DEADLINE: Duration = Duration::from_secs(60);

/// Messages of one connection.
const MESSAGES: u32 = 10_000;

/// Messages under way at most.
const UNDER_WAY: u32 = 400;

struct Socket(std::net::SocketAddr);

impl Dial for Socket {
    fn dial(self: Arc<Self>, _: usize, _: Option<Duration>, _: Arc<dyn Outside>) -> DialFuture {
        let address = self.0;
        Box::pin(async move {
            let stream = tokio::net::TcpStream::connect(address).await.unwrap();
            Ok(wired(Stream::Tcp(stream), Vec::new()))
        })
    }
}

/// Sends back each message, until the close frame. How many there were.
fn echo(stream: TcpStream) -> u32 {
    let mut socket = WebSocket::from_raw_socket(stream, Role::Server, None);
    let mut count = 0;
    loop {
        match socket.read() {
            Ok(message @ Message::Text(_)) => {
                count += 1;
                socket.send(message).unwrap();
            }
            Ok(_) => {}
            Err(Error::ConnectionClosed) => return count,
            Err(error) => panic!("{error}"),
        }
    }
}

/// Chance, the same at each run.
struct Chance(u32);

impl Chance {
    fn below(&mut self, limit: u32) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 16) % limit
    }
}

/// What JavaScript's thread has.
struct JavaScript {
    client: Arc<Client>,
    read_set: Option<Arc<JsReadSet<Client>>>,
    mailbox: Arc<Mailbox>,
    /// Messages that were delivered, which are numbers in order.
    delivered: u32,
    notices: u64,
    is_open: bool,
    is_closed: bool,
}

impl JavaScript {
    fn deliver(&mut self, text: &str) {
        assert_eq!(text, self.delivered.to_string());
        self.delivered += 1;
    }

    /// Delivers what is in the mailbox.
    fn take(&mut self) {
        if let Some(read_set) = &self.read_set {
            read_set.reclaim();
        }
        for notification in self.mailbox.take().0 {
            match notification.kind {
                NotificationKind::Messages(batch) => {
                    let mut bytes = &batch.bytes[..];
                    for length in batch.lengths {
                        let (text, rest) = bytes.split_at(length);
                        self.deliver(std::str::from_utf8(text).unwrap());
                        bytes = rest;
                    }
                }
                NotificationKind::Notice(notice) => {
                    self.notices += 1;
                    self.is_open |= matches!(notice.event, Event::Open { .. });
                    self.is_closed |= matches!(notice.event, Event::Close(_));
                }
                NotificationKind::Agreed { .. }
                | NotificationKind::Delivery(_)
                | NotificationKind::Drain
                | NotificationKind::Need { .. }
                | NotificationKind::PipeNews { .. } => {}
            }
        }
        self.mailbox.delivered();
    }

    /// Reads by itself, where it has the turn.
    fn read(&mut self, most: usize) {
        let Some(read_set) = self.read_set.clone() else {
            return;
        };
        read_set.serve(|client| {
            let mut texts = Vec::new();
            let read = client.read_on_js_thread(most, |message| match message {
                Incoming::Text(text) => texts.push(text.into_owned()),
                Incoming::Binary(_) | Incoming::Ping(_) | Incoming::Pong(_) => panic!("no text"),
            });
            for text in &texts {
                self.deliver(text);
            }
            if read.is_some() {
                client.delivered_on_js_thread();
            }
            true
        });
    }

    fn until(&mut self, what: &str, mut step: impl FnMut(&mut JavaScript) -> bool) {
        let start = Clock::now();
        while !step(self) {
            assert!(start.elapsed() < DEADLINE, "no {what}: {}", self.delivered);
        }
    }
}

/// The guard of the read set finds JavaScript busy, again and again.
async fn take_over_again_and_again(client: Arc<Client>, read_set: Arc<JsReadSet<Client>>) {
    loop {
        if client.take_over() {
            read_set.enqueue(&client);
        }
        tokio::task::yield_now().await;
    }
}

#[test]
fn messages_keep_their_order_both_ways_while_the_threads_take_turns() {
    let runtime = Runtime::shared().unwrap();
    for seed in 0..3 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let peer = thread::spawn(move || echo(listener.accept().unwrap().0));
        let read_set = JsReadSet::new().ok().map(Arc::new);
        let mailbox = Arc::new(Mailbox::new(|| {}));
        let drivers = Drivers::new();
        let client = Arc::new(Client::new(Setup {
            id: 1,
            home: 1,
            settings: Arc::new(Settings {
                heartbeat: off(),
                close_timeout: DEADLINE,
                connect_rate: None,
                ..settings()
            }),
            heartbeat: Arc::new(String::new()),
            route: Arc::new(Socket(address)),
            mailbox: mailbox.clone(),
            agenda: drivers.agenda().clone(),
            watchdog: Arc::default(),
            read_set: read_set.clone(),
            fast_paths: FastPaths::default(),
            delivery: Arc::default(),
            marks: Marks::default(),
        }));
        drivers.add(client.clone());
        let mut tasks = vec![runtime.handle().spawn(drivers.clone().run())];
        if let Some(read_set) = &read_set {
            let taking = take_over_again_and_again(client.clone(), read_set.clone());
            tasks.push(runtime.handle().spawn(taking));
        }
        let mut chance = Chance(seed);
        let mut javascript = JavaScript {
            client: client.clone(),
            read_set,
            mailbox,
            delivered: 0,
            notices: 0,
            is_open: false,
            is_closed: false,
        };
        client.connect(0);
        javascript.until("open", |javascript| {
            javascript.take();
            javascript.is_open
        });
        let mut sent = 0;
        javascript.until("echo", |javascript| {
            match chance.below(8) {
                0..3 => {
                    let count = chance.below(20).min(MESSAGES - sent);
                    for _ in 0..count.min(javascript.delivered + UNDER_WAY - sent) {
                        let text = sent.to_string();
                        client.send(Payload::Text(&text), true).unwrap();
                        sent += 1;
                    }
                }
                3..5 => javascript.take(),
                5..7 => javascript.read(1 + chance.below(100) as usize),
                _ if chance.below(4) == 0 => javascript.client.pause(),
                _ => javascript.client.resume(),
            }
            javascript.delivered == MESSAGES
        });
        client.resume();
        let close = Input::Close {
            code: 1000,
            reason: String::new(),
            seen_alive: true,
        };
        client.call(javascript.notices, close);
        javascript.until("close", |javascript| {
            javascript.read(usize::MAX);
            javascript.take();
            javascript.is_closed
        });
        assert_eq!(peer.join().unwrap(), MESSAGES);
        drivers.remove(1);
        for task in tasks {
            task.abort();
        }
    }
}
