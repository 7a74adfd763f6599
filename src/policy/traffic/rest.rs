//! What a driver does that has nothing to do: it ends, and what sending has needed is released.
//!
//! Both are asked at each of its turns, so the time is a function: where it does not matter the clock is not read.

use std::time::Duration;

use crate::policy::Instant;

/// How long a driver has nothing to do before it ends: to begin one for each message would cost more than it saves.
const LINGER: Duration = Duration::from_secs(1);

/// How long nothing is sent before the memory for it is released.
const IDLE: Duration = Duration::from_secs(2);

/// When a driver that has nothing to do ends.
#[derive(Debug, Default)]
pub struct Linger {
    /// When it last wrote or read.
    moved_at: Option<Instant>,
}

impl Linger {
    pub fn note_moved(&mut self, now: Instant) {
        self.moved_at = Some(now);
    }

    /// At once where it has neither written nor read: nothing says that more will come.
    pub fn deadline(&self, now: impl FnOnce() -> Instant) -> Instant {
        self.moved_at.map_or_else(now, |at| at + LINGER)
    }
}

/// When the memory is released that sending needs.
#[derive(Debug, Default)]
pub struct IdleMemory {
    /// When that is looked at, and how many messages had been sent by the last look.
    check: Option<(Instant, u64)>,
}

impl IdleMemory {
    /// When the next look is due.
    pub fn deadline(&self) -> Option<Instant> {
        self.check.map(|(at, _)| at)
    }

    /// Looks at how many messages have been `sent`, which is none where there is no memory to release. `release` is handed the number of
    /// the last look, and says whether no more have been sent, so that the memory is released.
    pub fn look(
        &mut self,
        sent: Option<u64>,
        now: impl FnOnce() -> Instant,
        release: impl FnOnce(u64) -> bool,
    ) {
        let Some(sent) = sent else {
            self.forget();
            return;
        };
        let now = now();
        match self.check {
            Some((at, _)) if now < at => {}
            Some((_, before)) if release(before) => self.forget(),
            Some(_) | None => self.check = Some((now + IDLE, sent)),
        }
    }

    /// There is nothing to be released.
    pub fn forget(&mut self) {
        self.check = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> Instant {
        Instant::from_micros(0.0)
    }

    #[test]
    fn a_driver_that_has_moved_nothing_ends_at_once() {
        assert_eq!(Linger::default().deadline(start), start());
    }

    #[test]
    fn a_driver_lingers_after_the_last_that_it_moved() {
        let mut linger = Linger::default();
        linger.note_moved(start());
        linger.note_moved(start() + IDLE);
        assert_eq!(linger.deadline(start), start() + IDLE + LINGER);
    }

    #[test]
    fn memory_is_released_once_nothing_has_been_sent_for_a_while() {
        let mut idle = IdleMemory::default();
        idle.look(Some(5), start, |_| panic!("at the first look"));
        let at = idle.deadline().unwrap();
        assert_eq!(at, start() + IDLE);
        let early = start() + IDLE / 2;
        idle.look(Some(5), || early, |_| panic!("before it is due"));
        let mut released = None;
        idle.look(Some(5), || at, |before| released.replace(before).is_none());
        assert_eq!(released, Some(5));
        assert_eq!(idle.deadline(), None);
    }

    #[test]
    fn memory_stays_for_another_while_where_something_was_sent() {
        let mut idle = IdleMemory::default();
        idle.look(Some(5), start, |_| true);
        let at = start() + IDLE;
        idle.look(Some(6), || at, |before| before == 6);
        assert_eq!(idle.deadline(), Some(at + IDLE));
        idle.look(Some(6), || at + IDLE, |before| before == 6);
        assert_eq!(idle.deadline(), None);
    }

    #[test]
    fn where_there_is_no_memory_nothing_is_looked_at() {
        let mut idle = IdleMemory::default();
        idle.look(Some(5), start, |_| true);
        idle.look(None, || panic!("the clock is read"), |_| true);
        assert_eq!(idle.deadline(), None);
    }
}
