'use strict';

const { Backlog } = require('./lib/backlog.js');
const clock = require('./lib/clock.js');
const delivery = require('./lib/delivery.js');
const { badRange, badType, coded, ignore, notConnected, rejected } = require('./lib/errors.js');
const liveness = require('./lib/liveness.js');
const mailbox = require('./lib/mailbox.js');
const { bytesOf, contentOf, inForm, isBytes, sendOptions, sizeOf, tellerOf } = require('./lib/message.js');
const own = require('./lib/own.js');
const { meant, take } = require('./lib/names.js');
const { SendStatus } = require('./lib/native.js');
const { allowed, check, checkPresent, isAbsent } = require('./lib/options/check.js');
const { circuitBreaker } = require('./lib/options/circuit-breaker.js');
const { deliveryOptions, policySettings } = require('./lib/options/crossing.js');
const { HELD, assign, hold } = require('./lib/options/held.js');
const { ARGUMENT, ROWS, rowsOf } = require('./lib/options/table.js');
const { WEBSOCKET_OPTIONS, isWebSocketOption } = require('./lib/options/websocket.js');
const { Reconnector, checkClose } = require('./lib/reconnector.js');
const { mayNeedTrust, thrownHere } = require('./lib/routed.js');
const { Unread } = require('./lib/unread.js');

const READY_STATES = { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 };

const OPTIONS = rowsOf('').map(({ name }) => name);

/** What can be assigned besides options, as rows of the table of options have it. */
const word = (path, choices) => ({ path, type: 'choice', choices });
const STATE = word('state', ['CLOSED', 'CONNECTING', 'OPEN', 'CLOSING', 'BLOCKED', 'FAILED']);
const CIRCUIT_STATE = word('circuitState', ['CLOSED', 'OPEN', 'HALF-OPEN']);
const BINARY_TYPE = word('binaryType', ['nodebuffer', 'arraybuffer']);
const counter = (path) => ({ path, type: 'number', default: 0, integer: true, min: 0 });
const RETRY_COUNT = counter('retryCount');
const CIRCUIT_FAILURES = counter('circuitFailures');
const LAST_ACTIVITY = {
  path: 'lastActivity',
  type: 'number',
  default: 0,
  allowed: 'a number of milliseconds since the epoch',
};
const MANUAL_CLOSE = { path: 'manualClose', type: 'boolean' };

/** Names that this process has been warned of. */
const warned = new Set();

/** An option that is not known may be one of another version, so it is no reason to fail; in the wrong place it is. */
function misplaced(name) {
  if (isWebSocketOption(name)) {
    const message = `${name}: belongs into websocketOptions; allowed is websocketOptions: { ${name}: … }`;
    throw coded(TypeError, 'WSR_ERR_OPTION', message);
  }
  if (warned.has(name)) return;
  warned.add(name);
  const hint = meant(name, OPTIONS.concat(WEBSOCKET_OPTIONS), (other) =>
    OPTIONS.includes(other) ? other : `websocketOptions.${other}`,
  );
  process.emitWarning(`${name} is no option of WebSocketReconnect and has no effect${hint}`, {
    code: 'WSR_WARN_OPTION',
  });
}

/**
 * Whether `connect()` has been called.
 * @param {Record<string, any>} inner
 */
const wasStarted = ({ restHorizon }) => restHorizon.call > 0;

/** A WebSocket client that reconnects by itself. It is documented in index.d.ts. */
class WebSocketReconnect extends Reconnector {
  constructor(given) {
    super();
    const settings = take(check(ARGUMENT, given), OPTIONS, misplaced);
    const inner = Object.assign(this[own.inner], {
      heartbeatMessage: settings.heartbeatMessage,
      /** The options that are held as they are. */
      options: hold(settings),
      circuitBreaker: circuitBreaker(settings.circuitBreaker, this),
      scope: 'instance',
      delivery: delivery.delivery(settings),
      /** What waits for a Blob to be read. */
      unread: undefined,
    });
    this[own.readRouteOptions](settings);
    this[own.readReconnectOptions]();
    const kept = {
      settings: policySettings(inner),
      heartbeat: check(ROWS.heartbeatMessage, inner.heartbeatMessage),
      delivery: deliveryOptions(inner.delivery),
      marks: inner.options,
    };
    Object.assign(
      inner,
      thrownHere(() => mailbox.createClient(kept, inner.route, mayNeedTrust(inner.route))),
    );
    this[own.sift]();
    this[own.share]();
  }

