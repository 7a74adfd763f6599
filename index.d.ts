// Projects for browsers may lack the types of Node. What is ignored for them is understood where those are there.

// @ts-ignore
/// <reference types="node" />

// @ts-ignore
import { EventEmitter } from 'events';
// @ts-ignore
import type { LookupFunction } from 'net';
// @ts-ignore
import type { Duplex, DuplexOptions as NodeDuplexOptions } from 'stream';
// @ts-ignore
import type { ReadableStream, WritableStream } from 'stream/web';
// @ts-ignore
import type { ConnectionOptions, PeerCertificate, SecureContext } from 'tls';

/** That of Node, and where its types are not there the bytes that it is made of. */
type Buffer = typeof globalThis extends { Buffer: { alloc(size: number): infer B } } ? B : Uint8Array;

/**
 * What the client is doing. `BLOCKED`: the circuit is open, nothing connects; or it has refused a `connect()`, until it lets go.
 * `FAILED`: it gave up.
 */
export type ConnectionState = 'CLOSED' | 'CONNECTING' | 'OPEN' | 'CLOSING' | 'BLOCKED' | 'FAILED';

/** The circuit breaker. `OPEN` stops connecting, `HALF-OPEN` lets probes through. */
export type CircuitState = 'CLOSED' | 'OPEN' | 'HALF-OPEN';

/** `readyState` as WHATWG counts: 0 connecting, 1 open, 2 closing, 3 everything else. */
export type ReadyState = 0 | 1 | 2 | 3;

/** What a binary message arrives as. */
export type BinaryType = 'nodebuffer' | 'arraybuffer';

/** A class of WebSockets as the WHATWG has them: the platform's own, or that of `ws`. */
export type WebSocketClass = new (url: string, protocols?: string[]) => any;

/** What {@link WebSocketReconnect.send} takes: text, or bytes in any of JavaScript's forms, which are copied. */
export type SendData = string | ArrayBuffer | SharedArrayBuffer | ArrayBufferView | BlobLike;

/** What a `Blob` and a `File` have. It is read first; what is sent after it waits, so that the order stays. */
export interface BlobLike {
  readonly size: number;
  readonly type: string;
  arrayBuffer(): Promise<ArrayBuffer>;
  slice(start?: number, end?: number, type?: string): any;
}

/** Options of one message: `volatile`, and those of `ws`. Any other name throws. */
export interface SendOptions {
  /** Whether it goes out as bytes or as text; bytes that become text must be UTF-8. @defaultValue text for a string, else bytes */
  binary?: Optional<boolean>;
  /** `false` sends it as it is where compression was agreed. @defaultValue true, from the `threshold` on */
  compress?: Optional<boolean>;
  /** Taken for the sake of `ws`: a message goes out as a whole. */
  fin?: Optional<true>;
  /** Taken for the sake of `ws`: a client masks what it sends. */
  mask?: Optional<true>;
  /**
   * `true` sends it on the open connection alone: it is neither queued nor sent again. Where none is open it is dropped in silence; a
   * callback is told `WSR_ERR_NOT_CONNECTED`. @defaultValue false
   */
  volatile?: Optional<boolean>;
}

/** Told once what became of a message, later and in order: nothing once the system has its bytes, else why that is not so or not known. */
export type SendCallback = (error?: WebSocketReconnectError) => void;

/** What a message holds: a string for text; for binary a `Buffer`, or what `binaryType` asks for, where `T` says so. */
export type MessageData<T extends BinaryType = BinaryType> =
  | string
  | (T extends 'arraybuffer' ? ArrayBuffer : Buffer);

/** Absent, `undefined` and `null` all mean the default. */
export type Optional<T> = T | null | undefined;

/** Anything with an `href`, as a `URL` has. */
export interface UrlLike {
  readonly href: string;
}

/** When to stop connecting to a server that keeps failing. */
export interface CircuitBreakerOptions {
  // options:begin CircuitBreakerOptions
  /**
   * Failures in a row that open the circuit. An integer of at least 1 or `Infinity`; `Infinity` turns the
   * circuit breaker off, where there is no window. An `open` starts the count again.
   * @defaultValue 5
   */
  failureThreshold?: Optional<number>;
  /**
   * How long the circuit stays open before the client probes the server. A number of milliseconds above 0.
   * @defaultValue 60000
   */
  resetTimeout?: Optional<number>;
  /** Connections that may be under way in one half-open period. An integer of at least 1. @defaultValue 3 */
  halfOpenMaxRequests?: Optional<number>;
  /**
   * How far back outcomes count. A number of milliseconds of at least 0; 0 counts failures in a row. With a
   * window, `failureRate` of at least `minimumRequests` opens the circuit, in place of `failureThreshold`
   * failures in a row.
   * @defaultValue 0
   */
  window?: Optional<number>;
  /**
   * The share of the outcomes in the `window` that must be failures to open the circuit. A number from 0 to
   * 1. 0 is any failure, 1 nothing but failures. Has no effect while `window` is 0.
   * @defaultValue 0.5
   */
  failureRate?: Optional<number>;
  /**
   * With fewer outcomes than this in the `window` the circuit stays closed. An integer of at least 1. Has no
   * effect while `window` is 0.
   * @defaultValue 5
   */
  minimumRequests?: Optional<number>;
  /**
   * With whom the circuit is shared, in all threads of the process: with nobody (`'instance'`), with all
   * clients of the same host and port (`'host'`), or with all that give the same name. `'instance'` turns
   * sharing off. docs/circuits.md says what sharing means.
   * @defaultValue 'instance'
   */
  scope?: Optional<CircuitScope>;
  // options:end
}

/** With whom a circuit is shared: nobody, all clients of the host, or all that give this name. */
export type CircuitScope = 'instance' | 'host' | (string & {});

/** A budget of attempts, as the constructor takes it. */
export interface ConnectRateOptions {
  // options:begin ConnectRateOptions
  /**
   * Attempts that may begin in any `per`; all of them may begin at once. An integer of at least 1 or
   * `Infinity`; `Infinity` sets no limit.
   * @defaultValue Infinity
   */
  max?: Optional<number>;
  /**
   * How long an attempt that has begun counts against `max`. A number of milliseconds above 0.
   * @defaultValue 1000
   */
  per?: Optional<number>;
  /**
   * Attempts that may be under way at once: begun, and neither open nor failed. An integer of at least 1 or
   * `Infinity`; `Infinity` sets no limit.
   * @defaultValue Infinity
   */
  concurrency?: Optional<number>;
  /**
   * Whose attempts count, in all threads of the process: those to the host and port of the URL (`'host'`), or
   * those of all clients that give the same name.
   * @defaultValue 'host'
   */
  scope?: Optional<ConnectScope>;
  // options:end
}

/** Who shares a budget of attempts: all attempts to a host and port, or those of all clients that give this name. */
export type ConnectScope = 'host' | (string & {});

/** A budget of attempts. */
export interface ConnectRateSettings {
  // options:begin ConnectRateSettings
  /**
   * Attempts that may begin in any `per`; all of them may begin at once. An integer of at least 1 or
   * `Infinity`; `Infinity` sets no limit.
   */
  max: number;
  /** How long an attempt that has begun counts against `max`. A number of milliseconds above 0. */
  per: number;
  /**
   * Attempts that may be under way at once: begun, and neither open nor failed. An integer of at least 1 or
   * `Infinity`; `Infinity` sets no limit.
   */
  concurrency: number;
  /**
   * Whose attempts count, in all threads of the process: those to the host and port of the URL (`'host'`), or
   * those of all clients that give the same name.
   */
  scope: ConnectScope;
  // options:end
}

/** The circuit breaker's settings as the object holds them: each can be read and written. */
export interface CircuitBreakerSettings {
  // options:begin CircuitBreakerSettings
  /**
   * Failures in a row that open the circuit. An integer of at least 1 or `Infinity`; `Infinity` turns the
   * circuit breaker off, where there is no window.
   */
  failureThreshold: number;
  /**
   * How long the circuit stays open before the client probes the server. A number of milliseconds above 0.
   */
  resetTimeout: number;
  /** Connections that may be under way in one half-open period. An integer of at least 1. */
  halfOpenMaxRequests: number;
  /** How far back outcomes count. A number of milliseconds of at least 0; 0 counts failures in a row. */
  window: number;
  /**
   * The share of the outcomes in the `window` that must be failures to open the circuit. A number from 0 to
   * 1.
   */
  failureRate: number;
  /** With fewer outcomes than this in the `window` the circuit stays closed. An integer of at least 1. */
  minimumRequests: number;
  /**
   * With whom the circuit is shared, in all threads of the process: with nobody (`'instance'`), with all
   * clients of the same host and port (`'host'`), or with all that give the same name. `'instance'` turns
   * sharing off.
   */
  scope: CircuitScope;
  // options:end
}

/** What permessage-deflate (RFC 7692) offers to the server. */
export interface PerMessageDeflateOptions {
  // options:begin PerMessageDeflateOptions
  /** Asks the server to compress each message by itself. @defaultValue false */
  serverNoContextTakeover?: Optional<boolean>;
  /** Offers to compress each of our messages by itself. @defaultValue left to the server */
  clientNoContextTakeover?: Optional<boolean>;
  /**
   * The largest window of the server as a power of two. An integer from 8 to 15, `true` or `false`.
   * @defaultValue 15
   */
  serverMaxWindowBits?: Optional<number | boolean>;
  /**
   * Our own window as a power of two. An integer from 8 to 15, `true` or `false`. `true` leaves it to the
   * server, `false` is silent.
   * @defaultValue true
   */
  clientMaxWindowBits?: Optional<number | boolean>;
  /**
   * Smaller messages go out uncompressed. A number of bytes of at least 0 or `Infinity`.
   * @defaultValue 1024
   */
  threshold?: Optional<number>;
  /** How hard to compress. No other of zlib's options is taken. @defaultValue zlib's */
  zlibDeflateOptions?: Optional<ZlibDeflateOptions>;
  /** Taken, as in `ws`; has nothing to tune here. */
  zlibInflateOptions?: Optional<ZlibInflateOptions>;
  /** Taken, as in `ws`; has nothing to tune here. */
  concurrencyLimit?: Optional<number>;
  // options:end
}

