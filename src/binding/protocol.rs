//! All that crosses between Rust and JavaScript: types, and nothing else.
//!
//! `npm run build` writes `native/index.d.ts` from them, by which the compiler checks `lib/`. [`convert`](super::convert)
//! makes policy and engine of them and back. Times are in milliseconds, sizes in bytes. JavaScript has checked what it hands
//! over.

use napi::bindgen_prelude::{Buffer, Either, Function};
use napi_derive::napi;

use crate::policy::Message;

// What a JavaScript environment and a copy of the package say of themselves.

/// The fast paths that are on.
#[napi(object, object_to_js = false)]
pub struct FastPathOptions {
    pub write: bool,
    pub read: bool,
    pub runs: bool,
}

/// The longest values that this JavaScript can have, in bytes. May be more than any.
#[napi(object, object_to_js = false)]
pub struct LongestValues {
    pub text: f64,
    pub binary: f64,
}

/// What a facade has called.
#[napi(object, object_to_js = false)]
pub struct Callbacks<'a> {
    /// There is something to `take`.
    pub on_notifications: Function<'a, (), ()>,
    /// Given what `take` takes: whether more is left, then rows.
    #[napi(ts_type = "(more: boolean, ...rows: Array<any>) => void")]
    pub receive: Function<'a, (), ()>,
    /// Given rows of messages to deliver at once.
    #[napi(ts_type = "(...rows: Array<any>) => void")]
    pub deliver: Function<'a, (), ()>,
}

// What a client is made of.

/// What a client keeps for its life, or is given another of by a call of its own.
#[napi(object, object_to_js = false)]
pub struct ClientOptions {
    /// The text that a heartbeat sends.
    pub heartbeat: String,
    /// Absent: messages are kept while connecting, and without a bound.
    pub delivery: Option<DeliveryOptions>,
    pub marks: BufferMarks,
}

/// The numbers and words of the policy.
#[napi(object, object_to_js = false)]
pub struct PolicySettings {
    /// Infinite: never gives up.
    pub max_retries: f64,
    pub base_delay: f64,
    pub max_delay: f64,
    pub multiplier: f64,
    /// A share from 0 to 1, or a kind.
    pub jitter: Either<f64, JitterKind>,
    /// 0 is off.
    pub heartbeat_interval: f64,
    pub heartbeat_timeout: f64,
    pub heartbeat_mode: HeartbeatMode,
    /// JavaScript says what answers a heartbeat.
    pub judges_replies: bool,
    /// 0 is off.
    pub idle_timeout: f64,
    /// 0 is off.
    pub max_event_loop_block: f64,
    pub detect_sleep: bool,
    pub circuit_breaker: CircuitBreakerSettings,
    /// Absent: the client keeps to no budget.
    pub connect_rate: Option<ConnectRateSettings>,
    pub close_timeout: f64,
    pub min_uptime: f64,
    /// 0 ignores `Retry-After`.
    pub max_retry_after: f64,
    /// Infinite: no limit.
    pub connection_timeout: f64,
    pub reconnect_on: ReconnectOn,
    /// JavaScript says where and how each attempt connects.
    pub asks_route: bool,
    /// JavaScript says whether and when to try again.
    pub asks_retry: bool,
    /// JavaScript exchanges the first messages of each connection.
    pub asks_init: bool,
    /// How many URLs there are to choose from; at least 1.
    pub places: u32,
    pub failover: FailoverOrder,
    /// 0 is off.
    pub prefer_first: f64,
}

#[napi(object, object_to_js = false)]
pub struct CircuitBreakerSettings {
    /// Infinite: the circuit never opens.
    pub failure_threshold: f64,
    pub reset_timeout: f64,
    pub half_open_max_requests: f64,
    /// Absent: failures in a row are counted.
    pub window: Option<WindowSettings>,
}

/// The budget of attempts.
#[napi(object, object_to_js = false)]
pub struct ConnectRateSettings {
    /// Infinite: any number may begin.
    pub max: f64,
    /// Above 0.
    pub per: f64,
    /// Infinite: any number may be under way.
    pub concurrency: f64,
}