  connect() {
    const inner = this[own.inner];
    if (inner.state === 'OPEN') return Promise.resolve();
    const refused = inner.manualClose || (inner.state === 'BLOCKED' && inner.scope === 'instance');
    if (inner.pending && !inner.closing && !refused) return inner.pending.promise;
    return this[own.start]((client, received) => client.connect(received));
  }

  send(data, given, callback) {
    const inner = this[own.inner];
    const isText = typeof data === 'string';
    const content = isText || isBytes(data) ? data : bytesOf(data);
    const isPlain = given === undefined && callback === undefined;
    if (!isPlain || content === undefined || inner.unread !== undefined) {
      return this[own.sendWith](data, content, given, callback);
    }
    const open = inner.state === 'OPEN';
    if (!open && !this[own.takesUnsent]()) throw notConnected(wasStarted(inner));
    const status = mailbox.send(inner.id, content, !isText, open);
    return status === undefined || this[own.sent](status);
  }

  sendConfirmed(data, given) {
    const inner = this[own.inner];
    try {
      const content = contentOf(data);
      const timeout = delivery.timeout(given);
      const open = inner.state === 'OPEN';
      if (!open && !this[own.takesUnsent]()) throw notConnected(wasStarted(inner));
      const confirm = (message) => this[own.confirm](message, open, timeout);
      if (content !== undefined && inner.unread === undefined) return confirm(content);
      return this[own.promiseInTurn](data, content, confirm);
    } catch (error) {
      return rejected(error);
    }
  }

  flush(given) {
    const inner = this[own.inner];
    try {
      const timeout = delivery.timeout(given);
      if (!inner.alive) throw notConnected(wasStarted(inner));
      const flush = () => this[own.receipt](inner.client.flush(timeout));
      return inner.unread === undefined ? flush() : this[own.promiseInTurn](undefined, '', flush);
    } catch (error) {
      return rejected(error);
    }
  }

  pause() {
    const inner = this[own.inner];
    if (inner.backlog === undefined) inner.backlog = new Backlog(inner.client);
    inner.backlog.paused = true;
    return this;
  }

  resume() {
    const { backlog } = this[own.inner];
    if (backlog === undefined || !backlog.paused) return this;
    backlog.paused = false;
    mailbox.deliverKept(this);
    return this;
  }

  close(code = 1000, reason = 'Normal closure') {
    checkClose(code, reason);
    this[own.finish]((client, received, seenAlive) => client.close(received, code, reason, seenAlive));
  }

  terminate() {
    this[own.finish]((client, received, seenAlive) => client.terminate(received, seenAlive));
  }

  reset() {
    const inner = this[own.inner];
    inner.manualClose = false;
    this[own.circuitCall]((client, received) => client.reset(received), 'CLOSED', 0, 0);
  }

  openCircuit() {
    const inner = this[own.inner];
    const { circuitFailures, retryCount } = inner;
    const run = (client, received) => client.openCircuit(received);
    this[own.circuitCall](run, 'OPEN', circuitFailures, retryCount);
  }

  closeCircuit() {
    const inner = this[own.inner];
    this[own.circuitCall]((client, received) => client.closeCircuit(received), 'CLOSED', 0, inner.retryCount);
  }

  getCircuitState() {
    return this[own.inner].circuitState;
  }

  handleError(error) {
    const inner = this[own.inner];
    const called = this[own.overtake]((client, received) => client.countFailure(received));
    inner.circuitFailures += 1;
    inner.countHorizon = called.horizon;
    this[own.deliverNow](called, () => this[own.inContext](own.tell, 'error', error));
  }

