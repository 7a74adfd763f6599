//! The server. What a connection does is named by the path of its URL, and its numbers by the query:
//!
//! - `/idle` answers heartbeats, and writes down when they came; `/report` tells that as JSON.
//! - `/echo` sends back what comes.
//! - `/flood` sends messages as fast as the connection takes them, `/paced` `rate` of them a second. Both wait for a message
//!   first, so that a client can open many.
//! - `/sink` counts, and answers every `ack` messages with `MESSAGES BYTES` of all so far. With `deflate` it takes
//!   compressed messages alone.
//! - `/samples` tells as a JSON array the texts that the others with the same query send or expect, over and over.

use std::cell::RefCell;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::net::Ipv4Addr;
use std::process;
use std::rc::Rc;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use flate2::{Decompress, FlushDecompress};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{MissedTickBehavior, interval_at};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::{HeaderValue, StatusCode};
use url::form_urlencoded;

use crate::Outcome;
use crate::inbound::Inbound;
use crate::messages::{Kind, Load, frame, samples};

/// Bytes read at once where much comes in, and where little does.
const WIDE: usize = 256 * 1024;
const NARROW: usize = 512;

const HEARTBEAT: &[u8] = br#"{"type":"ping"}"#;
const ANSWER: &[u8] = br#"{"type":"pong"}"#;

/// When heartbeats came, in ms since the epoch.
type Heartbeats = Rc<RefCell<Vec<u64>>>;

/// What a client asked for.
#[derive(Clone)]
struct Ask {
    path: String,
    kind: Kind,
    size: usize,
    deflate: bool,
    ack: u64,
    rate: u64,
}

pub async fn run(ca_file: &str) -> Outcome<()> {
    let (acceptor, ca) = identity()?;
    std::fs::write(ca_file, ca)?;
    let plain = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let secure = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let (ws, wss) = (plain.local_addr()?.port(), secure.local_addr()?.port());
    println!(r#"{{"ws": {ws}, "wss": {wss}}}"#);
    std::thread::spawn(end_with_input);

    let heartbeats = Heartbeats::default();
    loop {
        let heartbeats = heartbeats.clone();
        tokio::select! {
            Ok((tcp, _)) = plain.accept() => {
                tcp.set_nodelay(true)?;
                tokio::task::spawn_local(async move { connection(tcp, heartbeats).await });
            }
            Ok((tcp, _)) = secure.accept() => {
                tcp.set_nodelay(true)?;
                let acceptor = acceptor.clone();
                tokio::task::spawn_local(async move { secured(acceptor, tcp, heartbeats).await });
            }
        }
    }
}

/// Whoever started the server holds its standard input; that one's end is the server's.
fn end_with_input() {
    let _ = io::copy(&mut io::stdin(), &mut io::sink());
    process::exit(0);
}

/// A certificate for this machine, and the authority to trust for it, as PEM.
fn identity() -> Outcome<(TlsAcceptor, String)> {
    let ca_key = KeyPair::generate()?;
    let mut ca = CertificateParams::new([])?;
    ca.distinguished_name.push(DnType::CommonName, "bench");
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_pem = ca.self_signed(&ca_key)?.pem();
    let key = KeyPair::generate()?;
    let leaf = CertificateParams::new(["127.0.0.1".to_owned()])?;
    let signed = leaf.signed_by(&key, &Issuer::from_params(&ca, &ca_key))?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(
            vec![signed.der().clone()],
            PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        )?;
    Ok((TlsAcceptor::from(Arc::new(config)), ca_pem))
}

async fn secured(acceptor: TlsAcceptor, tcp: TcpStream, heartbeats: Heartbeats) {
    match acceptor.accept(tcp).await {
        Ok(stream) => connection(stream, heartbeats).await,
        Err(error) => eprintln!("TLS: {error}"),
    }
}

async fn connection<S: AsyncRead + AsyncWrite + Unpin>(stream: S, heartbeats: Heartbeats) {
    match served(stream, heartbeats).await {
        Ok(()) => {}
        // A client that is done may end without a goodbye.
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::ConnectionReset
                    | io::ErrorKind::BrokenPipe
                    | io::ErrorKind::UnexpectedEof
            ) => {}
        Err(error) => eprintln!("a connection: {error}"),
    }
}

