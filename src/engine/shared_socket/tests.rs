use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::*;

const DEADLINE: Duration = Duration::from_secs(10);

/// A connection that both threads use, and its peer.
async fn pair(watched_in: Option<(Arc<SocketSet>, u32)>) -> (EngineStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let near = TcpStream::connect(listener.local_addr().unwrap()).await;
    let (far, _) = listener.accept().await.unwrap();
    let reader = Reader::new(0, None);
    let stream = EngineStream::share(1, near.unwrap(), reader, watched_in);
    (stream.ok().unwrap(), far)
}

/// The turn to read as it is once what came behind the handshake is in the mailbox.
fn queued(socket: &SharedSocket) -> Guard<'_, ReadHalf> {
    let mut read_half = socket.read_half();
    read_half.turn.queued();
    read_half
}

#[cfg(read_set)]
#[tokio::test]
async fn a_socket_is_watched_exactly_while_it_is_javascripts_turn() {
    let set = Arc::new(SocketSet::new().unwrap());
    let (stream, mut peer) = pair(Some((set.clone(), 7))).await;
    let watched = || set.look().collect::<Vec<u32>>();
    let socket = &stream.socket;
    peer.write_all(b"x").await.unwrap();
    let mut read_half = socket.read_half();
    assert_eq!(socket.hand_over(&mut read_half), Asked::Later);
    assert!(watched().is_empty());
    drop(read_half);
    let mut read_half = queued(socket);
    assert_eq!(socket.hand_over(&mut read_half), Asked::Given);
    timeout(DEADLINE, set.readable()).await.unwrap().unwrap();
    assert_eq!(watched(), [7]);
    assert_eq!(socket.hand_over(&mut read_half), Asked::Never);
    assert_eq!(watched(), [7]);
    assert!(socket.take_over(&mut read_half));
    assert!(watched().is_empty());
    assert!(!socket.take_over(&mut read_half));
    assert_eq!(socket.hand_over(&mut read_half), Asked::Given);
    assert_eq!(watched(), [7]);
    socket.end(&mut read_half);
    assert!(watched().is_empty());
    assert_eq!(socket.hand_over(&mut read_half), Asked::Never);
}

#[tokio::test]
async fn the_engine_goes_on_after_it_has_stopped_waiting() {
    let (mut stream, mut peer) = pair(None).await;
    for byte in *b"abc" {
        peer.write_all(&[byte]).await.unwrap();
        let mut read = [0];
        timeout(DEADLINE, stream.read_exact(&mut read))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(read, [byte]);
        stream.stop_waiting();
        stream.write_all(&[byte]).await.unwrap();
        peer.read_exact(&mut read).await.unwrap();
        assert_eq!(read, [byte]);
    }
    stream.shutdown().await.unwrap();
    assert_eq!(peer.read(&mut [0]).await.unwrap(), 0);
}

#[tokio::test]
async fn what_another_driver_has_left_is_gone_on_with() {
    let (stream, mut peer) = pair(None).await;
    let socket = stream.socket.clone();
    drop(stream);
    let mut stream = EngineStream::again(socket);
    peer.write_all(b"x").await.unwrap();
    let read = timeout(DEADLINE, stream.read_u8()).await.unwrap();
    assert_eq!(read.unwrap(), b'x');
}

#[tokio::test]
async fn what_does_not_fit_into_the_socket_goes_out_as_the_peer_reads() {
    let (mut stream, mut peer) = pair(None).await;
    let bytes: Vec<u8> = (0..8_000_000_u32).map(|number| number as u8).collect();
    let mut written = 0;
    while let Ok(count) = stream.socket.write(&bytes[written..]) {
        written += count;
    }
    assert!(written < bytes.len(), "it all fitted");
    let mut read = vec![0; bytes.len()];
    let (wrote, read_all) = tokio::join!(
        stream.write_all(&bytes[written..]),
        timeout(DEADLINE, peer.read_exact(&mut read))
    );
    wrote.unwrap();
    read_all.unwrap().unwrap();
    assert!(read == bytes);
}
