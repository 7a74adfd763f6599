//! The upgrade from HTTP to WebSocket (RFC 6455, 4), checked whole.
//!
//! Written here and not left to tungstenite, whose handshake tells nothing of a refused one but its
//! status, normalizes the request's headers and has no bound on the time or size of an answer.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_tungstenite::tungstenite::handshake::{client::generate_key, derive_accept_key};

use super::headers::line;
use super::{HandshakeFault, NetError};

/// Bytes of one answer up to its blank line.
const MAX_HEAD: usize = 64 * 1024;
const MAX_HEADERS: usize = 128;
/// Enough for the answers of most servers in one read.
const FIRST_READ: usize = 1024;

/// What to ask for.
pub(super) struct Ask<'a> {
    pub resource: &'a str,
    /// The lines of the headers that the handshake does not own.
    pub headers: &'a [u8],
    pub protocols: &'a [String],
    pub extensions: Option<&'a str>,
}

/// What the server answered.
#[derive(Debug)]
pub(super) enum Answer {
    Upgraded(Upgrade),
    /// A whole and well-formed answer that is no upgrade.
    Refused(Response),
}

#[derive(Debug)]
pub(super) struct Upgrade {
    pub response: Response,
    /// The subprotocol, empty when none was asked for.
    pub protocol: String,
    pub extensions: Option<String>,
    /// What arrived after the blank line.
    pub rest: Vec<u8>,
}

#[derive(Debug)]
pub(super) struct Response {
    pub status: u16,
    /// In their order, names in lower case as Node has them, values read as latin-1.
    pub headers: Vec<(String, String)>,
}

impl Response {
    /// The value of a header, those of several lines joined, as RFC 9110, 5.3 reads them.
    pub fn header(&self, name: &str) -> Option<String> {
        let mut values = self
            .headers
            .iter()
            .filter(|(n, _)| n == name)
            .map(|(_, value)| value.as_str());
        let first = values.next()?.to_owned();
        Some(values.fold(first, |all, value| all + ", " + value))
    }

    pub fn into_error(self, fault: HandshakeFault) -> NetError {
        NetError::Handshake {
            fault,
            status: Some(self.status),
            headers: self.headers,
        }
    }
}

/// Asks `stream` to upgrade, with a fresh key.
pub(super) async fn upgrade<S>(stream: &mut S, ask: &Ask<'_>) -> Result<Answer, NetError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let key = generate_key();
    let written = async {
        stream.write_all(&request(ask, &key)).await?;
        stream.flush().await
    };
    written
        .await
        .map_err(|error| NetError::from_io("write", error))?;
    let (response, rest) = read_response(stream).await?;
    if response.status != 101 {
        return Ok(Answer::Refused(response));
    }
    match check(&response, ask, &key) {
        Ok(protocol) => {
            let extensions = response.header("sec-websocket-extensions");
            Ok(Answer::Upgraded(Upgrade {
                response,
                protocol,
                extensions,
                rest,
            }))
        }
        Err(fault) => Err(response.into_error(fault)),
    }
}

fn request(ask: &Ask<'_>, key: &str) -> Vec<u8> {
    let mut request = format!("GET {} HTTP/1.1\r\n", ask.resource).into_bytes();
    request.extend_from_slice(ask.headers);
    line(&mut request, "Connection", b"Upgrade");
    line(&mut request, "Upgrade", b"websocket");
    line(&mut request, "Sec-WebSocket-Version", b"13");
    line(&mut request, "Sec-WebSocket-Key", key.as_bytes());
    if !ask.protocols.is_empty() {
        line(
            &mut request,
            "Sec-WebSocket-Protocol",
            ask.protocols.join(",").as_bytes(),
        );
    }
    if let Some(extensions) = ask.extensions {
        line(
            &mut request,
            "Sec-WebSocket-Extensions",
            extensions.as_bytes(),
        );
    }
    request.extend_from_slice(b"\r\n");
    request
}

