//! The request's headers: which a user may set, and how they become lines.

use std::borrow::Cow;

use super::{BadOption, Options};
use crate::net::address::{Address, basic};

/// Headers that one message can carry only once with a meaning.
const SINGLE: [&str; 4] = ["authorization", "host", "origin", "user-agent"];

/// The checked request headers of a target.
#[derive(Clone)]
pub(super) struct Headers {
    /// Name as the user spells it, and value in latin-1; all that the handshake does not own.
    lines: Vec<(String, Vec<u8>)>,
    /// The value of `Authorization` from the option `auth`.
    authorization: Option<String>,
}

/// The name and the value of a header.
pub(super) type Line<'a> = (&'a str, Cow<'a, [u8]>);

/// What of the headers goes to a host that a redirect leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Confidence {
    /// The host that the user named: everything.
    Full,
    /// That host, but in the clear instead of by TLS: no credentials.
    Downgraded,
    /// Another host: no credentials, and its own `Host`.
    Stranger,
}

impl Headers {
    pub fn parse(options: &Options) -> Result<Headers, BadOption> {
        let mut lines = checked_lines(&options.headers)?;
        if let Some(origin) = options
            .origin
            .as_deref()
            .filter(|origin| !origin.is_empty())
        {
            let value = latin1(origin).map_err(|trouble| BadOption::new("origin", trouble))?;
            lines.retain(|(name, _)| !name.eq_ignore_ascii_case("origin"));
            lines.push(("Origin".to_owned(), value));
        }
        let authorization = match options.auth.as_deref().filter(|auth| !auth.is_empty()) {
            Some(auth) => Some(basic(checked_auth(auth)?)),
            None => None,
        };
        Ok(Headers {
            lines,
            authorization,
        })
    }

    /// The values of what goes to `address` that nobody else is to see, and the credentials in them. What is short is
    /// no secret, and may stand anywhere.
    pub fn secrets(&self, address: &Address) -> Vec<Vec<u8>> {
        const SHORT: usize = 8;
        let given = self.lines.iter().filter(|(name, _)| is_secret(name));
        let given = given.map(|(_, value)| value.as_slice());
        let own = [&self.authorization, &address.authorization];
        let own = own.into_iter().flatten().map(String::as_bytes);
        let mut secrets = Vec::new();
        for value in given.chain(own) {
            secrets.push(value.to_vec());
            secrets.extend(
                value
                    .rsplit(|&byte| byte == b' ')
                    .next()
                    .map(<[u8]>::to_vec),
            );
        }
        secrets.retain(|secret| secret.len() >= SHORT);
        secrets
    }

    /// What goes to `address`, `Host` first.
    pub fn lines<'a>(&'a self, address: &'a Address, confidence: Confidence) -> Vec<Line<'a>> {
        let mut lines: Vec<Line<'a>> = Vec::with_capacity(self.lines.len() + 2);
        let kept = |name: &str| match confidence {
            Confidence::Full => true,
            Confidence::Downgraded => !is_secret(name),
            Confidence::Stranger => !is_secret(name) && !name.eq_ignore_ascii_case("host"),
        };
        let has = |wanted: &str| {
            self.lines
                .iter()
                .any(|(name, _)| kept(name) && name.eq_ignore_ascii_case(wanted))
        };
        if !has("host") {
            lines.push(("Host", address.authority().into_bytes().into()));
        }
        let own = self
            .authorization
            .as_ref()
            .filter(|_| confidence == Confidence::Full);
        if let Some(value) = own
            .or(address.authorization.as_ref())
            .filter(|_| !has("authorization"))
        {
            lines.push(("Authorization", value.as_bytes().into()));
        }
        let given = self.lines.iter().filter(|(name, _)| kept(name));
        lines.extend(given.map(|(name, value)| (name.as_str(), value.into())));
        lines
    }
}

/// The headers that a user gave, name by name.
pub(super) fn checked_lines(
    given: &[(String, Vec<String>)],
) -> Result<Vec<(String, Vec<u8>)>, BadOption> {
    let mut lines: Vec<(String, Vec<u8>)> = Vec::new();
    for (name, values) in given {
        let values = checked_values(name, values)?;
        lines.retain(|(earlier, _)| !earlier.eq_ignore_ascii_case(name));
        lines.extend(values.into_iter().map(|value| (name.clone(), value)));
    }
    Ok(lines)
}

