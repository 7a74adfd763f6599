//! In which order the JavaScript thread reads the connections that have something to read.

use std::cmp::Reverse;
use std::time::Duration;

use crate::policy::Instant;

/// After so long all are looked at again: a client that has come since may go before those that still wait.
const LOOK_AGAIN: Duration = Duration::from_millis(2);

/// Clients that had something to read at the last look, and have not had their turn.
#[derive(Debug)]
pub struct ReadOrder<C> {
    /// The last is next.
    unserved: Vec<C>,
    looked_at: Option<Instant>,
}

impl<C> Default for ReadOrder<C> {
    fn default() -> ReadOrder<C> {
        ReadOrder {
            unserved: Vec::new(),
            looked_at: None,
        }
    }
}

impl<C> ReadOrder<C> {
    /// Takes those that still wait, the last of which is next; none where all are to be looked at again.
    pub fn take_unserved(&mut self, now: impl FnOnce() -> Instant) -> Vec<C> {
        let unserved = std::mem::take(&mut self.unserved);
        let is_fresh = |at: Instant| now().saturating_duration_since(at) < LOOK_AGAIN;
        if unserved.is_empty() || !self.looked_at.is_some_and(is_fresh) {
            return Vec::new();
        }
        unserved
    }

    /// Orders those that were found at a look: whoever has waited for longest, by the turn in which it was `served` last, is
    /// next.
    pub fn order(&mut self, found: &mut [C], served: impl Fn(&C) -> u64, now: Instant) {
        found.sort_by_key(|client| Reverse(served(client)));
        self.looked_at = Some(now);
    }

    /// Keeps those that have not had their turn.
    pub fn put_back(&mut self, unserved: Vec<C>) {
        self.unserved = unserved;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> Instant {
        Instant::from_micros(0.0)
    }

    /// Clients, by the turn in which each was served last, as they are served from then on.
    fn ordered(order: &mut ReadOrder<u64>, mut found: Vec<u64>) -> Vec<u64> {
        order.order(&mut found, |turn| *turn, start());
        found.into_iter().rev().collect()
    }

    #[test]
    fn whoever_has_waited_for_longest_is_next() {
        let mut order = ReadOrder::default();
        assert_eq!(ordered(&mut order, vec![3, 1, 2]), [1, 2, 3]);
    }

    #[test]
    fn those_that_still_wait_are_served_before_all_are_looked_at_again() {
        let mut order = ReadOrder::default();
        ordered(&mut order, vec![3, 1]);
        order.put_back(vec![3]);
        let soon = start() + LOOK_AGAIN / 2;
        assert_eq!(order.take_unserved(|| soon), [3]);
        assert!(order.take_unserved(|| soon).is_empty());
        order.put_back(vec![3]);
        assert!(order.take_unserved(|| start() + LOOK_AGAIN).is_empty());
    }

    #[test]
    fn where_nobody_waits_the_clock_is_not_read() {
        let mut order = ReadOrder::<u64>::default();
        let unserved = order.take_unserved(|| panic!("the clock is read"));
        assert!(unserved.is_empty());
    }
}
