//! One client: puts backoff, circuit and heartbeat together into the life of a connection.

mod alive;
mod asking;
mod circuit;
mod connects;
mod life;
mod user;

use std::mem;
use std::sync::Arc;

use super::circuit_membership::CircuitMembership;
use super::connect_turn::ConnectTurn;
use super::failover::UrlSelector;
use super::peer_liveness::ProbeReason;
use super::phase::{IdleReason, Phase};
use super::rtt::RoundTrips;
use super::time::earliest;
use super::{
    Attempt, Chance, Circuit, Event, Input, Instant, Notice, Output, Random, Rare, Refusal,
    Settings, State,
};
use crate::policy::duration::{Count, Duration};

/// The policy of one client, and where its random numbers come from.
///
/// ```
/// # use std::time::Duration;
/// # use rand::SeedableRng;
/// # use websocket_reconnect_native::policy::*;
/// # let settings = Settings {
/// #     reconnect: Reconnect::default(),
/// #     backoff: Backoff { base: Duration::from_secs(1), cap: Duration::from_secs(30), multiplier: 2.0, jitter: Jitter::Spread(0.1) },
/// #     max_retries: None,
/// #     heartbeat: HeartbeatSettings { interval: None, timeout: Duration::from_secs(5), beat: Beat::Message, reply: HeartbeatReply::AnyFrame },
/// #     liveness: LivenessSettings::default(),
/// #     circuit: CircuitSettings { failure_threshold: 5, rate: None, reset_timeout: Duration::from_secs(60), half_open_max: 3 },
/// #     close_timeout: Duration::from_secs(30),
/// #     connect_rate: None,
/// # };
/// let now = Instant::from_micros(0.0);
/// let mut link = Link::new(settings, Random::seed_from_u64(1));
/// link.connect(now)?;
/// while let Some(output) = link.next_output() { /* Dial, Beat, Cut, Notify, … */ }
/// let wake_at = link.deadline(); // nothing to do before then
/// # Ok::<(), Refusal>(())
/// ```
#[derive(Debug)]
pub struct Link<C = Random> {
    /// Shared by all clients that have the same.
    settings: Arc<Settings>,
    rng: C,
    phase: Phase,
    membership: CircuitMembership,
    /// The circuit to move to when the connection has ended.
    next_membership: Option<Box<CircuitMembership>>,
    /// Where the client shares a budget of attempts.
    connect_turn: Option<Box<ConnectTurn>>,
    /// What the user was told last of the circuit.
    told: Circuit,
    /// The number of the latest attempt.
    attempt: Attempt,
    retry_count: Count,
    manual_close: bool,
    url_selector: UrlSelector,
    /// The delay that was drawn last.
    last_delay: Option<Duration>,
    /// The retries of the series that the client gave up with, unless the user has written since.
    spent: Option<Count>,
    /// Since when there is no connection.
    outage: Option<Outage>,
    /// The number of the latest ping.
    ping: Count,
    /// Of the connection that is open, or was last.
    round_trips: RoundTrips,
    /// When JavaScript's event loop last ran, as far as the policy was told.
    event_loop_alive_at: Option<Instant>,
    /// What has been decided and not yet taken.
    outputs: Rare<Vec<Output>>,
}

/// A time without a connection.
#[derive(Clone, Copy, Debug)]
struct Outage {
    since: Instant,
    /// Whether it began with the end of a connection, and not with the first attempt.
    after_open: bool,
}

impl<C: Chance> Link<C> {
    pub fn new(settings: impl Into<Arc<Settings>>, rng: C) -> Link<C> {
        Link {
            settings: settings.into(),
            rng,
            phase: Phase::Idle {
                reason: IdleReason::Closed,
            },
            membership: CircuitMembership::own(),
            next_membership: None,
            connect_turn: None,
            told: Circuit::Closed,
            attempt: 0,
            retry_count: 0,
            manual_close: false,
            url_selector: UrlSelector::default(),
            last_delay: None,
            spent: None,
            outage: None,
            ping: 0,
            round_trips: RoundTrips::default(),
            event_loop_alive_at: None,
            outputs: Rare::default(),
        }
    }