/** How messages are compressed. No other of zlib's options is taken. */
export interface ZlibDeflateOptions {
  // options:begin ZlibDeflateOptions
  /**
   * How much time is spent on compressing; -1 leaves it to zlib. An integer from -1 to 9.
   * @defaultValue -1
   */
  level?: Optional<number>;
  /** How much memory is spent on compressing. An integer from 1 to 9. @defaultValue 8 */
  memLevel?: Optional<number>;
  /** Taken, as in `ws`; has nothing to tune here. */
  chunkSize?: Optional<number>;
  // options:end
}

/** What of zlib's options for inflating is taken. */
export interface ZlibInflateOptions {
  // options:begin ZlibInflateOptions
  /** Taken, as in `ws`; has nothing to tune here. */
  chunkSize?: Optional<number>;
  // options:end
}

/** One PEM or DER blob, or several. */
export type TlsBlobs = string | Uint8Array | ReadonlyArray<string | Uint8Array>;

/** Names and values of headers of the upgrade request. */
export type RequestHeaders = Record<string, RequestHeader>;

/** The value of a header: one, or several that are sent one by one. */
export type RequestHeader = string | number | readonly string[];

/** What a `Headers` and a `URLSearchParams` have in common. */
export interface HeaderList {
  append(name: string, value: string): void;
  [Symbol.iterator](): Iterator<[string, string]>;
}

/** Headers of the upgrade request in any of the forms that are taken. */
export type HeadersInput =
  | RequestHeaders
  | HeaderList
  | ReadonlyMap<string, RequestHeader>
  | ReadonlyArray<readonly [string, RequestHeader]>;

/** Names and values of a response's headers: names in lower case, lists joined, `set-cookie` an array. */
export type ResponseHeaders = Record<string, string | string[]>;

/** What a function that says where or how to connect is called with. */
export interface AttemptContext {
  /** The retry that this attempt is, as in `retry`; 0 for the first. */
  readonly attempt: number;
  /** Why the attempt or connection before failed; none at first, and after an `open`. */
  readonly lastError?: WebSocketReconnectError;
  /** Aborted when the attempt is given up: by `close()`, `reconnect()` or `connectionTimeout`. */
  readonly signal: AttemptSignal;
}

/**
 * A value, or a function that is called for every attempt and may return a promise. What it throws
 * or rejects with fails the attempt and is told as `error`; a promise that never settles is ended by
 * `connectionTimeout`.
 */
export type PerAttempt<T> = T | ((context: AttemptContext) => T | PromiseLike<T>);

/** What an `AbortSignal` does that is used here. Node.js 14 has none: any object like this will do. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason?: any;
  addEventListener(type: 'abort', listener: (...args: any[]) => void): void;
  removeEventListener?(type: 'abort', listener: (...args: any[]) => void): void;
}

/** An `AbortSignal`, which `fetch` takes; an object like one where the platform has none. */
export type AttemptSignal = typeof globalThis extends { AbortSignal: { prototype: infer Signal } }
  ? Signal
  : AbortSignalLike;

/** What `connectGate` is called with. */
export interface GateContext extends AttemptContext {
  /** Where the attempt leads; with a function of `url`, what that said last, and `undefined` before it has said any. */
  readonly url: string | undefined;
  /** Whether the attempt is to replace a connection that was open. */
  readonly isReconnect: boolean;
}

/** What a `connectGate` may return: told once how the attempt ended that it let go. */
export type AttemptEnded = (outcome: AttemptOutcome) => void;

/** How an attempt ended. */
export interface AttemptOutcome {
  /** Whether it led to an open connection. */
  readonly isOpen: boolean;
  /** Why it failed; none where it was given up, by `close()` for example. */
  readonly error?: WebSocketReconnectError;
}

/** What `init` is called with: the connection before it is open. */
export interface InitSession {
  /** Sends a message at once. It is neither queued nor sent again. Throws once `init` has ended. */
  send(data: string | Buffer | ArrayBuffer | SharedArrayBuffer | ArrayBufferView): void;
  /**
   * The next message, which is delivered to nobody else. Rejects once `init` has ended, and with an `AbortError` when the attempt
   * is given up.
   */
  receive(options?: Optional<ReceiveOptions>): Promise<MessageData>;
  /** Aborts when the attempt is given up: by `close()`, by the time limit, or since the connection is lost. */
  readonly signal: AttemptSignal;
  /** Whether there has been an open connection before, since `connect()`. */
  readonly isReconnect: boolean;
}

/** For how long a message is waited for. */
export interface ReceiveOptions {
  /** In milliseconds. @defaultValue 0: as long as the attempt has time */
  timeout?: Optional<number>;
}

/** What `shouldReconnect` and `reconnectDelay` are called with. */
export interface ReconnectContext {
  /** The close code of what has ended, as in `close`; 1006 for an attempt that failed. */
  readonly code: number;
  readonly reason: string;
  readonly wasClean: boolean;
  /** The status of a response that refused the upgrade, or of a proxy that refused CONNECT. */
  readonly statusCode?: number;
  /** That response's headers. */
  readonly headers?: ResponseHeaders;
  /** Why it failed; none where the peer closed or cut the connection. */
  readonly error?: WebSocketReconnectError;
  /** The number of the retry that would follow, from 1. */
  readonly attempt: number;
  /** Milliseconds without a connection: since one was lost, or since `connect()`. */
  readonly elapsed: number;
}

/** An agent of `http` or `https`, or another that can give a socket as they do. */
export interface AgentLike {
  addRequest(request: any, options: any): void;
}

/** What `createConnection` is given: the options, and where to connect. */
export interface NodeConnectionOptions extends ConnectionOptions {
  host: string;
  port: number;
}

/**
 * The client options of `ws`. What only Node can honour (`agent`, `createConnection`, `ciphers`, …) has Node make the
 * connections. What cannot work here (`finishRequest`, `generateMask`) is refused with `WSR_ERR_UNSUPPORTED_OPTION`.
 */
export interface WebSocketOptions {
  // options:begin WebSocketOptions
  /** Headers of the upgrade request, sent on every attempt. Names in any case. @defaultValue none */
  headers?: Optional<PerAttempt<HeadersInput>>;
  /** The `Origin` header. @defaultValue none */
  origin?: Optional<string>;
  /** `user:password` for Basic authentication. @defaultValue none, or the URL's credentials */
  auth?: Optional<string>;
  /**
   * Time for DNS, TCP, TLS and the upgrade together. A number of milliseconds of at least 0 or `Infinity`; 0
   * sets no limit.
   * @defaultValue 10000
   */
  handshakeTimeout?: Optional<number>;
  /**
   * The largest message taken, after inflating. A whole number of bytes of at least 0; 0 sets no limit. A
   * larger one closes with 1009.
   * @defaultValue 104857600
   */
  maxPayload?: Optional<number>;
  /** Whether redirects of the upgrade are followed. @defaultValue false */
  followRedirects?: Optional<boolean>;
  /** Redirects that are followed at most. An integer from 0 to 4294967295. @defaultValue 10 */
  maxRedirects?: Optional<number>;
  /** Whether compression is offered, and how. `false` offers none. @defaultValue true */
  perMessageDeflate?: Optional<boolean | PerMessageDeflateOptions>;
  /**
   * How long to wait for the peer's close frame before the socket is cut. A number of milliseconds of at
   * least 0 or `Infinity`.
   * @defaultValue 30000
   */
  closeTimeout?: Optional<number>;
  /** The IP address to connect from. @defaultValue the system's choice */
  localAddress?: Optional<string>;
  /** 4 or 6 for that version of IP alone, 0 for both. @defaultValue 0 */
  family?: Optional<0 | 4 | 6>;
  /**
   * Whether a host's addresses are raced: the next is tried beside one that does not answer. `false` tries
   * the first alone.
   * @defaultValue true
   */
  autoSelectFamily?: Optional<boolean>;
  /**
   * How long an address is tried before the next is tried beside it. A number of milliseconds above 0.
   * @defaultValue 250
   */
  autoSelectFamilyAttemptTimeout?: Optional<number>;
  /**
   * Looks host names up in the place of the system, called as Node calls it: for each attempt, with `all`.
   * Node's own `dns.lookup` leaves it to the engine.
   * @defaultValue the system's resolver
   */
  lookup?: Optional<LookupFunction>;
  /**
   * The path of a Unix domain socket that leads to the URL's host, in the place of its address. A URL
   * `ws+unix:/path/of/socket:/path` says the same.
   * @defaultValue none
   */
  socketPath?: Optional<string>;
  /** Whether the system probes a connection where nothing moves. @defaultValue false */
  keepAlive?: Optional<boolean>;
  /**
   * How long nothing moves before the first probe of `keepAlive`; 0: for as long as the system says. A number
   * of milliseconds of at least 0.
   * @defaultValue 0
   */
  keepAliveInitialDelay?: Optional<number>;
  /** The host name for SNI and the certificate's check. @defaultValue the URL's host */
  servername?: Optional<string>;
  /**
   * `false` takes any certificate. The default is `false` where the variable NODE_TLS_REJECT_UNAUTHORIZED is
   * 0, as in Node.
   * @defaultValue true
   */
  rejectUnauthorized?: Optional<boolean>;
  /**
   * The certificates to trust, instead of those that Node trusts: authorities, for all that they have signed,
   * and others for themselves alone.
   * @defaultValue those that Node trusts
   */
  ca?: Optional<TlsBlobs>;
  /** The client's certificate chain, PEM. @defaultValue none */
  cert?: Optional<TlsBlobs>;
  /**
   * The client's private key, PEM; as `[{ pem, passphrase }]` with a passphrase of its own. Several are for
   * connections that Node makes.
   * @defaultValue none
   */
  key?: Optional<TlsBlobs | readonly { pem: string | Uint8Array; passphrase?: Optional<string> }[]>;
  /**
   * The client's certificate and key as one PKCS#12 archive; as `[{ buf, passphrase }]` with a passphrase of
   * its own. Several are for connections that Node makes.
   * @defaultValue none
   */
  pfx?: Optional<TlsBlobs | readonly { buf: string | Uint8Array; passphrase?: Optional<string> }[]>;
  /** The password of `key` or `pfx`. @defaultValue none */
  passphrase?: Optional<string>;
  /**
   * The oldest version of TLS that is spoken. Below 1.2 Node makes the connections.
   * @defaultValue 'TLSv1.2'
   */
  minVersion?: Optional<'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3'>;
  /**
   * The newest version of TLS that is spoken. Below 1.2 Node makes the connections.
   * @defaultValue 'TLSv1.3'
   */
  maxVersion?: Optional<'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3'>;
  /**
   * Public keys, as `'sha256/…'`: a certificate of the verified chain must have one of them, else the attempt
   * fails with `WSR_ERR_TLS_PIN`. With `rejectUnauthorized: false` the server's own certificate must.
   * @defaultValue any key
   */
  pins?: Optional<string | readonly string[]>;
  /**
   * Whose certificates are trusted where there is no `ca`: those that Node trusts, or with `'system'` those
   * of the operating system. NODE_EXTRA_CA_CERTS is trusted with both.
   * @defaultValue 'node'
   */
  trust?: Optional<'node' | 'system'>;
  /**
   * Whether all clients of one `wss:` server share one HTTP/2 connection, each as a stream of it (RFC 8441).
   * A server that takes no WebSockets that way is connected by HTTP/1.1: docs/http2.md.
   * @defaultValue false
   */
  http2?: Optional<boolean>;
  /**
   * Who makes the connections: by `'node'` Node does, by `agent`, `createConnection` or its own `net` and
   * `tls`, and the engine speaks over them; by `'auto'` the engine makes them, but where another option needs
   * Node.
   * @defaultValue 'auto'
   */
  transport?: Optional<'auto' | 'node'>;
  /**
   * By `'auto'` Node makes the connections to a server whose TLS is too old or too rare for the engine, from
   * the attempt after the first on; `'native'` never does.
   * @defaultValue 'auto'
   */
  tls?: Optional<'auto' | 'native'>;
  /**
   * By it Node makes the connections, as for `http.request`: through a proxy, for instance.
   * @defaultValue none
   */
  agent?: Optional<AgentLike | false>;
  /** Returns the connection, or calls back with it; called as for `http.request`. @defaultValue none */
  createConnection?: Optional<
    (
      options: NodeConnectionOptions,
      callback: (error: Error | null, socket?: Duplex) => void,
    ) => Duplex | null | undefined
  >;
  /**
   * Checks the server's certificate in the place of Node's own check; what it returns is the error.
   * @defaultValue the usual check
   */
  checkServerIdentity?: Optional<(host: string, certificate: PeerCertificate) => Error | undefined>;
  /** The protocols to offer by ALPN. Node makes the connections then. @defaultValue Node's own */
  ALPNProtocols?: Optional<string[] | Uint8Array[] | Uint8Array>;
  /**
   * The ciphers to offer, as OpenSSL names them. Node makes the connections then.
   * @defaultValue Node's own
   */
  ciphers?: Optional<string>;
  /** Lists of revoked certificates, PEM. Node makes the connections then. @defaultValue Node's own */
  crl?: Optional<string | Uint8Array | (string | Uint8Array)[]>;
  /** The curves to offer, as OpenSSL names them. Node makes the connections then. @defaultValue Node's own */
  ecdhCurve?: Optional<string>;
  /**
   * The flags of `dns.lookup`. Node makes the connections then. An integer of at least 0.
   * @defaultValue Node's own
   */
  hints?: Optional<number>;
  /**
   * The port to connect from. Node makes the connections then. An integer from 0 to 65535.
   * @defaultValue Node's own
   */
  localPort?: Optional<number>;
  /** What `tls.createSecureContext` returns. Node makes the connections then. @defaultValue Node's own */
  secureContext?: Optional<SecureContext>;
  /**
   * The options of OpenSSL, of `crypto.constants`. Node makes the connections then. An integer of at least 0.
   * @defaultValue Node's own
   */
  secureOptions?: Optional<number>;
  /** The method of TLS, as OpenSSL names it. Node makes the connections then. @defaultValue Node's own */
  secureProtocol?: Optional<string>;
  /** The session of TLS to resume. Node makes the connections then. @defaultValue Node's own */
  session?: Optional<Uint8Array>;
  /**
   * The algorithms of signatures, as OpenSSL names them. Node makes the connections then.
   * @defaultValue Node's own
   */
  sigalgs?: Optional<string>;
  /** Taken for the sake of `ws`: 13 is the only version. */
  protocolVersion?: Optional<13>;
  /** Taken for the sake of `ws`: events are synchronous. */
  allowSynchronousEvents?: Optional<true>;
  /** Taken for the sake of `ws`: pings are always answered. */
  autoPong?: Optional<true>;
  /** Taken for the sake of `ws`: UTF-8 is always checked. */
  skipUTF8Validation?: Optional<false>;
  // options:end
}

