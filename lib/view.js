'use strict';

const { Buffer } = require('buffer');
const { binaryOf, keep } = require('./chunk.js');
const clock = require('./clock.js');
const { currentContext } = require('./context.js');
const { unconfirmed } = require('./delivery.js');
const { coded, ignore, manuallyClosed, messageOf } = require('./errors.js');
const { Emitter } = require('./events.js');
const liveness = require('./liveness.js');
const { each, rethrow } = require('./loop.js');
const mailbox = require('./mailbox.js');
const { isAwaited } = require('./opening.js');
const own = require('./own.js');

/**
 * @typedef {import('../native/index.js').Client} Client
 * @typedef {import('../native/index.js').DeliveryOutcome} DeliveryOutcome
 * @typedef {import('../native/index.js').Notice} Notice
 * @typedef {import('../native/index.js').Reply} Reply
 */

/** So many items of a backlog are delivered before another client has its turn. */
const SHARE = 64;

/**
 * When a notice was made: its order among those of the mailbox, or the number of the call that returned it. A
 * horizon is the moment of a call: all that had gone to the mailbox, and all that earlier calls returned.
 */
const BEGINNING = { order: 0, call: 0 };

const isBefore = (moment, horizon) => moment.order <= horizon.order || moment.call < horizon.call;

/** @param {Reply} reply */
const beginsWithCircuit = ({ refusal, notices: [first] }) =>
  refusal === undefined && first !== undefined && first.kind === 'circuit';

