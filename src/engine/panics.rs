//! What becomes of a panic in the engine: the client that it ends is told so, with the place that it came from.

use std::any::Any;
use std::cell::RefCell;
use std::convert::Infallible;
use std::fmt;
use std::future::{Future, poll_fn};
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Once;
use std::task::Poll;
use std::time::Duration;

use tokio::time::sleep;

/// How long a task that serves all clients rests before it starts again.
const REST: Duration = Duration::from_secs(1);

thread_local! {
    /// Where the latest panic of this thread came from.
    static PLACE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// A panic that was caught.
#[derive(Debug)]
pub(super) struct Panic {
    message: String,
    place: String,
}

impl fmt::Display for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "The engine panicked at {}: {}", self.place, self.message)
    }
}

impl Panic {
    fn of(payload: &(dyn Any + Send)) -> Panic {
        let text = payload.downcast_ref::<&str>().copied();
        let message = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        Panic {
            message: message.unwrap_or("no message").to_owned(),
            place: PLACE.take(),
        }
    }
}

/// Keeps the places of panics, of this library alone: each that is loaded has its own hook.
pub(super) fn note_places() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if let Some(place) = info.location() {
                let (file, line, column) = (short(place.file()), place.line(), place.column());
                PLACE.set(format!("{file}:{line}:{column}"));
            }
            before(info);
        }));
    });
}

/// The name of a file without where the builder keeps the sources of others.
fn short(file: &str) -> &str {
    let registry = file.find("registry").map(|at| &file[at..]);
    let own = registry.and_then(|rest| rest.splitn(4, ['/', '\\']).nth(3));
    own.unwrap_or(file)
}

/// Calls `call`, and gives back its panic. What it leaves behind must be whole, or be made whole by what follows.
pub(super) fn caught<T>(call: impl FnOnce() -> T) -> Result<T, Panic> {
    catch_unwind(AssertUnwindSafe(call)).map_err(|payload| Panic::of(payload.as_ref()))
}

/// Awaits a future in the same way.
pub(super) async fn caught_in<T>(future: impl Future<Output = T>) -> Result<T, Panic> {
    let mut future = pin!(future);
    poll_fn(|context| match caught(|| future.as_mut().poll(context)) {
        Ok(poll) => poll.map(Ok),
        Err(panic) => Poll::Ready(Err(panic)),
    })
    .await
}

/// Runs a task that serves all clients, and again whenever it has come to an end or panicked.
pub(super) async fn lasting<F: Future>(mut task: impl FnMut() -> F) -> Infallible {
    loop {
        // The hook has told of a panic, and the task keeps nothing that could be lost.
        let _ = caught_in(task()).await;
        sleep(REST).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_task_that_serves_all_runs_again_after_a_panic() {
        let mut runs = 0;
        let task = lasting(|| {
            runs += 1;
            let panics = runs == 1;
            async move { assert!(!panics, "once") }
        });
        let limit = Duration::from_millis(2500);
        assert!(tokio::time::timeout(limit, task).await.is_err());
        assert_eq!(runs, 3);
    }

    #[test]
    fn a_panic_tells_its_message_and_its_place() {
        note_places();
        let panic = caught(|| panic!("one of {}", 2))
            .map(|(): ()| ())
            .unwrap_err();
        let told = panic.to_string();
        assert!(
            told.starts_with("The engine panicked at src/engine/panics.rs:"),
            "{told}"
        );
        assert!(told.ends_with(": one of 2"), "{told}");
    }

    #[test]
    fn a_place_is_told_without_the_folders_of_the_builder() {
        let kept = "/home/someone/.cargo/registry/src/index.crates.io-1949/tokio-1.0/src/a.rs";
        assert_eq!(short(kept), "tokio-1.0/src/a.rs");
        assert_eq!(
            short(r"C:\cargo\registry\src\index\x-1.0\src\a.rs"),
            r"x-1.0\src\a.rs"
        );
        assert_eq!(short("src/engine/driver.rs"), "src/engine/driver.rs");
    }
}
