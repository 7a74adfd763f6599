'use strict';

const { Backlog } = require('./lib/backlog.js');
const delivery = require('./lib/delivery.js');
const { badRange, badType, ignore, notConnected, oneOf, rejected } = require('./lib/errors.js');
const liveness = require('./lib/liveness.js');
const mailbox = require('./lib/mailbox.js');
const options = require('./lib/options.js');
const { jitterNumber } = require('./lib/reconnect-options.js');
const { Reconnector, checkClose } = require('./lib/reconnector.js');
const { mayNeedTrust, thrownHere } = require('./lib/routed.js');

const STATES = ['CLOSED', 'CONNECTING', 'OPEN', 'CLOSING', 'BLOCKED', 'FAILED'];
const CIRCUIT_STATES = ['CLOSED', 'OPEN', 'HALF-OPEN'];
const BINARY_TYPES = ['nodebuffer', 'arraybuffer'];
const READY_STATES = { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 };

/** The view of a binary message that `send` takes, or undefined. */
function bytesOf(data) {
  if (data instanceof Uint8Array) return data;
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  return undefined;
}

/** The same; throws for what is no message. Text has no bytes here. */
function bytesOfMessage(data) {
  if (typeof data === 'string') return undefined;
  const bytes = bytesOf(data);
  if (bytes !== undefined) return bytes;
  throw badType('data', data, 'a string, Buffer, ArrayBuffer, TypedArray or DataView', 'WSR_ERR_ARGUMENT');
}

/** A WebSocket client that reconnects by itself. It is documented in index.d.ts. */
class WebSocketReconnect extends Reconnector {
  constructor(given) {
    super();
    const settings = options.object('options', given);
    const inner = Object.assign(this._inner, {
      heartbeatMessage: settings.heartbeatMessage,
      numbers: {},
      liveness: liveness.read(settings),
      circuitBreaker: options.circuitBreaker(settings.circuitBreaker, this),
      scope: 'instance',
      delivery: delivery.delivery(settings),
      buffer: {},
    });
    this._readRouteOptions(settings);
    this._readReconnectOptions(settings);
    for (const name of Object.keys(delivery.BUFFER)) {
      inner.buffer[name] = options.number(name, settings[name], delivery.BUFFER[name]);
    }
    for (const name of Object.keys(options.NUMBERS)) {
      inner.numbers[name] = options.number(name, settings[name], options.NUMBERS[name]);
    }
    const heartbeat = options.heartbeatText(inner.heartbeatMessage);
    const policy = {
      settings: this._settings(),
      liveness: this._liveness(),
      heartbeat,
      delivery: delivery.rawDelivery(inner.delivery, inner.buffer),
    };
    Object.assign(
      inner,
      thrownHere(() => mailbox.createClient(policy, inner.route, mayNeedTrust(inner.route))),
    );
    this._sift();
    this._share();
  }

  connect() {
    const inner = this._inner;
    if (inner.state === 'OPEN') return Promise.resolve();
    const refused = inner.manualClose || (inner.state === 'BLOCKED' && inner.scope === 'instance');
    if (inner.pending && !refused) return inner.pending.promise;
    return this._start('connect');
  }

  send(data) {
    const inner = this._inner;
    const bytes = bytesOfMessage(data);
    const open = inner.state === 'OPEN';
    if (!open && !this._takesUnsent()) throw notConnected();
    const status = mailbox.send(inner.id, bytes === undefined ? data : bytes, bytes !== undefined, open);
    return status === undefined || this._sent(status);
  }

  sendConfirmed(data, given) {
    const inner = this._inner;
    let receipt;
    try {
      const bytes = bytesOfMessage(data);
      const timeout = delivery.timeout(given);
      const open = inner.state === 'OPEN';
      if (!open && !this._takesUnsent()) throw notConnected();
      const name =
        bytes === undefined
          ? inner.client.confirmText(data, open, timeout)
          : inner.client.confirmBinary(bytes, open, timeout);
      receipt = this._receipt(name);
    } catch (error) {
      return rejected(error);
    }
    this._deliverFates();
    return receipt;
  }

