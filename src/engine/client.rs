//! One client: its policy, its writer and what waits to be written, shared by the JavaScript thread
//! and the driver.

use std::collections::VecDeque;
use std::io::ErrorKind;
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::sync::Notify;

use super::circuits::{Membership, Scope, Sharing};
use super::clock;
use super::dial::{Dial, DialFuture, Wired};
use super::end::End;
use super::inbox::{Message, Run, Signals, Wanted, feed, with_scratch};
use super::intake::{Intake, Side};
use super::line::{Line, Tap};
use super::live::{Inbox, Live, Port};
use super::mailbox::{Content, Flow, Letter, Mailbox};
use super::runtime::lock;
use super::sending::{Marks, Pressure, Refused, Sent};
use super::sign::Sign;
use super::watch::Watch;
use super::ways::Ways;
use crate::net::Stream;
use crate::policy::{
    Attempt, Delivery, Event, Input, Link, Notice, Outbox, Output, Refusal, Rtt, Settings, Shared,
    State, ping_number,
};
use crate::wire::{Reader, Writer};

/// From this size on a message is written at once by who sends it: a write of its own costs it little.
const LARGE: usize = 16 * 1024;

/// An outbound buffer of this size may stay with an idle connection.
const KEPT_CAPACITY: usize = 4 * 1024;

/// Messages that are sent further apart than this are written one by one.
const APART: Duration = Duration::from_micros(100);

/// What a client is made of.
pub struct Setup {
    /// The client's name at its environment.
    pub id: u32,
    pub settings: Settings,
    /// What a heartbeat sends.
    pub heartbeat: String,
    pub route: Arc<dyn Dial>,
    pub mailbox: Arc<Mailbox>,
    /// Where the JavaScript thread can read by itself.
    pub watch: Option<Arc<Watch>>,
    pub ways: Ways,
    /// Tells whether JavaScript runs.
    pub sign: Arc<Sign>,
    pub delivery: Delivery,
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

/// What a call of the user leads to before it returns.
pub struct Reply {
    /// How many notices of this client had gone to the mailbox before the call. Those among them
    /// that JavaScript has not seen are older than the call.
    pub horizon: u64,
    /// To be delivered before the call returns; later ones go through the mailbox.
    pub notices: Vec<Notice>,
}

pub struct Client {
    pub(super) flow: Arc<Flow>,
    /// Tells the driver that there is something to do.
    pub(super) wake: Arc<Notify>,
    pub(super) watch: Option<Arc<Watch>>,
    /// JavaScript delivers nothing for now, so it does not read either.
    pub(super) paused: AtomicBool,
    pub(super) core: Mutex<Core>,
    mailbox: Arc<Mailbox>,
    pub(super) ways: Ways,
    sign: Arc<Sign>,
    wanted: Arc<Wanted>,
}

pub(super) struct Core {
    pub link: Link,
    route: Arc<dyn Dial>,
    sharing: Sharing,
    /// Of the circuit that is shared, or will be once the connection has ended.
    scope: Option<Scope>,
    heartbeat: String,
    /// There while a connection is open and no close frame has been written.
    pub writer: Option<Writer>,
    /// The open connection, where both threads can use it.
    line: Option<Arc<Line>>,
    pace: Pace,
    /// Frames for the open connection.
    pub out: Vec<u8>,
    /// Bytes that the driver has taken and not yet written.
    pub in_flight: usize,
    /// Messages that were sent, so that the driver sees when none are.
    pub sends: u64,
    /// Whether this has memory to let go of when nothing is sent for a while.
    restless: bool,
    /// What waits for a connection, or for the peer's receipt.
    pub outbox: Outbox,
    pub pressure: Pressure,
    actions: VecDeque<Action>,
    /// Notices of this client that went to the mailbox.
    pushed: u64,
}

/// What the policy wants of the driver.
pub(super) enum Action {
    Dial {
        attempt: Attempt,
        place: usize,
        limit: Option<Duration>,
    },
    Cut,
    /// Write these bytes behind what is being written, and end the connection.
    Leave(Vec<u8>),
}

/// What the driver does next.
pub(super) struct Turn {
    pub actions: VecDeque<Action>,
    pub deadline: Option<Instant>,
    /// The messages sent so far, where there is memory to let go of when there are no more.
    pub sends: Option<u64>,
}

impl Client {
    pub fn new(setup: Setup) -> Client {
        let core = Core {
            link: Link::new(setup.settings, StdRng::from_seed(clock::seed())),
            route: setup.route,
            sharing: Sharing::Alone,
            scope: None,
            heartbeat: setup.heartbeat,
            writer: None,
            line: None,
            pace: Pace::new(),
            out: Vec::new(),
            in_flight: 0,
            sends: 0,
            restless: false,
            pressure: Pressure::new(setup.marks, setup.delivery.guarantee),
            outbox: Outbox::new(setup.delivery),
            actions: VecDeque::new(),
            pushed: 0,
        };
        Client {
            flow: Arc::new(Flow::new(setup.id)),
            wake: Arc::default(),
            watch: setup.watch,
            paused: AtomicBool::new(false),
            core: Mutex::new(core),
            mailbox: setup.mailbox,
            ways: setup.ways,
            sign: setup.sign,
            wanted: Arc::default(),
        }
    }

