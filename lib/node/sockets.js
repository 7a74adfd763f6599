'use strict';

// Connections that Node makes: by an agent, a function of the user, or net and tls. The engine speaks over them: their bytes
// go through a `SocketNeed`, and what there is to do is told by its number.

const { ClientRequest } = require('http');
const net = require('net');
const { Duplex } = require('stream');
const tls = require('tls');
const { types } = require('util');
const { asError, heed } = require('../facade/ask.js');
const { coded, ignore, kind } = require('../errors.js');
const { alarm, nextTick } = require('../loop.js');
const { unpinned } = require('./pins.js');
const { logKeysOf } = require('./tls-surroundings.js');
const { trustedCertificates } = require('./trust.js');

/** How long, in ms, a socket that was ended may take to write the rest. */
const LINGER = 2000;

/** Those that may be told of news, by number. */
const sockets = new Map();

/** Servers of which it was told that their TLS is left to Node. */
const toldOf = new Set();

/** The headers that the engine sends by itself, … */
const OWN = ['host', 'connection', 'upgrade'];
/** … and what there is besides where no agent says otherwise. */
const NO_CHANGES = { resource: undefined, headers: [] };

/** What the engine has connected to a server, through a proxy, as a stream. */
class Tunnel extends Duplex {
  /** @param {import('../../native/index.js').SocketNeed} need */
  constructor(need) {
    super();
    this.need = need;
    this.isFull = false;
    /** Called once the engine takes more. */
    this.goOn = undefined;
    sockets.set(need.number(), this);
  }

  look() {
    const { goOn, need } = this;
    const takes = !this.isFull;
    const { bytes, hasRoom, isShut, isGone } = need.look(takes);
    if (bytes !== undefined) this.isFull = !this.push(Buffer.from(bytes));
    if (isShut || (isGone && takes)) this.push(null);
    if (!hasRoom || goOn === undefined) return;
    this.goOn = undefined;
    goOn();
  }

  _read() {
    this.isFull = false;
    this.look();
  }

  _write(bytes, _encoding, done) {
    if (this.need.push(bytes)) done();
    else this.goOn = done;
  }

  _final(done) {
    this.need.finish();
    done();
  }

  _destroy(error, done) {
    sockets.delete(this.need.number());
    this.need.finish();
    done(error);
  }
}

/**
 * A request that is never sent: by it an agent gives a socket, whatever kind of agent it is. That is the one way that all of them
 * have in common.
 */
class SocketRequest extends ClientRequest {
  constructor(agent, { host, port, authority, resource }) {
    const headers = { Host: authority, Connection: 'Upgrade', Upgrade: 'websocket' };
    super({ host, port, path: resource, headers, createConnection: () => undefined });
    this.agent = agent;
    this.resource = resource;
  }

  /** What the agent has made of the request, where its proxy forwards that: what is asked for, and the headers besides. */
  changes() {
    const names = this.getHeaderNames().filter((name) => !OWN.includes(name));
    return {
      resource: this.path === this.resource ? undefined : this.path,
      headers: [].concat(...names.map((name) => [name, String(this.getHeader(name))])),
    };
  }

  /** An agent has a socket, or none. It may be called within the making of the request. */
  onSocket(socket, error) {
    nextTick(() => {
      if (error) this.emit('error', error);
      else if (this.destroyed) socket.destroy();
      else this.emit('socket', socket);
    });
  }
}

/** That Node would refuse the agent. Those that speak for both do not say so of themselves. */
function checkProtocol(agent, isSecure) {
  const protocol = isSecure ? 'https:' : 'http:';
  const own = Object.getOwnPropertyDescriptor(agent, 'protocol');
  if (own === undefined || typeof own.value !== 'string' || own.value === protocol) return;
  const message = `Protocol "${protocol}" not supported. Expected "${own.value}"`;
  throw coded(TypeError, 'ERR_INVALID_PROTOCOL', message);
}

/**
 * The options that were given, and where to connect. An option that is undefined is one too, to Node.
 * @returns {any}
 */