/// The agreed subprotocol.
fn check(response: &Response, ask: &Ask<'_>, key: &str) -> Result<String, HandshakeFault> {
    let upgrade = response.header("upgrade");
    if !upgrade.is_some_and(|value| value.eq_ignore_ascii_case("websocket")) {
        return Err(HandshakeFault::Upgrade);
    }
    let connection = response.header("connection").unwrap_or_default();
    if !connection
        .split(',')
        .any(|option| option.trim().eq_ignore_ascii_case("upgrade"))
    {
        return Err(HandshakeFault::Connection);
    }
    if response.header("sec-websocket-accept") != Some(derive_accept_key(key.as_bytes())) {
        return Err(HandshakeFault::Accept);
    }
    if ask.extensions.is_none() && response.header("sec-websocket-extensions").is_some() {
        return Err(HandshakeFault::UnaskedExtension);
    }
    match response.header("sec-websocket-protocol") {
        Some(_) if ask.protocols.is_empty() => Err(HandshakeFault::UnaskedProtocol),
        Some(protocol) if ask.protocols.contains(&protocol) => Ok(protocol),
        Some(_) => Err(HandshakeFault::WrongProtocol),
        None if ask.protocols.is_empty() => Ok(String::new()),
        None => Err(HandshakeFault::NoProtocol),
    }
}

/// The final response and what follows its blank line; informational ones before it are passed over.
async fn read_response<S: AsyncRead + Unpin>(
    stream: &mut S,
) -> Result<(Response, Vec<u8>), NetError> {
    let mut bytes = Vec::with_capacity(FIRST_READ);
    let mut searched = 0;
    loop {
        if let Some(end) = end_of_head(&bytes, searched) {
            let response = parse(&bytes[..end])?;
            bytes.drain(..end);
            searched = 0;
            if (100..200).contains(&response.status) && response.status != 101 {
                continue;
            }
            return Ok((response, bytes));
        }
        if !could_be_http(&bytes) {
            return Err(fault(HandshakeFault::NotHttp(
                "it does not begin with HTTP/1.".to_owned(),
            )));
        }
        if bytes.len() > MAX_HEAD {
            return Err(fault(HandshakeFault::TooLong(MAX_HEAD)));
        }
        searched = bytes.len();
        match stream.read_buf(&mut bytes).await {
            Ok(0) => return Err(NetError::HungUp),
            Ok(_) => {}
            Err(error) => return Err(NetError::from_io("read", error)),
        }
    }
}

/// Tells a server of another protocol, which may wait for more after its greeting, at once.
fn could_be_http(bytes: &[u8]) -> bool {
    const START: &[u8] = b"HTTP/1.";
    let known = bytes.len().min(START.len());
    bytes[..known] == START[..known]
}

/// Where the blank line ends, if it has come; the first `searched` bytes are known not to hold it.
fn end_of_head(bytes: &[u8], searched: usize) -> Option<usize> {
    let from = searched.saturating_sub(2);
    (from..bytes.len())
        .filter(|&at| bytes[at] == b'\n')
        .find_map(|at| match &bytes[at + 1..] {
            [b'\n', ..] => Some(at + 2),
            [b'\r', b'\n', ..] => Some(at + 3),
            _ => None,
        })
}

fn parse(head: &[u8]) -> Result<Response, NetError> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut parsed = httparse::Response::new(&mut headers);
    match parsed.parse(head) {
        Ok(_) => {}
        Err(httparse::Error::TooManyHeaders) => {
            return Err(fault(HandshakeFault::TooMany(MAX_HEADERS)));
        }
        Err(error) => return Err(fault(HandshakeFault::NotHttp(error.to_string()))),
    }
    let headers = parsed.headers.iter().map(|header| {
        (
            header.name.to_ascii_lowercase(),
            header.value.iter().copied().map(char::from).collect(),
        )
    });
    Ok(Response {
        status: parsed.code.unwrap_or_default(),
        headers: headers.collect(),
    })
}