/** A proxy, and how to speak with it. */
export interface ProxyOptions {
  // options:begin ProxyOptions
  /** Its URL. Credentials in it are for the proxy. @defaultValue none, it must be there */
  url?: Optional<string | UrlLike>;
  /** Headers of the CONNECT request, beside `Host` and `Proxy-Authorization`. @defaultValue none */
  headers?: Optional<HeadersInput>;
  /**
   * `user:password`: Basic authentication, or that of SOCKS; wins over credentials in the URL.
   * @defaultValue none, or the URL's credentials
   */
  auth?: Optional<string>;
  /** `false` takes any certificate of an `https:` proxy, which can then be anybody. @defaultValue true */
  rejectUnauthorized?: Optional<boolean>;
  /**
   * Certificates to trust in place of those that Node trusts, for an `https:` proxy.
   * @defaultValue those that Node trusts
   */
  ca?: Optional<TlsBlobs>;
  /** The client's certificate for an `https:` proxy. @defaultValue none */
  cert?: Optional<TlsBlobs>;
  /** Its private key, which must not be encrypted. @defaultValue none */
  key?: Optional<TlsBlobs>;
  // options:end
}

/** `'env'`, `false` for none, the URL of a proxy, or that with more. */
export type ProxySetting = 'env' | false | (string & {}) | UrlLike | ProxyOptions;

/** The bounds of what waits for a connection. */
export interface QueueOptions {
  // options:begin QueueOptions
  /**
   * Messages that may wait; with `delivery: 'at-least-once'` those that are not confirmed count too. An
   * integer of at least 1. A large one turns the limit off.
   * @defaultValue 1000
   */
  maxMessages?: Optional<number>;
  /**
   * The same in bytes, of UTF-8 for text. A whole number of bytes of at least 1. A large one turns the limit
   * off.
   * @defaultValue 16777216
   */
  maxBytes?: Optional<number>;
  /**
   * What happens to a message for which there is no room: `'throw'` has `send()` throw `WSR_ERR_QUEUE_FULL`,
   * `'drop-oldest'` drops others to make room, `'drop-newest'` drops the new one; `drop` tells of those.
   * @defaultValue 'throw'
   */
  overflow?: Optional<Overflow>;
  /**
   * How long a message may wait since its `send()`; then it is dropped. A number of milliseconds of at least
   * 0; 0 turns it off.
   * @defaultValue 0
   */
  ttl?: Optional<number>;
  // options:end
}

/** The bounds of the queue as the object shows them. */
export interface QueueSettings {
  // options:begin QueueSettings
  /**
   * Messages that may wait; with `delivery: 'at-least-once'` those that are not confirmed count too. An
   * integer of at least 1.
   */
  readonly maxMessages: number;
  /** Bytes that may wait, of UTF-8 for text. */
  readonly maxBytes: number;
  /** What happens to a message for which there is no room. */
  readonly overflow: Overflow;
  /**
   * How long a message may wait since its `send()`; then it is dropped. A number of milliseconds of at least
   * 0; 0 turns it off.
   */
  readonly ttl: number;
  // options:end
}

/** Options of a receipt. */
export interface ReceiptOptions {
  /** How long the receipt is waited for, in milliseconds; 0 or `Infinity` turns the limit off. @defaultValue 30000 */
  timeout?: Optional<number>;
}

// options:begin words
/** The kinds of jitter of "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015), and none. */
export type JitterKind = 'full' | 'equal' | 'decorrelated' | 'none';

/** What a heartbeat sends: a message, or a ping frame. */
export type HeartbeatMode = 'message' | 'ping';

/** What `send()` promises of a message that was written when its connection is lost. */
export type Delivery = 'at-most-once' | 'at-least-once';

/** What happens to a message for which the queue has no room. */
export type Overflow = 'throw' | 'drop-oldest' | 'drop-newest';
// options:end

/** Where to connect: `url`, `urls`, or both. */
export interface Places {
  // options:begin Places
  /**
   * Where to connect: `ws:` or `wss:`, or `http:` and `https:` that mean the same, without a fragment; or
   * `ws+unix:/path/of/socket:/path` (docs/addresses.md). Required where there are no `urls`. A function is
   * called for every attempt:
   *
   * @example
   * ```ts
   * new WebSocketReconnect({
   *   url: async ({ signal }) => `wss://example.com/?ticket=${await fetchTicket({ signal })}`,
   *   connectionTimeout: 15000, // the ticket's time is in it
   * });
   * ```
   */
  url?: Optional<PerAttempt<string | UrlLike>>;
  /**
   * Servers of the same service, the preferred one first: each failed attempt and each lost connection moves
   * on to another, see `failover`. A `url` beside them comes first.
   * @defaultValue none: `url` alone
   *
   * @example
   * ```ts
   * new WebSocketReconnect({
   *   urls: ['wss://eu.example.com', 'wss://us.example.com'],
   *   preferFirst: 600000, // back to Europe after ten minutes
   * });
   * ```
   */
  urls?: Optional<readonly (string | UrlLike)[]>;
  // options:end
}

