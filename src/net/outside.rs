//! What an attempt needs in the middle that the program outside of the engine has: it asks, and awaits the answer.

use std::net::IpAddr;

use tokio::sync::oneshot;

use super::NetError;
use crate::policy::Failure;

/// The program, as one attempt knows it.
pub trait Outside: Send + Sync {
    /// Has it answered, soon and from outside of this call. A need that is dropped has failed.
    fn ask(&self, need: Need);
}

/// What is asked for.
pub enum Need {
    /// The addresses of a host, best first.
    Addresses {
        host: String,
        answer: Answer<Vec<IpAddr>>,
    },
}

/// Where the answer goes. Who gives the attempt up waits for it no longer.
pub struct Answer<T>(oneshot::Sender<Result<T, Failure>>);

impl<T> Answer<T> {
    pub fn give(self, answer: Result<T, Failure>) {
        // Who has given up hears nothing.
        let _ = self.0.send(answer);
    }
}

/// Asks, and awaits the answer.
pub(super) async fn ask<T>(
    outside: &dyn Outside,
    need: impl FnOnce(Answer<T>) -> Need,
) -> Result<T, NetError> {
    let (sender, receiver) = oneshot::channel();
    outside.ask(need(Answer(sender)));
    match receiver.await {
        Ok(answer) => answer.map_err(|failure| NetError::Outside(Box::new(failure))),
        Err(_) => Err(NetError::Unanswered),
    }
}

/// A program that has nothing, for tests.
#[cfg(test)]
pub(crate) struct Nothing;

#[cfg(test)]
impl Outside for Nothing {
    fn ask(&self, _: Need) {}
}
