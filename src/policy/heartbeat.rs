//! The heartbeat of an open connection: finds out that a silent peer is gone.

use std::time::{Duration, Instant};

use super::Heartbeat;

/// When to beat, and until when the peer must have been heard.
#[derive(Clone, Debug)]
pub(super) struct Pulse {
    /// `None` while the heartbeat is off.
    beat_at: Option<Instant>,
    hearing: Hearing,
}

#[derive(Clone, Debug)]
enum Hearing {
    /// Silence past `reply_by` proves the peer dead.
    Listening { reply_by: Option<Instant> },
    /// Nothing is read from the socket: silence proves nothing.
    Deaf { reply_awaited: bool },
}

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    Nothing,
    Beat,
    /// The peer is not heard any more.
    Dead,
}

impl Pulse {
    /// The pulse of a connection that opened at `now`: the first beat is one interval later.
    pub(super) fn new(settings: &Heartbeat, now: Instant) -> Pulse {
        Pulse {
            beat_at: after(settings.interval, now),
            hearing: Hearing::Listening { reply_by: None },
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        let reply_by = match self.hearing {
            Hearing::Listening { reply_by } => reply_by,
            Hearing::Deaf { .. } => None,
        };
        [self.beat_at, reply_by].into_iter().flatten().min()
    }

    /// Says what is due, and moves or clears its deadline.
    ///
    /// A machine that slept through many beats gets one: the next counts from `now`. A reply limit
    /// that is due wins over a beat.
    pub(super) fn tick(&mut self, settings: &Heartbeat, now: Instant) -> Due {
        if let Hearing::Listening { reply_by } = &mut self.hearing
            && reply_by.is_some_and(|limit| limit <= now)
        {
            *reply_by = None;
            return Due::Dead;
        }
        let Some(beat_at) = self.beat_at.filter(|beat_at| *beat_at <= now) else {
            return Due::Nothing;
        };
        self.beat_at = after(settings.interval, beat_at)
            .filter(|next| *next > now)
            .or(after(settings.interval, now));
        self.await_reply(settings.timeout, now);
        Due::Beat
    }

    /// Any frame proves the peer alive.
    pub(super) fn received(&mut self) {
        match &mut self.hearing {
            Hearing::Listening { reply_by } => *reply_by = None,
            Hearing::Deaf { reply_awaited } => *reply_awaited = false,
        }
    }

    pub(super) fn pause(&mut self) {
        if let Hearing::Listening { reply_by } = self.hearing {
            self.hearing = Hearing::Deaf {
                reply_awaited: reply_by.is_some(),
            };
        }
    }

    /// A reply that was awaited gets its whole time again.
    pub(super) fn resume(&mut self, settings: &Heartbeat, now: Instant) {
        if let Hearing::Deaf { reply_awaited } = self.hearing {
            let reply_by = if reply_awaited {
                now.checked_add(settings.timeout)
            } else {
                None
            };
            self.hearing = Hearing::Listening { reply_by };
        }
    }

    /// A beat that is planned keeps its time: new durations hold from the next one.
    pub(super) fn configure(&mut self, old: &Heartbeat, new: &Heartbeat, now: Instant) {
        match (old.interval, new.interval) {
            (None, Some(_)) => self.beat_at = after(new.interval, now),
            (_, None) => {
                self.beat_at = None;
                self.received();
            }
            (Some(_), Some(_)) => {}
        }
    }

    /// A reply that is awaited already keeps its limit: more beats buy a dead peer no time.
    fn await_reply(&mut self, timeout: Duration, now: Instant) {
        match &mut self.hearing {
            Hearing::Listening { reply_by } => *reply_by = reply_by.or(now.checked_add(timeout)),
            Hearing::Deaf { reply_awaited } => *reply_awaited = true,
        }
    }
}

/// `None` where there is no duration, or the time is too far for the clock.
fn after(duration: Option<Duration>, now: Instant) -> Option<Instant> {
    duration.and_then(|duration| now.checked_add(duration))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const SETTINGS: Heartbeat = Heartbeat {
        interval: Some(Duration::from_secs(30)),
        timeout: Duration::from_secs(5),
    };

    #[test]
    fn the_first_beat_is_one_interval_after_the_opening() {
        let (mut pulse, start) = pulse();
        assert_eq!(pulse.deadline(), Some(start + 30 * SECOND));
        assert_eq!(pulse.tick(&SETTINGS, start + 29 * SECOND), Due::Nothing);
        assert_eq!(pulse.tick(&SETTINGS, start + 30 * SECOND), Due::Beat);
        assert_eq!(pulse.deadline(), Some(start + 35 * SECOND));
    }

    #[test]
    fn a_peer_that_stays_silent_is_dead_when_the_limit_is_reached() {
        let (mut pulse, start) = beaten();
        assert_eq!(pulse.tick(&SETTINGS, start + 34 * SECOND), Due::Nothing);
        assert_eq!(pulse.tick(&SETTINGS, start + 35 * SECOND), Due::Dead);
        assert_eq!(pulse.deadline(), Some(start + 60 * SECOND));
    }

    #[test]
    fn a_peer_that_is_heard_in_time_lives_on() {
        let (mut pulse, start) = beaten();
        pulse.received();
        assert_eq!(pulse.deadline(), Some(start + 60 * SECOND));
    }

    #[test]
    fn a_limit_is_suspended_while_nothing_is_read_and_starts_again_after() {
        let (mut pulse, start) = beaten();
        pulse.pause();
        pulse.pause();
        assert_eq!(pulse.tick(&SETTINGS, start + 40 * SECOND), Due::Nothing);
        pulse.resume(&SETTINGS, start + 50 * SECOND);
        assert_eq!(pulse.deadline(), Some(start + 55 * SECOND));
        pulse.resume(&SETTINGS, start + 51 * SECOND);
        assert_eq!(pulse.deadline(), Some(start + 55 * SECOND));
    }

    #[test]
    fn without_an_interval_nothing_is_ever_due() {
        let off = Heartbeat {
            interval: None,
            ..SETTINGS
        };
        let now = Instant::now();
        let mut pulse = Pulse::new(&off, now);
        assert_eq!(pulse.deadline(), None);
        assert_eq!(pulse.tick(&off, now + 3600 * SECOND), Due::Nothing);
    }

    #[test]
    fn turning_the_heartbeat_off_forgets_a_reply_that_was_awaited_also_while_nothing_is_read() {
        let off = Heartbeat {
            interval: None,
            ..SETTINGS
        };
        let (mut pulse, start) = beaten();
        pulse.pause();
        pulse.configure(&SETTINGS, &off, start);
        pulse.resume(&off, start);
        assert_eq!(pulse.deadline(), None);
    }

    fn pulse() -> (Pulse, Instant) {
        let start = Instant::now();
        (Pulse::new(&SETTINGS, start), start)
    }

    /// A pulse that has beaten once, 30 s after the start, and awaits the reply.
    fn beaten() -> (Pulse, Instant) {
        let (mut pulse, start) = pulse();
        pulse.tick(&SETTINGS, start + 30 * SECOND);
        (pulse, start)
    }
}
