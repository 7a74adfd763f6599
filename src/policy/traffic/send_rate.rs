//! Which thread writes what the user sends.

use std::mem;
use std::time::Duration;

use crate::policy::Instant;

/// From this size on a message is written by who sends it: a write of its own costs it little.
const LARGE: usize = 16 * 1024;

/// Messages that are sent further apart than this are written one by one.
const APART: Duration = Duration::from_micros(100);

/// How fast the user sends: what comes thick and fast is gathered, and many messages are written at once.
#[derive(Debug)]
pub struct SendRate {
    /// Something has arrived since the user sent last.
    heard: bool,
    sent_at: Instant,
}

impl SendRate {
    pub fn new(now: Instant) -> SendRate {
        SendRate {
            heard: true,
            sent_at: now,
        }
    }

    /// Something has arrived: what the user sends next may be an answer.
    #[inline]
    pub fn note_heard(&mut self) {
        self.heard = true;
    }

    /// Whether a message is written by who sends it: it is large, may be an answer, or stands alone.
    #[inline]
    pub fn is_written_by_sender(&mut self, length: usize, now: Instant) -> bool {
        if length >= LARGE {
            return true;
        }
        let alone = now.saturating_duration_since(self.sent_at) >= APART;
        self.sent_at = now;
        mem::take(&mut self.heard) || alone
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(micros: u32) -> Instant {
        Instant::from_micros(micros.into())
    }

    #[test]
    fn the_first_message_is_written_by_its_sender_and_those_close_behind_it_are_not() {
        let mut rate = SendRate::new(at(0));
        assert!(rate.is_written_by_sender(1, at(1)));
        assert!(!rate.is_written_by_sender(1, at(100)));
        assert!(!rate.is_written_by_sender(1, at(199)));
    }

    #[test]
    fn a_message_that_stands_alone_is_written_by_its_sender() {
        let mut rate = SendRate::new(at(0));
        rate.is_written_by_sender(1, at(0));
        assert!(rate.is_written_by_sender(1, at(100)));
        assert!(!rate.is_written_by_sender(1, at(199)));
        assert!(rate.is_written_by_sender(1, at(299)));
    }

    #[test]
    fn one_message_after_something_has_arrived_may_be_the_answer() {
        let mut rate = SendRate::new(at(0));
        rate.is_written_by_sender(1, at(0));
        rate.note_heard();
        assert!(rate.is_written_by_sender(1, at(1)));
        assert!(!rate.is_written_by_sender(1, at(2)));
    }

    #[test]
    fn a_large_message_is_written_by_its_sender_and_is_no_answer() {
        let mut rate = SendRate::new(at(0));
        rate.is_written_by_sender(1, at(0));
        assert!(rate.is_written_by_sender(LARGE, at(1)));
        assert!(!rate.is_written_by_sender(LARGE - 1, at(2)));
        rate.note_heard();
        assert!(rate.is_written_by_sender(LARGE, at(3)));
        assert!(rate.is_written_by_sender(1, at(4)));
    }
}
