use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, DuplexStream, duplex};
use tokio::net::TcpListener;

use super::*;
use crate::net::{Nothing, Options, Roots, TlsOptions};

fn options(url: &str) -> ProxyOptions {
    ProxyOptions {
        ws: Some(url.to_owned()),
        wss: None,
        bypass: None,
        headers: Vec::new(),
        auth: None,
        tls: TlsOptions::new(Arc::new(Roots::from_pem([""; 0].iter()))),
    }
}

fn proxy(options: &ProxyOptions) -> Proxy {
    Proxies::parse(options).unwrap().ws.unwrap()
}

fn refusal(options: &ProxyOptions) -> String {
    Proxies::parse(options).err().unwrap().message
}

/// The lines that CONNECT sends besides `Host`.
fn lines(options: &ProxyOptions) -> String {
    match proxy(options).protocol {
        Protocol::Connect { headers, .. } => String::from_utf8(headers).unwrap(),
        Protocol::Socks { .. } => panic!("SOCKS has no lines"),
    }
}

fn localhost(port: u16) -> (Host, u16) {
    (Host::Domain("server.test".to_owned()), port)
}

/// The error of a proxy in words, its code, and its status.
fn told(error: NetError) -> (String, &'static str, Option<u16>) {
    let (message, code) = (error.to_string(), error.code());
    (message, code, error.into_failure().status)
}

/// Answers `answer` to the head of a request, which is returned.
async fn answers(mut far: DuplexStream, answer: &[u8]) -> String {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.push(far.read_u8().await.unwrap());
    }
    far.write_all(answer).await.unwrap();
    String::from_utf8(request).unwrap()
}

/// What CONNECT to `server.test` at this port leads to by such an answer.
async fn connected(port: u16, answer: &[u8]) -> Result<Vec<u8>, NetError> {
    let (mut near, far) = duplex(128 * 1024);
    let asking = connect(&mut near, format!("server.test:{port}"), b"");
    tokio::join!(asking, answers(far, answer)).0
}

#[test]
fn an_error_names_a_proxy_without_its_credentials() {
    let name = |url| proxy(&options(url)).name;
    assert_eq!(name("http://me:secret@p.test"), "http://p.test:80");
    assert_eq!(name("https://p.test"), "https://p.test:443");
    assert_eq!(name("socks5h://me@[::1]:9"), "socks5h://[::1]:9");
    assert_eq!(name("socks4://127.0.0.1"), "socks4://127.0.0.1:1080");
    for url in ["ftp://me:secret@p.test", "http://me:secret@", "me:secret@p"] {
        assert!(!refusal(&options(url)).contains("secret"), "{url}");
    }
}

#[test]
fn a_bad_proxy_is_told_what_is_allowed() {
    assert_eq!(
        refusal(&options("ftp://p.test")),
        "proxy: \"ftp://p.test\" has another scheme; allowed are http:, https:, socks5:, socks5h:, socks4: and socks4a:"
    );
    assert!(refusal(&options("p.test")).ends_with("allowed is a URL like http://host:port"));
    let mut bad = options("http://p.test");
    bad.headers = vec![("X".to_owned(), vec!["a\nb".to_owned()])];
    assert!(refusal(&bad).starts_with("proxy.headers: the value of \"X\""));
    let mut bad = options("https://p.test");
    bad.tls.ca = Some(vec![b"nothing".to_vec()]);
    assert!(refusal(&bad).starts_with("proxy.ca: "), "{}", refusal(&bad));
}

#[test]
fn credentials_go_to_the_proxy_and_own_ones_win() {
    let mut given = options("http://us%40er:pass@p.test");
    let basic = |pair: &str| format!("Proxy-Authorization: {}\r\n", basic(pair.as_bytes()));
    assert_eq!(lines(&given), basic("us@er:pass"));
    given.auth = Some("other:one".to_owned());
    assert_eq!(lines(&given), basic("other:one"));
    let own = (
        "proxy-authorization".to_owned(),
        vec!["Bearer x".to_owned()],
    );
    given.headers = vec![own];
    assert_eq!(lines(&given), "proxy-authorization: Bearer x\r\n");
}

