//! The opening handshake of RFC 6455, 4: the request, and all that the answer must say.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::tungstenite::handshake::{client::generate_key, derive_accept_key};
use url::{Position, Url};

use super::error::NetError;
use super::options::Headers;
use super::{Reached, Transport};

/// An answer's head may have this many bytes.
const HEAD_BYTES: usize = 64 * 1024;

/// An answer's head may have this many lines.
const HEAD_LINES: usize = 256;

pub struct Request<'a> {
    pub url: &'a Url,
    pub headers: &'a Headers,
    pub protocols: &'a [String],
    pub extensions: Option<&'a str>,
}

pub enum Answer {
    Upgraded(Reached),
    /// With what it is for those who do not follow.
    Redirected {
        to: String,
        refusal: NetError,
    },
}

/// Asks `stream` for an upgrade.
pub async fn upgrade(
    mut stream: Box<dyn Transport>,
    request: &Request<'_>,
) -> Result<Answer, NetError> {
    let key = generate_key();
    let broken = |call| move |error| NetError::system(call, String::new(), error);
    stream
        .write_all(&request.encode(&key))
        .await
        .map_err(broken("write"))?;
    stream.flush().await.map_err(broken("write"))?;
    let (head, rest) = read_head(&mut stream).await?;
    let response = Response::parse(&head)?;
    if response.status != 101 {
        let to = response.header("location").map(str::to_owned);
        let status = response.status;
        let refusal = NetError::Refused {
            status,
            headers: response.headers,
        };
        return match (status, to) {
            (301 | 302 | 303 | 307 | 308, Some(to)) => Ok(Answer::Redirected { to, refusal }),
            _ => Err(refusal),
        };
    }
    match response.check(request, &key) {
        Err(problem) => Err(response.bad(problem)),
        Ok(protocol) => Ok(Answer::Upgraded(Reached {
            stream,
            head: rest,
            protocol,
            extensions: response.joined("sec-websocket-extensions"),
            status: response.status,
            headers: response.headers,
        })),
    }
}

impl Request<'_> {
    fn encode(&self, key: &str) -> Vec<u8> {
        let mut lines = vec![format!(
            "GET {} HTTP/1.1",
            &self.url[Position::BeforePath..Position::AfterQuery]
        )];
        if !self.headers.has("host") {
            // The port is there only where it is not the scheme's own.
            lines.push(format!(
                "Host: {}",
                &self.url[Position::BeforeHost..Position::AfterPort]
            ));
        }
        lines.push("Upgrade: websocket".into());
        lines.push("Connection: Upgrade".into());
        lines.push(format!("Sec-WebSocket-Key: {key}"));
        lines.push("Sec-WebSocket-Version: 13".into());
        if let Some(extensions) = self.extensions {
            lines.push(format!("Sec-WebSocket-Extensions: {extensions}"));
        }
        if !self.protocols.is_empty() {
            lines.push(format!(
                "Sec-WebSocket-Protocol: {}",
                self.protocols.join(",")
            ));
        }
        lines.extend(
            self.headers
                .iter()
                .map(|(name, value)| format!("{name}: {value}")),
        );
        let head = lines.join("\r\n") + "\r\n\r\n";
        // Header values are latin-1, as in Node; all else is ASCII.
        head.chars().map(|char| char as u8).collect()
    }
}

/// Reads to the blank line, and returns what came behind it too.
async fn read_head(stream: &mut Box<dyn Transport>) -> Result<(Vec<u8>, Vec<u8>), NetError> {
    let mut bytes = Vec::with_capacity(1024);
    loop {
        let seen = bytes.len().saturating_sub(3);
        let count = stream
            .read_buf(&mut bytes)
            .await
            .map_err(|error| NetError::system("read", String::new(), error))?;
        if let Some(end) = bytes[seen..]
            .windows(4)
            .position(|window| window == b"\r\n\r\n")
        {
            let rest = bytes.split_off(seen + end + 4);
            return Ok((bytes, rest));
        }
        if count == 0 {
            return Err(NetError::HungUp);
        }
        if bytes.len() > HEAD_BYTES {
            return Err(garbage(format!(
                "The server's answer has a head of more than {HEAD_BYTES} bytes"
            )));
        }
    }
}

fn garbage(problem: String) -> NetError {
    NetError::BadUpgrade {
        problem,
        status: None,
        headers: Vec::new(),
    }
}

struct Response {
    status: u16,
    headers: Vec<(String, String)>,
}

impl Response {
    fn parse(head: &[u8]) -> Result<Response, NetError> {
        let mut lines = [httparse::EMPTY_HEADER; HEAD_LINES];
        let mut parsed = httparse::Response::new(&mut lines);
        parsed
            .parse(head)
            .map_err(|error| garbage(format!("The server's answer is no HTTP/1.1: {error}")))?;
        let latin1 = |bytes: &[u8]| bytes.iter().map(|&byte| char::from(byte)).collect();
        Ok(Response {
            status: parsed.code.unwrap_or_default(),
            headers: parsed
                .headers
                .iter()
                .map(|line| (line.name.to_owned(), latin1(line.value)))
                .collect(),
        })
    }

    fn bad(self, problem: String) -> NetError {
        NetError::BadUpgrade {
            problem,
            status: Some(self.status),
            headers: self.headers,
        }
    }

    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers
            .iter()
            .filter(move |(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    fn joined(&self, name: &str) -> Option<String> {
        let values: Vec<&str> = self.all(name).collect();
        (!values.is_empty()).then(|| values.join(", "))
    }

    fn lists(&self, name: &str, token: &str) -> bool {
        self.all(name)
            .flat_map(|value| value.split(','))
            .any(|entry| entry.trim().eq_ignore_ascii_case(token))
    }

    /// Checks an answer of 101 (RFC 6455, 4.1), and returns the subprotocol.
    fn check(&self, request: &Request<'_>, key: &str) -> Result<String, String> {
        if !self
            .header("upgrade")
            .is_some_and(|value| value.trim().eq_ignore_ascii_case("websocket"))
        {
            return Err("The server's answer lacks 'Upgrade: websocket'".into());
        }
        if !self.lists("connection", "upgrade") {
            return Err("The server's answer lacks 'Connection: Upgrade'".into());
        }
        if self.header("sec-websocket-accept") != Some(derive_accept_key(key.as_bytes()).as_str()) {
            return Err("Invalid Sec-WebSocket-Accept header".into());
        }
        let mut answered = self.all("sec-websocket-protocol");
        match (answered.next(), answered.next()) {
            (None, _) if request.protocols.is_empty() => Ok(String::new()),
            (None, _) => Err("Server sent no subprotocol".into()),
            (Some(_), _) if request.protocols.is_empty() => {
                Err("Server sent a subprotocol but none was requested".into())
            }
            (Some(protocol), None) if request.protocols.iter().any(|asked| asked == protocol) => {
                Ok(protocol.to_owned())
            }
            (Some(protocol), _) => Err(format!("Server sent an invalid subprotocol: {protocol:?}")),
        }
    }
}
