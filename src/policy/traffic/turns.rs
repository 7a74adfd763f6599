//! Of which client JavaScript is told next: of each in order, of all that have something by turns.

use std::collections::{HashMap, VecDeque};

/// One `take` hands over about this many bytes, so that timers of the user run between batches, and
/// little waits in JavaScript's heap: what survives its quick collections makes that heap grow.
const BATCH_BYTES: usize = 64 * 1024;

/// One `take` hands over about this many messages and notices: whoever has something to tell only then waits for their handlers.
const BATCH_ENTRIES: usize = 256;

/// A client whose turn it is hands over about this many bytes where others wait, …
const TURN_BYTES: usize = 16 * 1024;

/// … and about this many messages and notices.
const TURN_ENTRIES: usize = 128;

/// So many places of the lists stay allocated when nothing waits.
const KEPT: usize = 64;

/// Something that is told of a client.
pub trait Told {
    /// The client's name.
    fn client(&self) -> u32;

    /// The bytes that it costs until it is delivered.
    fn cost(&self) -> usize;

    /// What JavaScript gets of it one by one.
    fn entries(&self) -> usize;

    /// Whether it tells of the client's life, and so goes before the messages of others.
    fn is_of_life(&self) -> bool;
}

/// What waits to be told of several clients.
#[derive(Debug)]
pub struct Turns<T> {
    /// What there is of each client that has any, by its name, in order.
    waiting: HashMap<u32, VecDeque<T>>,
    /// Whose turn it is: first the clients of which the next thing tells of their life, …
    living: VecDeque<u32>,
    /// … then those that had nothing to tell a while ago, …
    fresh: VecDeque<u32>,
    /// … then those that have had a turn and have more to tell. Each client that has anything is in one of these.
    served: VecDeque<u32>,
}

impl<T> Default for Turns<T> {
    fn default() -> Turns<T> {
        Turns {
            waiting: HashMap::new(),
            living: VecDeque::new(),
            fresh: VecDeque::new(),
            served: VecDeque::new(),
        }
    }
}

impl<T: Told> Turns<T> {
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub fn push(&mut self, told: T) {
        let id = told.client();
        let waiting = self.waiting.entry(id).or_default();
        if waiting.is_empty() {
            let turns = if told.is_of_life() {
                &mut self.living
            } else {
                &mut self.fresh
            };
            turns.push_back(id);
        }
        waiting.push_back(told);
    }

    /// The next batch, which is empty only where nothing waits.
    pub fn take(&mut self) -> Vec<T> {
        let mut batch = Vec::new();
        let mut budget = Budget {
            bytes: BATCH_BYTES,
            entries: BATCH_ENTRIES,
        };
        let mut waited = self.served.len();
        while !budget.is_over()
            && let Some(turn) = self.next_turn(budget, &mut waited)
        {
            self.serve(turn, &mut budget, &mut batch);
        }
        if self.is_empty() {
            self.release_idle_memory();
        }
        batch
    }

    /// Of those that have `waited` since before the batch, the first have the end of it: those that go before them could always
    /// be there.
    fn next_turn(&mut self, budget: Budget, waited: &mut usize) -> Option<Turn> {
        let is_last = budget.entries <= TURN_ENTRIES || budget.bytes <= TURN_BYTES;
        if is_last && *waited > 0 {
            *waited -= 1;
            return self.served.pop_front().map(Turn::Message);
        }
        if let Some(id) = self.living.pop_front() {
            return Some(Turn::Life(id));
        }
        if let Some(id) = self.fresh.pop_front() {
            return Some(Turn::Message(id));
        }
        *waited = waited.saturating_sub(1);
        self.served.pop_front().map(Turn::Message)
    }

