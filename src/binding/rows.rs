//! Flat rows under way to JavaScript, whole or not at all: one that is short of a value would shift all behind it.

use napi::Result;

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

    pub fn into_values(self) -> Vec<M::Value> {
        self.values
    }

    /// The rows in as many calls as they need.
    pub fn batches(&self) -> impl Iterator<Item = &[M::Value]> {
        let ends = self.cuts[1..].iter().copied().chain([self.values.len()]);
        let batches = self.cuts.iter().copied().zip(ends);
        batches
            .map(|(begin, end)| &self.values[begin..end])
            .filter(|batch| !batch.is_empty())
    }

    /// Makes a row, or nothing of it where one of its values cannot be made.
    pub fn row(&mut self, make: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        let begin = self.values.len();
        let made = make(self);
        match made {
            Ok(()) => self.end_row(),
            Err(_) => self.values.truncate(begin),
        }
        made
    }

    /// Begins a row whose values come one by one, until `end_counted`.
    pub(super) fn begin_counted(&mut self, client: u32, kind: u8, at: f64) -> Result<Counted> {
        let begin = self.values.len();
        match self.head(client, kind, at) {
            Ok(()) => {
                // Any value holds the place of the count.
                self.values.push(self.values[begin]);
                Ok(Counted { begin, count: 0 })
            }
            Err(error) => {
                self.values.truncate(begin);
                Err(error)
            }
        }
    }

    /// Ends a row by writing how many values have come to it.
    pub(super) fn end_counted(&mut self, row: Counted) -> Result<()> {
        match self.maker.number(row.count as f64) {
            Ok(count) => {
                self.values[row.begin + HEAD] = count;
                self.end_row();
                Ok(())
            }
            Err(error) => {
                self.values.truncate(row.begin);
                Err(error)
            }
        }
    }

    pub(super) fn head(&mut self, client: u32, kind: u8, at: f64) -> Result<()> {
        self.number(client.into())?;
        self.number(kind.into())?;
        self.number(at)
    }

    pub fn number(&mut self, number: f64) -> Result<()> {
        let made = self.maker.number(number)?;
        self.push(made);
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

/// Values before the count of a row.
const HEAD: usize = 3;

/// A row to which values are still coming.
pub(super) struct Counted {
    begin: usize,
    pub count: usize,
}
