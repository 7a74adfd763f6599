//! Whose turn it is to read a connection: JavaScript's thread while it is responsive, else the engine's.
//!
//! Messages keep their order whatever the thread by three rules. Only who has the turn reads, under the lock of the read
//! half. The engine keeps the turn from reading until what it read is in the mailbox. JavaScript's thread reads only once it
//! has been delivered all that is there.

#[cfg(test)]
mod model;

/// See the module.
#[derive(Debug)]
pub(super) struct ReadTurn(Owner);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    Engine,
    /// The engine has read messages that are not in the mailbox yet.
    EngineQueueing,
    JavaScript,
    /// Nobody: the end has been read, or the connection is given up.
    Over,
}

/// What JavaScript's thread is answered that asks for the turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Given,
    /// It is to ask again soon.
    Later,
    /// It has the turn, or nobody will have it any more.
    Never,
}

impl ReadTurn {
    /// The engine begins: it has read what came behind the handshake.
    pub fn new() -> ReadTurn {
        ReadTurn(Owner::EngineQueueing)
    }

    /// Whether the engine may read.
    pub fn is_engines(&self) -> bool {
        self.0 == Owner::Engine
    }

    /// Whether JavaScript's thread may read, once it has been delivered all that is there.
    pub fn is_javascripts(&self) -> bool {
        self.0 == Owner::JavaScript
    }

    /// The engine has read.
    pub fn engine_read(&mut self) {
        if self.0 == Owner::Engine {
            self.0 = Owner::EngineQueueing;
        }
    }

    /// What the engine has read is in the mailbox.
    pub fn queued(&mut self) {
        if self.0 == Owner::EngineQueueing {
            self.0 = Owner::Engine;
        }
    }

    /// JavaScript's thread asks for the turn.
    pub fn hand_over(&mut self) -> Asked {
        match self.0 {
            Owner::Engine => {
                self.0 = Owner::JavaScript;
                Asked::Given
            }
            Owner::EngineQueueing => Asked::Later,
            Owner::JavaScript | Owner::Over => Asked::Never,
        }
    }

    /// The engine takes the turn from JavaScript's thread. Whether that had it.
    pub fn take_over(&mut self) -> bool {
        let is_javascripts = self.is_javascripts();
        if is_javascripts {
            self.0 = Owner::Engine;
        }
        is_javascripts
    }

    /// The end has been read, or the connection is given up.
    pub fn end(&mut self) {
        self.0 = Owner::Over;
    }
}
