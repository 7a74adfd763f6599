//! How many attempts may begin in a while, and be under way at once, among all clients that go by one budget.
//!
//! A start is reserved ahead, so that who waits for it knows how long. What counts is when an attempt has begun, which may be later
//! than was reserved: so each is looked at again when its time has come, and who has reserved first goes first.

use std::fmt::Debug;
use std::ops::DerefMut;

use super::Instant;
use crate::policy::duration::{Count, Duration};

/// What one client wants to be kept, whatever the others of its budget want.
#[derive(Clone, Debug, PartialEq)]
pub struct ConnectRate {
    /// Attempts that may begin in any `per`, at least 1; `None` sets no limit.
    pub max: Option<Count>,
    /// Above 0.
    pub per: Duration,
    /// Attempts that may be under way at once, at least 1; `None` sets no limit.
    pub concurrency: Option<Count>,
}

/// A budget as one of its members has it: how clients come by it is the caller's affair.
///
/// Whoever has let go of the lock has the member that is [called](ConnectBudget::take_called) handed an
/// [`Input::Tick`](super::Input::Tick).
pub trait SharedBudget: Debug + Send + Sync {
    /// The budget, for this member alone until the guard is dropped.
    fn lock(&self) -> Box<dyn DerefMut<Target = ConnectBudget> + '_>;

    /// By which the budget knows this member; no other has it.
    fn number(&self) -> Count;
}

/// See the module.
#[derive(Debug, Default)]
pub struct ConnectBudget {
    /// By their time.
    marks: Vec<Mark>,
    /// The longest `per` of those who limit how many begin.
    keeps: Duration,
    /// Attempts that have begun, and neither opened nor failed.
    under_way: Count,
    called: Option<Count>,
}

/// An attempt that has begun, or one that is to.
#[derive(Clone, Copy, Debug)]
struct Mark {
    at: Instant,
    holder: Holder,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holder {
    /// It has begun.
    Nobody,
    /// It is reserved for a member.
    Reserved(Count),
    /// That member has come for it, and has to wait.
    Waiting(Count),
}

impl ConnectBudget {
    /// Whether it is as a new one would be.
    pub fn is_blank(&self, now: Instant) -> bool {
        self.under_way == 0
            && self
                .marks
                .iter()
                .all(|mark| mark.is_past(self.keeps, now) && !mark.is_held())
    }

    /// The member that may go on where it could not before.
    pub fn take_called(&mut self) -> Option<Count> {
        self.called.take()
    }

    /// Reserves a member the first start that is free from a time on, in place of the one that it has.
    pub(super) fn reserve(&mut self, member: Count, from: Instant, rate: &ConnectRate) -> Instant {
        self.give_back(member);
        self.keep_for(rate);
        let at = rate
            .max
            .map_or(from, |max| self.first_free(from, max as usize, rate.per));
        self.insert(at, Holder::Reserved(member));
        at
    }

    /// Begins the attempt of a member whose time has come. Otherwise it waits: until that time, or until it is called.
    pub(super) fn begin(
        &mut self,
        member: Count,
        now: Instant,
        rate: &ConnectRate,
    ) -> Result<(), Option<Instant>> {
        self.keep_for(rate);
        let place = self.place(member);
        let before = self.marks.iter().take(place);
        let ahead = before.filter(|mark| mark.is_waiting()).count();
        if let Some(mark) = self.marks.get_mut(place) {
            mark.holder = Holder::Waiting(member);
        }
        let room = |limit: Count| (limit as usize).saturating_sub(ahead);
        if let Some(most) = rate.concurrency
            && self.under_way as usize >= room(most)
        {
            return Err(None);
        }
        if let Some(max) = rate.max {
            let mut begun = self
                .marks
                .iter()
                .filter(|mark| !mark.is_held() && !mark.is_past(rate.per, now));
            let count = begun.clone().count();
            if count >= room(max) {
                let leaves = (count - room(max)).min(count.saturating_sub(1));
                return Err(begun.nth(leaves).map(|mark| mark.at + rate.per));
            }
        }
        self.give_back(member);
        let keeps = self.keeps;
        self.marks
            .retain(|mark| mark.is_held() || !mark.is_past(keeps, now));
        if !keeps.is_zero() {
            self.insert(now, Holder::Nobody);
        }
        self.under_way += 1;
        Ok(())
    }

    /// An attempt is under way no more.
    pub(super) fn end(&mut self) {
        self.under_way = self.under_way.saturating_sub(1);
        self.call();
    }

    /// A member wants no start any more.
    pub(super) fn give_back(&mut self, member: Count) {
        let place = self.place(member);
        if place < self.marks.len() {
            self.marks.remove(place);
            self.call();
        }
    }

    fn keep_for(&mut self, rate: &ConnectRate) {
        if rate.max.is_some() {
            self.keeps = self.keeps.max(rate.per);
        }
    }

    /// Whoever waits first may go on.
    fn call(&mut self) {
        self.called = self.marks.iter().find_map(|mark| match mark.holder {
            Holder::Waiting(member) => Some(member),
            Holder::Nobody | Holder::Reserved(_) => None,
        });
    }

