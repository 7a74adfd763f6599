//! The task that drives one client while there is something to do, or to wait for that no alarm and no call of the user brings.

use std::future::{pending, ready};
use std::pin::pin;
use std::sync::Arc;

use tokio::select;
use tokio::time::{Sleep, sleep_until};

use super::client::{Action, Client};
use super::clock;
use super::dial::{DialFuture, Wired};
use super::open_connection::{OpenConnection, Progress};
use super::panics::caught_in;
use super::read_outcome::ReadOutcome;
use super::shared_socket::SharedSocket;
use crate::net::retry_after;
use crate::policy::{Attempt, Failure, IdleMemory, Input, Instant, Linger, PendingEnd};

/// What the driver of a client is busy with.
enum Stage {
    Idle,
    Dialing {
        attempt: Attempt,
        dialing: DialFuture,
    },
    Up(Box<OpenConnection>),
}

/// What the driver has got done in its stage.
enum Step {
    Dialed(Attempt, Result<Wired, Failure>),
    Moved(Progress),
}

impl Stage {
    /// What a driver begins with where the last one left this.
    fn of(parked: Option<OpenConnection>) -> Stage {
        parked.map_or(Stage::Idle, |connection| Stage::Up(Box::new(connection)))
    }

    /// Whether nothing is to be done until the client is woken, or as soon as JavaScript reads.
    fn may_rest(&self) -> bool {
        match self {
            Stage::Idle => true,
            Stage::Dialing { .. } => false,
            Stage::Up(connection) => connection.may_be_left_to_javascript(),
        }
    }

    fn can_rest(&self) -> bool {
        match self {
            Stage::Idle => true,
            Stage::Dialing { .. } => false,
            Stage::Up(connection) => connection.is_read_by_javascript(),
        }
    }

    /// What is left for the next driver.
    fn into_socket(self) -> Option<Arc<SharedSocket>> {
        match self {
            Stage::Up(connection) => connection.shared_socket().cloned(),
            Stage::Idle | Stage::Dialing { .. } => None,
        }
    }

    async fn advance(&mut self) -> Step {
        match self {
            Stage::Idle => pending().await,
            Stage::Dialing { attempt, dialing } => Step::Dialed(*attempt, dialing.await),
            Stage::Up(connection) => Step::Moved(connection.advance().await),
        }
    }
}

/// Drives the client until there is nothing to do for now, or it is aborted. A panic ends what the client is at, and is
/// told; the user can start it again.
pub(super) async fn drive(client: Arc<Client>) {
    while let Err(panic) = caught_in(run(&client)).await {
        if !client.fail(&panic) {
            // An idle client that panics may do so at once again: the user moves first.
            client.wake.woken().await;
        }
    }
}

/// Each turn does all that is due before it waits again, so that neither a flood of messages nor one
/// of sends keeps the timers or the other from their turn. What has arrived is read before the time is
/// told: after a long sleep the peer's answer may be there, and only not read.
async fn run(client: &Arc<Client>) {
    let mut stage = Stage::of(client.take_parked());
    let mut alarm = Alarm::new();
    let mut sleep = pin!(sleep_until(clock::alarm(clock::now())));
    loop {
        stage = take_turn(client, stage, &mut alarm, sleep.as_mut());
        if alarm
            .deadline
            .is_some_and(|deadline| deadline <= clock::now())
        {
            select! {
                biased;
                step = stage.advance() => stage = finish(client, stage, step),
                () = ready(()) => {}
            }
            client.tell(Input::Tick);
            if let Stage::Up(connection) = &stage {
                connection.review_silence();
            }
            continue;
        }
        if alarm.is_time_to_rest() {
            if stage.can_rest() {
                match rest(client, stage, alarm.deadline) {
                    Some(goes_on) => stage = goes_on,
                    None => return,
                }
            }
            alarm.moved();
            continue;
        }
        let paused = matches!(&stage, Stage::Up(connection) if connection.paused);
        let ending = ending(&stage);
        select! {
            biased;
            step = stage.advance() => {
                if matches!(step, Step::Moved(_)) {
                    alarm.moved();
                }
                stage = finish(client, stage, step);
            }
            () = client.wake.woken() => {}
            () = &mut sleep, if alarm.armed.is_some() => {}
            () = delivered(client, ending), if paused || ending.is_some() => {
                if let Stage::Up(connection) = stage {
                    stage = go_on(client, connection);
                }
            }
        }
    }
}

/// Ends the driver. What it has, where it has been woken meanwhile and goes on.
fn rest(client: &Client, stage: Stage, deadline: Option<Instant>) -> Option<Stage> {
    client.park(stage.into_socket(), deadline);
    (!client.wake.rest()).then(|| Stage::of(client.take_parked()))
}

/// Waits until JavaScript has been delivered what a connection may wait for, or `until`.
async fn delivered(client: &Client, until: Option<Instant>) {
    let delivered = client.flow.delivered.notified();
    match until {
        None => delivered.await,
        Some(until) => select! {
            () = delivered => {}
            () = sleep_until(clock::alarm(until)) => {}
        },
    }
}

struct Alarm {
    /// When the policy has something to do, or sending is looked at.
    deadline: Option<Instant>,
    /// That, or when the driver rests.
    armed: Option<Instant>,
    linger: Linger,
    may_rest: bool,
    idle_memory: IdleMemory,
}

impl Alarm {
    fn new() -> Alarm {
        Alarm {
            deadline: None,
            armed: None,
            linger: Linger::default(),
            may_rest: false,
            idle_memory: IdleMemory::default(),
        }
    }

