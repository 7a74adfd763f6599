//! One client: its policy, its writer and the bytes that wait to be written. Both threads use it: JavaScript's for the
//! calls of the user, the engine's for the driver.

use std::collections::VecDeque;
use std::mem;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rand::SeedableRng;
use tokio::sync::Notify;

use super::circuits::{Member, Scope, Sharing};
use super::clock;
use super::dial::{Dial, DialFuture, Wired};
use super::end::End;
use super::event_loop_watchdog::EventLoopWatchdog;
use super::fast_paths::FastPaths;
use super::js_read_set::JsReadSet;
use super::locking::lock;
use super::mailbox::{FlowControl, Mailbox, Notification, NotificationKind};
use super::open_connection::{ConnectionIo, OpenConnection};
use super::panics::{Panic, caught};
use super::read_outcome::{ReadOutcome, Wanted};
use super::sending::{Backpressure, Marks, SendError, Sent, Wish};
use super::shared_socket::{EngineStream, SharedSocket};
use super::writing::{Handovers, Held, Outbound, SendRate, write};
use crate::net::Stream;
use crate::policy::{
    Attempt, DeliverySettings, Event, Failure, Input, Instant, Link, Notice, Outbox, Output,
    Random, Refusal, Rtt, Settings, SharedBreaker, State,
};
use crate::wire::{Reader, Writer};

/// What a client is made of.
pub struct Setup {
    /// The client's name at its environment.
    pub id: u32,
    /// The copy of the package at its environment that is told of the client.
    pub home: u32,
    pub settings: Arc<Settings>,
    /// The message of a heartbeat.
    pub heartbeat: String,
    pub route: Arc<dyn Dial>,
    pub mailbox: Arc<Mailbox>,
    /// Where the JavaScript thread can read by itself.
    pub read_set: Option<Arc<JsReadSet>>,
    pub fast_paths: FastPaths,
    /// Tells whether JavaScript runs.
    pub watchdog: Arc<EventLoopWatchdog>,
    pub delivery: DeliverySettings,
    pub marks: Marks,
}

/// A message as the user sends it.
#[derive(Clone, Copy)]
pub enum Payload<'a> {
    Text(&'a str),
    Binary(&'a [u8]),
}

impl Payload<'_> {
    pub(super) fn len(&self) -> usize {
        match self {
            Payload::Text(text) => text.len(),
            Payload::Binary(bytes) => bytes.len(),
        }
    }
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
    pub(super) wake: Arc<Notify>,
    pub(super) read_set: Option<Arc<JsReadSet>>,
    /// JavaScript delivers nothing for now, so it does not read either.
    pub(super) paused: AtomicBool,
    /// The turn in which JavaScript last read this connection.
    pub(super) served: AtomicU64,
    pub(super) core: Mutex<Core>,
    mailbox: Arc<Mailbox>,
    pub(super) fast_paths: FastPaths,
    watchdog: Arc<EventLoopWatchdog>,
    pub(super) wanted: Arc<Wanted>,
}

pub(super) struct Core {
    pub link: Link,
    route: Arc<dyn Dial>,
    sharing: Sharing,
    /// The scope of the circuit that the client shares, or will share once the connection has ended.
    scope: Option<Scope>,
    pub heartbeat: String,
    /// There while a connection is open and no close frame has been written.
    pub writer: Option<Writer>,
    /// The open connection, where both threads can use it.
    pub socket: Option<Arc<SharedSocket>>,
    pub send_rate: SendRate,
    /// Frames for the open connection.
    pub out: Outbound,
    /// Control frames and heartbeats that wait for the peer to read.
    pub held: Held,
    /// Bytes that the driver has taken and not yet written.
    pub in_flight: usize,
    pub handovers: Handovers,
    /// JavaScript still reads what goes before a close frame of the user's, …
    holds_close: bool,
    /// … which is this.
    held_close: Option<(u16, String)>,
    /// Messages that were sent, so that the driver sees when none are.
    pub sends: u64,
    /// Whether this has memory to let go of when nothing is sent for a while.
    pub holds_idle_memory: bool,
    /// Messages that wait for a connection, or for the peer's receipt.
    pub outbox: Outbox,
    pub backpressure: Backpressure,
    actions: VecDeque<Action>,
    /// Notices of this client that went to the mailbox.
    pushed: u64,
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
    pub actions: VecDeque<Action>,
    pub deadline: Option<Instant>,
    /// The messages sent so far, where there is memory to let go of when there are no more.
    pub sends: Option<u64>,
}

