//! One client: its policy, its writer and the bytes that wait to be written. Both threads use it: JavaScript's for the
//! calls of the user, the engine's for the driver.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use rand::SeedableRng;

use super::asking::Asking;
use super::budgets::BudgetMember;
use super::circuits::{Member, Scope, Sharing};
use super::clock;
use super::dial::Dial;
use super::event_loop_watchdog::EventLoopWatchdog;
use super::fast_paths::FastPaths;
use super::flow_control::FlowControl;
use super::js_read_set::JsReadSet;
use super::mailbox::{Mailbox, Notification, NotificationKind};
use super::outbound::Outbound;
use super::payload::{Control, Payload};
use super::shared_socket::SharedSocket;
use super::wake::{Agenda, DriverWake};
use super::write_half::WriteHalf;
use crate::policy::{
    Attempt, Backpressure, DeliverySettings, Input, Instant, Link, Marks, Notice, Output, Random,
    Rare, Refusal, ReplyOrder, Rtt, Settings, SharedBreaker, SharedBudget, State,
};
use crate::sync::{Lock, Rank, lock};

/// What a client is made of.
pub struct Setup {
    /// The client's name at its environment.
    pub id: u32,
    /// The copy of the package at its environment that is told of the client.
    pub home: u32,
    pub settings: Arc<Settings>,
    /// The message of a heartbeat.
    pub heartbeat: Arc<String>,
    pub route: Arc<dyn Dial>,
    pub mailbox: Arc<Mailbox>,
    /// By which it gets a driver.
    pub agenda: Arc<Agenda>,
    /// Where the JavaScript thread can read by itself.
    pub read_set: Option<Arc<JsReadSet<Client>>>,
    pub fast_paths: FastPaths,
    /// Tells whether JavaScript runs.
    pub watchdog: Arc<EventLoopWatchdog>,
    pub delivery: Arc<DeliverySettings>,
    pub marks: Marks,
}

/// What a call of the user has caused before it returns.
pub struct Reply {
    /// How many notices of this client had gone to the mailbox before the call. Those among them
    /// that JavaScript has not seen are older than the call.
    pub cutoff: u64,
    /// To be delivered before the call returns; later ones go through the mailbox.
    pub notices: Vec<Notice>,
    /// Why the call does nothing besides.
    pub refusal: Option<Refusal>,
}

pub struct Client {
    pub(super) flow: Arc<FlowControl>,
    home: u32,
    /// Tells the driver that there is something to do.
    pub(super) wake: Arc<DriverWake>,
    pub(super) read_set: Option<Arc<JsReadSet<Client>>>,
    /// JavaScript delivers nothing for now, so it does not read either.
    pub(super) paused: AtomicBool,
    /// The turn in which JavaScript last read this connection.
    pub(super) served: AtomicU64,
    pub(super) core: Lock<Core>,
    mailbox: Arc<Mailbox>,
    pub(super) fast_paths: FastPaths,
    pub(super) watchdog: Arc<EventLoopWatchdog>,
}

pub(super) struct Core {
    pub link: Link,
    pub route: Arc<dyn Dial>,
    shared: Rare<Shared>,
    pub write_half: WriteHalf,
    pub backpressure: Backpressure,
    pub actions: Rare<VecDeque<Action>>,
    /// Notices of this client that went to the mailbox.
    pushed: u64,
    /// What became of messages and receipts, as far as it went there.
    pub pushed_outcomes: u64,
    pub parked: Parked,
}

/// With whom a client shares what.
#[derive(Default)]
struct Shared {
    circuit: Sharing,
    /// The scope of the circuit that the client shares, or will share once the connection has ended.
    circuit_scope: Option<Scope>,
    /// The budget of attempts.
    connects: Sharing,
    connect_scopes: Vec<Scope>,
}

/// What a driver leaves that rests.
#[derive(Default)]
pub(super) struct Parked {
    /// The open connection.
    pub socket: Option<Arc<SharedSocket>>,
    /// When the next one begins.
    pub deadline: Option<Instant>,
}

/// A decision of the policy that the driver carries out.
pub(super) enum Action {
    Dial {
        attempt: Attempt,
        url_index: usize,
        limit: Option<Duration>,
    },
    Cut,
    /// Write these bytes behind what is being written, and end the connection.
    Leave(Outbound),
}

