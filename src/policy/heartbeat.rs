//! The heartbeat of an open connection: when to beat, and whether the beat was answered.

use super::{HeartbeatReply, HeartbeatSettings, Instant};

/// When the next beat is due, and what is awaited for the last.
#[derive(Clone, Debug)]
pub(super) struct Heartbeat {
    /// `None` while the heartbeat is off.
    beat_at: Option<Instant>,
    awaiting: Awaiting,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "browser", repr(u32))]
enum Awaiting {
    Nothing,
    /// A beat was sent.
    Reply {
        /// `None` where JavaScript has been asked and no beat was sent since.
        by: Option<Instant>,
        /// Something came since, and JavaScript has not said what.
        heard: bool,
        /// JavaScript has been asked, and has not said.
        asked: bool,
    },
}

/// What follows from a reply that is overdue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Overdue {
    /// The peer is silent.
    Dead,
    /// What came may be the reply: JavaScript is to say.
    Ask,
    /// JavaScript has been asked already.
    Asked,
}

impl Heartbeat {
    /// The heartbeat of a connection that opened at `now`: the first beat is one interval later.
    pub(super) fn new(settings: &HeartbeatSettings, now: Instant) -> Heartbeat {
        Heartbeat {
            beat_at: next_beat(settings, now),
            awaiting: Awaiting::Nothing,
        }
    }

    pub(super) fn beat_at(&self) -> Option<Instant> {
        self.beat_at
    }

    /// When silence is to be judged.
    pub(super) fn reply_by(&self) -> Option<Instant> {
        match self.awaiting {
            Awaiting::Nothing => None,
            Awaiting::Reply { by, .. } => by,
        }
    }

    /// Whether a beat is due; moves its time.
    ///
    /// A machine that slept through many beats gets one: the next counts from `now`. A reply that is awaited
    /// already keeps its limit: more beats buy a dead peer no time.
    pub(super) fn beat(&mut self, settings: &HeartbeatSettings, now: Instant) -> bool {
        let Some(beat_at) = self.beat_at.filter(|beat_at| *beat_at <= now) else {
            return false;
        };
        self.beat_at = next_beat(settings, beat_at)
            .filter(|next| *next > now)
            .or(next_beat(settings, now));
        self.awaiting = match self.awaiting {
            Awaiting::Reply { by: Some(_), .. } => self.awaiting,
            Awaiting::Reply { asked, .. } => Awaiting::reply(settings, asked, now),
            Awaiting::Nothing => Awaiting::reply(settings, false, now),
        };
        true
    }

    /// Judges a reply whose limit is reached.
    ///
    /// Where JavaScript decides what a reply is and something came, it has to be asked: it may be busy, and a peer
    /// must not die of that. Where nothing came, no busy JavaScript hides a reply.
    pub(super) fn judge(&mut self) -> Overdue {
        let Awaiting::Reply { heard, asked, .. } = self.awaiting else {
            return Overdue::Asked;
        };
        if !heard {
            self.awaiting = Awaiting::Nothing;
            return Overdue::Dead;
        }
        self.awaiting = Awaiting::Reply {
            by: None,
            heard,
            asked: true,
        };
        if asked { Overdue::Asked } else { Overdue::Ask }
    }

    /// A frame came.
    pub(super) fn received(&mut self, settings: &HeartbeatSettings) {
        match settings.reply {
            HeartbeatReply::AnyFrame => self.answered(),
            HeartbeatReply::Judged => {
                if let Awaiting::Reply { heard, .. } = &mut self.awaiting {
                    *heard = true;
                }
            }
        }
    }

    /// The reply came.
    pub(super) fn answered(&mut self) {
        self.awaiting = Awaiting::Nothing;
    }

    /// JavaScript has judged all that came before it was asked. Whether the reply is missing still.
    pub(super) fn judged(&mut self) -> bool {
        let missing = matches!(self.awaiting, Awaiting::Reply { asked: true, .. });
        if missing {
            self.awaiting = Awaiting::Nothing;
        }
        missing
    }

    /// Nothing was read until `now`: a reply that is awaited gets its whole time again.
    pub(super) fn resume(&mut self, settings: &HeartbeatSettings, now: Instant) {
        if let Awaiting::Reply { by, .. } = &mut self.awaiting
            && by.is_some()
        {
            *by = now.checked_add(settings.timeout);
        }
    }

    /// A beat that is planned keeps its time: new durations hold from the next one.
    pub(super) fn configure(
        &mut self,
        old: &HeartbeatSettings,
        new: &HeartbeatSettings,
        now: Instant,
    ) {
        match (old.interval, new.interval) {
            (None, Some(_)) => self.beat_at = next_beat(new, now),
            (_, None) => {
                self.beat_at = None;
                self.answered();
            }
            (Some(_), Some(_)) => {}
        }
        if old.reply != new.reply {
            self.answered();
        }
    }
}

impl Awaiting {
    fn reply(settings: &HeartbeatSettings, asked: bool, now: Instant) -> Awaiting {
        Awaiting::Reply {
            by: now.checked_add(settings.timeout),
            heard: false,
            asked,
        }
    }
}

/// `None` where the heartbeat is off, or the time is too far for the clock.
fn next_beat(settings: &HeartbeatSettings, now: Instant) -> Option<Instant> {
    settings
        .interval
        .and_then(|interval| now.checked_add(interval))
}

