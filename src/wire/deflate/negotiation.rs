//! What is offered of permessage-deflate in the upgrade, and what the answer of the server makes of it (RFC 7692, 7.1).

use std::fmt;

use thiserror::Error;

const NAME: &str = "permessage-deflate";
const SERVER_NO_CONTEXT_TAKEOVER: &str = "server_no_context_takeover";
const CLIENT_NO_CONTEXT_TAKEOVER: &str = "client_no_context_takeover";
const SERVER_MAX_WINDOW_BITS: &str = "server_max_window_bits";
const CLIENT_MAX_WINDOW_BITS: &str = "client_max_window_bits";

/// What a client wants of permessage-deflate: the options of `perMessageDeflate` in `ws`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeflateOptions {
    /// Ask the server to begin each message with an empty window. Off by default.
    pub server_no_context_takeover: bool,
    /// Begin each message with an empty window. `None`, the default, leaves it to the server,
    /// `Some(true)` says so in the offer, `Some(false)` refuses a server that wants it.
    pub client_no_context_takeover: Option<bool>,
    /// Ask the server for a window of at most 2^n bytes, n from 8 to 15. Not asked by default.
    pub server_max_window_bits: Option<u8>,
    /// The client's own window; by default the server may choose.
    pub client_max_window_bits: ClientWindow,
    /// Messages of fewer bytes are sent as they are. 1024 by default.
    pub threshold: usize,
    /// zlib's compression level, 0 to 9; `None` is zlib's default, 6.
    pub level: Option<u8>,
    /// zlib's memory level, 1 to 9, 8 by default.
    pub mem_level: u8,
}

/// What the offer says of `client_max_window_bits`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ClientWindow {
    /// The parameter without a value: the server may choose.
    #[default]
    Any,
    /// At most 2^n bytes, n from 8 to 15, or less if the server wants.
    AtMost(u8),
    /// Not offered: a server that answers it is refused.
    NotOffered,
}

impl Default for DeflateOptions {
    fn default() -> Self {
        Self {
            server_no_context_takeover: false,
            client_no_context_takeover: None,
            server_max_window_bits: None,
            client_max_window_bits: ClientWindow::Any,
            threshold: 1024,
            level: None,
            mem_level: 8,
        }
    }
}

/// The parameters of a connection. Its text is what `extensions` shows: the server's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreed {
    answer: ServerParameters,
    pub(super) server_no_context_takeover: bool,
    pub(super) client_no_context_takeover: bool,
    pub(super) client_max_window_bits: u8,
    pub(super) threshold: usize,
    pub(super) level: Option<u8>,
    pub(super) mem_level: u8,
}

/// What the server answered to the offer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct ServerParameters {
    server_no_context_takeover: bool,
    client_no_context_takeover: bool,
    server_max_window_bits: Option<u8>,
    client_max_window_bits: Option<u8>,
}

impl fmt::Display for Agreed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(NAME)?;
        if self.answer.server_no_context_takeover {
            write!(f, "; {SERVER_NO_CONTEXT_TAKEOVER}")?;
        }
        if self.answer.client_no_context_takeover {
            write!(f, "; {CLIENT_NO_CONTEXT_TAKEOVER}")?;
        }
        if let Some(bits) = self.answer.server_max_window_bits {
            write!(f, "; {SERVER_MAX_WINDOW_BITS}={bits}")?;
        }
        if let Some(bits) = self.answer.client_max_window_bits {
            write!(f, "; {CLIENT_MAX_WINDOW_BITS}={bits}")?;
        }
        Ok(())
    }
}

/// Why the server's `Sec-WebSocket-Extensions` fails the handshake.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ExtensionError {
    #[error("the server answered with extensions ({0:?}), but none were offered")]
    NoneOffered(String),
    #[error("the server's Sec-WebSocket-Extensions header is malformed: {0:?}")]
    Malformed(String),
    #[error("the server answered with the extension {0:?}; only permessage-deflate was offered")]
    NotOffered(String),
    #[error("the server answered with permessage-deflate more than once")]
    Twice,
    #[error("the server answered permessage-deflate with the parameter {0:?} more than once")]
    ParameterTwice(String),
    #[error("the server answered permessage-deflate with the unknown parameter {0:?}")]
    UnknownParameter(String),
    #[error("the server answered permessage-deflate with {0}, which was not offered")]
    ParameterNotOffered(&'static str),
    #[error("the server answered permessage-deflate with {name}={value}; allowed is {allowed}")]
    Value {
        name: &'static str,
        value: String,
        allowed: String,
    },
}