    pub fn id(&self) -> u32 {
        self.flow.id
    }

    // What the user does, on the JavaScript thread. `received` is how many notices of this client
    // JavaScript has taken from the mailbox so far.

    /// Starts connecting, or does nothing when that is under way already.
    pub fn connect(&self, received: u64) -> Result<Reply, Refusal> {
        let mut core = lock(&self.core);
        if let Err(refusal) = core.link.connect(clock::now()) {
            // What others have made of a shared circuit is told all the same.
            self.settle(&mut core, Vec::new());
            self.wake.notify_one();
            return Err(refusal);
        }
        // A circuit that turns half-open here does so by its timer, not by the call.
        Ok(self.answer(&mut core, received, false))
    }

    /// Connects anew at once.
    pub fn reconnect(&self, received: u64, code: u16, reason: String) -> Result<Reply, Refusal> {
        let mut core = lock(&self.core);
        if let Err(refusal) = core.link.reconnect(code, reason, clock::now()) {
            self.settle(&mut core, Vec::new());
            self.wake.notify_one();
            return Err(refusal);
        }
        // It makes nothing void that is under way: the old connection may have opened, and been lost.
        Ok(self.answer(&mut core, received, false))
    }

    /// Takes what JavaScript says of where and how `attempt` connects, unless that is not asked any more.
    pub fn routed(&self, attempt: Attempt, route: Arc<dyn Dial>) {
        let mut core = lock(&self.core);
        if core.link.is_asking(attempt) {
            core.route = route;
            self.join(&mut core);
        }
        core.link.handle(Input::Routed { attempt }, clock::now());
        self.settle(&mut core, Vec::new());
        self.wake.notify_one();
    }

    /// Hands a call of the user to the policy.
    pub fn call(&self, received: u64, input: Input) -> Reply {
        let mut core = lock(&self.core);
        core.link.handle(input, clock::now());
        self.answer(&mut core, received, true)
    }

    /// Hands what JavaScript reports of itself to the policy.
    pub fn report(&self, received: u64, input: Input) -> Reply {
        let mut core = lock(&self.core);
        core.link.handle(input, clock::now());
        self.answer(&mut core, received, false)
    }

    /// Tells the policy that JavaScript runs.
    pub fn runs(&self, received: u64) -> Reply {
        self.report(received, Input::Ran { at: clock::now() })
    }

