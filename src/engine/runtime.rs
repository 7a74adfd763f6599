//! The one tokio runtime of a process, on one thread.

use std::io;
use std::sync::{Arc, Weak};
use std::thread::{self, JoinHandle};

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

use super::panics::{lasting, note_places};
use super::system_events;
use crate::sync::{Lock, Rank, lock};

static SHARED: Lock<Weak<Runtime>> = Lock::new(Rank::Last, Weak::new());

/// The runtime and its thread, kept by each JavaScript environment and gone with the last.
///
/// Dropping it joins the thread, so that no code of the addon runs once Node unloads it. It must
/// therefore never be dropped on its own thread: only environments hold it.
pub struct Runtime {
    handle: Handle,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Runtime {
    /// The process's runtime, started if there is none.
    pub fn shared() -> io::Result<Arc<Runtime>> {
        let mut shared = lock(&SHARED);
        if let Some(runtime) = shared.upgrade() {
            return Ok(runtime);
        }
        let runtime = Arc::new(Runtime::start()?);
        *shared = Arc::downgrade(&runtime);
        Ok(runtime)
    }

    fn start() -> io::Result<Runtime> {
        let tokio = Builder::new_current_thread().enable_all().build()?;
        let handle = tokio.handle().clone();
        note_places();
        handle.spawn(lasting(system_events::watch));
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new()
            .name("websocket-engine".into())
            .spawn(move || {
                // An error means that the sender is gone, which is the same wish.
                let _ = tokio.block_on(stopped);
            })?;
        Ok(Runtime {
            handle,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    pub fn handle(&self) -> &Handle {
        &self.handle
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the engine thread has been reported by the panic hook already.
            let _ = thread.join();
        }
    }
}
