//! How the driver of a client is woken, and begun anew where it has come to rest: an idle client has no task.

use std::collections::BTreeSet;
use std::future::Future;
use std::mem;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Waker};

use tokio::sync::Notify;

use crate::policy::Instant;
use crate::sync::{Lock, Rank, lock};

/// Which clients of one environment need a driver that have none, and when others will.
pub struct Agenda {
    plan: Lock<Plan>,
    changed: Notify,
}

#[derive(Default)]
struct Plan {
    woken: Vec<u32>,
    alarms: BTreeSet<(Instant, u32)>,
}

/// What is to be done now, and when there will be more.
pub(super) struct Due {
    /// Clients that have been woken.
    pub woken: Vec<u32>,
    /// Clients whose time has come, which are to be woken.
    pub alarmed: Vec<u32>,
    pub next: Option<Instant>,
}

impl Default for Agenda {
    fn default() -> Agenda {
        Agenda {
            plan: Lock::new(Rank::Last, Plan::default()),
            changed: Notify::new(),
        }
    }
}

impl Agenda {
    fn begin(&self, id: u32) {
        lock(&self.plan).woken.push(id);
        self.changed.notify_one();
    }

    pub(super) fn due(&self, now: Instant) -> Due {
        let mut plan = lock(&self.plan);
        let later = plan.alarms.split_off(&(now, u32::MAX));
        let alarms = mem::replace(&mut plan.alarms, later);
        Due {
            woken: mem::take(&mut plan.woken),
            alarmed: alarms.into_iter().map(|(_, id)| id).collect(),
            next: plan.alarms.first().map(|(at, _)| *at),
        }
    }

    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }
}

/// Wakes the driver of one client.
pub struct DriverWake {
    id: u32,
    agenda: Arc<Agenda>,
    notify: Notify,
    /// There is a driver, or one is about to begin.
    is_driven: AtomicBool,
}

impl DriverWake {
    pub fn new(id: u32, agenda: Arc<Agenda>) -> DriverWake {
        DriverWake {
            id,
            agenda,
            notify: Notify::new(),
            is_driven: AtomicBool::new(false),
        }
    }

    /// Tells the driver that there is something to do.
    pub fn wake(&self) {
        self.notify.notify_one();
        if !self.is_driven.swap(true, Ordering::AcqRel) {
            self.agenda.begin(self.id);
        }
    }

    /// Waits until it is woken, or returns at once where it has been.
    pub(super) async fn woken(&self) {
        self.notify.notified().await;
    }

    /// Has the driver woken at `alarm` when it rests.
    pub(super) fn set_alarm(&self, alarm: Instant) {
        let mut plan = lock(&self.agenda.plan);
        let is_first = plan.alarms.first().is_none_or(|(first, _)| alarm < *first);
        plan.alarms.insert((alarm, self.id));
        if is_first {
            self.agenda.changed.notify_one();
        }
    }

    pub(super) fn drop_alarm(&self, alarm: Instant) {
        lock(&self.agenda.plan).alarms.remove(&(alarm, self.id));
    }

    /// Tells that the driver ends, unless it has been woken meanwhile and is to go on. Whoever wakes it from now on has
    /// another one begin, so all that this one leaves behind is there before.
    pub(super) fn rest(&self) -> bool {
        // A swap, since who has found a driver before has woken it before: this then sees that.
        self.is_driven.swap(false, Ordering::AcqRel);
        let woken = pin!(self.notify.notified());
        let is_woken = woken
            .poll(&mut Context::from_waker(Waker::noop()))
            .is_ready();
        // Who has woken it may have had another one begin already.
        !is_woken || self.is_driven.swap(true, Ordering::AcqRel)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

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
