//! The client that shows the limit: this package's net and wire on one thread, with no JavaScript. It does what
//! `bench/measure.js` does, step for step.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::ready;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWriteExt, ReadBuf};
use tokio::task::JoinHandle;
use tokio::time::{sleep, sleep_until};
use websocket_reconnect_native::net::{Nothing, Options, Roots, Stream, Target};
use websocket_reconnect_native::wire::{Decoded, Reader, Writer, deflate};

use crate::Outcome;
use crate::usage::{cpu_us, resident};

const SCRATCH: usize = 256 * 1024;
/// Connections under way at the same time while many are opened.
const AT_ONCE: usize = 50;

thread_local! {
    /// Read by all connections in turns, so that an idle one holds no buffer.
    static READ: RefCell<Vec<u8>> = RefCell::new(vec![0; SCRATCH]);
}

/// What `bench/run.js` asks for.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Task {
    measure: Measure,
    url: String,
    ca: Option<String>,
    warm_up: u64,
    duration: u64,
    #[serde(default = "one")]
    connections: usize,
    #[serde(default = "one")]
    per_tick: usize,
    #[serde(default)]
    window: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum Measure {
    Receive,
    Send,
    Echo,
    Idle,
    Open,
    Connect,
}

fn one() -> usize {
    1
}

pub async fn measure(task: Task) -> Outcome<Value> {
    let target = target(&task, &task.url)?;
    match task.measure {
        Measure::Receive => receive(&task, &target).await,
        Measure::Send => send(&task, &target).await,
        Measure::Echo => echo(&task, &target).await,
        Measure::Idle => idle(&task, &target).await,
        Measure::Open => open(&task, &target).await,
        Measure::Connect => connect(&task, target).await,
    }
}

fn target(task: &Task, url: &str) -> Outcome<Target> {
    let pem = match &task.ca {
        Some(file) => vec![std::fs::read(file)?],
        None => Vec::new(),
    };
    let mut options = Options::new(url, Arc::new(Roots::from_pem(pem.iter())));
    options.extensions = Some(deflate::offer(&deflate::DeflateOptions::default()));
    Ok(Target::parse(options)?)
}

struct Connection {
    stream: Stream,
    reader: Reader,
    writer: Writer,
    out: Vec<u8>,
    /// What came behind the handshake.
    head: Vec<u8>,
}

impl Connection {
    async fn open(target: &Target) -> Outcome<Self> {
        let reached = target
            .reach(None, &Nothing::shared())
            .await
            .map_err(|error| error.into_failure().message)?;
        let agreed = deflate::accept(
            Some(&deflate::DeflateOptions::default()),
            reached.extensions.as_deref(),
        )?;
        Ok(Self {
            stream: reached.stream,
            reader: Reader::new(0, agreed.as_ref()),
            writer: Writer::new(Default::default(), agreed.as_ref()),
            out: Vec::new(),
            head: reached.head,
        })
    }

    fn queue(&mut self, text: &str) {
        self.writer.text(text, &mut self.out);
    }

    async fn flush(&mut self) -> Outcome<()> {
        self.stream.write_all(&self.out).await?;
        self.stream.flush().await?;
        self.out.clear();
        Ok(())
    }