    fn moved(&mut self) {
        self.linger.note_moved(clock::now());
    }

    /// When the driver ends, unless it is woken again.
    fn rest_at(&self) -> Option<Instant> {
        self.may_rest.then(|| self.linger.deadline(clock::now))
    }

    fn is_time_to_rest(&self) -> bool {
        self.rest_at().is_some_and(|at| at <= clock::now())
    }

    /// Lets go of what sending needs, when nothing has been sent for a while.
    fn release_idle_memory(
        &mut self,
        client: &Client,
        sends: Option<u64>,
        connection: &mut OpenConnection,
    ) {
        self.idle_memory.look(sends, clock::now, |before| {
            let released = connection.sending.is_empty() && client.release_idle_memory(before);
            if released {
                connection.release_idle_memory();
            }
            released
        });
    }
}

fn take_turn(
    client: &Arc<Client>,
    mut stage: Stage,
    alarm: &mut Alarm,
    sleep: std::pin::Pin<&mut Sleep>,
) -> Stage {
    let turn = client.turn(match &mut stage {
        Stage::Up(connection) => Some(connection),
        Stage::Idle | Stage::Dialing { .. } => None,
    });
    for action in turn.actions.into_used().into_iter().flat_map(|used| *used) {
        stage = match action {
            Action::Dial {
                attempt,
                url_index,
                limit,
            } => Stage::Dialing {
                attempt,
                dialing: client.dial(attempt, url_index, limit),
            },
            Action::Cut => {
                if let Stage::Up(connection) = stage {
                    connection.cut(turn.user_timeout);
                }
                Stage::Idle
            }
            Action::Leave(last_words) => {
                if let Stage::Up(connection) = stage {
                    tokio::spawn(connection.end(last_words));
                }
                Stage::Idle
            }
        };
    }
    match &mut stage {
        Stage::Up(connection) => alarm.release_idle_memory(client, turn.sends, connection),
        Stage::Idle | Stage::Dialing { .. } => alarm.idle_memory.forget(),
    }
    let check_at = alarm.idle_memory.deadline();
    alarm.deadline = turn.deadline.into_iter().chain(check_at).min();
    alarm.may_rest = check_at.is_none() && stage.may_rest();
    let armed = alarm.deadline.into_iter().chain(alarm.rest_at()).min();
    if alarm.armed != armed {
        alarm.armed = armed;
        if let Some(armed) = armed {
            sleep.reset(clock::alarm(armed));
        }
    }
    stage
}

fn finish(client: &Arc<Client>, stage: Stage, step: Step) -> Stage {
    match (stage, step) {
        (_, Step::Dialed(attempt, Ok(wired))) => match client.opened(attempt, wired) {
            Some((connection, outcome)) => {
                let shared = connection.shared_socket().is_some();
                let connection = Box::new(connection);
                let stage = match outcome {
                    Some(outcome) => take_in(client, connection, outcome),
                    None => {
                        connection.read_is_queued();
                        Stage::Up(connection)
                    }
                };
                if let Some(read_set) = client.read_set.as_ref().filter(|_| shared) {
                    read_set.attach(client);
                }
                stage
            }
            None => Stage::Idle,
        },
        (_, Step::Dialed(attempt, Err(mut failure))) => {
            failure.retry_after = retry_after(&failure.headers, clock::epoch());
            client.tell(Input::Refused { attempt, failure });
            Stage::Idle
        }
        (Stage::Up(connection), Step::Moved(Progress::Read(outcome))) => {
            take_in(client, connection, outcome)
        }
        (stage, Step::Moved(_)) => stage,
    }
}

fn take_in(
    client: &Arc<Client>,
    mut connection: Box<OpenConnection>,
    outcome: ReadOutcome,
) -> Stage {
    let ReadOutcome {
        batches,
        mut control,
    } = outcome;
    let end = control.end.take();
    client.on_read(connection.attempt, batches, &control);
    connection.read_is_queued();
    if let Some(end) = end {
        connection.ending = Some(PendingEnd::new(end, clock::now()));
        return conclude(client, connection);
    }
    if client.flow.is_full() {
        connection.paused = true;
        client.tell(Input::Paused {
            attempt: connection.attempt,
        });
    }
    Stage::Up(connection)
}

/// Ends a connection that has come to its end, once that is to be told.
fn conclude(client: &Arc<Client>, mut connection: Box<OpenConnection>) -> Stage {
    let (is_drained, now) = (client.flow.is_drained(), clock::now());
    let is_due = |ending: &mut PendingEnd| ending.is_due(is_drained, now);
    let Some(ending) = connection.ending.take_if(is_due) else {
        return Stage::Up(connection);
    };
    let last_words = client.conclude(connection.attempt, ending.into_end());
    tokio::spawn(connection.end(last_words));
    Stage::Idle
}

/// When an end that waits for JavaScript waits no longer.
fn ending(stage: &Stage) -> Option<Instant> {
    match stage {
        Stage::Up(connection) => connection.ending.as_ref().map(PendingEnd::deadline),
        Stage::Idle | Stage::Dialing { .. } => None,
    }
}

/// Reads on, or ends the connection, where that has waited for JavaScript alone.
fn go_on(client: &Arc<Client>, mut connection: Box<OpenConnection>) -> Stage {
    if connection.paused && client.flow.has_capacity() {
        connection.paused = false;
        client.tell(Input::Resumed {
            attempt: connection.attempt,
        });
    }
    conclude(client, connection)
}
