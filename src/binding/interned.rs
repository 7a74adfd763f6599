//! Values that many clients have alike: each is there once, for as long as somebody has it.

use std::sync::{Arc, Weak};

use crate::sync::{Lock, Rank, lock};

/// So many different values are known at a time. One more than that is not shared with later ones, since to look for
/// one costs as much as there are.
const MOST: usize = 64;

/// The values that somebody has, the latest last.
pub struct Interned<T>(Lock<Vec<Weak<T>>>);

impl<T> Default for Interned<T> {
    fn default() -> Interned<T> {
        Interned(Lock::new(Rank::Interned, Vec::new()))
    }
}

impl<T> Interned<T> {
    /// The known value that is the same, else this one.
    pub fn of(&self, value: T) -> Arc<T>
    where
        T: PartialEq,
    {
        let mut known = lock(&self.0);
        find(&known, |other| *other == value).unwrap_or_else(|| keep(&mut known, value))
    }

    /// The known value that `is_it` knows, else one that is made.
    pub fn get<E>(
        &self,
        is_it: impl Fn(&T) -> bool,
        make: impl FnOnce() -> Result<T, E>,
    ) -> Result<Arc<T>, E> {
        let mut known = lock(&self.0);
        match find(&known, is_it) {
            Some(found) => Ok(found),
            None => Ok(keep(&mut known, make()?)),
        }
    }
}

fn find<T>(known: &[Weak<T>], is_it: impl Fn(&T) -> bool) -> Option<Arc<T>> {
    let mut living = known.iter().rev().filter_map(Weak::upgrade);
    living.find(|value| is_it(value))
}

fn keep<T>(known: &mut Vec<Weak<T>>, value: T) -> Arc<T> {
    let kept = Arc::new(value);
    known.retain(|value| value.strong_count() > 0);
    if known.len() < MOST {
        known.push(Arc::downgrade(&kept));
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(interned: &Interned<String>, value: &str) -> Arc<String> {
        interned.of(value.to_owned())
    }

    #[test]
    fn what_is_alike_is_one() {
        let interned = Interned::default();
        let (first, other) = (get(&interned, "a"), get(&interned, "b"));
        assert!(Arc::ptr_eq(&first, &get(&interned, "a")));
        assert!(!Arc::ptr_eq(&first, &other));
    }

    #[test]
    fn what_nobody_has_is_let_go_of() {
        let interned = Interned::default();
        let gone = Arc::downgrade(&get(&interned, "a"));
        assert!(gone.upgrade().is_none());
        get(&interned, "b");
        assert_eq!(lock(&interned.0).len(), 1);
    }

    #[test]
    fn no_more_than_so_many_are_looked_through() {
        let interned = Interned::default();
        let many: Vec<_> = (0..MOST + 1)
            .map(|n| get(&interned, &n.to_string()))
            .collect();
        assert_eq!(lock(&interned.0).len(), MOST);
        assert!(Arc::ptr_eq(&many[0], &get(&interned, "0")));
    }
}
