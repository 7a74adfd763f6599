//! The native half of one `WebSocketReconnect`.

use std::rc::Rc;
use std::sync::Arc;

use napi::{Error, Result};
use napi_derive::napi;

use super::code::Code;
use super::convert::{connects_sharing, fine_ms, limit, queued, sharing, status, verdict};
use super::environment::Shared;
use super::facade::Facade;
use super::needs::thrown;
use super::protocol::{
    BufferMarks, CircuitState, ClientOptions, DeliveryOutcome, Queued, Reply, RoundTrips, SendWish,
    Sent, Written,
};
use super::sender::Sender;
use super::settings::{RouteSettings, Settings};
use crate::engine::{self, Confirmation, Control, Payload, Setup, Wish};
use crate::policy::{Failure, Input};

#[napi]
pub struct Client {
    shared: Arc<Shared>,
    sender: Rc<Sender>,
    client: Arc<engine::Client>,
}

#[napi]
impl Client {
    /// The preferred URL is the first; there are none for as long as a user's function has not said them. Throws where one is bad.
    #[napi(constructor, catch_unwind)]
    pub fn new(
        facade: &Facade,
        settings: &Settings,
        route: &RouteSettings,
        urls: Option<Vec<String>>,
        options: ClientOptions,
    ) -> Result<Client, Code> {
        let shared = facade.shared.clone();
        let client = Arc::new(engine::Client::new(Setup {
            id: facade.name(),
            home: facade.home,
            settings: settings.0.clone(),
            heartbeat: shared.heartbeat(options.heartbeat),
            route: shared.route(&route.0, &urls.unwrap_or_default())?,
            mailbox: facade.mailbox.clone(),
            agenda: shared.drivers.agenda().clone(),
            read_set: shared.read_set.clone(),
            fast_paths: shared.fast_paths,
            watchdog: shared.watchdog.clone(),
            marks: options.marks.into(),
            delivery: shared.delivery(options.delivery),
        }));
        shared
            .start(client.clone())
            .map_err(|error| Error::new(Code("Error"), error.to_string()))?;
        let sender = facade.sender.clone();
        sender.add(client.clone());
        Ok(Client {
            shared,
            sender,
            client,
        })
    }

    /// Its name, which no other client of this JavaScript environment has.
    #[napi(catch_unwind)]
    pub fn id(&self) -> u32 {
        self.client.id()
    }

    /// Gives the next attempts another route. Throws as the constructor does.
    #[napi(catch_unwind)]
    pub fn reroute(&self, route: &RouteSettings, urls: Option<Vec<String>>) -> Result<(), Code> {
        let route = self.shared.route(&route.0, &urls.unwrap_or_default())?;
        self.client.set_route(route);
        Ok(())
    }

    #[napi(catch_unwind)]
    pub fn connect(&self, received: f64) -> Reply {
        self.client.connect(received as u64).into()
    }

    /// As `connect`, and never waits.
    #[napi(catch_unwind)]
    pub fn reconnect(&self, received: f64, code: u16, reason: String) -> Reply {
        self.client.reconnect(received as u64, code, reason).into()
    }

    #[napi(catch_unwind)]
    pub fn terminate(&self, received: f64, seen_alive: bool) -> Reply {
        self.call(received, Input::Terminate { seen_alive })
    }

    #[napi(catch_unwind)]
    pub fn close(&self, received: f64, code: u16, reason: String, seen_alive: bool) -> Reply {
        self.call(
            received,
            Input::Close {
                code,
                reason,
                seen_alive,
            },
        )
    }

    #[napi(catch_unwind)]
    pub fn reset(&self, received: f64) -> Reply {
        self.call(received, Input::Reset)
    }

    #[napi(catch_unwind)]
    pub fn open_circuit(&self, received: f64) -> Reply {
        self.call(received, Input::OpenCircuit)
    }

    #[napi(catch_unwind)]
    pub fn close_circuit(&self, received: f64) -> Reply {
        self.call(received, Input::CloseCircuit)
    }

    #[napi(catch_unwind)]
    pub fn count_failure(&self, received: f64) -> Reply {
        self.call(received, Input::CountFailure)
    }

    /// All messages of the connection `attempt` up to the question have been judged.
    #[napi(catch_unwind)]
    pub fn judged(&self, received: f64, attempt: f64) -> Reply {
        let attempt = attempt as u64;
        let judged = Input::Judged { attempt };
        self.client.report(received as u64, judged).into()
    }

    /// The event loop runs again.
    #[napi(catch_unwind)]
    pub fn runs(&self, received: f64) -> Reply {
        self.client.event_loop_alive(received as u64).into()
    }

    // The assignments below return `horizon`.

    /// A message was delivered that answers a heartbeat.
    #[napi(catch_unwind)]
    pub fn answered(&self) -> f64 {
        self.client.assign(Input::Answered) as f64
    }

    #[napi(catch_unwind)]
    pub fn configure(&self, settings: &Settings) -> f64 {
        self.client.assign(Input::Configure(settings.0.clone())) as f64
    }