/// The share of failures in a sliding window opens the circuit.
#[napi(object, object_to_js = false)]
pub struct WindowSettings {
    /// How long an outcome counts; above 0.
    pub duration: f64,
    pub failure_rate: f64,
    pub minimum_requests: f64,
}

#[napi(string_enum = "lowercase", object_to_js = false)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum JitterKind {
    None,
    Full,
    Equal,
    Decorrelated,
}

#[napi(string_enum = "lowercase", object_to_js = false)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum HeartbeatMode {
    Message,
    Ping,
}

#[napi(string_enum = "lowercase", object_to_js = false)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ReconnectOn {
    Always,
    Transient,
}

#[napi(string_enum = "lowercase", object_to_js = false)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FailoverOrder {
    Next,
    Random,
}

/// How messages are kept.
#[napi(object, object_to_js = false)]
pub struct DeliveryOptions {
    /// What is sent without a connection waits for the next one.
    pub queues: bool,
    pub guarantee: DeliveryGuarantee,
    /// May be infinite.
    pub max_messages: f64,
    /// May be infinite.
    pub max_bytes: f64,
    pub overflow: OverflowRule,
    /// 0 is none.
    pub ttl: f64,
}

#[napi(string_enum = "kebab-case", object_to_js = false)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum DeliveryGuarantee {
    AtMostOnce,
    AtLeastOnce,
}

#[napi(string_enum = "kebab-case", object_to_js = false)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum OverflowRule {
    Throw,
    DropOldest,
    DropNewest,
}

/// Limits of what is buffered, in bytes; each may be infinite.
#[napi(object, object_to_js = false)]
pub struct BufferMarks {
    pub high_water_mark: f64,
    pub max_buffered_amount: f64,
}

/// How to connect, whatever the URL. What the values mean is checked by
/// [`CheckedOptions::parse`](crate::net::CheckedOptions::parse).
#[napi(object, object_to_js = false)]
pub struct RouteOptions {
    pub protocols: Vec<String>,
    /// Name, value, name, value, …; a name may come again.
    pub headers: Vec<String>,
    pub origin: Option<String>,
    pub auth: Option<String>,
    pub handshake_timeout: f64,
    pub max_payload: f64,
    pub follow_redirects: bool,
    pub max_redirects: u32,
    pub deflate: Option<DeflateOptions>,
    pub local_address: Option<String>,
    pub family: Option<u32>,
    pub auto_select_family: bool,
    pub auto_select_family_attempt_timeout: f64,
    pub keep_alive: bool,
    /// 0: as the system says.
    pub keep_alive_initial_delay: f64,
    /// Empty is none.
    pub socket_path: Option<String>,
    /// JavaScript has the addresses of names.
    pub asks_addresses: bool,
    pub maker: Maker,
    pub servername: Option<String>,
    /// Absent: as the surroundings have it.
    pub reject_unauthorized: Option<bool>,
    pub ca: Option<Vec<Buffer>>,
    pub cert: Vec<Buffer>,
    pub key: Option<Buffer>,
    pub pfx: Option<Buffer>,
    pub passphrase: Option<String>,
    pub min_version: Option<TlsVersion>,
    pub max_version: Option<TlsVersion>,
    pub pins: Vec<String>,
    /// What is trusted where there is no `ca`.
    pub trust: TrustStore,
    /// Absent: every server is connected directly.
    pub proxy: Option<ProxyOptions>,
    pub http2: bool,
}

/// Who makes connections.
#[napi(string_enum = "lowercase", object_to_js = false)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Maker {
    /// The engine.
    Native,
    /// The engine, and Node where a server's TLS needs that.
    Auto,
    /// Node; a proxy leads there all the same.
    Node,
    /// Node, by what the user names for it.
    Custom,
}

/// Which proxy leads to a server, see [`ProxyOptions`](crate::net::ProxyOptions).
#[napi(object, object_to_js = false)]
pub struct ProxyOptions {
    pub ws: Option<String>,
    pub wss: Option<String>,
    pub bypass: Option<String>,
    /// Name, value, name, value, …
    pub headers: Vec<String>,
    pub auth: Option<String>,
    /// Absent: as the surroundings have it.
    pub reject_unauthorized: Option<bool>,
    pub ca: Option<Vec<Buffer>>,
    pub cert: Vec<Buffer>,
    pub key: Option<Buffer>,
}

