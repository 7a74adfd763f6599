//! One client: puts backoff, circuit and heartbeat together into the life of a connection.

mod alive;
mod circuit;
mod life;
mod user;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;

use super::phase::Phase;
use super::rtt::RoundTrips;
use super::seat::Seat;
use super::{
    Attempt, Circuit, CloseCode, Ending, Event, Input, Notice, Output, Refusal, Settings, State,
};

/// The policy of one client.
///
/// ```
/// # use std::time::{Duration, Instant};
/// # use rand::{SeedableRng, rngs::StdRng};
/// # use websocket_reconnect_native::policy::*;
/// # let settings = Settings {
/// #     backoff: Backoff { base: Duration::from_secs(1), cap: Duration::from_secs(30), multiplier: 2.0, jitter: 0.1 },
/// #     max_retries: None,
/// #     heartbeat: Heartbeat { interval: None, timeout: Duration::from_secs(5), beat: Beat::Message, answer: Answer::AnyFrame },
/// #     liveness: Liveness::default(),
/// #     circuit: CircuitSettings { failure_threshold: 5, rate: None, reset_timeout: Duration::from_secs(60), half_open_max: 3 },
/// #     close_timeout: Duration::from_secs(30),
/// # };
/// let now = Instant::now();
/// let mut link = Link::new(settings, StdRng::seed_from_u64(1));
/// link.connect(now)?;
/// while let Some(output) = link.next_output() { /* Dial, Beat, Cut, Notify, … */ }
/// let wake_at = link.deadline(); // nothing to do before then
/// # Ok::<(), Refusal>(())
/// ```
#[derive(Debug)]
pub struct Link {
    settings: Settings,
    rng: StdRng,
    phase: Phase,
    seat: Seat,
    /// The circuit to move to when the connection has ended.
    next_seat: Option<Seat>,
    /// What the user was told last of the circuit.
    told: Circuit,
    /// The number of the latest attempt.
    attempt: Attempt,
    retry_count: u64,
    manual_close: bool,
    /// The number of the latest ping.
    ping: u64,
    /// Of the connection that is open, or was last.
    round_trips: RoundTrips,
    /// When JavaScript's event loop last ran, as far as the policy was told.
    ran_at: Option<Instant>,
    outputs: VecDeque<Output>,
}

impl Link {
    pub fn new(settings: Settings, rng: StdRng) -> Link {
        Link {
            settings,
            rng,
            phase: Phase::Idle { failed: false },
            seat: Seat::own(),
            next_seat: None,
            told: Circuit::Closed,
            attempt: 0,
            retry_count: 0,
            manual_close: false,
            ping: 0,
            round_trips: RoundTrips::default(),
            ran_at: None,
            outputs: VecDeque::new(),
        }
    }

    /// Starts connecting; `Ok` with nothing to do where that has been done already.
    ///
    /// After `FAILED` it starts a new series of retries. While closing, the new connection is
    /// started when the old one has ended. Where others have opened a circuit that is shared, the client
    /// waits for it as one does that was connected before.
    pub fn connect(&mut self, now: Instant) -> Result<(), Refusal> {
        if self.manual_close {
            return Err(Refusal::ManuallyClosed);
        }
        self.catch_up(now);
        match self.phase {
            Phase::Dialing { .. }
            | Phase::Open { .. }
            | Phase::Waiting { .. }
            | Phase::Stalled { .. } => {}
            Phase::Blocked if self.may_wait() => {}
            Phase::Blocked => return self.admit().and(Err(Refusal::CircuitOpen)),
            Phase::Closing {
                attempt, cut_at, ..
            } => {
                if !self.may_wait() {
                    self.admit()?;
                }
                self.enter(Phase::Closing {
                    attempt,
                    cut_at,
                    reconnect: true,
                });
            }
            Phase::Idle { failed } => {
                let answer = self.begin();
                if !self.may_wait() {
                    answer?;
                }
                if failed && self.retries_used_up().is_some() {
                    self.retry_count = 0;
                }
                match answer {
                    Ok(()) => self.dial(),
                    Err(refusal) => self.block(refusal, now),
                }
            }
        }
        Ok(())
    }