    /// Pings the peer, see [`Link::ping`].
    pub fn ping(&self) -> Option<u64> {
        let mut core = lock(&self.core);
        let number = core.link.ping(clock::now());
        self.settle(&mut core, Vec::new());
        if self.ways.write {
            core.flush();
        }
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
        let horizon = core.pushed;
        core.link.handle(input, clock::now());
        self.settle(&mut core, Vec::new());
        self.wake.notify_one();
        horizon
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
        let scope = core.sharing.scope(core.route.place());
        if scope == core.scope {
            return;
        }
        core.scope.clone_from(&scope);
        let shared = scope.map(|scope| -> Box<dyn Shared> {
            Box::new(Membership::new(scope, self.wake.clone()))
        });
        core.link.join(shared, clock::now());
        self.settle(core, Vec::new());
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
    /// is woken for the first of it: a write costs many times what the driver's thread spares this one.
    pub fn send(
        &self,
        payload: Payload<'_>,
        seen_open: bool,
        first: bool,
    ) -> Result<Sent, Refused> {
        let mut core = lock(&self.core);
        let core = &mut *core;
        let buffered = core.out.len() + core.in_flight + payload.len();
        match &mut core.writer {
            Some(writer) if buffered < core.pressure.limit => {
                let idle = core.out.is_empty();
                write(writer, payload, &mut core.out);
                let flushed = idle && core.flush_directly(self.ways, payload.len(), first);
                if core.note_sent() || (idle && !flushed) {
                    self.wake.notify_one();
                }
                Ok(Sent::default())
            }
            Some(_) | None => self.send_with_care(core, payload, seen_open, first, None),
        }
    }

    // Reading on the JavaScript thread.

    /// Lets the JavaScript thread read. The line to watch, or whether it is to be asked again.
    pub(super) fn hand_over(&self) -> Result<Arc<Line>, Later> {
        let line = lock(&self.core).line.clone().ok_or(Later::Never)?;
        let mut intake = line.intake();
        match intake.side {
            Side::Engine if self.paused.load(Ordering::Acquire) => Err(Later::Again),
            Side::Engine => {
                intake.side = Side::JavaScript;
                drop(intake);
                Ok(line)
            }
            Side::InHand => Err(Later::Again),
            Side::JavaScript | Side::Over => Err(Later::Never),
        }
    }

    /// Lets the engine read, since JavaScript is busy.
    pub(super) fn take_over(&self) -> Option<Arc<Line>> {
        let line = lock(&self.core).line.clone()?;
        let mut intake = line.intake();
        if intake.side != Side::JavaScript {
            return None;
        }
        intake.side = Side::Engine;
        drop(intake);
        self.wake.notify_one();
        Some(line)
    }

    /// Reads once, if it is JavaScript's turn, and hands each message to `take`. Whether there were
    /// any: they are to be delivered, then `delivered_here` told.
    pub fn read_here(&self, mut take: impl FnMut(Message<'_>)) -> bool {
        let Some(line) = lock(&self.core).line.clone() else {
            return false;
        };
        let mut intake = line.intake();
        let Intake { reader, side, end } = &mut *intake;
        // What the engine has read is delivered first.
        if *side != Side::JavaScript || !self.flow.is_quiet() {
            return false;
        }
        let mut any = false;
        let mut signals = with_scratch(|scratch| match line.read(scratch) {
            Ok(count @ 1..) => feed(reader, &scratch[..count], &self.wanted, |message| {
                any = true;
                take(message);
            }),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Signals::default(),
            Ok(_) | Err(_) => Signals::cut(),
        });
        if any {
            self.flow.charge(1);
        }
        let over = signals.end.is_some();
        if over {
            *side = Side::Over;
            *end = signals.end.take();
        }
        drop(intake);
        if let Some(watch) = self.watch.as_ref().filter(|_| over) {
            watch.leave(self.flow.id, &line);
        }
        let mut core = lock(&self.core);
        self.hear(&mut core, line.attempt, &signals);
        let flushed = core.flush();
        self.settle(&mut core, Vec::new());
        if over || !flushed {
            self.wake.notify_one();
        }
        any
    }

    /// Tells that JavaScript has been delivered what `read_here` gave.
    pub fn delivered_here(&self) {
        self.flow.discharge(1);
    }

    // What the driver does, on the engine thread.

    pub(super) fn dial(&self, place: usize, limit: Option<Duration>) -> DialFuture {
        lock(&self.core).route.dial(place, limit)
    }

    /// What the driver has to do. `unwritten` is what it still holds; it is given more bytes when it
    /// holds nothing, and gives its empty buffer for them.
    pub(super) fn turn(&self, unwritten: usize, empty: &mut Vec<u8>) -> Turn {
        let mut core = lock(&self.core);
        if core.link.is_behind() {
            core.link.handle(Input::Tick, clock::now());
            self.settle(&mut core, Vec::new());
        }
        core.in_flight = unwritten;
        if unwritten == 0 && !core.out.is_empty() {
            mem::swap(&mut core.out, empty);
            core.in_flight = empty.len();
        }
        self.relieve(&mut core);
        let deadlines = [core.link.deadline(), core.outbox.deadline()];
        Turn {
            actions: mem::take(&mut core.actions),
            deadline: deadlines.into_iter().flatten().min(),
            sends: core.restless.then_some(core.sends),
        }
    }

    /// Lets go of the memory that sending needs, unless something has been sent since.
    pub(super) fn rest(&self, sends: u64) -> bool {
        let mut core = lock(&self.core);
        if core.sends != sends || core.in_flight > 0 || !core.out.is_empty() {
            return false;
        }
        core.out = Vec::new();
        if let Some(writer) = &mut core.writer {
            writer.rest();
        }
        core.restless = false;
        true
    }

    /// The driver is gone: with its environment, which may end without a word to its objects.
    pub(super) fn leave(&self) {
        lock(&self.core).link.leave();
    }

    /// Hands a fact to the policy.
    pub(super) fn tell(&self, input: Input) {
        let mut core = lock(&self.core);
        self.tell_of_javascript(&mut core);
        let now = clock::now();
        core.link.handle(input, now);
        core.outbox.expire(now);
        self.settle(&mut core, Vec::new());
    }

    /// Tells the policy when JavaScript last ran, where it asks.
    fn tell_of_javascript(&self, core: &mut Core) {
        if core.link.settings().liveness.max_block.is_some()
            && let Some(at) = self.sign.last()
        {
            core.link.handle(Input::Ran { at }, clock::now());
            self.settle(core, Vec::new());
        }
    }

    /// A handshake is done: the connection to drive and what came behind its handshake, unless its
    /// attempt has been given up.
    pub(super) fn opened(&self, attempt: Attempt, wired: Wired) -> Option<(Live, Option<Inbox>)> {
        let mut core = lock(&self.core);
        core.link.handle(Input::Opened { attempt }, clock::now());
        if !core.link.is_open(attempt) {
            self.settle(&mut core, Vec::new());
            return None;
        }
        let writer = Writer::new(clock::seed(), wired.deflate.as_ref());
        core.begin(writer);
        let mut reader = Reader::new(wired.max_payload, wired.deflate.as_ref());
        let longest_run = self.ways.longest_run();
        let inbox = (!wired.head.is_empty())
            .then(|| Inbox::read(&mut reader, &wired.head, &self.wanted, longest_run));
        let port = self.port(attempt, wired.stream, reader);
        core.line = match &port {
            Port::Own { .. } => None,
            Port::Shared(tap) => Some(tap.line.clone()),
        };
        let extensions = wired
            .deflate
            .map_or_else(String::new, |agreed| agreed.to_string());
        self.settle(
            &mut core,
            vec![Content::Agreed {
                protocol: wired.protocol,
                extensions,
                url: wired.url,
                status: wired.status,
                headers: wired.headers,
            }],
        );
        let live = Live::new(attempt, port, self.wanted.clone(), longest_run);
        Some((live, inbox))
    }

    fn port(&self, attempt: Attempt, stream: Stream, reader: Reader) -> Port {
        match stream {
            Stream::Tcp(stream) if self.ways.write || self.ways.read => {
                Tap::share(attempt, stream, reader)
            }
            Stream::Tcp(stream) => Port::Own {
                stream: Box::new(stream),
                reader,
            },
            Stream::Other(stream) => Port::Own { stream, reader },
        }
    }

    /// Takes what was read from the connection `attempt`, but for its end.
    pub(super) fn absorb(&self, attempt: Attempt, runs: Vec<Run>, signals: &Signals) {
        let mut core = lock(&self.core);
        if self.hear(&mut core, attempt, signals) {
            self.settle(&mut core, runs.into_iter().map(Content::Messages).collect());
        }
    }

    /// Answers the peer's pings and tells the policy that it lives; false where the connection is
    /// given up: the order to cut it is on its way to the driver.
    fn hear(&self, core: &mut Core, attempt: Attempt, signals: &Signals) -> bool {
        if !core.link.is_open(attempt) {
            return false;
        }
        if let Some(writer) = &mut core.writer {
            for payload in &signals.pings {
                writer.pong(payload, &mut core.out);
            }
        }
        for payload in &signals.receipts {
            core.outbox.pong(payload);
        }
        for number in &signals.pongs {
            core.outbox.overtook(*number);
        }
        core.ask();
        if signals.heard {
            core.pace.heard = true;
            core.link.handle(Input::Received { attempt }, clock::now());
        }
        for number in &signals.pongs {
            let number = *number;
            core.link
                .handle(Input::Ponged { attempt, number }, clock::now());
        }
        true
    }

    /// Takes the end of the connection `attempt`, and tells the bytes to end it with.
    pub(super) fn conclude(&self, attempt: Attempt, end: End) -> Vec<u8> {
        let mut core = lock(&self.core);
        let (frame, lost) = end.into_input(attempt);
        core.line = None;
        {
            let core = &mut *core;
            if let (Some(mut writer), Some(last)) = (core.writer.take(), frame) {
                writer.close(last.code, &last.reason, &mut core.out);
            }
        }
        core.outbox.lost();
        core.link.handle(lost, clock::now());
        let last_words = mem::take(&mut core.out);
        core.in_flight = 0;
        self.settle(&mut core, Vec::new());
        last_words
    }

    /// Takes every output of the policy: the one rule of its use. `before` is told first.
    fn settle(&self, core: &mut Core, before: Vec<Content>) {
        let notices = core.drain();
        core.pushed += notices.len() as u64;
        self.relieve(core);
        let fates = core.fates();
        let notices = notices.into_iter().map(Content::Notice);
        self.post(before.into_iter().chain(fates).chain(notices));
    }

    /// Puts into the mailbox what JavaScript is told.
    pub(super) fn post(&self, contents: impl IntoIterator<Item = Content>) {
        let mut contents = contents.into_iter().peekable();
        if contents.peek().is_none() {
            return;
        }
        let at = clock::epoch_ms();
        self.mailbox.push(contents.map(|content| Letter {
            from: self.flow.clone(),
            at,
            content,
        }));
    }

    /// Splits what a call led to: what is told at once, and what has to queue behind what JavaScript
    /// has not seen.
    ///
    /// `CLOSING`, and a change of the circuit that is the call's own, are told at once in any case:
    /// the older ones of their kind that are still under way are void by the call. What follows
    /// `CLOSING` always comes later, so that a handler which is added after `close()` sees it, and all
    /// messages that have arrived come before.
    fn answer(&self, core: &mut Core, received: u64, owned: bool) -> Reply {
        let horizon = core.pushed;
        let mut in_order = horizon == received;
        let (mut now, mut later) = (Vec::new(), Vec::new());
        for notice in core.drain() {
            let closing = notice.event == Event::StateChange(State::Closing);
            let overtakes = owned && (closing || matches!(notice.event, Event::CircuitChange(_)));
            in_order &= notice.event != Event::StateChange(State::Closed);
            if in_order || overtakes {
                now.push(notice);
            } else {
                later.push(notice);
            }
            in_order &= !closing && later.is_empty();
        }
        core.pushed += later.len() as u64;
        let later = later.into_iter().map(Content::Notice);
        self.post(core.fates().into_iter().chain(later));
        self.wake.notify_one();
        Reply {
            horizon,
            notices: now,
        }
    }
}

/// How fast the user sends.
struct Pace {
    /// Something has arrived since the user sent last.
    heard: bool,
    sent_at: Instant,
}

impl Pace {
    fn new() -> Pace {
        Pace {
            heard: true,
            sent_at: clock::now(),
        }
    }

    /// Whether the message that is being sent may be an answer, or stands alone.
    fn is_slow(&mut self) -> bool {
        let now = clock::now();
        let alone = now.saturating_duration_since(self.sent_at) >= APART;
        self.sent_at = now;
        mem::take(&mut self.heard) || alone
    }
}

/// Why the JavaScript thread does not read.
pub(super) enum Later {
    Again,
    Never,
}

impl Core {
    /// Writes a message by this thread where that is the better way. Whether nothing is left to write.
    pub fn flush_directly(&mut self, ways: Ways, length: usize, first: bool) -> bool {
        ways.write && (length >= LARGE || (first && self.pace.is_slow())) && self.flush()
    }

    /// Keeps account of a message that was written. Whether the driver is to see to the memory that
    /// this has come to hold.
    pub fn note_sent(&mut self) -> bool {
        self.sends += 1;
        let restless = !self.restless && self.holds_memory();
        self.restless |= restless;
        restless
    }

    fn holds_memory(&self) -> bool {
        self.out.capacity() > KEPT_CAPACITY || self.writer.as_ref().is_some_and(Writer::is_warm)
    }

    /// Writes by this thread what it can. Whether nothing is left for the driver to write.
    pub fn flush(&mut self) -> bool {
        if self.out.is_empty() {
            return true;
        }
        let Some(line) = self.line.as_ref().filter(|_| self.in_flight == 0) else {
            return false;
        };
        // What fails here fails for the driver too, which knows what to do.
        match line.write(&self.out) {
            Ok(count) if count == self.out.len() => {
                self.out.clear();
                true
            }
            Ok(count) => {
                self.out.drain(..count);
                false
            }
            Err(_) => false,
        }
    }

    /// Carries out or queues every output, and returns the notices among them.
    fn drain(&mut self) -> Vec<Notice> {
        let mut notices = Vec::new();
        while let Some(output) = self.link.next_output() {
            match output {
                Output::Dial {
                    attempt,
                    place,
                    limit,
                } => self.actions.push_back(Action::Dial {
                    attempt,
                    place,
                    limit,
                }),
                Output::Beat => {
                    if let Some(writer) = &mut self.writer {
                        writer.text(&self.heartbeat, &mut self.out);
                    }
                }
                Output::Ping { payload } => {
                    if let Some(writer) = &mut self.writer {
                        writer.ping(&payload, &mut self.out);
                        if let Some(number) = ping_number(&payload) {
                            self.outbox.overtaken(number);
                        }
                    }
                }
                Output::Leave { code, reason } => {
                    if let Some(mut writer) = self.writer.take() {
                        writer.close(Some(code), &reason, &mut self.out);
                    }
                    self.line = None;
                    self.in_flight = 0;
                    self.outbox.lost();
                    let last_words = mem::take(&mut self.out);
                    self.actions.push_back(Action::Leave(last_words));
                }
                Output::Shut { code, reason } => {
                    self.ask_last();
                    if let Some(mut writer) = self.writer.take() {
                        writer.close(Some(code), &reason, &mut self.out);
                    }
                }
                Output::Cut => {
                    self.writer = None;
                    self.line = None;
                    self.out = Vec::new();
                    self.in_flight = 0;
                    self.outbox.lost();
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
}

pub(super) fn write(writer: &mut Writer, payload: Payload<'_>, out: &mut Vec<u8>) {
    match payload {
        Payload::Text(text) => writer.text(text, out),
        Payload::Binary(bytes) => writer.binary(bytes, out),
    }
}
