//! Reading a connection, by whichever thread has the turn: pings are answered, the policy hears that the peer lives,
//! messages go to JavaScript.

use std::io::ErrorKind;
use std::sync::atomic::Ordering;

use super::client::{Client, Core};
use super::clock;
use super::locking::lock;
use super::mailbox::NotificationKind;
use super::panics::caught;
use super::read_half::ReadOwner;
use super::read_outcome::{ControlFrames, Incoming, MessageBatch, feed, with_scratch};
use crate::policy::{Attempt, Input};

impl Client {
    /// Lets the JavaScript thread read, unless it is paused: `resume` asks for that again. Whether it is to be asked again
    /// soon.
    pub(super) fn hand_over(&self) -> bool {
        let Some(socket) = lock(&self.core).socket.clone() else {
            return false;
        };
        let mut read_half = socket.read_half();
        match read_half.owner {
            ReadOwner::Engine if !self.paused.load(Ordering::Acquire) => {
                socket.set_owner(ReadOwner::JavaScript, &mut read_half);
                false
            }
            ReadOwner::EngineQueueing => true,
            ReadOwner::Engine | ReadOwner::JavaScript | ReadOwner::Over => false,
        }
    }

    /// Lets the engine read, where JavaScript would. Whether that had its turn.
    pub(super) fn take_over(&self) -> bool {
        let Some(socket) = lock(&self.core).socket.clone() else {
            return false;
        };
        let mut read_half = socket.read_half();
        if read_half.owner != ReadOwner::JavaScript {
            return false;
        }
        socket.set_owner(ReadOwner::Engine, &mut read_half);
        drop(read_half);
        self.wake.notify_one();
        true
    }

    /// Reads once, at most so many bytes, if it is JavaScript's turn, and hands each message to `take`. How many bytes
    /// brought messages: these are to be delivered, then `delivered_on_js_thread` told.
    ///
    /// A panic ends the connection, as it does on the engine's thread: nobody would read it any more.
    pub fn read_on_js_thread(&self, most: usize, take: impl FnMut(Incoming<'_>)) -> Option<usize> {
        let mut bytes = None;
        if let Err(panic) = caught(|| self.read_once(most, take, &mut bytes)) {
            self.fail(&panic);
            self.wake.notify_one();
        }
        bytes
    }

    fn read_once(
        &self,
        most: usize,
        mut take: impl FnMut(Incoming<'_>),
        bytes: &mut Option<usize>,
    ) {
        let Some(socket) = lock(&self.core).socket.clone() else {
            return;
        };
        let mut read_half = socket.read_half();
        // Messages that the engine has read are delivered first.
        if read_half.owner != ReadOwner::JavaScript || !self.flow.is_drained() {
            return;
        }
        let mut control = with_scratch(|scratch| match socket.read(first(scratch, most)) {
            Ok(count @ 1..) => feed(
                &mut read_half.reader,
                &scratch[..count],
                &self.wanted,
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
            read_half.end = control.end.take();
            socket.set_owner(ReadOwner::Over, &mut read_half);
        }
        drop(read_half);
        let mut core = lock(&self.core);
        self.on_control(&mut core, socket.attempt, &control);
        let written_out = core.write_out(self.fast_paths);
        self.drain_outputs(&mut core, Vec::new());
        if over || !written_out {
            self.wake.notify_one();
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
        core.pong(&control.pings);
        for payload in control.receipts.iter() {
            core.outbox.pong(payload);
        }
        for number in &control.pongs {
            core.outbox.overtook(*number);
        }
        core.ask();
        if control.heard {
            core.send_rate.heard = true;
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

/// At most so many bytes of a buffer.
fn first(buffer: &mut [u8], most: usize) -> &mut [u8] {
    let most = most.min(buffer.len());
    &mut buffer[..most]
}
