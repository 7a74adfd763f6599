'use strict';

const { LIFE } = require('../facade/client.js');
const loop = require('../loop.js');
const { closeEvent, domException, errorEvent, Event, messageEvent } = require('./events.js');
const { CLOSED, CLOSING, CONNECTING, CUT, NO_STATUS, OPEN, follow, shut } = require('./follow.js');

/** The number of the event loop's turn, as far as somebody sends in it. */
let turn = 0;
let isTurnCounted = false;

function currentTurn() {
  if (!isTurnCounted) {
    isTurnCounted = true;
    loop.later(() => {
      isTurnCounted = false;
      turn += 1;
    });
  }
  return turn;
}

const isObject = (value) => value !== null && (typeof value === 'object' || typeof value === 'function');

/** The names of what `send` takes besides text; of any other value the text is sent. */
const BINARIES = ['ArrayBuffer', 'SharedArrayBuffer', 'Blob', 'File'].map((name) => `[object ${name}]`);

function contentOf(data) {
  const isBinary =
    ArrayBuffer.isView(data) ||
    (typeof data === 'object' && BINARIES.includes(Object.prototype.toString.call(data)));
  return isBinary ? data : `${data}`;
}

/**
 * What is inside of a WebSocket: a client, and what the standard says of it.
 *
 * One that reconnects is one long connection: `open` is told once, `close` when nothing follows any more.
 */
class Connection {
  constructor(target, url, client, Blob) {
    this.target = target;
    this.url = url.href;
    this.origin = url.origin;
    this.client = client;
    this.Blob = Blob;
    this.setBinaryType(Blob ? 'blob' : 'arraybuffer');
    this.readyState = CONNECTING;
    this.wasOpen = false;
    /** How the latest connection ended, and what went wrong with it. */
    this.ending = CUT;
    this.error = undefined;
    /** Bytes that were sent in that turn of the event loop, and what waited when the first of them were. */
    this.sentIn = -1;
    this.sentBytes = 0;
    /** Bytes that were sent once it was too late. */
    this.lostBytes = 0;
    /** The `on…` handlers that are set, by type, each with the listener that calls it. */
    this.handlers = new Map();
    follow(client, this);
  }

  open() {
    this.error = undefined;
    if (this.readyState !== CONNECTING) return;
    this.wasOpen = true;
    this.readyState = OPEN;
    this.target.dispatchEvent(new Event('open'));
  }

  /** Once it is closing, the standard tells no message. */
  receive(received) {
    if (this.readyState !== OPEN) return;
    const { Blob, origin, target } = this;
    const isBlob = this.binaryType === 'blob' && typeof received !== 'string';
    const data = isBlob ? new Blob([received]) : received;
    target.dispatchEvent(messageEvent('message', { data, origin }));
  }

  fail(error) {
    this.error = error;
  }

  lose(ending) {
    this.ending = ending;
  }

  /** Nothing follows any more. */
  end() {
    if (this.readyState === CLOSED) return;
    this.readyState = CLOSED;
    const { ending, error, target, wasOpen } = this;
    if (error !== undefined || !wasOpen) {
      const message = error === undefined ? 'The connection was not established' : String(error.message);
      target.dispatchEvent(errorEvent('error', { message, error }));
    }
    const { code, reason, wasClean } = wasOpen ? ending : CUT;
    target.dispatchEvent(closeEvent('close', { code, reason, wasClean }));
  }

  send(given) {
    const { client, readyState } = this;
    if (readyState === CONNECTING) {
      throw domException('InvalidStateError', "Failed to execute 'send': still connecting");
    }
    const data = typeof given === 'string' ? given : contentOf(given);
    const size = this.sizeOf(data);
    if (readyState !== OPEN) {
      this.lostBytes += size;
      return;
    }
    const now = currentTurn();
    if (this.sentIn !== now) {
      this.sentIn = now;
      this.sentBytes = client.bufferedAmount;
    }
    client.send(data);
    this.sentBytes += size;
  }

  sizeOf(data) {
    if (typeof data === 'string') return this.client[LIFE].engine.sizeOf(data);
    return data.byteLength === undefined ? data.size : data.byteLength;
  }

  /** Whatever was sent in this turn counts, whether or not the system has it already. */
  get bufferedAmount() {
    const waiting = this.sentIn === turn && isTurnCounted ? this.sentBytes : this.client.bufferedAmount;
    return waiting + this.lostBytes;
  }

  setBinaryType(value) {
    const isKnown = ['arraybuffer', 'nodebuffer'].includes(value) || (value === 'blob' && this.Blob);
    if (!isKnown) return;
    this.binaryType = value;
    this.client.binaryType = value === 'arraybuffer' ? value : 'nodebuffer';
  }

  close(code = NO_STATUS, reason = '') {
    if (this.readyState >= CLOSING) return;
    this.readyState = CLOSING;
    shut(this.client, code, reason);
  }

  terminate() {
    if (this.readyState >= CLOSING) return;
    this.readyState = CLOSING;
    this.client.terminate();
  }

  handlerOf(type) {
    const known = this.handlers.get(type);
    return known === undefined ? null : known.handler;
  }

  /** One that takes the place of another is called in its place among the listeners. */
  setHandler(type, handler) {
    const { handlers, target } = this;
    const known = handlers.get(type);
    if (!isObject(handler)) {
      if (known === undefined) return;
      handlers.delete(type);
      target.removeEventListener(type, known.listener);
    } else if (known !== undefined) {
      known.handler = handler;
    } else {
      const made = { handler, listener: (event) => callHandler(made.handler, target, event) };
      handlers.set(type, made);
      target.addEventListener(type, made.listener);
    }
  }
}

/** An object that cannot be called may be set too, and does nothing. */
const callHandler = (handler, target, event) =>
  typeof handler === 'function' ? handler.call(target, event) : undefined;

module.exports = { Connection };
