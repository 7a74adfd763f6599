//! Parses what a user has set into a [`Target`].

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use data_encoding::BASE64;
use url::Url;

use super::Target;
use super::error::NetError;
use super::tcp::{Endpoint, Family};
use super::tls::{Roots, Tls};

/// Options as they come from JavaScript, where their types have been checked.
pub struct Options {
    pub url: String,
    pub protocols: Vec<String>,
    /// In their order; a name may have several values.
    pub headers: Vec<(String, Vec<String>)>,
    pub origin: Option<String>,
    /// `user:password`
    pub auth: Option<String>,
    pub handshake_timeout: Duration,
    pub follow_redirects: bool,
    pub max_redirects: u32,
    pub local_address: Option<String>,
    /// 4 or 6; 0 takes both.
    pub family: Option<u8>,
    pub servername: Option<String>,
    pub tls: TlsOptions,
    /// What to offer in `Sec-WebSocket-Extensions`.
    pub extensions: Option<String>,
}

/// Whom to trust, and who we are.
pub struct TlsOptions {
    pub reject_unauthorized: bool,
    /// PEM or DER; in place of `roots`.
    pub ca: Option<Vec<Vec<u8>>>,
    pub cert: Vec<Vec<u8>>,
    /// An unencrypted private key in PEM.
    pub key: Option<Vec<u8>>,
    /// PKCS#12
    pub pfx: Option<Vec<u8>>,
    /// Of `pfx`.
    pub passphrase: Option<String>,
    pub roots: Arc<Roots>,
}

/// An option whose value is not allowed. The message names the option, the value and what is.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{option}: {problem}; allowed is {allowed}")]
pub struct BadOption {
    pub option: String,
    pub problem: String,
    pub allowed: &'static str,
}

impl BadOption {
    pub(super) fn new(
        option: impl Into<String>,
        problem: impl Into<String>,
        allowed: &'static str,
    ) -> BadOption {
        BadOption {
            option: option.into(),
            problem: problem.into(),
            allowed,
        }
    }
}

/// The headers of a request besides those of the handshake itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers(Vec<(String, String)>);

/// Those that the handshake itself owns.
const OWN: [&str; 8] = [
    "connection",
    "upgrade",
    "sec-websocket-key",
    "sec-websocket-version",
    "sec-websocket-extensions",
    "sec-websocket-protocol",
    "transfer-encoding",
    "content-length",
];

/// What another host must not see.
const SECRETS: [&str; 4] = ["authorization", "cookie", "proxy-authorization", "host"];

impl Headers {
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub fn has(&self, name: &str) -> bool {
        self.0
            .iter()
            .any(|(known, _)| known.eq_ignore_ascii_case(name))
    }

    /// For a redirect to another host.
    pub fn forget_secrets(&mut self) {
        self.0.retain(|(name, _)| {
            !SECRETS
                .iter()
                .any(|secret| name.eq_ignore_ascii_case(secret))
        });
    }

    fn add_missing(&mut self, name: &str, value: Option<String>) {
        if let Some(value) = value {
            if !self.has(name) {
                self.0.push((name.to_owned(), value));
            }
        }
    }
}

impl Target {
    pub fn parse(options: Options) -> Result<Target, BadOption> {
        let url = parse_url(&options.url)?;
        let mut headers = parse_headers(options.headers)?;
        if let Some(origin) = &options.origin {
            check_value("websocketOptions.origin", origin)?;
        }
        headers.add_missing("Origin", options.origin);
        headers.add_missing("Authorization", authorization(&url, options.auth)?);
        let endpoint = Endpoint {
            family: Family::parse(options.family),
            local: options
                .local_address
                .map(|address| parse_address(&address))
                .transpose()?,
        };
        Ok(Target {
            tls: Tls::parse(options.tls, options.servername)?,
            protocols: parse_protocols(options.protocols)?,
            extensions: options.extensions,
            handshake_timeout: options.handshake_timeout,
            redirects: if options.follow_redirects {
                options.max_redirects
            } else {
                0
            },
            url,
            headers,
            endpoint,
        })
    }
}

fn parse_url(text: &str) -> Result<Url, BadOption> {
    let allowed = "a URL with ws: or wss:, a host and no fragment";
    let bad = |problem: String| {
        BadOption::new(
            "url",
            format!("{:?} {problem}", without_secrets(text)),
            allowed,
        )
    };
    let url = Url::parse(text).map_err(|error| bad(format!("cannot be parsed ({error})")))?;
    if !matches!(url.scheme(), "ws" | "wss") {
        return Err(bad(format!("has the scheme {}:", url.scheme())));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(bad("has no host".into()));
    }
    if url.fragment().is_some() {
        return Err(bad("has a fragment".into()));
    }
    Ok(url)
}

