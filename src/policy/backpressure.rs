//! Whether too much is buffered: what is refused, and what the user is told of it.

use super::Guarantee;

/// Limits of what is buffered, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Marks {
    /// Above it the user is told so.
    pub high_water: usize,
    /// Nothing is taken beyond it.
    pub max: usize,
}

impl Default for Marks {
    /// Without any limit.
    fn default() -> Marks {
        Marks {
            high_water: usize::MAX,
            max: usize::MAX,
        }
    }
}

/// Whether too much is buffered, as far as the user has been told.
#[derive(Debug)]
pub struct Backpressure {
    marks: Marks,
    guarantee: Guarantee,
    /// The user has been told that it is too much, and not that it is no longer.
    above: bool,
    /// The connection is not open for what is sent.
    held: bool,
    limit: usize,
}

impl Backpressure {
    pub fn new(marks: Marks, guarantee: Guarantee) -> Backpressure {
        let mut backpressure = Backpressure {
            marks,
            guarantee,
            above: false,
            held: false,
            limit: 0,
        };
        backpressure.set_limit();
        backpressure
    }

    pub fn set_marks(&mut self, marks: Marks) {
        self.marks = marks;
        self.set_limit();
    }

    /// Each message is asked about, since the connection is not open yet, or no longer for that reason.
    pub fn hold(&mut self, holds: bool) {
        self.held = holds;
        self.set_limit();
    }

    /// A message by which less than this is buffered can go its way without a further question.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// Whether a message is to be refused, by which so much would be buffered.
    pub fn refuses(&self, buffered: usize) -> bool {
        buffered > self.marks.max
    }

    /// Whether the user is to be told, for the message just taken, that too much is buffered.
    pub fn rises(&mut self, buffered: usize) -> bool {
        let above = buffered > self.marks.high_water;
        if above {
            self.set_above(true);
        }
        above
    }

    /// Whether the user, who has been told that too much is buffered, is to be told that it is no longer.
    pub fn falls(&mut self, buffered: usize) -> bool {
        let falls = self.above && buffered <= self.marks.high_water;
        if falls {
            self.set_above(false);
        }
        falls
    }

    fn set_above(&mut self, above: bool) {
        self.above = above;
        self.set_limit();
    }

    fn set_limit(&mut self) {
        let careless = !self.above && !self.held && self.guarantee == Guarantee::AtMostOnce;
        let Marks { high_water, max } = self.marks;
        self.limit = if careless {
            high_water.min(max).saturating_add(1)
        } else {
            0
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn between(high_water: usize, max: usize, guarantee: Guarantee) -> Backpressure {
        Backpressure::new(Marks { high_water, max }, guarantee)
    }

    #[test]
    fn what_passes_the_limit_is_refused() {
        let backpressure = between(10, 20, Guarantee::AtMostOnce);
        assert!(!backpressure.refuses(20));
        assert!(backpressure.refuses(21));
    }

    #[test]
    fn who_was_told_that_it_is_too_much_is_told_once_when_it_is_no_longer() {
        let mut backpressure = between(10, 20, Guarantee::AtMostOnce);
        assert!(!backpressure.falls(0));
        assert!(!backpressure.rises(10));
        assert!(backpressure.rises(11));
        assert!(!backpressure.falls(11));
        assert!(backpressure.falls(10));
        assert!(!backpressure.falls(10));
    }

    #[test]
    fn a_message_goes_its_way_without_a_question_below_both_marks() {
        assert_eq!(between(10, 20, Guarantee::AtMostOnce).limit(), 11);
        assert_eq!(between(20, 10, Guarantee::AtMostOnce).limit(), 11);
        assert_eq!(between(10, 20, Guarantee::AtLeastOnce).limit(), 0);
        let without = Backpressure::new(Marks::default(), Guarantee::AtMostOnce);
        assert_eq!(without.limit(), usize::MAX);
    }

    #[test]
    fn each_message_is_asked_about_while_the_connection_is_not_open() {
        let mut backpressure = between(10, 20, Guarantee::AtMostOnce);
        backpressure.hold(true);
        assert_eq!(backpressure.limit(), 0);
        backpressure.hold(false);
        assert_eq!(backpressure.limit(), 11);
    }

    #[test]
    fn each_message_is_asked_about_until_the_buffer_has_drained() {
        let mut backpressure = between(10, 20, Guarantee::AtMostOnce);
        backpressure.rises(11);
        assert_eq!(backpressure.limit(), 0);
        backpressure.set_marks(Marks::default());
        assert_eq!(backpressure.limit(), 0);
        assert!(backpressure.falls(11));
        assert_eq!(backpressure.limit(), usize::MAX);
    }
}
