'use strict';

const { Buffer } = require('buffer');
const { binaryOf, keep } = require('./chunk.js');
const clock = require('./clock.js');
const { currentContext } = require('./context.js');
const { DROPPED, RECEIPT, DROP_REASONS, unconfirmed } = require('./delivery.js');
const { coded, ignore, manuallyClosed, messageOf } = require('./errors.js');
const { Emitter } = require('./events.js');
const liveness = require('./liveness.js');
const { rethrow } = require('./loop.js');
const mailbox = require('./mailbox.js');
const { isAwaited } = require('./opening.js');
const own = require('./own.js');

/** Kinds of the rows that the engine tells (see src/binding/value.rs). */
const AGREED = 2;
const STATE = 3;
const CIRCUIT = 4;
const OPEN = 5;
const ERROR = 6;
const CLOSE = 7;
const RETRY = 8;
// 9 only tells the counts.
const ASK_ROUTE = 10;
const ASK_RETRY = 11;
const UNDECIDED = 13;
/** Kinds from here on are told at once, also while paused. */
const LIVENESS = 20;

/** So many items of a backlog are delivered before another client has its turn. */
const SHARE = 64;

/**
 * When a notice was made: its order among those of the mailbox, or the number of the call that returned it. A
 * horizon is the moment of a call: all that had gone to the mailbox, and all that earlier calls returned.
 */
const BEGINNING = { order: 0, call: 0 };

const isBefore = (moment, horizon) => moment.order <= horizon.order || moment.call < horizon.call;

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

function errorOf([message, code, statusCode, headers, body]) {
  /** @type {any} */
  const error = new Error(message);
  if (code !== null) error.code = code;
  if (statusCode !== null) {
    error.statusCode = statusCode;
    error.headers = headersOf(headers);
  }
  if (body !== null) {
    // A page of HTML would fill the logs of all who log errors.
    const value = typeof body === 'string' ? body : Buffer.from(body);
    Object.defineProperty(error, 'body', { value, enumerable: false, writable: true, configurable: true });
  }
  return error;
}

/**
 * What the events delivered so far say, whatever the engine has done since: turns the engine's rows into
 * the view and the events. The options and the methods of users are in index.js.
 */