/** Options of the constructor but for where to connect. */
export interface CommonOptions {
  // options:begin CommonOptions
  /** Subprotocols to offer, best first. A function is called for every attempt. @defaultValue [] */
  protocols?: Optional<PerAttempt<string | readonly string[]>>;
  /**
   * Headers of the upgrade request, beside `websocketOptions.headers`; of the same name, these are sent. A
   * function is called for every attempt: the place for a token that expires.
   * @defaultValue none
   *
   * @example
   * ```ts
   * new WebSocketReconnect({
   *   url: 'wss://example.com',
   *   headers: async () => ({ Authorization: `Bearer ${await freshToken()}` }),
   * });
   * ```
   */
  headers?: Optional<PerAttempt<HeadersInput>>;
  /**
   * The proxy that leads to the server: a URL, or an object with more than that; the schemes are `http:`,
   * `https:`, `socks5:`, `socks5h:`, `socks4:` and `socks4a:`. `false` turns it off. `'env'`: as `WSS_PROXY`,
   * `WS_PROXY`, `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` of the environment say at `connect()`
   * and after each `retry`. A function is called for every attempt (docs/proxies.md).
   * @defaultValue 'env'
   *
   * @example
   * ```ts
   * new WebSocketReconnect({ url: 'wss://example.com', proxy: 'http://user:password@proxy.example.com:3128' });
   * ```
   */
  proxy?: Optional<PerAttempt<ProxySetting>>;
  /** How to connect: headers, TLS, limits. @defaultValue \{\} */
  websocketOptions?: Optional<WebSocketOptions>;
  /**
   * Retries in a row before the client gives up (`FAILED`). An integer of at least 0 or `Infinity`; 0 turns
   * retrying off. An `open` starts the count again; `Infinity` never gives up.
   * @defaultValue 10
   */
  maxRetries?: Optional<number>;
  /** The delay before the first retry. A number of milliseconds above 0. @defaultValue 1000 */
  baseDelay?: Optional<number>;
  /**
   * The longest delay, before jitter. A number of milliseconds above 0 or `Infinity`; `Infinity` turns the
   * cap off.
   * @defaultValue 30000
   */
  maxDelay?: Optional<number>;
  /**
   * Each delay is this many times the one before. A number of at least 1; 1 turns the growth off.
   * @defaultValue 2
   */
  multiplier?: Optional<number>;
  /**
   * How far a delay is moved at random, as a share of it, so that clients cut off together do not come back
   * together. A number from 0 to 1, `'full'`, `'equal'`, `'decorrelated'` or `'none'`; 0 turns it off. It
   * comes after the cap. The kinds: `'full'` draws from 0 to the delay, `'equal'` from half of it to all,
   * `'decorrelated'` from `baseDelay` to three times the delay before (to `maxDelay` where that is less;
   * `multiplier` has no effect), and `'none'` turns it off. Of many clients that were cut off together, the
   * default has half come back within one tenth of a second; choose `'full'` for them (docs/reconnecting.md).
   * @defaultValue 0.1
   */
  jitter?: Optional<number | JitterKind>;
  /**
   * The time between heartbeats. A number of milliseconds of at least 0; 0 turns the heartbeat off. A server
   * that neither answers the default heartbeat nor says anything else is cut after `heartbeatTimeout`: see
   * `heartbeatMode`.
   * @defaultValue 30000
   */
  heartbeatInterval?: Optional<number>;
  /**
   * How long the peer may stay silent after a heartbeat. A number of milliseconds above 0. Any frame counts
   * as a sign of life. Then the connection is cut and retried.
   * @defaultValue 5000
   */
  heartbeatTimeout?: Optional<number>;
  /** What a heartbeat sends, as text; an object goes out as its JSON. @defaultValue '\{"type":"ping"\}' */
  heartbeatMessage?: Optional<string | object>;
  /**
   * What a heartbeat is: `'message'` sends `heartbeatMessage`; `'ping'` sends a ping frame, which every
   * server answers.
   * @defaultValue 'message'
   */
  heartbeatMode?: Optional<HeartbeatMode>;
  /**
   * Which message answers a heartbeat: a text that the expression matches, or data for which the function
   * says `true`. Without it any frame is an answer. Only with `heartbeatMode: 'message'`. A busy event loop,
   * which cannot judge, kills no peer.
   * @defaultValue any frame
   */
  heartbeatReply?: Optional<HeartbeatReply>;
  /** Whether JSON messages of the type `pong` are kept from `message`. @defaultValue false */
  hidePong?: Optional<boolean>;
  /**
   * How long nothing may arrive before the connection is cut and retried (`WSR_ERR_IDLE_TIMEOUT`). A number
   * of milliseconds of at least 0; 0 turns it off.
   * @defaultValue 0
   */
  idleTimeout?: Optional<number>;
  /**
   * How long the event loop may be blocked before the engine closes with 4008 `event loop blocked`, so that
   * no heartbeats vouch for an application that does not run. A number of milliseconds of at least 0; 0 turns
   * it off. `blocked` comes when the loop runs again, then the retry.
   * @defaultValue 0
   */
  maxEventLoopBlock?: Optional<number>;
  /**
   * Whether the peer is asked with a ping, and cut after 3 seconds of silence, when the machine has slept
   * (`wake`) or, on Linux, has a new default route (`network`). `false` turns it off, wake and network too.
   * Both also end a wait to retry within `baseDelay`, but neither one that `Retry-After` asked for nor one
   * that `reconnectDelay` chose.
   * @defaultValue true
   */
  detectSleep?: Optional<boolean>;
  /**
   * The first messages of each connection, such as a login: called before `open` is told, before `connect()`
   * resolves, and before what is queued goes out; `session` sends and receives them. It may return a promise.
   * The state stays `CONNECTING`, and `connectionTimeout` covers it. An error that it throws, or a server
   * that closes before it is done, is a failed attempt.
   * @defaultValue none
   *
   * @example
   * ```ts
   * new WebSocketReconnect({
   *   url: 'wss://example.com',
   *   delivery: 'at-least-once',
   *   init: async (session) => {
   *     session.send(JSON.stringify({ type: 'auth', token: await freshToken() }));
   *     const answer = await session.receive({ timeout: 5000 });
   *     if (answer !== '{"type":"auth_ok"}') throw new Error('not authorized');
   *   },
   * });
   * ```
   */
  init?: Optional<(session: InitSession) => void | PromiseLike<void>>;
  /**
   * Whether `send()` is accepted without a connection: `true`, or the bounds, while connecting, waiting to
   * retry and blocked; what waits goes out in order at `open`. `false` turns it off: `send()` throws in any
   * state but `OPEN`.
   * @defaultValue what is sent while connecting is kept, without a bound; `true` with `delivery: 'at-least-once'`
   */
  queue?: Optional<boolean | QueueOptions>;
  /**
   * `'at-least-once'` keeps what was written until the peer has read it, and sends it again first on the next
   * connection; some messages can then arrive twice (docs/delivery.md). `'at-most-once'` turns it off.
   * @defaultValue 'at-most-once'
   */
  delivery?: Optional<Delivery>;
  /**
   * Above so many buffered bytes `send()` returns `false`, and `drain` follows. A number of bytes of at least
   * 0 or `Infinity`; `Infinity` turns it off.
   * @defaultValue 1048576
   */
  highWaterMark?: Optional<number>;
  /**
   * A message that would lead to more buffered bytes throws `WSR_ERR_BUFFER_FULL`. A number of bytes above 0
   * or `Infinity`; `Infinity` turns it off.
   * @defaultValue Infinity
   */
  maxBufferedAmount?: Optional<number>;
  /**
   * When to stop connecting to a server that keeps failing. `false` turns it off.
   * @defaultValue its options with their defaults
   */
  circuitBreaker?: Optional<CircuitBreakerOptions | false>;
  /** Which of the `urls` follows a failure: the next in order, or any of the others. @defaultValue 'next' */
  failover?: Optional<'next' | 'random'>;
  /**
   * How long after it was left the first of the `urls` is tried again; an open connection to another is left
   * for that, and comes back where the first fails. A number of milliseconds of at least 0; 0 turns it off.
   * Turned off, the client stays where it is connected.
   * @defaultValue 0
   */
  preferFirst?: Optional<number>;
  /**
   * How long a connection must live before `retryCount` and the circuit's failures are forgotten. A number of
   * milliseconds of at least 0; 0 turns it off. A server that accepts and drops is then retried ever later,
   * and given up in the end. With 0 an `open` forgets them at once.
   * @defaultValue 0
   */
  minUptime?: Optional<number>;
  /**
   * Awaited before each attempt, in the state `CONNECTING` and outside of `connectionTimeout`: a place to
   * wait for a budget, a lock, a login. Throwing or rejecting is a failed attempt that is told as `error` and
   * retried, and does not count against the circuit. A function that it returns is called once the attempt
   * that it let go has ended, by an open connection or without one: what was taken can be given back there.
   * While it is waited for, `getStats().waitingFor` says so.
   * @defaultValue none
   *
   * @example
   * ```ts
   * async function readyAgain(url: string | undefined) {
   *   // Ask something else whether the server is there.
   * }
   *
   * new WebSocketReconnect({
   *   url: 'wss://example.com',
   *   connectGate: async ({ url, isReconnect }) => {
   *     if (isReconnect) await readyAgain(url);
   *     return ({ isOpen }) => console.log(isOpen ? 'connected' : 'not connected');
   *   },
   * });
   * ```
   */
  connectGate?: Optional<
    (context: GateContext) => void | AttemptEnded | PromiseLike<AttemptEnded | undefined> | PromiseLike<void>
  >;
  /**
   * A budget of attempts that the client keeps to together with all in the process that share it, worker
   * threads included. `false` turns it off. An attempt that has to wait for it does so in the state
   * `CONNECTING`, outside of `connectionTimeout`, and `getStats().waitingFor` says so; the delay that `retry`
   * tells has the wait in it that is known by then.
   * @defaultValue none
   *
   * @example
   * ```ts
   * new WebSocketReconnect({
   *   url: 'wss://example.com',
   *   // Never more than 300 attempts in any 5 minutes, nor more than 20 at once.
   *   connectRate: { max: 300, per: 300000, concurrency: 20 },
   * });
   * ```
   */
  connectRate?: Optional<ConnectRateOptions | false>;
  /**
   * Whether to connect again after a connection or an attempt has ended; `false` gives up: `FAILED`, a last
   * `close`, and `giveup` with `'STOPPED'`. It may return a promise. What it throws, or returns besides true
   * and false, is told as `error`, and the client connects again; so it does where a promise does not settle
   * within `connectionTimeout`. Not called once the retries are used up.
   * @defaultValue none: always
   *
   * @example
   * ```ts
   * new WebSocketReconnect({
   *   url: 'wss://example.com',
   *   shouldReconnect: ({ code, statusCode }) => code !== 4401 && statusCode !== 403,
   * });
   * ```
   */
  shouldReconnect?: Optional<(context: ReconnectContext) => boolean | PromiseLike<boolean>>;
  /**
   * `'transient'` gives up after what the same attempt would meet again: a status of 400–499 but 408, 425 and
   * 429, and a close frame of the server with 1002, 1003, 1007, 1009 or 1010: `FAILED`, a last `close`, and
   * `giveup` with `'NOT_TRANSIENT'`. `'always'` turns it off. What the client finds wrong by itself is
   * retried.
   * @defaultValue 'always'
   */
  reconnectOn?: Optional<'always' | 'transient'>;
  /**
   * The delay before the next retry, in milliseconds, without jitter and whatever `Retry-After` says; `null`
   * leaves it to the other options. It may return a promise. Errors are treated as those of
   * `shouldReconnect`.
   * @defaultValue none
   *
   * @example
   * ```ts
   * new WebSocketReconnect({
   *   url: 'wss://example.com',
   *   reconnectDelay: ({ attempt, code }) => (attempt === 1 && code === 1012 ? 0 : null),
   * });
   * ```
   */
  reconnectDelay?: Optional<
    (context: ReconnectContext) => number | null | undefined | PromiseLike<number | null | undefined>
  >;
  /**
   * The longest `Retry-After` of a refused upgrade (seconds, or a date) that is honoured: the retry, or the
   * probe of the circuit, comes no earlier. A number of milliseconds of at least 0 or `Infinity`; 0 ignores
   * it. With `urls` it holds back the URL that was refused alone. Jitter moves it later alone. `Infinity`
   * sets no limit.
   * @defaultValue 300000
   */
  maxRetryAfter?: Optional<number>;
  /**
   * How long one attempt may take, promises of `url`, `protocols`, `headers` and `proxy` included. A number
   * of milliseconds of at least 0 or `Infinity`; 0 sets no limit. It counts from the call of those functions.
   * @defaultValue `websocketOptions.handshakeTimeout`
   */
  connectionTimeout?: Optional<number>;
  /**
   * Its abort ends the client as `close(1000, 'Aborted')` does, and rejects the promise of `connect()` with
   * its reason. While it is aborted nothing starts.
   * @defaultValue none
   *
   * @example
   * ```ts
   * new WebSocketReconnect({ url: 'wss://example.com', signal: AbortSignal.timeout(60000) });
   * ```
   */
  signal?: Optional<AbortSignalLike>;
  /**
   * The class of a WebSocket to connect by, in place of the platform's own. For
   * `websocket-reconnect-native/portable` and browsers alone; the native engine refuses it.
   * @defaultValue the platform's own
   */
  webSocket?: Optional<WebSocketClass>;
  /**
   * Which timers are used: those of the page, or of a Worker, which are in time while the page is hidden.
   * Where the page's policy forbids a Worker of a Blob, those of the page are used. For browsers alone; the
   * native engine refuses it.
   * @defaultValue 'page'
   */
  timers?: Optional<'page' | 'worker'>;
  /**
   * What a client does that waits to connect again while the page is hidden: `'wait'` makes no attempt until
   * it is shown. `'connect'` turns it off. For browsers alone; the native engine refuses it.
   * @defaultValue 'connect'
   */
  whenHidden?: Optional<'connect' | 'wait'>;
  // options:end
}