/** Headers as Node shows those of a response: lower case, lists joined, `set-cookie` an array. */
function headersOf(flat) {
  const headers = new Map();
  for (let i = 0; i < flat.length; i += 2) {
    const name = flat[i].toLowerCase();
    const value = flat[i + 1];
    const before = headers.get(name);
    if (name === 'set-cookie') headers.set(name, [...(before || []), value]);
    else headers.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  // Defines what an assignment would not: a server may name a header `__proto__`.
  return Object.fromEntries(headers);
}

/** @param {Extract<Notice, { kind: 'error' }>} notice */
function errorOf({ message, code, statusCode, headers, body }) {
  /** @type {any} */
  const error = new Error(message);
  if (code !== undefined) error.code = code;
  if (statusCode !== undefined) {
    error.statusCode = statusCode;
    error.headers = headersOf(headers);
  }
  if (body !== undefined) {
    // A page of HTML would fill the logs of all who log errors.
    const value = typeof body === 'string' ? body : Buffer.from(body);
    Object.defineProperty(error, 'body', { value, enumerable: false, writable: true, configurable: true });
  }
  return error;
}

/**
 * What the events delivered so far say, whatever the engine has done since: turns the engine's rows and notices into
 * the view and the events. The options and the methods of users are in index.js.
 */
class View extends Emitter {
  constructor() {
    super();
    /**
     * What this class knows; the subclass keeps its own beside it.
     * @type {{ client: Client, agreed: Extract<Notice, { kind: 'agreed' }>, [name: string]: any }}
     */
    this[own.inner] = {
      /** Of the native half. */
      id: 0,
      client: undefined,
      /** The async context that the user's handlers and functions run in, from before anything is told, … */
      context: undefined,
      /** … and that of a later call that starts a life, until that is told. */
      nextContext: undefined,
      binaryType: 'nodebuffer',

      state: 'CLOSED',
      circuitState: 'CLOSED',
      retryCount: 0,
      circuitFailures: 0,
      manualClose: false,
      lastActivity: Date.now(),
      /** On the clock of clock.js. */
      openedAt: 0,
      /** What the connection has agreed on that is about to be `OPEN`, … */
      agreed: undefined,
      /** … and the latest that was: where it leads, and the answer to its upgrade. */
      protocol: '',
      extensions: '',
      reachedUrl: undefined,
      statusCode: undefined,
      responseHeaders: [],
      /** The error of the latest attempt or connection that failed, none once one is open, … */
      lastError: undefined,
      /** … and of the one that is under way, or has ended last. */
      trouble: undefined,
      /** How the latest connection ended. */
      lastClose: undefined,
      /** What a user's function threw, and for which attempt. */
      thrown: undefined,
      /** Connecting, open, closing, waiting to retry or blocked, as far as events tell. */
      alive: false,
      /** `close()` was called, or `FAILED` was told: the last `close` is on its way. */
      closing: false,
      holding: true,
      /** The pings that wait for their pong; from the first on. */
      pings: undefined,
      /** Settles at the first `open`, or when the client is at its end. */
      pending: undefined,
      /** What waits for `resume()`, from `pause()` until all of it has been delivered. */
      backlog: undefined,
      /** What settles the receipts that have no answer yet, by name. */
      receipts: undefined,

      /** The order of the latest notice that was taken from the mailbox. */
      received: 0,
      /** Calls that are telling what they returned, … */
      telling: 0,
      /** … and what is told behind them. */
      behind: [],
      /** Calls that the engine was told of. */
      calls: 0,
      /** Before these moments, a call has made void what notices say of the connection's life, … */
      lifeHorizon: BEGINNING,
      /** … of the beginning of an earlier life, … */
      birthHorizon: BEGINNING,
      /** … of its end, … */
      endHorizon: BEGINNING,
      /** … of the next `open`, … */
      openHorizon: BEGINNING,
      /** … of where the client stands while nothing goes on, … */
      restHorizon: BEGINNING,
      /** … that a call was refused, … */
      refusalHorizon: BEGINNING,
      /** … of the circuit, … */
      circuitHorizon: BEGINNING,
      /** … of `retryCount` and `circuitFailures`. */
      countHorizon: BEGINNING,
    };
    Object.defineProperty(this, own.inner, { enumerable: false, writable: false });
  }

  /** Hands the numbers of the policy over. */
  [own.configure]() {}

  /** Called when another attempt may follow: the subclass hands over what users have changed. */
  [own.rerouteForNext]() {}

  /** Called when the engine asks where and how an attempt connects. */
  [own.askForRoute](_id, _attempt) {}

  /**
   * Called when an attempt is not under way any more. Returns what is still at work for it.
   * @returns {any}
   */
  [own.endAttempt]() {}

  /** Called with that where the attempt has not opened. */
  [own.abandon](_work) {}

  /** Called when the engine asks whether and when to connect again. */
  [own.askForRetry](_id, _attempt, _elapsed) {}

  /** Called when what the engine has asked for a retry is void. */
  [own.undecided]() {}

  [own.track]() {
    const { id, alive, state, circuitState, holding } = this[own.inner];
    const reachable = alive || circuitState === 'OPEN' || state === 'BLOCKED';
    if (reachable) this[own.keepContext]();
    mailbox.track(id, this, reachable, alive && holding);
  }

  /** Keeps the async context of the call under way for what may be told from now on, unless one is kept. */
  [own.keepContext]() {
    const inner = this[own.inner];
    if (inner.context === undefined) inner.context = currentContext();
  }

  /** Keeps that of the call under way for the life that it starts. What is still to be told of an earlier life has that of its own. */
  [own.renewContext]() {
    const inner = this[own.inner];
    if (inner.context === undefined) inner.context = currentContext();
    else inner.nextContext = currentContext();
  }

  /** Calls a method, and by it the user's handlers and functions, in their async context. */
  [own.inContext](name, ...args) {
    const { context } = this[own.inner];
    return context === undefined ? this[name](...args) : context.runInAsyncScope(this[name], this, ...args);
  }

  /**
   * Takes a notice in that context.
   * @param {Notice} notice
   */
  [own.deliverInContext](notice, at, moment) {
    const inner = this[own.inner];
    const starts = notice.kind === 'state' && (notice.state === 'CONNECTING' || notice.state === 'BLOCKED');
    if (starts && inner.nextContext !== undefined && !isBefore(moment, inner.birthHorizon)) {
      inner.context = inner.nextContext;
      inner.nextContext = undefined;
    }
    this[own.inContext](own.deliver, notice, at, moment);
  }

  /**
   * Hands a call to the engine: what it returned, and its moment.
   * @param {(client: Client, received: number) => Reply} run
   */
  [own.call](run) {
    const inner = this[own.inner];
    const received = inner.received - (inner.backlog ? inner.backlog.notices : 0);
    const reply = run(inner.client, received);
    return { reply, horizon: { order: reply.cutoff, call: ++inner.calls } };
  }

  /**
   * The same for all calls but `connect`: a change of the circuit overtakes what is under way of older ones.
   * @param {(client: Client, received: number) => Reply} run
   */
  [own.overtake](run) {
    const called = this[own.call](run);
    if (beginsWithCircuit(called.reply)) this[own.inner].circuitHorizon = called.horizon;
    return called;
  }

  /**
   * Hands an assignment to the engine, and returns its moment.
   * @param {(client: Client) => number} run
   */
  [own.assign](run) {
    const inner = this[own.inner];
    return { order: run(inner.client), call: ++inner.calls };
  }

  /**
   * Delivers what a call returned, before it returns, and behind what `first` tells.
   * @param {{ reply: Reply, horizon: any }} called
   */
  [own.deliverNow]({ reply, horizon }, first = () => {}) {
    const inner = this[own.inner];
    const moment = { order: Infinity, call: horizon.call };
    const at = Date.now();
    inner.telling += 1;
    try {
      first();
      each(reply.notices, (notice) => this[own.deliverInContext](notice, at, moment));
    } finally {
      inner.telling -= 1;
    }
    if (inner.telling === 0 && inner.behind.length > 0) this[own.deliverNow](inner.behind.shift());
  }

  /** The same, behind what a call that is under way is still telling: nothing of that is void. */
  [own.deliverBehind](called) {
    if (this[own.inner].telling > 0) this[own.inner].behind.push(called);
    else this[own.deliverNow](called);
  }

  /** @param {(client: Client, received: number) => Reply} run */
  [own.circuitCall](run, state, failures, retryCount) {
    const inner = this[own.inner];
    const called = this[own.call](run);
    inner.circuitHorizon = called.horizon;
    if (inner.circuitFailures !== failures || inner.retryCount !== retryCount) {
      inner.countHorizon = called.horizon;
      inner.circuitFailures = failures;
      inner.retryCount = retryCount;
    }
    // Without a notice of its own, the engine was there already: what would have told it is void now.
    const isTold = beginsWithCircuit(called.reply);
    this[own.deliverNow](called, () => isTold || this[own.inContext](own.setCircuitState, state));
  }

  [own.setCircuitState](state) {
    const inner = this[own.inner];
    const changed = inner.circuitState !== state;
    inner.circuitState = state;
    this[own.track]();
    if (changed) this[own.tell]('circuitChange', state);
  }

  /** Takes the text messages that lie in `rows` from `begin` to `end`. */
  [own.deliverTexts](rows, begin, end, at) {
    this[own.inner].lastActivity = at;
    for (let i = begin; i < end; i += 1) this[own.emitMessage](rows[i]);
  }

  /** Takes binary messages: the chunk that they lie in, and behind it their lengths. */
  [own.deliverBinaries](rows, begin, end, at) {
    const inner = this[own.inner];
    inner.lastActivity = at;
    const chunk = rows[begin];
    const first = begin + 1;
    if (end - first > 1) keep(chunk);
    let offset = 0;
    for (let i = first; i < end; i += 1) {
      const length = rows[i];
      this[own.emitMessage](binaryOf(inner.binaryType, chunk, offset, length));
      offset += length;
    }
  }

  /** Takes a ping or a pong. */
  [own.deliverControl](event, payload, at) {
    this[own.inner].lastActivity = at;
    if (!this[own.tell](event, Buffer.from(payload))) this[own.listen]();
  }

  /** Tells the engine which control frames somebody listens to: no other is told. */
  [own.listen]() {
    this[own.inner].client.listen(this.listenerCount('ping') > 0, this.listenerCount('pong') > 0);
  }

  on(event, handler) {
    return this[own.listening](event, super.on(event, handler));
  }

  addListener(event, handler) {
    return this[own.listening](event, super.addListener(event, handler));
  }

  prependListener(event, handler) {
    return this[own.listening](event, super.prependListener(event, handler));
  }

  [own.listening](event, view) {
    if (event === 'ping' || event === 'pong') this[own.listen]();
    return view;
  }

  /** Emits `message`, or keeps it for later. */
  [own.emitMessage](data) {
    const { backlog } = this[own.inner];
    if (backlog === undefined) super[own.emitMessage](data);
    else backlog.addMessage(data);
  }

  /** Emits `message`, also while others wait. */
  [own.emitNow](data) {
    super[own.emitMessage](data);
  }

  /**
   * Takes a notice from the mailbox. What tells of the connection's life waits behind messages that wait.
   * @param {Notice} notice
   */
  [own.deliverQueued](notice, at, order) {
    const inner = this[own.inner];
    const { backlog } = inner;
    inner.received = order;
    const moment = { order, call: Infinity };
    if (backlog === undefined || backlog.isEmpty || liveness.KINDS.has(notice.kind)) {
      this[own.deliverInContext](notice, at, moment);
    } else {
      backlog.addNotice(notice, at, moment);
    }
  }

  /**
   * Delivers a share of what was kept while paused, and tells whether more may follow in this turn of the event loop: what
   * follows an `open` may not.
   */
  [own.deliverShare]() {
    const inner = this[own.inner];
    const { backlog } = inner;
    if (backlog === undefined) return false;
    for (let count = 0; count < SHARE && !backlog.paused; count += 1) {
      if (backlog.isEmpty) {
        inner.backlog = undefined;
        inner.client.resume();
        return false;
      }
      const { data, told } = backlog.take();
      try {
        if (told === undefined) this[own.inContext](own.emitNow, data);
        else this[own.deliverInContext](told.notice, told.at, told.moment);
      } catch (error) {
        rethrow(error);
      }
      if (told !== undefined && told.notice.kind === 'open') {
        mailbox.deliverKept(this);
        return false;
      }
    }
    return !backlog.paused;
  }

  /**
   * Takes what became of what was sent.
   * @param {DeliveryOutcome} outcome
   */
  [own.deliverOutcome](outcome) {
    const { receipts, binaryType } = this[own.inner];
    if (outcome.kind === 'dropped') {
      const { data: kept, reason } = outcome;
      const data = typeof kept === 'string' ? kept : binaryOf(binaryType, kept, 0, kept.byteLength);
      this[own.tell]('drop', { data, reason });
    } else if (outcome.kind === 'receipt') {
      const settle = receipts.get(outcome.receipt);
      receipts.delete(outcome.receipt);
      settle(outcome.doubt);
    } else {
      this[own.tell]('drain');
    }
  }

  /** Calls `settle` with the answer to a receipt: a doubt, or undefined. */
  [own.expect](name, settle) {
    const inner = this[own.inner];
    if (inner.receipts === undefined) inner.receipts = new Map();
    inner.receipts.set(name, settle);
  }

  /** The promise of a receipt that a call has asked for. */
  [own.receipt](name) {
    const promise = new Promise((resolve, reject) => {
      this[own.expect](name, (doubt) => (doubt === undefined ? resolve() : reject(unconfirmed(doubt))));
    });
    // It can be rejected by the network before anybody has had the time to wait for it.
    promise.catch(ignore);
    this[own.deliverOutcomes]();
    return promise;
  }

  /** Tells of a message that there was no room for once its turn had come. */
  [own.tellDropped](message) {
    const data =
      typeof message === 'string'
        ? message
        : binaryOf(this[own.inner].binaryType, new Uint8Array(message).buffer, 0, message.length);
    this[own.inContext](own.tell, 'drop', { data, reason: 'overflow' });
  }

  /** Delivers what a call has settled, before it returns. */
  [own.deliverOutcomes]() {
    const outcomes = this[own.inner].client.takeOutcomes();
    each(outcomes, (outcome) => this[own.inContext](own.deliverOutcome, outcome));
  }

  /**
   * Takes a notice. It may have been made void by a call since its moment.
   * @param {Notice} notice
   */
  [own.deliver](notice, at, moment) {
    const inner = this[own.inner];
    if (notice.kind === 'agreed') {
      inner.agreed = notice;
      return;
    }
    if (!isBefore(moment, inner.countHorizon)) {
      inner.retryCount = notice.retryCount;
      inner.circuitFailures = notice.circuitFailures;
    }
    if (notice.kind === 'circuit') {
      if (!isBefore(moment, inner.circuitHorizon)) this[own.setCircuitState](notice.state);
    } else if (!isBefore(moment, inner.lifeHorizon)) {
      this[own.live](notice, at, moment);
    }
  }

  /**
   * Takes a step of the connection's life. What the view becomes by it is emitted before anything else that leads to
   * code of the user: nothing is told in a state of which nobody has been told.
   * @param {Exclude<Notice, { kind: 'agreed' | 'circuit' }>} notice
   */
  [own.live](notice, at, moment) {
    const inner = this[own.inner];
    if (notice.kind === 'state') {
      const { state, alive } = notice;
      if (inner.pings && state !== 'OPEN') inner.pings.lose();
      // A call has closed the circuit since.
      const closed = inner.circuitState !== 'OPEN' && isBefore(moment, inner.circuitHorizon);
      const isAtRest = !alive;
      // Who gave up and waits anew for a circuit that others share was told of no state from which a retry can come.
      if (state === 'BLOCKED' && closed && (isAtRest || inner.state !== 'FAILED')) return;
      if (state === 'BLOCKED' && isAtRest && isBefore(moment, inner.refusalHorizon)) return;
      if (isAtRest && isBefore(moment, inner.restHorizon)) return;
      // A call may tell a client that never connected that it is CLOSED, and each refusal says BLOCKED.
      const isTold = state === 'BLOCKED' || (isAtRest && inner.lastClose === undefined);
      if (state === inner.state && !isTold) return;
      inner.state = state;
      if (state === 'OPEN') {
        this[own.takeAgreed]();
        inner.openedAt = clock.monotonic(at);
      }
      // Unless a call has begun another life since.
      if (state === 'FAILED' && !isBefore(moment, inner.endHorizon)) inner.closing = true;
      const abandoned = this[own.turn](state);
      this[own.tell]('stateChange', state);
      if (abandoned) this[own.abandon](abandoned);
      if (state === 'BLOCKED') this[own.rerouteForNext]();
      if (!inner.alive) this[own.track]();
    } else if (notice.kind === 'error') {
      const { thrown } = inner;
      const isThrown = thrown !== undefined && thrown.id === notice.thrownFor;
      const error = isThrown ? thrown.error : errorOf(notice);
      inner.thrown = undefined;
      inner.trouble = error;
      inner.lastError = error;
      this[own.tell]('error', error);
    } else if (notice.kind === 'open') {
      inner.lastActivity = at;
      if (!isBefore(moment, inner.openHorizon)) this[own.settle]('resolve');
      this[own.open](notice.attempt, notice.downtime, moment);
    } else if (notice.kind === 'close') {
      const lives = notice.alive || isBefore(moment, inner.endHorizon);
      this[own.end](lives, notice);
    } else if (notice.kind === 'retry') {
      const { attempt, delay, maxRetries } = notice;
      this[own.tell]('retry', { attempt, delay, maxRetries });
      this[own.rerouteForNext]();
    } else if (notice.kind === 'ask-route') {
      this[own.askForRoute](notice.id, notice.attempt);
    } else if (notice.kind === 'ask-retry') {
      this[own.askForRetry](notice.id, notice.attempt, notice.elapsed);
    } else if (notice.kind === 'undecided') {
      this[own.undecided]();
      const message = `shouldReconnect or reconnectDelay has not answered within ${notice.limit} ms`;
      this[own.tell]('error', coded(Error, 'WSR_ERR_FUNCTION', message));
    } else {
      liveness.deliver(this, notice);
    }
  }

  /** What was agreed on holds for the connection that is open now. */
  [own.takeAgreed]() {
    const inner = this[own.inner];
    const { protocol, extensions, url, statusCode, headers } = inner.agreed;
    Object.assign(inner, { protocol, extensions, reachedUrl: url, statusCode, responseHeaders: headers });
    inner.agreed = undefined;
  }

  /** Forgets what a new state makes void. Returns what is still at work for an attempt that has not opened. */
  [own.turn](state) {
    const inner = this[own.inner];
    this[own.undecided]();
    if (state === 'CONNECTING' || state === 'OPEN') inner.trouble = undefined;
    if (state === 'CONNECTING') return undefined;
    const work = this[own.endAttempt]();
    if (state !== 'OPEN') return work;
    inner.lastError = undefined;
    return undefined;
  }

  [own.open](attempt, downtime, moment) {
    const { reachedUrl, statusCode, responseHeaders } = this[own.inner];
    const info = {
      isReconnect: downtime !== undefined,
      attempt,
      url: reachedUrl,
      statusCode,
      headers: headersOf(responseHeaders),
      downtime: downtime === undefined ? 0 : downtime,
    };
    this[own.tell]('open', info);
    // A handler may have closed.
    const isVoid = isBefore(moment, this[own.inner].lifeHorizon);
    if (info.isReconnect && !isVoid) this[own.tell]('reconnected', info);
  }

  /**
   * Takes the end of a connection, which is the end of the client's life unless it `lives` on.
   * @param {boolean} lives
   * @param {Extract<Notice, { kind: 'close' }>} notice
   */
  [own.end](lives, { code, reason, wasClean }) {
    const inner = this[own.inner];
    // Another code than those of close frames says why the client gave up.
    const gaveUp = typeof code === 'string';
    const ending = { code: gaveUp ? 'MAX_RETRIES' : code, reason, wasClean };
    inner.lastClose = ending;
    if (!lives) {
      inner.alive = false;
      inner.closing = false;
      if (gaveUp) this[own.warnUnheard](reason);
      this[own.settle]('reject', gaveUp ? this[own.gaveUp](reason) : manuallyClosed());
    }
    // A handler of `close` may begin another life.
    const { retryCount, lastError } = inner;
    this[own.tell]('close', ending);
    if (gaveUp) this[own.tell]('giveup', { reason: code, message: reason, retryCount, error: lastError });
    if (lives) this[own.rerouteForNext]();
    else this[own.track]();
  }

  /** A client that gives up and tells nobody would be searched for long: says so, once. */
  [own.warnUnheard](reason) {
    const inner = this[own.inner];
    const isHeard = ['error', 'close', 'giveup'].some((event) => this.listenerCount(event) > 0);
    if (isHeard || inner.isUnheard || (inner.pending && isAwaited(inner.pending))) return;
    inner.isUnheard = true;
    const cause = inner.lastError ? ` The last error was: ${messageOf(inner.lastError)}.` : '';
    const message = `A WebSocketReconnect has given up: ${reason}.${cause}`;
    process.emitWarning(`${message} Nobody listens to its events error, close or giveup.`, {
      code: 'WSR_WARN_GAVE_UP',
    });
  }

  [own.gaveUp](message) {
    /** @type {any} */
    const error = coded(Error, 'WSR_ERR_GAVE_UP', message);
    if (this[own.inner].lastError) error.cause = this[own.inner].lastError;
    return error;
  }

  [own.settle](how, value) {
    const { pending } = this[own.inner];
    this[own.inner].pending = undefined;
    if (pending) pending[how](value);
  }
}

module.exports = { View };
