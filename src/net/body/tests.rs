use tokio::io::{AsyncWriteExt, duplex};

use super::*;

type Headers<'a> = &'a [(&'a str, &'a str)];

fn response(status: u16, headers: Headers) -> Response {
    let headers = headers.iter();
    Response {
        status,
        headers: headers
            .map(|(name, value)| (name.to_string(), value.to_string()))
            .collect(),
    }
}

const CHUNKED: (&str, &str) = ("transfer-encoding", "gzip, Chunked");

/// What becomes of `bytes`, the first `begun` of which came with the head, before the stream ends.
async fn read(headers: Headers<'_>, bytes: &[u8], begun: usize) -> Option<Message> {
    let (mut client, mut server) = duplex(bytes.len() + 1);
    server.write_all(&bytes[begun..]).await.unwrap();
    drop(server);
    let mut body = Body::of(&response(403, headers));
    body.read(&mut client, bytes[..begun].to_vec()).await;
    body.decode(&response(403, headers));
    body.into_message()
}

fn text(text: &str) -> Option<Message> {
    Some(Message::Text(text.to_owned()))
}

#[tokio::test]
async fn a_body_is_read_as_its_framing_says_however_it_is_cut() {
    let cases: [(Headers, &str, Option<Message>); 12] = [
        (&[], "to the end", text("to the end")),
        (&[("content-length", "3")], "three and more", text("thr")),
        (&[("content-length", "9")], "cut", text("cut")),
        (&[("content-length", "0")], "nothing", None),
        (&[("content-length", "2, 2")], "ok", text("ok")),
        (&[("content-length", "2, 3")], "whose", None),
        (&[("content-length", "-1")], "whose", None),
        (
            &[CHUNKED, ("content-length", "1")],
            "3;a=b\r\nabc\r\n2\r\nde\r\n0\r\n\r\nnext",
            text("abcde"),
        ),
        (&[CHUNKED], "5\r\nab", text("ab")),
        (&[CHUNKED], "2\r\nabX\r\n2\r\ncd\r\n", text("ab")),
        (&[CHUNKED], "2\r\nab\r\nno number\r\ncd\r\n", text("ab")),
        (
            &[("transfer-encoding", "gzip")],
            "to the end",
            text("to the end"),
        ),
    ];
    for (headers, bytes, expected) in cases {
        for begun in 0..=bytes.len() {
            let got = read(headers, bytes.as_bytes(), begun).await;
            assert_eq!(got, expected, "{headers:?} {bytes:?} cut at {begun}");
        }
        let mut body = Body::of(&response(403, headers));
        for byte in bytes.as_bytes() {
            if body.take(&[*byte]) {
                break;
            }
        }
        assert_eq!(
            body.into_message(),
            expected,
            "{headers:?} {bytes:?} byte by byte"
        );
    }
}

#[tokio::test]
async fn an_answer_that_has_no_body_is_waited_for_no_longer() {
    for status in [101, 204, 304] {
        let (mut client, _server) = duplex(16);
        let mut body = Body::of(&response(status, &[]));
        body.read(&mut client, b"frames".to_vec()).await;
        assert_eq!(body.into_message(), None);
    }
}

#[tokio::test]
async fn no_more_is_kept_than_there_is_room_for() {
    let long = "ä".repeat(MAX_BODY);
    for headers in [&[][..], &[("content-length", "131072")]] {
        let got = read(headers, long.as_bytes(), 0).await;
        assert_eq!(got, text(&"ä".repeat(MAX_BODY / 2)));
    }
    let cut = format!("x{long}");
    let got = read(&[], cut.as_bytes(), 0).await;
    assert_eq!(got, text(&format!("x{}", "ä".repeat(MAX_BODY / 2 - 1))));
    let chunk = format!("10000;{}\r\n{}\r\n", "e".repeat(100), "y".repeat(MAX_BODY));
    let got = read(&[CHUNKED], chunk.as_bytes(), 0).await;
    assert_eq!(got, text(&"y".repeat(MAX_BODY)));
}