  getStats() {
    const { state, circuitState, retryCount, circuitFailures, lastActivity, openedAt, options } =
      this[own.inner];
    return {
      state,
      circuitState,
      retryCount,
      maxRetries: options.maxRetries,
      circuitFailures,
      failureThreshold: this.circuitBreaker.failureThreshold,
      lastActivity,
      uptime: state === 'OPEN' ? Math.floor(clock.now() - openedAt) : 0,
      ...this[own.roundTrips](),
      ...this[own.queued](),
    };
  }

  /** The round trips of pings as `getStats` shows them; nothing before the first. */
  [own.roundTrips]() {
    const rtt = this[own.inner].client.roundTrips();
    return rtt === null ? {} : { rtt };
  }

  ping() {
    const inner = this[own.inner];
    if (inner.state !== 'OPEN') return rejected(notConnected(wasStarted(inner)));
    const number = inner.client.ping();
    if (number === null) return rejected(liveness.pingLost());
    if (!inner.pings) inner.pings = new liveness.Pings();
    const promise = inner.pings.wait(number, inner.options.heartbeatTimeout);
    promise.catch(ignore);
    return promise;
  }

  calculateDelay(attempt) {
    const whole = allowed(RETRY_COUNT);
    if (typeof attempt !== 'number') throw badType('attempt', attempt, whole, 'WSR_ERR_ARGUMENT');
    if (!(attempt >= 0)) throw badRange('attempt', attempt, whole, 'WSR_ERR_ARGUMENT');
    return this[own.inner].client.calculateDelay(attempt);
  }

  ref() {
    this[own.inner].holding = true;
    this[own.track]();
    return this;
  }

  unref() {
    this[own.inner].holding = false;
    this[own.track]();
    return this;
  }

  get state() {
    return this[own.inner].state;
  }

  set state(value) {
    this[own.inner].state = checkPresent(STATE, value);
  }

  get circuitState() {
    return this[own.inner].circuitState;
  }

  set circuitState(value) {
    const inner = this[own.inner];
    inner.circuitState = checkPresent(CIRCUIT_STATE, value);
    inner.circuitHorizon = this[own.assign]((client) => client.setCircuit(value));
    this[own.track]();
  }

  get retryCount() {
    return this[own.inner].retryCount;
  }

  set retryCount(value) {
    const inner = this[own.inner];
    inner.retryCount = check(RETRY_COUNT, value);
    inner.countHorizon = this[own.assign]((client) => client.setRetryCount(inner.retryCount));
  }

  get circuitFailures() {
    return this[own.inner].circuitFailures;
  }

  set circuitFailures(value) {
    const inner = this[own.inner];
    inner.circuitFailures = check(CIRCUIT_FAILURES, value);
    inner.countHorizon = this[own.assign]((client) => client.setCircuitFailures(inner.circuitFailures));
  }

  get manualClose() {
    return this[own.inner].manualClose;
  }

  set manualClose(value) {
    const inner = this[own.inner];
    inner.manualClose = checkPresent(MANUAL_CLOSE, value);
    inner.client.setManualClose(value);
  }

  get lastActivity() {
    return this[own.inner].lastActivity;
  }

  set lastActivity(value) {
    this[own.inner].lastActivity = check(LAST_ACTIVITY, value);
  }

  get heartbeatMessage() {
    const { heartbeatMessage } = this[own.inner];
    return isAbsent(heartbeatMessage) ? ROWS.heartbeatMessage.default : heartbeatMessage;
  }

  set heartbeatMessage(value) {
    this[own.inner].client.setHeartbeat(check(ROWS.heartbeatMessage, value));
    this[own.inner].heartbeatMessage = value;
  }

  get circuitBreaker() {
    return this[own.inner].circuitBreaker;
  }

  set circuitBreaker(value) {
    this[own.inner].circuitBreaker = circuitBreaker(value, this);
    this[own.configure]();
  }

