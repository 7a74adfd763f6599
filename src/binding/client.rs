//! The native half of one `WebSocketReconnect`.

use std::rc::Rc;
use std::sync::Arc;

use napi::{Env, Error, Result};
use napi_derive::napi;

use super::delivery;
use super::environment::Shared;
use super::facade::Facade;
use super::options::{Code, RawLiveness, RawPolicy, RawRoute, ms, route, settings};
use super::sender::Sender;
use super::value::{self, Rows};
use crate::engine::{self, Confirmation, Payload, Reply, Setup, Sharing, Wish, epoch_ms};
use crate::policy::{Failure, Input, Verdict};

#[napi]
pub struct Client {
    id: u32,
    shared: Arc<Shared>,
    sender: Rc<Sender>,
    client: Arc<engine::Client>,
}

#[napi]
impl Client {
    /// Throws where an option is bad.
    #[napi(constructor, catch_unwind)]
    pub fn new(facade: &Facade, policy: RawPolicy, options: RawRoute) -> Result<Client, Code> {
        let shared = facade.shared.clone();
        let id = facade.name();
        let client = Arc::new(engine::Client::new(Setup {
            id,
            home: facade.home,
            settings: settings(&policy.settings, &policy.liveness),
            heartbeat: policy.heartbeat,
            route: Arc::new(route(options, &shared)?),
            mailbox: facade.mailbox.clone(),
            read_set: shared.watch.clone(),
            fast_paths: shared.ways,
            watchdog: shared.sign.clone(),
            marks: delivery::marks(
                policy.delivery.high_water_mark,
                policy.delivery.max_buffered_amount,
            ),
            delivery: policy.delivery.into(),
        }));
        shared
            .start(id, client.clone())
            .map_err(|error| Error::new(Code("Error"), error.to_string()))?;
        let sender = facade.sender.clone();
        sender.add(client.clone());
        Ok(Client {
            id,
            shared,
            sender,
            client,
        })
    }

    /// Its name, which no other client of this JavaScript environment has.
    #[napi(catch_unwind)]
    pub fn id(&self) -> u32 {
        self.id
    }

    /// Gives the next attempts another route. Throws as the constructor does.
    #[napi(catch_unwind)]
    pub fn reroute(&self, options: RawRoute) -> Result<(), Code> {
        self.client
            .set_route(Arc::new(route(options, &self.shared)?));
        Ok(())
    }

    // The calls below return `horizon` and the rows to deliver at once.

    /// Where it is refused, the first row says why.
    #[napi(catch_unwind)]
    pub fn connect(&self, env: Env, received: f64) -> Result<Rows> {
        self.rows(&env, self.client.connect(received as u64))
    }

    /// As `connect`, and never waits.
    #[napi(catch_unwind)]
    pub fn reconnect(&self, env: Env, received: f64, code: u16, reason: String) -> Result<Rows> {
        self.rows(&env, self.client.reconnect(received as u64, code, reason))
    }

    #[napi(catch_unwind)]
    pub fn terminate(&self, env: Env, received: f64, seen_alive: bool) -> Result<Rows> {
        self.call(&env, received, Input::Terminate { seen_alive })
    }

    #[napi(catch_unwind)]
    pub fn close(
        &self,
        env: Env,
        received: f64,
        code: u16,
        reason: String,
        seen_alive: bool,
    ) -> Result<Rows> {
        self.call(
            &env,
            received,
            Input::Close {
                code,
                reason,
                seen_alive,
            },
        )
    }

    #[napi(catch_unwind)]
    pub fn reset(&self, env: Env, received: f64) -> Result<Rows> {
        self.call(&env, received, Input::Reset)
    }

    #[napi(catch_unwind)]
    pub fn open_circuit(&self, env: Env, received: f64) -> Result<Rows> {
        self.call(&env, received, Input::OpenCircuit)
    }

    #[napi(catch_unwind)]
    pub fn close_circuit(&self, env: Env, received: f64) -> Result<Rows> {
        self.call(&env, received, Input::CloseCircuit)
    }