/// `user:password` as its bytes.
pub(super) fn checked_auth(auth: &str) -> Result<&[u8], BadOption> {
    if auth.chars().any(|c| c.is_ascii_control()) {
        let trouble = "has control characters; allowed is \"user:password\" without them";
        return Err(BadOption::new("auth", trouble));
    }
    Ok(auth.as_bytes())
}

pub(super) fn line(request: &mut Vec<u8>, name: &str, value: &[u8]) {
    request.extend_from_slice(name.as_bytes());
    request.extend_from_slice(b": ");
    request.extend_from_slice(value);
    request.extend_from_slice(b"\r\n");
}

/// The first character that is in no token of RFC 9110, 5.6.2, and where it is: of tokens are header names and
/// subprotocols.
pub(super) fn no_token_char(text: &str) -> Option<(usize, char)> {
    text.char_indices()
        .find(|(_, c)| !c.is_ascii_alphanumeric() && !"!#$%&'*+-.^_`|~".contains(*c))
}

/// `text` as the bytes of a header's value, or why it cannot be one.
pub(super) fn latin1(text: &str) -> Result<Vec<u8>, String> {
    text.chars()
        .map(|c| match u8::try_from(c) {
            Ok(byte) if byte == b'\t' || !byte.is_ascii_control() => Ok(byte),
            Ok(_) | Err(_) => Err(format!(
                "has a U+{:04X}; allowed are the characters up to U+00FF without line breaks and other control characters",
                u32::from(c)
            )),
        })
        .collect()
}

/// Whether a header may carry what lets its holder in, by its name: `Proxy-Authorization`, `X-Api-Key`, `X-Auth-Token`, …
pub(super) fn is_secret(name: &str) -> bool {
    const WORDS: [&str; 9] = [
        "authorization",
        "cookie",
        "credential",
        "jwt",
        "key",
        "passw",
        "secret",
        "session",
        "token",
    ];
    let name = name.to_ascii_lowercase();
    let mut parts = name.split(['-', '_', '.']);
    WORDS.iter().any(|word| name.contains(word)) || parts.any(|part| part == "auth")
}

