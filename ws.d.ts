/// <reference types="node" />

import { EventEmitter } from 'events';
import type { Duplex, DuplexOptions, Readable } from 'stream';
import type { Optional, WebSocketOptions } from './index.js';

/**
 * The client class of `ws`, on the engine of `WebSocketReconnect`: for what requires `ws` by name. It connects in the
 * constructor, once.
 *
 * @example
 * ```ts
 * import WebSocket from 'websocket-reconnect-native/ws';
 *
 * const ws = new WebSocket('wss://example.com', { headers: { Authorization: 'Bearer token' } });
 * ws.on('message', (data, isBinary) => console.log(isBinary ? data : data.toString()));
 * ```
 */
declare class WebSocket extends EventEmitter {
  static readonly CONNECTING: 0;
  static readonly OPEN: 1;
  static readonly CLOSING: 2;
  static readonly CLOSED: 3;

  /**
   * Connects.
   * @param address With `ws:`, `wss:`, `http:`, `https:` or `ws+unix:`, and without a fragment.
   * @throws SyntaxError for an address or a subprotocol that is not allowed; TypeError or RangeError `WSR_ERR_OPTION`; TypeError or
   * RangeError `WSR_ERR_UNSUPPORTED_OPTION` for an option that cannot work here, such as `generateMask`.
   */
  constructor(address: string | URL, options?: WebSocket.ClientOptions);
  constructor(address: string | URL, protocols?: string | string[], options?: WebSocket.ClientOptions);

  readonly CONNECTING: 0;
  readonly OPEN: 1;
  readonly CLOSING: 2;
  readonly CLOSED: 3;

  /** What a binary message arrives as. A value that is not known is ignored. */
  binaryType: 'nodebuffer' | 'arraybuffer' | 'fragments' | 'blob';
  /** Bytes that have not reached the system yet. What is sent once the connection closes stays counted. */
  readonly bufferedAmount: number;
  /** `'permessage-deflate'` where that was agreed, or `''`. */
  readonly extensions: string;
  readonly isPaused: boolean;
  /** The subprotocol that the server chose, or `''`. */
  readonly protocol: string;
  readonly readyState: 0 | 1 | 2 | 3;
  readonly url: string;

  onopen: ((event: WebSocket.Event) => void) | null;
  onerror: ((event: WebSocket.ErrorEvent) => void) | null;
  onclose: ((event: WebSocket.CloseEvent) => void) | null;
  onmessage: ((event: WebSocket.MessageEvent) => void) | null;

  /**
   * Begins the closing handshake. While connecting it gives that up, which `error` and `close` tell.
   * @param code 1000 to 1003, 1007 to 1014, or 3000 to 4999; without one the close frame has none.
   * @param data The reason, at most 123 bytes of UTF-8.
   * @throws TypeError for another code, RangeError for a longer reason; nothing happens then.
   */
  close(code?: number, data?: string | Buffer): void;
  /** Ends the connection at once, without the closing handshake; `close` tells 1006. */
  terminate(): void;
  /** Sends a ping with at most 125 bytes. `mask` has no effect: a client masks. */
  ping(callback: (error?: Error) => void): void;
  ping(data?: any, callback?: (error?: Error) => void): void;
  ping(data?: any, mask?: boolean, callback?: (error?: Error) => void): void;
  /** Sends a pong, in the same way. The pings of the server are answered without it. */
  pong(callback: (error?: Error) => void): void;
  pong(data?: any, callback?: (error?: Error) => void): void;
  pong(data?: any, mask?: boolean, callback?: (error?: Error) => void): void;
  /**
   * Sends a message. The callback is told when the system has it; once the connection closes, an error.
   * @throws Error while connecting, TypeError for what is no data.
   */
  send(data: WebSocket.Data, callback?: (error?: Error) => void): void;
  send(data: WebSocket.Data, options: WebSocket.SendOptions, callback?: (error?: Error) => void): void;
  /** Messages, and the end behind them, wait for `resume()`. */
  pause(): void;
  resume(): void;

  addEventListener<E extends keyof WebSocket.WebSocketEventMap>(
    type: E,
    listener:
      | ((event: WebSocket.WebSocketEventMap[E]) => void)
      | { handleEvent(event: WebSocket.WebSocketEventMap[E]): void },
    options?: WebSocket.EventListenerOptions,
  ): void;
  removeEventListener<E extends keyof WebSocket.WebSocketEventMap>(
    type: E,
    listener:
      | ((event: WebSocket.WebSocketEventMap[E]) => void)
      | { handleEvent(event: WebSocket.WebSocketEventMap[E]): void },
  ): void;

