'use strict';

const { isDeepStrictEqual } = require('util');
const { badRange, badType, coded } = require('./lib/errors.js');
const { Emitter, MessageEvent } = require('./lib/events.js');
const mailbox = require('./lib/mailbox.js');
const options = require('./lib/options.js');
const { readWebSocketOptions } = require('./lib/websocket-options.js');

const STATES = ['CLOSED', 'CONNECTING', 'OPEN', 'CLOSING', 'BLOCKED', 'FAILED'];
const CIRCUIT_STATES = ['CLOSED', 'OPEN', 'HALF-OPEN'];
const BINARY_TYPES = ['nodebuffer', 'arraybuffer'];
const READY_STATES = { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 };

/** Kinds of the rows that the engine tells (see src/binding/value.rs). */
const TEXT = 0;
const BINARY = 1;
const AGREED = 2;
const STATE = 3;
const CIRCUIT = 4;
const OPEN = 5;
const ERROR = 6;
const CLOSE = 7;
const RETRY = 8;

const ignore = () => {};

/** A rejected promise that nobody has to handle. */
function rejected(error) {
  const promise = Promise.reject(error);
  promise.catch(ignore);
  return promise;
}

/** The view of a binary message that `send` takes, or undefined. */
function bytesOf(data) {
  if (data instanceof Uint8Array) return data;
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  return undefined;
}

function arrayBufferOf(buffer) {
  const { buffer: whole, byteOffset, byteLength } = buffer;
  return whole.byteLength === byteLength ? whole : whole.slice(byteOffset, byteOffset + byteLength);
}

/** Headers as Node shows those of a response: lower case, lists joined, `set-cookie` an array. */
function headersOf(flat) {
  const headers = {};
  for (let i = 0; i < flat.length; i += 2) {
    const name = flat[i].toLowerCase();
    const value = flat[i + 1];
    if (name === 'set-cookie') headers[name] = [...(headers[name] || []), value];
    else headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
  }
  return headers;
}

function errorOf(message, code, statusCode, headers) {
  /** @type {any} */
  const error = new Error(message);
  if (code !== null) error.code = code;
  if (statusCode !== null) {
    error.statusCode = statusCode;
    error.headers = headersOf(headers);
  }
  return error;
}

/**
 * A WebSocket client that reconnects by itself. It is documented in index.d.ts.
 *
 * The engine runs on its own thread. What this object shows is a view: what the events delivered so
 * far say, whatever the engine has done since.
 */
class WebSocketReconnect extends Emitter {
  constructor(given) {
    super();
    const settings = options.object('options', given);
    /** @type {any} */
    const inner = {
      url: options.url(settings.url),
      protocols: options.protocols(settings.protocols),
      websocketOptions: options.object('websocketOptions', settings.websocketOptions),
      heartbeatMessage: settings.heartbeatMessage,
      numbers: {},
      circuitBreaker: options.circuitBreaker(settings.circuitBreaker, () => this._configure()),
      binaryType: 'nodebuffer',
      route: undefined,
      id: 0,
      client: undefined,

      state: 'CLOSED',
      circuitState: 'CLOSED',
      retryCount: 0,
      circuitFailures: 0,
      manualClose: false,
      lastActivity: Date.now(),
      openedAt: 0,
      protocol: '',
      extensions: '',
      /** Connecting, open, closing, waiting to retry or blocked, as far as events tell. */
      alive: false,
      holding: true,
      /** Settles at the first `open`, or when the client is at its end. */
      pending: undefined,

      /** Notices taken from the mailbox. */
      received: 0,
      /** Up to these of them, a call has made void what notices say of the connection's life, … */
      lifeHorizon: 0,
      /** … of the end of an earlier life, … */
      birthHorizon: 0,
      /** … of the circuit, … */
      circuitHorizon: 0,
      /** … of `retryCount` and `circuitFailures`. */
      countHorizon: 0,
    };
    /** @type {any} */
    this._inner = inner;
    Object.defineProperty(this, '_inner', { enumerable: false, writable: false });
    for (const name of Object.keys(options.NUMBERS)) {
      inner.numbers[name] = options.number(name, settings[name], options.NUMBERS[name]);
    }
    const heartbeat = options.heartbeatText(inner.heartbeatMessage);
    inner.route = this._readRoute();
    const policy = { settings: this._settings(), heartbeat };
    Object.assign(
      inner,
      thrownHere(() => mailbox.createClient(policy, inner.route, mayNeedTrust(inner.route))),
    );
  }

