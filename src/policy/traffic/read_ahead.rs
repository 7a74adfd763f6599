//! How far the engine reads ahead of JavaScript.

/// A client's messages that JavaScript has not taken may cost this many bytes; beyond, the engine
/// stops reading that socket, and TCP pushes back on the peer.
const CAPACITY: usize = 16 * 1024 * 1024;

/// Those of all clients of an environment may cost this many before each may have no more than …
const BUDGET: usize = 32 * 1024 * 1024;

/// … this many: enough to keep a connection busy.
const LEAST: usize = 256 * 1024;

/// Whether the engine is to stop reading for a client of which so many bytes wait, and of all clients so many.
#[inline]
pub fn is_too_far_ahead(unread: usize, of_all: usize) -> bool {
    unread > if of_all > BUDGET { LEAST } else { CAPACITY }
}

/// Whether an engine that has stopped is to read again for a client of which so many bytes wait, and of all clients so many.
///
/// Half of what a client may have must be free, or the engine would stop and go on notification by notification.
#[inline]
pub fn may_read_again(unread: usize, of_all: usize) -> bool {
    unread <= if of_all > BUDGET { LEAST } else { CAPACITY } / 2
}

/// Whether an engine that has stopped is to look at that, now that of a client `unread` bytes wait where `before` did.
#[inline]
pub fn falls_to_a_mark(before: usize, unread: usize) -> bool {
    let falls_to = |mark: usize| before > mark && unread <= mark;
    falls_to(CAPACITY / 2) || falls_to(LEAST / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_client_may_have_much_while_all_have_little() {
        assert!(!is_too_far_ahead(CAPACITY, BUDGET));
        assert!(is_too_far_ahead(CAPACITY + 1, BUDGET));
    }

    #[test]
    fn each_client_may_have_little_while_all_have_much() {
        assert!(!is_too_far_ahead(LEAST, BUDGET + 1));
        assert!(is_too_far_ahead(LEAST + 1, BUDGET + 1));
    }

    #[test]
    fn half_of_what_a_client_may_have_must_be_free_again() {
        for (mark, of_all) in [(CAPACITY / 2, BUDGET), (LEAST / 2, BUDGET + 1)] {
            assert!(falls_to_a_mark(mark + 1, mark));
            assert!(!falls_to_a_mark(mark + 2, mark + 1));
            assert!(!falls_to_a_mark(mark, mark - 1));
            assert!(may_read_again(mark, of_all));
            assert!(!may_read_again(mark + 1, of_all));
        }
        assert!(falls_to_a_mark(CAPACITY, 0));
    }
}
