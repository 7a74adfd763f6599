//! Messages as rows: texts one by one, binaries by the chunk.

use std::borrow::Cow;

use napi::{Error, Result};

use super::rows::{Counted, Make, Rows};
use crate::engine::{Incoming, IncomingKind, MessageBatch};

/// Binaries share a chunk up to this size, as the small Buffers of Node share its pool: a message that
/// is kept keeps no more than this alive.
const CHUNK: usize = 8 * 1024;

/// Binaries from this size on get a chunk of their own.
const OWN_CHUNK: usize = CHUNK / 2;

/// Messages of one row at most.
const LONGEST: usize = 1024;

const TEXTS: u8 = 0;
const BINARIES: u8 = 1;
const PING: u8 = 20;
const PONG: u8 = 21;

/// Makes rows of the messages of one client as they come. A message that cannot be made is left out, and told of at the end.
pub struct Messages<'a, M: Make> {
    rows: &'a mut Rows<M>,
    client: u32,
    at: f64,
    /// The row of texts that is being made.
    texts: Option<Counted>,
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
            Incoming::Ping(payload) => self.control(PING, payload),
            Incoming::Pong(payload) => self.control(PONG, payload),
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
                IncomingKind::Ping => self.control(PING, message),
                IncomingKind::Pong => self.control(PONG, message),
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
            let ended = self.rows.end_counted(texts);
            self.note(ended);
        }
        if !self.lengths.is_empty() {
            let (client, at) = (self.client, self.at);
            let (chunk, lengths) = (&self.chunk, &self.lengths);
            let made = self.rows.row(|rows| {
                rows.head(client, BINARIES, at)?;
                rows.number(lengths.len() as f64)?;
                rows.copy(chunk)?;
                lengths
                    .iter()
                    .try_for_each(|length| rows.number(*length as f64))
            });
            self.note(made);
            self.chunk.clear();
            self.lengths.clear();
        }
    }

    #[inline]
    fn text(&mut self, bytes: &[u8]) -> Result<()> {
        let row = match &mut self.texts {
            Some(row) if row.count < LONGEST => row,
            Some(_) | None => {
                self.end_rows();
                let begun = self.rows.begin_counted(self.client, TEXTS, self.at)?;
                self.texts.insert(begun)
            }
        };
        self.rows.utf8(bytes)?;
        row.count += 1;
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
        self.rows.row(|rows| {
            rows.head(client, BINARIES, at)?;
            rows.number(1.0)?;
            chunk(rows)?;
            rows.number(length as f64)
        })
    }

    fn control(&mut self, kind: u8, payload: &[u8]) -> Result<()> {
        self.end_rows();
        let (client, at) = (self.client, self.at);
        self.rows.row(|rows| {
            rows.head(client, kind, at)?;
            rows.copy(payload)
        })
    }
}

#[cfg(test)]
mod tests {
    use napi::Status;

    use super::*;

    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Value {
        Number(f64),
        Text(&'static str),
        Chunk(usize),
    }

    use Value::{Chunk, Number, Text};

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
    }

    /// What JavaScript reads of rows, as it does: by the counts in them.
    fn told(mut values: &[Value]) -> Vec<String> {
        let mut told = Vec::new();
        let number = |value: Value| match value {
            Number(number) => number as usize,
            Text(_) | Chunk(_) => panic!("{value:?} is no number"),
        };
        while let [client, kind, at, rest @ ..] = values {
            assert_eq!((*client, *at), (Number(7.0), Number(0.5)));
            let kind = number(*kind);
            let rest = if kind == usize::from(PING) {
                told.push(format!("ping {:?}", rest[0]));
                &rest[1..]
            } else {
                let count = number(rest[0]);
                let rest = &rest[1..];
                if kind == usize::from(TEXTS) {
                    for value in &rest[..count] {
                        match value {
                            Text(text) => told.push((*text).to_owned()),
                            Number(_) | Chunk(_) => panic!("{value:?} is no text"),
                        }
                    }
                    &rest[count..]
                } else {
                    let lengths: Vec<usize> = rest[1..=count].iter().copied().map(number).collect();
                    assert_eq!(rest[0], Chunk(lengths.iter().sum()));
                    told.extend(lengths.iter().map(|length| format!("<{length}>")));
                    &rest[count + 1..]
                }
            };
            values = rest;
        }
        assert!(values.is_empty(), "{values:?} is left over");
        told
    }

    fn rows(fails_at: usize) -> (Rows<Memory>, Result<()>) {
        let mut rows = Rows::by(Memory { made: 0, fails_at });
        let mut messages = Messages::new(&mut rows, 7, 0.5);
        for text in ["a", "b"] {
            messages.push(Incoming::Text(text.into()));
        }
        for length in [1, 2] {
            messages.push(Incoming::Binary(Cow::Owned(vec![0; length])));
        }
        messages.push(Incoming::Ping(b"ping"));
        messages.push(Incoming::Binary(Cow::Owned(vec![0; OWN_CHUNK])));
        messages.push(Incoming::Text("c".into()));
        let finished = messages.finish();
        (rows, finished)
    }

    #[test]
    fn messages_become_rows_in_their_order() {
        let (rows, finished) = rows(usize::MAX);
        assert!(finished.is_ok());
        assert_eq!(
            told(rows.values()),
            ["a", "b", "<1>", "<2>", "ping Chunk(4)", "<4096>", "c"]
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
    fn a_text_that_cannot_be_made_is_left_out_alone() {
        // The head of the row has three values.
        let (rows, _) = rows(3);
        assert_eq!(told(rows.values())[..2], ["b", "<1>"]);
    }
}
