//! The one way to take a lock, and the order in which locks are taken.
//!
//! A thread that holds one takes only those that come later in [`Rank`]. So no two threads ever wait for each other, and
//! nobody holds two of a kind, as two clients' cores. Debug builds, and by that the tests, panic where it is not so.
#![allow(clippy::disallowed_types)]

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What a lock guards, in the order in which locks are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(dead_code, reason = "not every platform and feature has all")]
pub enum Rank {
    /// The clients of all environments.
    AllDrivers,
    /// Those of one.
    Drivers,
    /// The clients of one environment that its JavaScript thread reads.
    JsReadSet,
    /// What one client is at.
    Core,
    /// All circuits that are shared.
    Circuits,
    /// The breaker of one of them.
    Breaker,
    /// Who goes by it.
    Members,
    /// All budgets of attempts.
    Budgets,
    /// One of them, and who goes by it.
    Budget,
    /// The reader of one socket.
    ReadHalf,
    /// What one copy of the package is to be told.
    Mailbox,
    /// Values that clients have alike.
    Interned,
    /// What nothing else is taken under, as the handle by which an environment is woken.
    Last,
}

/// What only one thread at a time may use; see [`lock`].
pub struct Lock<T> {
    #[cfg(debug_assertions)]
    rank: Rank,
    mutex: Mutex<T>,
}

/// Lends what a lock guards.
pub struct Guard<'a, T> {
    #[cfg(debug_assertions)]
    _held: held::Held,
    guard: MutexGuard<'a, T>,
}

impl<T> Lock<T> {
    pub const fn new(rank: Rank, value: T) -> Lock<T> {
        #[cfg(not(debug_assertions))]
        let _ = rank;
        Lock {
            #[cfg(debug_assertions)]
            rank,
            mutex: Mutex::new(value),
        }
    }
}

/// Takes a lock, also one whose holder panicked: every update under our locks is whole, or is made
/// whole by the next input.
pub fn lock<T>(lock: &Lock<T>) -> Guard<'_, T> {
    Guard {
        #[cfg(debug_assertions)]
        _held: held::Held::note(lock.rank),
        guard: lock.mutex.lock().unwrap_or_else(PoisonError::into_inner),
    }
}

impl<T> Deref for Guard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.guard
    }
}

impl<T> DerefMut for Guard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.guard
    }
}

impl<T: fmt::Debug> fmt::Debug for Lock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.mutex.fmt(f)
    }
}

/// Which locks this thread holds.
#[cfg(debug_assertions)]
mod held {
    use std::cell::Cell;

    use super::Rank;

    thread_local! {
        /// A bit for each rank.
        static HELD: Cell<u32> = const { Cell::new(0) };
    }

    pub(super) struct Held(Rank);

    impl Held {
        pub fn note(rank: Rank) -> Held {
            let held = HELD.get();
            assert!(
                held >> rank as u32 == 0,
                "{rank:?} is locked by a thread that holds it, or what comes after it: {held:#b}"
            );
            HELD.set(held | 1 << rank as u32);
            Held(rank)
        }
    }

    impl Drop for Held {
        fn drop(&mut self) {
            HELD.set(HELD.get() & !(1 << self.0 as u32));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use super::*;

    #[test]
    fn locks_are_taken_in_their_order_and_given_back_in_any() {
        let (core, mailbox) = (Lock::new(Rank::Core, 1), Lock::new(Rank::Mailbox, 2));
        for _ in 0..2 {
            let first = lock(&core);
            let second = lock(&mailbox);
            drop(first);
            assert_eq!(*second, 2);
        }
    }

    #[test]
    #[cfg_attr(not(debug_assertions), ignore = "only debug builds look")]
    fn who_holds_a_later_lock_takes_no_earlier_one_nor_another_of_its_kind() {
        let (core, mailbox) = (Lock::new(Rank::Core, ()), Lock::new(Rank::Mailbox, ()));
        let other = Lock::new(Rank::Core, ());
        let nested = |outer: &Lock<()>, inner: &Lock<()>| {
            let _outer = lock(outer);
            drop(lock(inner));
        };
        assert!(catch_unwind(|| nested(&core, &mailbox)).is_ok());
        assert!(catch_unwind(|| nested(&mailbox, &core)).is_err());
        assert!(catch_unwind(|| nested(&core, &other)).is_err());
        assert!(catch_unwind(|| nested(&core, &mailbox)).is_ok());
    }

    #[test]
    fn a_lock_whose_holder_panicked_is_taken_all_the_same() {
        let core = Lock::new(Rank::Core, 1);
        let panicked = catch_unwind(|| {
            *lock(&core) = 2;
            panic!("while it is held");
        });
        assert!(panicked.is_err());
        assert_eq!(*lock(&core), 2);
    }
}