/** Options of the constructor where there are `urls`, so that no `url` need be. */
export interface FailoverOptions extends Places, CommonOptions {
  urls: readonly (string | UrlLike)[];
}

/** Options of the constructor. A bad one throws there: `TypeError` or `RangeError`, code `WSR_ERR_OPTION`. */
export interface WebSocketReconnectOptions extends Places, CommonOptions {
  url: PerAttempt<string | UrlLike>;
}

/** What finds the answer to a heartbeat among the messages. */
export type HeartbeatReply = RegExp | ((data: MessageData) => boolean);

/** How a connection ended. */
export interface ConnectionClose {
  /**
   * That of the peer's close frame; 1005 where the frame had none. Without a frame 1006: the connection was cut, or the attempt
   * failed. Where the client ended it by itself, its own code: 1002, 1007 or 1009 for what the peer sent, 4008 for a blocked
   * event loop, 1000 on the way back to the first of the `urls`, that of `reconnect()`, and that of `close()` while it was
   * waiting or blocked.
   */
  readonly code: number;
  readonly reason: string;
  /** Whether both sides agreed to close. */
  readonly wasClean: boolean;
}

/** Why a client gave up: its retries, `shouldReconnect`, `reconnectOn`, or a fault of the engine. */
export type GiveUpReason = 'MAX_RETRIES' | 'STOPPED' | 'NOT_TRANSIENT' | 'INTERNAL';

/** The end of a client that gave up, for whatever reason; `giveup` tells which. */
export interface GaveUp {
  readonly code: 'MAX_RETRIES';
  /** In words, such as `Maximum retry attempts (N) exceeded`. */
  readonly reason: string;
  readonly wasClean: false;
}

/** The argument of `close`: a connection that ended, or the client that gave up. */
export type CloseInfo = ConnectionClose | GaveUp;

// events:begin arguments
/** The argument of `open` and of `reconnected`. */
export interface OpenInfo {
  /**
   * Whether there was a connection before, which was lost and not closed by {@link WebSocketReconnect.close}.
   */
  readonly isReconnect: boolean;
  /** The retry that has led here, as in `retry`; 0 for the first attempt. */
  readonly attempt: number;
  /** Where the connection leads, as it was given. */
  readonly url: string;
  /** The status of the answer to the upgrade: 101, or 200 by HTTP/2. */
  readonly statusCode: number;
  /** That answer's headers. */
  readonly headers: ResponseHeaders;
  /** Milliseconds without a connection; 0 where there was none before. */
  readonly downtime: number;
}

/** The argument of `message`. */
export interface MessageEvent<T extends BinaryType = BinaryType> {
  readonly type: 'message';
  /** A string for text; for binary a `Buffer`, or an `ArrayBuffer` where `binaryType` says so. */
  readonly data: MessageData<T>;
  readonly target: WebSocketReconnect;
}

/** The argument of `retry`, before the wait begins. */
export interface RetryInfo {
  /** Which retry this is, from 1. */
  readonly attempt: number;
  /** Milliseconds until it starts; 0 for a probe of the circuit breaker. */
  readonly delay: number;
  readonly maxRetries: number;
}

/** The argument of `giveup`. */
export interface GiveUpInfo {
  readonly reason: GiveUpReason;
  /** The reason in words. */
  readonly message: string;
  /** Retries since the last `open`. */
  readonly retryCount: number;
  /** Why the last attempt failed; none where a connection had been open since. */
  readonly error?: WebSocketReconnectError;
}

/** The argument of `drop`: a message that `send()` had accepted and that the client has thrown away. */
export interface DropInfo {
  /** A string for text; for binary a `Buffer`, or what `binaryType` asks for. */
  readonly data: MessageData;
  /**
   * `'overflow'`: the queue was full. `'expired'`: its `ttl` was over. `'closed'`: the client was closed, or
   * gave up.
   */
  readonly reason: 'overflow' | 'expired' | 'closed';
}

/** The argument of `blocked`. */
export interface BlockedInfo {
  /** How long the event loop did not run, in milliseconds. */
  readonly duration: number;
}

/** The argument of `wake`. */
export interface WakeInfo {
  /** How long the machine slept, in milliseconds. */
  readonly slept: number;
}
// events:end

/** Codes of the errors that are this package's own; docs/errors.md has a heading for each. */
export type OwnErrorCode =
  | 'WSR_ERR_OPTION'
  | 'WSR_ERR_UNSUPPORTED_OPTION'
  | 'WSR_ERR_ARGUMENT'
  | 'WSR_ERR_NOT_CONNECTED'
  | 'WSR_ERR_QUEUE_FULL'
  | 'WSR_ERR_BUFFER_FULL'
  | 'WSR_ERR_UNCONFIRMED'
  | 'WSR_ERR_CLOSED'
  | 'WSR_ERR_CIRCUIT_OPEN'
  | 'WSR_ERR_HALF_OPEN_LIMIT'
  | 'WSR_ERR_GAVE_UP'
  | 'WSR_ERR_FUNCTION'
  | 'WSR_ERR_PING_TIMEOUT'
  | 'WSR_ERR_PING_LOST'
  | 'WSR_ERR_INIT_OVER'
  | 'WSR_ERR_RECEIVE_TIMEOUT'
  | 'WSR_ERR_HEARTBEAT'
  | 'WSR_ERR_IDLE_TIMEOUT'
  | 'WSR_ERR_PROBE_TIMEOUT'
  | 'WSR_ERR_CONNECTION'
  | 'WSR_ERR_HANDSHAKE'
  | 'WSR_ERR_HANDSHAKE_TIMEOUT'
  | 'WSR_ERR_PROXY'
  | 'WSR_ERR_PROXY_AUTH'
  | 'WSR_ERR_INIT_CLOSED'
  | 'WSR_ERR_PROTOCOL'
  | 'WSR_ERR_INVALID_UTF8'
  | 'WSR_ERR_MESSAGE_TOO_BIG'
  | 'WSR_ERR_INTERNAL'
  | 'WSR_ERR_TLS'
  | 'WSR_ERR_TLS_PIN'
  | 'WSR_ERR_NO_BINARY'
  | 'WSR_ERR_TESTING'
  | 'WSR_ERR_NO_WS';

/** Codes that the system or TLS gives, as Node names them. The list is open. */
export type SystemErrorCode =
  | 'ECONNREFUSED'
  | 'ECONNRESET'
  | 'ENOTFOUND'
  | 'ETIMEDOUT'
  | 'DEPTH_ZERO_SELF_SIGNED_CERT'
  | 'SELF_SIGNED_CERT_IN_CHAIN'
  | 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'
  | 'CERT_HAS_EXPIRED'
  | 'ERR_TLS_CERT_ALTNAME_INVALID'
  | (string & {});

/** The argument of `error`, what `connect()` rejects with, and what calls throw. */
export interface WebSocketReconnectError extends Error {
  readonly code?: OwnErrorCode | SystemErrorCode;
  /** The status of a response that refused the upgrade, or of a proxy that refused CONNECT. */
  readonly statusCode?: number;
  /** That response's headers: names in lower case, lists joined, `set-cookie` an array. */
  readonly headers?: ResponseHeaders;
  /**
   * That response's body, at most its first 64 KiB: a string where it is UTF-8, else a `Buffer`; none where it is empty. Not enumerable:
   * it is not printed with the error.
   */
  readonly body?: string | Buffer;
  /** With `WSR_ERR_GAVE_UP`: why the last attempt failed. */
  readonly cause?: unknown;
}

/** How long pongs took, in milliseconds: the latest 128 of the connection that is open, or was last. */
export interface RoundTripTimes {
  last: number;
  min: number;
  mean: number;
  /** Nineteen in twenty were no longer. */
  p95: number;
}