    // The answers below are none of the user's calls: what follows from them goes through the mailbox.

    /// Answers where and how an attempt connects. Throws as the constructor does.
    #[napi(catch_unwind)]
    pub fn say_route(
        &self,
        attempt: f64,
        route: &RouteSettings,
        urls: Option<Vec<String>>,
    ) -> Result<(), Code> {
        let route = self.shared.route(&route.0, &urls.unwrap_or_default())?;
        self.client.routed(attempt as u64, route);
        Ok(())
    }

    /// Answers that the first messages of an attempt have been exchanged.
    #[napi(catch_unwind)]
    pub fn say_initialized(&self, attempt: f64) {
        self.client.initialized(attempt as u64);
    }

    /// Answers that a function which an attempt needs has thrown, or the one that may hold it back (`withheld`).
    #[napi(catch_unwind)]
    pub fn fail_attempt(&self, attempt: f64, message: String, withheld: bool) {
        let attempt = attempt as u64;
        let failure = Failure {
            withheld,
            ..thrown(attempt, message)
        };
        self.client.assign(Input::Refused { attempt, failure });
    }

    /// Answers whether and when to try again after an attempt, in ms; without a delay it is left to the
    /// policy.
    #[napi(catch_unwind)]
    pub fn say_retry(&self, attempt: f64, goes_on: bool, delay: Option<f64>) {
        let attempt = attempt as u64;
        let verdict = verdict(goes_on, delay);
        self.client.assign(Input::Decided { attempt, verdict });
    }

    /// The promise of a function that says where an attempt connects, or whether and when to try
    /// again, is waited for.
    #[napi(catch_unwind)]
    pub fn say_awaited(&self, attempt: f64) {
        let attempt = attempt as u64;
        self.client.assign(Input::Awaited { attempt });
    }

    #[napi(catch_unwind)]
    pub fn set_retry_count(&self, count: f64) -> f64 {
        self.client.assign(Input::SetRetryCount(count as u64)) as f64
    }

    #[napi(catch_unwind)]
    pub fn set_circuit_failures(&self, count: f64) -> f64 {
        self.client.assign(Input::SetCircuitFailures(count as u64)) as f64
    }

    #[napi(catch_unwind)]
    pub fn set_manual_close(&self, closed: bool) -> f64 {
        self.client.assign(Input::SetManualClose(closed)) as f64
    }

    #[napi(catch_unwind)]
    pub fn set_circuit(&self, circuit: CircuitState) -> f64 {
        self.client.assign(Input::SetCircuit(circuit.into())) as f64
    }

    /// `'instance'`, `'host'` or the name of a circuit.
    #[napi(catch_unwind)]
    pub fn share(&self, scope: String) {
        self.client.share(sharing(scope));
    }

    /// `'host'` or the name of a budget of attempts; absent is none.
    #[napi(catch_unwind)]
    pub fn share_connects(&self, scope: Option<String>) {
        self.client.share_connects(connects_sharing(scope));
    }

    /// Whether an attempt waits for that budget.
    #[napi(catch_unwind)]
    pub fn is_queued(&self) -> bool {
        self.client.is_queued()
    }

    #[napi(catch_unwind)]
    pub fn set_heartbeat(&self, message: String) {
        self.client.set_heartbeat(self.shared.heartbeat(message));
    }

    #[napi(catch_unwind)]
    pub fn calculate_delay(&self, attempt: f64) -> f64 {
        self.client.delay_ms(attempt as u64)
    }

    /// Sends a ping, and tells its number; none where no connection is open.
    #[napi(catch_unwind)]
    pub fn ping(&self) -> Option<f64> {
        self.client.ping().map(|number| number as f64)
    }

    /// Sends a ping that nobody waits for, where a connection is open; of the payload the first 125 bytes.
    #[napi(catch_unwind)]
    pub fn send_ping(&self, payload: &[u8]) {
        self.client.send_control(Control::Ping(payload));
    }

    /// Sends a pong that nobody asked for, in the same way.
    #[napi(catch_unwind)]
    pub fn send_pong(&self, payload: &[u8]) {
        self.client.send_control(Control::Pong(payload));
    }

    /// None before the first.
    #[napi(catch_unwind)]
    pub fn round_trips(&self) -> Option<RoundTrips> {
        self.client.rtt().map(RoundTrips::from)
    }

    /// Which control frames are to be told.
    #[napi(catch_unwind)]
    pub fn listen(&self, pings: bool, pongs: bool) {
        self.client.listen(pings, pongs);
    }

    // As `send` of `sender.rs`, with a wish. An outcome tells of the receipt where `tells`.

    #[napi(catch_unwind)]
    pub fn send_text(&self, text: String, seen_open: bool, wish: SendWish, tells: bool) -> Sent {
        self.send(Payload::Text(&text), seen_open, wish, tells)
    }

    #[napi(catch_unwind)]
    pub fn send_binary(&self, bytes: &[u8], seen_open: bool, wish: SendWish, tells: bool) -> Sent {
        self.send(Payload::Binary(bytes), seen_open, wish, tells)
    }