#[test]
fn what_is_bypassed_needs_no_proxy() {
    let mut given = options("http://p.test");
    given.bypass = Some("a.test".to_owned());
    let leads = |given: &ProxyOptions, url| {
        let proxies = Proxies::parse(given).unwrap();
        proxies.between(&Address::parse(url).unwrap()).is_some()
    };
    assert!(leads(&given, "ws://b.test"));
    assert!(!leads(&given, "ws://a.test"));
    assert!(!leads(&given, "ws://localhost"));
    assert!(!leads(&given, "wss://b.test"));
    given.bypass = None;
    assert!(leads(&given, "ws://a.test"));
    assert!(leads(&given, "ws://localhost"));
}

#[tokio::test]
async fn connect_asks_for_host_and_port() {
    let (mut near, far) = duplex(1024);
    let asking = connect(&mut near, "[::1]:8080".to_owned(), b"X: y\r\n");
    let (rest, request) = tokio::join!(asking, answers(far, b"HTTP/1.1 200 OK\r\n\r\n"));
    assert_eq!(rest.unwrap(), b"");
    assert_eq!(
        request,
        "CONNECT [::1]:8080 HTTP/1.1\r\nHost: [::1]:8080\r\nX: y\r\n\r\n"
    );
}

#[tokio::test]
async fn any_2xx_opens_the_tunnel_and_what_follows_is_of_the_tunnel() {
    let answer = b"HTTP/1.0 202 Fine\r\nContent-Length: 99\r\n\r\nabc";
    assert_eq!(connected(443, answer).await.unwrap(), b"abc");
    let answer = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n";
    assert_eq!(connected(443, answer).await.unwrap(), b"");
}

#[tokio::test]
async fn a_refusal_tells_status_and_port() {
    let answer = b"HTTP/1.1 403 Forbidden\r\n\r\n";
    assert_eq!(
        told(connected(8080, answer).await.unwrap_err()),
        (
            "CONNECT to server.test:8080 was refused with 403; many proxies allow port 443 alone"
                .to_owned(),
            "WSR_ERR_PROXY",
            Some(403)
        )
    );
    assert_eq!(
        told(connected(443, answer).await.unwrap_err()).0,
        "CONNECT to server.test:443 was refused with 403"
    );
}

#[tokio::test]
async fn a_407_asks_for_credentials() {
    let answer =
        b"HTTP/1.1 407 No\r\nProxy-Authenticate: Negotiate\r\nProxy-Authenticate: NTLM abc\r\n\r\n";
    assert_eq!(
        told(connected(443, answer).await.unwrap_err()),
        (
            "CONNECT to server.test:443 was refused with 407: the proxy wants credentials, or others, by Negotiate, NTLM; only Basic is supported"
                .to_owned(),
            "WSR_ERR_PROXY_AUTH",
            Some(407)
        )
    );
}

#[tokio::test]
async fn an_answer_that_is_none_is_told() {
    let told_of = async |answer: &[u8]| told(connected(443, answer).await.unwrap_err());
    let (message, code, _) = told_of(b"SSH-2.0-x\r\n").await;
    assert_eq!(code, "WSR_ERR_PROXY");
    assert_eq!(
        message,
        "CONNECT to server.test:443 failed: The server's answer is not HTTP: it does not begin with HTTP/1."
    );
    let endless = [b"HTTP/1.1 200 OK\r\nX: ".to_vec(), vec![b'x'; 70_000]].concat();
    assert_eq!(told_of(&endless).await.1, "WSR_ERR_PROXY");
    assert_eq!(told_of(b"HTTP/1.1 200").await.1, "ECONNRESET");
}

/// What is expected, and what is answered to it.
type Script = Vec<(Vec<u8>, Vec<u8>)>;

async fn speaks(mut far: DuplexStream, script: Script) -> DuplexStream {
    for (expected, answer) in script {
        let mut came = vec![0; expected.len()];
        far.read_exact(&mut came).await.unwrap();
        assert_eq!(came, expected);
        far.write_all(&answer).await.unwrap();
    }
    far
}

const DONE_5: [u8; 10] = [5, 0, 0, 1, 0, 0, 0, 0, 0, 0];