/// A URL as an error may show it.
fn without_secrets(text: &str) -> String {
    match (text.find("//"), text.rfind('@')) {
        (Some(start), Some(end)) if start + 2 < end => {
            format!("{}***{}", &text[..start + 2], &text[end..])
        }
        _ => text.to_owned(),
    }
}

/// Where a redirect leads.
pub fn redirected(from: &Url, to: &str) -> Result<Url, NetError> {
    let bad = || NetError::BadRedirect(without_secrets(to));
    let mut url = from.join(to).map_err(|_| bad())?;
    let scheme = match url.scheme() {
        "http" | "ws" => "ws",
        "https" | "wss" => "wss",
        _ => return Err(bad()),
    };
    // `set_scheme` refuses a change between kinds of schemes; all of these are of one.
    if url.set_scheme(scheme).is_err() || url.fragment().is_some() {
        return Err(bad());
    }
    Ok(url)
}

fn parse_headers(given: Vec<(String, Vec<String>)>) -> Result<Headers, BadOption> {
    let mut headers = Headers::default();
    for (name, values) in given {
        let option = format!("websocketOptions.headers[{name:?}]");
        if !is_token(&name) {
            return Err(BadOption::new(
                option,
                "is no header name",
                "a token of RFC 9110",
            ));
        }
        if OWN.contains(&name.to_ascii_lowercase().as_str()) {
            return Err(BadOption::new(
                option,
                "belongs to the handshake",
                "any other header; subprotocols go into `protocols`, compression into `perMessageDeflate`",
            ));
        }
        for value in &values {
            check_value(&option, value)?;
        }
        // One line each, but for cookies, of which a request has one line (RFC 6265, 5.4).
        if name.eq_ignore_ascii_case("cookie") {
            headers.0.push((name, values.join("; ")));
        } else {
            headers
                .0
                .extend(values.into_iter().map(|value| (name.clone(), value)));
        }
    }
    for once in ["Host", "Authorization", "User-Agent", "Origin"] {
        if headers
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case(once))
            .count()
            > 1
        {
            let option = format!("websocketOptions.headers[{once:?}]");
            return Err(BadOption::new(option, "has several values", "one value"));
        }
    }
    Ok(headers)
}

/// A value ends where its line ends: a control character in it would start another header.
fn check_value(option: &str, value: &str) -> Result<(), BadOption> {
    match value
        .chars()
        .find(|char| !matches!(char, '\t' | ' '..='~' | '\u{80}'..='\u{ff}'))
    {
        None => Ok(()),
        Some(char) => Err(BadOption::new(
            option,
            format!("has the character {char:?}, which a header cannot hold"),
            "printable characters of latin-1",
        )),
    }
}

fn parse_protocols(protocols: Vec<String>) -> Result<Vec<String>, BadOption> {
    let allowed = "RFC 6455 tokens without duplicates";
    for (index, protocol) in protocols.iter().enumerate() {
        if !is_token(protocol) {
            return Err(BadOption::new(
                "protocols",
                format!("{protocol:?} is no token"),
                allowed,
            ));
        }
        if protocols[..index].contains(protocol) {
            return Err(BadOption::new(
                "protocols",
                format!("{protocol:?} is there twice"),
                allowed,
            ));
        }
    }
    Ok(protocols)
}

/// A token of RFC 9110, 5.6.2.
fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// Basic credentials: the option wins over those of the URL, as in Node's `http`.
fn authorization(url: &Url, auth: Option<String>) -> Result<Option<String>, BadOption> {
    let credentials = match auth {
        Some(auth) => auth,
        None if url.username().is_empty() && url.password().is_none() => return Ok(None),
        None => {
            let decode = |part: &str| String::from_utf8_lossy(&percent_decode(part)).into_owned();
            format!(
                "{}:{}",
                decode(url.username()),
                decode(url.password().unwrap_or_default())
            )
        }
    };
    if credentials.chars().any(char::is_control) {
        return Err(BadOption::new(
            "websocketOptions.auth",
            "the credentials have a control character",
            "'user:password' without control characters",
        ));
    }
    Ok(Some(format!(
        "Basic {}",
        BASE64.encode(credentials.as_bytes())
    )))
}

fn percent_decode(text: &str) -> Vec<u8> {
    url::form_urlencoded::parse(
        text.replace('+', "%2B")
            .replace('&', "%26")
            .replace('=', "%3D")
            .as_bytes(),
    )
    .next()
    .map_or_else(Vec::new, |(decoded, _)| decoded.into_owned().into_bytes())
}

fn parse_address(address: &str) -> Result<IpAddr, BadOption> {
    address.parse().map_err(|_| {
        BadOption::new(
            "websocketOptions.localAddress",
            format!("{address:?} is no IP address"),
            "an IP address of this machine",
        )
    })
}
