//! One copy of the JavaScript half. Where the package is loaded again, as Jest does for each file of tests, there is another;
//! the clients of the first go on with theirs, and it is collected once it has none.

use std::rc::Rc;
use std::sync::Arc;

use napi::bindgen_prelude::Result;
use napi::{Env, check_status};
use napi_derive::napi;

use super::callback::Callback;
use super::code::Code;
use super::environment::{Environment, Shared};
use super::facades::{Facades, Listener, unmade};
use super::protocol::Callbacks;
use super::sender::{SendFunction, Sender};
use super::value::Rows;
use crate::engine::Mailbox;

#[napi]
pub struct Facade {
    pub(super) shared: Arc<Shared>,
    pub(super) sender: Rc<Sender>,
    pub(super) mailbox: Arc<Mailbox>,
    pub(super) home: u32,
    facades: Rc<Facades>,
    listener: Rc<Listener>,
}

#[napi]
impl Facade {
    #[napi(constructor, catch_unwind)]
    pub fn new(env: Env, environment: &Environment, callbacks: Callbacks<'_>) -> Result<Facade> {
        let listener = Rc::new(Listener {
            on_notifications: Callback::new(&env, &callbacks.on_notifications)?,
            receive: Callback::new(&env, &callbacks.receive)?,
            deliver: Callback::new(&env, &callbacks.deliver)?,
        });
        let facades = environment.facades.clone();
        let shared = environment.shared.clone();
        let home = facades.add(listener.clone());
        let wake = shared.wake.clone();
        Ok(Facade {
            shared,
            sender: Sender::new(),
            mailbox: Arc::new(Mailbox::new(move || wake.call(home))),
            home,
            facades,
            listener,
        })
    }

    /// Calls `receive` with what comes next. Throws where a part of it cannot be made; the rest has been received then.
    #[napi(catch_unwind)]
    pub fn take(&self, env: Env) -> Result<(), Code> {
        self.shared.reclaim();
        let (notifications, more) = self.mailbox.take();
        let mut rows = Rows::new(env.raw());
        rows.bool(more).map_err(unmade)?;
        let mut failed = None;
        for one in notifications {
            if let Err(error) = rows.notification(one) {
                failed.get_or_insert(error);
            }
        }
        check_status!(self.listener.receive.call(rows.values())).map_err(unmade)?;
        failed.map_or(Ok(()), |error| Err(unmade(error)))
    }

    /// The function that sends, see `sender.rs`.
    #[napi(
        catch_unwind,
        ts_return_type = "(client: number, data: string | Uint8Array, flags: number) => number | undefined"
    )]
    pub fn sender(&self) -> SendFunction {
        SendFunction(self.sender.clone())
    }

    /// Tells that all that was taken has been delivered.
    #[napi(catch_unwind)]
    pub fn delivered(&self) {
        self.mailbox.delivered();
        self.shared.reclaim();
    }

    /// Whether there is nothing to `take`.
    #[napi(catch_unwind)]
    pub fn is_empty(&self) -> bool {
        self.mailbox.is_empty()
    }

    /// Whether its clients keep the process alive.
    #[napi(catch_unwind)]
    pub fn hold(&self, env: Env, hold: bool) -> Result<()> {
        match self.facades.hold(hold) {
            Some(holding) => self.shared.wake.hold(&env, holding),
            None => Ok(()),
        }
    }

    /// Whether it has clients that may be told something: until then it can be collected.
    #[napi(catch_unwind)]
    pub fn keep(&self, keep: bool) -> Result<()> {
        let Listener {
            on_notifications,
            receive,
            deliver,
        } = &*self.listener;
        on_notifications.hold(keep)?;
        receive.hold(keep)?;
        deliver.hold(keep)
    }
}

impl Facade {
    /// A name for a client.
    pub fn name(&self) -> u32 {
        self.facades.number()
    }
}

impl Drop for Facade {
    fn drop(&mut self) {
        self.facades.remove(self.home);
    }
}