/// The `Sec-WebSocket-Extensions` of a request.
pub fn offer(options: &DeflateOptions) -> String {
    let mut text = String::from(NAME);
    if options.server_no_context_takeover {
        text += "; ";
        text += SERVER_NO_CONTEXT_TAKEOVER;
    }
    if options.client_no_context_takeover == Some(true) {
        text += "; ";
        text += CLIENT_NO_CONTEXT_TAKEOVER;
    }
    if let Some(bits) = options.server_max_window_bits {
        text += &format!("; {SERVER_MAX_WINDOW_BITS}={bits}");
    }
    match options.client_max_window_bits {
        ClientWindow::Any => text += &format!("; {CLIENT_MAX_WINDOW_BITS}"),
        ClientWindow::AtMost(bits) => text += &format!("; {CLIENT_MAX_WINDOW_BITS}={bits}"),
        ClientWindow::NotOffered => {}
    }
    text
}

/// Judges the `Sec-WebSocket-Extensions` of a response, its lines joined with commas, by what was offered.
///
/// A server that leaves out what it was asked for is taken as it is, as `ws` does.
pub fn accept(
    options: Option<&DeflateOptions>,
    response: Option<&str>,
) -> Result<Option<Agreed>, ExtensionError> {
    let Some(response) = response else {
        return Ok(None);
    };
    let Some(options) = options else {
        return Err(ExtensionError::NoneOffered(response.to_owned()));
    };
    let extensions =
        parse(response).ok_or_else(|| ExtensionError::Malformed(response.to_owned()))?;
    if let Some(other) = extensions.iter().find(|extension| extension.name != NAME) {
        return Err(ExtensionError::NotOffered(other.name.to_owned()));
    }
    let [extension] = &extensions[..] else {
        return Err(ExtensionError::Twice);
    };
    let answer = ServerParameters::read(&extension.parameters, options)?;
    let own_window = match options.client_max_window_bits {
        ClientWindow::AtMost(bits) => bits,
        ClientWindow::Any | ClientWindow::NotOffered => 15,
    };
    Ok(Some(Agreed {
        server_no_context_takeover: answer.server_no_context_takeover,
        client_no_context_takeover: answer.client_no_context_takeover
            || options.client_no_context_takeover == Some(true),
        client_max_window_bits: answer.client_max_window_bits.unwrap_or(own_window),
        threshold: options.threshold,
        level: options.level,
        mem_level: options.mem_level,
        answer,
    }))
}

impl ServerParameters {
    fn read(
        parameters: &[Parameter<'_>],
        options: &DeflateOptions,
    ) -> Result<Self, ExtensionError> {
        let mut answer = Self::default();
        for (i, parameter) in parameters.iter().enumerate() {
            let &Parameter { name, value } = parameter;
            if parameters[..i].iter().any(|earlier| earlier.name == name) {
                return Err(ExtensionError::ParameterTwice(name.to_owned()));
            }
            match name {
                SERVER_NO_CONTEXT_TAKEOVER => {
                    no_value(SERVER_NO_CONTEXT_TAKEOVER, value)?;
                    answer.server_no_context_takeover = true;
                }
                CLIENT_NO_CONTEXT_TAKEOVER => {
                    no_value(CLIENT_NO_CONTEXT_TAKEOVER, value)?;
                    if options.client_no_context_takeover == Some(false) {
                        return Err(ExtensionError::ParameterNotOffered(
                            CLIENT_NO_CONTEXT_TAKEOVER,
                        ));
                    }
                    answer.client_no_context_takeover = true;
                }
                SERVER_MAX_WINDOW_BITS => {
                    let most = options.server_max_window_bits.unwrap_or(15);
                    answer.server_max_window_bits =
                        Some(window_bits(SERVER_MAX_WINDOW_BITS, value, most)?);
                }
                CLIENT_MAX_WINDOW_BITS => {
                    let most = match options.client_max_window_bits {
                        ClientWindow::Any => 15,
                        ClientWindow::AtMost(bits) => bits,
                        ClientWindow::NotOffered => {
                            return Err(ExtensionError::ParameterNotOffered(
                                CLIENT_MAX_WINDOW_BITS,
                            ));
                        }
                    };
                    answer.client_max_window_bits =
                        Some(window_bits(CLIENT_MAX_WINDOW_BITS, value, most)?);
                }
                unknown => return Err(ExtensionError::UnknownParameter(unknown.to_owned())),
            }
        }
        Ok(answer)
    }
}

fn no_value(name: &'static str, value: Option<&str>) -> Result<(), ExtensionError> {
    match value {
        None => Ok(()),
        Some(value) => Err(ExtensionError::Value {
            name,
            value: value.to_owned(),
            allowed: "no value".to_owned(),
        }),
    }
}

fn window_bits(name: &'static str, value: Option<&str>, most: u8) -> Result<u8, ExtensionError> {
    let value = value.unwrap_or_default();
    match value.parse() {
        Ok(bits) if (8..=most).contains(&bits) && !value.starts_with(['0', '+']) => Ok(bits),
        _ => Err(ExtensionError::Value {
            name,
            value: value.to_owned(),
            allowed: format!("a whole number from 8 to {most}"),
        }),
    }
}

struct Extension<'a> {
    name: &'a str,
    parameters: Vec<Parameter<'a>>,
}

