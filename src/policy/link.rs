//! One client: puts backoff, circuit and heartbeat together into the life of a connection.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;

use super::circuit::Breaker;
use super::heartbeat::{Due, Pulse};
use super::{
    Attempt, Circuit, CloseCode, Ending, Event, Failure, Input, Notice, Output, Refusal, Settings,
    State,
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
/// #     heartbeat: Heartbeat { interval: None, timeout: Duration::from_secs(5) },
/// #     circuit: CircuitSettings { failure_threshold: 5, reset_timeout: Duration::from_secs(60), half_open_max: 3 },
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
    breaker: Breaker,
    /// The number of the latest attempt.
    attempt: Attempt,
    retry_count: u64,
    manual_close: bool,
    outputs: VecDeque<Output>,
}

/// Where in its life a client is. A time of `None` is one too far for the clock: it never comes.
#[derive(Clone, Debug)]
enum Phase {
    /// Nothing goes on; `failed` after the retries were used up.
    Idle {
        failed: bool,
    },
    Dialing {
        attempt: Attempt,
    },
    Open {
        attempt: Attempt,
        pulse: Pulse,
    },
    /// The closing handshake is under way, until `cut_at`; `reconnect` where the user has asked for
    /// a new connection after it.
    Closing {
        attempt: Attempt,
        cut_at: Option<Instant>,
        reconnect: bool,
    },
    /// Between two attempts.
    Waiting {
        until: Option<Instant>,
    },
    /// Between two attempts, until the circuit turns half-open.
    Blocked,
}

impl Phase {
    fn state(&self) -> State {
        match self {
            Phase::Idle { failed: true } => State::Failed,
            Phase::Idle { failed: false } | Phase::Waiting { .. } => State::Closed,
            Phase::Dialing { .. } => State::Connecting,
            Phase::Open { .. } => State::Open,
            Phase::Closing { .. } => State::Closing,
            Phase::Blocked => State::Blocked,
        }
    }

    fn is_alive(&self) -> bool {
        !matches!(self, Phase::Idle { .. })
    }

    /// The attempt that is under way or connected.
    fn attempt(&self) -> Option<Attempt> {
        match self {
            Phase::Dialing { attempt }
            | Phase::Open { attempt, .. }
            | Phase::Closing { attempt, .. } => Some(*attempt),
            Phase::Idle { .. } | Phase::Waiting { .. } | Phase::Blocked => None,
        }
    }

    fn deadline(&self) -> Option<Instant> {
        match self {
            Phase::Open { pulse, .. } => pulse.deadline(),
            Phase::Closing { cut_at: time, .. } | Phase::Waiting { until: time } => *time,
            Phase::Idle { .. } | Phase::Dialing { .. } | Phase::Blocked => None,
        }
    }
}

impl Link {
    pub fn new(settings: Settings, rng: StdRng) -> Link {
        Link {
            settings,
            rng,
            phase: Phase::Idle { failed: false },
            breaker: Breaker::new(),
            attempt: 0,
            retry_count: 0,
            manual_close: false,
            outputs: VecDeque::new(),
        }
    }

