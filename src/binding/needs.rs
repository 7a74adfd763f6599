//! What an attempt asks JavaScript for, as JavaScript answers it.

use std::net::IpAddr;

use napi::bindgen_prelude::Result;
use napi_derive::napi;

use super::code::Code;
use crate::net::{self, Answer};
use crate::policy::{Attempt, Failure};

/// What is asked for.
pub enum Need {
    Addresses(AddressNeed),
}

impl Need {
    pub fn of(attempt: Attempt, need: net::Need) -> Need {
        match need {
            net::Need::Addresses { host, answer } => Need::Addresses(AddressNeed {
                attempt,
                host,
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
    answer: Option<Answer<Vec<IpAddr>>>,
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
            text.parse::<IpAddr>().map_err(|_| {
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