    /// Starts connecting; `Ok` with nothing to do where that has been done already.
    ///
    /// After `FAILED` it starts a new series of retries. While closing, the new connection is
    /// started when the old one has ended. Where others have opened a circuit that is shared, the client
    /// waits for it as one does that was connected before. Each call that the circuit refuses tells
    /// `BLOCKED`, unless a connection is closing: its end is what the state has to say.
    pub fn connect(&mut self, now: Instant) -> Result<(), Refusal> {
        if self.manual_close {
            return Err(Refusal::ManuallyClosed);
        }
        self.catch_up(now);
        match self.phase {
            Phase::Asking { .. }
            | Phase::Queued { .. }
            | Phase::Dialing { .. }
            | Phase::Initializing { .. }
            | Phase::Open { .. }
            | Phase::Deciding { .. }
            | Phase::Waiting { .. }
            | Phase::Stalled { .. } => {}
            Phase::Blocked if self.may_wait() => {}
            Phase::Blocked => {
                let answer = self.admit().and(Err(Refusal::CircuitOpen));
                self.tell_refusal();
                return answer;
            }
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
                self.begin_outage(false, now);
            }
            Phase::Idle { .. } => {
                let answer = self.begin();
                if answer.is_err() && !self.may_wait() {
                    self.tell_refusal();
                    return answer;
                }
                if let Some(spent) = self.spent.take()
                    && (spent == self.retry_count || self.retries_used_up().is_some())
                {
                    self.retry_count = 0;
                }
                self.begin_outage(false, now);
                match answer {
                    Ok(()) => self.dial(now),
                    Err(refusal) => self.block(refusal, now),
                }
            }
        }
        Ok(())
    }

    /// Connects anew at once, without waiting for a delay or for the peer: an attempt that is under way is given up,
    /// and an open connection is left with a close frame of `code` and `reason`.
    ///
    /// It is refused where `connect` is, and where the circuit admits no other attempt.
    pub fn reconnect(&mut self, code: u16, reason: String, now: Instant) -> Result<(), Refusal> {
        if self.manual_close {
            return Err(Refusal::ManuallyClosed);
        }
        self.catch_up(now);
        match self.phase {
            Phase::Idle { .. } | Phase::Closing { .. } | Phase::Blocked => {
                return self.connect(now);
            }
            Phase::Asking { .. }
            | Phase::Queued { .. }
            | Phase::Dialing { .. }
            | Phase::Initializing { .. }
            | Phase::Open { .. }
            | Phase::Deciding { .. }
            | Phase::Waiting { .. }
            | Phase::Stalled { .. } => {}
        }
        match self.phase {
            Phase::Asking { attempt, .. }
            | Phase::Queued { attempt, .. }
            | Phase::Dialing { attempt, .. } => {
                self.admit()?;
                self.enter(Phase::Closing {
                    attempt,
                    cut_at: None,
                    reconnect: true,
                });
                self.cut(now);
            }
            Phase::Initializing { attempt, .. } | Phase::Open { attempt, .. } => {
                self.admit()?;
                self.depart(attempt, code, reason, now);
            }
            Phase::Deciding { .. } | Phase::Waiting { .. } | Phase::Stalled { .. } => {
                self.begin()?;
                self.dial(now);
            }
            Phase::Idle { .. } | Phase::Closing { .. } | Phase::Blocked => {}
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
            Input::Terminate { seen_alive } => self.terminate(seen_alive, now),
            Input::Reset => {
                self.manual_close = false;
                self.retry_count = 0;
                self.close_circuit(Telling::Told, now);
            }
            Input::OpenCircuit => self.open_circuit(Telling::Told, now),
            Input::CloseCircuit => self.close_circuit(Telling::Told, now),
            Input::CountFailure => self.count_failure(now),
            Input::Configure(settings) => {
                self.configure_vigil(&settings, now);
                self.settings = settings;
                self.url_selector.fit(&self.settings.reconnect.failover);
                self.try_queued(now);
            }
            Input::SetRetryCount(count) => self.retry_count = count,
            Input::SetCircuitFailures(count) => {
                self.membership
                    .set_failures(count, &self.settings.circuit, now);
            }
            Input::SetManualClose(manual_close) => self.set_manual_close(manual_close),
            Input::SetCircuit(Circuit::Closed) => self.close_circuit(Telling::Silent, now),
            Input::SetCircuit(Circuit::Open) => self.open_circuit(Telling::Silent, now),
            Input::SetCircuit(Circuit::HalfOpen) => self.half_open_circuit(Telling::Silent, now),
            Input::Awaited { attempt } => self.awaited(attempt, now),
            Input::Routed { attempt } => self.routed(attempt, now),
            Input::Decided { attempt, verdict } => self.decided(attempt, verdict, now),
            Input::Opened { attempt } => self.opened(attempt, now),
            Input::Initialized { attempt } => self.initialized(attempt, now),
            Input::Refused { attempt, failure } => self.refused(attempt, failure, now),
            Input::Received { attempt } => {
                if let Some(liveness) = self.phase.liveness(attempt) {
                    liveness.received(&self.settings.heartbeat, now);
                }
            }
            Input::Ponged { attempt, number } => self.ponged(attempt, number, now),
            Input::Answered => {
                if let Phase::Open { liveness, .. } = &mut self.phase {
                    liveness.answered();
                }
            }
            Input::Judged { attempt } => self.judged(attempt, now),
            Input::EventLoopAlive { at } => self.event_loop_alive(at, now),
            Input::Woke { slept } => self.woke(slept, now),
            Input::NetworkChanged => self.network_changed(now),
            Input::Suspected => self.probe(ProbeReason::Page, now),
            Input::Shown => {
                self.probe(ProbeReason::Page, now);
                self.hurry(now);
            }
            Input::Broke { failure } => self.broke(failure),
            Input::Lost {
                attempt,
                ending,
                failure,
            } => self.lost(attempt, ending, failure, now),
            Input::Paused { attempt } => self.paused(attempt, true, now),
            Input::Resumed { attempt } => self.paused(attempt, false, now),
        }
        self.follow_news(now);
        self.let_go();
    }

    /// The next decision, in the order to be carried out.
    pub fn next_output(&mut self) -> Option<Output> {
        let outputs = self.outputs.get_mut()?;
        if outputs.is_empty() {
            // A client decides something now and then: its list need not be there all the time.
            self.outputs.clear();
            return None;
        }
        Some(outputs.remove(0))
    }

    /// When [`Input::Tick`] is due; `None` where only other inputs can change anything.
    pub fn deadline(&self) -> Option<Instant> {
        let first = earliest(self.membership.deadline(), self.phase.deadline());
        let second = earliest(self.return_or_probe_deadline(), self.block_deadline());
        earliest(first, second)
    }

    pub fn state(&self) -> State {
        self.phase.state()
    }

    pub fn circuit(&self) -> Circuit {
        self.membership.circuit()
    }

    /// Whether another client has moved the circuit that is shared: an [`Input::Tick`] is due at once.
    pub fn is_behind(&self) -> bool {
        self.membership.is_behind()
    }

    /// Retries announced since the last successful connection.
    pub fn retry_count(&self) -> Count {
        self.retry_count
    }

    /// Failures since the last successful connection, or in the window, of all who share the circuit.
    pub fn circuit_failures(&self) -> Count {
        self.membership.failures(&self.settings.circuit)
    }

    /// Whether the user has closed for good.
    pub fn manual_close(&self) -> bool {
        self.manual_close
    }

    /// Whether the client is connecting, open, waiting to retry, blocked or closing.
    pub fn is_alive(&self) -> bool {
        self.phase.is_alive()
    }

    /// Whether `attempt` is the connection that is being initialized, open or closing: its bytes still count.
    pub fn is_open(&self, attempt: Attempt) -> bool {
        match self.phase {
            Phase::Initializing {
                attempt: current, ..
            }
            | Phase::Open {
                attempt: current, ..
            }
            | Phase::Closing {
                attempt: current, ..
            } => current == attempt,
            Phase::Idle { .. }
            | Phase::Asking { .. }
            | Phase::Queued { .. }
            | Phase::Dialing { .. }
            | Phase::Deciding { .. }
            | Phase::Waiting { .. }
            | Phase::Blocked
            | Phase::Stalled { .. } => false,
        }
    }

    /// Whether JavaScript is asked where and how `attempt` connects, and has not answered.
    pub fn is_asking(&self, attempt: Attempt) -> bool {
        matches!(self.phase, Phase::Asking { attempt: current, .. } if current == attempt)
    }

    /// Whether JavaScript runs the first messages of `attempt`, and has not come to their end.
    pub fn is_initializing(&self, attempt: Attempt) -> bool {
        matches!(self.phase, Phase::Initializing { attempt: current, .. } if current == attempt)
    }

    /// Whether JavaScript is asked whether and when to connect after `attempt`, and has not answered.
    pub fn is_deciding(&self, attempt: Attempt) -> bool {
        matches!(self.phase, Phase::Deciding { attempt: current, .. } if current == attempt)
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Delay before retry `attempt` (from 0), with a jitter drawn for it.
    pub fn delay(&mut self, attempt: Count) -> Duration {
        // The first delay of a series grows from none.
        let before = self.last_delay.filter(|_| attempt > 0);
        self.settings.backoff.delay(attempt, before, &mut self.rng)
    }
}

/// Whether a change of the circuit is an event, or the user's own assignment.
#[derive(Clone, Copy)]
enum Telling {
    Told,
    Silent,
}

/// How the user is told.
impl<C: Chance> Link<C> {
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
        let before = mem::replace(&mut self.phase, phase);
        if before.is_connecting() && !self.phase.is_connecting() {
            self.membership.finish();
        }
        self.give_start_back(&before);
        if before.state() != self.state() {
            let alive = before.is_alive() || self.is_alive();
            self.notify(Event::StateChange(self.state()), alive);
        }
    }

    fn tell(&mut self, event: Event) {
        self.notify(event, self.is_alive());
    }

    fn notify(&mut self, event: Event, alive: bool) {
        let notice = Notice {
            event,
            retry_count: self.retry_count,
            circuit_failures: self.circuit_failures(),
            alive,
        };
        self.outputs.used().push(Output::Notify(notice));
    }
}

fn is_due(deadline: Option<Instant>, now: Instant) -> bool {
    deadline.is_some_and(|deadline| deadline <= now)
}
