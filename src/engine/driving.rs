//! What the driver asks of its client, and tells it, on the engine's thread.

use std::mem;
use std::sync::Arc;
use std::time::Duration;

use super::client::{Client, Core, Parked, Turn};
use super::clock;
use super::dial::{DialFuture, Wired};
use super::mailbox::NotificationKind;
use super::open_connection::{ConnectionIo, OpenConnection};
use super::outbound::Outbound;
use super::panics::{Panic, caught};
use super::read_outcome::ReadOutcome;
use super::shared_socket::{EngineStream, SharedSocket};
use super::user_timeout::user_timeout;
use crate::net::Stream;
use crate::policy::{Attempt, End, Failure, Input, Instant};
use crate::sync::lock;
use crate::wire::{Reader, Writer};

impl Client {
    pub(super) fn dial(
        &self,
        attempt: Attempt,
        url_index: usize,
        limit: Option<Duration>,
    ) -> DialFuture {
        let route = lock(&self.core).route.clone();
        route.dial(url_index, limit, self.asking(attempt))
    }

    /// Starts a turn of the driver. The connection that it drives, if that is not over, is given more to write.
    pub(super) fn turn(&self, connection: Option<&mut OpenConnection>) -> Turn {
        let mut core = lock(&self.core);
        if core.link.is_behind() || core.link.is_queued() {
            core.link.handle(Input::Tick, clock::now());
            self.drain_outputs(&mut core, Vec::new());
        }
        let user_timeout = user_timeout(&core.link.settings().heartbeat);
        // Outcomes that a call of the user has led to are told by that call.
        let is_told = core.write_half.outbox.has_outcomes();
        match connection {
            Some(connection) if core.link.is_open(connection.attempt) => {
                connection.limit_silence(user_timeout);
                core.write_half
                    .hand_out(&mut connection.sending, connection.broken);
            }
            Some(_) | None => core.write_half.hand_out_nothing(),
        }
        self.check_drain(&mut core);
        if !is_told {
            let outcomes = core.outcomes();
            self.post(&mut core, outcomes);
        }
        let deadlines = [core.link.deadline(), core.write_half.outbox.deadline()];
        Turn {
            actions: mem::take(&mut core.actions),
            deadline: deadlines.into_iter().flatten().min(),
            user_timeout,
            sends: core.write_half.idle_memory(),
        }
    }

    /// Keeps what a driver that rests leaves, and has another begin at `deadline`.
    pub(super) fn park(&self, socket: Option<Arc<SharedSocket>>, deadline: Option<Instant>) {
        let mut core = lock(&self.core);
        core.parked = Parked { socket, deadline };
        if let Some(deadline) = deadline {
            self.wake.set_alarm(deadline);
        }
    }

    /// Takes what a driver that rested has left.
    pub(super) fn take_parked(&self) -> Option<OpenConnection> {
        let Parked { socket, deadline } = mem::take(&mut lock(&self.core).parked);
        if let Some(deadline) = deadline {
            self.wake.drop_alarm(deadline);
        }
        let socket = socket?;
        let attempt = socket.attempt;
        let io = ConnectionIo::Shared(EngineStream::again(socket));
        let longest_batch = self.fast_paths.longest_batch();
        let mut connection = OpenConnection::new(attempt, io, self.flow.clone(), longest_batch);
        connection.forget_user_timeout();
        Some(connection)
    }

    /// The client is not driven any more: its environment goes, maybe without a word to its objects, or it has been collected.
    pub(super) fn leave(&self) {
        let mut core = lock(&self.core);
        core.parked = Parked::default();
        core.write_half.unplug();
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
        core.write_half.outbox.expire(now);
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
        let mut reader =
            Reader::new(wired.max_payload, wired.deflate.as_ref()).with_longest(wired.longest);
        let longest_batch = self.fast_paths.longest_batch();
        let outcome = (!wired.head.is_empty())
            .then(|| ReadOutcome::read(&mut reader, &wired.head, &self.flow.wanted, longest_batch));
        let io = self.connection_io(attempt, wired.stream, reader);
        let socket = match &io {
            ConnectionIo::Own { .. } => None,
            ConnectionIo::Shared(stream) => Some(stream.socket.clone()),
        };
        core.write_half.begin(writer, socket);
        if core.link.is_initializing(attempt) {
            core.backpressure.hold(true);
        } else {
            core.open_queue();
        }
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
        let connection = OpenConnection::new(attempt, io, self.flow.clone(), longest_batch);
        Some((connection, outcome))
    }

    fn connection_io(&self, attempt: Attempt, stream: Stream, reader: Reader) -> ConnectionIo {
        match stream {
            Stream::Tcp(stream) if self.fast_paths.write || self.fast_paths.read => {
                let watched_in = self
                    .read_set
                    .as_ref()
                    .map(|read_set| (read_set.sockets().clone(), self.flow.id));
                match EngineStream::share(attempt, stream, reader, watched_in) {
                    Ok(stream) => ConnectionIo::Shared(stream),
                    Err(own) => {
                        let (stream, reader) = *own;
                        ConnectionIo::Own { stream, reader }
                    }
                }
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
            core.write_half.say_goodbye(last.code, &last.reason);
        }
        let last_words = core.write_half.unplug();
        core.link.handle(lost, clock::now());
        self.drain_outputs(&mut core, Vec::new());
        last_words
    }

    /// Lets go of the memory that sending needs, unless something has been sent since.
    pub(super) fn release_idle_memory(&self, sends: u64) -> bool {
        lock(&self.core).write_half.release_idle_memory(sends)
    }
}
