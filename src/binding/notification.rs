//! What the mailbox holds, as rows.

use napi::Result;

use super::convert::flat;
use super::messages::Messages;
use super::needs::Need;
use super::protocol::{DeliveryOutcome, Notice};
use super::rows::{Make, Rows};
use crate::engine::{Notification, NotificationKind};

impl<M: Make> Rows<M> {
    /// Appends the rows of a notification.
    pub fn notification(&mut self, notification: Notification) -> Result<()> {
        let Notification {
            from,
            at,
            order,
            kind,
        } = notification;
        let notice = match kind {
            NotificationKind::Messages(batch) => {
                let mut messages = Messages::new(self, from.id, at);
                messages.run(batch);
                return messages.finish();
            }
            NotificationKind::Delivery(outcome) => {
                return self.outcome(from.id, at, outcome.into());
            }
            NotificationKind::Need { attempt, need } => {
                return self.need(from.id, at, Need::of(attempt, need));
            }
            NotificationKind::PipeNews { pipe } => return self.socket(from.id, at, pipe),
            NotificationKind::Drain => return self.outcome(from.id, at, DeliveryOutcome::Drained),
            NotificationKind::Notice(told) => told.into(),
            NotificationKind::Agreed {
                protocol,
                extensions,
                url,
                status,
                headers,
            } => Notice::Agreed {
                protocol,
                extensions,
                url,
                status_code: status.into(),
                headers: flat(headers),
            },
        };
        self.notice(from.id, at, order, notice)
    }
}