#[cfg(test)]
mod tests {
    use crate::policy::Duration;

    use super::*;
    use crate::policy::Beat;

    const SECOND: Duration = Duration::from_secs(1);
    const SETTINGS: HeartbeatSettings = HeartbeatSettings {
        interval: Some(Duration::from_secs(30)),
        timeout: Duration::from_secs(5),
        beat: Beat::Message,
        reply: HeartbeatReply::AnyFrame,
    };
    const JUDGED: HeartbeatSettings = HeartbeatSettings {
        reply: HeartbeatReply::Judged,
        ..SETTINGS
    };

    #[test]
    fn the_first_beat_is_one_interval_after_the_opening() {
        let start = Instant::from_micros(0.0);
        let mut heartbeat = Heartbeat::new(&SETTINGS, start);
        assert_eq!(heartbeat.beat_at(), Some(start + 30 * SECOND));
        assert!(!heartbeat.beat(&SETTINGS, start + 29 * SECOND));
        assert!(heartbeat.beat(&SETTINGS, start + 30 * SECOND));
        assert_eq!(heartbeat.beat_at(), Some(start + 60 * SECOND));
        assert_eq!(heartbeat.reply_by(), Some(start + 35 * SECOND));
    }

    #[test]
    fn a_peer_that_stays_silent_is_dead_when_the_limit_is_reached() {
        let (mut heartbeat, _) = beaten(&SETTINGS);
        assert_eq!(heartbeat.judge(), Overdue::Dead);
        assert_eq!(heartbeat.reply_by(), None);
    }

    #[test]
    fn a_peer_that_is_heard_in_time_lives_on() {
        let (mut heartbeat, _) = beaten(&SETTINGS);
        heartbeat.received(&SETTINGS);
        assert_eq!(heartbeat.reply_by(), None);
    }

    #[test]
    fn a_limit_starts_again_when_reading_does() {
        let (mut heartbeat, start) = beaten(&SETTINGS);
        heartbeat.resume(&SETTINGS, start + 50 * SECOND);
        assert_eq!(heartbeat.reply_by(), Some(start + 55 * SECOND));
    }

    #[test]
    fn without_an_interval_nothing_is_ever_due() {
        let off = HeartbeatSettings {
            interval: None,
            ..SETTINGS
        };
        let now = Instant::from_micros(0.0);
        let mut heartbeat = Heartbeat::new(&off, now);
        assert_eq!(heartbeat.beat_at(), None);
        assert!(!heartbeat.beat(&off, now + 3600 * SECOND));
    }

    #[test]
    fn turning_the_heartbeat_off_forgets_a_reply_that_was_awaited() {
        let off = HeartbeatSettings {
            interval: None,
            ..SETTINGS
        };
        let (mut heartbeat, start) = beaten(&SETTINGS);
        heartbeat.configure(&SETTINGS, &off, start);
        heartbeat.resume(&off, start);
        assert_eq!((heartbeat.beat_at(), heartbeat.reply_by()), (None, None));
    }

    #[test]
    fn silence_needs_no_judge() {
        let (mut heartbeat, _) = beaten(&JUDGED);
        assert_eq!(heartbeat.judge(), Overdue::Dead);
    }

    #[test]
    fn what_came_is_judged_by_javascript_however_late() {
        let (mut heartbeat, start) = beaten(&JUDGED);
        heartbeat.received(&JUDGED);
        assert_eq!(heartbeat.reply_by(), Some(start + 35 * SECOND));
        assert_eq!(heartbeat.judge(), Overdue::Ask);
        assert_eq!(heartbeat.reply_by(), None);
        assert!(heartbeat.judged());
        assert!(!heartbeat.judged());
    }

    #[test]
    fn an_answer_that_javascript_finds_ends_the_wait() {
        let (mut heartbeat, _) = beaten(&JUDGED);
        heartbeat.received(&JUDGED);
        heartbeat.judge();
        heartbeat.answered();
        assert!(!heartbeat.judged());
    }

    #[test]
    fn a_peer_that_falls_silent_while_javascript_is_asked_dies_of_the_next_beat() {
        let (mut heartbeat, start) = beaten(&JUDGED);
        heartbeat.received(&JUDGED);
        heartbeat.judge();
        heartbeat.beat(&JUDGED, start + 60 * SECOND);
        assert_eq!(heartbeat.reply_by(), Some(start + 65 * SECOND));
        assert_eq!(heartbeat.judge(), Overdue::Dead);
    }

    #[test]
    fn javascript_is_asked_once() {
        let (mut heartbeat, start) = beaten(&JUDGED);
        heartbeat.received(&JUDGED);
        assert_eq!(heartbeat.judge(), Overdue::Ask);
        heartbeat.beat(&JUDGED, start + 60 * SECOND);
        heartbeat.received(&JUDGED);
        assert_eq!(heartbeat.judge(), Overdue::Asked);
        assert!(heartbeat.judged());
    }

    /// A heartbeat that has beaten once, 30 s after the start, and awaits the reply.
    fn beaten(settings: &HeartbeatSettings) -> (Heartbeat, Instant) {
        let start = Instant::from_micros(0.0);
        let mut heartbeat = Heartbeat::new(settings, start);
        heartbeat.beat(settings, start + 30 * SECOND);
        (heartbeat, start)
    }
}
