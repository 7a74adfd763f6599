//! Where a connection goes: a WebSocket URL taken apart.

use data_encoding::BASE64;
use percent_encoding::percent_decode_str;
use url::{Host, Url};

use super::BadOption;

/// A checked `ws:` or `wss:` URL.
#[derive(Clone)]
pub(super) struct Address {
    url: Url,
    host: Host,
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
        if !matches!(url.scheme(), "ws" | "wss") {
            return Err(bad("has another scheme; allowed are ws: and wss:"));
        }
        if url.fragment().is_some_and(|fragment| !fragment.is_empty()) {
            return Err(bad(
                "has a fragment; allowed is a URL without one (what follows #)",
            ));
        }
        Address::from_url(url).map_err(bad)
    }

    /// Where a `Location` header leads. `http:` and `https:` mean `ws:` and `wss:` there, since that is
    /// what servers that redirect every request send.
    pub fn redirected(&self, location: &str) -> Option<Address> {
        let mut url = self.url.join(location).ok()?;
        let scheme = match url.scheme() {
            "ws" | "http" => "ws",
            "wss" | "https" => "wss",
            _ => return None,
        };
        url.set_scheme(scheme).ok()?;
        Address::from_url(url).ok()
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
            authorization,
        })
    }

    /// The URL as WHATWG serializes it, credentials included.
    pub fn as_str(&self) -> &str {
        self.url.as_str()
    }

    pub fn is_secure(&self) -> bool {
        self.url.scheme() == "wss"
    }

    pub fn host(&self) -> &Host {
        &self.host
    }

    pub fn port(&self) -> u16 {
        self.url
            .port()
            .unwrap_or(if self.is_secure() { 443 } else { 80 })
    }

    /// Host and port, the scheme's default port spelled out.
    pub fn host_port(&self) -> String {
        format!("{}:{}", self.host, self.port())
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
    fn a_bad_url_is_told_what_is_allowed() {
        let cases = [
            (
                "http://x",
                "url: \"http://x\" has another scheme; allowed are ws: and wss:",
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
            "http://me:secret@x",
            "me:secret@x",
            "http://me:se@cret@x/",
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
        assert_eq!(to("ftp://y.example"), None);
        assert_eq!(to("http://"), None);
    }
}