#[napi(string_enum, object_to_js = false)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TlsVersion {
    #[napi(value = "TLSv1.2")]
    V12,
    #[napi(value = "TLSv1.3")]
    V13,
}

/// Certificates that are trusted unless a user names others.
#[napi(string_enum = "lowercase", object_to_js = false)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TrustStore {
    Node,
    System,
}

/// What of TLS the environment of a process says.
#[napi(object, object_to_js = false)]
pub struct TlsSurroundings {
    /// For who does not say it.
    pub reject_unauthorized: bool,
    /// The file for secrets.
    pub key_log: Option<String>,
}

/// `perMessageDeflate` as an object, see [`deflate::DeflateOptions`](crate::wire::deflate::DeflateOptions).
#[napi(object, object_to_js = false)]
pub struct DeflateOptions {
    pub server_no_context_takeover: bool,
    pub client_no_context_takeover: Option<bool>,
    pub server_max_window_bits: Option<u8>,
    /// Absent: offered without a value; 0: not offered.
    pub client_max_window_bits: Option<u8>,
    pub threshold: f64,
    pub level: Option<u8>,
    pub mem_level: Option<u8>,
}

// Sending, the one call that is made for each message.

/// What the function that sends is told of a call: a sum of these.
#[napi(object_from_js = false, object_to_js = false)]
pub enum SendFlag {
    /// JavaScript has seen the connection open.
    SeenOpen = 1,
    /// The data is a Uint8Array, not a string.
    Binary = 2,
}

/// What sending led to: a sum of these, 0 where there is nothing to tell.
#[napi(object_from_js = false, object_to_js = false)]
pub enum SendStatus {
    /// More is buffered than the high-water mark allows.
    Above = 1,
    /// Outcomes are there to be taken.
    Told = 2,
    /// Not taken: the queue is full.
    QueueFull = 4,
    /// Not taken: the buffer is full.
    BufferFull = 8,
}

/// How one message is sent.
#[napi(object, object_to_js = false)]
pub struct SendWish {
    /// It is not to be compressed.
    pub plain: bool,
    /// It is for the open connection alone.
    pub volatile: bool,
}

/// What sending with a wish led to.
#[napi(object, object_from_js = false)]
pub struct Sent {
    /// A sum of `SendStatus`.
    pub status: u32,
    /// The name of the receipt that was asked for; 0 without one.
    pub receipt: f64,
}

// What calls return.

/// What a call of the user leads to before it returns.
#[napi(object, object_from_js = false)]
pub struct Reply {
    /// How many notices of this client had gone to the mailbox before the call.
    pub cutoff: f64,
    /// To be delivered before the call returns.
    pub notices: Vec<Notice>,
    /// Why the call does nothing besides.
    pub refusal: Option<CallRefusal>,
}

#[napi(object, object_from_js = false)]
pub struct CallRefusal {
    pub code: RefusalCode,
    pub message: String,
}

#[napi(string_enum, object_from_js = false)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RefusalCode {
    #[napi(value = "WSR_ERR_CLOSED")]
    Closed,
    #[napi(value = "WSR_ERR_CIRCUIT_OPEN")]
    CircuitOpen,
    #[napi(value = "WSR_ERR_HALF_OPEN_LIMIT")]
    HalfOpenLimit,
}

/// The round trips of pings.
#[napi(object, object_from_js = false)]
pub struct RoundTrips {
    pub last: f64,
    pub min: f64,
    pub mean: f64,
    pub p95: f64,
}

/// Messages that wait or are not confirmed, and their bytes.
#[napi(object, object_from_js = false)]
pub struct Queued {
    pub messages: f64,
    pub bytes: f64,
}

/// Messages that were written for connections, and the bytes of their payloads.
#[napi(object, object_from_js = false)]
pub struct Written {
    pub messages: f64,
    pub bytes: f64,
}

// What JavaScript is told.

