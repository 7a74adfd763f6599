//! How a client's attempts keep to the budgets that it shares. A page has few clients and one thread: there JavaScript does it, before
//! it dials, and loads a quarter of the code for it.

use std::sync::Arc;

use super::Link;
use crate::policy::duration::Duration;
use crate::policy::phase::Phase;
use crate::policy::{Chance, IN_BROWSERS, Instant, SharedBudget};

impl<C: Chance> Link<C> {
    /// Goes by other budgets: one for each URL, or one for all. What is under way counts for the one of before.
    pub fn share_connects(&mut self, budgets: Vec<Arc<dyn SharedBudget>>, now: Instant) {
        if budgets.is_empty() && self.connect_turn.is_none() {
            return;
        }
        self.connect_turn.get_or_insert_default().share(budgets);
        self.try_queued(now);
    }

    /// Whether an attempt waits for the budget: an [`Input::Tick`](crate::policy::Input::Tick) is due whenever that may let it go.
    pub fn is_queued(&self) -> bool {
        matches!(self.phase, Phase::Queued { .. })
    }

    /// When the budget lets an attempt that waits for it begin, as far as that is known.
    pub fn queued_until(&self) -> Option<Instant> {
        let Phase::Queued { until, .. } = self.phase else {
            return None;
        };
        until
    }

    /// When an attempt may begin that is to after a delay, and how long that is. Its start is reserved.
    pub(super) fn reserve_start(
        &mut self,
        delay: Duration,
        now: Instant,
    ) -> (Option<Instant>, Duration) {
        let from = now.checked_add(delay);
        if IN_BROWSERS {
            return (from, delay);
        }
        let (Some(turn), Some(rate), Some(from)) =
            (&mut self.connect_turn, &self.settings.connect_rate, from)
        else {
            return (from, delay);
        };
        let at = turn.reserve(self.url_selector.index(), from, rate);
        (Some(at), at.saturating_duration_since(now))
    }

    /// Begins the attempt for the budget, or says until when it waits.
    pub(super) fn begin_start(&mut self, now: Instant) -> Result<(), Option<Instant>> {
        if IN_BROWSERS {
            return Ok(());
        }
        match (&mut self.connect_turn, &self.settings.connect_rate) {
            (Some(turn), Some(rate)) => turn.begin(self.url_selector.index(), now, rate),
            (None, _) | (_, None) => Ok(()),
        }
    }

    /// Begins the attempt that waits for the budget, where it may.
    pub(super) fn try_queued(&mut self, now: Instant) {
        if let Phase::Queued { limit, .. } = self.phase
            && !IN_BROWSERS
        {
            self.reach(limit, now);
        }
    }

    /// Gives back what an attempt has of the budget, unless it still needs that.
    pub(super) fn give_start_back(&mut self, before: &Phase) {
        let turn = self.connect_turn.as_mut().filter(|_| !IN_BROWSERS);
        let Some(turn) = turn else {
            return;
        };
        let has_begun =
            |phase: &Phase| matches!(phase, Phase::Dialing { .. } | Phase::Initializing { .. });
        let is_over = has_begun(before) && !has_begun(&self.phase);
        let is_needed = self.phase.is_connecting() || matches!(self.phase, Phase::Waiting { .. });
        if is_over || !is_needed {
            turn.give_back();
        }
    }
}