  connect() {
    const inner = this._inner;
    if (inner.state === 'OPEN') return Promise.resolve();
    if (inner.pending && !inner.manualClose && inner.state !== 'BLOCKED') return inner.pending.promise;
    let rows;
    try {
      this._reroute();
      rows = inner.client.connect(inner.received);
    } catch (error) {
      return rejected(error);
    }
    inner.alive = true;
    inner.birthHorizon = rows[0];
    if (!inner.pending) {
      const pending = {};
      pending.promise = new Promise((resolve, reject) => Object.assign(pending, { resolve, reject }));
      pending.promise.catch(ignore);
      inner.pending = pending;
    }
    const { promise } = inner.pending;
    this._track();
    mailbox.deliverNow(this, rows);
    return promise;
  }

  send(data) {
    const inner = this._inner;
    const bytes = typeof data === 'string' ? undefined : bytesOf(data);
    if (typeof data !== 'string' && bytes === undefined) {
      throw badType(
        'data',
        data,
        'a string, Buffer, ArrayBuffer, TypedArray or DataView',
        'WSR_ERR_ARGUMENT',
      );
    }
    const open = inner.state === 'OPEN';
    if (!open && inner.state !== 'CONNECTING') {
      throw coded(Error, 'WSR_ERR_NOT_CONNECTED', 'WebSocket is not connected');
    }
    if (bytes === undefined) inner.client.sendText(data, open);
    else inner.client.sendBinary(bytes, open);
  }