/// How many values a row begins with: the client's name, the kind, when it happened in milliseconds since the epoch, and
/// how many values follow.
#[napi]
pub const ROW_HEAD: u32 = 4;

/// Flat rows are what JavaScript is told in: the arguments of a call, one row behind the other. Messages come by the million,
/// and a flat value costs a third of a property.
#[napi(object_from_js = false, object_to_js = false)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RowKind {
    /// The bytes of all of them as UTF-8, and the strings.
    Texts = 0,
    /// An ArrayBuffer, and the lengths of what lies in it end to end.
    Binaries = 1,
    /// The payload, an ArrayBuffer.
    Ping = 2,
    /// The payload, an ArrayBuffer.
    Pong = 3,
    /// How many notices of the client have gone to the mailbox, this one included; and a `Notice`.
    Notice = 4,
    /// A `DeliveryOutcome`.
    Outcome = 5,
    /// What an attempt asks JavaScript for: an `AddressNeed`.
    AddressNeed = 6,
    /// The same: a `SocketNeed`.
    SocketNeed = 7,
    /// The number of a `SocketNeed`, whose `look` has news.
    Socket = 8,
}

/// What happens in the life of a client. All but `agreed` tell how many retries and failures of the circuit are counted by then;
/// what changes whether the client is `alive` tells that: connecting, open, closing, waiting to retry or blocked.
#[napi(
    object_from_js = false,
    discriminant = "kind",
    discriminant_case = "kebab-case"
)]
pub enum Notice {
    /// What the connection has agreed on that is about to be open.
    Agreed {
        protocol: String,
        extensions: String,
        /// As the user gave it.
        url: String,
        status_code: u32,
        /// Name, value, name, value, …
        headers: Vec<String>,
    },
    State {
        alive: bool,
        retry_count: f64,
        circuit_failures: f64,
        state: ClientState,
    },
    Circuit {
        retry_count: f64,
        circuit_failures: f64,
        state: CircuitState,
    },
    Open {
        retry_count: f64,
        circuit_failures: f64,
        /// Retries before it.
        attempt: f64,
        /// How long there was no connection; absent at the first of a life.
        downtime: Option<f64>,
    },
    Error {
        retry_count: f64,
        circuit_failures: f64,
        message: String,
        code: Option<String>,
        /// Of a refused upgrade, as the headers and the body.
        status_code: Option<u32>,
        /// Name, value, name, value, …
        headers: Vec<String>,
        #[napi(ts_type = "string | ArrayBuffer")]
        body: Option<Data>,
        /// The attempt whose function threw.
        thrown_for: Option<f64>,
    },
    Close {
        alive: bool,
        retry_count: f64,
        circuit_failures: f64,
        code: Either<u32, GiveUpReason>,
        reason: String,
        was_clean: bool,
    },
    Retry {
        retry_count: f64,
        circuit_failures: f64,
        /// From 1.
        attempt: f64,
        delay: f64,
        /// May be infinite.
        max_retries: f64,
    },
    /// The connection has lived long enough: only the counts change.
    Proved {
        retry_count: f64,
        circuit_failures: f64,
    },
    /// Whether, where and how does the attempt `id` connect? To be answered by `sayRoute` or `failAttempt`.
    AskRoute {
        retry_count: f64,
        circuit_failures: f64,
        id: f64,
        /// Retries before it.
        attempt: f64,
        /// The index of the URL.
        place: f64,
        /// It is to replace a connection.
        is_reconnect: bool,
    },
    /// Whether and when to connect again after the attempt `id`? To be answered by `sayRetry`.
    AskRetry {
        retry_count: f64,
        circuit_failures: f64,
        id: f64,
        /// The number that the next retry would have.
        attempt: f64,
        /// How long there has been no connection.
        elapsed: f64,
    },
    /// JavaScript is to exchange the first messages of the attempt `id`, by `sendFirstText` and `sendFirstBinary`. To be
    /// answered by `sayInitialized` or `failAttempt`.
    AskInit {
        retry_count: f64,
        circuit_failures: f64,
        id: f64,
        /// There has been an open connection before.
        is_reconnect: bool,
    },
    /// An answer to `ask-retry` has not come within `limit`.
    Undecided {
        retry_count: f64,
        circuit_failures: f64,
        limit: f64,
    },
    /// What became of the ping `number`.
    Pinged {
        retry_count: f64,
        circuit_failures: f64,
        number: f64,
        /// Absent where no pong came in time.
        round_trip: Option<f64>,
    },
    /// The event loop runs again.
    Blocked {
        retry_count: f64,
        circuit_failures: f64,
        duration: f64,
    },
    /// The machine woke.
    Wake {
        retry_count: f64,
        circuit_failures: f64,
        slept: f64,
    },
    /// There is a new way to the network.
    Network {
        retry_count: f64,
        circuit_failures: f64,
    },
    /// Was the reply to the heartbeat of this connection among the messages so far? To be answered by `judged`.
    WasAnswered {
        retry_count: f64,
        circuit_failures: f64,
        connection: f64,
    },
    /// Does the event loop run? To be answered by `runs`.
    Runs {
        retry_count: f64,
        circuit_failures: f64,
    },
}

