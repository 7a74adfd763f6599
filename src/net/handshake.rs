//! The upgrade from HTTP to WebSocket (RFC 6455, 4), checked whole.
//!
//! Written here and not left to tungstenite, whose handshake tells nothing of a refused one but its
//! status, normalizes the request's headers and has no bound on the time or size of an answer.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_tungstenite::tungstenite::handshake::{client::generate_key, derive_accept_key};

use super::headers::{Line, line};
use super::{HandshakeFault, NetError};
use crate::policy::Message;

/// Bytes of an answer up to its last blank line, together with the informational ones before it.
pub(super) const MAX_HEAD: usize = 64 * 1024;
/// Informational answers before the final one.
pub(super) const MAX_INTERIM: usize = 16;
/// Enough for the answers of most servers in one read.
const FIRST_READ: usize = 1024;

/// What to ask for.
pub(super) struct Ask<'a> {
    pub resource: &'a str,
    /// The headers that the handshake does not own.
    pub headers: &'a [Line<'a>],
    pub protocols: &'a [String],
    pub extensions: Option<&'a str>,
}

/// What the server answered.
#[derive(Debug)]
pub(super) enum Answer {
    Upgraded(Upgrade),
    /// A well-formed answer that is no upgrade, and what has come of its body.
    Refused(Response, Vec<u8>),
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

    pub fn into_error(self, fault: HandshakeFault, body: Option<Message>) -> NetError {
        NetError::Handshake {
            fault,
            status: Some(self.status),
            headers: self.headers,
            body,
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
        return Ok(Answer::Refused(response, rest));
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
        Err(fault) => Err(response.into_error(fault, None)),
    }
}

fn request(ask: &Ask<'_>, key: &str) -> Vec<u8> {
    let mut request = format!("GET {} HTTP/1.1\r\n", ask.resource).into_bytes();
    for (name, value) in ask.headers {
        line(&mut request, name, value);
    }
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
    agreed_protocol(response, ask)
}

/// The subprotocol that the server agrees to, if the rest of what it agrees to was asked for too.
pub(super) fn agreed_protocol(
    response: &Response,
    ask: &Ask<'_>,
) -> Result<String, HandshakeFault> {
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
///
/// What comes of the same bytes is the same however the network cuts them: each step asks what the bytes begin
/// with, and none what has arrived behind.
pub(super) async fn read_response<S: AsyncRead + Unpin>(
    stream: &mut S,
) -> Result<(Response, Vec<u8>), NetError> {
    let mut bytes = Vec::with_capacity(FIRST_READ);
    let (mut searched, mut left, mut interim) = (0, MAX_HEAD, 0);
    loop {
        // As Node does, and RFC 9112, 2.2 asks of servers.
        let blank = bytes
            .iter()
            .take_while(|byte| b"\r\n".contains(byte))
            .count();
        bytes.drain(..blank);
        left = left.saturating_sub(blank);
        if !could_be_http(&bytes) {
            let why = "it does not begin with HTTP/1.".to_owned();
            return Err(fault(HandshakeFault::NotHttp(why), None));
        }
        let end = end_of_head(&bytes, searched);
        if end.unwrap_or(bytes.len() + 1) > left {
            return Err(fault(HandshakeFault::TooLong(MAX_HEAD), status(&bytes)));
        }
        if let Some(end) = end {
            let response = parse(&bytes[..end])?;
            bytes.drain(..end);
            if !(100..200).contains(&response.status) || response.status == 101 {
                return Ok((response, bytes));
            }
            interim += 1;
            if interim > MAX_INTERIM {
                let status = Some(response.status);
                return Err(fault(HandshakeFault::OnlyInterim(MAX_INTERIM), status));
            }
            (searched, left) = (0, left - end);
            continue;
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
    // No more headers than lines.
    let lines = head.iter().filter(|&&byte| byte == b'\n').count();
    let mut headers = vec![httparse::EMPTY_HEADER; lines];
    let mut parsed = httparse::Response::new(&mut headers);
    if let Err(error) = parsed.parse(head) {
        let status = parsed.code;
        return Err(fault(HandshakeFault::NotHttp(error.to_string()), status));
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

/// The status of an answer whose headers cannot be taken.
fn status(head: &[u8]) -> Option<u16> {
    let mut parsed = httparse::Response::new(&mut []);
    // It fails by the headers, which come behind.
    let _ = parsed.parse(head);
    parsed.code
}

fn fault(fault: HandshakeFault, status: Option<u16>) -> NetError {
    NetError::Handshake {
        fault,
        status,
        headers: Vec::new(),
        body: None,
    }
}

#[cfg(test)]
mod tests;