    /// The first time from `from` on with which no `per` holds more than `max`.
    fn first_free(&self, from: Instant, max: usize, per: Duration) -> Instant {
        let mut at = from;
        loop {
            let index = self.marks.partition_point(|mark| mark.at <= at);
            // The last `max` neighbours that would share a `per` with it.
            let full = (index.saturating_sub(max)..=index).rev().find(|first| {
                let all = self.marks.get(*first..first.saturating_add(max));
                all.and_then(|all| Some((all.first()?.at.min(at), all.last()?.at.max(at))))
                    .is_some_and(|(first, last)| last - first < per)
            });
            let Some(first) = full.and_then(|first| self.marks.get(first)) else {
                return at;
            };
            let later = first.at + per;
            if later <= at {
                // The clock ends here.
                return at;
            }
            at = later;
        }
    }

    /// Where a member's mark is; behind the last where it has none.
    fn place(&self, member: Count) -> usize {
        let of_member = |mark: &Mark| match mark.holder {
            Holder::Nobody => false,
            Holder::Reserved(holder) | Holder::Waiting(holder) => holder == member,
        };
        self.marks
            .iter()
            .position(of_member)
            .unwrap_or(self.marks.len())
    }

    fn insert(&mut self, at: Instant, holder: Holder) {
        let index = self.marks.partition_point(|mark| mark.at <= at);
        self.marks.insert(index, Mark { at, holder });
    }
}

impl Mark {
    fn is_held(&self) -> bool {
        self.holder != Holder::Nobody
    }

    fn is_waiting(&self) -> bool {
        matches!(self.holder, Holder::Waiting(_))
    }

    /// Whether `per` has gone by since.
    fn is_past(&self, per: Duration, now: Instant) -> bool {
        self.at + per <= now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_are_reserved_so_many_at_once_and_the_next_a_while_later() {
        let mut budget = ConnectBudget::default();
        let times: Vec<f64> = (0..7)
            .map(|member| ms(budget.reserve(member, at(0.0), &rate(3))))
            .collect();
        assert_eq!(times, [0.0, 0.0, 0.0, 100.0, 100.0, 100.0, 200.0]);
    }

    #[test]
    fn what_is_reserved_later_is_left_its_room() {
        let mut budget = ConnectBudget::default();
        assert_eq!(ms(budget.reserve(1, at(150.0), &rate(1))), 150.0);
        assert_eq!(ms(budget.reserve(2, at(0.0), &rate(1))), 0.0);
        // 100 would be too near to 150.
        assert_eq!(ms(budget.reserve(3, at(0.0), &rate(1))), 250.0);
        budget.give_back(1);
        assert_eq!(ms(budget.reserve(4, at(0.0), &rate(1))), 100.0);
    }

    #[test]
    fn an_attempt_that_begins_late_counts_from_then_on() {
        let mut budget = ConnectBudget::default();
        for (member, time) in [(1, 0.0), (2, 100.0), (3, 200.0)] {
            assert_eq!(ms(budget.reserve(member, at(0.0), &rate(1))), time);
        }
        assert_eq!(budget.begin(1, at(30.0), &rate(1)), Ok(()));
        assert_eq!(budget.begin(2, at(100.0), &rate(1)), Err(Some(at(130.0))));
        assert_eq!(budget.begin(2, at(130.0), &rate(1)), Ok(()));
        assert_eq!(budget.begin(3, at(200.0), &rate(1)), Err(Some(at(230.0))));
    }

    #[test]
    fn who_waits_longest_for_another_to_end_is_called() {
        let mut budget = ConnectBudget::default();
        let one = ConnectRate {
            concurrency: Some(1),
            max: None,
            ..rate(1)
        };
        for member in 1..=3 {
            budget.reserve(member, at(0.0), &one);
        }
        assert_eq!(budget.begin(1, at(0.0), &one), Ok(()));
        assert_eq!(budget.begin(3, at(1.0), &one), Err(None));
        assert_eq!(budget.begin(2, at(2.0), &one), Err(None));
        budget.end();
        assert_eq!(budget.take_called(), Some(2));
        // It is not the turn of the other yet.
        assert_eq!(budget.begin(3, at(3.0), &one), Err(None));
        budget.give_back(2);
        assert_eq!(budget.take_called(), Some(3));
        assert_eq!(budget.begin(3, at(4.0), &one), Ok(()));
    }

    #[test]
    fn it_is_blank_once_nothing_of_it_counts() {
        let mut budget = ConnectBudget::default();
        assert!(budget.is_blank(at(0.0)));
        budget.reserve(1, at(0.0), &rate(1));
        assert!(!budget.is_blank(at(1000.0)));
        assert_eq!(budget.begin(1, at(0.0), &rate(1)), Ok(()));
        assert!(!budget.is_blank(at(1000.0)));
        budget.end();
        assert!(!budget.is_blank(at(99.0)));
        assert!(budget.is_blank(at(100.0)));
    }

    #[test]
    fn a_time_without_end_is_the_last_of_the_clock() {
        let mut budget = ConnectBudget::default();
        let forever = ConnectRate {
            per: Duration::MAX,
            ..rate(1)
        };
        budget.reserve(1, at(0.0), &forever);
        let last = budget.reserve(2, at(0.0), &forever);
        assert_eq!(budget.reserve(3, at(0.0), &forever), last);
    }

    fn rate(max: Count) -> ConnectRate {
        ConnectRate {
            max: Some(max),
            per: Duration::from_millis(100),
            concurrency: None,
        }
    }

    fn at(ms: f64) -> Instant {
        Instant::from_micros(ms * 1000.0)
    }

    fn ms(at: Instant) -> f64 {
        at.as_micros() / 1000.0
    }
}
