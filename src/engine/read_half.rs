//! The half of a shared socket that reads, and which thread may: JavaScript's while it is responsive, else the engine's.

use super::end::End;
use crate::wire::Reader;

/// What turns the socket's bytes into messages. Who holds its lock may read, if the reading is that thread's:
/// so messages keep their order whatever the thread.
pub(super) struct ReadHalf {
    pub reader: Reader,
    pub owner: ReadOwner,
    /// The end that JavaScript's thread came upon, for the driver.
    pub end: Option<End>,
}

/// Whose turn it is to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReadOwner {
    Engine,
    /// The engine has read messages that are not in the mailbox yet.
    EngineQueueing,
    /// Only [`SharedSocket::set_owner`](super::shared_socket::SharedSocket::set_owner) leads here and away.
    JavaScript,
    /// Nobody's: the end has been read, or the connection is given up.
    Over,
}

impl ReadHalf {
    /// The engine begins: it has read what came behind the handshake.
    pub fn new(reader: Reader) -> ReadHalf {
        ReadHalf {
            reader,
            owner: ReadOwner::EngineQueueing,
            end: None,
        }
    }
}
