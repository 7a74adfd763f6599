//! What the attempts of a client ask JavaScript in the middle.

use std::sync::Arc;

use super::clock;
use super::flow_control::FlowControl;
use super::mailbox::{Mailbox, Notification, NotificationKind};
use crate::net::{Need, Outside};
use crate::policy::Attempt;

/// JavaScript, as one attempt knows it: what is asked goes by the mailbox, behind what is told before it.
pub(super) struct Asking {
    pub attempt: Attempt,
    pub from: Arc<FlowControl>,
    pub mailbox: Arc<Mailbox>,
}

impl Outside for Asking {
    fn ask(&self, need: Need) {
        let attempt = self.attempt;
        self.mailbox.push([Notification {
            from: self.from.clone(),
            at: clock::epoch_ms(),
            order: 0,
            kind: NotificationKind::Need { attempt, need },
        }]);
    }
}