    /// Reads once and hands on what is whole by then; false at the end.
    async fn read(&mut self, mut sink: impl FnMut(Decoded<'_>)) -> Outcome<bool> {
        if !self.head.is_empty() {
            let head = std::mem::take(&mut self.head);
            self.reader.feed(&head, sink)?;
            return Ok(true);
        }
        let Self { stream, reader, .. } = self;
        std::future::poll_fn(|context| {
            READ.with_borrow_mut(|scratch| {
                let mut buffer = ReadBuf::new(scratch);
                ready!(Pin::new(&mut *stream).poll_read(context, &mut buffer))?;
                let read = buffer.filled();
                if !read.is_empty() {
                    reader.feed(read, &mut sink)?;
                }
                std::task::Poll::Ready(Ok(!read.is_empty()))
            })
        })
        .await
    }

    /// The next text.
    async fn text(&mut self) -> Outcome<String> {
        let mut found = None;
        while found.is_none() {
            let open = self
                .read(|decoded| {
                    if let Decoded::Text(text) = decoded {
                        found = Some(text.into_owned());
                    }
                })
                .await?;
            if !open {
                return Err("the server hung up".into());
            }
        }
        Ok(found.unwrap_or_default())
    }

    async fn close(mut self) -> Outcome<()> {
        self.writer.close(Some(1000), "", &mut self.out);
        self.flush().await?;
        while self.read(|_| {}).await? {}
        Ok(())
    }
}

/// Opens many, some at a time.
async fn open_many(target: &Target, count: usize) -> Outcome<Vec<Connection>> {
    let mut connections = Vec::with_capacity(count);
    while connections.len() < count {
        let some = AT_ONCE.min(count - connections.len());
        let opening: Vec<_> = (0..some)
            .map(|_| {
                let target = target.clone();
                tokio::task::spawn_local(async move {
                    Connection::open(&target)
                        .await
                        .map_err(|error| error.to_string())
                })
            })
            .collect();
        for opened in opening {
            connections.push(opened.await??);
        }
    }
    Ok(connections)
}

/// The texts that the server sends to the task's URL, or expects there, over and over.
async fn samples(task: &Task) -> Outcome<Vec<String>> {
    let (server, query) = task.url.split_once('?').unwrap_or((&task.url, ""));
    let server = server.rsplit_once('/').map_or(server, |(server, _)| server);
    let url = format!("{server}/samples?{query}");
    let mut connection = Connection::open(&target(task, &url)?).await?;
    let texts = serde_json::from_str(&connection.text().await?)?;
    connection.close().await?;
    Ok(texts)
}

/// The bytes of the first `count` texts of an endless cycle.
fn length_of(texts: &[String], count: u64) -> u64 {
    let sum = |texts: &[String]| texts.iter().map(|text| text.len() as u64).sum::<u64>();
    let (cycles, rest) = (count / texts.len() as u64, count as usize % texts.len());
    cycles * sum(texts) + sum(&texts[..rest])
}

/// A moment of a measurement.
struct Mark {
    at: Instant,
    cpu: Option<f64>,
    messages: u64,
}

impl Mark {
    fn now(messages: u64) -> Self {
        Self {
            at: Instant::now(),
            cpu: cpu_us(),
            messages,
        }
    }

