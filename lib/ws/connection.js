'use strict';

const { coded } = require('../errors.js');
const { LIFE } = require('../facade/client.js');
const { later, nextTick, rethrow } = require('../loop.js');
const content = require('../node/content.js');
const { CLOSED, CLOSING, CONNECTING, CUT, NO_STATUS, OPEN, follow, shut } = require('../websocket/follow.js');
const { Request, Response } = require('./stand-ins.js');

const STATES = ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED'];

const EMPTY = Buffer.alloc(0);

/** The longest payload of a ping or a pong, in bytes. */
const MAX_CONTROL = 125;

/** What `ws` says where one of our errors says more, by that one's code. */
const ERRORS = {
  __proto__: null,
  WSR_ERR_HANDSHAKE_TIMEOUT: () =>
    coded(Error, 'WSR_ERR_HANDSHAKE_TIMEOUT', 'Opening handshake has timed out'),
  WSR_ERR_INVALID_UTF8: () =>
    coded(Error, 'WS_ERR_INVALID_UTF8', 'Invalid WebSocket frame: invalid UTF-8 sequence'),
  WSR_ERR_MESSAGE_TOO_BIG: () =>
    coded(RangeError, 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH', 'Max payload size exceeded'),
};

function errorOf(error) {
  const make = ERRORS[error.code];
  return make === undefined ? error : Object.assign(make(), { cause: error });
}

/** Whether the server has answered the request for an upgrade, and not with one. */
const isRefusal = ({ code, message }) =>
  code === 'WSR_ERR_HANDSHAKE' && message.startsWith('Unexpected server response');

const notOpen = (readyState) =>
  new Error(`WebSocket is not open: readyState ${readyState} (${STATES[readyState]})`);

/** What `send` takes as the client does: anything else becomes bytes, or throws. */
function contentOf(data) {
  if (typeof data === 'string' || content.isBytes(data)) return data;
  if (typeof data === 'number') return String(data);
  if (!data) return EMPTY;
  return ArrayBuffer.isView(data) || content.isBlob(data) ? data : Buffer.from(data);
}

/** Text or a view as bytes of its own, which the user may not write into any more. */
const bytesOf = (given) =>
  ArrayBuffer.isView(given)
    ? Buffer.from(new Uint8Array(given.buffer, given.byteOffset, given.byteLength))
    : Buffer.from(given);

/** The payload of a control frame. */
function payloadOf(data) {
  const payload = bytesOf(contentOf(data));
  if (payload.length > MAX_CONTROL) {
    throw new RangeError(`The data size must not be greater than ${MAX_CONTROL} bytes`);
  }
  return payload;
}

/** What is inside of a WebSocket: a client, and what `ws` says of it. */
class Connection {
  /** `isOneByOne`: each message comes in a turn of the event loop of its own. */
  constructor(target, url, client, { Blob, isOneByOne }) {
    this.target = target;
    this.url = url;
    this.client = client;
    this.Blob = Blob;
    this.isOneByOne = isOneByOne;
    this.isPaused = false;
    this.binaryType = 'nodebuffer';
    this.readyState = CONNECTING;
    this.ending = CUT;
    /** An error has been told: the only one there is. */
    this.hasFailed = false;
    /** Its end is for the user to say, whatever becomes of the client. */
    this.isDetached = false;
    /** Bytes that were sent once it was too late. */
    this.lostBytes = 0;
    /** What was sent of a message that is not finished. */
    this.fragments = undefined;
    client.on('ping', (data) => this.tell('ping', data));
    client.on('pong', (data) => this.tell('pong', data));
    follow(client, this);
  }

  /** Emits an event. What a handler throws is an `uncaughtException`, and so is an error that nobody listens to. */
  tell(event, ...args) {
    try {
      this.target.emit(event, ...args);
    } catch (error) {
      rethrow(error);
    }
  }

  // What the client tells.

  open(info) {
    if (this.readyState !== CONNECTING) return;
    if (this.target.listenerCount('upgrade') > 0) {
      this.tell('upgrade', new Response(info));
      // The listener may have ended it.
      if (this.readyState !== CONNECTING) return;
    }
    this.readyState = OPEN;
    this.tell('open');
  }

  receive(data) {
    if (this.isOneByOne) this.holdForTurn();
    if (typeof data === 'string') this.tell('message', Buffer.from(data), false);
    else this.tell('message', this.received(data), true);
  }

  /** Has the client keep what comes until the next turn of the event loop. */
  holdForTurn() {
    this.client.pause();
    later(() => {
      if (!this.isPaused) this.client.resume();
    });
  }

  received(data) {
    if (this.binaryType === 'fragments') return [data];
    return this.binaryType === 'blob' ? new this.Blob([data]) : data;
  }

  fail(error) {
    if (this.isDetached) return;
    if (isRefusal(error) && this.target.listenerCount('unexpected-response') > 0) {
      this.isDetached = true;
      this.tell('unexpected-response', new Request((reason) => this.abort(reason)), new Response(error));
    } else {
      this.tellError(errorOf(error));
    }
  }

  tellError(error) {
    if (this.hasFailed) return;
    this.hasFailed = true;
    this.readyState = CLOSING;
    this.tell('error', error);
  }

  lose(ending) {
    if (!this.hasFailed) this.ending = ending;
  }

  end() {
    if (!this.isDetached) this.finish();
  }

  finish() {
    if (this.readyState === CONNECTING) this.tellError(new Error('The connection was not established'));
    if (this.readyState === CLOSED) return;
    this.readyState = CLOSED;
    this.tell('close', this.ending.code, Buffer.from(this.ending.reason));
  }

  // What the user asks for.

  get wasClean() {
    return this.ending.wasClean;
  }

  get bufferedAmount() {
    return this.client.bufferedAmount + this.lostBytes;
  }

  setBinaryType(value) {
    const isKnown = ['nodebuffer', 'arraybuffer', 'fragments'].includes(value);
    if (!isKnown && !(value === 'blob' && this.Blob)) return;
    this.binaryType = value;
    this.client.binaryType = value === 'arraybuffer' ? value : 'nodebuffer';
  }

  send(data, options, callback) {
    const isPlain = options === undefined && callback === undefined && this.fragments === undefined;
    const message = this.sendable(data, contentOf, callback);
    if (message === undefined) return;
    if (isPlain) this.client.send(message);
    else this.sendPart(message, { ...options }, callback);
  }

  /** Fragments go out as the one message that they are. */
  sendPart(part, { binary = typeof part !== 'string', compress = true, fin = true }, callback) {
    const begun = this.fragments;
    if (begun === undefined && fin) {
      this.client.send(part, { binary: Boolean(binary), compress: Boolean(compress) }, callback);
      return;
    }
    const { parts, callbacks, options } = begun || {
      parts: [],
      callbacks: [],
      options: { binary, compress },
    };
    parts.push(bytesOf(part));
    if (callback) callbacks.push(callback);
    this.fragments = fin ? undefined : { parts, callbacks, options };
    if (!fin) return;
    this.sendPart(Buffer.concat(parts), options, (...error) => {
      for (const told of callbacks) told(...error);
    });
  }

  ping(data, callback) {
    this.control((native, payload) => native.sendPing(payload), data, callback);
  }

  pong(data, callback) {
    this.control((native, payload) => native.sendPong(payload), data, callback);
  }

  control(send, data, callback) {
    const payload = this.sendable(data, payloadOf, callback);
    if (payload === undefined) return;
    send(this.client[LIFE].native, payload);
    if (callback) nextTick(callback);
  }

  /** What `read` makes of the data; undefined where it is too late, which the callback is told. */
  sendable(data, read, callback) {
    const { readyState } = this;
    if (readyState === CONNECTING) throw notOpen(readyState);
    const given = read(data);
    if (readyState === OPEN) return given;
    this.lostBytes += content.isBlob(given) ? given.size : content.sizeOf(given);
    if (callback) nextTick(callback, notOpen(readyState));
    return undefined;
  }

  close({ code = NO_STATUS, reason = '' }) {
    this.readyState = CLOSING;
    this.isPaused = false;
    shut(this.client, code, reason);
  }

  terminate() {
    if (this.readyState === CONNECTING) {
      this.abort(new Error('WebSocket was closed before the connection was established'));
    } else if (this.readyState !== CLOSED) {
      this.readyState = CLOSING;
      this.isPaused = false;
      this.client.terminate();
    }
  }

  /** Gives a connection up that is not open yet. */
  abort(error) {
    if (this.readyState !== CONNECTING) return;
    this.isDetached = true;
    this.readyState = CLOSING;
    this.client.terminate();
    nextTick(() => {
      this.tellError(error);
      this.finish();
    });
  }

  pause() {
    if (this.readyState === CONNECTING || this.readyState === CLOSED) return;
    this.isPaused = true;
    this.client.pause();
  }

  resume() {
    this.isPaused = false;
    this.client.resume();
  }
}

module.exports = { Connection };
