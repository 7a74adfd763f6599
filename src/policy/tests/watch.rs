//! What must be true of every run, checked against each output of the traces and the random runs.

use crate::policy::*;

/// A user's view of a client, made of nothing but what the policy told.
#[derive(Debug)]
pub struct Watch {
    state: State,
    circuit: Circuit,
    alive: bool,
    /// The user has closed, and has not connected since.
    closed: bool,
    /// A state that ends a connection was told: its `close` must be the next event.
    close_due: bool,
    /// The state `OPEN` was told: its `open` must come.
    open_due: bool,
    /// A connection was left since JavaScript does not run, and it has not said that it does.
    javascript_is_awaited: bool,
    half_open_dials: u64,
    retries: Option<u64>,
    /// JavaScript was asked where to connect: the dial that follows was admitted then.
    asked: bool,
    /// JavaScript exchanges the first messages of a connection.
    initializes: bool,
    /// Beyond what a server has asked for, stretched, no delay is longer; in seconds.
    server_delay: f64,
    /// The user's function has said how long to wait.
    own_delay: bool,
    /// The circuit is shared: others use up its probes and close it, and a blocked client that they let
    /// go waits for a retry.
    shares: bool,
    /// The state that the latest one came from.
    before: State,
}

impl Default for Watch {
    fn default() -> Watch {
        Watch {
            state: State::Closed,
            circuit: Circuit::Closed,
            alive: false,
            closed: false,
            close_due: false,
            open_due: false,
            javascript_is_awaited: false,
            half_open_dials: 0,
            retries: None,
            asked: false,
            initializes: false,
            server_delay: 0.0,
            own_delay: false,
            shares: false,
            before: State::Closed,
        }
    }
}

impl Watch {
    pub fn of_a_sharer() -> Watch {
        Watch {
            shares: true,
            ..Watch::default()
        }
    }

    pub fn state(&self) -> State {
        self.state
    }

    pub fn javascript_is_awaited(&self) -> bool {
        self.javascript_is_awaited
    }

    /// The user has called `connect`.
    pub fn connected(&mut self, answer: &Result<(), Refusal>) {
        self.closed &= answer.is_err();
        self.retries = None;
    }

    /// The policy is about to be told `input`.
    pub fn told(&mut self, input: &Input) {
        self.retries = None;
        self.own_delay = matches!(
            input,
            Input::Decided {
                verdict: Verdict::Retry(Some(_)),
                ..
            }
        );
        if let Input::Refused { failure, .. } = input {
            let asked = failure.retry_after.unwrap_or_default().as_secs_f64();
            self.server_delay = self.server_delay.max(2.0 * asked);
        }
        match input {
            Input::Close { .. } | Input::Terminate { .. } => self.closed = true,
            Input::SetCircuit(circuit) => self.turn(*circuit),
            Input::Tick
            | Input::Reset
            | Input::OpenCircuit
            | Input::CloseCircuit
            | Input::CountFailure
            | Input::Configure(_)
            | Input::SetRetryCount(_)
            | Input::SetCircuitFailures(_)
            | Input::SetManualClose(_)
            | Input::Awaited { .. }
            | Input::Routed { .. }
            | Input::Initialized { .. }
            | Input::Decided { .. }
            | Input::Answered
            | Input::Judged { .. }
            | Input::EventLoopAlive { .. }
            | Input::Woke { .. }
            | Input::NetworkChanged
            | Input::Suspected
            | Input::Shown
            | Input::Broke { .. }
            | Input::Ponged { .. }
            | Input::Opened { .. }
            | Input::Refused { .. }
            | Input::Received { .. }
            | Input::Lost { .. }
            | Input::Paused { .. }
            | Input::Resumed { .. } => {}
        }
    }

