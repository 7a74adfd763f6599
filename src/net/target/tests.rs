use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::*;
use crate::net::{Nothing, Roots};
use crate::policy::{Failure, Message};

fn options(url: &str) -> Options {
    Options::new(url, Arc::new(Roots::from_pem([""; 0].iter())))
}

async fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    (listener, url)
}

async fn read_request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        bytes.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(bytes).unwrap()
}

/// Gives each connection the next of `answers`, `ACCEPT` in it replaced by the right key, and
/// returns the requests.
fn serve(listener: TcpListener, answers: Vec<String>) -> JoinHandle<Vec<String>> {
    tokio::spawn(async move {
        let mut requests = Vec::new();
        for answer in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            let request = read_request(&mut stream).await;
            let key = request
                .lines()
                .find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "))
                .unwrap();
            let answer = answer.replace("ACCEPT", &derive_accept_key(key.as_bytes()));
            stream.write_all(answer.as_bytes()).await.unwrap();
            requests.push(request);
        }
        requests
    })
}

const UPGRADE: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: ACCEPT\r\n\r\n";

fn redirect(status: u16, to: &str) -> String {
    format!("HTTP/1.1 {status} X\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n")
}

#[test]
fn protocols_are_distinct_tokens() {
    let message = |protocols: &[&str]| {
        let mut options = options("ws://x");
        options.protocols = protocols
            .iter()
            .map(|&protocol| protocol.to_owned())
            .collect();
        Target::parse(options).err().map(|error| error.message)
    };
    assert_eq!(message(&["a", "A", "graphql-transport-ws"]), None);
    assert!(
        message(&["a", "a"])
            .unwrap()
            .starts_with("protocols: [1] is given twice")
    );
    assert!(
        message(&["v1", "bearer secret"])
            .unwrap()
            .starts_with("protocols: [1] is no subprotocol: it has a ' '; letters")
    );
    for bad in ["", "a b", "a,b", "a\r\nb", "ä"] {
        assert!(
            message(&[bad]).unwrap().contains("is no subprotocol"),
            "{bad:?}"
        );
    }
}

#[test]
fn options_are_checked_before_there_is_a_url() {
    let mut options = options("");
    assert!(CheckedOptions::parse(options.clone()).is_ok());
    options.protocols = vec!["a b".into()];
    let bad = CheckedOptions::parse(options)
        .err()
        .expect("it is no subprotocol");
    assert_eq!(bad.option, "protocols");
}

#[tokio::test]
async fn a_target_is_reached_with_what_came_behind_the_answer() {
    let (listener, url) = listener().await;
    let server = serve(listener, vec![UPGRADE.to_owned() + "frames"]);
    let reached = Target::parse(options(&url))
        .unwrap()
        .reach(None, &Nothing::shared())
        .await
        .unwrap();
    let mut head = reached.head;
    let mut stream = reached.stream;
    stream.read_to_end(&mut head).await.unwrap();
    assert_eq!(
        (reached.status, head.as_slice()),
        (101, b"frames".as_slice())
    );
    let requests = server.await.unwrap();
    assert!(requests[0].starts_with("GET / HTTP/1.1\r\nHost: 127.0.0.1:"));
}

#[tokio::test]
async fn a_refused_upgrade_tells_status_and_headers() {
    let (listener, url) = listener().await;
    let server = serve(
        listener,
        vec!["HTTP/1.1 503 Busy\r\nRetry-After: 1\r\n\r\n".to_owned()],
    );
    let failure = Target::parse(options(&url))
        .unwrap()
        .reach(None, &Nothing::shared())
        .await
        .err()
        .unwrap()
        .into_failure();
    assert_eq!(failure.message, "Unexpected server response: 503");
    assert_eq!(failure.code.as_deref(), Some("WSR_ERR_HANDSHAKE"));
    assert_eq!(
        failure.headers,
        [("retry-after".to_owned(), "1".to_owned())]
    );
    server.await.unwrap();
}

/// How an attempt fails where the server's answer begins so and the connection stays open, and after how long.
async fn refusal(answer: String, set: impl FnOnce(&mut Options)) -> (Failure, Duration) {
    let (listener, url) = listener().await;
    let served = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let request = read_request(&mut stream).await;
        let answer = answer.replace("REQUEST", &request);
        stream.write_all(answer.as_bytes()).await.unwrap();
        stream
    });
    let mut options = options(&url);
    set(&mut options);
    let target = Target::parse(options).unwrap();
    let started = tokio::time::Instant::now();
    let error = target.reach(None, &Nothing::shared()).await.err().unwrap();
    let after = started.elapsed();
    drop(served.await.unwrap());
    (error.into_failure(), after)
}

