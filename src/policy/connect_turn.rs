//! What one client has of the budgets that its attempts go by.

use std::sync::Arc;

use super::connect_budget::{ConnectRate, SharedBudget};
use super::{IN_BROWSERS, Instant};

/// See the module. What it holds is given back when it is dropped.
#[derive(Debug, Default)]
pub(super) struct ConnectTurn {
    /// One for each URL; the first is that of all without one of their own.
    budgets: Vec<Arc<dyn SharedBudget>>,
    held: Option<Held>,
}

/// What the client has of a budget, which may be one that it goes by no more.
#[derive(Debug)]
struct Held {
    budget: Arc<dyn SharedBudget>,
    start: Start,
}

#[derive(Clone, Copy, Debug)]
enum Start {
    Reserved {
        at: Instant,
    },
    /// The attempt is under way.
    Begun,
}

impl ConnectTurn {
    /// From the next start on.
    pub(super) fn share(&mut self, budgets: Vec<Arc<dyn SharedBudget>>) {
        self.budgets = budgets;
    }

    /// Reserves the first start from a time on; that time where there is no budget.
    pub(super) fn reserve(
        &mut self,
        url_index: usize,
        from: Instant,
        rate: &ConnectRate,
    ) -> Instant {
        let Some(budget) = self.budget(url_index) else {
            return from;
        };
        if self.reserved_at(&budget).is_none() {
            self.give_back();
        }
        let at = budget.lock().reserve(budget.number(), from, rate);
        let start = Start::Reserved { at };
        self.held = Some(Held { budget, start });
        at
    }

    /// Begins the attempt, or says until when it waits; without a time, until the client is called.
    pub(super) fn begin(
        &mut self,
        url_index: usize,
        now: Instant,
        rate: &ConnectRate,
    ) -> Result<(), Option<Instant>> {
        let Some(budget) = self.budget(url_index) else {
            self.give_back();
            return Ok(());
        };
        if self.reserved_at(&budget).is_none_or(|at| at > now) {
            let at = self.reserve(url_index, now, rate);
            if at > now {
                return Err(Some(at));
            }
        }
        budget.lock().begin(budget.number(), now, rate)?;
        let start = Start::Begun;
        self.held = Some(Held { budget, start });
        Ok(())
    }

    /// Lets go of what the client has: the start that it has not used, or the room of the attempt that has ended.
    pub(super) fn give_back(&mut self) {
        if IN_BROWSERS {
            return;
        }
        let Some(Held { budget, start }) = self.held.take() else {
            return;
        };
        match start {
            Start::Reserved { .. } => budget.lock().give_back(budget.number()),
            Start::Begun => budget.lock().end(),
        }
    }

    fn budget(&self, url_index: usize) -> Option<Arc<dyn SharedBudget>> {
        let budget = self.budgets.get(url_index).or(self.budgets.first())?;
        Some(budget.clone())
    }

    /// The start that the client has of this budget.
    fn reserved_at(&self, budget: &Arc<dyn SharedBudget>) -> Option<Instant> {
        let held = self.held.as_ref()?;
        match held.start {
            Start::Reserved { at } if Arc::ptr_eq(&held.budget, budget) => Some(at),
            Start::Reserved { .. } | Start::Begun => None,
        }
    }
}

impl Drop for ConnectTurn {
    /// The others must not wait for what a client has that is gone.
    fn drop(&mut self) {
        self.give_back();
    }
}
