use proptest::prelude::*;
use tokio::io::{DuplexStream, duplex};

use super::*;

/// Reads a request and returns it with the value of `Sec-WebSocket-Accept` that it calls for.
async fn read_request(server: &mut DuplexStream) -> (String, String) {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        bytes.push(server.read_u8().await.unwrap());
    }
    let request = String::from_utf8(bytes).unwrap();
    let key = request
        .lines()
        .find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "))
        .unwrap();
    let accept = derive_accept_key(key.as_bytes());
    (request, accept)
}

/// The outcome of asking a server that answers with `template`, where `ACCEPT` stands for the right
/// key, and closes.
async fn answered(
    template: &str,
    protocols: &[&str],
    extensions: Option<&str>,
) -> Result<Answer, NetError> {
    let protocols: Vec<String> = protocols
        .iter()
        .map(|&protocol| protocol.to_owned())
        .collect();
    let ask = Ask {
        resource: "/",
        headers: &[("Host", b"h".into())],
        protocols: &protocols,
        extensions,
    };
    let (mut client, mut server) = duplex(1 << 20);
    let serve = async move {
        let (_, accept) = read_request(&mut server).await;
        server
            .write_all(template.replace("ACCEPT", &accept).as_bytes())
            .await
            .unwrap();
    };
    tokio::join!(upgrade(&mut client, &ask), serve).0
}

const UPGRADE: &str =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n";

#[tokio::test]
async fn a_request_has_all_that_the_handshake_needs_and_a_fresh_key() {
    let protocols = ["a".to_owned(), "b".to_owned()];
    let ask = Ask {
        resource: "/p?q",
        headers: &[("Host", b"h".into())],
        protocols: &protocols,
        extensions: Some("x; y"),
    };
    let text = String::from_utf8(request(&ask, "KEY")).unwrap();
    assert_eq!(
        text,
        "GET /p?q HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: KEY\r\nSec-WebSocket-Protocol: a,b\r\nSec-WebSocket-Extensions: x; y\r\n\r\n"
    );
    let mut accepts = Vec::new();
    for _ in 0..2 {
        let (mut client, mut server) = duplex(4096);
        let serve = async move { read_request(&mut server).await.1 };
        let (_, accept) = tokio::join!(upgrade(&mut client, &ask), serve);
        accepts.push(accept);
    }
    assert_ne!(accepts[0], accepts[1]);
}

#[tokio::test]
async fn what_follows_the_blank_line_is_kept() {
    for informational in [
        "",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n",
    ] {
        let answer = format!(
            "{informational}{UPGRADE}Sec-WebSocket-Accept: ACCEPT\r\nSec-WebSocket-Protocol: b\r\n\
             Sec-WebSocket-Extensions: x\r\nsec-websocket-extensions: y\r\n\r\n\u{1}\r\n\r\nrest"
        );
        let Ok(Answer::Upgraded(upgrade)) = answered(&answer, &["a", "b"], Some("x, y")).await
        else {
            panic!("not upgraded")
        };
        assert_eq!(upgrade.rest, b"\x01\r\n\r\nrest");
        assert_eq!(upgrade.protocol, "b");
        assert_eq!(upgrade.extensions.as_deref(), Some("x, y"));
        assert_eq!(
            upgrade.response.headers[0],
            ("upgrade".to_owned(), "WebSocket".to_owned())
        );
    }
}

#[tokio::test]
async fn an_answer_may_come_a_byte_at_a_time() {
    let (mut client, mut server) = duplex(1);
    let ask = Ask {
        resource: "/",
        headers: &[],
        protocols: &[],
        extensions: None,
    };
    let serve = async move {
        let (_, accept) = read_request(&mut server).await;
        let answer = format!("{UPGRADE}Sec-WebSocket-Accept: {accept}\r\n\r\n!");
        server.write_all(answer.as_bytes()).await.unwrap();
        server
    };
    let (answer, mut server) = tokio::join!(upgrade(&mut client, &ask), serve);
    assert!(matches!(answer, Ok(Answer::Upgraded(_))));
    let Ok(Answer::Upgraded(upgrade)) = answer else {
        return;
    };
    assert!(upgrade.rest.is_empty());
    server.shutdown().await.unwrap();
}

