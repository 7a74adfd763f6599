//! Whether the peer of an open connection lives: its heartbeat, its silence, its answers to pings.

use super::heartbeat::{Heartbeat, Overdue};
use super::pings::Pings;
use super::time::earliest;
use super::{HeartbeatSettings, Instant, Settings};
use crate::policy::duration::{Count, Duration, millis, with_number};

/// How long a peer that is asked after sleep or a change of the network may stay silent.
const PROBE: Duration = Duration::from_secs(3);

/// What is known of the peer of one open connection, and until when it may stay silent.
#[derive(Clone, Debug)]
pub(super) struct PeerLiveness {
    heartbeat: Heartbeat,
    pub(super) pings: Pings,
    heard_at: Instant,
    /// When silence since `heard_at` is looked at; earlier than its limit where something came since.
    idle_at: Option<Instant>,
    probe: Option<Probe>,
    hearing: Hearing,
}

#[derive(Clone, Debug)]
struct Probe {
    reason: ProbeReason,
    until: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
enum Hearing {
    Listening,
    /// Nothing is read from the socket: silence proves nothing.
    Deaf,
}

/// Why a peer that has not failed a heartbeat is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ProbeReason {
    Slept,
    Network,
    /// The page was hidden, late or offline.
    Page,
}

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "browser", repr(u32))]
pub(super) enum Due {
    Nothing,
    Beat,
    /// JavaScript is to say whether what came answers the heartbeat.
    Ask,
    /// The ping of the user with this number has no answer within its limit.
    Expired(Count),
    Dead(Silence),
}

/// What the peer of a lost connection was silent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "browser", repr(u32))]
pub(super) enum Silence {
    Heartbeat,
    Idle(Duration),
    Probe(ProbeReason),
}

impl Silence {
    pub(super) fn code(self) -> &'static str {
        match self {
            Silence::Heartbeat => "WSR_ERR_HEARTBEAT",
            Silence::Idle(_) => "WSR_ERR_IDLE_TIMEOUT",
            Silence::Probe(_) => "WSR_ERR_PROBE_TIMEOUT",
        }
    }

    pub(super) fn message(self) -> String {
        match self {
            Silence::Heartbeat => "Heartbeat timeout - connection appears stale".to_owned(),
            Silence::Idle(limit) => {
                with_number("Nothing received for ", millis(limit), " ms (idleTimeout)")
            }
            Silence::Probe(reason) => {
                let after = match reason {
                    ProbeReason::Slept => " ms after the machine slept",
                    ProbeReason::Network => " ms after the network changed",
                    ProbeReason::Page => " ms after the page was hidden, late or offline",
                };
                with_number("No answer within ", millis(PROBE), after)
            }
        }
    }
}

impl PeerLiveness {
    /// For a connection that opened at `now`.
    pub(super) fn new(settings: &Settings, now: Instant) -> PeerLiveness {
        PeerLiveness {
            heartbeat: Heartbeat::new(&settings.heartbeat, now),
            pings: Pings::default(),
            heard_at: now,
            idle_at: after(now, settings.liveness.idle_timeout),
            probe: None,
            hearing: Hearing::Listening,
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        let beat_at = self.heartbeat.beat_at();
        match self.hearing {
            Hearing::Listening => {
                let probe = self.probe.as_ref().and_then(|probe| probe.until);
                let asked = earliest(self.heartbeat.reply_by(), self.pings.deadline());
                earliest(earliest(beat_at, asked), earliest(self.idle_at, probe))
            }
            Hearing::Deaf => beat_at,
        }
    }

    /// Says what is due, and moves or clears its deadline. A limit that is due wins over a beat.
    pub(super) fn tick(&mut self, settings: &Settings, now: Instant) -> Due {
        if let Hearing::Listening = self.hearing
            && let Some(due) = self.overdue(settings, now)
        {
            return due;
        }
        if self.heartbeat.beat(&settings.heartbeat, now) {
            Due::Beat
        } else {
            Due::Nothing
        }
    }

    fn overdue(&mut self, settings: &Settings, now: Instant) -> Option<Due> {
        let is_due = |limit: Option<Instant>| limit.is_some_and(|limit| limit <= now);
        if is_due(self.heartbeat.reply_by()) {
            match self.heartbeat.judge() {
                Overdue::Dead => return Some(Due::Dead(Silence::Heartbeat)),
                Overdue::Ask => return Some(Due::Ask),
                Overdue::Asked => {}
            }
        }
        if let Some(probe) = self.probe.take_if(|probe| is_due(probe.until)) {
            return Some(Due::Dead(Silence::Probe(probe.reason)));
        }
        if is_due(self.idle_at) {
            let limit = settings.liveness.idle_timeout;
            self.idle_at = after(self.heard_at, limit).filter(|idle_at| *idle_at > now);
            if let (None, Some(limit)) = (self.idle_at, limit) {
                return Some(Due::Dead(Silence::Idle(limit)));
            }
        }
        self.pings.expired(now).map(Due::Expired)
    }

    /// A frame came: that ends all doubt but that of a heartbeat whose reply JavaScript judges.
    pub(super) fn received(&mut self, settings: &HeartbeatSettings, now: Instant) {
        self.heard_at = now;
        self.probe = None;
        self.heartbeat.received(settings);
    }

    pub(super) fn answered(&mut self) {
        self.heartbeat.answered();
    }

    /// JavaScript has judged all that came before it was asked. Whether the peer is dead by that.
    pub(super) fn judged(&mut self) -> bool {
        self.heartbeat.judged()
    }

    /// Starts to wait for any frame. Whether a ping has to ask for one: not where a probe waits already.
    pub(super) fn probe(&mut self, reason: ProbeReason, now: Instant) -> bool {
        let asks = self.probe.is_none();
        self.probe.get_or_insert(Probe {
            reason,
            until: now.checked_add(PROBE),
        });
        asks
    }

    pub(super) fn pause(&mut self) {
        self.hearing = Hearing::Deaf;
    }

    /// What was waited for gets its whole time again.
    pub(super) fn resume(&mut self, settings: &Settings, now: Instant) {
        let Hearing::Deaf = self.hearing else { return };
        self.hearing = Hearing::Listening;
        self.heard_at = now;
        self.idle_at = after(now, settings.liveness.idle_timeout);
        self.heartbeat.resume(&settings.heartbeat, now);
        self.pings.resume(settings.heartbeat.timeout, now);
        if let Some(probe) = &mut self.probe {
            probe.until = now.checked_add(PROBE);
        }
    }

    pub(super) fn configure(&mut self, old: &Settings, new: &Settings, now: Instant) {
        self.heartbeat
            .configure(&old.heartbeat, &new.heartbeat, now);
        if old.liveness.idle_timeout != new.liveness.idle_timeout {
            self.idle_at = after(self.heard_at, new.liveness.idle_timeout);
        }
    }
}

/// `None` where there is no limit, or the time is too far for the clock.
fn after(since: Instant, limit: Option<Duration>) -> Option<Instant> {
    limit.and_then(|limit| since.checked_add(limit))
}
