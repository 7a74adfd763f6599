//! The budgets of attempts that clients share, across all threads of the process.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use super::circuits::Scope;
use super::clock;
use super::wake::DriverWake;
use crate::policy::{ConnectBudget, SharedBudget};
use crate::sync::{Guard, Lock, Rank, lock};

static BUDGETS: Lock<Budgets> = Lock::new(
    Rank::Budgets,
    Budgets {
        last: 0,
        all: BTreeMap::new(),
        left: Vec::new(),
    },
);

struct Budgets {
    /// The number of the latest member.
    last: u64,
    all: BTreeMap<Scope, Arc<Lock<Budget>>>,
    /// Those that have been without a member. A budget outlives its members for as long as it knows of attempts.
    left: Vec<Scope>,
}

/// A budget, and how to wake the drivers of those who go by it.
#[derive(Default)]
struct Budget {
    budget: ConnectBudget,
    wakes: BTreeMap<u64, Arc<DriverWake>>,
}

/// One client at a budget, which it leaves when dropped.
pub(super) struct BudgetMember {
    scope: Scope,
    budget: Arc<Lock<Budget>>,
    number: u64,
}

/// The budget, for one member alone.
struct BudgetGuard<'a>(Guard<'a, Budget>);

impl BudgetMember {
    /// Goes by the budget of `scope`. `wake` is told whenever the member is called.
    pub(super) fn new(scope: Scope, wake: Arc<DriverWake>) -> BudgetMember {
        let mut budgets = lock(&BUDGETS);
        budgets.forget_blank();
        budgets.last += 1;
        let number = budgets.last;
        let fresh = || Arc::new(Lock::new(Rank::Budget, Budget::default()));
        let budget = budgets.all.entry(scope.clone()).or_insert_with(fresh);
        let budget = budget.clone();
        lock(&budget).wakes.insert(number, wake);
        BudgetMember {
            scope,
            budget,
            number,
        }
    }
}

impl Budgets {
    fn forget_blank(&mut self) {
        let now = clock::now();
        let all = &mut self.all;
        self.left.retain(|scope| {
            let Some(budget) = all.get(scope).map(|budget| lock(budget)) else {
                return false;
            };
            let (has_members, is_blank) = (!budget.wakes.is_empty(), budget.budget.is_blank(now));
            drop(budget);
            if !has_members && is_blank {
                all.remove(scope);
            }
            !has_members && !is_blank
        });
    }
}

impl Drop for BudgetMember {
    fn drop(&mut self) {
        let mut budgets = lock(&BUDGETS);
        let is_last = {
            let mut budget = lock(&self.budget);
            budget.wakes.remove(&self.number);
            budget.wakes.is_empty()
        };
        if is_last {
            budgets.left.push(self.scope.clone());
            budgets.forget_blank();
        }
    }
}

impl SharedBudget for BudgetMember {
    fn lock(&self) -> Box<dyn DerefMut<Target = ConnectBudget> + '_> {
        Box::new(BudgetGuard(lock(&self.budget)))
    }

    fn number(&self) -> u64 {
        self.number
    }
}

impl fmt::Debug for BudgetMember {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "member {} of {:?}", self.number, self.scope)
    }
}

impl Deref for BudgetGuard<'_> {
    type Target = ConnectBudget;

    fn deref(&self) -> &ConnectBudget {
        &self.0.budget
    }
}

impl DerefMut for BudgetGuard<'_> {
    fn deref_mut(&mut self) -> &mut ConnectBudget {
        &mut self.0.budget
    }
}

impl Drop for BudgetGuard<'_> {
    /// Wakes the one that is called, before anybody else can lock the budget.
    fn drop(&mut self) {
        let called = self.0.budget.take_called();
        if let Some(wake) = called.and_then(|number| self.0.wakes.get(&number)) {
            wake.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rand::SeedableRng;

    use super::super::tests::settings;
    use super::*;
    use crate::policy::{ConnectRate, Input, Link, Random};

    #[test]
    fn a_budget_outlives_its_members_for_as_long_as_it_knows_of_attempts() {
        let scope = Scope::Name("outlives its members".to_owned());
        let is_kept = || lock(&BUDGETS).all.contains_key(&scope);
        drop(join(&scope, Duration::from_secs(3600)));
        assert!(!is_kept());
        let mut first = join(&scope, Duration::from_secs(3600));
        assert_eq!(first.connect(clock::now()), Ok(()));
        assert!(!first.is_queued());
        drop(first);
        assert!(is_kept());
        let mut next = join(&scope, Duration::from_secs(3600));
        assert_eq!(next.connect(clock::now()), Ok(()));
        assert!(next.is_queued());
    }

    #[test]
    fn a_budget_whose_attempts_do_not_count_any_more_is_forgotten() {
        let scope = Scope::Name("is forgotten".to_owned());
        let mut link = join(&scope, Duration::from_micros(1));
        assert_eq!(link.connect(clock::now()), Ok(()));
        drop(link);
        let start = clock::now();
        while clock::now().saturating_duration_since(start) < Duration::from_millis(1) {}
        drop(join(
            &Scope::Name("looks".to_owned()),
            Duration::from_secs(1),
        ));
        assert!(!lock(&BUDGETS).all.contains_key(&scope));
    }

    #[tokio::test]
    async fn who_waits_is_woken_when_another_ends() {
        let scope = Scope::Name("is woken".to_owned());
        let there = Arc::new(DriverWake::new(1, Arc::default()));
        let (mut one, mut other) = (
            join(&scope, Duration::from_secs(1)),
            join_woken(&scope, Duration::from_secs(1), there.clone()),
        );
        assert_eq!(one.connect(clock::now()), Ok(()));
        let later = clock::now() + Duration::from_secs(1);
        assert_eq!(other.connect(later), Ok(()));
        assert!(other.is_queued());
        drop(one);
        let woken = tokio::time::timeout(Duration::ZERO, there.woken()).await;
        assert!(woken.is_ok());
        other.handle(Input::Tick, later);
        assert!(!other.is_queued());
    }

    fn join(scope: &Scope, per: Duration) -> Link {
        join_woken(scope, per, Arc::new(DriverWake::new(1, Arc::default())))
    }

    /// A client that goes by the budget of `scope`: one attempt in any `per`, and one at once.
    fn join_woken(scope: &Scope, per: Duration, wake: Arc<DriverWake>) -> Link {
        let mut settings = settings();
        settings.connect_rate = Some(ConnectRate {
            max: Some(1),
            per,
            concurrency: Some(1),
        });
        let mut link = Link::new(settings, Random::seed_from_u64(1));
        let member = BudgetMember::new(scope.clone(), wake);
        link.share_connects(vec![Arc::new(member)], clock::now());
        link
    }
}