    fn rate_until(&self, end: &Mark) -> Value {
        let messages = (end.messages - self.messages) as f64;
        let cpu = self
            .cpu
            .zip(end.cpu)
            .map(|(from, to)| (to - from) / messages);
        json!({"rate": messages / (end.at - self.at).as_secs_f64(), "cpu": cpu})
    }
}

async fn receive(task: &Task, target: &Target) -> Outcome<Value> {
    let texts = samples(task).await?;
    let seen = Rc::new(Cell::new((0u64, 0u64)));
    for mut connection in open_many(target, task.connections).await? {
        let seen = seen.clone();
        tokio::task::spawn_local(async move {
            let count = |length: usize| {
                let (messages, bytes) = seen.get();
                seen.set((messages + 1, bytes + length as u64));
            };
            connection.queue("go");
            if connection.flush().await.is_err() {
                return;
            }
            while connection
                .read(|decoded| match decoded {
                    Decoded::Text(text) => count(text.len()),
                    Decoded::Binary(bytes) => count(bytes.len()),
                    Decoded::Ping(_) | Decoded::Pong(_) | Decoded::Close { .. } => {}
                })
                .await
                .is_ok_and(|open| open)
            {}
        });
    }
    sleep(Duration::from_millis(task.warm_up)).await;
    let from = Mark::now(seen.get().0);
    sleep_until((from.at + Duration::from_millis(task.duration)).into()).await;
    let (messages, bytes) = seen.get();
    let to = Mark::now(messages);
    let should = length_of(&texts, messages);
    if bytes != should {
        return Err(format!("{messages} messages are {bytes} long instead of {should}").into());
    }
    Ok(from.rate_until(&to))
}

async fn send(task: &Task, target: &Target) -> Outcome<Value> {
    let texts = samples(task).await?;
    let mut connection = Connection::open(target).await?;
    let (mut sent, mut confirmed) = (0, 0);
    let began = Instant::now();
    let mut from: Option<Mark> = None;
    let until = |ms| Duration::from_millis(ms);
    loop {
        for _ in 0..task.per_tick {
            let text = &texts[sent as usize % texts.len()];
            connection.queue(text);
            sent += 1;
        }
        connection.flush().await?;
        if sent - confirmed < task.window {
            continue;
        }
        let mut told = Vec::new();
        let open = connection.read(|decoded| {
            if let Decoded::Text(text) = decoded {
                told = text.split(' ').flat_map(str::parse).collect();
            }
        });
        if !open.await? {
            return Err("the server hung up".into());
        }
        let [messages, bytes] = told[..] else {
            continue;
        };
        confirmed = messages;
        let should = length_of(&texts, messages);
        if bytes != should {
            return Err(format!("{bytes} bytes came instead of {should}").into());
        }
        match &from {
            None if began.elapsed() >= until(task.warm_up) => from = Some(Mark::now(confirmed)),
            Some(from) if from.at.elapsed() >= until(task.duration) => {
                return Ok(from.rate_until(&Mark::now(confirmed)));
            }
            None | Some(_) => {}
        }
    }
}

async fn echo(task: &Task, target: &Target) -> Outcome<Value> {
    let texts = samples(task).await?;
    let mut connection = Connection::open(target).await?;
    let began = Instant::now();
    let mut from: Option<Mark> = None;
    let mut took = Vec::new();
    for text in texts.iter().cycle() {
        let sent = Instant::now();
        connection.queue(text);
        connection.flush().await?;
        if connection.text().await? != *text {
            return Err("another text came back".into());
        }
        match &from {
            None if began.elapsed() >= Duration::from_millis(task.warm_up) => {
                from = Some(Mark::now(0));
            }
            None => {}
            Some(from) => {
                took.push(sent.elapsed().as_secs_f64() * 1e6);
                if from.at.elapsed() >= Duration::from_millis(task.duration) {
                    let mut result = from.rate_until(&Mark::now(took.len() as u64));
                    took.sort_by(f64::total_cmp);
                    result["p50"] = json!(took[took.len() / 2]);
                    result["p99"] = json!(took[took.len() * 99 / 100]);
                    return Ok(result);
                }
            }
        }
    }
    Err("no text to send".into())
}

async fn idle(task: &Task, target: &Target) -> Outcome<Value> {
    let held = |connections: Vec<Connection>| {
        for mut connection in connections {
            tokio::task::spawn_local(async move {
                while connection.read(|_| {}).await.is_ok_and(|open| open) {}
            });
        }
    };
    held(open_many(target, AT_ONCE).await?);
    let before = resident();
    held(open_many(target, task.connections).await?);
    sleep(Duration::from_millis(200)).await;
    let grown = resident().zip(before).map(|(after, before)| after - before);
    Ok(json!({"bytes": grown.map(|bytes| bytes / task.connections as f64)}))
}

async fn open(task: &Task, target: &Target) -> Outcome<Value> {
    let began = Instant::now();
    let mut took = Vec::new();
    while began.elapsed() < Duration::from_millis(task.warm_up + task.duration) {
        let started = Instant::now();
        let connection = Connection::open(target).await?;
        if began.elapsed() >= Duration::from_millis(task.warm_up) {
            took.push(started.elapsed().as_secs_f64() * 1e6);
        }
        connection.close().await?;
    }
    took.sort_by(f64::total_cmp);
    Ok(json!({"p50": took[took.len() / 2]}))
}

async fn connect(task: &Task, target: Target) -> Outcome<Value> {
    let done = Rc::new(Cell::new(0));
    let loops: Vec<JoinHandle<Result<(), String>>> = (0..task.connections)
        .map(|_| {
            let (done, target) = (done.clone(), target.clone());
            tokio::task::spawn_local(async move {
                let again = async || Connection::open(&target).await?.close().await;
                loop {
                    again().await.map_err(|error| error.to_string())?;
                    done.set(done.get() + 1);
                }
            })
        })
        .collect();
    sleep(Duration::from_millis(task.warm_up)).await;
    let from = Mark::now(done.get());
    sleep_until((from.at + Duration::from_millis(task.duration)).into()).await;
    let to = Mark::now(done.get());
    if let Some(failed) = loops.into_iter().find(JoinHandle::is_finished) {
        failed.await??;
    }
    Ok(from.rate_until(&to))
}