    #[napi(catch_unwind)]
    pub fn count_failure(&self, env: Env, received: f64) -> Result<Rows> {
        self.call(&env, received, Input::CountFailure)
    }

    /// All messages of the connection `attempt` up to the question have been judged.
    #[napi(catch_unwind)]
    pub fn judged(&self, env: Env, received: f64, attempt: f64) -> Result<Rows> {
        let attempt = attempt as u64;
        let judged = Input::Judged { attempt };
        self.rows(&env, self.client.report(received as u64, judged))
    }

    /// The event loop runs again.
    #[napi(catch_unwind)]
    pub fn runs(&self, env: Env, received: f64) -> Result<Rows> {
        self.rows(&env, self.client.event_loop_alive(received as u64))
    }

    // The assignments below return `horizon`.

    /// A message was delivered that answers a heartbeat.
    #[napi(catch_unwind)]
    pub fn answered(&self) -> f64 {
        self.client.assign(Input::Answered) as f64
    }

    #[napi(catch_unwind)]
    pub fn configure(&self, numbers: Vec<f64>, liveness: RawLiveness) -> f64 {
        let settings = Box::new(settings(&numbers, &liveness));
        self.client.assign(Input::Configure(settings)) as f64
    }

    // The answers below are none of the user's calls: what follows from them goes through the mailbox.

    /// Answers where and how an attempt connects. Throws as the constructor does.
    #[napi(catch_unwind)]
    pub fn say_route(&self, attempt: f64, options: RawRoute) -> Result<(), Code> {
        let route = Arc::new(route(options, &self.shared)?);
        self.client.routed(attempt as u64, route);
        Ok(())
    }

    /// Answers that the function that says where an attempt connects has thrown.
    #[napi(catch_unwind)]
    pub fn fail_route(&self, attempt: f64, message: String) {
        let attempt = attempt as u64;
        let failure = Failure {
            message,
            thrown_for: Some(attempt),
            ..Failure::default()
        };
        self.client.assign(Input::Refused { attempt, failure });
    }