    /// Moves what one turn gives to the batch.
    fn serve(&mut self, turn: Turn, budget: &mut Budget, batch: &mut Vec<T>) {
        let (id, is_life) = match turn {
            Turn::Life(id) => (id, true),
            Turn::Message(id) => (id, false),
        };
        let Some(waiting) = self.waiting.get_mut(&id) else {
            return;
        };
        let others = [&self.living, &self.fresh, &self.served];
        let mut own = if others.iter().all(|turns| turns.is_empty()) {
            *budget
        } else {
            Budget {
                bytes: TURN_BYTES,
                entries: TURN_ENTRIES,
            }
        };
        while let Some(next) = waiting.front()
            && next.is_of_life() >= is_life
            && !own.is_over()
            && !budget.is_over()
        {
            own.use_up(next);
            budget.use_up(next);
            batch.extend(waiting.pop_front());
        }
        match waiting.front() {
            None => drop(self.waiting.remove(&id)),
            Some(next) if next.is_of_life() => self.living.push_back(id),
            Some(_) if is_life => self.fresh.push_back(id),
            Some(_) => self.served.push_back(id),
        }
    }

    /// Lets go of the memory that many clients at once have needed.
    fn release_idle_memory(&mut self) {
        self.waiting.shrink_to(KEPT);
        for turns in [&mut self.living, &mut self.fresh, &mut self.served] {
            turns.shrink_to(KEPT);
        }
    }
}

/// Whose turn it is: to tell of its life alone, or also its messages.
enum Turn {
    Life(u32),
    Message(u32),
}

/// What still fits into a batch, or into one turn of a client.
#[derive(Clone, Copy)]
struct Budget {
    bytes: usize,
    entries: usize,
}

impl Budget {
    fn is_over(self) -> bool {
        self.bytes == 0 || self.entries == 0
    }