    /// Takes in a fact. What follows from it is in [`next_output`](Link::next_output).
    pub fn handle(&mut self, input: Input, now: Instant) {
        match input {
            Input::Tick => self.tick(now),
            Input::Close {
                code,
                reason,
                seen_alive,
            } => self.close(code, reason, seen_alive, now),
            Input::Reset => {
                self.manual_close = false;
                self.retry_count = 0;
                self.close_circuit(Telling::Told);
            }
            Input::OpenCircuit => self.open_circuit(Telling::Told, now),
            Input::CloseCircuit => self.close_circuit(Telling::Told),
            Input::CountFailure => self.count_failure(now),
            Input::Configure(settings) => {
                self.configure_vigil(&settings, now);
                self.settings = settings;
            }
            Input::SetRetryCount(count) => self.retry_count = count,
            Input::SetCircuitFailures(count) => {
                self.seat.set_failures(count, &self.settings.circuit, now);
            }
            Input::SetManualClose(manual_close) => self.set_manual_close(manual_close),
            Input::SetCircuit(Circuit::Closed) => self.close_circuit(Telling::Silent),
            Input::SetCircuit(Circuit::Open) => self.open_circuit(Telling::Silent, now),
            Input::SetCircuit(Circuit::HalfOpen) => self.half_open_circuit(Telling::Silent, now),
            Input::Opened { attempt } => self.opened(attempt, now),
            Input::Refused { attempt, failure } => {
                self.lost(attempt, abnormal(), Some(failure), now)
            }
            Input::Received { attempt } => {
                if let Some(vigil) = self.phase.vigil(attempt) {
                    vigil.received(&self.settings.heartbeat, now);
                }
            }
            Input::Ponged { attempt, number } => self.ponged(attempt, number, now),
            Input::Answered => {
                if let Phase::Open { vigil, .. } = &mut self.phase {
                    vigil.answered();
                }
            }
            Input::Judged { attempt } => self.judged(attempt, now),
            Input::Ran { at } => self.ran(at, now),
            Input::Woke { slept } => self.woke(slept, now),
            Input::NetworkChanged => self.network_changed(now),
            Input::Lost {
                attempt,
                ending,
                failure,
            } => self.lost(attempt, ending, failure, now),
            Input::Paused { attempt } => {
                if let Some(vigil) = self.phase.vigil(attempt) {
                    vigil.pause();
                }
            }
            Input::Resumed { attempt } => {
                if let Some(vigil) = self.phase.vigil(attempt) {
                    vigil.resume(&self.settings, now);
                }
            }
        }
        self.follow_news(now);
    }

    /// The next decision, in the order to be carried out.
    pub fn next_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Input::Tick`] is due; `None` where only other inputs can change anything.
    pub fn deadline(&self) -> Option<Instant> {
        [
            self.seat.deadline(),
            self.phase.deadline(),
            self.block_deadline(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    pub fn state(&self) -> State {
        self.phase.state()
    }

    pub fn circuit(&self) -> Circuit {
        self.seat.circuit()
    }

    /// Whether another client has moved the circuit that is shared: an [`Input::Tick`] is due at once.
    pub fn is_behind(&self) -> bool {
        self.seat.is_behind()
    }

    /// Retries announced since the last successful connection.
    pub fn retry_count(&self) -> u64 {
        self.retry_count
    }

    /// Failures since the last successful connection, or in the window, of all who share the circuit.
    pub fn circuit_failures(&self) -> u64 {
        self.seat.failures(&self.settings.circuit)
    }

    /// Whether the user has closed for good.
    pub fn manual_close(&self) -> bool {
        self.manual_close
    }

    /// Whether the client is connecting, open, waiting to retry, blocked or closing.
    pub fn is_alive(&self) -> bool {
        self.phase.is_alive()
    }

    /// Whether `attempt` is the connection that is open or closing: its bytes still count.
    pub fn is_open(&self, attempt: Attempt) -> bool {
        match self.phase {
            Phase::Open {
                attempt: current, ..
            }
            | Phase::Closing {
                attempt: current, ..
            } => current == attempt,
            Phase::Idle { .. }
            | Phase::Dialing { .. }
            | Phase::Waiting { .. }
            | Phase::Blocked
            | Phase::Stalled { .. } => false,
        }
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Delay before retry `attempt` (from 0), with a jitter drawn for it.
    pub fn delay(&mut self, attempt: u64) -> Duration {
        self.settings.backoff.delay(attempt, &mut self.rng)
    }
}

/// Whether a change of the circuit is an event, or the user's own assignment.
#[derive(Clone, Copy)]
enum Telling {
    Told,
    Silent,
}

/// How the user is told.
impl Link {
    fn tell_circuit(&mut self, telling: Telling) {
        let changed = self.told != self.circuit();
        self.told = self.circuit();
        match telling {
            Telling::Told if changed => self.tell(Event::CircuitChange(self.told)),
            Telling::Told | Telling::Silent => {}
        }
    }

    /// The one place where the phase changes. A change of state that ends a life is still told
    /// within it: the `close` that follows is its last event.
    fn enter(&mut self, phase: Phase) {
        let before = std::mem::replace(&mut self.phase, phase);
        if let Phase::Dialing { .. } = before {
            self.seat.finish();
        }
        if before.state() != self.state() {
            let alive = before.is_alive() || self.is_alive();
            self.notify(Event::StateChange(self.state()), alive);
        }
    }

    fn tell(&mut self, event: Event) {
        self.notify(event, self.is_alive());
    }

    fn notify(&mut self, event: Event, alive: bool) {
        self.outputs.push_back(Output::Notify(Notice {
            event,
            retry_count: self.retry_count,
            circuit_failures: self.circuit_failures(),
            alive,
        }));
    }
}

fn is_due(deadline: Option<Instant>, now: Instant) -> bool {
    deadline.is_some_and(|deadline| deadline <= now)
}

/// A connection that was cut, or never came to be.
fn abnormal() -> Ending {
    Ending {
        code: CloseCode::Frame(1006),
        reason: String::new(),
        was_clean: false,
    }
}

fn clean(code: u16, reason: String) -> Ending {
    Ending {
        code: CloseCode::Frame(code),
        reason,
        was_clean: true,
    }
}