  on<E extends keyof WebSocket.Events>(
    event: E,
    listener: (this: WebSocket, ...args: WebSocket.Events[E]) => void,
  ): this;
  on(event: string | symbol, listener: (this: WebSocket, ...args: any[]) => void): this;
  once<E extends keyof WebSocket.Events>(
    event: E,
    listener: (this: WebSocket, ...args: WebSocket.Events[E]) => void,
  ): this;
  once(event: string | symbol, listener: (this: WebSocket, ...args: any[]) => void): this;
  off<E extends keyof WebSocket.Events>(
    event: E,
    listener: (this: WebSocket, ...args: WebSocket.Events[E]) => void,
  ): this;
  off(event: string | symbol, listener: (this: WebSocket, ...args: any[]) => void): this;
  addListener<E extends keyof WebSocket.Events>(
    event: E,
    listener: (this: WebSocket, ...args: WebSocket.Events[E]) => void,
  ): this;
  addListener(event: string | symbol, listener: (this: WebSocket, ...args: any[]) => void): this;
  removeListener<E extends keyof WebSocket.Events>(
    event: E,
    listener: (this: WebSocket, ...args: WebSocket.Events[E]) => void,
  ): this;
  removeListener(event: string | symbol, listener: (this: WebSocket, ...args: any[]) => void): this;
}

/** The alias by which the namespace has the class. */
declare const WebSocketAlias: typeof WebSocket;
interface WebSocketAlias extends WebSocket {}

declare namespace WebSocket {
  /** Data that is received; text is a Buffer too. */
  type RawData = Buffer | ArrayBuffer | Buffer[];

  /** What is sent: anything that `Buffer.from` takes, too. */
  type Data =
    | string
    | number
    | ArrayBufferLike
    | ArrayBufferView
    | readonly number[]
    | object
    | null
    | undefined;

  /** Options of one message. */
  interface SendOptions {
    binary?: boolean | undefined;
    compress?: boolean | undefined;
    /** False: more of the same message follows, and it goes out with that. */
    fin?: boolean | undefined;
    /** It has no effect: a client masks. */
    mask?: boolean | undefined;
  }

  /** Those of a connection: the `websocketOptions` of the client. A handshake has no limit unless `handshakeTimeout` sets one. */
  interface ClientOptions extends Omit<WebSocketOptions, 'allowSynchronousEvents'> {
    /** `false`: each message comes in a turn of the event loop of its own. */
    allowSynchronousEvents?: Optional<boolean>;
    protocols?: Optional<string | string[]>;
    /** Options of `ws` that have no effect. */
    maxBufferedChunks?: number | undefined;
    maxFragments?: number | undefined;
    maxPendingAutoPongs?: number | undefined;
  }

  interface EventListenerOptions {
    once?: boolean | undefined;
  }

  interface Event {
    type: string;
    target: WebSocket;
  }

  interface ErrorEvent extends Event {
    error: any;
    message: string;
  }

  interface CloseEvent extends Event {
    code: number;
    reason: string;
    wasClean: boolean;
  }

  interface MessageEvent extends Event {
    /** A string for text. */
    data: any;
  }

  interface WebSocketEventMap {
    open: Event;
    error: ErrorEvent;
    close: CloseEvent;
    message: MessageEvent;
  }

  /** The answer to the request for an upgrade, in the place of Node's IncomingMessage. */
  interface Response extends Readable {
    statusCode: number;
    headers: Record<string, string | string[] | undefined>;
  }

  /** The request that was refused, in the place of Node's ClientRequest. */
  interface Request extends EventEmitter {
    /** Ends the attempt: `error` tells that error, or that the connection was hung up, and `close` follows. */
    destroy(error?: Error): this;
    abort(): void;
  }

  /** The arguments of the events. */
  interface Events {
    open: [];
    message: [data: RawData, isBinary: boolean];
    close: [code: number, reason: Buffer];
    error: [error: Error];
    ping: [data: Buffer];
    pong: [data: Buffer];
    upgrade: [response: Response];
    /** The server refused. Where somebody listens it is told in the place of `error`, and the connection is theirs to end. */
    'unexpected-response': [request: Request, response: Response];
  }

  /** A WebSocket as a stream: bytes are binary messages. It ends with the connection, and the connection with it. */
  function createWebSocketStream(websocket: WebSocket, options?: DuplexOptions): Duplex;

  // Of the real `ws`, which is looked for when they are first used. Its own types are in `@types/ws`.

  const Server: any;
  const WebSocketServer: any;
  const Receiver: any;
  const Sender: any;
  const PerMessageDeflate: any;
  const extension: any;
  const subprotocol: any;

  const WebSocket: typeof WebSocketAlias;
  type WebSocket = WebSocketAlias;
}

export = WebSocket;
