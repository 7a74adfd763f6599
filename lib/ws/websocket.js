'use strict';

const EventEmitter = require('events');
const { CONNECTING, ONCE, OPEN, defineStates } = require('../websocket/follow.js');
const { readArguments, readClose } = require('./arguments.js');
const { Connection } = require('./connection.js');
const { addListening } = require('./listeners.js');

/** Where a WebSocket keeps what is inside of it: a subclass may have any other name. */
const CONNECTION = /** @type {any} */ (Symbol('connection'));

/** Data, mask and callback of `ping` and `pong`: the latter two may move to the front. There is no frame without a mask. */
function readControl(data, mask, callback) {
  if (typeof data === 'function') return { data: undefined, callback: data };
  return { data, callback: typeof mask === 'function' ? mask : callback };
}

/**
 * The client class `WebSocket` of `ws` over that of clients. It is documented in ws.d.ts.
 * @param {any} Client
 * @param {any} Blob The runtime's, if any.
 */
function defineWebSocket(Client, Blob) {
  class WebSocket extends EventEmitter {
    constructor(address, protocols, options) {
      super();
      const { connection, isOneByOne } = readArguments(address, protocols, options);
      const client = new Client({ ...ONCE, ...connection });
      const value = new Connection(this, connection.url, client, { Blob, isOneByOne });
      Object.defineProperty(this, CONNECTION, { value });
    }

    get url() {
      return this[CONNECTION].url;
    }

    get readyState() {
      return this[CONNECTION].readyState;
    }

    get bufferedAmount() {
      return this[CONNECTION].bufferedAmount;
    }

    /** By their names alone. */
    get extensions() {
      const [name] = this[CONNECTION].client.extensions.split(';');
      return name;
    }

    get protocol() {
      return this[CONNECTION].client.protocol;
    }

    get isPaused() {
      return this[CONNECTION].isPaused;
    }

    get binaryType() {
      return this[CONNECTION].binaryType;
    }

    set binaryType(value) {
      this[CONNECTION].setBinaryType(value);
    }

    send(data, options, callback) {
      if (typeof options === 'function') this[CONNECTION].send(data, {}, options);
      else this[CONNECTION].send(data, options, callback);
    }

    ping(...given) {
      const { data, callback } = readControl(...given);
      this[CONNECTION].ping(data, callback);
    }

    pong(...given) {
      const { data, callback } = readControl(...given);
      this[CONNECTION].pong(data, callback);
    }

    close(code, data) {
      const connection = this[CONNECTION];
      const { readyState } = connection;
      if (readyState === CONNECTING) connection.terminate();
      else if (readyState === OPEN) connection.close(readClose(code, data));
    }

    terminate() {
      this[CONNECTION].terminate();
    }

    pause() {
      this[CONNECTION].pause();
    }

    resume() {
      this[CONNECTION].resume();
    }
  }

  const { prototype } = WebSocket;
  for (const [name, { get }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
    if (get) Object.defineProperty(prototype, name, { enumerable: true });
  }
  defineStates(WebSocket);
  addListening(WebSocket, (ws) => ws[CONNECTION]);
  return WebSocket;
}

module.exports = { defineWebSocket };
