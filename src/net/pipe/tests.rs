use std::sync::atomic::AtomicUsize;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

/// How often the program was told.
type Told = Arc<AtomicUsize>;

fn made() -> (Pipe, PipeEnd, Told) {
    let told = Told::default();
    let counted = told.clone();
    let (pipe, end) = pipe(move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
    });
    (pipe, end, told)
}

fn broken() -> Failure {
    Failure {
        message: "read ECONNRESET".into(),
        ..Failure::default()
    }
}

#[tokio::test]
async fn what_is_pushed_is_read_in_order_and_then_the_end() {
    let (mut pipe, end, _) = made();
    assert!(end.push(b"one"));
    assert!(end.push(b""));
    assert!(end.push(b"two"));
    end.finish();
    let mut read = Vec::new();
    pipe.read_to_end(&mut read).await.unwrap();
    assert_eq!(read, b"onetwo");
}

#[tokio::test]
async fn a_reader_that_waits_is_woken() {
    let (mut pipe, end, _) = made();
    let reading = tokio::spawn(async move {
        let mut read = [0; 4];
        pipe.read_exact(&mut read).await.map(|_| read)
    });
    tokio::task::yield_now().await;
    end.push(b"late");
    assert_eq!(reading.await.unwrap().unwrap(), *b"late");
}

#[tokio::test]
async fn the_program_is_told_once_that_it_may_read_on() {
    let (mut pipe, end, told) = made();
    let chunk = vec![1; ROOM / 2];
    assert!(end.push(&chunk));
    assert!(!end.push(&chunk));
    assert!(!end.look(true).has_room);
    let mut read = vec![0; ROOM - FEW];
    pipe.read_exact(&mut read[1..]).await.unwrap();
    assert_eq!(told.load(Ordering::Relaxed), 0);
    pipe.read_exact(&mut read[..1]).await.unwrap();
    assert_eq!(told.load(Ordering::Relaxed), 1);
    pipe.read_exact(&mut read[..1]).await.unwrap();
    assert_eq!(told.load(Ordering::Relaxed), 1);
    assert!(end.look(true).has_room);
}

#[tokio::test]
async fn what_is_written_waits_up_to_a_bound_and_is_taken_whole() {
    let (mut pipe, end, told) = made();
    let writing = tokio::spawn(async move {
        pipe.write_all(&vec![7; ROOM + 1]).await.unwrap();
        pipe.shutdown().await.unwrap();
        pipe
    });
    tokio::task::yield_now().await;
    assert_eq!(told.load(Ordering::Relaxed), 1);
    let news = end.look(false);
    assert!(news.bytes.is_empty() && !news.is_shut);
    assert_eq!(end.look(true).bytes.len(), ROOM);
    let pipe = writing.await.unwrap();
    let rest = end.look(true);
    assert_eq!(
        (rest.bytes.len(), rest.is_shut, rest.is_gone),
        (1, true, false)
    );
    drop(pipe);
    assert!(end.look(true).is_gone);
}

#[tokio::test]
async fn a_shut_stream_is_told_only_behind_its_bytes() {
    let (mut pipe, end, _) = made();
    pipe.write_all(b"last words").await.unwrap();
    pipe.shutdown().await.unwrap();
    drop(pipe);
    let waiting = end.look(false);
    assert!(waiting.is_gone && !waiting.is_shut);
    let news = end.look(true);
    assert_eq!(news.bytes, b"last words");
    assert!(news.is_shut);
}

#[tokio::test]
async fn a_socket_that_broke_fails_reading_behind_what_came_before_and_writing() {
    let (mut pipe, end, _) = made();
    end.push(b"1");
    end.fail(broken());
    end.finish();
    let mut read = [0];
    pipe.read_exact(&mut read).await.unwrap();
    let error = pipe.read(&mut read).await.unwrap_err();
    assert_eq!(error.to_string(), "read ECONNRESET");
    let error = pipe.write(b"x").await.unwrap_err();
    assert!(error.get_ref().unwrap().is::<Broken>());
}

#[tokio::test]
async fn a_writer_that_waits_hears_that_the_socket_is_gone() {
    let (mut pipe, end, _) = made();
    let writing = tokio::spawn(async move { pipe.write_all(&vec![7; 2 * ROOM]).await });
    tokio::task::yield_now().await;
    drop(end);
    assert!(writing.await.unwrap().is_err());
}
