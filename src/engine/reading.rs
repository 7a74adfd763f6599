//! Reading a connection, by whichever thread has the turn: pings are answered, the policy hears that the peer lives,
//! messages go to JavaScript. And what changes the turn.

use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::client::{Client, Core};
use super::clock;
use super::js_read_set::JsReadable;
use super::mailbox::NotificationKind;
use super::panics::caught;
use super::read_outcome::{ControlFrames, Incoming, MessageBatch, feed, with_scratch};
use super::read_turn::Asked;
use crate::policy::{Attempt, Input};
use crate::sync::lock;

impl Client {
    /// JavaScript delivers nothing for now. The engine reads in its place, as far ahead as there is room.
    pub fn pause(&self) {
        self.paused.store(true, Ordering::Release);
        self.take_over();
    }

    /// JavaScript has delivered all that it kept.
    pub fn resume(self: &Arc<Self>) {
        self.paused.store(false, Ordering::Release);
        if let Some(read_set) = &self.read_set {
            read_set.enqueue(self);
            read_set.reclaim();
        }
    }

    /// JavaScript keeps so many bytes more of what it was told: they count against the capacity of its mailbox.
    pub fn hold(&self, bytes: usize) {
        self.flow.charge(bytes);
    }

    /// So many bytes of what was held have been delivered.
    pub fn release(&self, bytes: usize) {
        self.flow.discharge(bytes);
    }

    /// Reads once, at most so many bytes, if it is JavaScript's turn, and hands each message to `take`. How many bytes
    /// brought messages: these are to be delivered, then `delivered_on_js_thread` told.
    ///
    /// A panic ends the connection, as it does on the engine's thread: nobody would read it any more.
    pub fn read_on_js_thread(&self, most: usize, take: impl FnMut(Incoming<'_>)) -> Option<usize> {
        let mut bytes = None;
        if let Err(panic) = caught(|| self.read_once(most, take, &mut bytes)) {
            self.fail(&panic);
            self.wake.wake();
        }
        bytes
    }

    fn read_once(
        &self,
        most: usize,
        mut take: impl FnMut(Incoming<'_>),
        bytes: &mut Option<usize>,
    ) {
        let Some(socket) = lock(&self.core).write_half.socket().cloned() else {
            return;
        };
        let mut read_half = socket.read_half();
        // Messages that the engine has read are delivered first.
        if !read_half.turn.is_javascripts() || !self.flow.is_drained() {
            return;
        }
        let mut control = with_scratch(|scratch| match socket.read(first(scratch, most)) {
            Ok(count @ 1..) => feed(
                &mut read_half.reader,
                &scratch[..count],
                &self.flow.wanted,
                |message| {
                    if bytes.replace(count).is_none() {
                        self.flow.charge(1);
                    }
                    take(message);
                },
            ),
            Err(error) if error.kind() == ErrorKind::WouldBlock => ControlFrames::default(),
            Ok(_) | Err(_) => ControlFrames::cut(),
        });
        let over = control.end.is_some();
        if over {
            read_half.end = control.end.take().map(Box::new);
            socket.end(&mut read_half);
        }
        drop(read_half);
        let mut core = lock(&self.core);
        self.on_control(&mut core, socket.attempt, &control);
        let written_out = core.write_half.write_out(self.fast_paths);
        self.drain_outputs(&mut core, Vec::new());
        if over || !written_out {
            self.wake.wake();
        }
    }

    /// Tells that JavaScript has been delivered what `read_on_js_thread` gave.
    pub fn delivered_on_js_thread(&self) {
        self.flow.discharge(1);
    }

    /// Takes what was read from the connection `attempt`, but for its end.
    pub(super) fn on_read(
        &self,
        attempt: Attempt,
        batches: Vec<MessageBatch>,
        control: &ControlFrames,
    ) {
        let mut core = lock(&self.core);
        if self.on_control(&mut core, attempt, control) {
            self.drain_outputs(
                &mut core,
                batches
                    .into_iter()
                    .map(NotificationKind::Messages)
                    .collect(),
            );
        }
    }

    /// Answers the peer's pings and tells the policy that it lives; false where the connection is
    /// given up: the order to cut it is on its way to the driver.
    fn on_control(&self, core: &mut Core, attempt: Attempt, control: &ControlFrames) -> bool {
        if !core.link.is_open(attempt) {
            return false;
        }
        core.write_half.pong(&control.pings);
        for payload in control.receipts.iter() {
            core.write_half.outbox.pong(payload);
        }
        for number in &control.pongs {
            core.write_half.outbox.overtook(*number);
        }
        core.write_half.ask();
        if control.heard {
            core.write_half.note_heard();
            core.link.handle(Input::Received { attempt }, clock::now());
        }
        for number in &control.pongs {
            let number = *number;
            core.link
                .handle(Input::Ponged { attempt, number }, clock::now());
        }
        true
    }
}

impl JsReadable for Client {
    fn id(&self) -> u32 {
        self.flow.id
    }

    /// While it is paused, JavaScript does not read: `resume` asks for that again.
    fn hand_over(&self) -> bool {
        let Some(socket) = lock(&self.core).write_half.socket().cloned() else {
            return false;
        };
        // Under the lock, since `pause` sets it before it takes that.
        let mut read_half = socket.read_half();
        !self.paused.load(Ordering::Acquire) && socket.hand_over(&mut read_half) == Asked::Later
    }

    fn take_over(&self) -> bool {
        let Some(socket) = lock(&self.core).write_half.socket().cloned() else {
            return false;
        };
        let was_javascripts = socket.take_over(&mut socket.read_half());
        if was_javascripts {
            self.wake.wake();
        }
        was_javascripts
    }

    fn served(&self) -> &AtomicU64 {
        &self.served
    }
}

/// At most so many bytes of a buffer.
fn first(buffer: &mut [u8], most: usize) -> &mut [u8] {
    let most = most.min(buffer.len());
    &mut buffer[..most]
}
