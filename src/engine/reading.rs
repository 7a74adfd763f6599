//! What is read from a connection, by whichever thread.

use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::client::{Client, Core};
use super::clock;
use super::inbox::{Message, Run, Signals, feed, with_scratch};
use super::intake::{Intake, Side};
use super::line::Line;
use super::mailbox::Content;
use super::runtime::lock;
use crate::policy::{Attempt, Input};

/// Why the JavaScript thread does not read.
pub(super) enum Later {
    Again,
    Never,
}

impl Client {
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
        let flushed = core.flush(self.ways);
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
        core.pong(&signals.pings);
        for payload in signals.receipts.iter() {
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
}