    /// Starts connecting; `Ok` with nothing to do where that has been done already.
    ///
    /// After `FAILED` it starts a new series of retries. While closing, the new connection is
    /// started when the old one has ended.
    pub fn connect(&mut self, now: Instant) -> Result<(), Refusal> {
        if self.manual_close {
            return Err(Refusal::ManuallyClosed);
        }
        self.half_open_if_due(now);
        match &mut self.phase {
            Phase::Dialing { .. } | Phase::Open { .. } | Phase::Waiting { .. } => {}
            Phase::Blocked => return Err(Refusal::CircuitOpen),
            Phase::Closing { reconnect, .. } => {
                self.breaker.admit(&self.settings.circuit)?;
                *reconnect = true;
            }
            Phase::Idle { failed } => {
                self.breaker.admit(&self.settings.circuit)?;
                if *failed && self.retries_used_up() {
                    self.retry_count = 0;
                }
                self.dial();
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
                if let Phase::Open { pulse, .. } = &mut self.phase {
                    pulse.configure(&self.settings.heartbeat, &settings.heartbeat, now);
                }
                self.settings = settings;
            }
            Input::SetRetryCount(count) => self.retry_count = count,
            Input::SetCircuitFailures(count) => self.breaker.set_failures(count),
            Input::SetManualClose(manual_close) => self.set_manual_close(manual_close),
            Input::SetCircuit(Circuit::Closed) => self.close_circuit(Telling::Silent),
            Input::SetCircuit(Circuit::Open) => self.open_circuit(Telling::Silent, now),
            Input::SetCircuit(Circuit::HalfOpen) => self.half_open_circuit(Telling::Silent),
            Input::Opened { attempt } => self.opened(attempt, now),
            Input::Refused { attempt, failure } => {
                self.lost(attempt, abnormal(), Some(failure), now)
            }
            Input::Received { attempt } => {
                if let Some(pulse) = self.pulse(attempt) {
                    pulse.received();
                }
            }
            Input::Lost {
                attempt,
                ending,
                failure,
            } => self.lost(attempt, ending, failure, now),
            Input::Paused { attempt } => {
                if let Some(pulse) = self.pulse(attempt) {
                    pulse.pause();
                }
            }
            Input::Resumed { attempt } => {
                let heartbeat = self.settings.heartbeat.clone();
                if let Some(pulse) = self.pulse(attempt) {
                    pulse.resume(&heartbeat, now);
                }
            }
        }
    }