class View extends Emitter {
  constructor() {
    super();
    /** @type {any} What this class knows; the subclass keeps its own beside it. */
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

  /** Takes one row of a notice in that context. */
  [own.deliverInContext](kind, row, at, moment) {
    const inner = this[own.inner];
    const starts = kind === STATE && (row[at + 6] === 'CONNECTING' || row[at + 6] === 'BLOCKED');
    if (starts && inner.nextContext !== undefined && !isBefore(moment, inner.birthHorizon)) {
      inner.context = inner.nextContext;
      inner.nextContext = undefined;
    }
    this[own.inContext](own.deliver, kind, row, at, moment);
  }

  /** Hands a call to the engine: the rows to deliver at once, and the moment of the call. */
  [own.call](name, ...args) {
    const inner = this[own.inner];
    const received = inner.received - (inner.backlog ? inner.backlog.notices : 0);
    const rows = inner.client[name](received, ...args);
    const horizon = { order: rows[0], call: ++inner.calls };
    // A change of the circuit overtakes what is under way of older ones.
    if (name !== 'connect' && rows[2] === CIRCUIT) inner.circuitHorizon = horizon;
    return { rows, horizon };
  }

  /** Hands an assignment to the engine, and returns its moment. */
  [own.assign](name, value) {
    const inner = this[own.inner];
    return { order: inner.client[name](value), call: ++inner.calls };
  }

  /** Delivers what a call returned, before it returns, and behind what `first` tells. */
  [own.deliverNow]({ rows, horizon }, first = () => {}) {
    const inner = this[own.inner];
    const moment = { order: Infinity, call: horizon.call };
    inner.telling += 1;
    try {
      first();
      mailbox.eachRow(rows, (kind, at) => this[own.deliverInContext](kind, rows, at, moment));
    } finally {
      inner.telling -= 1;
    }
    if (inner.telling === 0 && inner.behind.length > 0) this[own.deliverNow](inner.behind.shift());
  }

  /** The same, behind what a call that is under way is still telling: nothing of that is void. */
  [own.deliverBehind](reply) {
    if (this[own.inner].telling > 0) this[own.inner].behind.push(reply);
    else this[own.deliverNow](reply);
  }

  [own.circuitCall](name, state, failures, retryCount) {
    const inner = this[own.inner];
    const reply = this[own.call](name);
    inner.circuitHorizon = reply.horizon;
    if (inner.circuitFailures !== failures || inner.retryCount !== retryCount) {
      inner.countHorizon = reply.horizon;
      inner.circuitFailures = failures;
      inner.retryCount = retryCount;
    }
    // Without a row of its own, the engine was there already: what would have told it is void now.
    const isTold = reply.rows[2] === CIRCUIT;
    this[own.deliverNow](reply, () => isTold || this[own.inContext](own.setCircuitState, state));
  }

  [own.setCircuitState](state) {
    const inner = this[own.inner];
    const changed = inner.circuitState !== state;
    inner.circuitState = state;
    this[own.track]();
    if (changed) this[own.tell]('circuitChange', state);
  }

  /** Takes a row of text messages. */
  [own.deliverTexts](row, at) {
    this[own.inner].lastActivity = row[at + 2];
    const end = at + 4 + row[at + 3];
    for (let i = at + 4; i < end; i += 1) this[own.emitMessage](row[i]);
  }

  /** Takes a row of binary messages. */
  [own.deliverBinaries](row, at) {
    const inner = this[own.inner];
    inner.lastActivity = row[at + 2];
    const chunk = row[at + 4];
    if (row[at + 3] > 1) keep(chunk);
    const end = at + 5 + row[at + 3];
    let offset = 0;
    for (let i = at + 5; i < end; i += 1) {
      const length = row[i];
      this[own.emitMessage](binaryOf(inner.binaryType, chunk, offset, length));
      offset += length;
    }
  }

  /** Takes the row of a ping or a pong. */
  [own.deliverControl](event, row, at) {
    this[own.inner].lastActivity = row[at + 2];
    if (!this[own.tell](event, Buffer.from(row[at + 3]))) this[own.listen]();
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

  /** Takes the row of a notice from the mailbox. What tells of the connection's life waits behind messages that wait. */
  [own.deliverQueued](kind, row, at) {
    const inner = this[own.inner];
    const { backlog } = inner;
    inner.received = row[at + mailbox.rowLength(row, at) - 1];
    const moment = { order: inner.received, call: Infinity };
    if (backlog === undefined || backlog.isEmpty || kind >= LIVENESS)
      this[own.deliverInContext](kind, row, at, moment);
    else backlog.addNotice(kind, row.slice(at, at + mailbox.rowLength(row, at)), moment);
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
      const { data, notice } = backlog.take();
      try {
        if (notice === undefined) this[own.inContext](own.emitNow, data);
        else this[own.deliverInContext](notice.kind, notice.row, 0, notice.moment);
      } catch (error) {
        rethrow(error);
      }
      if (notice !== undefined && notice.kind === OPEN) {
        mailbox.deliverKept(this);
        return false;
      }
    }
    return !backlog.paused;
  }

  /** Takes a row of what became of what was sent. */
  [own.deliverFate](kind, row, at) {
    const { receipts, binaryType } = this[own.inner];
    if (kind === DROPPED) {
      const kept = row[at + 4];
      const data = typeof kept === 'string' ? kept : binaryOf(binaryType, kept, 0, kept.byteLength);
      this[own.tell]('drop', { data, reason: DROP_REASONS[row[at + 3]] });
    } else if (kind === RECEIPT) {
      const name = row[at + 3];
      const settle = receipts.get(name);
      receipts.delete(name);
      settle(row[at + 4]);
    } else {
      this[own.tell]('drain');
    }
  }

  /** Calls `settle` with the answer to a receipt: a doubt, or null. */
  [own.expect](name, settle) {
    const inner = this[own.inner];
    if (inner.receipts === undefined) inner.receipts = new Map();
    inner.receipts.set(name, settle);
  }

  /** The promise of a receipt that a call has asked for. */
  [own.receipt](name) {
    const promise = new Promise((resolve, reject) => {
      this[own.expect](name, (doubt) => (doubt === null ? resolve() : reject(unconfirmed(doubt))));
    });
    // It can be rejected by the network before anybody has had the time to wait for it.
    promise.catch(ignore);
    this[own.deliverFates]();
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
  [own.deliverFates]() {
    const rows = this[own.inner].client.takeFates();
    mailbox.eachRow(rows, (kind, at) => this[own.inContext](own.deliverFate, kind, rows, at));
  }

  /** Takes one row of a notice. It may have been made void by a call since its moment. */
  [own.deliver](kind, row, at, moment) {
    const inner = this[own.inner];
    if (kind === AGREED) {
      inner.agreed = {
        protocol: row[at + 3],
        extensions: row[at + 4],
        reachedUrl: row[at + 5],
        statusCode: row[at + 6],
        responseHeaders: row[at + 7],
      };
      return;
    }
    if (!isBefore(moment, inner.countHorizon)) {
      inner.retryCount = row[at + 4];
      inner.circuitFailures = row[at + 5];
    }
    if (kind === CIRCUIT) {
      if (!isBefore(moment, inner.circuitHorizon)) this[own.setCircuitState](row[at + 6]);
    } else if (!isBefore(moment, inner.lifeHorizon)) {
      this[own.live](kind, row, at, moment);
    }
  }

  /**
   * Takes a step of the connection's life. What the view becomes by it is emitted before anything else that leads to
   * code of the user: nothing is told in a state of which nobody has been told.
   */
  [own.live](kind, row, at, moment) {
    const inner = this[own.inner];
    if (kind === STATE) {
      const state = row[at + 6];
      if (inner.pings && state !== 'OPEN') inner.pings.lose();
      // A call has closed the circuit since.
      const closed = inner.circuitState !== 'OPEN' && isBefore(moment, inner.circuitHorizon);
      const isAtRest = !row[at + 3];
      // Who gave up and waits anew for a circuit that others share was told of no state from which a retry can come.
      if (state === 'BLOCKED' && closed && (isAtRest || inner.state !== 'FAILED')) return;
      if (state === 'BLOCKED' && isAtRest && isBefore(moment, inner.refusalHorizon)) return;
      if (isAtRest && isBefore(moment, inner.restHorizon)) return;
      // A call may tell a client that never connected that it is CLOSED, and each refusal says BLOCKED.
      const isTold = state === 'BLOCKED' || (isAtRest && inner.lastClose === undefined);
      if (state === inner.state && !isTold) return;
      inner.state = state;
      if (state === 'OPEN') {
        Object.assign(inner, inner.agreed, { agreed: undefined, openedAt: clock.monotonic(row[at + 2]) });
      }
      // Unless a call has begun another life since.
      if (state === 'FAILED' && !isBefore(moment, inner.endHorizon)) inner.closing = true;
      const abandoned = this[own.turn](state);
      this[own.tell]('stateChange', state);
      if (abandoned) this[own.abandon](abandoned);
      if (state === 'BLOCKED') this[own.rerouteForNext]();
      if (!inner.alive) this[own.track]();
    } else if (kind === ERROR) {
      const { thrown } = inner;
      const isThrown = thrown !== undefined && thrown.id === row[at + 11];
      const error = isThrown ? thrown.error : errorOf(row.slice(at + 6, at + 11));
      inner.thrown = undefined;
      inner.trouble = error;
      inner.lastError = error;
      this[own.tell]('error', error);
    } else if (kind === OPEN) {
      inner.lastActivity = row[at + 2];
      if (!isBefore(moment, inner.openHorizon)) this[own.settle]('resolve');
      this[own.open](row[at + 6], row[at + 7], moment);
    } else if (kind === CLOSE) {
      const lives = row[at + 3] || isBefore(moment, inner.endHorizon);
      this[own.end](lives, { code: row[at + 6], reason: row[at + 7], wasClean: row[at + 8] });
    } else if (kind === RETRY) {
      this[own.tell]('retry', { attempt: row[at + 6], delay: row[at + 7], maxRetries: row[at + 8] });
      this[own.rerouteForNext]();
    } else if (kind === ASK_ROUTE) {
      this[own.askForRoute](row[at + 6], row[at + 7]);
    } else if (kind === ASK_RETRY) {
      this[own.askForRetry](row[at + 6], row[at + 7], row[at + 8]);
    } else if (kind === UNDECIDED) {
      this[own.undecided]();
      const message = `shouldReconnect or reconnectDelay has not answered within ${row[at + 6]} ms`;
      this[own.tell]('error', coded(Error, 'WSR_ERR_FUNCTION', message));
    } else {
      liveness.deliver(this, kind, row, at);
    }
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
      isReconnect: downtime !== null,
      attempt,
      url: reachedUrl,
      statusCode,
      headers: headersOf(responseHeaders),
      downtime: downtime === null ? 0 : downtime,
    };
    this[own.tell]('open', info);
    // A handler may have closed.
    const isVoid = isBefore(moment, this[own.inner].lifeHorizon);
    if (info.isReconnect && !isVoid) this[own.tell]('reconnected', info);
  }

  /** Takes the end of a connection, which is the end of the client's life unless it `lives` on. */
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