  get readyState() {
    const ready = READY_STATES[this[own.inner].state];
    return ready === undefined ? READY_STATES.CLOSED : ready;
  }

  get protocol() {
    return this[own.inner].protocol;
  }

  get extensions() {
    return this[own.inner].extensions;
  }

  get bufferedAmount() {
    const { client, unread } = this[own.inner];
    return client.bufferedAmount() + (unread === undefined ? 0 : unread.bytes);
  }

  get isPaused() {
    const { backlog } = this[own.inner];
    return backlog !== undefined && backlog.paused;
  }

  get queue() {
    const { queues, limits } = this[own.inner].delivery;
    return queues && limits ? { ...limits } : false;
  }

  get delivery() {
    return this[own.inner].delivery.guarantee;
  }

  get binaryType() {
    return this[own.inner].binaryType;
  }

  set binaryType(value) {
    this[own.inner].binaryType = checkPresent(BINARY_TYPE, value);
  }

  /** Whether `send` takes a message without an open connection. */
  [own.takesUnsent]() {
    const { state, alive, delivery } = this[own.inner];
    if (delivery.queues === undefined) return state === 'CONNECTING';
    return delivery.queues && alive && state !== 'CLOSING';
  }

  /** What `getStats` tells of the queue, where there is one. */
  [own.queued]() {
    const { client, delivery } = this[own.inner];
    if (!delivery.limits) return undefined;
    const { messages, bytes } = client.queued();
    return { queuedMessages: messages, queuedBytes: bytes };
  }

  /**
   * Sends with options or a callback, and what is or waits for a Blob. With a callback nothing is thrown that a later
   * attempt might be spared, as in `ws`: the callback is told.
   */
  [own.sendWith](data, content, given, callback) {
    const inner = this[own.inner];
    const isShort = typeof given === 'function';
    const { binary, plain } = sendOptions(isShort ? undefined : given);
    const tell = tellerOf(isShort ? given : callback);
    const refuse = (error) => {
      if (tell === undefined) throw error;
      tell(error);
      return false;
    };
    const open = inner.state === 'OPEN';
    const message = content === undefined ? undefined : inForm(content, binary);
    if (!open && !this[own.takesUnsent]()) return refuse(notConnected(wasStarted(inner)));
    if (message !== undefined && inner.unread === undefined) {
      return this[own.write](message, open, plain, tell, refuse);
    }
    const size = message === undefined ? data.size : sizeOf(message);
    if (this.bufferedAmount + size > inner.options.maxBufferedAmount) return refuse(delivery.bufferFull());
    const run = (read) => {
      const written = inForm(read, binary);
      this[own.write](written, open, plain, tell, tell || (() => this[own.tellDropped](written)));
    };
    this[own.inTurn](data, message, run, tell || ((error) => this[own.inContext](own.tell, 'error', error)));
    const isAbove = this.bufferedAmount > inner.options.highWaterMark;
    if (isAbove) inner.unread.isAbove = true;
    return !isAbove;
  }

  /**
   * Hands text or bytes to the engine, with care. `tell`, where there is one, is told when the system has them or that it
   * will not; `refuse` that they were not taken.
   */
  [own.write](message, open, plain, tell, refuse) {
    const { client } = this[own.inner];
    const tells = tell !== undefined;
    const { status, receipt } =
      typeof message === 'string'
        ? client.sendText(message, open, plain, tells)
        : client.sendBinary(message, open, plain, tells);
    const refusal = delivery.refusal(status);
    if (refusal) return refuse(refusal);
    if (tells)
      this[own.expect](receipt, (doubt) => (doubt === undefined ? tell() : tell(delivery.unsent(doubt))));
    return this[own.sent](status);
  }

  /** Sends text or bytes, and asks for a receipt. */
  [own.confirm](message, open, timeout) {
    const { client } = this[own.inner];
    const name =
      typeof message === 'string'
        ? client.confirmText(message, open, timeout)
        : client.confirmBinary(message, open, timeout);
    return this[own.receipt](name);
  }

