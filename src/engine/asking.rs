//! What the attempts of a client ask JavaScript in the middle.

use std::sync::Arc;

use super::clock;
use super::flow_control::FlowControl;
use super::mailbox::{Mailbox, Notification, NotificationKind};
use crate::net::{Need, Outside};
use crate::policy::Attempt;
use crate::sync::{Lock, Rank, lock};

/// JavaScript, as one attempt knows it: what is asked goes by the mailbox, behind what is told before it.
pub(super) struct Asking {
    pub attempt: Attempt,
    pub from: Arc<FlowControl>,
    pub mailbox: Arc<Mailbox>,
}

impl Outside for Asking {
    fn ask(&self, need: Need) {
        let attempt = self.attempt;
        self.post(NotificationKind::Need { attempt, need });
    }

    fn tell(&self, pipe: u32) {
        self.post(NotificationKind::PipeNews { pipe });
    }

    fn has_to_connect(&self, host_port: &str) -> bool {
        let known = self.from.connected_by_javascript.get();
        known.is_some_and(|known| lock(known).iter().any(|known| known == host_port))
    }

    fn let_connect(&self, host_port: String) {
        let known = self
            .from
            .connected_by_javascript
            .get_or_init(|| Box::new(Lock::new(Rank::Last, Vec::new())));
        lock(known).push(host_port);
    }
}

impl Asking {
    fn post(&self, kind: NotificationKind) {
        self.mailbox.push([Notification {
            from: self.from.clone(),
            at: clock::epoch_ms(),
            order: 0,
            kind,
        }]);
    }
}
