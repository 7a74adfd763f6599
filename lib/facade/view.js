'use strict';

const { headersOf } = require('../response-headers.js');

/** @typedef {import('../../native/index.js').Notice} Notice */

/** The words of states, each once for all clients: what crosses is a string of its own. */
const STATES = { __proto__: null };
for (const word of ['CLOSED', 'CONNECTING', 'OPEN', 'CLOSING', 'BLOCKED', 'FAILED']) STATES[word] = word;

/**
 * When this file was loaded. Within some weeks of it, so many ms since fit into a small integer, where any other number takes an
 * object of its own.
 */
const LOADED = Date.now();

/** A whole number without an object of its own, as one has that comes of a calculation, where it is small enough. */
function slim(number) {
  const small = number | 0;
  return small === number ? small : number;
}

/** What the events delivered so far say of a client, whatever the engine has done since. */
class View {
  constructor(now) {
    this.state = 'CLOSED';
    /** See `lastActivity`. */
    this.activeAfter = 0;
    this.lastActivity = now;
    /** On the clock that nobody sets. */
    this.openedAt = 0;
    /** See `openedOn`. */
    this.openedAfter = 0;
    /** Connections that have been told as open. */
    this.connects = 0;
    /** Messages that have come to this thread, and the bytes of their payloads. */
    this.messagesIn = 0;
    this.bytesIn = 0;
    /**
     * What the connection has agreed on that is about to be `OPEN`, until that is told.
     * @type {Extract<Notice, { kind: 'agreed' }> | undefined}
     */
    this.agreed = undefined;
    /** Connecting, open, closing, waiting to retry or blocked, as far as events tell. */
    this.alive = false;
  }

  /** In ms since the epoch. */
  get lastActivity() {
    return this.activeAt === undefined ? LOADED + this.activeAfter : this.activeAt;
  }

  set lastActivity(value) {
    const after = (value - LOADED) | 0;
    const isSmall = LOADED + after === value;
    if (isSmall) this.activeAfter = after;
    const at = isSmall ? undefined : value;
    if (this.activeAt !== at) this.activeAt = at;
  }

  /** When the latest connection was opened, in ms since the epoch. */
  get openedOn() {
    return LOADED + this.openedAfter;
  }

  /** Whether an attempt is waited for. */
  get waits() {
    return this.alive && (this.state === 'BLOCKED' || (this.state === 'CLOSED' && this.hasRetryTold));
  }

  /** Whether the engine may have something to tell of it. */
  get isReachable() {
    return this.alive || this.circuitState === 'OPEN' || this.state === 'BLOCKED';
  }

  count({ retryCount, circuitFailures }) {
    if (this.retryCount !== retryCount) this.retryCount = retryCount;
    if (this.circuitFailures !== circuitFailures) this.circuitFailures = circuitFailures;
  }

  /** A call has begun a life. */
  begin() {
    this.alive = true;
    if (this.closing) this.closing = false;
  }

  /** Takes a state, and says whether it is to be told. */
  enter({ state, alive }) {
    // A call may tell a client that never connected that it is CLOSED, and each refusal says BLOCKED.
    const isTold = state === 'BLOCKED' || (!alive && this.lastClose === undefined);
    if (state === this.state && !isTold) return false;
    this.state = STATES[state];
    if (this.hasRetryTold) this.hasRetryTold = false;
    if (this.lastError !== undefined) this.forgetErrors(state);
    return true;
  }

  /** An attempt forgets the error of the one before, and an open connection that of the last. */
  forgetErrors(state) {
    if (state === 'CONNECTING' || state === 'OPEN') this.currentError = undefined;
    if (state === 'OPEN') this.lastError = undefined;
  }

  /** What was agreed on holds for the connection that is open now. */
  takeAgreed(openedAt, openedOn) {
    const { protocol, extensions } = this.agreed;
    if (this.protocol !== protocol) this.protocol = protocol;
    if (this.extensions !== extensions) this.extensions = extensions;
    // Whole, since any other number takes an object of its own.
    this.openedAt = Math.floor(openedAt);
    this.openedAfter = slim(openedOn - LOADED);
    this.connects += 1;
  }

  fail(error) {
    this.currentError = error;
    this.lastError = error;
  }

  /** A connection has ended so, and with it the client's life unless that goes on. */
  end(ending, goesOn) {
    this.lastClose = ending;
    if (goesOn) return;
    this.alive = false;
    if (this.closing) this.closing = false;
  }

  /**
   * What `open` tells; of the answer to the upgrade nothing is kept that only this tells.
   * @param {Extract<Notice, { kind: 'open' }>} notice
   */
  opening({ attempt, downtime }) {
    const { url, statusCode, headers } = this.agreed;
    this.agreed = undefined;
    if (downtime !== undefined) this.reconnects += 1;
    return {
      isReconnect: downtime !== undefined,
      attempt,
      url,
      statusCode,
      headers: headersOf(headers),
      downtime: downtime === undefined ? 0 : downtime,
    };
  }
}

// Of most clients these say no more than here: they hold one of their own from the first time on that it differs.

/** The last activity where it is no such time. */
View.prototype.activeAt = undefined;
View.prototype.circuitState = 'CLOSED';
View.prototype.retryCount = 0;
View.prototype.circuitFailures = 0;
/** Those of `connects` that came after another. */
View.prototype.reconnects = 0;
/** `retry` has been told of the attempt that comes. */
View.prototype.hasRetryTold = false;
View.prototype.manualClose = false;
/** `close()` was called, or `FAILED` was told: the last `close` is on its way. */
View.prototype.closing = false;
/** What the latest connection has agreed on. */
View.prototype.protocol = '';
View.prototype.extensions = '';
/** The error of the latest attempt or connection that failed, none once one is open, … */
View.prototype.lastError = undefined;
/** … and of the one that is under way, or has ended last. */
View.prototype.currentError = undefined;
/** What `error` told last. */
View.prototype.toldError = undefined;
/** How the latest connection ended. */
View.prototype.lastClose = undefined;

module.exports = { View };