#[tokio::test]
async fn each_fault_of_an_upgrade_has_its_own_error() {
    let accept = "Sec-WebSocket-Accept: ACCEPT\r\n";
    let up = "HTTP/1.1 101 X\r\nUpgrade: websocket\r\n";
    let cases: [(String, &[&str], HandshakeFault); 12] = [
        (
            "HTTP/1.1 101 X\r\nConnection: Upgrade\r\n".to_owned() + accept,
            &[],
            HandshakeFault::Upgrade,
        ),
        (
            "HTTP/1.1 101 X\r\nUpgrade: h2c\r\n".to_owned(),
            &[],
            HandshakeFault::Upgrade,
        ),
        (up.to_owned() + accept, &[], HandshakeFault::Connection),
        (
            format!("{up}Connection: close\r\n{accept}"),
            &[],
            HandshakeFault::Connection,
        ),
        (UPGRADE.to_owned(), &[], HandshakeFault::Accept),
        (
            format!("{UPGRADE}Sec-WebSocket-Accept: x\r\n"),
            &[],
            HandshakeFault::Accept,
        ),
        (
            format!("{UPGRADE}{accept}{accept}"),
            &[],
            HandshakeFault::Accept,
        ),
        (
            format!("{UPGRADE}{accept}Sec-WebSocket-Protocol: a\r\n"),
            &[],
            HandshakeFault::UnaskedProtocol,
        ),
        (
            format!("{UPGRADE}{accept}Sec-WebSocket-Protocol: A\r\n"),
            &["a"],
            HandshakeFault::WrongProtocol,
        ),
        (
            format!("{UPGRADE}{accept}Sec-WebSocket-Protocol: a, b\r\n"),
            &["a", "b"],
            HandshakeFault::WrongProtocol,
        ),
        (
            format!("{UPGRADE}{accept}"),
            &["a"],
            HandshakeFault::NoProtocol,
        ),
        (
            format!("{UPGRADE}{accept}Sec-WebSocket-Extensions: x\r\n"),
            &[],
            HandshakeFault::UnaskedExtension,
        ),
    ];
    for (answer, protocols, expected) in cases {
        match answered(&format!("{answer}\r\n"), protocols, None).await {
            Err(NetError::Handshake {
                fault,
                status: Some(101),
                ..
            }) => assert_eq!(fault, expected),
            other => panic!("{answer}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn an_answer_that_is_no_upgrade_is_handed_over_whole() {
    let answer = "HTTP/1.0 503 Busy\r\nRetry-After: 7\r\nX: caf\u{e9}\r\n\r\nbody";
    let Ok(Answer::Refused(response, begun)) = answered(answer, &[], None).await else {
        panic!("not refused")
    };
    assert_eq!((response.status, begun.as_slice()), (503, &b"body"[..]));
    assert_eq!(response.header("retry-after").as_deref(), Some("7"));
}

#[tokio::test]
async fn an_answer_that_is_no_http_is_told_at_once() {
    for answer in [
        "SSH-2.0-x\r\n",
        "HTTP/2",
        "HTTP/1.1 abc\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
    ] {
        let (mut client, mut server) = duplex(4096);
        server.write_all(answer.as_bytes()).await.unwrap();
        match read_response(&mut client).await {
            Err(NetError::Handshake {
                fault: HandshakeFault::NotHttp(_),
                ..
            }) => {}
            other => panic!("{answer}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn headers_are_bounded_in_size_and_not_in_number() {
    let many = format!("HTTP/1.1 403 No\r\n{}\r\n", "X: y\r\n".repeat(10_000));
    let Ok(Answer::Refused(response, _)) = answered(&many, &[], None).await else {
        panic!("not refused")
    };
    assert_eq!((response.status, response.headers.len()), (403, 10_000));
    let start = "HTTP/1.1 403 No\r\nX: ";
    let of_length = |length: usize| {
        let filling = length - start.len() - 4;
        format!("{start}{}\r\n\r\n", "x".repeat(filling))
    };
    let longest = answered(&of_length(MAX_HEAD), &[], None).await;
    assert!(matches!(longest, Ok(Answer::Refused(_, _))));
    let endless = format!("{start}{}", "x".repeat(2 * MAX_HEAD));
    for answer in [of_length(MAX_HEAD + 1), endless] {
        match answered(&answer, &[], None).await {
            Err(NetError::Handshake { fault, status, .. }) => {
                assert_eq!(fault, HandshakeFault::TooLong(MAX_HEAD));
                assert_eq!(status, Some(403));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn informational_answers_are_bounded_in_number_and_size() {
    let interim = "HTTP/1.1 100 Continue\r\n\r\n";
    let last = "HTTP/1.1 403 No\r\n\r\n";
    let most = interim.repeat(MAX_INTERIM) + last;
    let refused = answered(&most, &[], None).await;
    assert!(matches!(refused, Ok(Answer::Refused(_, _))));
    let large = format!("HTTP/1.1 103 Hints\r\nX: {}\r\n\r\n", "x".repeat(10_000));
    for (answer, expected) in [
        (
            interim.repeat(MAX_INTERIM + 1) + last,
            HandshakeFault::OnlyInterim(MAX_INTERIM),
        ),
        (large.repeat(7) + last, HandshakeFault::TooLong(MAX_HEAD)),
        ("\r\n".repeat(MAX_HEAD), HandshakeFault::TooLong(MAX_HEAD)),
    ] {
        match answered(&answer, &[], None).await {
            Err(NetError::Handshake { fault, .. }) => assert_eq!(fault, expected),
            other => panic!("{other:?}"),
        }
    }
}

/// What comes of an answer in these pieces, and of what is left behind it.
fn pieced(pieces: &[&[u8]]) -> String {
    let reading = async {
        let mut stream: Box<dyn AsyncRead + Unpin> = Box::new(tokio::io::empty());
        for piece in pieces.iter().rev() {
            stream = Box::new(piece.chain(stream));
        }
        match read_response(&mut stream).await {
            Ok((response, mut rest)) => {
                stream.read_to_end(&mut rest).await.unwrap();
                format!("{response:?}, then {rest:?}")
            }
            Err(error) => format!("{error:?}"),
        }
    };
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(reading)
}

fn answers() -> impl Strategy<Value = String> {
    let parts = prop::sample::select(vec![
        "\r\n",
        "\n",
        "\r",
        " ",
        "HTTP/1.1 101 Switching Protocols\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.0 403 No\n",
        "HTTP/2 200",
        "HTTP/1.1 999999\r\n",
        "Upgrade: websocket\r\n",
        "X: \u{e4}\r\n",
        "no colon\r\n",
        ": \r\n",
        "\r\n\r\n",
        "frames",
    ]);
    prop::collection::vec(parts, 0..12).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn an_answer_is_the_same_wherever_it_is_cut(answer in answers()) {
        let bytes = answer.as_bytes();
        let whole = pieced(&[bytes]);
        for cut in 0..=bytes.len() {
            let (first, second) = bytes.split_at(cut);
            prop_assert_eq!(&pieced(&[first, second]), &whole);
        }
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        prop_assert_eq!(&pieced(&single), &whole);
    }
}

#[test]
fn blank_lines_before_an_answer_are_passed_over() {
    let head = format!("{UPGRADE}Sec-WebSocket-Accept: x\r\n\r\n");
    let plain = pieced(&[head.as_bytes()]);
    assert!(plain.contains("status: 101"), "{plain}");
    for blank in ["\r\n", "\n", "\r\n\r\n\n"] {
        assert_eq!(pieced(&[(blank.to_owned() + &head).as_bytes()]), plain);
        assert_eq!(pieced(&[blank.as_bytes(), head.as_bytes()]), plain);
    }
}

#[tokio::test]
async fn a_peer_that_leaves_before_it_answers_hangs_up() {
    for answer in ["", "HTTP/1.1 101 Swi"] {
        assert!(matches!(
            answered(answer, &[], None).await,
            Err(NetError::HungUp)
        ));
    }
}