async fn served<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    heartbeats: Heartbeats,
) -> io::Result<()> {
    let mut asked = None;
    // The type of the error is tungstenite's.
    #[allow(clippy::result_large_err)]
    let upgrade = |request: &Request, mut response: Response| {
        let ask = Ask::parse(request).map_err(|trouble| refusal(&trouble))?;
        if ask.deflate {
            response.headers_mut().insert(
                "sec-websocket-extensions",
                HeaderValue::from_static("permessage-deflate"),
            );
        }
        asked = Some(ask);
        Ok(response)
    };
    let mut stream = tokio_tungstenite::accept_hdr_async(stream, upgrade)
        .await
        .map_err(io::Error::other)?
        .into_inner();
    let Some(ask) = asked else { return Ok(()) };
    match ask.path.as_str() {
        "/flood" => flood(&mut stream, &ask).await,
        "/paced" => paced(&mut stream, &ask).await,
        "/sink" => sink(&mut stream, &ask).await,
        "/echo" => answer(&mut stream, |payload| payload.to_vec()).await,
        "/samples" => {
            let texts = serde_json::to_string(&samples(ask.kind, ask.size))?;
            tell(&mut stream, &texts).await
        }
        "/report" => {
            let report = format!("{:?}", heartbeats.borrow());
            tell(&mut stream, &report).await
        }
        _ => {
            answer(&mut stream, |payload| {
                if payload == HEARTBEAT {
                    heartbeats.borrow_mut().push(epoch_ms());
                }
                ANSWER.to_vec()
            })
            .await
        }
    }
}

impl Ask {
    fn parse(request: &Request) -> Result<Self, String> {
        let query = request.uri().query().unwrap_or_default();
        let find = |name: &str| {
            let mut pairs = form_urlencoded::parse(query.as_bytes());
            pairs.find(|(key, _)| key == name).map(|(_, value)| value)
        };
        fn number<T: FromStr>(value: Option<impl AsRef<str>>, default: T) -> Result<T, String> {
            value.map_or(Ok(default), |text| {
                let text = text.as_ref();
                text.parse().map_err(|_| format!("{text} is no number"))
            })
        }
        let offered = request.headers().get("sec-websocket-extensions");
        let offered = offered
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let ask = Self {
            path: request.uri().path().to_owned(),
            kind: find("kind").as_deref().unwrap_or("text").parse()?,
            size: number(find("size"), 64)?,
            deflate: find("deflate").is_some(),
            ack: number(find("ack"), 1)?,
            rate: number(find("rate"), 100)?,
        };
        if ask.deflate && !offered.contains("permessage-deflate") {
            return Err("permessage-deflate was not offered".to_owned());
        }
        Ok(ask)
    }
}

fn refusal(trouble: &str) -> ErrorResponse {
    let mut response = ErrorResponse::new(Some(trouble.to_owned()));
    *response.status_mut() = StatusCode::BAD_REQUEST;
    response
}

fn epoch_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or_default().as_millis() as u64
}

/// Closes, and hangs up once the client has answered: some clients drop what they have not handled by then.
async fn close<S>(stream: &mut S, reason: &str) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    write_close(stream, reason).await?;
    let mut inbound = Inbound::new(NARROW);
    while inbound.read(stream).await? {
        while let Some(message) = inbound.next()? {
            if message.opcode() == 0x8 {
                return hang_up(stream).await;
            }
        }
    }
    Ok(())
}

/// Answers the close frame of a client.
async fn close_too<S>(stream: &mut S) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    write_close(stream, "").await?;
    hang_up(stream).await
}

async fn write_close(stream: &mut (impl AsyncWrite + Unpin), reason: &str) -> io::Result<()> {
    let mut payload = 1000u16.to_be_bytes().to_vec();
    payload.extend(reason.as_bytes());
    let mut out = Vec::new();
    frame(0x88, &payload, &mut out);
    stream.write_all(&out).await?;
    stream.flush().await
}

/// Ends the connection, and waits until the client has done so too: it can read all that came before.
async fn hang_up<S>(stream: &mut S) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    stream.shutdown().await?;
    let mut rest = [0; NARROW];
    while stream.read(&mut rest).await? > 0 {}
    Ok(())
}

