'use strict';

const { Duplex } = require('stream');
const { badType, ignore, notConnected } = require('../errors.js');
const { LIFE } = require('../facade/client.js');
const { gateOf, watchEnd } = require('../facade/iteration.js');
const { write } = require('../facade/sink.js');
const { isAbsent } = require('../options/check.js');

/**
 * A client as a stream of Node, as `createWebSocketStream` of `ws` makes one: bytes are binary messages. It ends with the
 * client's first connection, or persists to the client's end.
 */
class ClientStream extends Duplex {
  constructor(client, persistent, options) {
    // A WebSocket is not open in one direction alone.
    super({ allowHalfOpen: false, ...options, objectMode: false, writableObjectMode: false });
    this.client = client;
    this.isOver = false;
    /** The connection that it ends with has opened. */
    this.wasOpen = false;
    this.stopWatching = ignore;
    this.handlers = { message: ({ data }) => this.receive(data) };
    if (!persistent) this.watchConnection();
    for (const event of Object.keys(this.handlers)) client.on(event, this.handlers[event]);
    this.stopWatching = watchEnd(client, (error) => this.finish(error));
  }

  /** Finishes with the connection that is open, or the next that is. Attempts that fail before end none. */
  watchConnection() {
    const { view } = this.client[LIFE];
    this.wasOpen = view.state === 'OPEN' || view.state === 'CLOSING';
    this.handlers.open = () => {
      this.wasOpen = true;
    };
    this.handlers.close = () => {
      if (this.wasOpen) this.finish(view.currentError);
    };
  }

  receive(data) {
    const isTaken = this.readableObjectMode || !(data instanceof ArrayBuffer);
    if (!this.push(isTaken ? data : Buffer.from(data))) gateOf(this.client).hold(this);
  }

  /** Its handlers run in the async context of the client's. */
  emit(event, ...args) {
    return this.client[LIFE].lifetime.run(super.emit, this, event, ...args);
  }

  /** What it goes by is over: nothing is read or written any more. */
  finish(error) {
    this.leave();
    if (error) this.destroy(error);
    else this.push(null);
  }

  leave() {
    this.isOver = true;
    this.stopWatching();
    for (const event of Object.keys(this.handlers)) {
      this.client.removeListener(event, this.handlers[event]);
    }
    gateOf(this.client).free(this);
  }

  _read() {
    if (!this.isOver) gateOf(this.client).free(this);
  }

  _write(chunk, _encoding, callback) {
    // The next connection would not be its own.
    const isLost = this.isOver || (this.wasOpen && this.client.state !== 'OPEN');
    if (isLost) callback(notConnected(true));
    else write(this.client, chunk, callback);
  }

  _final(callback) {
    if (!this.isOver) this.client.close();
    callback();
  }

  _destroy(error, callback) {
    if (this.isOver) {
      callback(error);
      return;
    }
    this.leave();
    this.client.terminate();
    watchEnd(this.client, () => callback(error));
  }
}

/** Adds `duplex()`, documented in index.d.ts, to the class `WebSocketReconnect`. */
function addDuplex(WebSocketReconnect) {
  Object.defineProperty(WebSocketReconnect.prototype, 'duplex', {
    value: function duplex(given) {
      const { persistent, ...options } = isAbsent(given) ? {} : given;
      if (!isAbsent(persistent) && typeof persistent !== 'boolean') {
        throw badType('persistent', persistent, 'true or false', 'WSR_ERR_ARGUMENT');
      }
      return new ClientStream(this, persistent, options);
    },
    writable: true,
    configurable: true,
  });
}

module.exports = { addDuplex };