fn text(text: &str) -> Option<Message> {
    Some(Message::Text(text.to_owned()))
}

#[tokio::test]
async fn a_refused_upgrade_tells_its_body() {
    let whole = "HTTP/1.1 401 No\r\nContent-Length: 4\r\n\r\nwhy?next";
    let (failure, after) = refusal(whole.to_owned(), |_| ()).await;
    assert_eq!(failure.body, text("why?"));
    assert!(after < Duration::from_millis(900), "{after:?}");
    let endless = "HTTP/1.1 401 No\r\n\r\nbecause";
    let (failure, after) = refusal(endless.to_owned(), |_| ()).await;
    assert_eq!((failure.status, failure.body), (Some(401), text("because")));
    assert!(after >= BODY_TIME, "{after:?}");
}

#[tokio::test]
async fn a_body_takes_no_longer_than_the_attempt_has() {
    let endless = "HTTP/1.1 401 No\r\n\r\nbecause".to_owned();
    let limit = Duration::from_millis(200);
    let (failure, after) = refusal(endless, |o| o.handshake_timeout = limit).await;
    assert_eq!((failure.status, failure.body), (Some(401), text("because")));
    assert!(after < BODY_TIME, "{after:?}");
}

#[tokio::test]
async fn a_body_does_not_give_the_credentials_back() {
    let echo =
        "HTTP/1.1 404 No\r\nConnection: close\r\nContent-Length: 5000\r\n\r\nREQUEST".to_owned();
    let (failure, _) = refusal(echo, |options| {
        options.headers = vec![
            (
                "Authorization".to_owned(),
                vec!["Bearer t0ken-of-mine".to_owned()],
            ),
            ("Cookie".to_owned(), vec!["session=12345678".to_owned()]),
            ("X-Other".to_owned(), vec!["to be seen".to_owned()]),
        ];
    })
    .await;
    let Some(Message::Text(body)) = failure.body else {
        panic!("no body")
    };
    assert!(body.contains("to be seen"), "{body}");
    assert!(
        !body.contains("t0ken") && !body.contains("12345678"),
        "{body}"
    );
    let echo = "HTTP/1.1 404 No\r\nContent-Length: 5000\r\n\r\nREQUEST".to_owned();
    let auth = Some("user:password".to_owned());
    let (failure, _) = refusal(echo, |options| options.auth = auth).await;
    let Some(Message::Text(body)) = failure.body else {
        panic!("no body")
    };
    assert!(!body.contains("dXNlcjpwYXNzd29yZA"), "{body}");
}

#[tokio::test]
async fn a_redirect_is_followed_only_when_asked_for() {
    let (listener, url) = listener().await;
    let server = serve(
        listener,
        vec![
            redirect(302, "/there"),
            redirect(308, "/there?x"),
            UPGRADE.to_owned(),
        ],
    );
    let mut options = options(&url);
    options.auth = Some("a:b".to_owned());
    let target = Target::parse(options.clone()).unwrap();
    let refused = target.reach(None, &Nothing::shared()).await.err().unwrap();
    assert_eq!(refused.to_string(), "Unexpected server response: 302");
    options.follow_redirects = true;
    Target::parse(options)
        .unwrap()
        .reach(None, &Nothing::shared())
        .await
        .unwrap();
    let requests = server.await.unwrap();
    assert!(requests[2].starts_with("GET /there?x HTTP/1.1\r\n"));
    assert!(
        requests[2].contains("Authorization: Basic YTpi\r\n"),
        "the same host keeps its credentials"
    );
}

