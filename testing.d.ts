/// <reference types="node" />

import type { EventEmitter } from 'events';
import type { IncomingMessage } from 'http';
import type {
  CircuitState,
  CloseInfo,
  ConnectionState,
  GiveUpInfo,
  HeadersInput,
  OpenInfo,
  RetryInfo,
  WebSocketReconnectError,
  WebSocketReconnectOptions,
} from './index.js';

/** How long something is waited for. */
export interface Waiting {
  /** In ms; 4000 unless told, which is less than the 5 s that Jest and Vitest give a test. `Infinity` waits without end. */
  timeout?: number;
}

/** An answer that refuses the upgrade. */
export interface Refusal {
  /** From 200 to 999. */
  status: number;
  /** Seconds, as the header `Retry-After`. */
  retryAfter?: number;
  headers?: HeadersInput;
  body?: string;
}

/** A step of a script: how the server meets the next handshake. A function is any other way. */
export type Step =
  /** Accepts, and stays open. */
  | 'open'
  /** Accepts, and sends each message back. */
  | { echo: boolean }
  /**
   * Nobody listens: attempts see `ECONNREFUSED`, for `refuse` ms, 200 as a word, from the end of the connection before on. Any number of
   * attempts may fall into that time, and none of them is a connection.
   */
  | 'refuse'
  | { refuse: number }
  /** Answers the upgrade with another status than 101. */
  | Refusal
  /** Accepts, and ends the TCP connection without a close frame. */
  | 'accept-then-drop'
  /** Takes the TCP connection and the request, and never answers. */
  | 'never-answer'
  /** Accepts, then reads nothing and answers nothing, no ping either. */
  | 'half-open'
  /** Resets the TCP connection in place of an answer. Before Node 16.17 and 18.3 it is ended without one. */
  | 'reset'
  /** Accepts, and closes with this code. */
  | { close: number; reason?: string }
  /** Accepts byte by byte, within `slow` ms, 1000 as a word; a byte takes a millisecond at least. */
  | 'slow'
  | { slow: number }
  /** Answers with bytes that are no HTTP, and ends the connection. */
  | 'garbage'
  | Decide;

/** A step but for `refuse`, which comes too late for a connection that is there. */
export type Met = Exclude<Step, 'refuse' | { refuse: number }>;

/** Says how a connection is met: by another step, a promise of one, or by what it does with the connection itself. */
export type Decide = (
  connection: ServerConnection,
) => Met | undefined | void | Promise<Met | undefined> | Promise<void>;

/** A handshake that a client has sent, and what became of it. */
export interface ServerConnection {
  /** With `url` and `headers`. */
  readonly request: IncomingMessage;
  /** The subprotocol that is agreed on, the first that the client offers; `''` for none. */
  readonly protocol: string;
  /** Accepted, and not ended. */
  readonly isOpen: boolean;
  /** All messages so far: a string for text, a Buffer for binary. */
  readonly received: ReadonlyArray<string | Buffer>;
  /** So many pings have come. */
  readonly pings: number;
  /** The next message that `next` of this connection has not given yet. Rejects with `WSR_ERR_TESTING` when there is none in time. */
  next(options?: Waiting): Promise<string | Buffer>;
  /** What the client's close frame says; 1005 where it has no code, 1006 where none came. */
  ended(options?: Waiting): Promise<{ code: number; reason: string }>;
  /** Accepts the upgrade, where a function is the step. */
  accept(): void;
  /** Sends text for a string, else binary. */
  send(data: string | ArrayBuffer | ArrayBufferView): void;
  ping(data?: string | ArrayBuffer | ArrayBufferView): void;
  /** Sends a close frame: 1000 unless told. The connection ends once the client has answered it. */
  close(code?: number, reason?: string): void;
  /** Sends bytes as they are, a broken frame for example. */
  write(bytes: string | ArrayBuffer | ArrayBufferView): void;
  /** Ends the TCP connection without a close frame. */
  drop(): void;
  /** Resets it; before Node 16.17 and 18.3 it is ended without that. */
  reset(): void;
  /** Reads nothing and answers nothing from now on: the end of the client is not seen either. */
  silence(): void;
}

/** A WebSocket server at 127.0.0.1, for any client. */
export interface TestServer {
  readonly url: string;
  readonly port: number;
  /** All so far. What found nobody listening is none. */
  readonly connections: ReadonlyArray<ServerConnection>;
  /** All messages of all connections: a string for text, a Buffer for binary. */
  readonly received: ReadonlyArray<string | Buffer>;
  /** The connection of that number, from 0. Rejects with `WSR_ERR_TESTING` when it does not come in time. */
  connection(index: number, options?: Waiting): Promise<ServerConnection>;
  /** The next message of any connection that `next` of the server has not given yet. Rejects in the same way. */
  next(options?: Waiting): Promise<string | Buffer>;
  /** Ends all connections at once, and listens no more. */
  close(): Promise<void>;
}

