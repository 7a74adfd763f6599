'use strict';

const { coded } = require('../errors.js');
const { LIFE } = require('../facade/client.js');
const { readArguments, readClose } = require('./arguments.js');
const { Connection } = require('./connection.js');
const { EventTarget } = require('./events.js');
const { ONCE, defineStates } = require('./follow.js');

/** Where a WebSocket keeps what is inside of it. */
const CONNECTION = /** @type {any} */ (Symbol('connection'));

/** Where a class keeps the options of its clients. */
const OPTIONS = /** @type {any} */ (Symbol('options'));

/** One that reconnects keeps what is sent in between. */
const AGAIN = { heartbeatMode: 'ping', queue: true };

/** Throws where an argument is missing that has to be there. */
function required(given, what) {
  if (given.length === 0) {
    throw new TypeError(`Failed to ${what}: 1 argument required, but only 0 present`);
  }
}

/**
 * The class `WebSocket` of the standard over that of clients. It is documented in websocket.d.ts.
 * @param {any} Client
 * @param {any} Blob The runtime's, if any.
 */
function defineWebSocket(Client, Blob) {
  class WebSocket extends EventTarget {
    constructor(...given) {
      super();
      required(given, "construct 'WebSocket'");
      const { url, protocols, websocketOptions } = readArguments(...given);
      const own = new.target[OPTIONS];
      const client = new Client({
        ...own,
        url: url.href,
        protocols,
        websocketOptions: { ...own.websocketOptions, ...websocketOptions },
      });
      Object.defineProperty(this, CONNECTION, { value: new Connection(this, url, client, Blob) });
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

    get extensions() {
      return this[CONNECTION].client.extensions;
    }

    get protocol() {
      return this[CONNECTION].client.protocol;
    }

    get binaryType() {
      return this[CONNECTION].binaryType;
    }

    set binaryType(value) {
      this[CONNECTION].setBinaryType(value);
    }

    get client() {
      return this[CONNECTION].client;
    }

    send(...given) {
      const connection = this[CONNECTION];
      required(given, "execute 'send'");
      connection.send(given[0]);
    }

    close(...given) {
      const connection = this[CONNECTION];
      const { code, reason } = readClose(given[0], given[1], connection.client[LIFE].engine.sizeOf);
      connection.close(code, reason);
    }

    terminate() {
      this[CONNECTION].terminate();
    }

    ping() {
      return this[CONNECTION].client.ping();
    }
  }

  /** The class that reconnects, made of the one that it is called on, with these options of the client. */
  function withOptions(given) {
    const options = { ...(this[OPTIONS] === ONCE ? AGAIN : this[OPTIONS]), ...given };
    const taken = ['url', 'protocols'].find((name) => name in options);
    if (taken !== undefined) {
      throw coded(TypeError, 'WSR_ERR_OPTION', `${taken}: belongs into the arguments of the constructor`);
    }
    // What is wrong with them is told here, and not by each constructor.
    new Client({ ...options, url: 'ws://localhost/' });
    const Again = class WebSocket extends this {};
    Object.defineProperty(Again, OPTIONS, { value: options });
    return Again;
  }

  Object.defineProperty(WebSocket, OPTIONS, { value: ONCE });
  Object.defineProperty(WebSocket, 'withOptions', { value: withOptions, configurable: true, writable: true });
  describeClass(WebSocket);
  return WebSocket;
}

/** Defines what a class has as Web IDL says: attributes and operations can be enumerated, constants cannot be written. */
function describeClass(WebSocket) {
  const { prototype } = WebSocket;
  for (const name of Object.getOwnPropertyNames(prototype)) {
    if (name !== 'constructor') Object.defineProperty(prototype, name, { enumerable: true });
  }
  for (const counted of [WebSocket, prototype.send]) Object.defineProperty(counted, 'length', { value: 1 });
  defineStates(WebSocket);
  for (const type of ['open', 'message', 'error', 'close']) describeHandler(prototype, type);
  Object.defineProperty(prototype, Symbol.toStringTag, { value: 'WebSocket', configurable: true });
}

/** The attribute for a handler of that type; what reads and writes it is named after it, as that of a class is. */
function describeHandler(prototype, type) {
  const name = `on${type}`;
  const attribute = {
    get [name]() {
      return this[CONNECTION].handlerOf(type);
    },
    set [name](value) {
      this[CONNECTION].setHandler(type, value);
    },
  };
  Object.defineProperty(prototype, name, Object.getOwnPropertyDescriptor(attribute, name));
}

module.exports = { defineWebSocket };