/** A snapshot of the client. */
export interface Stats {
  state: ConnectionState;
  circuitState: CircuitState;
  /** Retries since the last `open`. */
  retryCount: number;
  maxRetries: number;
  /** Failures since the last `open`, or in the circuit breaker's `window`; of all who share the circuit. */
  circuitFailures: number;
  failureThreshold: number;
  /** When something last arrived, in milliseconds since the epoch. */
  lastActivity: number;
  /** Milliseconds since the connection opened; 0 when it is not open. */
  uptime: number;
  /** When the connection opened, in milliseconds since the epoch; `null` when it is not open. */
  openedAt: number | null;
  /** Connections that have opened. */
  connects: number;
  /** Those of them that came after another, as `reconnected` tells. */
  reconnects: number;
  /** Messages that have arrived, hidden and waiting ones among them. */
  messagesIn: number;
  /** The bytes of their payloads: text as UTF-8, nothing compressed. */
  bytesIn: number;
  /** Messages that were written for a connection; one that is sent again counts again, a heartbeat does not. */
  messagesOut: number;
  /** The bytes of their payloads: text as UTF-8, nothing compressed. */
  bytesOut: number;
  /** See `ws.bufferedAmount`. */
  bufferedAmount: number;
  /** What `error` told last; `null` before the first. */
  lastError: WebSocketReconnectError | null;
  /** What `close` told last; `null` before the first. */
  lastClose: CloseInfo | null;
  /**
   * When the next attempt begins, in milliseconds since the epoch, for a delay, a circuit or `connectRate`; `null` for one that does
   * not wait, is not to reconnect, or waits for the attempts of others to end.
   */
  nextAttemptAt: number | null;
  /** Of `ping()`, of heartbeats that are pings, and of those after sleep. Absent before the first pong. */
  rtt?: RoundTripTimes;
  /** What an attempt waits for before it begins; only while it does. */
  waitingFor?: 'connectGate' | 'connectRate';
  /** Messages that wait or, at least once, are not confirmed. There with `queue` or `delivery: 'at-least-once'` alone. */
  queuedMessages?: number;
  /** The bytes of these messages. */
  queuedBytes?: number;
}

/** What an attempt's messages of the tracing channel `websocket-reconnect:connect` have: one object for all of them. */
export interface ConnectTrace {
  readonly client: WebSocketReconnect;
  /** The retry that this is, as in `retry`; 0 for the first attempt. */
  readonly attempt: number;
  /** What `open` tells, once the connection is open. */
  readonly result?: OpenInfo;
  /** Why the attempt failed; with the code `ABORT_ERR` where it was given up. */
  readonly error?: WebSocketReconnectError;
}

/**
 * The messages of `diagnostics_channel`, by channel: what all clients of a thread do. Each comes before the handlers of its client
 * are told, and holds what they are told, secrets too.
 *
 * ```ts
 * import { channel } from 'diagnostics_channel';
 * import type { DiagnosticsMessages } from 'websocket-reconnect-native';
 *
 * channel('websocket-reconnect:retry').subscribe((message) => {
 *   const { client, attempt, delay } = message as DiagnosticsMessages['websocket-reconnect:retry'];
 *   console.log(client.state, attempt, delay);
 * });
 * ```
 */
export interface DiagnosticsMessages {
  /** An attempt begins; `attempt` is the retry that it is, as in `retry`, and 0 for the first. */
  'websocket-reconnect:connecting': { readonly client: WebSocketReconnect; readonly attempt: number };
  'websocket-reconnect:open': { readonly client: WebSocketReconnect } & OpenInfo;
  'websocket-reconnect:close': { readonly client: WebSocketReconnect } & CloseInfo;
  'websocket-reconnect:error': {
    readonly client: WebSocketReconnect;
    readonly error: WebSocketReconnectError;
  };
  'websocket-reconnect:retry': { readonly client: WebSocketReconnect } & RetryInfo;
  /** `circuitChange` */
  'websocket-reconnect:circuit': { readonly client: WebSocketReconnect; readonly state: CircuitState };
  'websocket-reconnect:drop': { readonly client: WebSocketReconnect } & DropInfo;
  'websocket-reconnect:giveup': { readonly client: WebSocketReconnect } & GiveUpInfo;
}

/** What a WHATWG listener of `open` gets. */
export interface OpenEvent {
  readonly type: 'open';
  readonly target: WebSocketReconnect;
}

/** What a WHATWG listener of `close` gets. */
export type CloseEvent = CloseInfo & {
  readonly type: 'close';
  readonly target: WebSocketReconnect;
};

/** What a WHATWG listener of `error` gets. */
export interface ErrorEvent {
  readonly type: 'error';
  readonly error: WebSocketReconnectError;
  readonly message: string;
  readonly target: WebSocketReconnect;
}

/** Events by name, with the arguments of their handlers. Merge your own events into this interface. */
export interface WebSocketReconnectEvents {
  // events:begin WebSocketReconnectEvents
  /** The connection is open. */
  open: [info: OpenInfo];
  /** The client has come back; right after `open`. */
  reconnected: [info: OpenInfo];
  /** A message arrived. */
  message: [event: MessageEvent];
  /** A connection ended, or the client gave up. */
  close: [info: CloseInfo];
  /** Something failed; a retry follows where there is one left. Without a handler, nothing is thrown. */
  error: [error: WebSocketReconnectError];
  /** A retry is about to be waited for. */
  retry: [info: RetryInfo];
  /** The client gave up; after the last `close`. */
  giveup: [info: GiveUpInfo];
  /** `state` has changed. */
  stateChange: [state: ConnectionState];
  /** `circuitState` has changed. */
  circuitChange: [state: CircuitState];
  /** A message that was accepted has been thrown away. */
  drop: [info: DropInfo];
  /** What is buffered has fallen to `highWaterMark`, after a `send()` that returned `false`. */
  drain: [];
  /** The peer sent a ping, which the engine has answered. */
  ping: [payload: Buffer];
  /** The peer sent a pong, asked for or not. */
  pong: [payload: Buffer];
  /** The event loop runs again after `maxEventLoopBlock`; a retry follows. */
  blocked: [info: BlockedInfo];
  /** The machine has slept, and an open peer is being asked. */
  wake: [info: WakeInfo];
  /** There is a new default route, and an open peer is being asked. On Linux alone. */
  network: [];
  /** `EventEmitter`'s own. */
  newListener: [event: string | symbol, listener: (...args: any[]) => void];
  /** `EventEmitter`'s own. */
  removeListener: [event: string | symbol, listener: (...args: any[]) => void];
  /** What `error` tells, before its handlers are told: for those who watch and do not handle. */
  // @ts-ignore
  [EventEmitter.errorMonitor]: [error: WebSocketReconnectError];
  // events:end
}

/** What `addEventListener` hands to its listeners, by the name of the event. */
export interface WebSocketReconnectEventMap {
  // events:begin WebSocketReconnectEventMap
  open: OpenEvent;
  reconnected: OpenInfo;
  message: MessageEvent;
  close: CloseEvent;
  error: ErrorEvent;
  retry: RetryInfo;
  giveup: GiveUpInfo;
  stateChange: ConnectionState;
  circuitChange: CircuitState;
  drop: DropInfo;
  drain: undefined;
  ping: Buffer;
  pong: Buffer;
  blocked: BlockedInfo;
  wake: WakeInfo;
  network: undefined;
  // events:end
}

/** What the event `E` tells: its first argument, `undefined` where it has none. */
export type EventArgument<E extends keyof WebSocketReconnectEvents> = WebSocketReconnectEvents[E] extends [
  infer Argument,
  ...unknown[],
]
  ? Argument
  : undefined;

/** Options of {@link WebSocketReconnect.duplex}: those of Node's `Duplex`; `objectMode` and `writableObjectMode` have no effect. */
export interface DuplexOptions extends NodeDuplexOptions {
  /**
   * Whether the stream goes on over reconnects, to the end of the client; else it ends with the first connection, which leaves the
   * client as it is. @defaultValue false
   */
  persistent?: Optional<boolean>;
}

/** A handler of the event `E`. It may return a promise: what that rejects with is reported as what it throws is. */
export type Handler<E extends keyof WebSocketReconnectEvents> = (
  this: WebSocketReconnect,
  ...args: WebSocketReconnectEvents[E]
) => unknown;

/** A handler of `message`, where `binaryType` is known. */
export type MessageHandler<T extends BinaryType> = (
  this: WebSocketReconnect<T>,
  event: MessageEvent<T>,
) => unknown;

/** A WHATWG listener: a function, or an object with `handleEvent`. */
export type Listener<T> =
  | ((this: WebSocketReconnect, event: T) => unknown)
  | { handleEvent(event: T): unknown };

/** The options of a WHATWG listener. `true` stands for `{ capture: true }`. */
export interface ListenerOptions {
  /** It is called once, then removed. @defaultValue false */
  once?: boolean | undefined;
  /** Tells it from the same listener without; there is no tree of targets to capture in. @defaultValue false */
  capture?: boolean | undefined;
  /** Removes it by its abort. With one that has aborted, nothing is added. */
  signal?: AbortSignalLike | undefined;
}

/**
 * A WebSocket client that reconnects by itself.
 *
 * It shows what the events delivered so far say: inside a handler, `state` agrees with the event that
 * is being handled.
 *
 * @example
 * ```ts
 * const ws = new WebSocketReconnect({ url: 'wss://example.com/socket' });
 * ws.on('message', (event) => console.log(event.data));
 * ws.on('retry', (info) => console.log(`retry ${info.attempt} in ${info.delay} ms`));
 * await ws.connect();
 * ws.send('hello');
 * ```
 *
 * `T` is what `binaryType` is, where that does not change: it types the messages. One that is not the default must still be set.
 *
 * @example
 * ```ts
 * const ws = new WebSocketReconnect<'arraybuffer'>({ url: 'wss://example.com/socket' });
 * ws.binaryType = 'arraybuffer';
 * ws.on('message', ({ data }) => console.log(typeof data === 'string' ? data : data.byteLength));
 * ```
 */
export declare class WebSocketReconnect<T extends BinaryType = BinaryType> extends EventEmitter {
  /** @throws TypeError or RangeError with code `WSR_ERR_OPTION` or `WSR_ERR_UNSUPPORTED_OPTION`. */
  constructor(options: FailoverOptions | WebSocketReconnectOptions);

