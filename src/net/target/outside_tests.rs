//! Connections that the program outside makes.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::*;
use crate::net::outside::Server;
use crate::net::{Answer, Need, PipeEnd, ProxyOptions, Roots, TlsOptions};
use crate::policy::Failure;

/// What it is asked for, a test answers.
struct Program {
    needs: UnboundedSender<Need>,
    news: Notify,
    has_to_connect: bool,
}

impl Outside for Program {
    fn ask(&self, need: Need) {
        self.needs.send(need).map_err(|_| ()).unwrap();
    }

    fn tell(&self, _: u32) {
        self.news.notify_one();
    }

    fn has_to_connect(&self, _: &str) -> bool {
        self.has_to_connect
    }

    fn let_connect(&self, _: String) {}
}

impl Program {
    /// What the engine has written to a socket, up to `end`.
    async fn written(&self, socket: &PipeEnd, end: &str) -> String {
        let mut written = Vec::new();
        while !written.ends_with(end.as_bytes()) {
            let mut news = socket.look(true);
            if news.bytes.is_empty() {
                self.news.notified().await;
            }
            written.append(&mut news.bytes);
        }
        String::from_utf8(written).unwrap()
    }
}

/// The need for a socket.
struct Asked {
    server: Server,
    end: PipeEnd,
    tunnel: Option<PipeEnd>,
    answer: Answer<RequestChanges>,
}

/// An attempt that is under way.
struct Attempt {
    program: Arc<Program>,
    needs: UnboundedReceiver<Need>,
    reaching: JoinHandle<Result<Reached, NetError>>,
}

impl Attempt {
    fn start(url: &str, maker: Maker, set: impl FnOnce(&mut Options)) -> Attempt {
        let roots = Arc::new(Roots::from_pem([""; 0].iter()));
        let mut options = Options::new(url, roots);
        options.maker = maker;
        set(&mut options);
        let target = Target::parse(options).unwrap();
        let (sender, needs) = unbounded_channel();
        let program = Arc::new(Program {
            needs: sender,
            news: Notify::new(),
            has_to_connect: maker == Maker::EngineFirst,
        });
        let outside: Arc<dyn Outside> = program.clone();
        let reaching = tokio::spawn(async move { target.reach(None, &outside).await });
        Attempt {
            program,
            needs,
            reaching,
        }
    }

    async fn asked(&mut self) -> Asked {
        match self.needs.recv().await.unwrap() {
            Need::Socket {
                server,
                end,
                tunnel,
                answer,
            } => Asked {
                server,
                end,
                tunnel,
                answer,
            },
            Need::Addresses { host, .. } => panic!("the addresses of {host} are asked for"),
        }
    }

    /// The request, which is granted.
    async fn upgrade(&self, end: &PipeEnd) -> String {
        let request = self.program.written(end, "\r\n\r\n").await;
        let mut lines = request.lines();
        let key = lines.find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "));
        let accept = derive_accept_key(key.unwrap().as_bytes());
        let answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {accept}\r\n\r\nframes"
        );
        end.push(answer.as_bytes());
        request
    }

    async fn failure(self) -> Failure {
        let reached = self.reaching.await.unwrap();
        reached.err().unwrap().into_failure()
    }
}

#[tokio::test]
async fn a_server_is_reached_over_a_connection_that_the_program_makes() {
    let url = "wss://example.com:8443/chat?room=1";
    let mut attempt = Attempt::start(url, Maker::Outside, |_| ());
    let Asked {
        server,
        end,
        tunnel,
        answer,
    } = attempt.asked().await;
    assert_eq!((server.host.as_str(), server.port), ("example.com", 8443));
    assert_eq!(server.authority, "example.com:8443");
    assert_eq!(server.resource, "/chat?room=1");
    assert!(server.is_secure && !server.is_fallback);
    assert!(server.socket.is_none() && tunnel.is_none());
    // Nothing is written before it is open.
    assert!(end.look(true).bytes.is_empty());
    answer.give(Ok(RequestChanges::default()));
    let request = attempt.upgrade(&end).await;
    assert!(request.starts_with("GET /chat?room=1 HTTP/1.1\r\nHost: example.com:8443\r\n"));
    let Reached {
        mut stream,
        mut head,
        status,
        ..
    } = attempt.reaching.await.unwrap().unwrap();
    assert_eq!(status, 101);
    end.push(b" and more");
    end.finish();
    stream.read_to_end(&mut head).await.unwrap();
    assert_eq!(head, b"frames and more");
    stream.write_all(b"ours").await.unwrap();
    assert_eq!(attempt.program.written(&end, "ours").await, "ours");
    drop(stream);
    assert!(end.look(true).is_gone);
}

