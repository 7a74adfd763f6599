'use strict';

const { once } = require('events');
const { createServer } = require('http');
const { WebSocketServer } = require('ws');
const { WebSocket } = require('../../websocket.js');
const { until } = require('../support/waiting.js');

/** How long a client waits before it connects again, in ms: its server is back sooner than its patience ends. */
const SOON = 20;

const standing = new Set();

/** A server that is ended as by the end of its process, and begins again at its port. `attach` gives it its protocol. */
class Stand {
  constructor(attach) {
    this.attach = attach;
    this.port = 0;
    standing.add(this);
  }

  get url() {
    return `ws://127.0.0.1:${this.port}`;
  }

  async start() {
    const sockets = new Set();
    this.http = createServer();
    this.http.on('connection', (socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    });
    this.sockets = sockets;
    await this.attach(this.http);
    this.http.listen(this.port, '127.0.0.1');
    await once(this.http, 'listening');
    this.port = this.http.address().port;
  }

  async stop() {
    for (const socket of this.sockets) socket.destroy();
    if (!this.http.listening) return;
    const closed = once(this.http, 'close');
    this.http.close();
    await closed;
  }

  /** Ends it, and begins it again once its clients have seen that. */
  async restart() {
    await this.stop();
    await new Promise((resolve) => setTimeout(resolve, 3 * SOON));
    await this.start();
  }
}

/** A server whose connections `serve` is called with, those of `ws`. */
async function stand(serve, options) {
  const server = new Stand((http) => {
    const sockets = new WebSocketServer({ server: http, ...options });
    sockets.on('connection', (socket, request) => {
      socket.on('error', () => {});
      serve(socket, request);
    });
  });
  await server.start();
  return server;
}

/** The same for what takes an HTTP server itself. */
async function standWith(attach) {
  const server = new Stand(attach);
  await server.start();
  return server;
}

/** A class that counts its objects: what a package connects by is proved to be ours. */
function counted(Kind = WebSocket) {
  return class Counted extends Kind {
    static count = 0;

    constructor(...given) {
      super(...given);
      Counted.count += 1;
    }
  };
}

const ends = [];

/** Has `end` called after the test: what a client holds. */
const after = (end) => ends.push(end);

async function endAll() {
  for (const end of ends.splice(0)) await end();
  for (const server of standing) await server.stop();
  standing.clear();
}

/** Has `Kind` be the global class until the test ends. */
function asGlobal(Kind) {
  const before = Object.getOwnPropertyDescriptor(globalThis, 'WebSocket');
  Object.defineProperty(globalThis, 'WebSocket', { value: Kind, configurable: true, writable: true });
  after(() => {
    if (before) Object.defineProperty(globalThis, 'WebSocket', before);
    else delete globalThis.WebSocket;
  });
}

module.exports = { SOON, WebSocket, after, asGlobal, counted, endAll, stand, standWith, until };