  static readonly CONNECTING: 0;
  static readonly OPEN: 1;
  static readonly CLOSING: 2;
  static readonly CLOSED: 3;
  readonly CONNECTING: 0;
  readonly OPEN: 1;
  readonly CLOSING: 2;
  readonly CLOSED: 3;

  /**
   * Starts connecting. The promise resolves at the first `open`, be that after retries. It rejects
   * when the client gives up (`WSR_ERR_GAVE_UP`), is closed (`WSR_ERR_CLOSED`) or refuses to start
   * (`WSR_ERR_CLOSED`, `WSR_ERR_CIRCUIT_OPEN`, `WSR_ERR_HALF_OPEN_LIMIT`; for a circuit that is shared
   * it waits). Ignoring it never causes an `unhandledRejection`; where nobody waits for it and none listens to `error`, `close` or
   * `giveup`, a client that gives up says so once by a warning of the process (`WSR_WARN_GAVE_UP`). While connecting, the same
   * promise comes back.
   *
   * A call that the circuit refuses tells `stateChange BLOCKED` before it rejects. Where nothing else goes on, the
   * state is `CLOSED` again once the circuit would let it connect, which it then does not do by itself.
   *
   * Handlers, and the functions among the options, run in the async context (`AsyncLocalStorage`) of the call
   * that starts a life.
   */
  connect(): Promise<void>;

  /**
   * Sends a message: text for a string, binary for bytes. While `CONNECTING` it is kept and goes out
   * at `open`; with `queue` also while waiting to retry and blocked. With `volatile` it is never kept.
   * @returns `false` where more than `highWaterMark` is buffered: wait for `drain` before you send more. The message has
   * been taken all the same.
   * @param callback Told what became of the message; what would be thrown as an Error it is told too, and `send()` returns `false` then.
   * @throws Error `WSR_ERR_NOT_CONNECTED` in any other state but `OPEN`, `WSR_ERR_QUEUE_FULL`, `WSR_ERR_BUFFER_FULL`; TypeError
   * `WSR_ERR_ARGUMENT` for any other value. The message has not been taken then.
   */
  send(data: SendData, callback?: Optional<SendCallback>): boolean;
  send(data: SendData, options: Optional<SendOptions>, callback?: Optional<SendCallback>): boolean;

  /**
   * Sends a message, and resolves once the peer's endpoint has read it: it has answered a ping that was sent behind
   * the message.
   *
   * It rejects with `WSR_ERR_UNCONFIRMED` where that cannot be known, and as `send()` throws where the message is not
   * taken. Ignoring it never causes an `unhandledRejection`.
   */
  sendConfirmed(data: SendData, options?: ReceiptOptions): Promise<void>;

  /** Resolves once the peer's endpoint has read all that was sent so far; rejects as `sendConfirmed()` does. */
  flush(options?: ReceiptOptions): Promise<void>;

  /**
   * Delivers no `message`, and nothing that follows one in the life of the connection, until `resume()`. The engine reads up to 16 MiB
   * ahead, answers pings and beats; beyond, the peer has to wait.
   */
  pause(): this;

  /** Delivers what was held by `pause()`, in order. `close()` does so too. */
  resume(): this;

  /**
   * The data of the messages that arrive from here on, over reconnects. It ends with the last `close`, and throws what
   * `connect()` rejects with (`WSR_ERR_GAVE_UP`) when the client gives up; begun before `connect()`, it waits.
   *
   * While 64 KiB of messages wait for the loop, the client pauses: leave `pause()` and `resume()` to it. `break` has messages flow
   * again. In Node alone, as {@link WebSocketReconnect.events}.
   *
   * @example
   * ```ts
   * for await (const message of ws) {
   *   if (message === 'bye') break;
   * }
   * ```
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<MessageData<T>>;

  /**
   * The arguments of an event from here on, one by one; it ends and throws as the iterator of messages does. Nothing pauses: what the
   * loop does not take in time is kept, without a bound.
   * @throws TypeError `WSR_ERR_ARGUMENT` for what is no name.
   *
   * @example
   * ```ts
   * for await (const { attempt, delay } of ws.events('retry')) console.log(attempt, delay);
   * ```
   */
  events<E extends keyof WebSocketReconnectEvents>(event: E): AsyncIterableIterator<EventArgument<E>>;

  /**
   * The messages as a stream of the WHATWG, from its first read on: it pauses, goes on, ends and fails as a loop over the client does, and
   * cancelling it lets messages flow again. The same until it has ended. In Node 18 and later alone; else `undefined`.
   */
  readonly readable: ReadableStream<MessageData<T>>;

  /**
   * Sends each chunk as a message, once the client is open and there is room below `highWaterMark`. Closing it closes the client, aborting
   * it terminates that; it fails when the client is closed (`WSR_ERR_CLOSED`) or gives up (`WSR_ERR_GAVE_UP`). The same until it
   * has ended. In Node 18 and later alone; else `undefined`.
   */
  readonly writable: WritableStream<SendData>;

  /**
   * A stream of Node, as `createWebSocketStream` of `ws` makes one: of bytes, with `readableObjectMode` of messages. It sends binary
   * messages, and waits for the connection and for room. `end()` closes the client, `destroy()` terminates it. In Node alone.
   * @throws TypeError `WSR_ERR_ARGUMENT` for a `persistent` that is no boolean.
   *
   * @example
   * ```ts
   * const stream = ws.duplex({ persistent: true });
   * process.stdin.pipe(stream).pipe(process.stdout);
   * ```
   */
  duplex(options?: Optional<DuplexOptions>): Duplex;

  /** Closes, and resolves at the end. There in runtimes that have `Symbol.asyncDispose`: Node 18.18, 20 and later. */
  // @ts-ignore
  [Symbol.asyncDispose](): Promise<void>;

  /**
   * Ends the connection for good: no retry follows until {@link WebSocketReconnect.reset}.
   * @param code 1000–1003, 1007–1014 or 3000–4999; 1000 by default.
   * @param reason At most 123 bytes of UTF-8; `Normal closure` by default.
   * @throws TypeError or RangeError `WSR_ERR_ARGUMENT`; nothing happens then.
   */
  close(code?: number, reason?: string): void;

  /**
   * Ends the connection for good, at once and without the closing handshake. Otherwise it is
   * {@link WebSocketReconnect.close}.
   */
  terminate(): void;

  /**
   * Connects anew, now: no delay is waited for and no answer of the peer. An attempt that is under way is given
   * up, an open connection left with a close frame, whose `close` is not clean. It counts as no retry. The promise is
   * that of the next `open`; it is rejected, and may be ignored, as that of {@link WebSocketReconnect.connect}.
   * @param code As in {@link WebSocketReconnect.close}; 1000 by default.
   * @param reason As in {@link WebSocketReconnect.close}; `Reconnecting` by default.
   * @throws TypeError or RangeError `WSR_ERR_ARGUMENT`; nothing happens then.
   *
   * @example
   * ```ts
   * session.on('renewed', () => ws.reconnect(4000, 'new token'));
   * ```
   */
  reconnect(code?: number, reason?: string): Promise<void>;

  /** Forgets a manual close, the retries and the failures, and closes the circuit. */
  reset(): void;

  /** Opens the circuit by hand: no new connection until `resetTimeout` has passed. */
  openCircuit(): void;

  /** Closes the circuit by hand; a blocked client connects at once. */
  closeCircuit(): void;

  getCircuitState(): CircuitState;

  getStats(): Stats;

  /**
   * Sends a ping frame, and resolves to the milliseconds until its pong, as the engine measures them: a busy event loop lengthens
   * them by 20 ms at most. Rejects with `WSR_ERR_NOT_CONNECTED` when the state is not `OPEN`, with `WSR_ERR_PING_LOST` when the
   * connection ends first, and with `WSR_ERR_PING_TIMEOUT` after `heartbeatTimeout`, which does not end the connection.
   * Ignoring it never causes an `unhandledRejection`.
   */
  ping(): Promise<number>;

  /**
   * The delay before a retry, in milliseconds, drawn anew at each call:
   * `floor(min(baseDelay × multiplier^attempt, maxDelay) × (1 ± jitter))`.
   * @param attempt From 0.
   */
  calculateDelay(attempt: number): number;

  /** Counts a failure against the circuit, and emits `error`. */
  handleError(error: Error): void;

  /** Holds the process while the client is connecting, open, waiting or blocked; that is the default. */
  ref(): this;

  /** Lets the process end whatever the client does. */
  unref(): this;

  /** What the client is doing. Writing changes just the view. */
  state: ConnectionState;
  /** What the circuit breaker says. Writing is honoured, without an event. */
  circuitState: CircuitState;
  /** Retries since the last `open`. */
  retryCount: number;
  /** Failures since the last `open`, or in the circuit breaker's `window`; of all who share the circuit. */
  circuitFailures: number;
  /** Whether `close()` was called. `true` stops retrying, `false` allows `connect()` again. */
  manualClose: boolean;
  /** When something last arrived, in milliseconds since the epoch. */
  lastActivity: number;