    // The first messages of a connection. Once that is open, or gone, nothing is sent.

    #[napi(catch_unwind)]
    pub fn send_first_text(&self, attempt: f64, text: String) {
        self.client.send_first(attempt as u64, Payload::Text(&text));
    }

    #[napi(catch_unwind)]
    pub fn send_first_binary(&self, attempt: f64, bytes: &[u8]) {
        self.client
            .send_first(attempt as u64, Payload::Binary(bytes));
    }

    // Of these an outcome tells, by the name of the receipt. A timeout of 0 is none.

    #[napi(catch_unwind)]
    pub fn confirm_text(&self, text: String, seen_open: bool, timeout: f64) -> Sent {
        self.confirm(Payload::Text(&text), seen_open, timeout)
    }

    #[napi(catch_unwind)]
    pub fn confirm_binary(&self, bytes: &[u8], seen_open: bool, timeout: f64) -> Sent {
        self.confirm(Payload::Binary(bytes), seen_open, timeout)
    }

    #[napi(catch_unwind)]
    pub fn flush(&self, timeout: f64) -> f64 {
        self.client.flush(limit(timeout)) as f64
    }

    /// What became of messages and receipts by the last call. `received` is how many outcomes came by the mailbox.
    #[napi(catch_unwind)]
    pub fn take_outcomes(&self, received: f64) -> Vec<DeliveryOutcome> {
        let outcomes = self.client.take_outcomes(received as u64);
        outcomes.into_iter().map(DeliveryOutcome::from).collect()
    }

    /// See [`engine::Client::hold_close`].
    #[napi(catch_unwind)]
    pub fn hold_close(&self, holds: bool) {
        self.client.hold_close(holds);
    }

    #[napi(catch_unwind)]
    pub fn buffered_amount(&self) -> f64 {
        self.client.buffered_amount() as f64
    }

    #[napi(catch_unwind)]
    pub fn queued(&self) -> Queued {
        queued(self.client.queued())
    }

    /// What of the user's was written for connections so far.
    #[napi(catch_unwind)]
    pub fn written(&self) -> Written {
        self.client.written().into()
    }

    /// For how many ms a client that waits for its next attempt still does.
    #[napi(catch_unwind)]
    pub fn next_attempt_in(&self) -> Option<f64> {
        self.client.next_attempt_in().map(fine_ms)
    }

    #[napi(catch_unwind)]
    pub fn set_marks(&self, marks: BufferMarks) {
        self.client.set_marks(marks.into());
    }

    /// JavaScript delivers nothing for now: the engine reads in its place.
    #[napi(catch_unwind)]
    pub fn pause(&self) {
        self.client.pause();
    }

    /// JavaScript keeps so many bytes more, or less, of what it was told.
    #[napi(catch_unwind)]
    pub fn hold(&self, bytes: f64) {
        if bytes > 0.0 {
            self.client.hold(bytes as usize);
        } else {
            self.client.release(-bytes as usize);
        }
    }

    /// JavaScript has delivered all that it kept.
    #[napi(catch_unwind)]
    pub fn resume(&self) {
        self.client.resume();
    }

    fn confirm(&self, payload: Payload<'_>, seen_open: bool, timeout: f64) -> Sent {
        let wish = Wish {
            confirmation: Confirmation::Receipt(limit(timeout)),
            ..Wish::default()
        };
        self.send_wishing(payload, seen_open, wish)
    }

    fn send(&self, payload: Payload<'_>, seen_open: bool, wish: SendWish, tells: bool) -> Sent {
        let confirmation = if tells {
            Confirmation::Handover
        } else {
            Confirmation::Nothing
        };
        let wish = Wish {
            plain: wish.plain,
            volatile: wish.volatile,
            confirmation,
        };
        self.send_wishing(payload, seen_open, wish)
    }

    fn send_wishing(&self, payload: Payload<'_>, seen_open: bool, wish: Wish) -> Sent {
        let sent = self.client.send_wishing(payload, seen_open, wish);
        let receipt = sent
            .as_ref()
            .ok()
            .and_then(|sent| sent.receipt)
            .unwrap_or_default();
        Sent {
            status: status(sent),
            receipt: receipt as f64,
        }
    }

    fn call(&self, received: f64, input: Input) -> Reply {
        self.client.call(received as u64, input).into()
    }
}

#[cfg(feature = "faults")]
#[napi]
impl Client {
    /// From here on each attempt panics.
    #[napi(catch_unwind)]
    pub fn fault(&self) {
        self.client.set_route(Arc::new(Fault));
    }
}

/// A route for tests, which panics.
#[cfg(feature = "faults")]
struct Fault;

#[cfg(feature = "faults")]
impl engine::Dial for Fault {
    fn dial(
        self: Arc<Self>,
        _: usize,
        _: Option<std::time::Duration>,
        _: Arc<dyn crate::net::Outside>,
    ) -> engine::DialFuture {
        panic!("a fault for a test")
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let id = self.client.id();
        self.sender.remove(id);
        self.shared.end(id);
    }
}