/// What the driver does in one turn, and when the next one is due.
pub(super) struct Turn {
    pub actions: Rare<VecDeque<Action>>,
    pub deadline: Option<Instant>,
    /// How long the system need keep a connection for a peer that is silent, see [`user_timeout`](super::user_timeout::user_timeout).
    pub user_timeout: Option<Duration>,
    /// The messages sent so far, where there is memory to let go of when there are no more.
    pub sends: Option<u64>,
}

impl Client {
    pub fn new(setup: Setup) -> Client {
        let core = Core {
            link: Link::new(setup.settings, Random::from_seed(clock::seed())),
            route: setup.route,
            shared: Rare::default(),
            backpressure: Backpressure::new(setup.marks, setup.delivery.guarantee),
            write_half: WriteHalf::new(setup.delivery, setup.heartbeat),
            actions: Rare::default(),
            pushed: 0,
            pushed_outcomes: 0,
            parked: Parked::default(),
        };
        Client {
            flow: Arc::new(FlowControl::new(
                setup.id,
                setup.mailbox.read_ahead().clone(),
            )),
            home: setup.home,
            wake: Arc::new(DriverWake::new(setup.id, setup.agenda)),
            read_set: setup.read_set,
            paused: AtomicBool::new(false),
            served: AtomicU64::new(0),
            core: Lock::new(Rank::Core, core),
            mailbox: setup.mailbox,
            fast_paths: setup.fast_paths,
            watchdog: setup.watchdog,
        }
    }

    /// Has the driver look at the client.
    pub(super) fn wake(&self) {
        self.wake.wake();
    }

    pub fn id(&self) -> u32 {
        self.flow.id
    }

    /// The copy of the package at its environment that is told of the client.
    pub fn home(&self) -> u32 {
        self.home
    }

    // What the user does, on the JavaScript thread. `received` is how many notices of this client
    // JavaScript has taken from the mailbox so far.

    /// Starts connecting, or does nothing when that is under way already.
    pub fn connect(&self, received: u64) -> Reply {
        self.start(received, |link| link.connect(clock::now()))
    }

    /// Connects anew at once.
    pub fn reconnect(&self, received: u64, code: u16, reason: String) -> Reply {
        self.start(received, |link| link.reconnect(code, reason, clock::now()))
    }

    /// A circuit that turns half-open by this does so by its timer, and nothing that is under way is made
    /// void: the old connection may have opened, and been lost.
    fn start(&self, received: u64, start: impl FnOnce(&mut Link) -> Result<(), Refusal>) -> Reply {
        let mut core = lock(&self.core);
        let refusal = start(&mut core.link).err();
        Reply {
            refusal,
            ..self.reply(&mut core, received, false)
        }
    }

    /// Takes what JavaScript says of where and how `attempt` connects, unless that is not asked any more.
    pub fn routed(&self, attempt: Attempt, route: Arc<dyn Dial>) {
        let mut core = lock(&self.core);
        if core.link.is_asking(attempt) {
            core.route = route;
            self.join(&mut core);
            self.join_budgets(&mut core);
        }
        core.link.handle(Input::Routed { attempt }, clock::now());
        self.drain_outputs(&mut core, Vec::new());
        self.wake.wake();
    }

    /// Sends one of the first messages of the connection `attempt`, unless these are over.
    pub fn send_first(&self, attempt: Attempt, payload: Payload<'_>) {
        let mut core = lock(&self.core);
        if core.link.is_initializing(attempt) {
            core.write_half.send_first(payload);
            core.write_half.write_out(self.fast_paths);
            self.wake.wake();
        }
    }

    /// JavaScript has exchanged the first messages of the connection `attempt`: what waited goes out, unless that is over.
    pub fn initialized(&self, attempt: Attempt) {
        let mut core = lock(&self.core);
        let is_due = core.link.is_initializing(attempt);
        core.link
            .handle(Input::Initialized { attempt }, clock::now());
        if is_due {
            core.open_queue();
        }
        self.drain_outputs(&mut core, Vec::new());
        self.wake.wake();
    }

    /// Hands a call of the user to the policy.
    pub fn call(&self, received: u64, input: Input) -> Reply {
        let mut core = lock(&self.core);
        core.link.handle(input, clock::now());
        self.reply(&mut core, received, true)
    }

    /// Hands what JavaScript reports of itself to the policy.
    pub fn report(&self, received: u64, input: Input) -> Reply {
        let mut core = lock(&self.core);
        core.link.handle(input, clock::now());
        self.reply(&mut core, received, false)
    }