    /// Answers whether and when to try again after an attempt, in ms; without a delay it is left to the
    /// policy.
    #[napi(catch_unwind)]
    pub fn say_retry(&self, attempt: f64, goes_on: bool, delay: Option<f64>) {
        let verdict = if goes_on {
            Verdict::Retry(delay.map(ms))
        } else {
            Verdict::Stop
        };
        let attempt = attempt as u64;
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
    pub fn set_circuit(&self, circuit: String) -> f64 {
        self.client
            .assign(Input::SetCircuit(value::circuit(&circuit))) as f64
    }

    /// `'instance'`, `'host'` or the name of a circuit.
    #[napi(catch_unwind)]
    pub fn share(&self, scope: String) {
        self.client.share(match scope.as_str() {
            "instance" => Sharing::Alone,
            "host" => Sharing::Host,
            _ => Sharing::Named(scope),
        });
    }

    #[napi(catch_unwind)]
    pub fn set_heartbeat(&self, message: String) {
        self.client.set_heartbeat(message);
    }

    #[napi(catch_unwind)]
    pub fn calculate_delay(&self, attempt: f64) -> f64 {
        self.client.delay_ms(attempt as u64)
    }

    /// Sends a ping, and tells its number; 0 where no connection is open.
    #[napi(catch_unwind)]
    pub fn ping(&self) -> f64 {
        self.client.ping().unwrap_or_default() as f64
    }

    /// The round trips of pings in ms: last, least, mean, 95th percentile; nothing before the first.
    #[napi(catch_unwind)]
    pub fn round_trips(&self) -> Vec<f64> {
        let rtt = self.client.rtt();
        let times = rtt.map(|rtt| [rtt.last, rtt.min, rtt.mean, rtt.p95]);
        times.into_iter().flatten().map(value::ms).collect()
    }

    /// Which control frames are to be told.
    #[napi(catch_unwind)]
    pub fn listen(&self, pings: bool, pongs: bool) {
        self.client.listen(pings, pongs);
    }

    // As `send` of `sender.rs`, with a wish: returned are the status and the name of a receipt, whose fate a row tells
    // where `tells`. `plain`: it is not to be compressed.

    #[napi(catch_unwind)]
    pub fn send_text(&self, text: String, seen_open: bool, plain: bool, tells: bool) -> Vec<f64> {
        self.send(Payload::Text(&text), seen_open, plain, tells)
    }

    #[napi(catch_unwind)]
    pub fn send_binary(&self, bytes: &[u8], seen_open: bool, plain: bool, tells: bool) -> Vec<f64> {
        self.send(Payload::Binary(bytes), seen_open, plain, tells)
    }

    // Of these the name of a receipt is returned, whose fate a row tells. A timeout of 0 ms is none.

    #[napi(catch_unwind)]
    pub fn confirm_text(&self, text: String, seen_open: bool, timeout: f64) -> Result<f64, Code> {
        self.confirm(Payload::Text(&text), seen_open, timeout)
    }

    #[napi(catch_unwind)]
    pub fn confirm_binary(&self, bytes: &[u8], seen_open: bool, timeout: f64) -> Result<f64, Code> {
        self.confirm(Payload::Binary(bytes), seen_open, timeout)
    }

    #[napi(catch_unwind)]
    pub fn flush(&self, timeout: f64) -> f64 {
        self.client.flush(delivery::limit(timeout)) as f64
    }

    /// What became of messages and receipts by the last call, as rows behind a 0.
    #[napi(catch_unwind)]
    pub fn take_fates(&self, env: Env) -> Result<Rows> {
        let at = epoch_ms();
        let mut rows = Rows::new(env.raw());
        rows.number(0.0)?;
        for fate in self.client.take_outcomes() {
            rows.fate(self.id, at, fate)?;
        }
        Ok(rows)
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

    /// Messages that wait or are not confirmed, and their bytes.
    #[napi(catch_unwind)]
    pub fn queued(&self) -> Vec<f64> {
        let (messages, bytes) = self.client.queued();
        vec![messages as f64, bytes as f64]
    }

    /// See [`delivery::marks`].
    #[napi(catch_unwind)]
    pub fn set_marks(&self, high_water: f64, max: f64) {
        self.client.set_marks(delivery::marks(high_water, max));
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

    fn confirm(&self, payload: Payload<'_>, seen_open: bool, timeout: f64) -> Result<f64, Code> {
        let wish = Wish {
            plain: false,
            confirmation: Confirmation::Receipt(delivery::limit(timeout)),
        };
        delivery::receipt(self.client.send_wishing(payload, seen_open, wish))
    }

    fn send(&self, payload: Payload<'_>, seen_open: bool, plain: bool, tells: bool) -> Vec<f64> {
        let confirmation = if tells {
            Confirmation::Handover
        } else {
            Confirmation::Nothing
        };
        let wish = Wish {
            plain,
            confirmation,
        };
        let sent = self.client.send_wishing(payload, seen_open, wish);
        let receipt = sent.ok().and_then(|sent| sent.receipt).unwrap_or_default();
        vec![delivery::status(sent).into(), receipt as f64]
    }

    fn call(&self, env: &Env, received: f64, input: Input) -> Result<Rows> {
        self.rows(env, self.client.call(received as u64, input))
    }

    fn rows(&self, env: &Env, reply: Reply) -> Result<Rows> {
        let at = epoch_ms();
        let mut rows = Rows::new(env.raw());
        rows.number(reply.cutoff as f64)?;
        if let Some(refusal) = reply.refusal {
            rows.refusal(self.id, at, refusal)?;
        }
        for notice in reply.notices {
            rows.returned(self.id, at, notice)?;
        }
        Ok(rows)
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
    fn dial(&self, _: usize, _: Option<std::time::Duration>) -> engine::DialFuture {
        panic!("a fault for a test")
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.sender.remove(self.id);
        self.shared.end(self.id);
    }
}