impl Client {
    pub fn new(setup: Setup) -> Client {
        let core = Core {
            link: Link::new(setup.settings, Random::from_seed(clock::seed())),
            route: setup.route,
            sharing: Sharing::Alone,
            scope: None,
            heartbeat: setup.heartbeat,
            writer: None,
            socket: None,
            send_rate: SendRate::new(),
            out: Outbound::default(),
            held: Held::default(),
            in_flight: 0,
            handovers: Handovers::default(),
            holds_close: false,
            held_close: None,
            sends: 0,
            holds_idle_memory: false,
            backpressure: Backpressure::new(setup.marks, setup.delivery.guarantee),
            outbox: Outbox::new(setup.delivery),
            actions: VecDeque::new(),
            pushed: 0,
        };
        Client {
            flow: Arc::new(FlowControl::new(setup.id)),
            home: setup.home,
            wake: Arc::default(),
            read_set: setup.read_set,
            paused: AtomicBool::new(false),
            served: AtomicU64::new(0),
            core: Mutex::new(core),
            mailbox: setup.mailbox,
            fast_paths: setup.fast_paths,
            watchdog: setup.watchdog,
            wanted: Arc::default(),
        }
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
        }
        core.link.handle(Input::Routed { attempt }, clock::now());
        self.drain_outputs(&mut core, Vec::new());
        self.wake.notify_one();
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
        core.write_out(self.fast_paths);
        // There is a limit to wait for, too.
        self.wake.notify_one();
        number
    }

    /// The round trips of pings, see [`Link::rtt`].
    pub fn rtt(&self) -> Option<Rtt> {
        lock(&self.core).link.rtt()
    }

    /// Which control frames JavaScript is told of.
    pub fn listen(&self, pings: bool, pongs: bool) {
        self.wanted.pings.store(pings, Ordering::Relaxed);
        self.wanted.pongs.store(pongs, Ordering::Relaxed);
    }

    /// Hands an assignment of the user to the policy. It tells nothing before it returns.
    pub fn assign(&self, input: Input) -> u64 {
        let mut core = lock(&self.core);
        let cutoff = core.pushed;
        core.link.handle(input, clock::now());
        self.drain_outputs(&mut core, Vec::new());
        self.wake.notify_one();
        cutoff
    }

    /// JavaScript still reads what is to be sent before: the close frame of a `close()` waits for that.
    pub fn hold_close(&self, holds: bool) {
        let mut core = lock(&self.core);
        core.holds_close = holds;
        if !holds && let Some((code, reason)) = core.held_close.take() {
            core.shut(code, &reason);
            core.write_out(self.fast_paths);
            self.wake.notify_one();
        }
    }

    pub fn set_heartbeat(&self, message: String) {
        lock(&self.core).heartbeat = message;
    }

    /// Where the next attempts go.
    pub fn set_route(&self, route: Arc<dyn Dial>) {
        let mut core = lock(&self.core);
        core.route = route;
        self.join(&mut core);
    }

    /// With whom the circuit is shared.
    pub fn share(&self, sharing: Sharing) {
        let mut core = lock(&self.core);
        core.sharing = sharing;
        self.join(&mut core);
    }

    /// Moves to the circuit that the sharing and the route ask for.
    fn join(&self, core: &mut Core) {
        let scope = core.sharing.scope(core.route.host_port());
        if scope == core.scope {
            return;
        }
        core.scope.clone_from(&scope);
        let shared = scope.map(|scope| -> Box<dyn SharedBreaker> {
            Box::new(Member::new(scope, self.wake.clone()))
        });
        core.link.join(shared, clock::now());
        self.drain_outputs(core, Vec::new());
        self.wake.notify_one();
    }

    /// Delay in ms before retry `attempt`, from 0, jitter included.
    pub fn delay_ms(&self, attempt: u64) -> f64 {
        lock(&self.core).link.delay(attempt).as_millis() as f64
    }

    /// Sends on the open connection, or at the next `open` when the client is on its way there.
    ///
    /// `seen_open`: the user sees an open connection. Where it is gone already, the message is lost
    /// as one is that was written just before, unless messages are queued.
    ///
    /// `first`: in this turn of the event loop. Such a message is written at once where it may be an
    /// answer or stands alone. What comes thick and fast is gathered, and written by the driver, which
    /// is woken for the first of it: a system call costs this thread many times what framing does.
    pub fn send(
        &self,
        payload: Payload<'_>,
        seen_open: bool,
        first: bool,
    ) -> Result<Sent, SendError> {
        let mut core = lock(&self.core);
        let core = &mut *core;
        let buffered = core.out.len() + core.in_flight + payload.len();
        match &mut core.writer {
            Some(writer) if buffered < core.backpressure.limit => {
                let idle = core.out.is_empty();
                write(writer, payload, core.out.end());
                let written_out =
                    idle && core.write_out_directly(self.fast_paths, payload.len(), first);
                if core.note_sent() || (idle && !written_out) {
                    self.wake.notify_one();
                }
                Ok(Sent::default())
            }
            Some(_) | None => self.send_with_care(core, payload, seen_open, first, Wish::default()),
        }
    }

    // What the driver does, on the engine thread.

    pub(super) fn dial(&self, url_index: usize, limit: Option<Duration>) -> DialFuture {
        let route = lock(&self.core).route.clone();
        route.dial(url_index, limit)
    }

    /// Starts a turn of the driver. The connection that it drives, if that is not over, is given more to write.
    pub(super) fn turn(&self, connection: Option<&mut OpenConnection>) -> Turn {
        let mut core = lock(&self.core);
        if core.link.is_behind() {
            core.link.handle(Input::Tick, clock::now());
            self.drain_outputs(&mut core, Vec::new());
        }
        // Outcomes that a call of the user has led to are told by that call.
        let is_told = core.outbox.has_outcomes();
        core.in_flight = match connection {
            Some(connection) if core.link.is_open(connection.attempt) => {
                core.hand_out(&mut connection.sending, connection.broken)
            }
            Some(_) | None => 0,
        };
        self.check_drain(&mut core);
        if !is_told {
            let outcomes = core.outcomes();
            self.post(&mut core, outcomes);
        }
        let deadlines = [core.link.deadline(), core.outbox.deadline()];
        Turn {
            actions: mem::take(&mut core.actions),
            deadline: deadlines.into_iter().flatten().min(),
            sends: core.holds_idle_memory.then_some(core.sends),
        }
    }

    /// The driver is gone: with its environment, which may end without a word to its objects.
    pub(super) fn leave(&self) {
        let mut core = lock(&self.core);
        core.unplug();
        core.link.leave();
    }

    /// Ends what the client is at, after a panic; false where that is nothing.
    pub(super) fn fail(&self, panic: &Panic) -> bool {
        let failure = Failure {
            message: panic.to_string(),
            code: Some("WSR_ERR_INTERNAL".to_owned()),
            ..Failure::default()
        };
        // The panic may come from the policy, which is asked all the same: nothing else knows what the user has been told.
        caught(|| {
            let was_alive = lock(&self.core).link.is_alive();
            self.tell(Input::Broke { failure });
            was_alive
        })
        .unwrap_or_default()
    }

    /// Hands a fact to the policy.
    pub(super) fn tell(&self, input: Input) {
        let mut core = lock(&self.core);
        self.tell_of_javascript(&mut core);
        let now = clock::now();
        core.link.handle(input, now);
        core.outbox.expire(now);
        self.drain_outputs(&mut core, Vec::new());
    }

    /// Tells the policy when JavaScript last ran, where it asks.
    fn tell_of_javascript(&self, core: &mut Core) {
        if core.link.settings().liveness.max_block.is_some()
            && let Some(at) = self.watchdog.alive_at()
        {
            core.link.handle(Input::EventLoopAlive { at }, clock::now());
            self.drain_outputs(core, Vec::new());
        }
    }

    /// A handshake is done: the connection to drive and what came behind its handshake, unless its
    /// attempt has been given up.
    pub(super) fn opened(
        &self,
        attempt: Attempt,
        wired: Wired,
    ) -> Option<(OpenConnection, Option<ReadOutcome>)> {
        let mut core = lock(&self.core);
        core.link.handle(Input::Opened { attempt }, clock::now());
        if !core.link.is_open(attempt) {
            self.drain_outputs(&mut core, Vec::new());
            return None;
        }
        let writer = Writer::new(clock::seed(), wired.deflate.as_ref());
        core.begin(writer);
        let mut reader =
            Reader::new(wired.max_payload, wired.deflate.as_ref()).with_longest(wired.longest);
        let longest_batch = self.fast_paths.longest_batch();
        let outcome = (!wired.head.is_empty())
            .then(|| ReadOutcome::read(&mut reader, &wired.head, &self.wanted, longest_batch));
        let io = self.connection_io(attempt, wired.stream, reader);
        core.socket = match &io {
            ConnectionIo::Own { .. } => None,
            ConnectionIo::Shared(stream) => Some(stream.socket.clone()),
        };
        let extensions = wired
            .deflate
            .map_or_else(String::new, |agreed| agreed.to_string());
        self.drain_outputs(
            &mut core,
            vec![NotificationKind::Agreed {
                protocol: wired.protocol,
                extensions,
                url: wired.url,
                status: wired.status,
                headers: wired.headers,
            }],
        );
        let connection = OpenConnection::new(attempt, io, self.wanted.clone(), longest_batch);
        Some((connection, outcome))
    }

    fn connection_io(&self, attempt: Attempt, stream: Stream, reader: Reader) -> ConnectionIo {
        match stream {
            Stream::Tcp(stream) if self.fast_paths.write || self.fast_paths.read => {
                let read_set = self
                    .read_set
                    .clone()
                    .map(|read_set| (read_set, self.flow.id));
                EngineStream::share(attempt, stream, reader, read_set)
            }
            Stream::Tcp(stream) => ConnectionIo::Own {
                stream: Box::new(stream),
                reader,
            },
            Stream::Other(stream) => ConnectionIo::Own { stream, reader },
        }
    }

    /// Takes the end of the connection `attempt`, and tells the bytes to end it with.
    pub(super) fn conclude(&self, attempt: Attempt, end: End) -> Outbound {
        let mut core = lock(&self.core);
        let (frame, lost) = end.into_input(attempt);
        if let Some(last) = frame {
            core.say_goodbye(last.code, &last.reason);
        }
        let last_words = core.unplug();
        core.link.handle(lost, clock::now());
        self.drain_outputs(&mut core, Vec::new());
        last_words
    }

    /// Takes every output of the policy: the one rule of its use. `before` is told first.
    pub(super) fn drain_outputs(&self, core: &mut Core, before: Vec<NotificationKind>) {
        let notices = core.carry_out_outputs();
        self.check_drain(core);
        let outcomes = core.outcomes();
        let notices = notices.into_iter().map(NotificationKind::Notice);
        self.post(core, before.into_iter().chain(outcomes).chain(notices));
    }

    /// Puts into the mailbox what JavaScript is told.
    pub(super) fn post(&self, core: &mut Core, kinds: impl IntoIterator<Item = NotificationKind>) {
        let mut kinds = kinds.into_iter().peekable();
        if kinds.peek().is_none() {
            return;
        }
        let at = clock::epoch_ms();
        self.mailbox.push(kinds.map(|kind| {
            core.pushed += u64::from(matches!(kind, NotificationKind::Notice(_)));
            Notification {
                from: self.flow.clone(),
                at,
                order: core.pushed,
                kind,
            }
        }));
    }

    /// Splits what a call led to: what is told at once, and what has to queue behind what JavaScript
    /// has not seen.
    ///
    /// `CLOSING`, and a change of the circuit that is the call's own, are told at once in any case:
    /// the older ones of their kind that are still under way are void by the call. What follows
    /// `CLOSING` always comes later, so that a handler which is added after `close()` sees it, and all
    /// messages that have arrived come before. A `CLOSED` that ends nothing follows none.
    fn reply(&self, core: &mut Core, received: u64, owned: bool) -> Reply {
        let cutoff = core.pushed;
        // JavaScript may have dropped notices that were for nobody any more: there is nothing to queue behind then.
        let mut in_order = cutoff == received || self.flow.is_drained();
        let (mut now, mut later) = (Vec::new(), Vec::new());
        for notice in core.carry_out_outputs() {
            let closing = notice.event == Event::StateChange(State::Closing);
            let overtakes = owned && (closing || matches!(notice.event, Event::CircuitChange(_)));
            in_order &= notice.event != Event::StateChange(State::Closed) || !notice.alive;
            if in_order || overtakes {
                now.push(notice);
            } else {
                later.push(notice);
            }
            in_order &= !closing && later.is_empty();
        }
        self.check_drain(core);
        let outcomes = core.outcomes();
        let later = later.into_iter().map(NotificationKind::Notice);
        self.post(core, outcomes.into_iter().chain(later));
        self.wake.notify_one();
        Reply {
            cutoff,
            notices: now,
            refusal: None,
        }
    }
}