    /// Tells the policy that JavaScript runs.
    pub fn event_loop_alive(&self, received: u64) -> Reply {
        self.report(received, Input::EventLoopAlive { at: clock::now() })
    }

    /// Pings the peer, see [`Link::ping`].
    pub fn ping(&self) -> Option<u64> {
        let mut core = lock(&self.core);
        let number = core.link.ping(clock::now());
        self.drain_outputs(&mut core, Vec::new());
        core.write_half.write_out(self.fast_paths);
        // There is a limit to wait for, too.
        self.wake.wake();
        number
    }

    /// Sends a control frame, of which nothing else is told. Without an open connection it goes nowhere.
    pub fn send_control(&self, frame: Control<'_>) {
        let mut core = lock(&self.core);
        core.write_half.control(frame);
        if !core.write_half.write_out(self.fast_paths) {
            self.wake.wake();
        }
    }

    /// The round trips of pings, see [`Link::rtt`].
    pub fn rtt(&self) -> Option<Rtt> {
        lock(&self.core).link.rtt()
    }

    /// How long a client that waits for its next attempt still does: for a delay, for the circuit or for the budget.
    pub fn next_attempt_in(&self) -> Option<Duration> {
        let core = lock(&self.core);
        let at = match core.link.state() {
            State::Closed | State::Blocked => core.link.deadline()?,
            State::Connecting => core.link.queued_until()?,
            State::Open | State::Closing | State::Failed => return None,
        };
        Some(at.saturating_duration_since(clock::now()))
    }

    /// Which control frames JavaScript is told of.
    pub fn listen(&self, pings: bool, pongs: bool) {
        self.flow.wanted.pings.store(pings, Ordering::Relaxed);
        self.flow.wanted.pongs.store(pongs, Ordering::Relaxed);
    }

    /// Hands an assignment of the user to the policy. It tells nothing before it returns.
    pub fn assign(&self, input: Input) -> u64 {
        let mut core = lock(&self.core);
        let cutoff = core.pushed;
        core.link.handle(input, clock::now());
        self.drain_outputs(&mut core, Vec::new());
        self.wake.wake();
        cutoff
    }

    /// JavaScript still reads what is to be sent before: the close frame of a `close()` waits for that.
    pub fn hold_close(&self, holds: bool) {
        let mut core = lock(&self.core);
        if core.write_half.hold_close(holds) {
            core.write_half.write_out(self.fast_paths);
            self.wake.wake();
        }
    }

    pub fn set_heartbeat(&self, message: Arc<String>) {
        lock(&self.core).write_half.set_heartbeat(message);
    }

    /// Where the next attempts go.
    pub fn set_route(&self, route: Arc<dyn Dial>) {
        let mut core = lock(&self.core);
        core.route = route;
        self.join(&mut core);
        self.join_budgets(&mut core);
    }

    /// With whom the circuit is shared.
    pub fn share(&self, sharing: Sharing) {
        let mut core = lock(&self.core);
        core.shared.used().circuit = sharing;
        self.join(&mut core);
    }

    /// With whom the budget of attempts is shared.
    pub fn share_connects(&self, sharing: Sharing) {
        let mut core = lock(&self.core);
        core.shared.used().connects = sharing;
        self.join_budgets(&mut core);
    }

    /// Whether an attempt waits for the budget.
    pub fn is_queued(&self) -> bool {
        lock(&self.core).link.is_queued()
    }

    /// Moves to the budgets that the route asks for.
    fn join_budgets(&self, core: &mut Core) {
        let Some(shared) = core.shared.get_mut() else {
            return;
        };
        let scopes = shared.connects.scopes(core.route.host_ports());
        if scopes == shared.connect_scopes {
            return;
        }
        shared.connect_scopes.clone_from(&scopes);
        let join = |scope| -> Arc<dyn SharedBudget> {
            Arc::new(BudgetMember::new(scope, self.wake.clone()))
        };
        let budgets = scopes.into_iter().map(join).collect();
        core.link.share_connects(budgets, clock::now());
        self.drain_outputs(core, Vec::new());
        self.wake.wake();
    }

    /// Moves to the circuit that the sharing and the route ask for.
    fn join(&self, core: &mut Core) {
        let Some(shared) = core.shared.get_mut() else {
            return;
        };
        let scope = shared.circuit.scope(core.route.host_port());
        if scope == shared.circuit_scope {
            return;
        }
        shared.circuit_scope.clone_from(&scope);
        let shared = scope.map(|scope| -> Box<dyn SharedBreaker> {
            Box::new(Member::new(scope, self.wake.clone()))
        });
        core.link.join(shared, clock::now());
        self.drain_outputs(core, Vec::new());
        self.wake.wake();
    }

