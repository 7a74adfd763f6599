use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use h2::server::{self, SendResponse};
use h2::{Reason, RecvStream, SendStream};
use http::{Request, Response, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::timeout;

use super::session::STREAM_WINDOW;
use super::*;
use crate::net::NetError;
use crate::net::handshake::{Answer, Ask};
use crate::net::stream::Stream;

const ASK: Ask<'static> = Ask {
    resource: "/path?query",
    headers: &[("Host", Cow::Borrowed(b"example.com"))],
    protocols: &[],
    extensions: None,
};

type Asked = (Request<RecvStream>, SendResponse<Bytes>);

/// What is due at once has come by then.
const DUE: Duration = Duration::from_secs(10);
/// What has not come by then is not to come.
const SHORT: Duration = Duration::from_millis(50);

/// A server of so many streams, and the connection to it. What is asked of it goes to `take`.
async fn connected<T>(most: u32, take: T) -> Result<Option<Arc<Connection>>, NetError>
where
    T: FnMut(Asked) + Send + 'static,
{
    let (client, server) = duplex(16 * 1024);
    let mut builder = server::Builder::new();
    builder
        .enable_connect_protocol()
        .max_concurrent_streams(most)
        .initial_connection_window_size(1 << 20);
    tokio::spawn(serve(server, builder, take));
    let connection = open(Stream::Other(Box::new(client))).await?;
    Ok(connection.map(Arc::new))
}

async fn serve<T>(stream: DuplexStream, builder: server::Builder, mut take: T)
where
    T: FnMut(Asked) + Send,
{
    let mut connection = builder.handshake::<_, Bytes>(stream).await.unwrap();
    while let Some(Ok(asked)) = connection.accept().await {
        take(asked);
    }
}

fn accept((request, mut respond): Asked) -> (RecvStream, SendStream<Bytes>) {
    let send = respond.send_response(Response::new(()), false).unwrap();
    (request.into_body(), send)
}

async fn echo((mut receive, mut send): (RecvStream, SendStream<Bytes>)) {
    while let Some(Ok(data)) = receive.data().await {
        let _ = receive.flow_control().release_capacity(data.len());
        let _ = send.send_data(data, false);
    }
    let _ = send.send_data(Bytes::new(), true);
}

async fn upgraded(connection: &Arc<Connection>) -> Stream {
    match request(connection.clone(), &ASK).await.unwrap().unwrap() {
        (stream, Answer::Upgraded(_)) => stream,
        (_, Answer::Refused(response, _)) => panic!("{response:?}"),
    }
}

#[tokio::test]
async fn what_is_written_is_sent_and_what_comes_is_read() {
    let take = |asked: Asked| {
        tokio::spawn(echo(accept(asked)));
    };
    let connection = connected(100, take).await.unwrap().unwrap();
    let (mut reading, mut writing) = tokio::io::split(upgraded(&connection).await);
    let sent = vec![7; 1 << 20];
    let (read, _) = tokio::join!(
        async {
            let mut read = Vec::new();
            reading.read_to_end(&mut read).await.unwrap();
            read
        },
        async {
            writing.write_all(&sent).await.unwrap();
            writing.shutdown().await.unwrap();
        }
    );
    assert!(read == sent);
}

#[tokio::test]
async fn a_request_is_as_rfc_8441_has_it() {
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let take = move |asked: Asked| {
        let head = asked.0.headers().clone();
        let uri = asked.0.uri().clone();
        let protocol = asked.0.extensions().get::<h2::ext::Protocol>().cloned();
        tell.send((uri, protocol, head, accept(asked))).unwrap();
    };
    let connection = connected(100, take).await.unwrap().unwrap();
    let headers = [
        ("Host", b"example.com:8443".into()),
        ("Authorization", b"Basic secret".into()),
        ("Keep-Alive", b"timeout=5".into()),
        ("X-Latin", b"\xe9".into()),
    ];
    let ask = Ask {
        headers: &headers,
        extensions: Some("permessage-deflate"),
        ..ASK
    };
    assert!(request(connection, &ask).await.unwrap().is_some());
    let (uri, protocol, head, _kept) = told.recv().await.unwrap();
    assert_eq!(uri, "https://example.com:8443/path?query");
    assert_eq!(protocol.unwrap().as_str(), "websocket");
    assert_eq!(head["sec-websocket-version"], "13");
    assert_eq!(head["sec-websocket-extensions"], "permessage-deflate");
    assert_eq!(head["x-latin"].as_bytes(), b"\xe9");
    assert_eq!(head["authorization"], "Basic secret");
    assert_eq!(head.len(), 4);
}