    pub fn saw(&mut self, output: &Output, settings: &Settings) {
        match output {
            Output::Notify(notice) => self.heard(notice, settings),
            Output::Dial { .. } => {
                assert_eq!(self.state, State::Connecting, "a dial that was not told");
                if !std::mem::take(&mut self.asked) {
                    self.admit(settings);
                }
            }
            Output::Beat | Output::Ping { .. } => {
                assert_eq!(self.state, State::Open, "a beat without a connection");
            }
            Output::Leave { .. } => {
                let is_there = matches!(self.state, State::Open | State::Closing);
                assert!(is_there || self.initializes, "a leave of nothing");
            }
            Output::Shut { .. } => assert_eq!(self.state, State::Closing),
            Output::Cut => assert!(
                matches!(self.state, State::Connecting | State::Open | State::Closing),
                "a cut of nothing"
            ),
        }
    }

    fn admit(&mut self, settings: &Settings) {
        assert_ne!(
            self.circuit,
            Circuit::Open,
            "a dial while the circuit is open"
        );
        if self.circuit == Circuit::HalfOpen && !self.shares {
            assert!(
                self.half_open_dials < settings.circuit.half_open_max,
                "too many probes"
            );
            self.half_open_dials += 1;
        }
    }

    fn heard(&mut self, notice: &Notice, settings: &Settings) {
        let event = &notice.event;
        let is_close = matches!(event, Event::Close(_));
        let let_go = self.is_let_go() && matches!(event, Event::Retry { .. });
        assert!(
            !self.close_due || is_close || let_go,
            "{event:?} in the place of `close`"
        );
        if self.alive {
            assert!(
                notice.alive || is_close,
                "the last event of a life is {event:?}"
            );
        } else if notice.alive {
            let begins = [State::Connecting, State::Closing].map(Event::StateChange);
            let waits = self.shares && *event == Event::StateChange(State::Blocked);
            assert!(
                waits || begins.contains(event),
                "a life begins with {event:?}"
            );
        }
        self.alive = notice.alive;
        self.retries = Some(notice.retry_count);
        match event {
            Event::StateChange(to) => self.enter(*to, notice.alive),
            Event::CircuitChange(to) => {
                assert_ne!(*to, self.circuit, "the circuit did not change");
                self.turn(*to);
            }
            Event::Open { .. } => {
                assert!(self.open_due, "`open` without OPEN");
                self.open_due = false;
            }
            Event::Error(failure) => assert!(
                !matches!(self.state, State::Closed | State::Blocked | State::Failed)
                    || failure.code.as_deref() == Some("WSR_ERR_INTERNAL"),
                "an error without a connection"
            ),
            Event::Close(ending) => {
                assert!(
                    matches!(self.state, State::Closed | State::Failed),
                    "`close` while {:?}",
                    self.state
                );
                let gave_up = !matches!(ending.code, CloseCode::Frame(_));
                assert_eq!(gave_up, self.state == State::Failed);
                self.close_due = false;
                self.javascript_is_awaited = false;
            }
            Event::Retry {
                attempt,
                delay,
                max_retries,
            } => {
                assert!(!self.closed, "a retry after close");
                assert!(!self.javascript_is_awaited, "a retry for nobody");
                assert_eq!(*attempt, notice.retry_count);
                assert_eq!(*max_retries, settings.max_retries);
                assert!(
                    max_retries.is_none_or(|limit| *attempt <= limit),
                    "a retry too many"
                );
                self.check_delay(*attempt, *delay, settings);
                self.close_due = false;
            }
            Event::Proved => assert_eq!(self.state, State::Open),
            Event::AskRoute { .. } => {
                assert_eq!(self.state, State::Connecting);
                assert!(settings.reconnect.asked.route, "asked without a function");
                self.asked = true;
                self.admit(settings);
            }
            Event::AskInit { .. } => {
                assert_eq!(self.state, State::Connecting);
                assert!(settings.reconnect.asked.init, "asked without a function");
                self.initializes = true;
            }
            Event::AskRetry { .. } => {
                assert!(settings.reconnect.asked.retry, "asked without a function");
                assert!(!self.closed, "asked for a retry after close");
            }
            Event::Undecided { .. } => {
                assert_eq!(self.state, State::Closed);
                assert!(!self.closed, "a decision is missed after close");
            }
            Event::Pinged { .. } => assert_eq!(self.state, State::Open),
            Event::Blocked { .. } => {
                assert!(self.javascript_is_awaited, "was not blocked");
                self.javascript_is_awaited = false;
            }
            Event::Wake { .. } | Event::Network => assert!(notice.alive, "told for nobody"),
            Event::Asked(Question::WasAnswered { .. }) => assert_eq!(self.state, State::Open),
            Event::Asked(Question::EventLoopAlive) => self.javascript_is_awaited = true,
        }
    }