/// Says one text, and lets the client close.
async fn tell<S>(stream: &mut S, text: &str) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut out = Vec::new();
    frame(0x81, text.as_bytes(), &mut out);
    stream.write_all(&out).await?;
    answer(stream, |_| Vec::new()).await
}

/// Answers each text with what `reply` makes of it.
async fn answer<S>(stream: &mut S, reply: impl Fn(&[u8]) -> Vec<u8>) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut inbound = Inbound::new(NARROW);
    let mut out = Vec::new();
    while inbound.read(stream).await? {
        while let Some(message) = inbound.next()? {
            match message.opcode() {
                0x1 => frame(0x81, &reply(&message.payload()), &mut out),
                0x8 => return close_too(stream).await,
                0x9 => frame(0x8a, &message.payload(), &mut out),
                _ => {}
            }
        }
        stream.write_all(&out).await?;
        out.clear();
    }
    Ok(())
}

/// Waits for a message.
async fn started(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<()> {
    let mut inbound = Inbound::new(NARROW);
    while inbound.next()?.is_none() {
        if !inbound.read(stream).await? {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(())
}

async fn flood<S>(stream: &mut S, ask: &Ask) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let Load { first, block } = Load::new(ask.kind, ask.size, ask.deflate);
    started(stream).await?;
    stream.write_all(&first).await?;
    loop {
        stream.write_all(&block).await?;
    }
}

async fn paced<S>(stream: &mut S, ask: &Ask) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    started(stream).await?;
    let period = Duration::from_secs(1) / ask.rate.max(1) as u32;
    // At any moment of the period: many connections that all get their message at once are cheaper to read.
    let phase = period.mul_f64(RandomState::new().build_hasher().finish() as f64 / u64::MAX as f64);
    let mut due = interval_at(tokio::time::Instant::now() + phase, period);
    due.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut out = Vec::new();
    for text in samples(ask.kind, ask.size).iter().cycle() {
        due.tick().await;
        frame(0x81, text.as_bytes(), &mut out);
        stream.write_all(&out).await?;
        out.clear();
    }
    Ok(())
}

async fn sink<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, ask: &Ask) -> io::Result<()> {
    let mut inbound = Inbound::new(WIDE);
    let mut inflater = ask.deflate.then(Inflater::new);
    let mut out = Vec::new();
    let (mut messages, mut bytes) = (0, 0);
    while inbound.read(stream).await? {
        while let Some(message) = inbound.next()? {
            match message.opcode() {
                0x0..=0x2 => {}
                0x8 => return close_too(stream).await,
                opcode => return Err(io::Error::other(format!("an opcode {opcode} to the sink"))),
            }
            let last = message.is_last();
            bytes += match &mut inflater {
                None => message.len(),
                Some(inflater) if message.is_compressed() && last => {
                    inflater.inflated(message.payload())?
                }
                Some(_) => return close(stream, "messages arrive uncompressed").await,
            };
            if !last {
                continue;
            }
            messages += 1;
            if messages % ask.ack == 0 {
                frame(0x81, format!("{messages} {bytes}").as_bytes(), &mut out);
            }
        }
        stream.write_all(&out).await?;
        out.clear();
    }
    Ok(())
}

/// Inflates messages to count their bytes.
struct Inflater {
    inflate: Decompress,
    scratch: Vec<u8>,
}

impl Inflater {
    fn new() -> Self {
        Self {
            inflate: Decompress::new(false),
            scratch: vec![0; WIDE],
        }
    }

    fn inflated(&mut self, mut message: Vec<u8>) -> io::Result<usize> {
        message.extend([0, 0, 0xff, 0xff]);
        let (read, written) = (self.inflate.total_in(), self.inflate.total_out());
        self.inflate
            .decompress(&message, &mut self.scratch, FlushDecompress::Sync)
            .map_err(io::Error::other)?;
        if self.inflate.total_in() - read != message.len() as u64 {
            return Err(io::Error::other("a message longer than the scratch"));
        }
        Ok((self.inflate.total_out() - written) as usize)
    }
}
