//! What follows from who is alive: from a silent peer, from JavaScript that is blocked, from a machine that slept.

use super::Link;
use crate::policy::duration::{Count, Duration};
use crate::policy::peer_liveness::{Due, ProbeReason, Silence};
use crate::policy::phase::Phase;
use crate::policy::pings::payload;
use crate::policy::{
    Attempt, Beat, Chance, CloseCode, Ending, Event, Failure, IN_BROWSERS, Instant, Output,
    Question, Rtt, Settings,
};

/// The close code of a connection whose application does not run: one of those that are the users' own.
const BLOCKED: u16 = 4008;

const BLOCKED_REASON: &str = "event loop blocked";

impl<C: Chance> Link<C> {
    /// Pings the peer for the user, and tells the number under which [`Event::Pinged`] will tell what became of it, unless the
    /// connection ends before. `None` where no connection is open.
    pub fn ping(&mut self, now: Instant) -> Option<Count> {
        let Phase::Open { liveness, .. } = &mut self.phase else {
            return None;
        };
        self.ping += 1;
        let limit = self.settings.heartbeat.timeout;
        liveness.pings.asked(self.ping, limit, now);
        let payload = payload(self.ping);
        self.outputs.used().push(Output::Ping { payload });
        Some(self.ping)
    }

    /// The round trips of the connection that is open, or was last; `None` before the first.
    pub fn rtt(&self) -> Option<Rtt> {
        self.round_trips.summary()
    }

    /// Until when JavaScript must have run, where that matters.
    pub(super) fn block_deadline(&self) -> Option<Instant> {
        if IN_BROWSERS {
            return None;
        }
        let Phase::Open { .. } = self.phase else {
            return None;
        };
        self.event_loop_alive_at?
            .checked_add(self.settings.liveness.max_block?)
    }

    pub(super) fn carry_out(&mut self, due: Due, attempt: Attempt, now: Instant) {
        match due {
            Due::Nothing => {}
            Due::Beat => match self.settings.heartbeat.beat {
                Beat::Message => self.outputs.used().push(Output::Beat),
                Beat::Ping => self.ping_unasked(now),
            },
            Due::Ask => self.tell(Event::Asked(Question::WasAnswered { attempt })),
            Due::Expired(number) => self.tell(Event::Pinged { number, rtt: None }),
            Due::Dead(silence) => self.silenced(silence, now),
        }
    }

    pub(super) fn configure_vigil(&mut self, new: &Settings, now: Instant) {
        if !IN_BROWSERS && self.settings.liveness.max_block.is_none() {
            // Who turns it on runs.
            self.event_loop_alive_at = Some(now);
        }
        if let Phase::Open { liveness, .. } = &mut self.phase {
            liveness.configure(&self.settings, new, now);
        }
    }

    pub(super) fn ponged(&mut self, attempt: Attempt, number: Count, now: Instant) {
        if IN_BROWSERS {
            return;
        }
        let Some(liveness) = self.phase.liveness(attempt) else {
            return;
        };
        let (measured, answered) = liveness.pings.ponged(number, now);
        if let Some(rtt) = measured {
            self.round_trips.add(rtt);
        }
        for (number, rtt) in answered {
            let rtt = Some(rtt);
            self.tell(Event::Pinged { number, rtt });
        }
    }

    pub(super) fn judged(&mut self, attempt: Attempt, now: Instant) {
        if self
            .phase
            .liveness(attempt)
            .is_some_and(|liveness| liveness.judged())
        {
            self.silenced(Silence::Heartbeat, now);
        }
    }

    /// A client whose JavaScript was blocked goes on when that runs again.
    pub(super) fn event_loop_alive(&mut self, at: Instant, now: Instant) {
        if IN_BROWSERS {
            return;
        }
        self.event_loop_alive_at = self.event_loop_alive_at.max(Some(at));
        if let Phase::Stalled { since } = self.phase
            && since < at
        {
            let lasted = at - since;
            self.tell(Event::Blocked { lasted });
            self.retry(now);
        }
    }

    /// Leaves a connection for which nobody is at home: heartbeats would vouch for an application that does not run.
    ///
    /// No other is made before JavaScript runs. The peer is not to blame: it is no failure.
    pub(super) fn stall(&mut self, now: Instant) {
        let reason = BLOCKED_REASON.to_owned();
        self.outputs.used().push(Output::Leave {
            code: BLOCKED,
            reason: reason.clone(),
        });
        let ending = Ending {
            code: CloseCode::Frame(BLOCKED),
            reason,
            was_clean: false,
        };
        if self.manual_close {
            return self.end(ending, None, now);
        }
        self.begin_outage(true, now);
        self.enter(Phase::Stalled {
            since: self.event_loop_alive_at.unwrap_or(now),
        });
        self.tell(Event::Close(ending));
        self.tell(Event::Asked(Question::EventLoopAlive));
    }

    /// The engine does not read for now, or does again.
    pub(super) fn paused(&mut self, attempt: Attempt, pauses: bool, now: Instant) {
        if let Phase::Initializing {
            attempt: current,
            paused,
            ..
        } = &mut self.phase
            && *current == attempt
        {
            *paused = pauses;
        }
        match self.phase.liveness(attempt) {
            Some(liveness) if pauses => liveness.pause(),
            Some(liveness) => liveness.resume(&self.settings, now),
            None => {}
        }
    }

    pub(super) fn woke(&mut self, slept: Duration, now: Instant) {
        if self.settings.liveness.detect_sleep && self.is_alive() {
            self.tell(Event::Wake { slept });
            self.probe(ProbeReason::Slept, now);
            self.hurry(now);
        }
    }

    pub(super) fn network_changed(&mut self, now: Instant) {
        if self.settings.liveness.detect_sleep && self.is_alive() {
            self.tell(Event::Network);
            self.probe(ProbeReason::Network, now);
            self.hurry(now);
        }
    }

    pub(super) fn probe(&mut self, reason: ProbeReason, now: Instant) {
        if let Phase::Open { liveness, .. } = &mut self.phase
            && liveness.probe(reason, now)
        {
            self.ping_unasked(now);
        }
    }

    fn ping_unasked(&mut self, now: Instant) {
        if let Phase::Open { liveness, .. } = &mut self.phase {
            if IN_BROWSERS {
                // A page asks by a message, and nobody waits for a pong.
                return self.outputs.used().push(Output::Ping { payload: [0; 8] });
            }
            self.ping += 1;
            liveness.pings.sent(self.ping, now);
            let payload = payload(self.ping);
            self.outputs.used().push(Output::Ping { payload });
        }
    }

    fn silenced(&mut self, silence: Silence, now: Instant) {
        self.fail(Failure::new(silence.code(), silence.message()), now);
        self.cut(now);
    }
}