/// Where a connection is to lead that JavaScript makes.
#[napi(object, object_from_js = false)]
pub struct ServerOfSocket {
    /// A name or an IP address.
    pub host: String,
    pub port: u16,
    /// The path of the socket of Unix that leads there, in the place of host and port.
    pub socket: Option<String>,
    pub is_secure: bool,
    /// The value of `Host`.
    pub authority: String,
    /// The path and query that will be asked for.
    pub resource: String,
    /// The user did not ask for it: the engine's TLS does not take the server's.
    pub is_fallback: bool,
}

/// What there is to do at a socket that JavaScript has.
#[napi(object, object_from_js = false)]
pub struct SocketNews {
    /// To be written.
    #[napi(ts_type = "ArrayBuffer")]
    pub bytes: Option<Copied>,
    /// It may be read.
    pub has_room: bool,
    /// Behind the bytes comes nothing.
    pub is_shut: bool,
    /// It is to be destroyed.
    pub is_gone: bool,
}

#[napi(string_enum = "UPPERCASE", object_from_js = false)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ClientState {
    Closed,
    Connecting,
    Open,
    Closing,
    Blocked,
    Failed,
}

#[napi(string_enum = "UPPER-KEBAB-CASE")]
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CircuitState {
    Closed,
    Open,
    HalfOpen,
}

/// Why a client gave up.
#[napi(string_enum = "UPPER_SNAKE", object_from_js = false)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum GiveUpReason {
    MaxRetries,
    Stopped,
    NotTransient,
    Internal,
}

/// What became of what was sent.
#[napi(
    object_from_js = false,
    discriminant = "kind",
    discriminant_case = "kebab-case"
)]
pub enum DeliveryOutcome {
    Dropped {
        reason: DropReason,
        #[napi(ts_type = "string | ArrayBuffer")]
        data: Data,
    },
    Receipt {
        receipt: f64,
        /// Absent where it is confirmed.
        reason: Option<UnconfirmedReason>,
    },
    /// Of a message that has never been written.
    Unsent {
        receipt: f64,
        reason: UnconfirmedReason,
    },
    /// What is buffered has fallen to the high-water mark.
    Drained,
}

#[napi(string_enum = "lowercase", object_from_js = false)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum DropReason {
    Overflow,
    Expired,
    Closed,
}

/// Why it is not known whether the peer has read a message, or why it was not sent.
#[napi(string_enum = "kebab-case", object_from_js = false)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum UnconfirmedReason {
    /// The connection was lost first.
    Lost,
    /// No answer came in time.
    TimedOut,
    /// It was dropped since the queue was full.
    Overflow,
    /// It was dropped since it had waited too long.
    Expired,
    /// The client was closed or gave up.
    Closed,
    NotConnected,
}

/// A string, or an ArrayBuffer.
pub struct Data(pub Message);

/// An ArrayBuffer with a copy. Memory that is freed here comes back at the same address soon, and Node 14.0 aborts where it has not
/// forgotten the one before.
pub struct Copied(pub Vec<u8>);