function optionsFor(given, { host, port, socket, isSecure }) {
  const options = /** @type {any} */ ({ allowHalfOpen: true });
  for (const name of Object.keys(given)) {
    const value = given[name];
    if (value !== undefined && value !== null) options[name] = value;
  }
  const { ca, checkServerIdentity, lookup, pins, servername, trust } = options;
  if (isSecure && trust === 'system' && ca === undefined) options.ca = trustedCertificates(trust);
  Object.assign(options, { host, port, path: null, secureEndpoint: isSecure });
  if (socket !== undefined) Object.assign(options, { path: socket, socketPath: socket });
  if (isSecure && servername === undefined) options.servername = net.isIP(host) ? '' : host;
  // One that is resumed does not show the certificates between, which may be pinned. An agent has sessions of its own.
  if (pins) options.session = undefined;
  if (lookup) options.lookup = (name, asked, callback) => heed(lookup(name, asked, callback), callback);
  if (checkServerIdentity) {
    options.checkServerIdentity = (name, certificate) => {
      try {
        return checkServerIdentity(name, certificate);
      } catch (error) {
        return asError(error, 'websocketOptions.checkServerIdentity');
      }
    };
  }
  return options;
}

/** Whether it is a socket, to all that is done with it here. */
const isDuplex = (given) =>
  Object(given) === given && ['on', 'write', 'destroy'].every((name) => typeof given[name] === 'function');

/** Ends a socket for which there is no use. */
function discard(socket) {
  if (!isDuplex(socket)) return;
  socket.on('error', ignore);
  socket.destroy();
}

