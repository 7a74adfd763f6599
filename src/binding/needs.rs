//! What an attempt asks JavaScript for, as JavaScript answers it.

use std::net::SocketAddr;

use napi::bindgen_prelude::Result;
use napi_derive::napi;

use super::code::Code;
use super::convert::pairs;
use super::protocol::{ServerOfSocket, SocketNews};
use crate::net::{self, Answer, PipeEnd, RequestChanges, Server};
use crate::policy::{Attempt, Failure};

/// What is asked for.
pub enum Need {
    Addresses(AddressNeed),
    Socket(SocketNeed),
}

impl Need {
    pub fn of(attempt: Attempt, need: net::Need) -> Need {
        match need {
            net::Need::Addresses { host, answer } => Need::Addresses(AddressNeed {
                attempt,
                host,
                answer: Some(answer),
            }),
            net::Need::Socket {
                server,
                end,
                tunnel,
                answer,
            } => Need::Socket(SocketNeed {
                attempt,
                server: Some(server),
                tunnel,
                end,
                answer: Some(answer),
            }),
        }
    }
}

/// An attempt needs the addresses of a host. Where it is never answered, the attempt fails once this is collected, or at its
/// time limit.
#[napi]
pub struct AddressNeed {
    attempt: Attempt,
    host: String,
    answer: Option<Answer<Vec<SocketAddr>>>,
}

#[napi]
impl AddressNeed {
    #[napi(catch_unwind)]
    pub fn attempt(&self) -> f64 {
        self.attempt as f64
    }

    #[napi(catch_unwind)]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// IP addresses, the best first. The first answer counts; one with what is none throws, and counts as none.
    #[napi(catch_unwind)]
    pub fn answer(&mut self, addresses: Vec<String>) -> Result<(), Code> {
        let parsed = |text: &String| {
            net::parse_ip(text).ok_or_else(|| {
                let message =
                    format!("websocketOptions.lookup found {text:?}, which is no IP address");
                napi::Error::new(Code("WSR_ERR_FUNCTION"), message)
            })
        };
        let addresses = addresses.iter().map(parsed).collect::<Result<_, _>>()?;
        if let Some(answer) = self.answer.take() {
            answer.give(Ok(addresses));
        }
        Ok(())
    }

    /// JavaScript has an error of its own for the attempt.
    #[napi(catch_unwind)]
    pub fn fail(&mut self, message: String) {
        if let Some(answer) = self.answer.take() {
            answer.give(Err(thrown(self.attempt, message)));
        }
    }
}

/// The failure of an attempt for which JavaScript holds the error.
pub fn thrown(attempt: Attempt, message: String) -> Failure {
    Failure {
        message,
        thrown_for: Some(attempt),
        ..Failure::default()
    }
}

/// An attempt needs a connection to a server. Its bytes go through here, once JavaScript has made it. Where this is collected, the
/// connection has ended.
#[napi]
pub struct SocketNeed {
    attempt: Attempt,
    server: Option<Server>,
    tunnel: Option<PipeEnd>,
    end: PipeEnd,
    answer: Option<Answer<RequestChanges>>,
}

#[napi]
impl SocketNeed {
    #[napi(catch_unwind)]
    pub fn attempt(&self) -> f64 {
        self.attempt as f64
    }

    /// Its name: the rows of its news have it.
    #[napi(catch_unwind)]
    pub fn number(&self) -> u32 {
        self.end.number()
    }

    /// Where it is to lead; told once.
    #[napi(catch_unwind)]
    pub fn server(&mut self) -> Option<ServerOfSocket> {
        self.server.take().map(ServerOfSocket::from)
    }

    /// What leads to the server already, where something does: the connection is to be made by TLS over it. It is used as a
    /// connection that is open, from the side of the server. Told once.
    #[napi(catch_unwind)]
    pub fn tunnel(&mut self) -> Option<SocketNeed> {
        let end = self.tunnel.take()?;
        Some(SocketNeed {
            attempt: self.attempt,
            server: None,
            tunnel: None,
            end,
            answer: None,
        })
    }

    /// The connection is there. `resource`: what is asked for in the place of the path; `headers`, name, value, name, value, …:
    /// those of the request besides.
    #[napi(catch_unwind)]
    pub fn open(&mut self, resource: Option<String>, headers: Vec<String>) {
        if let Some(answer) = self.answer.take() {
            let headers = pairs(headers);
            answer.give(Ok(RequestChanges { resource, headers }));
        }
    }

    /// JavaScript has an error of its own for the attempt, or for the connection.
    #[napi(catch_unwind)]
    pub fn fail(&mut self, message: String) {
        let failure = thrown(self.attempt, message);
        match self.answer.take() {
            Some(answer) => answer.give(Err(failure)),
            None => self.end.fail(failure),
        }
    }

    /// The peer has ended the stream.
    #[napi(catch_unwind)]
    pub fn finish(&self) {
        self.end.finish();
    }

    /// Hands over what the socket has read. Whether it may read on; where it may not, news will say when.
    #[napi(catch_unwind)]
    pub fn push(&self, bytes: &[u8]) -> bool {
        self.end.push(bytes)
    }

    /// What there is to do. Where the socket does not take any, the bytes to write are left.
    #[napi(catch_unwind)]
    pub fn look(&self, takes: bool) -> SocketNews {
        self.end.look(takes).into()
    }
}