  flush(given) {
    const inner = this._inner;
    let receipt;
    try {
      const timeout = delivery.timeout(given);
      if (!inner.alive) throw notConnected();
      receipt = this._receipt(inner.client.flush(timeout));
    } catch (error) {
      return rejected(error);
    }
    this._deliverFates();
    return receipt;
  }

  pause() {
    const inner = this._inner;
    if (inner.backlog === undefined) inner.backlog = new Backlog(inner.client);
    inner.backlog.paused = true;
    return this;
  }

  resume() {
    const { backlog } = this._inner;
    if (backlog === undefined || !backlog.paused) return this;
    backlog.paused = false;
    setImmediate(() => this._deliverBacklog());
    return this;
  }

  close(code = 1000, reason = 'Normal closure') {
    checkClose(code, reason);
    this._finish('close', code, reason);
  }

  terminate() {
    this._finish('terminate');
  }

  reset() {
    const inner = this._inner;
    inner.manualClose = false;
    this._circuitCall('reset', 'CLOSED', 0, 0);
  }

  openCircuit() {
    const inner = this._inner;
    this._circuitCall('openCircuit', 'OPEN', inner.circuitFailures, inner.retryCount);
  }

  closeCircuit() {
    const inner = this._inner;
    this._circuitCall('closeCircuit', 'CLOSED', 0, inner.retryCount);
  }

  getCircuitState() {
    return this._inner.circuitState;
  }

