//! Where a connection goes: a WebSocket URL taken apart.

use data_encoding::BASE64;
use percent_encoding::percent_decode_str;
use url::{Host, Url};

use super::BadOption;

/// Where a socket of Unix leads that names no host, as in Node.
const OF_SOCKETS: &str = "localhost";

/// A checked URL.
#[derive(Clone)]
pub(super) struct Address {
    /// With the scheme `ws:` or `wss:`.
    url: Url,
    host: Host,
    /// The path of the socket of Unix that leads there, in the place of host and port.
    socket: Option<Box<str>>,
    /// The value of `Authorization` that the URL's credentials make.
    pub authorization: Option<String>,
}

impl Address {
    pub fn parse(text: &str) -> Result<Address, BadOption> {
        let bad = |trouble: &str| BadOption::new("url", format!("{:?} {trouble}", redact(text)));
        let url = Url::parse(text).map_err(|error| {
            bad(&format!(
                "cannot be parsed ({error}); allowed is an absolute URL like wss://host/path"
            ))
        })?;
        if url.fragment().is_some_and(|fragment| !fragment.is_empty()) {
            return Err(bad(
                "has a fragment; allowed is a URL without one (what follows #)",
            ));
        }
        match url.scheme() {
            "ws+unix" => Address::of_socket("ws", &url).map_err(bad),
            "wss+unix" => Address::of_socket("wss", &url).map_err(bad),
            _ => match with_own_scheme(url) {
                Some(url) => Address::from_url(url).map_err(bad),
                None => Err(bad(
                    "has another scheme; allowed are ws:, wss:, http:, https:, ws+unix: and wss+unix:",
                )),
            },
        }
    }

    /// Where a `Location` header leads. One that is empty leads back, and so nowhere; none leads to a socket of this machine.
    pub fn redirected(&self, location: &str) -> Option<Address> {
        if location.is_empty() {
            return None;
        }
        let url = with_own_scheme(self.url.join(location).ok()?)?;
        let next = Address::from_url(url).ok()?;
        let is_same = (next.host(), next.port()) == (self.host(), self.port());
        Some(Address {
            socket: self.socket.clone().filter(|_| is_same),
            ..next
        })
    }

    fn from_url(mut url: Url) -> Result<Address, &'static str> {
        url.set_fragment(None);
        let host = url
            .host()
            .ok_or("has no host; allowed is an absolute URL like wss://host/path")?
            .to_owned();
        let authorization = credentials(&url)?.map(|pair| basic(&pair));
        Ok(Address {
            url,
            host,
            socket: None,
            authorization,
        })
    }

    /// The URL of a socket, then a colon and what is asked for there; as `ws` reads it, but that `%20` is a blank.
    fn of_socket(scheme: &str, url: &Url) -> Result<Address, &'static str> {
        const FORM: &str = "names no socket; allowed is a URL like ws+unix:/path/of/socket:/path";
        if url.has_authority() && !url.authority().is_empty() {
            return Err("has a host; allowed is a URL like ws+unix:/path/of/socket:/path");
        }
        let (socket, path) = url.path().split_once(':').unwrap_or((url.path(), ""));
        let socket = percent_decode_str(socket).decode_utf8().map_err(|_| FORM)?;
        if socket.trim_start_matches('/').is_empty() {
            return Err(FORM);
        }
        let path = path.strip_prefix('/').unwrap_or(path);
        let query = url
            .query()
            .map_or(String::new(), |query| format!("?{query}"));
        let inner = Url::parse(&format!("{scheme}://{OF_SOCKETS}/{path}{query}"));
        let inner = Address::from_url(inner.map_err(|_| FORM)?)?;
        Ok(inner.by_socket(&socket))
    }

    /// The same place, to which this socket of Unix leads.
    pub fn by_socket(self, path: &str) -> Address {
        Address {
            socket: Some(path.into()),
            ..self
        }
    }

    /// The URL as WHATWG serializes it, credentials included.
    pub fn as_str(&self) -> &str {
        self.url.as_str()
    }

    pub fn is_secure(&self) -> bool {
        self.url.scheme() == "wss"
    }

    /// The path of the socket of Unix that leads there, where one does.
    pub fn socket(&self) -> Option<&str> {
        self.socket.as_deref()
    }

    pub fn host(&self) -> &Host {
        &self.host
    }

    pub fn port(&self) -> u16 {
        self.url
            .port()
            .unwrap_or(if self.is_secure() { 443 } else { 80 })
    }

    /// Host and port, the scheme's default port spelled out; the path of the socket where one leads there.
    pub fn host_port(&self) -> String {
        match &self.socket {
            Some(path) => path.to_string(),
            None => format!("{}:{}", self.host, self.port()),
        }
    }

    /// The value of `Host`: IPv6 addresses in brackets, the scheme's default port left out.
    pub fn authority(&self) -> String {
        match self.url.port() {
            Some(port) => format!("{}:{port}", self.host),
            None => self.host.to_string(),
        }
    }

    /// The path and query of the request line.
    pub fn resource(&self) -> &str {
        &self.url[url::Position::BeforePath..url::Position::AfterQuery]
    }
}

