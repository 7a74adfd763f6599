'use strict';

const { badRange, badType, coded, notConnected, rejected } = require('../errors.js');
const { meant, take } = require('../names.js');
const { allowed, check, checkPerAttempt, checkPresent, isAbsent } = require('../options/check.js');
const { HELD, withOption } = require('../options/held.js');
const { checkProxy } = require('../options/proxy.js');
const { ARGUMENT, ROWS, rowsOf } = require('../options/table.js');
const { Emitter } = require('./emitter.js');
const { Life } = require('./life.js');
const { checkUrl } = require('./route.js');
const { statsOf } = require('./stats.js');
const { pingLost } = require('./waiters.js');

/** Where a client keeps what is inside of it: a subclass may have any other name. */
const LIFE = Symbol('life');

const READY_STATES = { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 };

const NAMES = rowsOf('').map(({ name }) => name);

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

/** Names that users have been warned of. */
const warned = new Set();

/**
 * The class `WebSocketReconnect` over an engine. It is documented in index.d.ts.
 * @param {typeof import('../node/engine.js')} engine
 */
function defineClient(engine) {
  /** An option that is not known may be one of another version, so it is no reason to fail; in the wrong place it is. */
  function misplaced(name) {
    if (engine.isWebSocketOption(name)) {
      const message = `${name}: belongs into websocketOptions; allowed is websocketOptions: { ${name}: … }`;
      throw coded(TypeError, 'WSR_ERR_OPTION', message);
    }
    if (warned.has(name)) return;
    warned.add(name);
    const hint = meant(name, NAMES.concat(engine.WEBSOCKET_OPTIONS), (other) =>
      NAMES.includes(other) ? other : `websocketOptions.${other}`,
    );
    engine.warn(`${name} is no option of WebSocketReconnect and has no effect${hint}`, 'WSR_WARN_OPTION');
  }

  /** Checks the code and the reason of a close frame. */
  function checkClose(code, reason) {
    const codes = engine.canClose(1001)
      ? 'an integer in 1000–1003, 1007–1014 or 3000–4999'
      : '1000 or an integer in 3000–4999';
    if (typeof code !== 'number') throw badType('code', code, codes, 'WSR_ERR_ARGUMENT');
    const sendable =
      (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
    if (!sendable || !Number.isInteger(code) || !engine.canClose(code))
      throw badRange('code', code, codes, 'WSR_ERR_ARGUMENT');
    const short = 'a string of at most 123 bytes of UTF-8';
    if (typeof reason !== 'string') throw badType('reason', reason, short, 'WSR_ERR_ARGUMENT');
    if (engine.sizeOf(reason) > 123) throw badRange('reason', reason, short, 'WSR_ERR_ARGUMENT');
  }

  class WebSocketReconnect extends Emitter {
    constructor(given) {
      super();
      const life = new Life(engine, this, take(check(ARGUMENT, given), NAMES, misplaced));
      // What wraps a client in a Proxy may give another value for it.
      Object.defineProperty(this, LIFE, { value: life, configurable: true });
    }

    connect() {
      return this[LIFE].connect();
    }

    reconnect(code = 1000, reason = 'Reconnecting') {
      checkClose(code, reason);
      return this[LIFE].start((native, received) => native.reconnect(received, code, reason), true);
    }

    send(data, options, callback) {
      return this[LIFE].outgoing.send(data, options, callback);
    }

    sendConfirmed(data, options) {
      return this[LIFE].outgoing.sendConfirmed(data, options);
    }

    flush(options) {
      return this[LIFE].outgoing.flush(options);
    }

    pause() {
      this[LIFE].inbox.pause();
      return this;
    }

    resume() {
      this[LIFE].inbox.resume();
      return this;
    }

    close(code = 1000, reason = 'Normal closure') {
      checkClose(code, reason);
      this[LIFE].finish((native, received, seenAlive) => native.close(received, code, reason, seenAlive));
    }

    terminate() {
      this[LIFE].finish((native, received, seenAlive) => native.terminate(received, seenAlive));
    }

    reset() {
      const life = this[LIFE];
      life.view.manualClose = false;
      life.moveCircuit((native, received) => native.reset(received), 'CLOSED', 0, 0);
    }

    openCircuit() {
      const life = this[LIFE];
      const { circuitFailures, retryCount } = life.view;
      const run = (native, received) => native.openCircuit(received);
      life.moveCircuit(run, 'OPEN', circuitFailures, retryCount);
    }

    closeCircuit() {
      const life = this[LIFE];
      const run = (native, received) => native.closeCircuit(received);
      life.moveCircuit(run, 'CLOSED', 0, life.view.retryCount);
    }

    getCircuitState() {
      return this[LIFE].view.circuitState;
    }

    handleError(error) {
      this[LIFE].countFailure(error);
    }

    getStats() {
      return statsOf(this[LIFE]);
    }

    ping() {
      const life = this[LIFE];
      const { cutoffs, native, options, view } = life;
      if (view.state !== 'OPEN') return rejected(notConnected(cutoffs.wasStarted));
      let number;
      try {
        number = native.ping();
      } catch (error) {
        return rejected(error);
      }
      if (number === null) return rejected(pingLost());
      return life.awaited().waitForPong(number, options.heartbeatTimeout);
    }

    calculateDelay(attempt) {
      const whole = allowed(RETRY_COUNT);
      if (typeof attempt !== 'number') throw badType('attempt', attempt, whole, 'WSR_ERR_ARGUMENT');
      if (!(attempt >= 0)) throw badRange('attempt', attempt, whole, 'WSR_ERR_ARGUMENT');
      return this[LIFE].native.calculateDelay(attempt);
    }

    ref() {
      const life = this[LIFE];
      life.lifetime.hold(true);
      life.track();
      return this;
    }

    unref() {
      const life = this[LIFE];
      life.lifetime.hold(false);
      life.track();
      return this;
    }

    on(event, handler) {
      super.on(event, handler);
      return listening(this, event);
    }

    addListener(event, handler) {
      super.addListener(event, handler);
      return listening(this, event);
    }

    prependListener(event, handler) {
      super.prependListener(event, handler);
      return listening(this, event);
    }

    get state() {
      return this[LIFE].view.state;
    }

    set state(value) {
      this[LIFE].view.state = checkPresent(STATE, value);
    }

    get circuitState() {
      return this[LIFE].view.circuitState;
    }

    set circuitState(value) {
      const life = this[LIFE];
      life.view.circuitState = checkPresent(CIRCUIT_STATE, value);
      const moment = life.assign((native) => native.setCircuit(value));
      life.cutoffs.circuit = moment;
      life.track();
    }

    get retryCount() {
      return this[LIFE].view.retryCount;
    }

    set retryCount(value) {
      const life = this[LIFE];
      const count = check(RETRY_COUNT, value);
      life.view.retryCount = count;
      const moment = life.assign((native) => native.setRetryCount(count));
      life.cutoffs.counts = moment;
    }

    get circuitFailures() {
      return this[LIFE].view.circuitFailures;
    }

    set circuitFailures(value) {
      const life = this[LIFE];
      const count = check(CIRCUIT_FAILURES, value);
      life.view.circuitFailures = count;
      const moment = life.assign((native) => native.setCircuitFailures(count));
      life.cutoffs.counts = moment;
    }

    get manualClose() {
      return this[LIFE].view.manualClose;
    }

    set manualClose(value) {
      const { native, view } = this[LIFE];
      view.manualClose = checkPresent(MANUAL_CLOSE, value);
      native.setManualClose(value);
    }

    get lastActivity() {
      return this[LIFE].view.lastActivity;
    }

    set lastActivity(value) {
      this[LIFE].view.lastActivity = check(LAST_ACTIVITY, value);
    }

    get heartbeatMessage() {
      const { heartbeatMessage } = this[LIFE];
      return isAbsent(heartbeatMessage) ? ROWS.heartbeatMessage.default : heartbeatMessage;
    }

    set heartbeatMessage(value) {
      const life = this[LIFE];
      life.native.setHeartbeat(check(ROWS.heartbeatMessage, value));
      life.heartbeatMessage = value;
    }

    get circuitBreaker() {
      return this[LIFE].shownCircuitBreaker();
    }

    set circuitBreaker(value) {
      this[LIFE].setCircuitBreaker(value);
    }

    get connectRate() {
      const { connectRate = false } = this[LIFE];
      return connectRate;
    }

    set connectRate(value) {
      this[LIFE].setConnectRate(value);
    }

    get url() {
      return this[LIFE].route.shownUrl();
    }

    set url(value) {
      reroute(this, { url: checkUrl(value), urls: undefined });
    }

    get urls() {
      return this[LIFE].route.shownUrls();
    }

    set urls(value) {
      const urls = checkPresent(ROWS.urls, value);
      reroute(this, { url: urls[0], urls });
      this[LIFE].route.reached = undefined;
    }

    get protocols() {
      return this[LIFE].route.shownProtocols();
    }

    set protocols(value) {
      reroute(this, { protocols: checkPerAttempt(ROWS.protocols, value) });
    }

    get headers() {
      return this[LIFE].route.headers;
    }

    set headers(value) {
      reroute(this, { headers: value });
    }

    get proxy() {
      return this[LIFE].route.shownProxy();
    }

    set proxy(value) {
      engine.refuse('proxy', value);
      reroute(this, { proxy: checkProxy(value) });
    }

    get websocketOptions() {
      return this[LIFE].route.shownWebSocketOptions();
    }

    set websocketOptions(value) {
      reroute(this, { websocketOptions: check(ROWS.websocketOptions, value) });
    }

    get connectionTimeout() {
      const { connectionTimeout, terms } = this[LIFE].route;
      if (connectionTimeout !== undefined) return connectionTimeout;
      return terms.handshakeTimeout === Infinity ? 0 : terms.handshakeTimeout;
    }

    set connectionTimeout(value) {
      const life = this[LIFE];
      const connectionTimeout = check(ROWS.connectionTimeout, value);
      reroute(this, { connectionTimeout });
      life.configure();
    }

    get readyState() {
      const ready = READY_STATES[this[LIFE].view.state];
      return ready === undefined ? READY_STATES.CLOSED : ready;
    }

    get protocol() {
      return this[LIFE].view.protocol;
    }

    get extensions() {
      return this[LIFE].view.extensions;
    }

    get bufferedAmount() {
      return this[LIFE].outgoing.bufferedAmount;
    }

    get isPaused() {
      return this[LIFE].inbox.isPaused;
    }

    set queue(_value) {
      throw unchangeable('queue');
    }

    get queue() {
      const { queues, limits } = this[LIFE].delivery;
      return queues && limits ? { ...limits } : false;
    }

    set delivery(_value) {
      throw unchangeable('delivery');
    }

    get delivery() {
      return this[LIFE].delivery.guarantee;
    }

    get binaryType() {
      return this[LIFE].inbox.binaryType;
    }

    set binaryType(value) {
      this[LIFE].inbox.binaryType = checkPresent(BINARY_TYPE, value);
    }
  }

  for (const row of HELD) {
    if (row.name in WebSocketReconnect.prototype) continue;
    Object.defineProperty(WebSocketReconnect.prototype, row.name, {
      enumerable: true,
      configurable: true,
      get() {
        return this[LIFE].options[row.name];
      },
      set(value) {
        engine.refuse(row.name, value);
        const life = this[LIFE];
        life.options = withOption(life.options, row, value);
        TAKERS[row.takes](life);
      },
    });
  }

  for (const row of rowsOf('')) {
    if (row.takes !== 'platform') continue;
    Object.defineProperty(WebSocketReconnect.prototype, row.name, {
      enumerable: true,
      configurable: true,
      get() {
        const { [row.name]: set = row.default } = this[LIFE].platform || {};
        return set;
      },
    });
  }

  for (const [name, value] of Object.entries(READY_STATES)) {
    const constant = { value, enumerable: true };
    Object.defineProperty(WebSocketReconnect, name, constant);
    Object.defineProperty(WebSocketReconnect.prototype, name, constant);
  }

  return WebSocketReconnect;
}

/** Hands a client's new value to what takes it, by the table's word for that. */
const TAKERS = {
  policy: (life) => life.configure(),
  signal(life) {
    life.configure();
    life.track();
  },
  marks: ({ native, options }) => native.setMarks(options),
};

/** What an assignment throws to an option that holds for the life of a client: without it, sloppy code would be told nothing. */
function unchangeable(name) {
  return coded(TypeError, 'WSR_ERR_OPTION', `${name} cannot be changed; give it to the constructor`);
}

/** Changes what a client's route is made of. */
function reroute(client, change) {
  const life = client[LIFE];
  life.route.set(change, () => life.configure());
}

/** Somebody listens to an event of a client from now on. */
function listening(client, event) {
  if (event === 'ping' || event === 'pong') client[LIFE].inbox.listen();
  return client;
}

module.exports = { LIFE, defineClient };
