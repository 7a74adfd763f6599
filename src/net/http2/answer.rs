//! The head of an answer, as RFC 9113, 8 has it.

use super::hpack::{self, Unread};
use crate::net::handshake::{MAX_HEAD, Response};
use crate::net::headers::no_token_char;

/// Headers of HTTP/1.1 alone (RFC 9113, 8.2.2). A body is read by one of them.
const CONNECTION_HEADERS: [&str; 5] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "transfer-encoding",
    "upgrade",
];

/// Reads it from its header block.
pub fn read(block: &[u8]) -> Result<Response, Unread> {
    let mut headers = hpack::read(block, MAX_HEAD)?.into_iter();
    let first = headers.next();
    let status = first.and_then(|(name, value)| parse_status(&name, &value));
    let headers: Vec<_> = headers.collect();
    match status {
        Some(status) if headers.iter().all(is_sound) => Ok(Response { status, headers }),
        Some(_) | None => Err(Unread::Malformed),
    }
}

/// Three digits. There is no switching of protocols (RFC 9113, 8.6).
fn parse_status(name: &str, value: &str) -> Option<u16> {
    let is_number = value.len() == 3 && value.bytes().all(|byte| byte.is_ascii_digit());
    let status = value
        .parse()
        .ok()
        .filter(|_| name == ":status" && is_number);
    status.filter(|&status| status >= 100 && status != 101)
}

fn is_sound((name, value): &(String, String)) -> bool {
    let is_token = !name.is_empty() && no_token_char(name).is_none();
    let is_lower = !name.bytes().any(|byte| byte.is_ascii_uppercase());
    is_token
        && is_lower
        && !CONNECTION_HEADERS.contains(&name.as_str())
        // It would break a line of HTTP/1.1.
        && !value.contains(['\0', '\r', '\n'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(headers: &[(&str, &str)]) -> Vec<u8> {
        let mut block = Vec::new();
        for (name, value) in headers {
            hpack::write(&mut block, name.as_bytes(), value.as_bytes(), false);
        }
        block
    }

    #[test]
    fn a_status_and_headers_are_an_answer() {
        let response = read(&block(&[(":status", "403"), ("x-why", " none"), ("b", "")])).unwrap();
        assert_eq!(response.status, 403);
        assert_eq!(response.header("x-why").as_deref(), Some(" none"));
        assert_eq!(response.headers.len(), 2);
    }

    #[test]
    fn what_is_no_answer_is_malformed() {
        let ok = (":status", "200");
        let cases: [&[(&str, &str)]; 19] = [
            &[],
            &[("a", "1")],
            &[("a", "1"), ok],
            &[ok, ok],
            &[ok, (":path", "/")],
            &[(":status", "")],
            &[(":status", "+20")],
            &[(":status", "20")],
            &[(":status", "099")],
            &[(":status", "2000")],
            &[(":status", "101")],
            &[ok, ("", "1")],
            &[ok, ("A", "1")],
            &[ok, ("a b", "1")],
            &[ok, ("a\r\nb", "1")],
            &[ok, ("a", "1\r\nb: 2")],
            &[ok, ("a", "\0")],
            &[ok, ("transfer-encoding", "chunked")],
            &[ok, ("connection", "close")],
        ];
        for headers in cases {
            let read = read(&block(headers));
            assert!(matches!(read, Err(Unread::Malformed)), "{headers:?}");
        }
    }

    #[test]
    fn a_list_of_headers_has_an_end() {
        let many = [("a", "1"); MAX_HEAD / 34];
        let headers = [&[(":status", "200")], &many[..]].concat();
        assert!(matches!(read(&block(&headers)), Err(Unread::TooLong)));
    }
}