/** A client of TLS over a `tunnel`. */
function securedOver(tunnel, options) {
  const socket = new Tunnel(tunnel);
  try {
    return tls.connect({ ...options, socket }).on('close', () => socket.destroy());
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/**
 * Has a socket made, by TLS over a `tunnel` where there is one; `made` is called once with an error, or with it, which may still be
 * connecting, and with the request by which an agent gave it. What calls that off.
 */
function make(given, server, tunnel, made) {
  const { agent, createConnection } = given;
  const options = optionsFor(given, server);
  let isMade = false;
  let first;
  const once = (error, socket, request = undefined) => {
    if (isMade) {
      if (socket !== first) discard(socket);
      return;
    }
    isMade = true;
    first = socket;
    made(error, socket, request);
  };
  if (tunnel) {
    once(null, securedOver(tunnel, options));
    return () => {};
  }
  if (agent) {
    checkProtocol(agent, server.isSecure);
    const request = new SocketRequest(agent, server);
    request.on('error', once);
    request.on('socket', (socket) => once(null, socket, request));
    agent.addRequest(request, options);
    return () => request.destroy();
  }
  if (createConnection) {
    const socket = createConnection(options, once);
    if (socket) once(null, socket);
  } else {
    once(null, server.isSecure ? tls.connect(options) : net.connect(options));
  }
  return () => {};
}

/** Whether the certificate of a socket's peer is still to be checked. */
function isSecuring(socket) {
  const { authorizationError, authorized, secureConnecting } = socket;
  if (secureConnecting !== undefined || !(socket instanceof tls.TLSSocket)) return Boolean(secureConnecting);
  // Node 14.0 does not say it.
  return !authorized && !authorizationError;
}

/** The event by which a socket tells that it is there; undefined where it is. */
function readyEvent(socket) {
  if (isSecuring(socket)) return 'secureConnect';
  return socket.connecting ? 'connect' : undefined;
}

const hungUp = () => coded(Error, 'ECONNRESET', 'socket hang up');

/** A socket, from the need of one on. */
class Connection {
  /** @param {import('../../native/index.js').SocketNeed} need */
  constructor(need, fail) {
    this.need = need;
    this.fail = fail;
    this.number = need.number();
    /** @type {any} */
    this.socket = undefined;
    this.callOff = () => {};
    /** Keys of which the server must have one. */
    this.pins = [];
    /** Neither the need nor the socket has ended. */
    this.lives = true;
    /** The socket takes nothing for now. */
    this.isFull = false;
    sockets.set(this.number, this);
  }

  begin(given, server) {
    if (server.isSecure) this.pins = [].concat(given.pins || []);
    const made = (error, socket, request) => {
      if (error) {
        this.lose(asError(error, 'websocketOptions'));
      } else if (isDuplex(socket)) {
        this.take(socket, request);
      } else {
        heed(socket, ignore);
        const option = given.agent ? 'agent' : 'createConnection';
        this.refuse(`websocketOptions.${option} gave ${kind(socket)}`);
      }
    };
    try {
      this.callOff = make(given, server, this.need.tunnel(), made);
      if (!this.lives) this.callOff();
    } catch (error) {
      this.lose(asError(error, 'websocketOptions'));
    }
  }

  /** `request`: by which an agent gave it. */
  take(socket, request) {
    if (!this.lives) {
      discard(socket);
      return;
    }
    socket.on('error', (error) => this.lose(asError(error, 'websocketOptions')));
    if (socket.destroyed) {
      this.lose(hungUp());
      return;
    }
    this.socket = socket;
    if (socket instanceof tls.TLSSocket) logKeysOf(socket);
    socket.on('close', () => this.lose(hungUp()));
    // An agent keeps no account of it any more, as of any that is upgraded.
    socket.emit('agentRemove');
    // The client holds the process, not its socket. What is not of Node may lack these.
    if (socket.unref) socket.unref();
    if (socket.setTimeout) socket.setTimeout(0);
    if (socket.setNoDelay) socket.setNoDelay();
    // Else what was still to be said would be lost behind the end of the peer.
    socket.allowHalfOpen = true;
    const event = readyEvent(socket);
    if (event) socket.once(event, () => this.open(request));
    else this.open(request);
  }

  open(request) {
    const { need, socket } = this;
    if (!this.lives) return;
    const error = this.pins.length > 0 ? unpinned(this.pins, socket) : undefined;
    if (error) {
      this.lose(error);
      return;
    }
    const { resource, headers } = request === undefined ? NO_CHANGES : request.changes();
    need.open(resource, headers);
    socket.on('data', (bytes) => {
      if (!types.isUint8Array(bytes)) this.refuse(`A socket of websocketOptions has read ${typeof bytes}s`);
      else if (!need.push(bytes)) socket.pause();
    });
    socket.on('end', () => need.finish());
    socket.on('drain', () => {
      this.isFull = false;
      if (this.lives) this.look();
    });
    socket.resume();
  }

  /** Does what there is to do. What is no socket of Node may throw. */
  look() {
    try {
      this.work();
    } catch (error) {
      this.lose(asError(error, 'websocketOptions'));
    }
  }

  work() {
    const { need, socket } = this;
    const { bytes, hasRoom, isShut, isGone } = need.look(!this.isFull);
    if (bytes !== undefined && socket.writable) this.isFull = !socket.write(Buffer.from(bytes));
    if (isGone) {
      this.leave(isShut);
      return;
    }
    if (isShut) socket.end();
    if (hasRoom && socket !== undefined && socket.isPaused()) socket.resume();
  }

  /** The engine is done with it; where it `isShut`, not before all of it is written. */
  leave(isShut) {
    const { socket } = this;
    this.forget();
    this.callOff();
    if (socket === undefined) return;
    if (!isShut) {
      socket.destroy();
      return;
    }
    socket.end();
    socket.resume();
    socket.once(
      'close',
      alarm(() => socket.destroy(), LINGER),
    );
  }

  /** What was given is no socket. */
  refuse(what) {
    this.lose(coded(TypeError, 'WSR_ERR_FUNCTION', `${what}; allowed is a Duplex of bytes`));
  }

  /** There is no socket, or no longer. */
  lose(error) {
    if (!this.lives) return;
    this.forget();
    this.fail(error);
    if (this.socket !== undefined) this.socket.destroy();
  }

  forget() {
    this.lives = false;
    sockets.delete(this.number);
  }
}

/** Node takes more of TLS than the engine: says so, once for each server. */
function warnOfFallback({ authority }) {
  if (toldOf.has(authority)) return;
  toldOf.add(authority);
  const message =
    `The TLS of ${authority} is too old or too rare for the engine, so Node makes the connections to it. ` +
    "websocketOptions.transport: 'node' does so from the first on, tls: 'native' never does";
  process.emitWarning(message, { code: 'WSR_WARN_TLS_BY_NODE' });
}

/**
 * Makes a connection, by the options that were given. `fail` takes what went wrong.
 * @param {import('../../native/index.js').SocketNeed} need
 */
function supplySocket(need, given, fail) {
  const server = need.server();
  if (server.isFallback) warnOfFallback(server);
  new Connection(need, fail).begin(given, server);
}

/** There is something to do at the socket of this number. */
function lookAtSocket(number) {
  const connection = sockets.get(number);
  if (connection) connection.look();
}

module.exports = { lookAtSocket, supplySocket };
