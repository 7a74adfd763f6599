//! Whose turn it is to read a connection that two threads share.

use super::end::End;
use crate::wire::Reader;

/// What turns the socket's bytes into messages. Who holds its lock may read, if it is that side's turn:
/// so messages keep their order whatever the thread.
pub(super) struct Intake {
    pub reader: Reader,
    pub side: Side,
    /// The end that JavaScript's thread came upon, for the driver.
    pub end: Option<End>,
}

/// Whose turn it is to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Engine,
    /// The engine has read what is not in the mailbox yet.
    InHand,
    /// Only [`SharedSocket::turn_to`](super::shared_socket::SharedSocket::turn_to) leads here and away.
    JavaScript,
    /// Nobody's: the end has been read, or the connection is given up.
    Over,
}

impl Intake {
    /// What came behind the handshake is in the engine's hand.
    pub fn new(reader: Reader) -> Intake {
        Intake {
            reader,
            side: Side::InHand,
            end: None,
        }
    }
}