    /// Delay in ms before retry `attempt`, from 0, jitter included.
    pub fn delay_ms(&self, attempt: u64) -> f64 {
        lock(&self.core).link.delay(attempt).as_millis() as f64
    }

    /// Takes every output of the policy: the one rule of its use. `before` is told first.
    pub(super) fn drain_outputs(&self, core: &mut Core, before: Vec<NotificationKind>) {
        let notices = core.carry_out_outputs();
        self.check_drain(core);
        let outcomes = core.outcomes();
        let notices = notices.into_iter().map(NotificationKind::Notice);
        self.post(core, before.into_iter().chain(outcomes).chain(notices));
    }

    /// JavaScript, for what an attempt needs of it.
    pub(super) fn asking(&self, attempt: Attempt) -> Arc<Asking> {
        Arc::new(Asking {
            attempt,
            from: self.flow.clone(),
            mailbox: self.mailbox.clone(),
        })
    }

    /// Puts into the mailbox what JavaScript is told.
    pub(super) fn post(&self, core: &mut Core, kinds: impl IntoIterator<Item = NotificationKind>) {
        let mut kinds = kinds.into_iter().peekable();
        if kinds.peek().is_none() {
            return;
        }
        let at = clock::epoch_ms();
        self.mailbox.push(kinds.map(|kind| {
            match kind {
                NotificationKind::Notice(_) => core.pushed += 1,
                NotificationKind::Delivery(_) | NotificationKind::Drain => {
                    core.pushed_outcomes += 1
                }
                NotificationKind::Messages(_)
                | NotificationKind::Agreed { .. }
                | NotificationKind::Need { .. }
                | NotificationKind::PipeNews { .. } => {}
            }
            Notification {
                from: self.flow.clone(),
                at,
                order: core.pushed,
                kind,
            }
        }));
    }

    /// Carries out what a call led to. What is not told by it goes to the mailbox.
    fn reply(&self, core: &mut Core, received: u64, owned: bool) -> Reply {
        let cutoff = core.pushed;
        // JavaScript may have dropped notices that were for nobody any more: there is nothing to queue behind then.
        let is_drained = cutoff == received || self.flow.is_drained();
        let mut order = ReplyOrder::new(is_drained, owned);
        let (now, later): (Vec<Notice>, Vec<Notice>) = core
            .carry_out_outputs()
            .into_iter()
            .partition(|notice| order.is_told_at_once(notice));
        self.check_drain(core);
        let outcomes = core.outcomes();
        let later = later.into_iter().map(NotificationKind::Notice);
        self.post(core, outcomes.into_iter().chain(later));
        self.wake.wake();
        Reply {
            cutoff,
            notices: now,
            refusal: None,
        }
    }
}

impl Core {
    /// The connection is open: what waited for it goes out first.
    pub fn open_queue(&mut self) {
        self.write_half.open_queue();
        self.backpressure.hold(false);
    }

    /// Carries out or queues every output, and returns the notices among them.
    fn carry_out_outputs(&mut self) -> Vec<Notice> {
        let mut notices = Vec::new();
        while let Some(output) = self.link.next_output() {
            match output {
                Output::Dial {
                    attempt,
                    url_index,
                    limit,
                } => self.actions.used().push_back(Action::Dial {
                    attempt,
                    url_index,
                    limit,
                }),
                Output::Beat => self.write_half.beat(),
                Output::Ping { payload } => self.write_half.ping(payload),
                Output::Leave { code, reason } => {
                    self.write_half.say_goodbye(Some(code), &reason);
                    let last_words = self.write_half.unplug();
                    self.actions.used().push_back(Action::Leave(last_words));
                }
                Output::Shut { code, reason } => self.write_half.shut(code, reason),
                Output::Cut => {
                    self.write_half.unplug();
                    self.actions.used().push_back(Action::Cut);
                }
                Output::Notify(notice) => notices.push(notice),
            }
        }
        if !self.link.is_alive() {
            self.write_half.outbox.end();
        }
        notices
    }

    /// What became of messages and receipts, as far as it has not been told.
    pub fn outcomes(&mut self) -> Vec<NotificationKind> {
        std::iter::from_fn(|| self.write_half.outbox.next_outcome())
            .map(NotificationKind::Delivery)
            .collect()
    }
}
