//! The request for a WebSocket, as RFC 8441, 5 has it, and what the server answers.

use std::sync::Arc;

use super::connection::Connection;
use super::hpack;
use super::session::Unanswered;
use super::tunnel::Tunnel;
use crate::net::NetError;
use crate::net::handshake::{Answer, Ask, Response, Upgrade, agreed_protocol};
use crate::net::headers::is_secret;
use crate::net::stream::Stream;

/// Of HTTP/1.1 alone: HTTP/2 forbids them (RFC 9113, 8.2.2).
const CONNECTION_HEADERS: [&str; 4] = ["keep-alive", "proxy-connection", "te", "http2-settings"];

/// Asks for a WebSocket on a stream of its own; `None` where the connection takes no more of them.
pub async fn request(
    connection: Arc<Connection>,
    ask: &Ask<'_>,
) -> Result<Option<(Stream, Answer)>, NetError> {
    let answered = async {
        let tunnel = Tunnel::open(connection, &block(ask))?;
        Ok((tunnel.head().await?, tunnel))
    };
    let (response, tunnel) = match answered.await {
        Ok(answered) => answered,
        Err(Unanswered::Unheard) => return Ok(None),
        Err(Unanswered::Failed(why)) => return Err(why),
    };
    let answer = match response.status {
        200..300 => upgraded(response, ask)?,
        _ => Answer::Refused(response, Vec::new()),
    };
    Ok(Some((Stream::Other(Box::new(tunnel)), answer)))
}

fn upgraded(response: Response, ask: &Ask<'_>) -> Result<Answer, NetError> {
    match agreed_protocol(&response, ask) {
        Ok(protocol) => Ok(Answer::Upgraded(Upgrade {
            protocol,
            extensions: response.header("sec-websocket-extensions"),
            response,
            rest: Vec::new(),
        })),
        Err(fault) => Err(response.into_error(fault, None)),
    }
}

/// The header block of the request.
fn block(ask: &Ask<'_>) -> Vec<u8> {
    let is_host = |name: &str| name.eq_ignore_ascii_case("host");
    let host = ask.headers.iter().find(|(name, _)| is_host(name));
    let mut block = vec![hpack::NO_TABLE];
    let mut add = |name: &str, value: &[u8]| {
        let is_secret = is_secret(name);
        let name = name.to_ascii_lowercase();
        hpack::write(&mut block, name.as_bytes(), value.trim_ascii(), is_secret);
    };
    add(":method", b"CONNECT");
    add(":protocol", b"websocket");
    add(":scheme", b"https");
    add(":path", ask.resource.as_bytes());
    add(":authority", host.map_or(b"", |(_, value)| value));
    for (name, value) in ask.headers {
        let is_left_out = CONNECTION_HEADERS
            .iter()
            .any(|other| name.eq_ignore_ascii_case(other));
        if !is_host(name) && !is_left_out {
            add(name, value);
        }
    }
    add("sec-websocket-version", b"13");
    if !ask.protocols.is_empty() {
        add("sec-websocket-protocol", ask.protocols.join(",").as_bytes());
    }
    if let Some(extensions) = ask.extensions {
        add("sec-websocket-extensions", extensions.as_bytes());
    }
    block
}
