//! Messages as rows: texts one by one, binaries by the chunk.

use std::borrow::Cow;

use napi::{Error, Result};

use super::protocol::RowKind;
use super::rows::{Make, Row, Rows};
use crate::engine::{Incoming, IncomingKind, MessageBatch};

/// Binaries share a chunk up to this size, as the small Buffers of Node share its pool: a message that
/// is kept keeps no more than this alive.
const CHUNK: usize = 8 * 1024;

/// Binaries from this size on get a chunk of their own.
const OWN_CHUNK: usize = CHUNK / 2;

/// Messages of one row at most.
const LONGEST: usize = 1024;

/// Makes rows of the messages of one client as they come. A message that cannot be made is left out, and told of at the end.
pub struct Messages<'a, M: Make> {
    rows: &'a mut Rows<M>,
    client: u32,
    at: f64,
    /// The row of texts that is being made, and their bytes.
    texts: Option<Row>,
    text_bytes: usize,
    /// The row of binaries that is being made.
    chunk: Vec<u8>,
    lengths: Vec<usize>,
    failed: Option<Error>,
}

impl<'a, M: Make> Messages<'a, M> {
    pub fn new(rows: &'a mut Rows<M>, client: u32, at: f64) -> Messages<'a, M> {
        Messages {
            rows,
            client,
            at,
            texts: None,
            text_bytes: 0,
            chunk: Vec::new(),
            lengths: Vec::new(),
            failed: None,
        }
    }

    #[inline]
    pub fn push(&mut self, message: Incoming<'_>) {
        let made = match message {
            Incoming::Text(text) => self.text(text.as_bytes()),
            Incoming::Binary(Cow::Borrowed(bytes)) => self.binary(bytes),
            Incoming::Binary(Cow::Owned(bytes)) => self.owned(bytes),
            Incoming::Ping(payload) => self.control(RowKind::Ping, payload),
            Incoming::Pong(payload) => self.control(RowKind::Pong, payload),
        };
        self.note(made);
    }

    pub fn run(&mut self, batch: MessageBatch) {
        let MessageBatch {
            kind,
            bytes,
            lengths,
        } = batch;
        if kind == IncomingKind::Binary && lengths.len() == 1 {
            let made = self.owned(bytes);
            return self.note(made);
        }
        let mut rest = &bytes[..];
        for length in lengths {
            let (message, behind) = rest.split_at(length);
            rest = behind;
            let made = match kind {
                IncomingKind::Text => self.text(message),
                IncomingKind::Binary => self.binary(message),
                IncomingKind::Ping => self.control(RowKind::Ping, message),
                IncomingKind::Pong => self.control(RowKind::Pong, message),
            };
            self.note(made);
        }
    }

    /// Ends the row that is being made. Why a message could not be made, if one could not.
    pub fn finish(mut self) -> Result<()> {
        self.end_rows();
        self.failed.map_or(Ok(()), Err)
    }

    #[inline]
    fn note(&mut self, made: Result<()>) {
        if let Err(error) = made {
            self.failed.get_or_insert(error);
        }
    }

    fn end_rows(&mut self) {
        if let Some(texts) = self.texts.take() {
            let ended = self.rows.end_with(texts, self.text_bytes as f64);
            self.note(ended);
            self.text_bytes = 0;
        }
        if !self.lengths.is_empty() {
            let (client, at) = (self.client, self.at);
            let (chunk, lengths) = (&self.chunk, &self.lengths);
            let made = self.rows.row(client, RowKind::Binaries, at, |rows| {
                rows.copy(chunk)?;
                rows.numbers(lengths)
            });
            self.note(made);
            self.chunk.clear();
            self.lengths.clear();
        }
    }

    #[inline]
    fn text(&mut self, bytes: &[u8]) -> Result<()> {
        let begun = self.texts.as_ref();
        if begun.is_none_or(|row| self.rows.length(row) > LONGEST) {
            self.end_rows();
            let begun = self.rows.begin(self.client, RowKind::Texts, self.at)?;
            self.rows.hold_first(&begun);
            self.texts = Some(begun);
        }
        self.rows.utf8(bytes)?;
        self.text_bytes += bytes.len();
        Ok(())
    }

    fn binary(&mut self, bytes: &[u8]) -> Result<()> {
        if bytes.len() >= OWN_CHUNK {
            return self.alone(bytes.len(), |rows| rows.copy(bytes));
        }
        let full = self.chunk.len() + bytes.len() > CHUNK || self.lengths.len() == LONGEST;
        if full || self.texts.is_some() {
            self.end_rows();
        }
        if self.lengths.is_empty() {
            // At once, for what is likely to follow.
            self.chunk.reserve(CHUNK);
        }
        self.chunk.extend_from_slice(bytes);
        self.lengths.push(bytes.len());
        Ok(())
    }

    fn owned(&mut self, bytes: Vec<u8>) -> Result<()> {
        if bytes.len() < OWN_CHUNK {
            return self.binary(&bytes);
        }
        self.alone(bytes.len(), |rows| rows.give(bytes))
    }

    /// A row of one binary message.
    fn alone(
        &mut self,
        length: usize,
        chunk: impl FnOnce(&mut Rows<M>) -> Result<()>,
    ) -> Result<()> {
        self.end_rows();
        let (client, at) = (self.client, self.at);
        self.rows.row(client, RowKind::Binaries, at, |rows| {
            chunk(rows)?;
            rows.number(length as f64)
        })
    }

    fn control(&mut self, kind: RowKind, payload: &[u8]) -> Result<()> {
        self.end_rows();
        let (client, at) = (self.client, self.at);
        self.rows.row(client, kind, at, |rows| rows.copy(payload))
    }
}

#[cfg(test)]
mod tests {
    use napi::Status;

