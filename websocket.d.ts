/// <reference types="node" />

import type {
  Optional,
  SendData,
  UrlLike,
  WebSocketOptions,
  WebSocketReconnect,
  WebSocketReconnectOptions,
} from './index.js';

/** `'blob'` is the default where the runtime has a `Blob`, below it `'arraybuffer'`. `'nodebuffer'` is not of the standard. */
export type BinaryType = 'blob' | 'arraybuffer' | 'nodebuffer';

/** How a connection is made: the `websocketOptions` of the client, and the subprotocols where they stand in their place. */
export interface WebSocketInit extends WebSocketOptions {
  protocols?: Optional<string | Iterable<string>>;
}

/** The options of a class that reconnects: those of the client, but for what the constructor is given. */
export type ReconnectOptions = Omit<
  WebSocketReconnectOptions,
  'url' | 'protocols' | 'webSocket' | 'timers' | 'whenHidden'
>;

/** A message. `data` is a string for text; for binary what `binaryType` asks for. */
export interface MessageEvent<T = any> extends Event {
  readonly data: T;
  /** Scheme, host and port of the server. */
  readonly origin: string;
}

/** The end. */
export interface CloseEvent extends Event {
  /** 1005 where the peer's close frame had no code, 1006 where there was none. */
  readonly code: number;
  readonly reason: string;
  readonly wasClean: boolean;
}

/** The connection failed; `close` follows. */
export interface ErrorEvent extends Event {
  readonly message: string;
  /** What the client's `error` told last, if anything; it has the `code` of the system, or one of ours. */
  readonly error: any;
}

export interface WebSocketEventMap {
  open: Event;
  message: MessageEvent;
  error: ErrorEvent;
  close: CloseEvent;
}

type Listener<E> = ((this: WebSocket, event: E) => any) | { handleEvent(event: E): any };
type Handler<E> = ((event: E) => any) | null;
type ListenerOptions = boolean | { capture?: boolean; once?: boolean; passive?: boolean; signal?: any };

/**
 * The `WebSocket` of the WHATWG's standard, on the engine of `WebSocketReconnect`: for libraries that take such a class.
 *
 * It connects in the constructor, once. {@link WebSocket.withOptions} gives a class that reconnects.
 *
 * @example
 * ```ts
 * const socket = new WebSocket('wss://example.com', 'chat');
 * socket.onmessage = ({ data }) => console.log(data);
 * ```
 */
export class WebSocket extends EventTarget {
  static readonly CONNECTING: 0;
  static readonly OPEN: 1;
  static readonly CLOSING: 2;
  static readonly CLOSED: 3;

  /**
   * A class that reconnects, with these options; called on such a class, one that has more of them.
   *
   * Its objects are one long connection each: `open` is told once, `close` once nothing follows any more, and in between
   * `readyState` is `OPEN`. What is sent while there is no connection is kept, as `queue` says. The defaults are those of
   * `WebSocketReconnect`, but for `queue: true` and `heartbeatMode: 'ping'`. {@link WebSocket.client} tells of cuts and retries.
   *
   * It is not for libraries that reconnect by themselves, or whose protocol begins with a greeting: these need each `close`.
   */
  static withOptions(options: ReconnectOptions): typeof WebSocket;

  /**
   * Connects.
   * @param url With `ws:`, `wss:`, `http:` or `https:`, and without a fragment.
   * @param protocols Subprotocols to offer, or an object of options with them.
   * @param options `headers` and the other `websocketOptions`, which win over those of the second argument.
   * @throws DOMException `SyntaxError` for a URL or a subprotocol that is not allowed; TypeError or RangeError `WSR_ERR_OPTION`,
   * TypeError `WSR_ERR_UNSUPPORTED_OPTION`.
   */
  constructor(
    url: string | UrlLike,
    protocols?: Optional<string | Iterable<string> | WebSocketInit>,
    options?: Optional<WebSocketOptions>,
  );

  readonly CONNECTING: 0;
  readonly OPEN: 1;
  readonly CLOSING: 2;
  readonly CLOSED: 3;

  readonly url: string;
  readonly readyState: 0 | 1 | 2 | 3;
  /**
   * Bytes that were sent in this turn of the event loop, or have not reached the system yet. What is sent once the connection
   * closes stays counted.
   */
  readonly bufferedAmount: number;
  /** The extensions that were agreed, or `''`. */
  readonly extensions: string;
  /** The subprotocol that the server chose, or `''`. */
  readonly protocol: string;
  /**
   * What a binary message arrives as. A value that is not known is ignored. It reads as it was set; the type is the standard's, so
   * that the class fits where a library asks for that.
   */
  get binaryType(): 'blob' | 'arraybuffer';
  set binaryType(value: BinaryType);
  /** The client beneath, for what the standard has no name for: `retry`, `reconnected`, `getStats()`. */
  readonly client: WebSocketReconnect;

  onopen: Handler<Event>;
  onmessage: Handler<MessageEvent>;
  /** The event is an {@link ErrorEvent}; the standard promises no more than an Event. */
  onerror: Handler<Event & Partial<ErrorEvent>>;
  onclose: Handler<CloseEvent>;

  /**
   * Sends text for a string, binary for bytes and Blobs. Once the connection closes nothing is sent, and nothing thrown.
   * @throws DOMException `InvalidStateError` while connecting; in a class that reconnects also what `send()` of the client throws,
   * such as `WSR_ERR_QUEUE_FULL`.
   */
  send(data: SendData | ArrayBufferView): void;

  /**
   * Begins the closing handshake.
   * @param code 1000 or from 3000 to 4999; without one the close frame has none.
   * @param reason At most 123 bytes of UTF-8.
   * @throws DOMException `InvalidAccessError` for another code, `SyntaxError` for a longer reason; nothing happens then.
   */
  close(code?: number, reason?: string): void;

  /** Ends the connection at once, without the closing handshake; `close` tells 1006. Not of the standard. */
  terminate(): void;

  /** Sends a ping, and resolves to the milliseconds until its pong, as `ping()` of the client does. Not of the standard. */
  ping(): Promise<number>;

  addEventListener<E extends keyof WebSocketEventMap>(
    type: E,
    listener: Listener<WebSocketEventMap[E]> | null,
    options?: ListenerOptions,
  ): void;
  addEventListener(type: string, listener: any, options?: ListenerOptions): void;
  removeEventListener<E extends keyof WebSocketEventMap>(
    type: E,
    listener: Listener<WebSocketEventMap[E]> | null,
    options?: boolean | { capture?: boolean },
  ): void;
  removeEventListener(type: string, listener: any, options?: boolean | { capture?: boolean }): void;
}