#[tokio::test]
async fn socks_5_takes_a_name_and_a_password() {
    let (near, far) = duplex(1024);
    let (host, port) = localhost(0x1234);
    let pair = ("me".to_owned(), "pass".to_owned());
    let request = [&[5, 1, 0, 3, 11][..], b"server.test", &[0x12, 0x34]].concat();
    let script = vec![
        (vec![5, 2, 0, 2], vec![5, 2]),
        (b"\x01\x02me\x04pass".to_vec(), vec![1, 0]),
        (request, [&DONE_5[..], b"abc"].concat()),
    ];
    let asking = socks(near, SocksVersion::V5, &host, port, Some(&pair));
    let (stream, _far) = tokio::join!(asking, speaks(far, script));
    let mut first = [0; 3];
    stream.unwrap().read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"abc");
}

#[tokio::test]
async fn socks_4_takes_an_address_and_4a_a_name() {
    let cases = [
        (
            Host::Ipv4([10, 0, 0, 1].into()),
            vec![4, 1, 0, 80, 10, 0, 0, 1, 0],
        ),
        (
            Host::Domain("a.test".to_owned()),
            b"\x04\x01\x00\x50\x00\x00\x00\x01\x00a.test\x00".to_vec(),
        ),
    ];
    for (host, request) in cases {
        let (near, far) = duplex(1024);
        let script = vec![(request, vec![0, 90, 0, 0, 0, 0, 0, 0])];
        let asking = socks(near, SocksVersion::V4, &host, 80, None);
        tokio::join!(asking, speaks(far, script)).0.unwrap();
    }
}

#[tokio::test]
async fn what_a_socks_proxy_refuses_is_told() {
    let cases = [
        (vec![(vec![5, 1, 0], vec![5, 0xff])], "WSR_ERR_PROXY_AUTH"),
        (
            vec![
                (vec![5, 1, 0], vec![5, 0]),
                (vec![5, 1, 0, 3], vec![5, 2, 0, 1, 0, 0, 0, 0, 0, 0]),
            ],
            "WSR_ERR_PROXY",
        ),
        (
            vec![(vec![5, 1, 0], b"HTTP/1.1 400".to_vec())],
            "WSR_ERR_PROXY",
        ),
    ];
    for (script, expected) in cases {
        let (near, far) = duplex(1024);
        let (host, port) = localhost(80);
        let asking = socks(near, SocksVersion::V5, &host, port, None);
        let (answered, _far) = tokio::join!(asking, speaks(far, script));
        let (message, code, _) = told(answered.err().unwrap());
        assert_eq!(code, expected, "{message}");
        assert!(message.starts_with("SOCKS to server.test:80 "), "{message}");
    }
    let (near, far) = duplex(1024);
    drop(far);
    let (host, port) = localhost(80);
    let gone = socks(near, SocksVersion::V5, &host, port, None).await;
    assert!(matches!(gone, Err(NetError::HungUp | NetError::Io { .. })));
}

/// The error of an attempt by a proxy at this URL, which has 50 ms.
async fn reached(proxy_url: &str) -> (String, &'static str, Option<u16>) {
    let mut url = Options::new(
        "ws://server.test",
        Arc::new(Roots::from_pem([""; 0].iter())),
    );
    url.proxy = Some(options(proxy_url));
    url.handshake_timeout = Duration::from_millis(50);
    let target = crate::net::Target::parse(url).unwrap();
    told(target.reach(None, &Nothing::shared()).await.err().unwrap())
}

#[tokio::test]
async fn the_time_limit_counts_the_proxy_in_and_says_so() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = silent.local_addr().unwrap();
    for (scheme, stage) in [
        ("http", "waiting for the proxy's answer"),
        ("https", "in the TLS handshake with the proxy"),
        ("socks5h", "waiting for the proxy's answer"),
    ] {
        let (message, code, _) = reached(&format!("{scheme}://me:secret@{at}")).await;
        assert_eq!(code, "WSR_ERR_HANDSHAKE_TIMEOUT");
        assert_eq!(
            message,
            format!("Opening handshake has timed out after 50 ms {stage} (proxy {scheme}://{at})")
        );
    }
}

#[tokio::test]
async fn a_proxy_that_is_not_there_is_named() {
    let unused = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = unused.local_addr().unwrap();
    drop(unused);
    let (message, code, _) = reached(&format!("http://{at}")).await;
    assert_eq!(code, "ECONNREFUSED");
    assert_eq!(
        message,
        format!("connect ECONNREFUSED {at} (proxy http://{at})")
    );
}