    use super::*;
    use crate::binding::needs::Need;
    use crate::binding::protocol::{DeliveryOutcome, Notice};
    use crate::policy::{self, Event};

    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Value {
        Number(f64),
        Text(&'static str),
        Chunk(usize),
        Object,
    }

    use Value::{Chunk, Number, Object, Text};

    impl Value {
        fn number(&self) -> usize {
            match self {
                Number(number) => *number as usize,
                Text(_) | Chunk(_) | Object => panic!("{self:?} is no number"),
            }
        }

        fn text(&self) -> String {
            match self {
                Text(text) => (*text).to_owned(),
                Number(_) | Chunk(_) | Object => panic!("{self:?} is no text"),
            }
        }
    }

    /// Fails to make one of the values.
    struct Memory {
        made: usize,
        fails_at: usize,
    }

    impl Memory {
        fn make(&mut self, value: Value) -> Result<Value> {
            self.made += 1;
            if self.made - 1 == self.fails_at {
                Err(Error::from_status(Status::GenericFailure))
            } else {
                Ok(value)
            }
        }
    }

    impl Make for Memory {
        type Value = Value;

        fn number(&mut self, number: f64) -> Result<Value> {
            self.make(Number(number))
        }

        fn text(&mut self, text: &[u8]) -> Result<Value> {
            let known = ["a", "b", "c"]
                .into_iter()
                .find(|known| known.as_bytes() == text);
            self.make(Text(known.unwrap_or("?")))
        }

        fn copy(&mut self, bytes: &[u8]) -> Result<Value> {
            self.make(Chunk(bytes.len()))
        }

        fn give(&mut self, bytes: Vec<u8>) -> Result<Value> {
            self.make(Chunk(bytes.len()))
        }

        fn notice(&mut self, _: Notice) -> Result<Value> {
            self.make(Object)
        }

        fn outcome(&mut self, _: DeliveryOutcome) -> Result<Value> {
            self.make(Object)
        }

        fn need(&mut self, _: Need) -> Result<Value> {
            self.make(Object)
        }
    }

    /// What JavaScript reads of rows, as it does: by the lengths in them.
    fn told(mut values: &[Value]) -> Vec<String> {
        let mut told = Vec::new();
        while let [client, kind, at, length, rest @ ..] = values {
            assert_eq!((*client, *at), (Number(7.0), Number(0.5)));
            let (row, behind) = rest.split_at(length.number());
            let is = |other: RowKind| kind.number() == other as usize;
            if is(RowKind::Texts) {
                let texts = row[1..].iter().map(Value::text);
                let texts: Vec<String> = texts.collect();
                assert_eq!(row[0].number(), texts.concat().len());
                told.extend(texts);
            } else if is(RowKind::Binaries) {
                let lengths: Vec<usize> = row[1..].iter().map(Value::number).collect();
                assert_eq!(row[0], Chunk(lengths.iter().sum()));
                told.extend(lengths.iter().map(|length| format!("<{length}>")));
            } else {
                told.push(format!("{row:?}"));
            }
            values = behind;
        }
        assert!(values.is_empty(), "{values:?} is left over");
        told
    }

    /// Rows of messages, of a notice between them, and of an outcome at the end.
    fn rows(fails_at: usize) -> (Rows<Memory>, Result<()>) {
        let mut rows = Rows::by(Memory { made: 0, fails_at });
        let mut messages = Messages::new(&mut rows, 7, 0.5);
        for text in ["a", "b"] {
            messages.push(Incoming::Text(text.into()));
        }
        for length in [1, 2] {
            messages.push(Incoming::Binary(Cow::Owned(vec![0; length])));
        }
        let first = messages.finish();
        let second = rows.notice(
            7,
            0.5,
            3,
            policy::Notice {
                event: Event::Network,
                retry_count: 0,
                circuit_failures: 0,
                alive: true,
            }
            .into(),
        );
        let mut messages = Messages::new(&mut rows, 7, 0.5);
        messages.push(Incoming::Ping(b"ping"));
        messages.push(Incoming::Binary(Cow::Owned(vec![0; OWN_CHUNK])));
        messages.push(Incoming::Text("c".into()));
        let third = messages.finish();
        let last = rows.outcome(7, 0.5, DeliveryOutcome::Drained);
        (rows, first.and(second).and(third).and(last))
    }

    #[test]
    fn messages_become_rows_in_their_order() {
        let (rows, finished) = rows(usize::MAX);
        assert!(finished.is_ok());
        assert_eq!(
            told(rows.values()),
            [
                "a",
                "b",
                "<1>",
                "<2>",
                "[Number(3.0), Object]",
                "[Chunk(4)]",
                "<4096>",
                "c",
                "[Object]"
            ]
        );
    }

    #[test]
    fn a_value_that_cannot_be_made_costs_its_row_at_most_and_is_told() {
        let (whole, _) = rows(usize::MAX);
        let all = told(whole.values());
        let values = whole.values().len();
        for fails_at in 0..values {
            let (rows, finished) = rows(fails_at);
            assert!(finished.is_err(), "{fails_at}");
            let mut rest = all.iter();
            let told = told(rows.values());
            // In order, and nothing that was not sent.
            assert!(
                told.iter().all(|one| rest.any(|other| other == one)),
                "{told:?}"
            );
            assert!(told.len() >= all.len() - 2, "{fails_at}: {told:?}");
        }
        let (_, finished) = rows(values);
        assert!(finished.is_ok(), "there are no more values");
    }

    #[test]
    fn a_length_that_comes_again_is_made_once() {
        let mut rows = Rows::by(Memory {
            made: 0,
            fails_at: usize::MAX,
        });
        let mut messages = Messages::new(&mut rows, 7, 0.5);
        for length in [2, 2, 2, 1] {
            messages.push(Incoming::Binary(Cow::Owned(vec![0; length])));
        }
        messages.finish().unwrap();
        assert_eq!(told(rows.values()), ["<2>", "<2>", "<2>", "<1>"]);
        // The head of the row, its length, the chunk, and two lengths.
        assert_eq!(rows.maker.made, 3 + 1 + 1 + 2);
    }

    #[test]
    fn a_text_that_cannot_be_made_is_left_out_alone() {
        // The head of the row has three values.
        let (rows, _) = rows(3);
        assert_eq!(told(rows.values())[..2], ["b", "<1>"]);
    }
}