struct Parameter<'a> {
    name: &'a str,
    value: Option<&'a str>,
}

/// Parses the header by RFC 6455, 9.1. A quoted value must be a token once it is unquoted, so that no
/// separator can hide in it.
fn parse(header: &str) -> Option<Vec<Extension<'_>>> {
    header.split(',').map(parse_extension).collect()
}

fn parse_extension(text: &str) -> Option<Extension<'_>> {
    let mut parts = text.split(';').map(|part| part.trim_matches([' ', '\t']));
    let name = token(parts.next()?)?;
    let parameters = parts.map(parse_parameter).collect::<Option<_>>()?;
    Some(Extension { name, parameters })
}

fn parse_parameter(text: &str) -> Option<Parameter<'_>> {
    let Some((name, value)) = text.split_once('=') else {
        return Some(Parameter {
            name: token(text)?,
            value: None,
        });
    };
    let value = value.trim_matches([' ', '\t']);
    let bare = value
        .strip_prefix('"')
        .and_then(|value| value.strip_suffix('"'))
        .unwrap_or(value);
    Some(Parameter {
        name: token(name.trim_end_matches([' ', '\t']))?,
        value: Some(token(bare)?),
    })
}

/// `text`, if it is a token (RFC 9110, 5.6.2).
fn token(text: &str) -> Option<&str> {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    (!text.is_empty() && text.bytes().all(is_token)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(options: &DeflateOptions, response: &str) -> Result<String, String> {
        match accept(Some(options), Some(response)) {
            Ok(Some(agreed)) => Ok(agreed.to_string()),
            Ok(None) => Ok(String::new()),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn the_default_offer_lets_the_server_choose_the_client_s_window() {
        assert_eq!(
            offer(&DeflateOptions::default()),
            "permessage-deflate; client_max_window_bits"
        );
    }

    #[test]
    fn an_offer_names_what_the_options_ask() {
        let options = DeflateOptions {
            server_no_context_takeover: true,
            client_no_context_takeover: Some(true),
            server_max_window_bits: Some(10),
            client_max_window_bits: ClientWindow::AtMost(9),
            ..DeflateOptions::default()
        };
        assert_eq!(
            offer(&options),
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover; \
             server_max_window_bits=10; client_max_window_bits=9"
        );
        let options = DeflateOptions {
            client_max_window_bits: ClientWindow::NotOffered,
            ..DeflateOptions::default()
        };
        assert_eq!(offer(&options), "permessage-deflate");
    }

    #[test]
    fn a_response_without_extensions_agrees_on_none() {
        assert_eq!(accept(Some(&DeflateOptions::default()), None), Ok(None));
        assert_eq!(accept(None, None), Ok(None));
    }

    #[test]
    fn an_answer_to_no_offer_is_refused() {
        let error = accept(None, Some("permessage-deflate")).unwrap_err();
        assert_eq!(
            error,
            ExtensionError::NoneOffered("permessage-deflate".to_owned())
        );
    }

    #[test]
    fn the_answer_is_told_as_the_server_gave_it() {
        let answer = "permessage-deflate; server_no_context_takeover; client_no_context_takeover; \
                      server_max_window_bits=8; client_max_window_bits=12";
        assert_eq!(
            answered(&DeflateOptions::default(), answer).as_deref(),
            Ok(answer)
        );
        let spaced = " permessage-deflate ;\tserver_max_window_bits = \"10\" ";
        let told = "permessage-deflate; server_max_window_bits=10";
        assert_eq!(
            answered(&DeflateOptions::default(), spaced).as_deref(),
            Ok(told)
        );
    }

    #[test]
    fn the_client_keeps_to_what_it_offered_where_the_server_is_silent() {
        let options = DeflateOptions {
            client_no_context_takeover: Some(true),
            client_max_window_bits: ClientWindow::AtMost(10),
            ..DeflateOptions::default()
        };
        let agreed = accept(Some(&options), Some("permessage-deflate"))
            .unwrap()
            .unwrap();
        assert!(agreed.client_no_context_takeover);
        assert_eq!(agreed.client_max_window_bits, 10);
        assert_eq!(agreed.to_string(), "permessage-deflate");
    }

    #[test]
    fn an_answer_outside_the_offer_is_refused_by_name() {
        let strict = DeflateOptions {
            client_no_context_takeover: Some(false),
            server_max_window_bits: Some(10),
            client_max_window_bits: ClientWindow::NotOffered,
            ..DeflateOptions::default()
        };
        let nine = DeflateOptions {
            client_max_window_bits: ClientWindow::AtMost(9),
            ..DeflateOptions::default()
        };
        let open = DeflateOptions::default();
        let cases = [
            (&open, "x-webkit-deflate-frame", "x-webkit-deflate-frame"),
            (
                &open,
                "permessage-deflate, permessage-deflate",
                "more than once",
            ),
            (&open, "permessage-deflate, other", "other"),
            (
                &open,
                "permessage-deflate; x=1; x=1",
                "unknown parameter \"x\"",
            ),
            (
                &open,
                "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
                "more than once",
            ),
            (
                &open,
                "permessage-deflate; server_no_context_takeover=1",
                "server_no_context_takeover=1; allowed is no value",
            ),
            (
                &open,
                "permessage-deflate; client_max_window_bits",
                "client_max_window_bits=; allowed is a whole number from 8 to 15",
            ),
            (
                &open,
                "permessage-deflate; client_max_window_bits=16",
                "client_max_window_bits=16",
            ),
            (
                &open,
                "permessage-deflate; server_max_window_bits=7",
                "server_max_window_bits=7",
            ),
            (
                &open,
                "permessage-deflate; server_max_window_bits=08",
                "server_max_window_bits=08",
            ),
            (
                &open,
                "permessage-deflate; server_max_window_bits=+9",
                "server_max_window_bits=+9",
            ),
            (
                &strict,
                "permessage-deflate; server_max_window_bits=11",
                "from 8 to 10",
            ),
            (
                &strict,
                "permessage-deflate; client_no_context_takeover",
                "client_no_context_takeover, which was not offered",
            ),
            (
                &strict,
                "permessage-deflate; client_max_window_bits=9",
                "client_max_window_bits, which was not offered",
            ),
            (
                &nine,
                "permessage-deflate; client_max_window_bits=10",
                "from 8 to 9",
            ),
        ];
        for (options, response, told) in cases {
            let error = answered(options, response).unwrap_err();
            assert!(error.contains(told), "{response} gave: {error}");
        }
    }

    #[test]
    fn a_header_that_does_not_parse_is_refused() {
        for response in [
            "",
            ",",
            "permessage-deflate;",
            "permessage-deflate,",
            "a b",
            "permessage-deflate; =1",
            "permessage-deflate; x=",
            "permessage-deflate; x=\"",
            "permessage-deflate; x=\"a b\"",
            "permessage-deflate; é",
        ] {
            let error = accept(Some(&DeflateOptions::default()), Some(response)).unwrap_err();
            assert_eq!(error, ExtensionError::Malformed(response.to_owned()));
        }
    }
}