    /// `alive`: something goes on. Where nothing does, the state says that the circuit refuses to let the
    /// client connect, or does so no more; and a client that never connected is told that it is closed.
    fn enter(&mut self, to: State, alive: bool) {
        use State::*;
        let allowed: &[State] = match self.state {
            Closed | Blocked if !alive => &[Blocked, Closed],
            Failed if !alive => &[Blocked],
            Closed => &[Connecting, Blocked, Failed, Closing],
            Connecting => &[Open, Closed, Closing],
            Open => &[Closed, Closing],
            Closing => &[Closed],
            Blocked => &[Connecting, Closed, Failed, Closing, Blocked],
            Failed if self.shares => &[Connecting, Closing, Blocked],
            Failed => &[Connecting, Closing],
        };
        assert!(allowed.contains(&to), "{:?} becomes {to:?}", self.state);
        assert!(!self.open_due, "OPEN without `open`");
        assert!(
            !self.closed || !alive || matches!(to, Closing | Closed),
            "{to:?} after close"
        );
        self.close_due = alive && matches!(to, Closed | Failed);
        self.before = self.state;
        self.open_due = to == Open;
        self.asked &= to == Connecting;
        self.initializes = false;
        self.state = to;
    }

    fn turn(&mut self, to: Circuit) {
        if to == Circuit::HalfOpen && self.circuit != to {
            self.half_open_dials = u64::from(self.state == State::Connecting);
        }
        self.circuit = to;
    }

    /// Others have closed the circuit that the client was waiting for.
    fn is_let_go(&self) -> bool {
        self.shares
            && self.circuit == Circuit::Closed
            && self.state == State::Closed
            && self.before == State::Blocked
            && self.close_due
    }

    fn check_delay(&self, attempt: u64, delay: Duration, settings: &Settings) {
        if self.state == State::Blocked {
            assert_eq!(delay, Duration::ZERO);
            return;
        }
        if self.own_delay {
            return;
        }
        let backoff = &settings.backoff;
        let base = backoff.base.as_secs_f64();
        let cap = backoff.cap.as_secs_f64();
        let (below, above) = match backoff.jitter {
            Jitter::Spread(share) => (1.0 - share, 1.0 + share),
            Jitter::Full => (0.0, 1.0),
            Jitter::Equal => (0.5, 1.0),
            Jitter::None => (1.0, 1.0),
            Jitter::Decorrelated => {
                assert!(
                    delay.as_secs_f64() + 0.001 >= base.min(cap),
                    "{delay:?} is too short"
                );
                assert!(
                    delay.as_secs_f64() <= cap + self.server_delay,
                    "{delay:?} is too long"
                );
                return;
            }
        };
        let middle = (base * backoff.multiplier.powf((attempt - 1) as f64)).min(cap);
        let middle = middle.min(Duration::from_millis(u64::MAX).as_secs_f64());
        let slack = 0.001 + 1e-9 * middle;
        assert!(
            self.is_let_go() || delay.as_secs_f64() >= middle * below - slack,
            "{delay:?} is too short"
        );
        assert!(
            delay.as_secs_f64() <= (middle * above + slack).max(self.server_delay),
            "{delay:?} is too long"
        );
    }

    /// All outputs of an input have been seen: what they told must be what the policy says.
    pub fn agrees(&self, link: &Link) {
        assert!(!self.close_due, "CLOSED or FAILED without `close`");
        assert!(!self.open_due, "OPEN without `open`");
        assert_eq!(self.state, link.state());
        assert_eq!(self.circuit, link.circuit());
        assert_eq!(self.alive, link.is_alive());
        if let Some(retries) = self.retries {
            assert_eq!(retries, link.retry_count());
        }
    }
}
