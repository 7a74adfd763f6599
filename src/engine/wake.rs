//! How the driver of a client is woken, and begun anew where it has come to rest: an idle client has no task.

mod driver_wake;
#[cfg(test)]
mod model;

/// What the threads wake each other by.
mod primitives {
    pub use std::sync::atomic::AtomicBool;

    pub use tokio::sync::Notify;

    pub use crate::sync::{Lock, Rank, lock};
}

pub(super) use driver_wake::Due;
pub use driver_wake::{Agenda, DriverWake};

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::policy::Instant;

    const START: Duration = Duration::ZERO;

    fn at(after: Duration) -> Instant {
        Instant::from_micros(0.0) + after
    }

    fn woken(agenda: &Agenda) -> Vec<u32> {
        agenda.due(at(START)).woken
    }

    #[test]
    fn who_is_woken_without_a_driver_gets_one_and_only_one() {
        let agenda = Arc::<Agenda>::default();
        let wake = DriverWake::new(7, agenda.clone());
        wake.wake();
        wake.wake();
        assert_eq!(woken(&agenda), [7]);
        wake.wake();
        assert!(woken(&agenda).is_empty());
    }

    #[tokio::test]
    async fn a_driver_that_was_woken_before_it_rests_goes_on() {
        let agenda = Arc::<Agenda>::default();
        let wake = DriverWake::new(7, agenda.clone());
        wake.wake();
        assert_eq!(woken(&agenda), [7]);
        assert!(!wake.rest());
        assert!(wake.rest());
        wake.wake();
        assert_eq!(woken(&agenda), [7]);
    }

    #[test]
    fn alarms_come_when_they_are_due_unless_they_are_dropped() {
        let agenda = Arc::<Agenda>::default();
        let (first, second) = (
            DriverWake::new(1, agenda.clone()),
            DriverWake::new(2, agenda.clone()),
        );
        let soon = at(Duration::from_secs(1));
        let late = at(Duration::from_secs(2));
        first.set_alarm(soon);
        second.set_alarm(soon);
        second.set_alarm(late);
        first.drop_alarm(soon);
        assert_eq!(agenda.due(at(START)).next, Some(soon));
        let due = agenda.due(soon);
        assert_eq!((due.alarmed, due.next), (vec![2], Some(late)));
    }
}
