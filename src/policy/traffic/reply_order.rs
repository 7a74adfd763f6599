//! Which notices of a call are told before it returns.

use crate::policy::{Event, Notice, State};

/// The order of the notices that one call of the user leads to, in which it is asked about each of them: the others queue
/// behind what JavaScript has not seen.
///
/// `CLOSING`, and a change of the circuit that is the call's own, are told at once in any case: the older ones of their kind
/// that are still under way are void by the call. What follows `CLOSING` always comes later, so that a handler which is added
/// after `close()` sees it, and all messages that have arrived come before. A `CLOSED` that ends nothing follows none.
#[derive(Debug)]
pub struct ReplyOrder {
    owned: bool,
    in_order: bool,
}

impl ReplyOrder {
    /// `is_drained`: nothing waits for JavaScript that the call could overtake. `owned`: what the call changes is the call's
    /// own, so that it makes void what says otherwise.
    pub fn new(is_drained: bool, owned: bool) -> ReplyOrder {
        ReplyOrder {
            owned,
            in_order: is_drained,
        }
    }

    /// Whether the next notice is told before the call returns.
    pub fn is_told_at_once(&mut self, notice: &Notice) -> bool {
        let is_closing = notice.event == Event::StateChange(State::Closing);
        let ends_life = notice.alive && notice.event == Event::StateChange(State::Closed);
        let is_of_circuit = matches!(notice.event, Event::CircuitChange(_));
        self.in_order &= !ends_life;
        let overtakes = self.owned && (is_closing || is_of_circuit);
        let is_told = self.in_order || overtakes;
        self.in_order &= !is_closing;
        is_told
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Circuit, CloseCode, Ending};

    const CLOSING: Event = Event::StateChange(State::Closing);
    const CLOSED: Event = Event::StateChange(State::Closed);
    const CONNECTING: Event = Event::StateChange(State::Connecting);
    const CIRCUIT: Event = Event::CircuitChange(Circuit::Open);

    fn close() -> Event {
        Event::Close(Ending {
            code: CloseCode::Frame(1000),
            reason: String::new(),
            was_clean: true,
        })
    }

    /// Which of the notices are told at once. Those of a client that lives on say so.
    fn told(mut order: ReplyOrder, events: &[(Event, bool)]) -> Vec<bool> {
        let notice = |(event, alive): &(Event, bool)| Notice {
            event: event.clone(),
            retry_count: 0,
            circuit_failures: 0,
            alive: *alive,
        };
        let notices = events.iter().map(notice);
        notices
            .map(|notice| order.is_told_at_once(&notice))
            .collect()
    }

    #[test]
    fn all_is_told_at_once_where_nothing_waits() {
        let events = [(CONNECTING, true), (CIRCUIT, true), (close(), false)];
        for owned in [false, true] {
            let order = ReplyOrder::new(true, owned);
            assert_eq!(told(order, &events), [true, true, true]);
        }
    }

    #[test]
    fn what_is_not_the_calls_own_queues_behind_what_waits() {
        let events = [(CONNECTING, true), (CIRCUIT, true), (CLOSING, true)];
        let order = ReplyOrder::new(false, false);
        assert_eq!(told(order, &events), [false, false, false]);
    }

    #[test]
    fn closing_and_the_circuit_that_are_the_calls_own_overtake_what_waits() {
        let events = [(close(), true), (CLOSING, true), (CIRCUIT, true)];
        let order = ReplyOrder::new(false, true);
        assert_eq!(told(order, &events), [false, true, true]);
    }

    #[test]
    fn what_follows_closing_comes_later() {
        let events = [
            (CLOSING, true),
            (CLOSED, true),
            (close(), false),
            (CIRCUIT, false),
        ];
        let order = ReplyOrder::new(true, true);
        assert_eq!(told(order, &events), [true, false, false, true]);
    }

    #[test]
    fn a_closed_that_ends_a_life_comes_later_and_one_that_ends_nothing_does_not() {
        let ends = [(CONNECTING, true), (CLOSED, true), (close(), false)];
        let order = ReplyOrder::new(true, true);
        assert_eq!(told(order, &ends), [true, false, false]);
        let order = ReplyOrder::new(true, true);
        assert_eq!(told(order, &[(CLOSED, false)]), [true]);
    }
}
