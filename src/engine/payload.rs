//! A message as the user sends it.

use crate::policy::Message;
use crate::wire::Writer;

/// See the module.
#[derive(Clone, Copy)]
pub enum Payload<'a> {
    Text(&'a str),
    Binary(&'a [u8]),
}

/// A control frame as the user sends it. Of its payload the first 125 bytes are sent.
#[derive(Clone, Copy)]
pub enum Control<'a> {
    Ping(&'a [u8]),
    Pong(&'a [u8]),
}

impl Payload<'_> {
    pub(super) fn len(&self) -> usize {
        match self {
            Payload::Text(text) => text.len(),
            Payload::Binary(bytes) => bytes.len(),
        }
    }

    pub(super) fn to_message(self) -> Message {
        match self {
            Payload::Text(text) => Message::Text(text.to_owned()),
            Payload::Binary(bytes) => Message::Binary(bytes.to_owned()),
        }
    }

    /// Adds its frames to `out`.
    pub(super) fn write(self, writer: &mut Writer, out: &mut Vec<u8>) {
        match self {
            Payload::Text(text) => writer.text(text, out),
            Payload::Binary(bytes) => writer.binary(bytes, out),
        }
    }

    /// Adds its frames to `out`; `plain`: never compressed.
    pub(super) fn write_as(self, writer: &mut Writer, plain: bool, out: &mut Vec<u8>) {
        match self {
            Payload::Text(text) if plain => writer.plain_text(text, out),
            Payload::Binary(bytes) if plain => writer.plain_binary(bytes, out),
            Payload::Text(_) | Payload::Binary(_) => self.write(writer, out),
        }
    }
}

impl<'a> From<&'a Message> for Payload<'a> {
    fn from(message: &'a Message) -> Payload<'a> {
        match message {
            Message::Text(text) => Payload::Text(text),
            Message::Binary(bytes) => Payload::Binary(bytes),
        }
    }
}

impl Control<'_> {
    /// Adds its frame to `out`.
    pub(super) fn write(self, writer: &mut Writer, out: &mut Vec<u8>) {
        match self {
            Control::Ping(payload) => writer.ping(payload, out),
            Control::Pong(payload) => writer.pong(payload, out),
        }
    }
}