#[tokio::test]
async fn a_request_is_as_the_one_who_forwards_it_wants_it() {
    let mut attempt = Attempt::start("ws://[::1]:81/chat", Maker::Custom, |_| ());
    let asked = attempt.asked().await;
    assert_eq!(asked.server.host, "::1");
    assert!(!asked.server.is_secure);
    asked.answer.give(Ok(RequestChanges {
        resource: Some("http://[::1]:81/chat".to_owned()),
        headers: vec![("Proxy-Authorization".to_owned(), "Basic eA==".to_owned())],
    }));
    let request = attempt.upgrade(&asked.end).await;
    assert!(request.starts_with("GET http://[::1]:81/chat HTTP/1.1\r\n"));
    assert!(request.contains("Proxy-Authorization: Basic eA==\r\n"));
    assert!(attempt.reaching.await.unwrap().is_ok());
}

#[tokio::test]
async fn the_program_speaks_tls_over_the_tunnel_of_a_proxy() {
    let proxy = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let by = format!("http://{}", proxy.local_addr().unwrap());
    let mut attempt = Attempt::start("wss://example.com/", Maker::Outside, |options| {
        options.proxy = Some(ProxyOptions {
            ws: None,
            wss: Some(by),
            bypass: None,
            headers: Vec::new(),
            auth: None,
            tls: TlsOptions::new(options.tls.roots.clone()),
        });
    });
    let (mut server, _) = proxy.accept().await.unwrap();
    let mut connect = Vec::new();
    while !connect.ends_with(b"\r\n\r\n") {
        connect.push(server.read_u8().await.unwrap());
    }
    assert!(connect.starts_with(b"CONNECT example.com:443 HTTP/1.1\r\n"));
    let granted = b"HTTP/1.1 200 OK\r\n\r\nserver hello";
    server.write_all(granted).await.unwrap();
    let asked = attempt.asked().await;
    let tunnel = asked.tunnel.unwrap();
    let hello = attempt.program.written(&tunnel, "server hello").await;
    assert_eq!(hello, "server hello");
    tunnel.push(b"client hello");
    let mut read = [0; 12];
    server.read_exact(&mut read).await.unwrap();
    assert_eq!(&read, b"client hello");
    asked.answer.give(Ok(RequestChanges::default()));
    attempt.upgrade(&asked.end).await;
    let reached = attempt.reaching.await.unwrap().unwrap();
    assert_eq!(reached.head, b"frames");
    // The tunnel ends with the program's end of it.
    drop(tunnel);
    assert_eq!(server.read(&mut read).await.unwrap(), 0);
}

#[tokio::test]
async fn a_connection_that_the_program_cannot_make_fails_as_it_says() {
    let mut attempt = Attempt::start("wss://example.com/", Maker::Outside, |_| ());
    let asked = attempt.asked().await;
    asked.answer.give(Err(Failure {
        message: "self-signed certificate".to_owned(),
        code: Some("DEPTH_ZERO_SELF_SIGNED_CERT".to_owned()),
        ..Failure::default()
    }));
    let failure = attempt.failure().await;
    assert_eq!(failure.message, "self-signed certificate");
    assert_eq!(failure.code.as_deref(), Some("DEPTH_ZERO_SELF_SIGNED_CERT"));
    assert!(asked.end.look(true).is_gone);
}

#[tokio::test]
async fn a_need_that_is_dropped_has_failed() {
    let mut attempt = Attempt::start("wss://example.com/", Maker::Outside, |_| ());
    drop(attempt.asked().await);
    let failure = attempt.failure().await;
    assert_eq!(failure.code.as_deref(), Some("WSR_ERR_FUNCTION"));
}

#[tokio::test]
async fn a_program_that_does_not_answer_has_no_more_time_than_the_attempt() {
    let limit = Duration::from_millis(20);
    let mut attempt = Attempt::start("wss://example.com/", Maker::Outside, |options| {
        options.handshake_timeout = limit;
    });
    let asked = attempt.asked().await;
    let failure = attempt.failure().await;
    assert_eq!(failure.code.as_deref(), Some("WSR_ERR_HANDSHAKE_TIMEOUT"));
    assert!(asked.end.look(true).is_gone);
    // Nobody hears it.
    asked.answer.give(Ok(RequestChanges::default()));
}

#[tokio::test]
async fn the_program_is_told_that_it_takes_the_place_of_the_engine() {
    let mut attempt = Attempt::start("wss://example.com/", Maker::EngineFirst, |_| ());
    let asked = attempt.asked().await;
    assert!(asked.server.is_fallback);
    asked.answer.give(Ok(RequestChanges::default()));
    attempt.upgrade(&asked.end).await;
    assert!(attempt.reaching.await.unwrap().is_ok());
}
