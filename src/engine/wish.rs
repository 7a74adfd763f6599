//! What the user asks of one message, and what the call answers.

use std::time::Duration;

use crate::policy::{Full, Receipt};

/// What the user asks of one message besides sending it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wish {
    /// The message is not to be compressed.
    pub plain: bool,
    /// The message is for the open connection alone: it is neither kept nor sent again.
    pub volatile: bool,
    pub confirmation: Confirmation,
}

/// What the user asks to be told of a message. [`NotificationKind::Delivery`](super::NotificationKind::Delivery) tells it, by the name in [`Sent::receipt`].
#[derive(Clone, Copy, Debug, Default)]
pub enum Confirmation {
    #[default]
    Nothing,
    /// That the message was handed to the system, or was not.
    Handover,
    /// That the peer has read the message, or that this is not known, at the latest after so long.
    Receipt(Option<Duration>),
}

/// A message was taken, and this is to be told of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// More is buffered than the high-water mark allows; [`NotificationKind::Drain`](super::NotificationKind::Drain) will follow.
    pub above: bool,
    /// Messages have been dropped: [`Client::take_outcomes`](super::Client::take_outcomes) has them.
    pub dropped: bool,
    /// The name of the receipt that was asked for.
    pub receipt: Option<Receipt>,
}

/// Why a message was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    #[error(transparent)]
    QueueFull(#[from] Full),
    #[error("The buffer is full")]
    BufferFull,
}