/**
 * Starts a server that meets one handshake after the other as the script says; the last step stays for all that follow. With
 * `Symbol.asyncDispose` where the runtime has it.
 *
 * @throws TypeError `WSR_ERR_ARGUMENT` for what is no step, or `WSR_ERR_OPTION` for what a step cannot have; by the promise.
 *
 * @example
 * ```ts
 * const server = await createServer([{ status: 503, retryAfter: 1 }, 'open']);
 * const client = new WebSocketReconnect({ url: server.url });
 * await client.connect();
 * client.send('hello');
 * console.log(await server.next());
 * await server.close();
 * ```
 */
export function createServer(script: readonly Step[]): Promise<TestServer>;

/** What a virtual link tells: the events of the class, with the time `at`, in ms from 0, and `attempt` and `heartbeat` besides. */
export type VirtualEvent = { readonly at: number } & (
  | {
      /** A connection is tried: have it `open()` or `fail()`. */
      readonly type: 'attempt';
      /** Counts attempts, from 1. */
      readonly number: number;
      /** `''` where a function of the options says it: none of those is called. */
      readonly url: string;
      /** After so many ms it has failed. */
      readonly timeout: number;
    }
  | { readonly type: 'heartbeat' }
  | { readonly type: 'stateChange'; readonly state: ConnectionState }
  | { readonly type: 'circuitChange'; readonly state: CircuitState }
  | ({ readonly type: 'open' | 'reconnected' } & Pick<OpenInfo, 'isReconnect' | 'attempt' | 'downtime'>)
  | { readonly type: 'error'; readonly error: WebSocketReconnectError }
  | ({ readonly type: 'close' } & CloseInfo)
  | ({ readonly type: 'retry' } & RetryInfo)
  | ({ readonly type: 'giveup' } & GiveUpInfo)
);

/** The event of a type. */
export type VirtualEventOf<T extends VirtualEvent['type']> = Extract<VirtualEvent, { readonly type: T }>;

/**
 * A client that connects to nothing and waits for nobody: the policy of the class, in a time that goes by where the test tells it to.
 *
 * A call returns the events that it has led to; handlers hear of each as well. What a handler calls returns none: they come with the
 * call in which the handler runs.
 *
 * @example
 * ```ts
 * const link = new VirtualLink({ maxRetries: 20 }, { seed: 1 });
 * link.on('attempt', () => link.fail());
 * link.connect();
 * const retries = link.advance(10 * 60 * 1000).filter((event) => event.type === 'retry');
 * console.log(retries.length, link.state);
 * ```
 */
export class VirtualLink extends EventEmitter {
  /**
   * @param options Those of the class, checked in the same way; a name that is not known throws. `url` may be left away.
   * @param world `seed`: of all that is drawn by chance, from 0 to 2³² − 1; 1 unless told.
   * @throws TypeError or RangeError `WSR_ERR_OPTION`
   */
  constructor(options?: Partial<WebSocketReconnectOptions>, world?: { seed?: number });

  /** The virtual time in ms, from 0. */
  readonly now: number;
  readonly state: ConnectionState;
  readonly circuitState: CircuitState;
  readonly retryCount: number;
  readonly circuitFailures: number;

  /** @throws Error `WSR_ERR_CLOSED`, `WSR_ERR_CIRCUIT_OPEN` or `WSR_ERR_HALF_OPEN_LIMIT`, with which `connect()` of the class rejects. */
  connect(): VirtualEvent[];
  /** Closes for good. An open connection is `CLOSING` until the peer has `closed()`. */
  close(code?: number, reason?: string): VirtualEvent[];
  reset(): VirtualEvent[];

  /** The attempt that is under way succeeds. This and what follows throw `WSR_ERR_TESTING` where it cannot happen now. */
  open(): VirtualEvent[];
  /** The attempt that is under way fails: with `ECONNREFUSED` unless told. */
  fail(code?: string, message?: string): VirtualEvent[];
  /** A message arrives; `heartbeatReply` says whether it answers a heartbeat. */
  message(data?: string): VirtualEvent[];
  /** A pong arrives. */
  pong(): VirtualEvent[];
  /** The peer closes, or answers `close()`: with 1000 unless told. */
  closed(code?: number, reason?: string): VirtualEvent[];
  /** The connection is lost. */
  drop(): VirtualEvent[];

  /** Lets so many ms go by; whatever is due in them happens, each at its time. A handler cannot call it. */
  advance(ms: number): VirtualEvent[];

  on<T extends VirtualEvent['type']>(type: T, listener: (event: VirtualEventOf<T>) => void): this;
  on(type: string | symbol, listener: (...args: any[]) => void): this;
  once<T extends VirtualEvent['type']>(type: T, listener: (event: VirtualEventOf<T>) => void): this;
  once(type: string | symbol, listener: (...args: any[]) => void): this;
}
