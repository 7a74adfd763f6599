//! The copies of the JavaScript half in one environment, and the functions of each.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use napi::Error;

use super::callback::Callback;
use super::code::Code;

/// The functions of a facade.
pub struct Listener {
    pub on_notifications: Callback,
    pub receive: Callback,
    pub deliver: Callback,
}

/// The facades of an environment, by number.
#[derive(Default)]
pub struct Facades {
    listeners: RefCell<HashMap<u32, Rc<Listener>>>,
    /// The latest number, of a facade or a client.
    last: Cell<u32>,
    /// How many have clients that keep the process alive.
    holding: Cell<usize>,
}

impl Facades {
    /// None for one that has been collected.
    pub fn get(&self, home: u32) -> Option<Rc<Listener>> {
        self.listeners.borrow().get(&home).cloned()
    }

    /// A number that no other facade or client of this environment has.
    pub fn number(&self) -> u32 {
        let next = self.last.get().wrapping_add(1);
        self.last.set(next);
        next
    }

    pub fn add(&self, listener: Rc<Listener>) -> u32 {
        let home = self.number();
        self.listeners.borrow_mut().insert(home, listener);
        home
    }

    pub fn remove(&self, home: u32) {
        self.listeners.borrow_mut().remove(&home);
    }

    /// One more, or one less, has clients that keep the process alive. Whether any has, where that changes.
    pub fn hold(&self, hold: bool) -> Option<bool> {
        let before = self.holding.get();
        let holding = if hold {
            before.saturating_add(1)
        } else {
            before.saturating_sub(1)
        };
        self.holding.set(holding);
        ((holding > 0) != (before > 0)).then_some(holding > 0)
    }
}

/// JavaScript cannot be given a value, for want of memory or by a limit of its engine.
pub fn unmade(error: Error) -> Error<Code> {
    Error::new(
        Code("WSR_ERR_INTERNAL"),
        format!("What has arrived cannot be told to JavaScript: {error}"),
    )
}