#[tokio::test]
async fn chunks_that_bring_nothing_are_not_read_for_ever() {
    let (mut client, mut server) = duplex(1 << 16);
    let flood = tokio::spawn(async move {
        while server.write_all(b"1;extension\r\n").await.is_ok()
            && server.write_all(b"\n\r\n").await.is_ok()
        {}
    });
    let mut body = Body::of(&response(403, &[CHUNKED]));
    body.read(&mut client, Vec::new()).await;
    assert!(body.kept.len() < MAX_READ / 10);
    let mut body = Body::of(&response(403, &[CHUNKED]));
    assert!(body.take(&[b'1'; MAX_LINE + 1]));
    drop(client);
    flood.await.unwrap();
}

#[tokio::test]
async fn what_is_no_utf8_stays_bytes() {
    assert_eq!(
        read(&[], b"caf\xe9 \xff", 0).await,
        Some(Message::Binary(b"caf\xe9 \xff".to_vec()))
    );
    assert_eq!(
        read(&[], b"\xe9", 0).await,
        Some(Message::Binary(vec![0xe9]))
    );
}

/// `bytes` as zlib deflates them: bare, with its own header, or with that of gzip.
fn deflated(bytes: &[u8], window_bits: i32) -> Vec<u8> {
    use zlib_rs::{Deflate, DeflateConfig, DeflateFlush};

    let mut state = Deflate::new_with_config(DeflateConfig {
        window_bits,
        ..DeflateConfig::default()
    });
    let mut out = vec![0; 2 * bytes.len() + 100];
    state
        .compress(bytes, &mut out, DeflateFlush::Finish)
        .unwrap();
    out.truncate(state.total_out() as usize);
    out
}

#[tokio::test]
async fn a_body_is_told_without_its_codings() {
    const GZIP: (&str, &str) = ("content-encoding", "gzip");
    const DEFLATE: (&str, &str) = ("content-encoding", "deflate");
    let why = "you are not on the list".repeat(10);
    let (gzip, zlib, bare) = (31, 15, -15);
    let cases: [(Headers, Vec<u8>); 5] = [
        (&[GZIP], deflated(why.as_bytes(), gzip)),
        (&[DEFLATE], deflated(why.as_bytes(), zlib)),
        (&[DEFLATE], deflated(why.as_bytes(), bare)),
        (
            &[("transfer-encoding", "gzip")],
            deflated(why.as_bytes(), gzip),
        ),
        (
            &[("content-encoding", "deflate, GZip, identity")],
            deflated(&deflated(why.as_bytes(), zlib), gzip),
        ),
    ];
    for (headers, bytes) in cases {
        assert_eq!(read(headers, &bytes, 3).await, text(&why), "{headers:?}");
    }
    let cut = &deflated(why.as_bytes(), gzip)[..25];
    let Some(Message::Text(begun)) = read(&[GZIP], cut, 0).await else {
        panic!("nothing of it")
    };
    assert!(why.starts_with(&begun) && !begun.is_empty());
}

#[tokio::test]
async fn a_body_that_cannot_be_decoded_is_told_as_it_came() {
    for coding in ["br", "gzip", "deflate"] {
        let headers = &[("content-encoding", coding)];
        assert_eq!(
            read(headers, b"\xff?!", 0).await,
            Some(Message::Binary(b"\xff?!".to_vec()))
        );
    }
}

#[tokio::test]
async fn a_body_that_inflates_without_end_is_cut() {
    let bomb = deflated(&vec![b'x'; 10 << 20], 31);
    let told = read(&[("content-encoding", "gzip")], &bomb, 0).await;
    assert_eq!(told, text(&"x".repeat(MAX_BODY)));
}

#[test]
fn a_secret_is_hidden_wherever_it_stands() {
    let mut body = Body::of(&response(403, &[]));
    body.take(b"s3cret is no s3cre but s3cret");
    body.hide(b"s3cret");
    body.hide(b"");
    assert_eq!(
        body.into_message(),
        text("[hidden] is no s3cre but [hidden]")
    );
}
