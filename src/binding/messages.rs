//! Messages as rows: texts one by one, binaries by the chunk.

use std::borrow::Cow;
use std::mem;

use napi::bindgen_prelude::Result;

use super::value::Rows;
use crate::engine::{Kind, Message, Run};

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

/// Makes rows of the messages of one client as they come.
pub struct Messages<'a> {
    rows: &'a mut Rows,
    client: u32,
    at: f64,
    /// The row of texts that is being made: where its count goes, and the count.
    texts: Option<(usize, usize)>,
    /// The row of binaries that is being made.
    chunk: Vec<u8>,
    lengths: Vec<usize>,
}

impl<'a> Messages<'a> {
    pub fn new(rows: &'a mut Rows, client: u32, at: f64) -> Messages<'a> {
        Messages {
            rows,
            client,
            at,
            texts: None,
            chunk: Vec::new(),
            lengths: Vec::new(),
        }
    }

    #[inline]
    pub fn push(&mut self, message: Message<'_>) -> Result<()> {
        match message {
            Message::Text(text) => self.text(text.as_bytes()),
            Message::Binary(Cow::Borrowed(bytes)) => self.binary(bytes),
            Message::Binary(Cow::Owned(bytes)) => self.owned(bytes),
            Message::Ping(payload) => self.control(PING, payload),
            Message::Pong(payload) => self.control(PONG, payload),
        }
    }

    pub fn run(&mut self, run: Run) -> Result<()> {
        let Run {
            kind,
            bytes,
            lengths,
        } = run;
        if kind == Kind::Binary && lengths.len() == 1 {
            return self.owned(bytes);
        }
        let mut rest = &bytes[..];
        for length in lengths {
            let (message, behind) = rest.split_at(length);
            rest = behind;
            match kind {
                Kind::Text => self.text(message)?,
                Kind::Binary => self.binary(message)?,
                Kind::Ping => self.control(PING, message)?,
                Kind::Pong => self.control(PONG, message)?,
            }
        }
        Ok(())
    }

    /// Ends the row that is being made. Called after the last message.
    pub fn finish(&mut self) -> Result<()> {
        if let Some((slot, count)) = self.texts.take() {
            self.rows.fill(slot, count)?;
            self.rows.end_row();
        }
        if !self.lengths.is_empty() {
            self.rows.head(self.client, BINARIES, self.at)?;
            self.rows.number(self.lengths.len() as f64)?;
            self.rows.copied_chunk(&self.chunk)?;
            for length in self.lengths.drain(..) {
                self.rows.number(length as f64)?;
            }
            self.chunk.clear();
            self.rows.end_row();
        }
        Ok(())
    }

    #[inline]
    fn text(&mut self, bytes: &[u8]) -> Result<()> {
        match &mut self.texts {
            Some((_, count)) if *count < LONGEST => *count += 1,
            Some(_) | None => {
                self.finish()?;
                self.rows.head(self.client, TEXTS, self.at)?;
                self.texts = Some((self.rows.slot(), 1));
            }
        }
        self.rows.utf8(bytes)
    }

    fn binary(&mut self, bytes: &[u8]) -> Result<()> {
        if bytes.len() >= OWN_CHUNK {
            self.finish()?;
            return self.alone(bytes.len(), |rows| rows.copied_chunk(bytes));
        }
        let full = self.chunk.len() + bytes.len() > CHUNK || self.lengths.len() == LONGEST;
        if full || self.texts.is_some() {
            self.finish()?;
        }
        self.chunk.extend_from_slice(bytes);
        self.lengths.push(bytes.len());
        Ok(())
    }

    fn owned(&mut self, mut bytes: Vec<u8>) -> Result<()> {
        if bytes.len() < OWN_CHUNK {
            return self.binary(&bytes);
        }
        self.finish()?;
        self.alone(bytes.len(), |rows| rows.chunk(mem::take(&mut bytes)))
    }

    fn control(&mut self, kind: u8, payload: &[u8]) -> Result<()> {
        self.finish()?;
        self.rows.head(self.client, kind, self.at)?;
        self.rows.copied_chunk(payload)?;
        self.rows.end_row();
        Ok(())
    }

    /// A row of one message.
    fn alone(&mut self, length: usize, chunk: impl FnOnce(&mut Rows) -> Result<()>) -> Result<()> {
        self.rows.head(self.client, BINARIES, self.at)?;
        self.rows.number(1.0)?;
        chunk(self.rows)?;
        self.rows.number(length as f64)?;
        self.rows.end_row();
        Ok(())
    }
}