#[tokio::test]
async fn a_server_that_has_not_enabled_it_takes_none() {
    let (client, server) = duplex(16 * 1024);
    tokio::spawn(serve(server, server::Builder::new(), drop));
    let opened = open(Stream::Other(Box::new(client))).await.unwrap();
    assert!(opened.is_none());
}

#[tokio::test]
async fn the_settings_of_the_server_are_waited_for() {
    let (client, mut server) = duplex(16 * 1024);
    let mut opening = tokio::spawn(open(Stream::Other(Box::new(client))));
    assert!(timeout(SHORT, &mut opening).await.is_err());
    // ENABLE_CONNECT_PROTOCOL (8) is 1.
    let settings = b"\0\0\x06\x04\0\0\0\0\0\0\x08\0\0\0\x01";
    server.write_all(settings).await.unwrap();
    let opened = timeout(DUE, opening).await.unwrap().unwrap();
    assert!(opened.unwrap().is_some());
}

#[tokio::test]
async fn another_protocol_is_an_error() {
    let (client, mut server) = duplex(16 * 1024);
    server.write_all(b"HTTP/1.1 400 No\r\n\r\n").await.unwrap();
    let error = open(Stream::Other(Box::new(client))).await.err().unwrap();
    assert_eq!(error.code(), "WSR_ERR_HANDSHAKE");
    assert!(error.to_string().starts_with("HTTP/2: "), "{error}");
}

#[tokio::test]
async fn a_refusal_comes_with_its_body() {
    let take = |(_, mut respond): Asked| {
        let mut refusal = Response::new(());
        *refusal.status_mut() = StatusCode::FORBIDDEN;
        let mut body = respond.send_response(refusal, false).unwrap();
        body.send_data(Bytes::from_static(b"why"), true).unwrap();
    };
    let connection = connected(100, take).await.unwrap().unwrap();
    let answered = request(connection, &ASK).await.unwrap().unwrap();
    let (mut stream, Answer::Refused(response, _)) = answered else {
        panic!("it is no refusal");
    };
    assert_eq!(response.status, 403);
    let mut body = String::new();
    stream.read_to_string(&mut body).await.unwrap();
    assert_eq!(body, "why");
}

#[tokio::test]
async fn a_stream_that_the_server_leaves_is_for_another_connection() {
    let take = |(_, mut respond): Asked| respond.send_reset(Reason::REFUSED_STREAM);
    let connection = connected(100, take).await.unwrap().unwrap();
    assert!(connection.has_room());
    assert!(request(connection.clone(), &ASK).await.unwrap().is_none());
    assert!(!connection.has_room());
}

#[tokio::test]
async fn a_stream_that_the_server_resets_while_it_is_asked_for_is_an_error() {
    let take = |(_, mut respond): Asked| respond.send_reset(Reason::INTERNAL_ERROR);
    let connection = connected(100, take).await.unwrap().unwrap();
    let error = request(connection, &ASK).await.err().unwrap();
    assert_eq!(error.code(), "WSR_ERR_HANDSHAKE");
}

#[tokio::test]
async fn there_is_room_for_as_many_streams_as_the_server_says() {
    let take = |asked: Asked| {
        tokio::spawn(echo(accept(asked)));
    };
    let connection = connected(2, take).await.unwrap().unwrap();
    // The caller of `has_room` holds it too.
    assert!(connection.has_room());
    let first = upgraded(&connection).await;
    assert!(connection.has_room());
    let _second = upgraded(&connection).await;
    assert!(!connection.has_room());
    drop(first);
    assert!(connection.has_room());
}