fn fault(fault: HandshakeFault) -> NetError {
    NetError::Handshake {
        fault,
        status: None,
        headers: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{DuplexStream, duplex};

    use super::*;

    /// Reads a request and returns it with the value of `Sec-WebSocket-Accept` that it calls for.
    async fn read_request(server: &mut DuplexStream) -> (String, String) {
        let mut bytes = Vec::new();
        while !bytes.ends_with(b"\r\n\r\n") {
            bytes.push(server.read_u8().await.unwrap());
        }
        let request = String::from_utf8(bytes).unwrap();
        let key = request
            .lines()
            .find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "))
            .unwrap();
        let accept = derive_accept_key(key.as_bytes());
        (request, accept)
    }

    /// The outcome of asking a server that answers with `template`, where `ACCEPT` stands for the right
    /// key, and closes.
    async fn answered(
        template: &str,
        protocols: &[&str],
        extensions: Option<&str>,
    ) -> Result<Answer, NetError> {
        let protocols: Vec<String> = protocols
            .iter()
            .map(|&protocol| protocol.to_owned())
            .collect();
        let ask = Ask {
            resource: "/",
            headers: b"Host: h\r\n",
            protocols: &protocols,
            extensions,
        };
        let (mut client, mut server) = duplex(1 << 20);
        let serve = async move {
            let (_, accept) = read_request(&mut server).await;
            server
                .write_all(template.replace("ACCEPT", &accept).as_bytes())
                .await
                .unwrap();
        };
        tokio::join!(upgrade(&mut client, &ask), serve).0
    }

    const UPGRADE: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n";

    #[tokio::test]
    async fn a_request_has_all_that_the_handshake_needs_and_a_fresh_key() {
        let protocols = ["a".to_owned(), "b".to_owned()];
        let ask = Ask {
            resource: "/p?q",
            headers: b"Host: h\r\n",
            protocols: &protocols,
            extensions: Some("x; y"),
        };
        let text = String::from_utf8(request(&ask, "KEY")).unwrap();
        assert_eq!(
            text,
            "GET /p?q HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: KEY\r\nSec-WebSocket-Protocol: a,b\r\nSec-WebSocket-Extensions: x; y\r\n\r\n"
        );
        let mut accepts = Vec::new();
        for _ in 0..2 {
            let (mut client, mut server) = duplex(4096);
            let serve = async move { read_request(&mut server).await.1 };
            let (_, accept) = tokio::join!(upgrade(&mut client, &ask), serve);
            accepts.push(accept);
        }
        assert_ne!(accepts[0], accepts[1]);
    }

    #[tokio::test]
    async fn what_follows_the_blank_line_is_kept() {
        for informational in [
            "",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n",
        ] {
            let answer = format!(
                "{informational}{UPGRADE}Sec-WebSocket-Accept: ACCEPT\r\nSec-WebSocket-Protocol: b\r\n\
                 Sec-WebSocket-Extensions: x\r\nsec-websocket-extensions: y\r\n\r\n\u{1}\r\n\r\nrest"
            );
            let Ok(Answer::Upgraded(upgrade)) = answered(&answer, &["a", "b"], Some("x, y")).await
            else {
                panic!("not upgraded")
            };
            assert_eq!(upgrade.rest, b"\x01\r\n\r\nrest");
            assert_eq!(upgrade.protocol, "b");
            assert_eq!(upgrade.extensions.as_deref(), Some("x, y"));
            assert_eq!(
                upgrade.response.headers[0],
                ("upgrade".to_owned(), "WebSocket".to_owned())
            );
        }
    }

    #[tokio::test]
    async fn an_answer_may_come_a_byte_at_a_time() {
        let (mut client, mut server) = duplex(1);
        let ask = Ask {
            resource: "/",
            headers: b"",
            protocols: &[],
            extensions: None,
        };
        let serve = async move {
            let (_, accept) = read_request(&mut server).await;
            let answer = format!("{UPGRADE}Sec-WebSocket-Accept: {accept}\r\n\r\n!");
            server.write_all(answer.as_bytes()).await.unwrap();
            server
        };
        let (answer, mut server) = tokio::join!(upgrade(&mut client, &ask), serve);
        assert!(matches!(answer, Ok(Answer::Upgraded(_))));
        let Ok(Answer::Upgraded(upgrade)) = answer else {
            return;
        };
        assert!(upgrade.rest.is_empty());
        server.shutdown().await.unwrap();
    }

    #[tokio::test]
    async fn each_fault_of_an_upgrade_has_its_own_error() {
        let accept = "Sec-WebSocket-Accept: ACCEPT\r\n";
        let up = "HTTP/1.1 101 X\r\nUpgrade: websocket\r\n";
        let cases: [(String, &[&str], HandshakeFault); 12] = [
            (
                "HTTP/1.1 101 X\r\nConnection: Upgrade\r\n".to_owned() + accept,
                &[],
                HandshakeFault::Upgrade,
            ),
            (
                "HTTP/1.1 101 X\r\nUpgrade: h2c\r\n".to_owned(),
                &[],
                HandshakeFault::Upgrade,
            ),
            (up.to_owned() + accept, &[], HandshakeFault::Connection),
            (
                format!("{up}Connection: close\r\n{accept}"),
                &[],
                HandshakeFault::Connection,
            ),
            (UPGRADE.to_owned(), &[], HandshakeFault::Accept),
            (
                format!("{UPGRADE}Sec-WebSocket-Accept: x\r\n"),
                &[],
                HandshakeFault::Accept,
            ),
            (
                format!("{UPGRADE}{accept}{accept}"),
                &[],
                HandshakeFault::Accept,
            ),
            (
                format!("{UPGRADE}{accept}Sec-WebSocket-Protocol: a\r\n"),
                &[],
                HandshakeFault::UnaskedProtocol,
            ),
            (
                format!("{UPGRADE}{accept}Sec-WebSocket-Protocol: A\r\n"),
                &["a"],
                HandshakeFault::WrongProtocol,
            ),
            (
                format!("{UPGRADE}{accept}Sec-WebSocket-Protocol: a, b\r\n"),
                &["a", "b"],
                HandshakeFault::WrongProtocol,
            ),
            (
                format!("{UPGRADE}{accept}"),
                &["a"],
                HandshakeFault::NoProtocol,
            ),
            (
                format!("{UPGRADE}{accept}Sec-WebSocket-Extensions: x\r\n"),
                &[],
                HandshakeFault::UnaskedExtension,
            ),
        ];
        for (answer, protocols, expected) in cases {
            match answered(&format!("{answer}\r\n"), protocols, None).await {
                Err(NetError::Handshake {
                    fault,
                    status: Some(101),
                    ..
                }) => assert_eq!(fault, expected),
                other => panic!("{answer}: {other:?}"),
            }
        }
    }

    #[tokio::test]
    async fn an_answer_that_is_no_upgrade_is_handed_over_whole() {
        let answer = "HTTP/1.0 503 Busy\r\nRetry-After: 7\r\nX: caf\u{e9}\r\n\r\nbody";
        let Ok(Answer::Refused(response)) = answered(answer, &[], None).await else {
            panic!("not refused")
        };
        assert_eq!(response.status, 503);
        assert_eq!(response.header("retry-after").as_deref(), Some("7"));
    }

    #[tokio::test]
    async fn an_answer_that_is_no_http_is_told_at_once() {
        for answer in [
            "SSH-2.0-x\r\n",
            "HTTP/2",
            "HTTP/1.1 abc\r\n\r\n",
            "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        ] {
            let (mut client, mut server) = duplex(4096);
            server.write_all(answer.as_bytes()).await.unwrap();
            match read_response(&mut client).await {
                Err(NetError::Handshake {
                    fault: HandshakeFault::NotHttp(_),
                    ..
                }) => {}
                other => panic!("{answer}: {other:?}"),
            }
        }
    }

    #[tokio::test]
    async fn headers_are_bounded_in_size_and_number() {
        let long = format!("HTTP/1.1 200 OK\r\nX: {}", "x".repeat(MAX_HEAD));
        let many = format!(
            "HTTP/1.1 200 OK\r\n{}\r\n",
            "X: y\r\n".repeat(MAX_HEADERS + 1)
        );
        for (answer, expected) in [
            (long, HandshakeFault::TooLong(MAX_HEAD)),
            (many, HandshakeFault::TooMany(MAX_HEADERS)),
        ] {
            match answered(&answer, &[], None).await {
                Err(NetError::Handshake { fault, .. }) => assert_eq!(fault, expected),
                other => panic!("{other:?}"),
            }
        }
    }

    #[tokio::test]
    async fn a_peer_that_leaves_before_it_answers_hangs_up() {
        for answer in ["", "HTTP/1.1 101 Swi"] {
            assert!(matches!(
                answered(answer, &[], None).await,
                Err(NetError::HungUp)
            ));
        }
    }
}