  handleError(error) {
    const inner = this._inner;
    const reply = this._call('countFailure');
    inner.circuitFailures += 1;
    inner.countHorizon = reply.horizon;
    this.emit('error', error);
    this._deliverNow(reply);
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
      ...this._roundTrips(),
      ...this._queued(),
    };
  }

  /** The round trips of pings as `getStats` shows them; nothing before the first. */
  _roundTrips() {
    const numbers = this._inner.client.roundTrips();
    if (numbers.length === 0) return {};
    const [last, min, mean, p95] = numbers;
    return { rtt: { last, min, mean, p95 } };
  }

  ping() {
    const inner = this._inner;
    if (inner.state !== 'OPEN') return rejected(notConnected());
    const number = inner.client.ping();
    if (number === 0) return rejected(liveness.pingLost());
    if (!inner.pings) inner.pings = new liveness.Pings();
    const promise = inner.pings.wait(number, inner.numbers.heartbeatTimeout);
    promise.catch(ignore);
    return promise;
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
    inner.circuitHorizon = this._assign('setCircuit', value);
    this._track();
  }

  get retryCount() {
    return this._inner.retryCount;
  }

  set retryCount(value) {
    const inner = this._inner;
    inner.retryCount = options.number('retryCount', value, options.COUNT);
    inner.countHorizon = this._assign('setRetryCount', inner.retryCount);
  }

  get circuitFailures() {
    return this._inner.circuitFailures;
  }

  set circuitFailures(value) {
    const inner = this._inner;
    inner.circuitFailures = options.number('circuitFailures', value, options.COUNT);
    inner.countHorizon = this._assign('setCircuitFailures', inner.circuitFailures);
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
    this._inner.circuitBreaker = options.circuitBreaker(value, this);
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

  get isPaused() {
    const { backlog } = this._inner;
    return backlog !== undefined && backlog.paused;
  }

  get queue() {
    const { queues, limits } = this._inner.delivery;
    return queues && limits ? { ...limits } : false;
  }

  get delivery() {
    return this._inner.delivery.guarantee;
  }

  get binaryType() {
    return this._inner.binaryType;
  }

  set binaryType(value) {
    this._inner.binaryType = oneOf('binaryType', value, BINARY_TYPES);
  }

  /** Whether `send` takes a message without an open connection. */
  _takesUnsent() {
    const { state, alive, delivery } = this._inner;
    if (delivery.queues === undefined) return state === 'CONNECTING';
    return delivery.queues && alive && state !== 'CLOSING';
  }

  /** What `getStats` tells of the queue, where there is one. */
  _queued() {
    const { client, delivery } = this._inner;
    if (!delivery.limits) return undefined;
    const [queuedMessages, queuedBytes] = client.queued();
    return { queuedMessages, queuedBytes };
  }

  /** Throws, tells or returns what a `send` that was not plain led to. */
  _sent(status) {
    const refusal = delivery.refusal(status);
    if (refusal) throw refusal;
    if (status & delivery.TOLD) this._deliverFates();
    return !(status & delivery.ABOVE);
  }

  /** The numbers of the policy, in the order that src/binding/options.rs reads. */
  _settings() {
    const { numbers, circuitBreaker, route } = this._inner;
    return [
      numbers.maxRetries,
      numbers.baseDelay,
      numbers.maxDelay,
      numbers.multiplier,
      jitterNumber(numbers.jitter),
      numbers.heartbeatInterval,
      numbers.heartbeatTimeout,
      circuitBreaker.failureThreshold,
      circuitBreaker.resetTimeout,
      circuitBreaker.halfOpenMaxRequests,
      route.closeTimeout,
      circuitBreaker.window,
      circuitBreaker.failureRate,
      circuitBreaker.minimumRequests,
      ...this._reconnectSettings(),
    ];
  }

  _configure() {
    this._inner.client.configure(this._settings(), this._liveness());
    this._watchEventLoop();
    this._sift();
    this._share();
  }

  _share() {
    const inner = this._inner;
    const { scope } = inner.circuitBreaker;
    if (scope === inner.scope) return;
    inner.scope = scope;
    mailbox.share(inner.id, this, inner.client, scope);
  }

  /** Puts what judges and hides messages before their delivery. Only a client that asks for it has that. */
  _sift() {
    const { client, liveness: asked } = this._inner;
    const { heartbeatReply, hidePong } = asked;
    if (!heartbeatReply && !hidePong) {
      delete this._emitMessage;
      return;
    }
    const sift = (data) => {
      if (heartbeatReply && liveness.isReply(heartbeatReply, data)) client.answered();
      if (!hidePong || !liveness.isPong(data)) super._emitMessage(data);
    };
    Object.defineProperty(this, '_emitMessage', { configurable: true, value: sift });
  }

  /** What is watched, as the engine takes it. */
  _liveness() {
    return liveness.raw(this._inner.liveness, this._inner.numbers);
  }

  _track() {
    super._track();
    this._watchEventLoop();
  }

  _watchEventLoop() {
    const { id, alive, numbers } = this._inner;
    liveness.watchEventLoop(id, alive ? numbers.maxEventLoopBlock : 0, mailbox.tellThatItRuns);
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

for (const name of Object.keys(delivery.BUFFER)) {
  Object.defineProperty(WebSocketReconnect.prototype, name, {
    enumerable: true,
    configurable: true,
    get() {
      return this._inner.buffer[name];
    },
    set(value) {
      const { buffer, client } = this._inner;
      buffer[name] = options.number(name, value, delivery.BUFFER[name]);
      client.setMarks(buffer.highWaterMark, buffer.maxBufferedAmount);
    },
  });
}

for (const name of Object.keys(liveness.OPTIONS)) {
  Object.defineProperty(WebSocketReconnect.prototype, name, {
    enumerable: true,
    configurable: true,
    get() {
      return this._inner.liveness[name];
    },
    set(value) {
      this._inner.liveness = liveness.read({ ...this._inner.liveness, [name]: value });
      this._configure();
    },
  });
}

for (const [name, value] of Object.entries(READY_STATES)) {
  const constant = { value, enumerable: true };
  Object.defineProperty(WebSocketReconnect, name, constant);
  Object.defineProperty(WebSocketReconnect.prototype, name, constant);
}

module.exports = { WebSocketReconnect };