#[tokio::test]
async fn another_host_is_not_told_the_credentials() {
    let (first, url) = listener().await;
    let (second, other) = listener().await;
    let leading = serve(first, vec![redirect(307, &other.replace("ws:", "http:"))]);
    let led = serve(second, vec![UPGRADE.to_owned()]);
    let mut options = options(&url.replace("ws://", "ws://user:secret@"));
    let secret = |name: &str| (name.to_owned(), vec!["secret=1".to_owned()]);
    options.headers = [
        "cookie",
        "Proxy-Authorization",
        "X-Api-Key",
        "X-CSRF-Token",
        "Session-Id",
    ]
    .map(secret)
    .to_vec();
    options.follow_redirects = true;
    Target::parse(options)
        .unwrap()
        .reach(None, &Nothing::shared())
        .await
        .unwrap();
    let (leading, led) = (leading.await.unwrap(), led.await.unwrap());
    assert!(leading[0].contains("Authorization: Basic") && leading[0].contains("secret=1"));
    assert!(
        !led[0].contains("Authorization") && !led[0].contains("secret"),
        "{}",
        led[0]
    );
}

#[test]
fn who_came_by_a_socket_confides_in_that_alone() {
    let mut options = options("ws://localhost/");
    options.socket_path = Some("/run/app.sock".to_owned());
    let target = Target::parse(options).unwrap();
    let there = target.address.redirected("/there").unwrap();
    assert_eq!(target.confidence(&there), Confidence::Full);
    let away = there.redirected("ws://elsewhere/").unwrap();
    let back = away.redirected("ws://localhost/").unwrap();
    assert_eq!(target.confidence(&back), Confidence::Stranger);
}

#[tokio::test]
async fn redirects_end_at_their_maximum_and_at_bad_urls() {
    let (listener, url) = listener().await;
    let server = serve(
        listener,
        vec![
            redirect(301, "/"),
            redirect(303, "/"),
            redirect(302, "ftp://x"),
            redirect(302, ""),
        ],
    );
    let mut options = options(&url);
    options.follow_redirects = true;
    options.max_redirects = 1;
    let target = Target::parse(options).unwrap();
    assert_eq!(
        target
            .reach(None, &Nothing::shared())
            .await
            .err()
            .unwrap()
            .to_string(),
        "Maximum redirects exceeded"
    );
    let error = target.reach(None, &Nothing::shared()).await.err().unwrap();
    assert_eq!(
        error.to_string(),
        "The server redirects to \"ftp://x\", which is no WebSocket URL"
    );
    let error = target.reach(None, &Nothing::shared()).await.err().unwrap();
    assert_eq!(
        error.to_string(),
        "The server redirects to \"\", which is no WebSocket URL"
    );
    server.await.unwrap();
}

#[tokio::test]
async fn a_silent_server_is_given_up_after_the_timeout() {
    let (listener, url) = listener().await;
    let mut options = options(&url);
    options.handshake_timeout = Duration::from_millis(20);
    let error = Target::parse(options)
        .unwrap()
        .reach(None, &Nothing::shared())
        .await
        .err()
        .unwrap();
    assert_eq!(error.code(), "WSR_ERR_HANDSHAKE_TIMEOUT");
    assert_eq!(
        error.to_string(),
        "Opening handshake has timed out after 20 ms waiting for the server's answer to the upgrade"
    );
    drop(listener);
}

#[tokio::test]
async fn a_dropped_attempt_closes_its_connection() {
    let (listener, url) = listener().await;
    let target = Target::parse(options(&url)).unwrap();
    let attempt =
        tokio::spawn(async move { target.reach(None, &Nothing::shared()).await.map(drop) });
    let (mut stream, _) = listener.accept().await.unwrap();
    read_request(&mut stream).await;
    attempt.abort();
    assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
}

#[tokio::test]
async fn an_attempt_ends_with_the_shorter_of_its_two_limits() {
    let (listener, url) = listener().await;
    let mut options = options(&url);
    options.handshake_timeout = Duration::from_secs(60);
    let target = Target::parse(options).unwrap();
    let error = target
        .reach(Some(Duration::from_millis(20)), &Nothing::shared())
        .await
        .err();
    assert_eq!(
        error.unwrap().to_string(),
        "Opening handshake has timed out after 20 ms waiting for the server's answer to the upgrade"
    );
    drop(listener);
}

#[tokio::test]
async fn a_server_that_hangs_up_is_told_as_node_tells_it() {
    let (listener, url) = listener().await;
    let server = serve(listener, vec![String::new()]);
    let failure = Target::parse(options(&url))
        .unwrap()
        .reach(None, &Nothing::shared())
        .await
        .err()
        .unwrap()
        .into_failure();
    assert_eq!(
        (failure.message.as_str(), failure.code.as_deref()),
        ("socket hang up", Some("ECONNRESET"))
    );
    server.await.unwrap();
}
