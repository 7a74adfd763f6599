//! The bench's peers in Rust: the server that every client is measured against, and the client that shows
//! the limit, which is this package's own wire without JavaScript.
//!
//! `server CA_FILE` prints `{"ws": PORT, "wss": PORT}`, writes the certificate to trust, and ends with its
//! standard input. `client TASK` takes the task as JSON and prints the result as JSON, as `bench/measure.js`
//! does for the clients in JavaScript.

// It measures: the clock is what it is about.
#![allow(clippy::disallowed_methods)]

mod client;
mod inbound;
mod messages;
mod server;
mod usage;

use std::error::Error;
use std::process::ExitCode;

use tokio::runtime::Builder;
use tokio::task::LocalSet;

pub type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// One thread each: it is the quickest to wake, and leaves the other processor to the other side.
fn run() -> Outcome<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        ["server", ca_file] => LocalSet::new().block_on(&runtime, server::run(ca_file)),
        ["client", task] => {
            let result =
                LocalSet::new().block_on(&runtime, client::measure(serde_json::from_str(task)?))?;
            println!("{result}");
            Ok(())
        }
        _ => Err("usage: server CA_FILE | client TASK".into()),
    }
}
