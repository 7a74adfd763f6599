'use strict';

const http = require('http');
const net = require('net');
const { setTimeout, clearTimeout } = require('timers');
const { badRange } = require('../errors.js');
const { Arrivals } = require('./arrivals.js');
const { Connection } = require('./connection.js');
const { readScript } = require('./steps.js');

const HOST = '127.0.0.1';

const happened = (emitter, event) =>
  new Promise((resolve, reject) => {
    emitter.once(event, resolve);
    emitter.once('error', reject);
  });

/** A WebSocket server that meets one handshake after the other as its script says. */
class Server {
  /** @param {number} port Where it listens; 0 lets the system choose. */
  constructor(script, port = 0) {
    this.script = readScript(script);
    /** The step that comes next; the last one stays. */
    this.position = 0;
    this.arrived = new Arrivals('connection');
    this.messages = new Arrivals('message');
    this.sockets = new Set();
    this.listener = undefined;
    this.port = port;
    /** The end of a time in which nobody listens. */
    this.timer = undefined;
    this.isClosed = false;
    // It listens to nothing itself: connections are handed to it.
    this.http = http.createServer((_request, response) => {
      response.writeHead(426, { Connection: 'close' });
      response.end();
    });
    this.http.on('upgrade', (request, socket) => this.meet(request, /** @type {net.Socket} */ (socket)));
    this.http.on('clientError', (_error, socket) => socket.destroy());
  }

  get url() {
    return `ws://${HOST}:${this.port}`;
  }

  get connections() {
    return this.arrived.items;
  }

  get received() {
    return this.messages.items;
  }

  connection(index, options) {
    if (!Number.isInteger(index) || index < 0) {
      throw badRange('index', index, 'an integer of at least 0', 'WSR_ERR_ARGUMENT');
    }
    return this.arrived.at(index, options);
  }

  next(options) {
    return this.messages.next(options);
  }

  async close() {
    this.isClosed = true;
    clearTimeout(this.timer);
    const { listener } = this;
    const closed = listener && happened(listener, 'close');
    this.stopListening();
    for (const socket of this.sockets) socket.destroy();
    for (const arrivals of [this.arrived, this.messages]) arrivals.stop('the server is closed');
    await closed;
  }

  /**
   * Listens, and connects to itself: while that connection is there, the system gives the port to nobody else at the times at which
   * nobody listens on it.
   */
  async start() {
    await this.listen((socket) => this.keep(socket));
    const own = net.connect(this.port, HOST);
    this.keep(own);
    await happened(own, 'connect');
    if (this.sockets.size < 2) await happened(this.listener, 'connection');
    this.listener.removeAllListeners('connection');
    this.listener.on('connection', (socket) => this.hold(socket));
    this.prepare();
  }

  async listen(take) {
    const listener = net.createServer(take);
    this.listener = listener;
    listener.listen(this.port, HOST);
    await happened(listener, 'listening');
    this.port = /** @type {net.AddressInfo} */ (listener.address()).port;
    if (this.isClosed) listener.close();
  }

  stopListening() {
    if (this.listener !== undefined) this.listener.close();
    this.listener = undefined;
  }

  keep(socket) {
    this.sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.sockets.delete(socket));
  }

  hold(socket) {
    this.keep(socket);
    this.http.emit('connection', socket);
  }

  // The script.

  get step() {
    return this.script[Math.min(this.position, this.script.length - 1)];
  }

  meet(request, socket) {
    const { meet } = this.step;
    // It came before the port was closed.
    if (meet === undefined) {
      socket.destroy();
      return;
    }
    this.position += 1;
    const connection = new Connection(request, socket, {
      onMessage: (data) => this.messages.push(data),
      onLeft: () => this.prepare(),
    });
    this.arrived.push(connection);
    this.prepare();
    meet(connection);
  }

  /** Sees to it that nobody listens where the next step refuses; its time begins when nobody is connected any more. */
  prepare() {
    const { refuse } = this.step;
    if (refuse === undefined || this.isClosed) return;
    this.stopListening();
    const isLast = this.position >= this.script.length - 1;
    if (isLast || this.timer !== undefined || this.connections.some(({ isHere }) => isHere)) return;
    this.timer = setTimeout(() => this.goOn(), refuse);
  }

  /** The time of a step that refuses is over. */
  goOn() {
    this.timer = undefined;
    this.position += 1;
    if (this.step.refuse === undefined) this.listen((socket) => this.hold(socket));
    else this.prepare();
  }
}

// From Node 18.18 and 20.4 on.
const { asyncDispose } = /** @type {any} */ (Symbol);
if (asyncDispose !== undefined) {
  Server.prototype[asyncDispose] = function dispose() {
    return this.close();
  };
}

/** A server that listens. */
async function createServer(script) {
  const server = new Server(script);
  await server.start();
  return server;
}

module.exports = { Server, createServer };
