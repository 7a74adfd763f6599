//! See the parent. What threads share is of the primitives that the parent names, so that the model is of this very code.

use std::collections::BTreeSet;
use std::future::Future;
use std::mem;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Waker};

use super::primitives::{AtomicBool, Lock, Notify, Rank, lock};
use crate::policy::Instant;

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
pub(crate) struct Due {
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

    pub(crate) fn due(&self, now: Instant) -> Due {
        let mut plan = lock(&self.plan);
        let later = plan.alarms.split_off(&(now, u32::MAX));
        let alarms = mem::replace(&mut plan.alarms, later);
        Due {
            woken: mem::take(&mut plan.woken),
            alarmed: alarms.into_iter().map(|(_, id)| id).collect(),
            next: plan.alarms.first().map(|(at, _)| *at),
        }
    }

    pub(crate) async fn changed(&self) {
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
    pub(crate) async fn woken(&self) {
        self.notify.notified().await;
    }

    /// Has the driver woken at `alarm` when it rests.
    pub(crate) fn set_alarm(&self, alarm: Instant) {
        let mut plan = lock(&self.agenda.plan);
        let is_first = plan.alarms.first().is_none_or(|(first, _)| alarm < *first);
        plan.alarms.insert((alarm, self.id));
        if is_first {
            self.agenda.changed.notify_one();
        }
    }

    pub(crate) fn drop_alarm(&self, alarm: Instant) {
        lock(&self.agenda.plan).alarms.remove(&(alarm, self.id));
    }

    /// Tells that the driver ends, unless it has been woken meanwhile and is to go on. Whoever wakes it from now on has
    /// another one begin, so all that this one leaves behind is there before.
    pub(crate) fn rest(&self) -> bool {
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