    /// The next decision, in the order to be carried out.
    pub fn next_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Input::Tick`] is due; `None` where only other inputs can change anything.
    pub fn deadline(&self) -> Option<Instant> {
        [self.breaker.deadline(), self.phase.deadline()]
            .into_iter()
            .flatten()
            .min()
    }

    pub fn state(&self) -> State {
        self.phase.state()
    }

    pub fn circuit(&self) -> Circuit {
        self.breaker.circuit()
    }

    /// Retries announced since the last successful connection.
    pub fn retry_count(&self) -> u64 {
        self.retry_count
    }

    /// Failures since the last successful connection.
    pub fn circuit_failures(&self) -> u64 {
        self.breaker.failures()
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
            Phase::Idle { .. } | Phase::Dialing { .. } | Phase::Waiting { .. } | Phase::Blocked => {
                false
            }
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

/// What the user does.
impl Link {
    fn close(&mut self, code: u16, reason: String, seen_alive: bool, now: Instant) {
        self.manual_close = true;
        match &mut self.phase {
            Phase::Idle { .. } if !seen_alive => {}
            Phase::Idle { .. } | Phase::Waiting { .. } | Phase::Blocked => {
                self.enter(Phase::Closing {
                    attempt: self.attempt,
                    cut_at: None,
                    reconnect: false,
                });
                self.end(clean(code, reason), now);
            }
            Phase::Dialing { attempt } => {
                let attempt = *attempt;
                self.enter(Phase::Closing {
                    attempt,
                    cut_at: None,
                    reconnect: false,
                });
                self.cut(now);
            }
            Phase::Open { attempt, .. } => {
                let attempt = *attempt;
                let cut_at = now.checked_add(self.settings.close_timeout);
                self.enter(Phase::Closing {
                    attempt,
                    cut_at,
                    reconnect: false,
                });
                self.outputs.push_back(Output::Shut { code, reason });
            }
            Phase::Closing { reconnect, .. } => *reconnect = false,
        }
    }

    fn set_manual_close(&mut self, manual_close: bool) {
        self.manual_close = manual_close;
        if !manual_close {
            return;
        }
        match &mut self.phase {
            Phase::Waiting { .. } | Phase::Blocked => {
                self.enter(Phase::Idle { failed: false });
                self.tell(Event::Close(clean(1000, "Normal closure".to_owned())));
            }
            Phase::Closing { reconnect, .. } => *reconnect = false,
            Phase::Idle { .. } | Phase::Dialing { .. } | Phase::Open { .. } => {}
        }
    }

    fn open_circuit(&mut self, telling: Telling, now: Instant) {
        let changed = self.breaker.open(&self.settings.circuit, now);
        self.circuit_changed(changed, telling);
        self.block_if_waiting();
    }

    fn half_open_circuit(&mut self, telling: Telling) {
        if !self.breaker.half_open() {
            return;
        }
        self.circuit_changed(true, telling);
        match self.phase {
            Phase::Blocked => self.unblock(),
            Phase::Dialing { .. } => self.breaker.count_dial(),
            Phase::Open { .. } => {
                let closed = self.breaker.succeed();
                self.circuit_changed(closed, Telling::Told);
            }
            Phase::Idle { .. } | Phase::Closing { .. } | Phase::Waiting { .. } => {}
        }
    }

    fn half_open_if_due(&mut self, now: Instant) {
        if is_due(self.breaker.deadline(), now) {
            self.half_open_circuit(Telling::Told);
        }
    }

    fn close_circuit(&mut self, telling: Telling) {
        let changed = self.breaker.close();
        self.circuit_changed(changed, telling);
        if let Phase::Blocked = self.phase {
            self.unblock();
        }
    }
}

/// What happens to connections.
impl Link {
    fn tick(&mut self, now: Instant) {
        self.half_open_if_due(now);
        if !is_due(self.phase.deadline(), now) {
            return;
        }
        match &mut self.phase {
            Phase::Open { pulse, .. } => match pulse.tick(&self.settings.heartbeat, now) {
                Due::Nothing => {}
                Due::Beat => self.outputs.push_back(Output::Beat),
                Due::Dead => self.silenced(now),
            },
            Phase::Closing { .. } => self.cut(now),
            Phase::Waiting { .. } => self.dial_or_block(now),
            Phase::Idle { .. } | Phase::Dialing { .. } | Phase::Blocked => {}
        }
    }

    fn opened(&mut self, attempt: Attempt, now: Instant) {
        if !matches!(self.phase, Phase::Dialing { attempt: current } if current == attempt) {
            return;
        }
        self.retry_count = 0;
        let closed = self.breaker.succeed();
        self.enter(Phase::Open {
            attempt,
            pulse: Pulse::new(&self.settings.heartbeat, now),
        });
        self.circuit_changed(closed, Telling::Told);
        self.tell(Event::Open);
    }

    fn lost(&mut self, attempt: Attempt, ending: Ending, failure: Option<Failure>, now: Instant) {
        if self.phase.attempt() != Some(attempt) {
            return;
        }
        if let Some(failure) = failure {
            self.fail(failure, now);
        }
        self.end(ending, now);
    }

    fn silenced(&mut self, now: Instant) {
        let failure = Failure {
            message: "Heartbeat timeout - connection appears stale".to_owned(),
            code: Some("WSR_ERR_HEARTBEAT".to_owned()),
            ..Failure::default()
        };
        self.fail(failure, now);
        self.cut(now);
    }

    fn cut(&mut self, now: Instant) {
        self.outputs.push_back(Output::Cut);
        self.end(abnormal(), now);
    }

    /// Tells that the connection has ended, and decides what comes next.
    fn end(&mut self, ending: Ending, now: Instant) {
        let (goes_on, asked) = match self.phase {
            Phase::Closing { reconnect, .. } => (reconnect, true),
            Phase::Dialing { .. } | Phase::Open { .. } => (!self.manual_close, false),
            Phase::Idle { .. } | Phase::Waiting { .. } | Phase::Blocked => (false, false),
        };
        if !goes_on {
            self.enter(Phase::Idle { failed: false });
            self.tell(Event::Close(ending));
            return;
        }
        self.enter(Phase::Waiting { until: None });
        self.tell(Event::Close(ending));
        if asked {
            self.dial_or_block(now);
        } else {
            self.retry(now);
        }
    }

    fn retry(&mut self, now: Instant) {
        if self.retries_used_up() {
            self.give_up();
        } else if let Err(refusal) = self.breaker.admit(&self.settings.circuit) {
            self.block(refusal, now);
        } else {
            let delay = self.delay(self.retry_count);
            self.enter(Phase::Waiting {
                until: now.checked_add(delay),
            });
            self.announce_retry(delay);
        }
    }

    fn dial_or_block(&mut self, now: Instant) {
        match self.breaker.admit(&self.settings.circuit) {
            Ok(()) => self.dial(),
            Err(refusal) => self.block(refusal, now),
        }
    }

    fn dial(&mut self) {
        self.attempt += 1;
        self.breaker.count_dial();
        self.enter(Phase::Dialing {
            attempt: self.attempt,
        });
        self.outputs.push_back(Output::Dial {
            attempt: self.attempt,
        });
    }

    /// Waits for the circuit. One that has used up its probes without a verdict opens again:
    /// half-open has no timer that would let the client go on.
    fn block(&mut self, refusal: Refusal, now: Instant) {
        if refusal == Refusal::HalfOpenLimit {
            let opened = self.breaker.open(&self.settings.circuit, now);
            self.circuit_changed(opened, Telling::Told);
        }
        self.enter(Phase::Blocked);
    }

    /// Takes back the retry that was announced and is not made, so that it is not lost.
    fn block_if_waiting(&mut self) {
        if let Phase::Waiting { .. } = self.phase {
            self.retry_count = self.retry_count.saturating_sub(1);
            self.enter(Phase::Blocked);
        }
    }

    fn unblock(&mut self) {
        if self.retries_used_up() {
            self.give_up();
        } else {
            self.announce_retry(Duration::ZERO);
            self.dial();
        }
    }

    fn give_up(&mut self) {
        let limit = self.settings.max_retries.unwrap_or(u64::MAX);
        self.enter(Phase::Idle { failed: true });
        self.tell(Event::Close(Ending {
            code: CloseCode::MaxRetries,
            reason: format!("Maximum retry attempts ({limit}) exceeded"),
            was_clean: false,
        }));
    }

    fn retries_used_up(&self) -> bool {
        self.settings
            .max_retries
            .is_some_and(|limit| self.retry_count >= limit)
    }

    fn announce_retry(&mut self, delay: Duration) {
        self.retry_count = self.retry_count.saturating_add(1);
        let max_retries = self.settings.max_retries;
        self.tell(Event::Retry {
            attempt: self.retry_count,
            delay,
            max_retries,
        });
    }
}

/// Failures, and how the user is told.
impl Link {
    fn fail(&mut self, failure: Failure, now: Instant) {
        let opened = self.breaker.fail(&self.settings.circuit, now);
        self.tell(Event::Error(failure));
        self.circuit_changed(opened, Telling::Told);
    }

    fn count_failure(&mut self, now: Instant) {
        let opened = self.breaker.fail(&self.settings.circuit, now);
        self.circuit_changed(opened, Telling::Told);
        if opened {
            self.block_if_waiting();
        }
    }

    fn circuit_changed(&mut self, changed: bool, telling: Telling) {
        match telling {
            Telling::Told if changed => self.tell(Event::CircuitChange(self.circuit())),
            Telling::Told | Telling::Silent => {}
        }
    }

    /// The one place where the phase changes. A change of state that ends a life is still told
    /// within it: the `close` that follows is its last event.
    fn enter(&mut self, phase: Phase) {
        let before = std::mem::replace(&mut self.phase, phase);
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
            circuit_failures: self.breaker.failures(),
            alive,
        }));
    }

    fn pulse(&mut self, attempt: Attempt) -> Option<&mut Pulse> {
        match &mut self.phase {
            Phase::Open {
                attempt: current,
                pulse,
            } if *current == attempt => Some(pulse),
            Phase::Idle { .. }
            | Phase::Dialing { .. }
            | Phase::Open { .. }
            | Phase::Closing { .. }
            | Phase::Waiting { .. }
            | Phase::Blocked => None,
        }
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