/// The URL with the scheme of WebSockets; `http:` and `https:` mean `ws:` and `wss:`, as in the standard.
fn with_own_scheme(mut url: Url) -> Option<Url> {
    let scheme = match url.scheme() {
        "ws" | "http" => "ws",
        "wss" | "https" => "wss",
        _ => return None,
    };
    url.set_scheme(scheme).ok()?;
    Some(url)
}

/// The `user:password` of a URL, decoded.
pub(super) fn credentials(url: &Url) -> Result<Option<Vec<u8>>, &'static str> {
    let (user, password) = (url.username(), url.password());
    if user.is_empty() && password.is_none() {
        return Ok(None);
    }
    let user = percent_decode_str(user);
    let password = percent_decode_str(password.unwrap_or_default());
    let pair: Vec<u8> = user.chain(*b":").chain(password).collect();
    if pair.iter().any(u8::is_ascii_control) {
        return Err("must have no control characters in its credentials");
    }
    Ok(Some(pair))
}

/// The value of `Authorization` for `user:password` (RFC 7617).
pub(super) fn basic(pair: &[u8]) -> String {
    format!("Basic {}", BASE64.encode(pair))
}

/// `text` fit for an error message: credentials and query, which often holds a token, are left out.
pub(super) fn redact(text: &str) -> String {
    let (text, cut) = match text.find(['?', '#']) {
        Some(end) => (&text[..end], "…"),
        None => (text, ""),
    };
    let Some(at) = text.rfind('@') else {
        return format!("{text}{cut}");
    };
    let scheme = text
        .find("://")
        .filter(|&end| end < at)
        .map_or("", |end| &text[..end + 3]);
    format!("{scheme}***{}{cut}", &text[at..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_the_same_however_its_url_is_written() {
        let host_port = |text| Address::parse(text).unwrap().host_port();
        assert_eq!(host_port("wss://EXAMPLE.com/a?b"), "example.com:443");
        assert_eq!(host_port("ws://u:p@example.com:443/"), "example.com:443");
        assert_eq!(host_port("ws://[::1]/"), "[::1]:80");
    }

    #[test]
    fn a_url_is_taken_apart() {
        let cases = [
            ("ws://example.com", false, "example.com", 80, "/"),
            ("wss://example.com", true, "example.com", 443, "/"),
            ("ws://example.com:80/a", false, "example.com", 80, "/a"),
            (
                "wss://example.com:80/a?b=c",
                true,
                "example.com:80",
                80,
                "/a?b=c",
            ),
            (
                "WS://EXAMPLE.com:8080?x",
                false,
                "example.com:8080",
                8080,
                "/?x",
            ),
            ("ws://[::1]:9/x y", false, "[::1]:9", 9, "/x%20y"),
            ("ws://127.1/", false, "127.0.0.1", 80, "/"),
            (
                "ws://bücher.example/",
                false,
                "xn--bcher-kva.example",
                80,
                "/",
            ),
            ("ws://u:p@h/#", false, "h", 80, "/"),
            ("http://h/", false, "h", 80, "/"),
            ("https://h", true, "h", 443, "/"),
            ("HTTPS://h:80/", true, "h:80", 80, "/"),
        ];
        for (text, secure, authority, port, resource) in cases {
            let address = Address::parse(text).unwrap();
            let parts = (
                address.is_secure(),
                address.authority(),
                address.port(),
                address.resource(),
            );
            assert_eq!(
                parts,
                (secure, authority.to_owned(), port, resource),
                "{text}"
            );
        }
    }

    #[test]
    fn a_socket_of_unix_is_taken_apart() {
        let cases = [
            ("ws+unix:/tmp/s", false, "/tmp/s", "/"),
            ("ws+unix:/tmp/s:/chat?a=b:c", false, "/tmp/s", "/chat?a=b:c"),
            ("wss+unix:///tmp/s:/a:b", true, "/tmp/s", "/a:b"),
            ("ws+unix:/tmp/s?x", false, "/tmp/s", "/?x"),
            ("ws+unix:./s:/x", false, "./s", "/x"),
            ("ws+unix:/a b/%c3%bc:/x y", false, "/a b/ü", "/x%20y"),
        ];
        for (text, secure, socket, resource) in cases {
            let address = Address::parse(text).unwrap();
            assert_eq!(address.socket(), Some(socket), "{text}");
            assert_eq!(address.host_port(), socket, "{text}");
            let parts = (address.is_secure(), address.authority(), address.resource());
            assert_eq!(parts, (secure, "localhost".to_owned(), resource), "{text}");
        }
    }

    #[test]
    fn a_redirect_keeps_to_the_socket_for_its_own_host_alone() {
        let from = Address::parse("ws+unix:/tmp/s:/one").unwrap();
        let to = |location| {
            let next = from.redirected(location).unwrap();
            (next.socket().map(str::to_owned), next.resource().to_owned())
        };
        let socket = || Some("/tmp/s".to_owned());
        assert_eq!(to("/two"), (socket(), "/two".to_owned()));
        assert_eq!(to("http://localhost/two"), (socket(), "/two".to_owned()));
        assert_eq!(to("http://x.example/two"), (None, "/two".to_owned()));
    }

    #[test]
    fn a_bad_url_is_told_what_is_allowed() {
        let cases = [
            (
                "ftp://x",
                "url: \"ftp://x\" has another scheme; allowed are ws:, wss:, http:, https:, ws+unix: and wss+unix:",
            ),
            (
                "ws+unix://host/socket",
                "url: \"ws+unix://host/socket\" has a host; allowed is a URL like ws+unix:/path/of/socket:/path",
            ),
            (
                "ws+unix:/:/path",
                "url: \"ws+unix:/:/path\" names no socket; allowed is a URL like ws+unix:/path/of/socket:/path",
            ),
            (
                "ws+unix:/socket:/#top",
                "url: \"ws+unix:/socket:/…\" has a fragment; allowed is a URL without one (what follows #)",
            ),
            (
                "ws://x/#top",
                "url: \"ws://x/…\" has a fragment; allowed is a URL without one (what follows #)",
            ),
            (
                "x",
                "url: \"x\" cannot be parsed (relative URL without a base); allowed is an absolute URL like wss://host/path",
            ),
            (
                "ws://",
                "url: \"ws://\" cannot be parsed (empty host); allowed is an absolute URL like wss://host/path",
            ),
            (
                "ws://x:99999",
                "url: \"ws://x:99999\" cannot be parsed (invalid port number); allowed is an absolute URL like wss://host/path",
            ),
            (
                "ws://a%0a:b@x",
                "url: \"ws://***@x\" must have no control characters in its credentials",
            ),
        ];
        for (text, message) in cases {
            assert_eq!(Address::parse(text).err().unwrap().message, message);
        }
    }

    #[test]
    fn an_error_never_shows_credentials() {
        for text in [
            "gopher://me:secret@x",
            "me:secret@x",
            "gopher://me:se@cret@x/",
            "ftp://x/?token=secret",
            "ws://me:secret@x:bad",
            "ws://me:secret@x/#secret",
            "me:a://secret@x",
        ] {
            let error = Address::parse(text).err().unwrap();
            assert!(!error.message.contains("cret"), "{}", error.message);
        }
    }

    #[test]
    fn credentials_are_decoded_before_they_are_sent() {
        let of = |text| Address::parse(text).unwrap().authorization;
        assert_eq!(of("ws://x"), None);
        assert_eq!(of("ws://user@x"), Some(basic(b"user:")));
        assert_eq!(
            of("ws://us%40er:p%3Ass%C3%A9@x"),
            Some(basic("us@er:p:ssé".as_bytes()))
        );
    }

    #[test]
    fn a_redirect_leads_to_a_web_socket_url_or_nowhere() {
        let from = Address::parse("wss://a:b@x.example/one/two?q").unwrap();
        let to = |location| {
            from.redirected(location)
                .map(|address| address.as_str().to_owned())
        };
        assert_eq!(to("/three").as_deref(), Some("wss://a:b@x.example/three"));
        assert_eq!(
            to("https://y.example/#z").as_deref(),
            Some("wss://y.example/")
        );
        assert_eq!(
            to("http://y.example:8080").as_deref(),
            Some("ws://y.example:8080/")
        );
        assert_eq!(to("ws+unix:/run/private.sock"), None);
        assert_eq!(to(""), None);
        assert_eq!(to("ftp://y.example"), None);
        assert_eq!(to("http://"), None);
    }
}