  // options:begin WebSocketReconnect
  /**
   * Where the next attempt connects to; with `urls` or a function, where the latest connection or attempt
   * does, `''` before the first call. Writing it replaces `urls`.
   */
  get url(): string;
  set url(value: PerAttempt<string | UrlLike>);
  /** All servers, the preferred one first; `url` alone where there are no others. */
  get urls(): string[];
  set urls(value: readonly (string | UrlLike)[]);
  /** The subprotocols that the next attempt offers; with a function, what it returned last. */
  get protocols(): string[];
  set protocols(value: Optional<PerAttempt<string | readonly string[]>>);
  /** Headers beside those of `websocketOptions`, as they were given. */
  get headers(): Optional<PerAttempt<HeadersInput>>;
  set headers(value: Optional<PerAttempt<HeadersInput>>);
  /** The proxy for the next attempts, as it was given. */
  get proxy(): PerAttempt<ProxySetting>;
  set proxy(value: Optional<PerAttempt<ProxySetting>>);
  /**
   * How the next attempt connects. Assigning holds at once; what is written into the object is read at
   * `connect()` and after each `retry`. A token that expires belongs into `headers` as a function.
   */
  get websocketOptions(): WebSocketOptions;
  set websocketOptions(value: Optional<WebSocketOptions>);
  /**
   * Retries in a row before the client gives up (`FAILED`). An integer of at least 0 or `Infinity`; 0 turns
   * retrying off.
   */
  get maxRetries(): number;
  set maxRetries(value: Optional<number>);
  /** The delay before the first retry. A number of milliseconds above 0. */
  get baseDelay(): number;
  set baseDelay(value: Optional<number>);
  /**
   * The longest delay, before jitter. A number of milliseconds above 0 or `Infinity`; `Infinity` turns the
   * cap off.
   */
  get maxDelay(): number;
  set maxDelay(value: Optional<number>);
  /** Each delay is this many times the one before. A number of at least 1; 1 turns the growth off. */
  get multiplier(): number;
  set multiplier(value: Optional<number>);
  /**
   * How far a delay is moved at random, as a share of it, so that clients cut off together do not come back
   * together. A number from 0 to 1, `'full'`, `'equal'`, `'decorrelated'` or `'none'`; 0 turns it off.
   */
  get jitter(): number | JitterKind;
  set jitter(value: Optional<number | JitterKind>);
  /** The time between heartbeats. A number of milliseconds of at least 0; 0 turns the heartbeat off. */
  get heartbeatInterval(): number;
  set heartbeatInterval(value: Optional<number>);
  /** How long the peer may stay silent after a heartbeat. A number of milliseconds above 0. */
  get heartbeatTimeout(): number;
  set heartbeatTimeout(value: Optional<number>);
  /** What a heartbeat sends, as text; an object goes out as its JSON. */
  get heartbeatMessage(): string | object;
  set heartbeatMessage(value: Optional<string | object>);
  /**
   * What a heartbeat is: `'message'` sends `heartbeatMessage`; `'ping'` sends a ping frame, which every
   * server answers.
   */
  get heartbeatMode(): HeartbeatMode;
  set heartbeatMode(value: Optional<HeartbeatMode>);
  /**
   * Which message answers a heartbeat: a text that the expression matches, or data for which the function
   * says `true`.
   */
  get heartbeatReply(): HeartbeatReply | undefined;
  set heartbeatReply(value: Optional<HeartbeatReply>);
  /** Whether JSON messages of the type `pong` are kept from `message`. */
  get hidePong(): boolean;
  set hidePong(value: Optional<boolean>);
  /**
   * How long nothing may arrive before the connection is cut and retried (`WSR_ERR_IDLE_TIMEOUT`). A number
   * of milliseconds of at least 0; 0 turns it off.
   */
  get idleTimeout(): number;
  set idleTimeout(value: Optional<number>);
  /**
   * How long the event loop may be blocked before the engine closes with 4008 `event loop blocked`, so that
   * no heartbeats vouch for an application that does not run. A number of milliseconds of at least 0; 0 turns
   * it off.
   */
  get maxEventLoopBlock(): number;
  set maxEventLoopBlock(value: Optional<number>);
  /**
   * Whether the peer is asked with a ping, and cut after 3 seconds of silence, when the machine has slept
   * (`wake`) or, on Linux, has a new default route (`network`). `false` turns it off, wake and network too.
   */
  get detectSleep(): boolean;
  set detectSleep(value: Optional<boolean>);
  /** The first messages of each connection. */
  get init(): WebSocketReconnectOptions['init'];
  set init(value: WebSocketReconnectOptions['init']);
  /** The bounds of the queue, or `false` where there is none. */
  readonly queue: QueueSettings | false;
  /** What becomes of a message that was written when its connection is lost. */
  readonly delivery: Delivery;
  /**
   * Above so many buffered bytes `send()` returns `false`, and `drain` follows. A number of bytes of at least
   * 0 or `Infinity`; `Infinity` turns it off.
   */
  get highWaterMark(): number;
  set highWaterMark(value: Optional<number>);
  /**
   * A message that would lead to more buffered bytes throws `WSR_ERR_BUFFER_FULL`. A number of bytes above 0
   * or `Infinity`; `Infinity` turns it off.
   */
  get maxBufferedAmount(): number;
  set maxBufferedAmount(value: Optional<number>);
  /** The circuit breaker's settings. */
  get circuitBreaker(): CircuitBreakerSettings;
  set circuitBreaker(value: Optional<CircuitBreakerOptions | false>);
  /** Which of the `urls` follows a failure: the next in order, or any of the others. */
  get failover(): 'next' | 'random';
  set failover(value: Optional<'next' | 'random'>);
  /**
   * How long after it was left the first of the `urls` is tried again; an open connection to another is left
   * for that, and comes back where the first fails. A number of milliseconds of at least 0; 0 turns it off.
   */
  get preferFirst(): number;
  set preferFirst(value: Optional<number>);
  /**
   * How long a connection must live before `retryCount` and the circuit's failures are forgotten. A number of
   * milliseconds of at least 0; 0 turns it off.
   */
  get minUptime(): number;
  set minUptime(value: Optional<number>);
  /** What lets attempts go. */
  get connectGate(): WebSocketReconnectOptions['connectGate'];
  set connectGate(value: WebSocketReconnectOptions['connectGate']);
  /** The budget of attempts, or `false` where there is none. */
  get connectRate(): ConnectRateSettings | false;
  set connectRate(value: Optional<ConnectRateOptions | false>);
  /** Whether to connect again. */
  get shouldReconnect(): WebSocketReconnectOptions['shouldReconnect'];
  set shouldReconnect(value: WebSocketReconnectOptions['shouldReconnect']);
  /** After what to connect again. */
  get reconnectOn(): 'always' | 'transient';
  set reconnectOn(value: Optional<'always' | 'transient'>);
  /** How long to wait before connecting again. */
  get reconnectDelay(): WebSocketReconnectOptions['reconnectDelay'];
  set reconnectDelay(value: WebSocketReconnectOptions['reconnectDelay']);
  /**
   * The longest `Retry-After` of a refused upgrade (seconds, or a date) that is honoured: the retry, or the
   * probe of the circuit, comes no earlier. A number of milliseconds of at least 0 or `Infinity`; 0 ignores
   * it.
   */
  get maxRetryAfter(): number;
  set maxRetryAfter(value: Optional<number>);
  /**
   * How long one attempt may take, promises of `url`, `protocols`, `headers` and `proxy` included. A number
   * of milliseconds of at least 0 or `Infinity`; 0 sets no limit.
   */
  get connectionTimeout(): number;
  set connectionTimeout(value: Optional<number>);
  /** What ends the client by its abort. */
  get signal(): AbortSignalLike | undefined;
  set signal(value: Optional<AbortSignalLike>);
  /** The class of a WebSocket to connect by, in place of the platform's own. */
  readonly webSocket: WebSocketClass | undefined;
  /** Which timers are used: those of the page, or of a Worker, which are in time while the page is hidden. */
  readonly timers: 'page' | 'worker';
  /**
   * What a client does that waits to connect again while the page is hidden: `'wait'` makes no attempt until
   * it is shown. `'connect'` turns it off.
   */
  readonly whenHidden: 'connect' | 'wait';
  // options:end

  /** `state` as WHATWG counts; 3 before the first `connect()`, while waiting, blocked and failed. */
  readonly readyState: ReadyState;
  /** The subprotocol that the server chose, or `''`. */
  readonly protocol: string;
  /** The extensions that were agreed, or `''`. */
  readonly extensions: string;
  /** Bytes that were sent and have not reached the system yet, with what waits for a connection. */
  readonly bufferedAmount: number;
  /** Between `pause()` and `resume()`. */
  readonly isPaused: boolean;
  /** What a binary message arrives as. @defaultValue 'nodebuffer' */
  binaryType: T;

  // events:begin handlers
  onopen: ((this: WebSocketReconnect, event: OpenEvent) => unknown) | null;
  onmessage: ((this: WebSocketReconnect, event: MessageEvent) => unknown) | null;
  onclose: ((this: WebSocketReconnect, event: CloseEvent) => unknown) | null;
  onerror: ((this: WebSocketReconnect, event: ErrorEvent) => unknown) | null;
  // events:end

  addEventListener(
    type: 'message',
    listener: Listener<MessageEvent<T>> | null,
    options?: boolean | ListenerOptions,
  ): void;
  addEventListener<E extends keyof WebSocketReconnectEventMap>(
    type: E,
    listener: Listener<WebSocketReconnectEventMap[E]> | null,
    options?: boolean | ListenerOptions,
  ): void;
  removeEventListener<E extends keyof WebSocketReconnectEventMap>(
    type: E,
    listener: Listener<WebSocketReconnectEventMap[E]> | null,
    options?: boolean | { capture?: boolean | undefined },
  ): void;
  /**
   * Calls the listeners of the event's type that `addEventListener` added, and the `on…` handler, with the event
   * itself, whose `target` is set. Handlers that `on` added are called by `emit`.
   *
   * @returns `false` where a listener has prevented its default.
   * @throws TypeError for what has no type.
   */
  dispatchEvent(event: { readonly type: string }): boolean;

  on(event: 'message', handler: MessageHandler<T>): this;
  on<E extends keyof WebSocketReconnectEvents>(event: E, handler: Handler<E>): this;
  once(event: 'message', handler: MessageHandler<T>): this;
  once<E extends keyof WebSocketReconnectEvents>(event: E, handler: Handler<E>): this;
  addListener(event: 'message', handler: MessageHandler<T>): this;
  addListener<E extends keyof WebSocketReconnectEvents>(event: E, handler: Handler<E>): this;
  prependListener(event: 'message', handler: MessageHandler<T>): this;
  prependListener<E extends keyof WebSocketReconnectEvents>(event: E, handler: Handler<E>): this;
  prependOnceListener(event: 'message', handler: MessageHandler<T>): this;
  prependOnceListener<E extends keyof WebSocketReconnectEvents>(event: E, handler: Handler<E>): this;
  /** Removes one handler, or without one all of the event's. */
  off<E extends keyof WebSocketReconnectEvents>(event: E, handler?: Handler<E>): this;
  removeListener<E extends keyof WebSocketReconnectEvents>(event: E, handler: Handler<E>): this;
  removeAllListeners(event?: keyof WebSocketReconnectEvents): this;
  /** A handler that throws, or whose promise rejects, is reported with `console.error` and hurts no other. */
  emit<E extends keyof WebSocketReconnectEvents>(event: E, ...args: WebSocketReconnectEvents[E]): boolean;
  listeners<E extends keyof WebSocketReconnectEvents>(event: E): Handler<E>[];
  rawListeners<E extends keyof WebSocketReconnectEvents>(event: E): Handler<E>[];
  listenerCount(event: keyof WebSocketReconnectEvents, listener?: Function): number;
}