impl Core {
    /// Carries out or queues every output, and returns the notices among them.
    fn carry_out_outputs(&mut self) -> Vec<Notice> {
        let mut notices = Vec::new();
        while let Some(output) = self.link.next_output() {
            match output {
                Output::Dial {
                    attempt,
                    url_index,
                    limit,
                } => self.actions.push_back(Action::Dial {
                    attempt,
                    url_index,
                    limit,
                }),
                Output::Beat => self.beat(),
                Output::Ping { payload } => self.ping(payload),
                Output::Leave { code, reason } => {
                    self.say_goodbye(Some(code), &reason);
                    let last_words = self.unplug();
                    self.actions.push_back(Action::Leave(last_words));
                }
                Output::Shut { code, reason } if self.holds_close => {
                    self.held_close = Some((code, reason));
                }
                Output::Shut { code, reason } => self.shut(code, &reason),
                Output::Cut => {
                    self.unplug();
                    self.actions.push_back(Action::Cut);
                }
                Output::Notify(notice) => notices.push(notice),
            }
        }
        if !self.link.is_alive() {
            self.outbox.end();
        }
        notices
    }

    /// Begins the closing handshake.
    fn shut(&mut self, code: u16, reason: &str) {
        self.ask_last();
        self.say_goodbye(Some(code), reason);
    }

    /// Adds the close frame, unless there is one: nothing follows it.
    fn say_goodbye(&mut self, code: Option<u16>, reason: &str) {
        if let Some(mut writer) = self.writer.take() {
            writer.close(code, reason, self.out.end());
        }
    }

    /// The connection is over for the user. What was to be written for it, and the driver does not have.
    fn unplug(&mut self) -> Outbound {
        self.writer = None;
        if let Some(socket) = self.socket.take() {
            socket.retire();
        }
        self.in_flight = 0;
        self.handovers.clear();
        self.held_close = None;
        self.outbox.lost();
        mem::take(&mut self.out)
    }
}
