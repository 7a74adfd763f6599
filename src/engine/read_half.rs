//! The half of a shared socket that reads, under the lock of the socket.

use super::read_turn::ReadTurn;
use crate::policy::End;
use crate::wire::Reader;

/// What turns the socket's bytes into messages. Who holds its lock may read, if the reading is that thread's:
/// so messages keep their order whatever the thread.
pub(super) struct ReadHalf {
    pub reader: Reader,
    pub turn: ReadTurn,
    /// The end that JavaScript's thread came upon, for the driver; boxed, since every connection has room for it.
    pub end: Option<Box<End>>,
}

impl ReadHalf {
    pub fn new(reader: Reader) -> ReadHalf {
        ReadHalf {
            reader,
            turn: ReadTurn::new(),
            end: None,
        }
    }
}