#[tokio::test]
async fn an_end_is_read_and_a_reset_is_an_error() {
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let take = move |asked: Asked| tell.send(accept(asked)).unwrap();
    let connection = connected(100, take).await.unwrap().unwrap();
    let mut read = Vec::new();
    let mut ended = upgraded(&connection).await;
    let (_kept, mut send) = told.recv().await.unwrap();
    send.send_data(Bytes::from_static(b"last"), true).unwrap();
    ended.read_to_end(&mut read).await.unwrap();
    assert_eq!(read, b"last");
    let mut cut = upgraded(&connection).await;
    let (_kept, mut send) = told.recv().await.unwrap();
    send.send_reset(Reason::INTERNAL_ERROR);
    assert!(cut.read_to_end(&mut read).await.is_err());
}

#[tokio::test]
async fn a_peer_that_does_not_read_is_sent_no_more_than_it_takes() {
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let take = move |asked: Asked| tell.send(accept(asked)).unwrap();
    let connection = connected(100, take).await.unwrap().unwrap();
    let mut stuck = upgraded(&connection).await;
    // It is kept, and not read.
    let _unread = told.recv().await.unwrap();
    let writing = stuck.write_all(&[7; 1 << 20]);
    assert!(timeout(SHORT, writing).await.is_err());
    // Another stream is not kept waiting by what waits for that one.
    let mut other = upgraded(&connection).await;
    tokio::spawn(echo(told.recv().await.unwrap()));
    let mut answer = [0; 5];
    other.write_all(b"hello").await.unwrap();
    timeout(DUE, other.read_exact(&mut answer))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(&answer, b"hello");
}

#[tokio::test]
async fn who_does_not_read_is_sent_no_more_than_the_window_and_keeps_nobody_waiting() {
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let take = move |asked: Asked| tell.send(accept(asked)).unwrap();
    let connection = connected(100, take).await.unwrap().unwrap();
    let _unread = upgraded(&connection).await;
    let (_, mut send) = told.recv().await.unwrap();
    send.send_data(vec![7; 1 << 20].into(), false).unwrap();
    let mut other = upgraded(&connection).await;
    let (_, mut quick) = told.recv().await.unwrap();
    let sent = vec![7; 4 << 20];
    quick.send_data(sent.clone().into(), true).unwrap();
    let mut read = Vec::new();
    timeout(DUE, other.read_to_end(&mut read))
        .await
        .unwrap()
        .unwrap();
    assert!(read == sent);
    // What is left waits at the server.
    send.reserve_capacity(1 << 20);
    assert!(send.capacity() < (1 << 20) - STREAM_WINDOW + 1);
}

#[tokio::test]
async fn a_connection_over_which_nothing_comes_is_for_those_who_are_on_it() {
    let take = |asked: Asked| {
        tokio::spawn(echo(accept(asked)));
    };
    let connection = connected(100, take).await.unwrap().unwrap();
    let heard = connection.heard();
    let mut stream = upgraded(&connection).await;
    connection.doubt(heard);
    assert!(connection.has_room());
    connection.doubt(connection.heard());
    assert!(!connection.has_room());
    let mut answer = [0; 5];
    stream.write_all(b"hello").await.unwrap();
    stream.read_exact(&mut answer).await.unwrap();
}

#[tokio::test]
async fn the_connection_ends_with_the_last_stream() {
    let (client, server) = duplex(16 * 1024);
    let mut builder = server::Builder::new();
    builder.enable_connect_protocol();
    let serving = tokio::spawn(serve(server, builder, |asked| {
        tokio::spawn(echo(accept(asked)));
    }));
    let connection = open(Stream::Other(Box::new(client))).await.unwrap();
    let connection = Arc::new(connection.unwrap());
    let mut stream = upgraded(&connection).await;
    drop(connection);
    stream.write_all(b"hello").await.unwrap();
    let mut answer = [0; 5];
    stream.read_exact(&mut answer).await.unwrap();
    drop(stream);
    timeout(DUE, serving).await.unwrap().unwrap();
}
