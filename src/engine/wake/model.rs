//! A driver that goes to rest, and those who wake it, in every order in which the threads can take turns.
//!
//! The engine's thread does as `drivers.rs` and `driver.rs` do it.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

use loom::sync::Mutex;
use loom::thread;

use self::modelled::{Agenda, DriverWake, Due};
use crate::policy::Instant;

/// The code that runs, over the primitives of the model.
#[allow(clippy::duplicate_mod, reason = "the model is of that very code")]
#[path = "driver_wake.rs"]
mod modelled;

mod primitives {
    use std::future::{Future, poll_fn};
    use std::task::Poll;

    pub use loom::sync::atomic::AtomicBool;
    use loom::sync::atomic::Ordering;
    use loom::sync::{Mutex, MutexGuard};

    pub use crate::sync::Rank;

    pub struct Lock<T>(Mutex<T>);

    impl<T> Lock<T> {
        pub fn new(_: Rank, value: T) -> Lock<T> {
            Lock(Mutex::new(value))
        }
    }

    pub fn lock<T>(lock: &Lock<T>) -> MutexGuard<'_, T> {
        lock.0.lock().unwrap()
    }

    /// Keeps one permit, as tokio's does. That is looked at more weakly here: what is stored may be seen late.
    pub struct Notify(AtomicBool);

    impl Notify {
        pub fn new() -> Notify {
            Notify(AtomicBool::new(false))
        }

        pub fn notify_one(&self) {
            self.0.store(true, Ordering::Release);
        }

        pub fn notified(&self) -> impl Future<Output = ()> {
            poll_fn(|_| {
                let has_permit =
                    self.0.load(Ordering::Acquire) && self.0.swap(false, Ordering::AcqRel);
                if has_permit {
                    Poll::Ready(())
                } else {
                    Poll::Pending
                }
            })
        }
    }
}

const ID: u32 = 7;

fn start() -> Instant {
    Instant::from_micros(0.0)
}

fn soon() -> Instant {
    start() + Duration::from_secs(1)
}

fn later() -> Instant {
    start() + Duration::from_secs(2)
}

fn is_ready(future: impl Future<Output = ()>) -> bool {
    let mut context = Context::from_waker(Waker::noop());
    pin!(future).poll(&mut context).is_ready()
}

struct Client {
    agenda: Arc<Agenda>,
    wake: DriverWake,
    core: Mutex<Core>,
}

struct Core {
    /// Calls of the user and bytes that no driver has seen.
    unseen: u32,
    /// Until a driver has seen it.
    deadline: Option<Instant>,
    /// What a driver that rests has left: when the next one begins.
    parked: Option<Option<Instant>>,
}

impl Client {
    fn new(deadline: Option<Instant>) -> Arc<Client> {
        let agenda = Arc::<Agenda>::default();
        Arc::new(Client {
            agenda: agenda.clone(),
            wake: DriverWake::new(ID, agenda),
            core: Mutex::new(Core {
                unseen: 0,
                deadline,
                parked: Some(None),
            }),
        })
    }

    /// A call of the user, or a byte that is left to the driver. It moves the deadline.
    fn call(&self) {
        let mut core = self.core.lock().unwrap();
        core.unseen += 1;
        core.deadline = core.deadline.map(|_| later());
        drop(core);
        self.wake.wake();
    }

    // What the engine's thread does.

    /// Begins the drivers that are needed, and drives until it has to wait. The time until which it does.
    fn run(&self, now: Instant) -> Option<Instant> {
        let mut drives = false;
        loop {
            let Due {
                woken,
                alarmed,
                next,
            } = self.agenda.due(now);
            alarmed.iter().for_each(|_| self.wake.wake());
            for _ in woken {
                assert!(!drives, "another driver begins beside one");
                drives = true;
                self.take_parked();
                self.turn(now);
            }
            while !is_ready(self.agenda.changed()) {
                if !drives {
                    return next;
                }
                drives = self.go_on(now);
            }
        }
    }

    /// As the engine's thread goes on that has waited, until nobody wakes it any more.
    fn run_on(&self, next: Option<Instant>) -> Option<Instant> {
        if is_ready(self.agenda.changed()) {
            self.run(start())
        } else {
            next
        }
    }

    /// Whether the driver, which has nothing to do, does not rest.
    fn go_on(&self, now: Instant) -> bool {
        if !is_ready(self.wake.woken()) {
            self.park();
            if self.wake.rest() {
                return false;
            }
            self.take_parked();
        }
        self.turn(now);
        true
    }

    fn turn(&self, now: Instant) {
        let mut core = self.core.lock().unwrap();
        core.unseen = 0;
        core.deadline.take_if(|deadline| *deadline <= now);
    }

    fn park(&self) {
        let mut core = self.core.lock().unwrap();
        core.parked = Some(core.deadline);
        if let Some(deadline) = core.deadline {
            self.wake.set_alarm(deadline);
        }
    }

    fn take_parked(&self) {
        let parked = self.core.lock().unwrap().parked.take();
        let deadline = parked.expect("the driver before has left nothing");
        if let Some(deadline) = deadline {
            self.wake.drop_alarm(deadline);
        }
    }

    fn has_seen_all(&self) -> bool {
        self.core.lock().unwrap().unseen == 0
    }
}

fn explore(model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    // So often a thread that could go on is interrupted. `npm run sanitize` looks at more.
    builder.preemption_bound.get_or_insert(3);
    builder.check(model);
}

#[test]
fn a_driver_that_goes_to_rest_misses_nobody_who_wakes_it() {
    explore(|| {
        let client = Client::new(None);
        let callers = [1, 1].map(|calls| {
            let client = client.clone();
            thread::spawn(move || (0..calls).for_each(|_| client.call()))
        });
        let next = client.run(start());
        for caller in callers {
            caller.join().unwrap();
        }
        client.run_on(next);
        assert!(client.has_seen_all());
    });
}

#[test]
fn an_alarm_comes_at_the_latest_deadline_whoever_has_woken_the_driver_before() {
    explore(|| {
        let client = Client::new(Some(soon()));
        client.wake.wake();
        let caller = thread::spawn({
            let client = client.clone();
            move || client.call()
        });
        let next = client.run(start());
        caller.join().unwrap();
        let next = client.run_on(next);
        assert!(client.has_seen_all());
        assert_eq!(next, Some(later()));
        assert_eq!(client.run(later()), None);
        assert_eq!(client.core.lock().unwrap().deadline, None);
    });
}