  close(code = 1000, reason = 'Normal closure') {
    const allowed = 'an integer in 1000–1003, 1007–1014 or 3000–4999';
    if (typeof code !== 'number') throw badType('code', code, allowed, 'WSR_ERR_ARGUMENT');
    const sendable =
      (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
    if (!sendable || !Number.isInteger(code)) throw badRange('code', code, allowed, 'WSR_ERR_ARGUMENT');
    const short = 'a string of at most 123 bytes of UTF-8';
    if (typeof reason !== 'string') throw badType('reason', reason, short, 'WSR_ERR_ARGUMENT');
    if (Buffer.byteLength(reason) > 123) throw badRange('reason', reason, short, 'WSR_ERR_ARGUMENT');

    const inner = this._inner;
    inner.manualClose = true;
    this._settle('reject', manuallyClosed());
    const rows = inner.client.close(inner.received, code, reason, inner.alive && inner.state !== 'CLOSING');
    // Without rows, the end that is on its way already is the one to deliver.
    if (rows.length > 1) inner.lifeHorizon = rows[0];
    mailbox.deliverNow(this, rows);
  }

  reset() {
    const inner = this._inner;
    inner.manualClose = false;
    this._circuitCall(inner.client.reset(inner.received), 'CLOSED', 0, 0);
  }

  openCircuit() {
    const inner = this._inner;
    this._circuitCall(
      inner.client.openCircuit(inner.received),
      'OPEN',
      inner.circuitFailures,
      inner.retryCount,
    );
  }

  closeCircuit() {
    const inner = this._inner;
    this._circuitCall(inner.client.closeCircuit(inner.received), 'CLOSED', 0, inner.retryCount);
  }

  getCircuitState() {
    return this._inner.circuitState;
  }

  handleError(error) {
    const inner = this._inner;
    const rows = inner.client.countFailure(inner.received);
    inner.circuitFailures += 1;
    inner.countHorizon = rows[0];
    this.emit('error', error);
    mailbox.deliverNow(this, rows);
  }

  getStats() {
    const { state, circuitState, retryCount, circuitFailures, lastActivity, openedAt, numbers } = this._inner;
    return {
      state,
      circuitState,
      retryCount,
      maxRetries: numbers.maxRetries,
      circuitFailures,
      failureThreshold: this.circuitBreaker.failureThreshold,
      lastActivity,
      uptime: state === 'OPEN' ? Math.max(0, Date.now() - openedAt) : 0,
    };
  }

  calculateDelay(attempt) {
    if (typeof attempt !== 'number')
      throw badType('attempt', attempt, options.COUNT.allowed, 'WSR_ERR_ARGUMENT');
    if (!(attempt >= 0)) throw badRange('attempt', attempt, options.COUNT.allowed, 'WSR_ERR_ARGUMENT');
    return this._inner.client.calculateDelay(attempt);
  }

  ref() {
    this._inner.holding = true;
    this._track();
    return this;
  }

  unref() {
    this._inner.holding = false;
    this._track();
    return this;
  }

  get state() {
    return this._inner.state;
  }

  set state(value) {
    this._inner.state = oneOf('state', value, STATES);
  }

  get circuitState() {
    return this._inner.circuitState;
  }

  set circuitState(value) {
    const inner = this._inner;
    inner.circuitState = oneOf('circuitState', value, CIRCUIT_STATES);
    inner.circuitHorizon = inner.client.setCircuit(value);
    this._track();
  }

  get retryCount() {
    return this._inner.retryCount;
  }

  set retryCount(value) {
    const inner = this._inner;
    inner.retryCount = options.number('retryCount', value, options.COUNT);
    inner.countHorizon = inner.client.setRetryCount(inner.retryCount);
  }

  get circuitFailures() {
    return this._inner.circuitFailures;
  }

  set circuitFailures(value) {
    const inner = this._inner;
    inner.circuitFailures = options.number('circuitFailures', value, options.COUNT);
    inner.countHorizon = inner.client.setCircuitFailures(inner.circuitFailures);
  }

  get manualClose() {
    return this._inner.manualClose;
  }

  set manualClose(value) {
    if (typeof value !== 'boolean') throw badType('manualClose', value, 'true or false');
    this._inner.manualClose = value;
    this._inner.client.setManualClose(value);
  }

  get lastActivity() {
    return this._inner.lastActivity;
  }

  set lastActivity(value) {
    this._inner.lastActivity = options.number('lastActivity', value, options.TIME);
  }

  get url() {
    return this._inner.url;
  }

  set url(value) {
    this._setRoute('url', options.url(value));
  }

  get protocols() {
    return this._inner.protocols;
  }

  set protocols(value) {
    this._setRoute('protocols', options.protocols(value));
  }

  get websocketOptions() {
    return this._inner.websocketOptions;
  }

  set websocketOptions(value) {
    this._setRoute('websocketOptions', options.object('websocketOptions', value));
  }

  get heartbeatMessage() {
    const { heartbeatMessage } = this._inner;
    return heartbeatMessage === undefined || heartbeatMessage === null ? options.HEARTBEAT : heartbeatMessage;
  }

  set heartbeatMessage(value) {
    this._inner.client.setHeartbeat(options.heartbeatText(value));
    this._inner.heartbeatMessage = value;
  }

  get circuitBreaker() {
    return this._inner.circuitBreaker;
  }

  set circuitBreaker(value) {
    this._inner.circuitBreaker = options.circuitBreaker(value, () => this._configure());
    this._configure();
  }

  get readyState() {
    const ready = READY_STATES[this._inner.state];
    return ready === undefined ? READY_STATES.CLOSED : ready;
  }

  get protocol() {
    return this._inner.protocol;
  }

  get extensions() {
    return this._inner.extensions;
  }

  get bufferedAmount() {
    return this._inner.client.bufferedAmount();
  }

  get binaryType() {
    return this._inner.binaryType;
  }

  set binaryType(value) {
    this._inner.binaryType = oneOf('binaryType', value, BINARY_TYPES);
  }

  /** The numbers of the policy, in the order that src/binding/options.rs reads. */
  _settings() {
    const { numbers, circuitBreaker, route } = this._inner;
    return [
      numbers.maxRetries,
      numbers.baseDelay,
      numbers.maxDelay,
      numbers.multiplier,
      numbers.jitter,
      numbers.heartbeatInterval,
      numbers.heartbeatTimeout,
      circuitBreaker.failureThreshold,
      circuitBreaker.resetTimeout,
      circuitBreaker.halfOpenMaxRequests,
      route.closeTimeout,
    ];
  }

  _configure() {
    this._inner.client.configure(this._settings());
  }

  /** Where and how to connect, as the engine takes it. */
  _readRoute() {
    const { url, protocols, websocketOptions } = this._inner;
    return { url, protocols: [...protocols], ...readWebSocketOptions(websocketOptions) };
  }

  _setRoute(name, value) {
    const inner = this._inner;
    const before = inner[name];
    inner[name] = value;
    try {
      this._reroute();
    } catch (error) {
      inner[name] = before;
      throw error;
    }
  }

  /** Hands the route over where it has changed: users also write into `websocketOptions.headers`. */
  _reroute() {
    const inner = this._inner;
    const route = this._readRoute();
    if (isDeepStrictEqual(route, inner.route)) return;
    thrownHere(() => mailbox.reroute(inner.client, route, mayNeedTrust(route)));
    inner.route = route;
    this._configure();
  }

  _track() {
    const { id, alive, circuitState, holding } = this._inner;
    mailbox.track(id, this, alive || circuitState === 'OPEN', alive && holding);
  }

  _circuitCall(rows, state, failures, retryCount) {
    const inner = this._inner;
    const horizon = rows[0];
    inner.circuitHorizon = horizon;
    if (inner.circuitFailures !== failures || inner.retryCount !== retryCount) inner.countHorizon = horizon;
    inner.circuitFailures = failures;
    inner.retryCount = retryCount;
    mailbox.deliverNow(this, rows);
    // The engine was there already; what would have told it is void by this call.
    this._setCircuitState(state);
  }

  _setCircuitState(state) {
    const inner = this._inner;
    const changed = inner.circuitState !== state;
    inner.circuitState = state;
    this._track();
    if (changed) this.emit('circuitChange', state);
  }

  /** Takes one row of the engine; a `queued` one may have been made void by a call since. */
  _deliver(kind, row, at, queued) {
    const inner = this._inner;
    switch (kind) {
      case TEXT:
        inner.lastActivity = row[at + 2];
        this.emit('message', new MessageEvent(row[at + 3], this));
        return;
      case BINARY: {
        inner.lastActivity = row[at + 2];
        const data = inner.binaryType === 'arraybuffer' ? arrayBufferOf(row[at + 3]) : row[at + 3];
        this.emit('message', new MessageEvent(data, this));
        return;
      }
      case AGREED:
        inner.protocol = row[at + 3];
        inner.extensions = row[at + 4];
        return;
    }
    const order = queued ? ++inner.received : Infinity;
    if (order > inner.countHorizon) {
      inner.retryCount = row[at + 4];
      inner.circuitFailures = row[at + 5];
    }
    if (kind === ERROR) {
      this.emit('error', errorOf(row[at + 6], row[at + 7], row[at + 8], row[at + 9]));
    } else if (kind === CIRCUIT) {
      if (order > inner.circuitHorizon) this._setCircuitState(row[at + 6]);
    } else if (order > inner.lifeHorizon) {
      this._live(kind, row, at, order);
    }
  }

  /** Takes a step of the connection's life. */
  _live(kind, row, at, order) {
    const inner = this._inner;
    if (kind === STATE) {
      const state = row[at + 6];
      // A call has closed the circuit since.
      if (state === 'BLOCKED' && inner.circuitState !== 'OPEN') return;
      if (state === inner.state) return;
      inner.state = state;
      if (state === 'OPEN') inner.openedAt = row[at + 2];
      this.emit('stateChange', state);
      if (state === 'BLOCKED') this._rerouteForNext();
    } else if (kind === OPEN) {
      inner.lastActivity = row[at + 2];
      this._settle('resolve');
      this.emit('open');
    } else if (kind === CLOSE) {
      const lives = row[at + 3] || order <= inner.birthHorizon;
      this._end(lives, { code: row[at + 6], reason: row[at + 7], wasClean: row[at + 8] });
    } else if (kind === RETRY) {
      this.emit('retry', { attempt: row[at + 6], delay: row[at + 7], maxRetries: row[at + 8] });
      this._rerouteForNext();
    }
  }

  /** Takes the end of a connection, which is the end of the client's life unless it `lives` on. */
  _end(lives, ending) {
    const inner = this._inner;
    if (lives) {
      this.emit('close', ending);
      this._rerouteForNext();
      return;
    }
    inner.alive = false;
    const gaveUp = ending.code === 'MAX_RETRIES';
    this._settle('reject', gaveUp ? coded(Error, 'WSR_ERR_GAVE_UP', ending.reason) : manuallyClosed());
    this.emit('close', ending);
    this._track();
  }

  _settle(how, value) {
    const { pending } = this._inner;
    this._inner.pending = undefined;
    if (pending) pending[how](value);
  }

  /** A handler may have written a fresh token into the headers for the next attempt. */
  _rerouteForNext() {
    try {
      this._reroute();
    } catch (error) {
      this.emit('error', error);
    }
  }
}

for (const name of Object.keys(options.NUMBERS)) {
  Object.defineProperty(WebSocketReconnect.prototype, name, {
    enumerable: true,
    configurable: true,
    get() {
      return this._inner.numbers[name];
    },
    set(value) {
      this._inner.numbers[name] = options.number(name, value, options.NUMBERS[name]);
      this._configure();
    },
  });
}

for (const [name, value] of Object.entries(READY_STATES)) {
  const constant = { value, enumerable: true };
  Object.defineProperty(WebSocketReconnect, name, constant);
  Object.defineProperty(WebSocketReconnect.prototype, name, constant);
}

function manuallyClosed() {
  return coded(Error, 'WSR_ERR_CLOSED', 'Connection manually closed');
}

function oneOf(name, value, words) {
  const allowed = words.map((word) => `'${word}'`).join(', ');
  if (typeof value !== 'string') throw badType(name, value, allowed);
  if (!words.includes(value)) throw badRange(name, value, allowed);
  return value;
}

/** Only such a client costs reading the certificates that Node trusts. */
function mayNeedTrust(route) {
  return route.ca === undefined && (/^wss:/i.test(route.url.trim()) || route.followRedirects);
}

/** The value of an option that the engine refused is out of range: its type is checked here. */
function thrownHere(call) {
  try {
    return call();
  } catch (error) {
    throw error.code === 'WSR_ERR_OPTION' ? coded(RangeError, error.code, error.message) : error;
  }
}

module.exports = { WebSocketReconnect };
