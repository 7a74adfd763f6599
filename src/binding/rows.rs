//! Flat rows under way to JavaScript, whole or not at all: one that is short of a value would shift all behind it.

use napi::Result;

use super::needs::Need;
use super::protocol::{DeliveryOutcome, Notice, ROW_HEAD, RowKind};

/// Values that one call hands to JavaScript, about: they lie on its stack.
const AT_ONCE: usize = 4096;

/// Makes the values of JavaScript. The tests have one without a JavaScript.
pub trait Make {
    type Value: Copy;

    fn number(&mut self, number: f64) -> Result<Self::Value>;
    /// Of UTF-8.
    fn text(&mut self, text: &[u8]) -> Result<Self::Value>;
    /// An ArrayBuffer with a copy of `bytes`.
    fn copy(&mut self, bytes: &[u8]) -> Result<Self::Value>;
    /// An ArrayBuffer that may take `bytes` as its memory.
    fn give(&mut self, bytes: Vec<u8>) -> Result<Self::Value>;
    fn notice(&mut self, notice: Notice) -> Result<Self::Value>;
    fn outcome(&mut self, outcome: DeliveryOutcome) -> Result<Self::Value>;
    fn need(&mut self, need: Need) -> Result<Self::Value>;
}

/// The values, one row behind the other.
pub struct Rows<M: Make> {
    pub(super) maker: M,
    values: Vec<M::Value>,
    /// Where one call ends and the next begins, between rows.
    cuts: Vec<usize>,
}

impl<M: Make> Rows<M> {
    pub fn by(maker: M) -> Rows<M> {
        Rows {
            maker,
            values: Vec::new(),
            cuts: vec![0],
        }
    }

    pub fn values(&self) -> &[M::Value] {
        &self.values
    }

    /// The rows in as many calls as they need.
    pub fn batches(&self) -> impl Iterator<Item = &[M::Value]> {
        let ends = self.cuts[1..].iter().copied().chain([self.values.len()]);
        let batches = self.cuts.iter().copied().zip(ends);
        batches
            .map(|(begin, end)| &self.values[begin..end])
            .filter(|batch| !batch.is_empty())
    }

    pub(super) fn notice(
        &mut self,
        client: u32,
        at: f64,
        order: u64,
        notice: Notice,
    ) -> Result<()> {
        self.row(client, RowKind::Notice, at, |rows| {
            rows.number(order as f64)?;
            let made = rows.maker.notice(notice)?;
            rows.values.push(made);
            Ok(())
        })
    }

    pub(super) fn outcome(&mut self, client: u32, at: f64, outcome: DeliveryOutcome) -> Result<()> {
        self.row(client, RowKind::Outcome, at, |rows| {
            let made = rows.maker.outcome(outcome)?;
            rows.values.push(made);
            Ok(())
        })
    }

    pub(super) fn need(&mut self, client: u32, at: f64, need: Need) -> Result<()> {
        let kind = match &need {
            Need::Addresses(_) => RowKind::AddressNeed,
            Need::Socket(_) => RowKind::SocketNeed,
        };
        self.row(client, kind, at, |rows| {
            let made = rows.maker.need(need)?;
            rows.values.push(made);
            Ok(())
        })
    }

    pub(super) fn socket(&mut self, client: u32, at: f64, number: u32) -> Result<()> {
        self.row(client, RowKind::Socket, at, |rows| {
            rows.number(number.into())
        })
    }

    /// Makes a row, or nothing of it where one of its values cannot be made.
    pub(super) fn row(
        &mut self,
        client: u32,
        kind: RowKind,
        at: f64,
        make: impl FnOnce(&mut Self) -> Result<()>,
    ) -> Result<()> {
        let row = self.begin(client, kind, at)?;
        match make(self) {
            Ok(()) => self.end(row),
            Err(error) => {
                self.values.truncate(row.begin);
                Err(error)
            }
        }
    }

    /// Begins a row to which values can be pushed until its `end`.
    pub(super) fn begin(&mut self, client: u32, kind: RowKind, at: f64) -> Result<Row> {
        let begin = self.values.len();
        match self.head(client, kind, at) {
            Ok(()) => {
                // Any value holds the place of the length.
                self.values.push(self.values[begin]);
                Ok(Row { begin })
            }
            Err(error) => {
                self.values.truncate(begin);
                Err(error)
            }
        }
    }

    /// Holds the first place of a row that has just begun for a number that its end brings.
    pub(super) fn hold_first(&mut self, row: &Row) {
        // Any value does.
        self.values.push(self.values[row.begin]);
    }

    /// Ends a row whose first place was held for `first`.
    pub(super) fn end_with(&mut self, row: Row, first: f64) -> Result<()> {
        match self.maker.number(first) {
            Ok(first) => {
                self.values[row.begin + HEAD] = first;
                self.end(row)
            }
            Err(error) => {
                self.values.truncate(row.begin);
                Err(error)
            }
        }
    }

    /// How many values have come to a row.
    pub(super) fn length(&self, row: &Row) -> usize {
        self.values.len() - row.begin - HEAD
    }

    /// Ends a row by writing its length.
    pub(super) fn end(&mut self, row: Row) -> Result<()> {
        match self.maker.number(self.length(&row) as f64) {
            Ok(length) => {
                self.values[row.begin + HEAD - 1] = length;
                self.end_row();
                Ok(())
            }
            Err(error) => {
                self.values.truncate(row.begin);
                Err(error)
            }
        }
    }

    fn head(&mut self, client: u32, kind: RowKind, at: f64) -> Result<()> {
        self.number(client.into())?;
        self.number((kind as u32).into())?;
        self.number(at)
    }

    pub fn number(&mut self, number: f64) -> Result<()> {
        let made = self.maker.number(number)?;
        self.push(made);
        Ok(())
    }

    /// Appends numbers. One value is made of those that are the same one behind the other, as the lengths of records are.
    pub(super) fn numbers(&mut self, numbers: &[usize]) -> Result<()> {
        for same in numbers.chunk_by(|a, b| a == b) {
            let made = self.maker.number(same[0] as f64)?;
            self.values.extend(same.iter().map(|_| made));
        }
        Ok(())
    }

    pub(super) fn utf8(&mut self, text: &[u8]) -> Result<()> {
        let made = self.maker.text(text)?;
        self.push(made);
        Ok(())
    }

    pub(super) fn copy(&mut self, bytes: &[u8]) -> Result<()> {
        let made = self.maker.copy(bytes)?;
        self.push(made);
        Ok(())
    }

    pub(super) fn give(&mut self, bytes: Vec<u8>) -> Result<()> {
        let made = self.maker.give(bytes)?;
        self.push(made);
        Ok(())
    }

    pub(super) fn push(&mut self, value: M::Value) {
        self.values.push(value);
    }

    fn end_row(&mut self) {
        if self.values.len() - self.cuts[self.cuts.len() - 1] >= AT_ONCE {
            self.cuts.push(self.values.len());
        }
    }
}

const HEAD: usize = ROW_HEAD as usize;

/// A row to which values are still coming.
pub(super) struct Row {
    begin: usize,
}