    fn use_up(&mut self, told: &impl Told) {
        self.bytes = self.bytes.saturating_sub(told.cost());
        self.entries = self.entries.saturating_sub(told.entries());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Thing {
        client: u32,
        /// Of messages the number of their batch, of a notice none.
        number: Option<u8>,
        entries: usize,
        cost: usize,
    }

    impl Told for Thing {
        fn client(&self) -> u32 {
            self.client
        }

        fn cost(&self) -> usize {
            self.cost
        }

        fn entries(&self) -> usize {
            self.entries
        }

        fn is_of_life(&self) -> bool {
            self.number.is_none()
        }
    }

    /// A client that tells its messages by number.
    struct Teller {
        id: u32,
        told: u8,
    }

    impl Teller {
        fn new(id: u32) -> Teller {
            Teller { id, told: 0 }
        }

        /// So many messages of `size` bytes in one batch.
        fn messages(&mut self, entries: usize, size: usize) -> Thing {
            self.told = self.told.wrapping_add(1);
            Thing {
                client: self.id,
                number: Some(self.told),
                entries,
                cost: entries * size,
            }
        }

        fn notice(&self) -> Thing {
            Thing {
                client: self.id,
                number: None,
                entries: 1,
                cost: 64,
            }
        }
    }

    fn push(turns: &mut Turns<Thing>, things: impl IntoIterator<Item = Thing>) {
        things.into_iter().for_each(|thing| turns.push(thing));
    }

    /// A batch as `client:number` for messages and `client!` for notices.
    fn batch(turns: &mut Turns<Thing>) -> String {
        let words = turns.take().into_iter().map(|thing| match thing.number {
            Some(number) => format!("{}:{number}", thing.client),
            None => format!("{}!", thing.client),
        });
        words.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn one_alone_has_the_whole_batch() {
        let (mut turns, mut one) = (Turns::default(), Teller::new(1));
        push(&mut turns, (0..3).map(|_| one.messages(100, 1)));
        assert_eq!(batch(&mut turns), "1:1 1:2 1:3");
    }

    #[test]
    fn those_who_flood_take_turns() {
        let mut turns = Turns::default();
        let (mut one, mut two) = (Teller::new(1), Teller::new(2));
        push(&mut turns, (0..4).map(|_| one.messages(128, 1)));
        push(&mut turns, (0..4).map(|_| two.messages(128, 1)));
        for batch_number in 1..=4 {
            let both = format!("1:{batch_number} 2:{batch_number}");
            assert_eq!(batch(&mut turns), both);
        }
        assert_eq!(batch(&mut turns), "");
    }

    #[test]
    fn who_sends_large_messages_has_no_longer_turns() {
        let mut turns = Turns::default();
        let (mut one, mut two) = (Teller::new(1), Teller::new(2));
        push(&mut turns, (0..3).map(|_| one.messages(1, 20_000)));
        push(&mut turns, (0..3).map(|_| two.messages(1, 20_000)));
        assert_eq!(batch(&mut turns), "1:1 2:1 1:2 2:2");
    }

    #[test]
    fn who_was_silent_is_next() {
        let mut turns = Turns::default();
        let (mut flood, mut other, mut silent) = (Teller::new(1), Teller::new(2), Teller::new(3));
        push(&mut turns, (0..20).map(|_| flood.messages(128, 100)));
        push(&mut turns, (0..20).map(|_| other.messages(128, 100)));
        batch(&mut turns);
        push(&mut turns, [silent.messages(1, 100)]);
        assert!(batch(&mut turns).starts_with("3:1 "));
    }

    #[test]
    fn what_tells_of_a_life_goes_before_the_messages_of_others() {
        let mut turns = Turns::default();
        let (mut flood, mut silent, opening) = (Teller::new(1), Teller::new(2), Teller::new(3));
        push(&mut turns, (0..20).map(|_| flood.messages(128, 1)));
        batch(&mut turns);
        push(&mut turns, [silent.messages(1, 1)]);
        push(&mut turns, [opening.notice(), opening.notice()]);
        assert_eq!(batch(&mut turns), "3! 3! 2:1 1:3 1:4");
    }

    #[test]
    fn a_notice_never_overtakes_the_messages_of_its_client() {
        let mut turns = Turns::default();
        let (mut one, mut two) = (Teller::new(1), Teller::new(2));
        push(
            &mut turns,
            [one.messages(1, 1), one.notice(), one.messages(1, 1)],
        );
        push(&mut turns, [two.notice(), two.messages(1, 1), two.notice()]);
        assert_eq!(batch(&mut turns), "2! 1:1 1! 1:2 2:1 2!");
    }

    #[test]
    fn who_floods_is_not_starved_by_many_who_come_anew() {
        let mut turns = Turns::default();
        let mut flood = Teller::new(1);
        let mut others: Vec<Teller> = (2..400).map(Teller::new).collect();
        push(&mut turns, (0..10).map(|_| flood.messages(128, 1)));
        batch(&mut turns);
        for number in 3..6 {
            for other in &mut others {
                push(&mut turns, [other.notice(), other.messages(1, 1)]);
            }
            assert!(batch(&mut turns).contains(&format!("1:{number}")));
        }
    }

    /// Clients tell at random and JavaScript takes at random: each client's batches of messages come in order and whole.
    #[test]
    fn every_order_of_turns_keeps_the_order_of_each_client() {
        let mut turns = Turns::default();
        let mut tellers: Vec<Teller> = (0..5).map(Teller::new).collect();
        let mut expected = vec![Vec::new(); tellers.len()];
        let mut told = vec![Vec::new(); tellers.len()];
        let mut chance = 1_u32;
        let mut below = |limit: u32| {
            chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (chance >> 16) % limit
        };
        let mut hear = |words: String| {
            for word in words.split_whitespace() {
                let at = word[..1].parse::<usize>().unwrap();
                told[at].push(word[1..].to_owned());
            }
        };
        for _ in 0..5000 {
            let at = below(5) as usize;
            if below(3) == 0 {
                hear(batch(&mut turns));
            } else if below(3) == 0 {
                push(&mut turns, [tellers[at].notice()]);
                expected[at].push("!".to_owned());
            } else {
                let messages =
                    tellers[at].messages(1 + below(128) as usize, 1 + below(400) as usize);
                push(&mut turns, [messages]);
                expected[at].push(format!(":{}", tellers[at].told));
            }
        }
        while !turns.is_empty() {
            hear(batch(&mut turns));
        }
        assert_eq!(told, expected);
    }
}