  /** Calls `run` with text or bytes, those of a Blob where `message` is undefined, once all that was sent before is with the engine. */
  [own.inTurn](data, message, run, failed) {
    const inner = this[own.inner];
    if (inner.unread === undefined) {
      // A close frame waits for it too.
      inner.client.holdClose(true);
      inner.unread = new Unread(() => this[own.allRead]());
    }
    if (message === undefined) {
      inner.unread.addBlob(data, run, failed);
      return;
    }
    const kept = typeof message === 'string' ? message : Buffer.from(message);
    inner.unread.add(sizeOf(message), () => run(kept));
  }

  /** The same as a promise of what `run` returns. */
  [own.promiseInTurn](data, message, run) {
    const promise = new Promise((resolve, reject) => {
      this[own.inTurn](data, message, (read) => resolve(run(read)), reject);
    });
    promise.catch(ignore);
    return promise;
  }

  [own.allRead]() {
    const { unread, client, options } = this[own.inner];
    this[own.inner].unread = undefined;
    client.holdClose(false);
    // Else the engine tells it.
    if (unread.isAbove && client.bufferedAmount() <= options.highWaterMark)
      this[own.inContext](own.tell, 'drain');
  }

  /** Throws, tells or returns what a `send` that was not plain led to. */
  [own.sent](status) {
    const refusal = delivery.refusal(status);
    if (refusal) throw refusal;
    if (status & SendStatus.Told) this[own.deliverOutcomes]();
    return !(status & SendStatus.Above);
  }

  [own.configure]() {
    const inner = this[own.inner];
    inner.client.configure(policySettings(inner));
    this[own.watchEventLoop]();
    this[own.sift]();
    this[own.share]();
  }

  [own.share]() {
    const inner = this[own.inner];
    const { scope } = inner.circuitBreaker;
    if (scope === inner.scope) return;
    inner.scope = scope;
    this[own.keepContext]();
    mailbox.share(inner.id, this, inner.client, scope);
  }

  /** Puts what judges and hides messages before their delivery. Only a client that asks for it has that. */
  [own.sift]() {
    const { client, options } = this[own.inner];
    const { heartbeatReply, hidePong } = options;
    if (!heartbeatReply && !hidePong) {
      delete this[own.emitMessage];
      return;
    }
    const isReply = heartbeatReply ? liveness.judgeOf(heartbeatReply) : () => false;
    const sift = (data) => {
      if (isReply(data)) client.answered();
      if (!hidePong || !liveness.isPong(data)) super[own.emitMessage](data);
    };
    Object.defineProperty(this, own.emitMessage, { configurable: true, value: sift });
  }

  [own.track]() {
    super[own.track]();
    this[own.watchEventLoop]();
  }

  [own.watchEventLoop]() {
    const { id, alive, options } = this[own.inner];
    liveness.watchEventLoop(id, alive ? options.maxEventLoopBlock : 0, mailbox.tellThatItRuns);
  }
}

/** Hands a client's new value to what takes it, by the table's word for that. */
const TAKERS = {
  policy: (client) => client[own.configure](),
  signal(client) {
    client[own.configure]();
    client[own.track]();
  },
  marks(client) {
    const { options, client: native } = client[own.inner];
    native.setMarks(options);
  },
};

for (const row of HELD) {
  if (row.name in WebSocketReconnect.prototype) continue;
  Object.defineProperty(WebSocketReconnect.prototype, row.name, {
    enumerable: true,
    configurable: true,
    get() {
      return this[own.inner].options[row.name];
    },
    set(value) {
      assign(this[own.inner].options, row, value);
      TAKERS[row.takes](this);
    },
  });
}

for (const [name, value] of Object.entries(READY_STATES)) {
  const constant = { value, enumerable: true };
  Object.defineProperty(WebSocketReconnect, name, constant);
  Object.defineProperty(WebSocketReconnect.prototype, name, constant);
}

module.exports = { WebSocketReconnect };