/// The values to send for `name`: none where the handshake says the same by itself.
fn checked_values(name: &str, values: &[String]) -> Result<Vec<Vec<u8>>, BadOption> {
    let bad = |trouble: String| Err(BadOption::new("headers", trouble));
    let wrong = no_token_char(name);
    if wrong.is_some() || name.is_empty() {
        // What follows may be a value, and a secret, which somebody took for a part of the name.
        let shown = &name[..wrong.map_or(0, |(at, c)| at + c.len_utf8())];
        let cut = if shown.len() < name.len() { "…" } else { "" };
        return bad(format!(
            "{shown:?}{cut} is no header name; letters, digits and !#$%&'*+-.^_`|~ are allowed"
        ));
    }
    let lower = name.to_ascii_lowercase();
    let same = |ours: &str| {
        values
            .iter()
            .all(|value| value.trim().eq_ignore_ascii_case(ours))
    };
    let instead = match lower.as_str() {
        "connection" if same("upgrade") => return Ok(Vec::new()),
        "upgrade" if same("websocket") => return Ok(Vec::new()),
        "sec-websocket-version" if same("13") => return Ok(Vec::new()),
        "connection" | "upgrade" | "sec-websocket-key" | "sec-websocket-version" => "leave it out",
        "sec-websocket-protocol" => "use protocols",
        "sec-websocket-extensions" => "use perMessageDeflate",
        "content-length" | "transfer-encoding" => "leave it out, the request has no body",
        _ => "",
    };
    if !instead.is_empty() {
        return bad(format!(
            "{name:?} is set by the handshake itself; allowed is any other ({instead})"
        ));
    }
    if SINGLE.contains(&lower.as_str()) && values.len() > 1 {
        return bad(format!(
            "{name:?} has {} values; allowed is one",
            values.len()
        ));
    }
    let mut bytes = Vec::with_capacity(values.len());
    for value in values {
        match latin1(value) {
            Ok(value) => bytes.push(value),
            Err(trouble) => {
                return bad(format!("the value of {name:?} {trouble}"));
            }
        }
    }
    if lower == "cookie" && bytes.len() > 1 {
        return Ok(vec![bytes.join(&b"; "[..])]);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::net::Roots;

    fn options(headers: &[(&str, &[&str])]) -> Options {
        let mut options = Options::new("ws://x", Arc::new(Roots::from_pem([""; 0].iter())));
        options.headers = headers
            .iter()
            .map(|(name, values)| {
                (
                    name.to_string(),
                    values.iter().map(|value| value.to_string()).collect(),
                )
            })
            .collect();
        options
    }

    fn written(options: &Options, url: &str, confidence: Confidence) -> String {
        let (headers, address) = (
            Headers::parse(options).unwrap(),
            Address::parse(url).unwrap(),
        );
        let mut request = Vec::new();
        for (name, value) in headers.lines(&address, confidence) {
            line(&mut request, name, &value);
        }
        request.into_iter().map(char::from).collect()
    }

    #[test]
    fn headers_are_sent_as_given_and_once() {
        let mut options = options(&[
            ("HOST", &["other"]),
            ("x-a", &["1", "2"]),
            ("cookie", &["a=1", "b=2"]),
            ("user-agent", &["old"]),
            ("User-Agent", &["me"]),
            ("Connection", &["Upgrade"]),
            ("X-None", &[]),
            ("X-Latin", &["é"]),
        ]);
        options.origin = Some("https://o".to_owned());
        assert_eq!(
            written(&options, "ws://x", Confidence::Full),
            "HOST: other\r\nx-a: 1\r\nx-a: 2\r\ncookie: a=1; b=2\r\nUser-Agent: me\r\nX-Latin: é\r\nOrigin: https://o\r\n"
        );
    }

    #[test]
    fn an_authorization_header_wins_over_auth_and_auth_over_the_url() {
        let mut options = options(&[]);
        let url = "ws://u:p@x";
        assert!(written(&options, url, Confidence::Full).contains("Authorization: Basic dTpw\r\n"));
        options.auth = Some("a:b".to_owned());
        assert!(written(&options, url, Confidence::Full).contains("Authorization: Basic YTpi\r\n"));
        options.headers = vec![("AUTHORIZATION".to_owned(), vec!["Bearer t".to_owned()])];
        assert_eq!(
            written(&options, url, Confidence::Full),
            "Host: x\r\nAUTHORIZATION: Bearer t\r\n"
        );
    }

    #[test]
    fn credentials_do_not_leave_the_host_they_were_given_for() {
        let mut options = options(&[
            ("Cookie", &["a"]),
            ("Authorization", &["b"]),
            ("Proxy-Authorization", &["b"]),
            ("X-API-Key", &["b"]),
            ("x_access_token", &["b"]),
            ("X-Auth", &["b"]),
            ("Host", &["h"]),
            ("X", &["1"]),
            ("X-Author", &["2"]),
        ]);
        assert_eq!(
            written(&options, "ws://x", Confidence::Downgraded),
            "Host: h\r\nX: 1\r\nX-Author: 2\r\n"
        );
        assert_eq!(
            written(&options, "ws://y", Confidence::Stranger),
            "Host: y\r\nX: 1\r\nX-Author: 2\r\n"
        );
        options.headers.clear();
        options.auth = Some("a:b".to_owned());
        assert_eq!(
            written(&options, "ws://y", Confidence::Stranger),
            "Host: y\r\n"
        );
    }

    #[test]
    fn what_would_break_the_request_is_refused() {
        let cases: [(&str, &[&str], &str); 10] = [
            ("a b", &["1"], "\"a \"… is no header name"),
            ("", &["1"], "\"\" is no header name"),
            ("X\r\nY", &["1"], "\"X\\r\"… is no header name"),
            ("X:", &["1"], "\"X:\" is no header name"),
            (
                "X",
                &["a\r\nb: c"],
                "the value of \"X\" has a U+000D; allowed are",
            ),
            ("X", &["a\0"], "has a U+0000"),
            ("X", &["€"], "has a U+20AC"),
            (
                "sec-websocket-key",
                &["x"],
                "set by the handshake itself; allowed is any other (leave it out)",
            ),
            (
                "Sec-WebSocket-Protocol",
                &["x"],
                "set by the handshake itself; allowed is any other (use protocols)",
            ),
            ("Host", &["a", "b"], "\"Host\" has 2 values; allowed is one"),
        ];
        for (name, values, message) in cases {
            let error = Headers::parse(&options(&[(name, values)])).err().unwrap();
            assert!(
                error.message.starts_with("headers: ") && error.message.contains(message),
                "{}",
                error.message
            );
        }
        let mut bad = options(&[]);
        bad.origin = Some("a\nb".to_owned());
        assert_eq!(Headers::parse(&bad).err().unwrap().option, "origin");
        bad.origin = None;
        bad.auth = Some("a:secret\n".to_owned());
        let error = Headers::parse(&bad).err().unwrap();
        assert!(error.option == "auth" && !error.message.contains("secret"));
    }
}
