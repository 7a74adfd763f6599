//! The one time limit of a handshake.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use tokio::time::{Sleep, sleep};

use super::{AttemptStage, NetError};

/// Counts from its making, over all the steps that it is asked to bound.
pub(super) struct Limit {
    after: Duration,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Limit {
    /// The shorter of a timeout, where zero sets none, and of what an attempt has left of its time.
    pub fn new(timeout: Duration, left: Option<Duration>) -> Limit {
        let timeout = (!timeout.is_zero()).then_some(timeout);
        let after = timeout.into_iter().chain(left).min();
        Limit {
            after: after.unwrap_or_default(),
            timer: after.map(|after| Box::pin(sleep(after))),
        }
    }

    pub async fn bound<T>(
        &mut self,
        stage: AttemptStage,
        step: impl Future<Output = Result<T, NetError>>,
    ) -> Result<T, NetError> {
        let Some(timer) = &mut self.timer else {
            return step.await;
        };
        tokio::select! {
            biased;
            done = step => done,
            () = timer => Err(NetError::TimedOut { after: self.after, stage }),
        }
    }
}
