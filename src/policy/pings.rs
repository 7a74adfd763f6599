//! The pings of one connection that wait for their pong.

use super::{IN_BROWSERS, Instant, Rare};
use crate::policy::duration::{Count, Duration};

/// The first byte of the payloads of our pings: a pong with another one answers somebody else's.
const OURS: u8 = 1;

/// The first byte of the payloads of receipts.
pub(super) const RECEIPT: u8 = 2;

/// Numbers fill the rest of the payload.
const NUMBERS: u64 = 1 << 56;

/// What a ping carries: its kind in the first byte, its number in the others.
#[allow(clippy::unnecessary_cast, reason = "a count is narrower in browsers")]
pub(super) fn payload(number: Count) -> [u8; 8] {
    let mut payload = (number as u64 % NUMBERS).to_be_bytes();
    payload[0] = OURS;
    payload
}

/// The number of the ping of ours that a pong with this payload answers.
pub fn ping_number(payload: &[u8]) -> Option<u64> {
    let mut bytes: [u8; 8] = payload.try_into().ok()?;
    if bytes[0] != OURS {
        return None;
    }
    bytes[0] = 0;
    Some(u64::from_be_bytes(bytes))
}

/// Whether a pong with this payload answers the ping of a receipt, which nobody but the engine is told of.
pub fn is_receipt(payload: &[u8]) -> bool {
    payload.len() == 9 && payload[0] == RECEIPT
}

/// The pings of one connection that wait for their pong.
#[derive(Clone, Debug, Default)]
pub(super) struct Pings {
    /// The latest one that the policy sent for itself. Older ones are not waited for: a peer may answer the
    /// latest alone (RFC 6455, 5.5.3).
    own: Option<Sent>,
    /// Those of the user, oldest first. Their limits bound their number.
    asked: Rare<Vec<Asked>>,
}

#[derive(Clone, Copy, Debug)]
struct Sent {
    number: Count,
    at: Instant,
}

#[derive(Clone, Debug)]
struct Asked {
    sent: Sent,
    /// `None` is one too far for the clock.
    until: Option<Instant>,
}

impl Pings {
    pub(super) fn sent(&mut self, number: Count, now: Instant) {
        self.own = Some(Sent { number, at: now });
    }

    pub(super) fn asked(&mut self, number: Count, limit: Duration, now: Instant) {
        self.asked.used().push(Asked {
            sent: Sent { number, at: now },
            until: now.checked_add(limit),
        });
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        if IN_BROWSERS {
            return None;
        }
        let asked = self.asked.get()?;
        asked.iter().filter_map(|ping| ping.until).min()
    }

    /// Takes a ping of the user whose limit has passed.
    pub(super) fn expired(&mut self, now: Instant) -> Option<Count> {
        if IN_BROWSERS {
            return None;
        }
        let asked = self.asked.get_mut()?;
        let index = asked
            .iter()
            .position(|ping| ping.until.is_some_and(|until| until <= now))?;
        Some(asked.remove(index).sent.number)
    }

    /// The limits have their whole time again.
    pub(super) fn resume(&mut self, limit: Duration, now: Instant) {
        if IN_BROWSERS {
            return;
        }
        for ping in self.asked.get_mut().into_iter().flatten() {
            ping.until = now.checked_add(limit);
        }
    }

    /// Takes a pong: how long the ping `number` took, and the pings of the user that are answered by it, with
    /// the time of each. A pong answers all pings before it.
    pub(super) fn ponged(
        &mut self,
        number: Count,
        now: Instant,
    ) -> (Option<Duration>, Vec<(Count, Duration)>) {
        let own = self.own.take_if(|sent| sent.number <= number);
        let answered: Vec<Sent> = self.asked.get_mut().map_or_else(Vec::new, |asked| {
            let count = asked
                .iter()
                .take_while(|ping| ping.sent.number <= number)
                .count();
            asked.drain(..count).map(|ping| ping.sent).collect()
        });
        let took = |sent: &Sent| now.saturating_duration_since(sent.at);
        let exact = own
            .iter()
            .chain(&answered)
            .find(|sent| sent.number == number)
            .map(took);
        let answers = answered
            .iter()
            .map(|sent| (sent.number, took(sent)))
            .collect();
        (exact, answers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(5);

    fn ms(value: u64) -> Duration {
        Duration::from_millis(value)
    }

    #[test]
    fn a_payload_tells_its_number_and_those_of_others_tell_none() {
        assert_eq!(payload(258), [1, 0, 0, 0, 0, 0, 1, 2]);
        assert_eq!(ping_number(&payload(258)), Some(258));
        assert_eq!(ping_number(&[2, 0, 0, 0, 0, 0, 1, 2]), None);
        assert_eq!(ping_number(&[1, 0, 0]), None);
        assert_eq!(ping_number(b""), None);
        assert!(is_receipt(&[2; 9]));
        assert!(!is_receipt(&payload(2)) && !is_receipt(&[2; 8]) && !is_receipt(b""));
    }

    #[test]
    fn a_pong_answers_the_pings_before_it_and_measures_its_own() {
        let start = Instant::from_micros(0.0);
        let mut pings = Pings::default();
        pings.asked(1, LIMIT, start);
        pings.asked(2, LIMIT, start + ms(10));
        pings.asked(3, LIMIT, start + ms(20));
        let (measured, answered) = pings.ponged(2, start + ms(30));
        assert_eq!(measured, Some(ms(20)));
        assert_eq!(answered, [(1, ms(30)), (2, ms(20))]);
        assert_eq!(
            pings.ponged(3, start + ms(40)),
            (Some(ms(20)), vec![(3, ms(20))])
        );
    }

    #[test]
    fn a_pong_that_comes_twice_or_was_not_asked_for_measures_nothing() {
        let start = Instant::from_micros(0.0);
        let mut pings = Pings::default();
        assert_eq!(pings.ponged(9, start), (None, vec![]));
        pings.sent(10, start);
        assert_eq!(pings.ponged(10, start + ms(3)), (Some(ms(3)), vec![]));
        assert_eq!(pings.ponged(10, start + ms(4)), (None, vec![]));
    }

    #[test]
    fn a_ping_without_its_pong_expires_at_its_limit() {
        let start = Instant::from_micros(0.0);
        let mut pings = Pings::default();
        pings.asked(1, LIMIT, start);
        pings.asked(2, ms(100), start);
        assert_eq!(pings.deadline(), Some(start + ms(100)));
        assert_eq!(pings.expired(start + ms(99)), None);
        assert_eq!(pings.expired(start + ms(100)), Some(2));
        assert_eq!(pings.deadline(), Some(start + LIMIT));
    }
}
