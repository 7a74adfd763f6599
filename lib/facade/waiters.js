'use strict';

const { coded, ignore } = require('../errors.js');

/** @typedef {import('../../native/index.js').UnconfirmedReason} UnconfirmedReason */

/** On a promise that somebody waits for. */
const AWAITED = Symbol('awaited');

/** The promise of the next `open`. Each way to wait for a promise of a class of one's own leads through its `then`. */
class Opening extends Promise {
  static get [Symbol.species]() {
    return Promise;
  }

  // biome-ignore lint/suspicious/noThenProperty: it is a promise, and counts who waits
  then(...handlers) {
    this[AWAITED] = true;
    return super.then(...handlers);
  }
}

/** Such a promise with what settles it. Who ignores it never causes an `unhandledRejection`. */
function makeOpening() {
  const opening = {};
  opening.promise = new Opening((resolve, reject) => Object.assign(opening, { resolve, reject }));
  Promise.prototype.then.call(opening.promise, undefined, ignore);
  return opening;
}

/**
 * Why a message was not sent, or it is not known what became of it.
 * @type {Record<UnconfirmedReason, string>}
 */
const REASONS = {
  lost: 'the connection was lost first',
  'timed-out': 'no answer came in time',
  overflow: 'it was dropped since the queue was full',
  expired: 'it was dropped since it had waited too long',
  closed: 'the client was closed or gave up',
  'not-connected': 'there is no connection',
};

/**
 * What makes the error of a receipt that is not confirmed.
 * @param {string} unknown What is not known, unless it is that the message was not sent.
 * @returns {(reason: UnconfirmedReason, isUnsent: boolean) => Error}
 */
const unconfirmedOf = (unknown) => (reason, isUnsent) =>
  coded(Error, 'WSR_ERR_UNCONFIRMED', `${isUnsent ? 'It was not sent' : unknown}: ${REASONS[reason]}`);

const notHandedOver = unconfirmedOf('Whether it was sent is not known');
const unconfirmed = unconfirmedOf('Whether the peer has read it is not known');

const pingLost = () => coded(Error, 'WSR_ERR_PING_LOST', 'The connection ended before the pong came');

/** Who waits for something of one client: for `open`, for pongs, for receipts. Each list is there from its first use. */
class Waiters {
  constructor() {
    /** Settles at the next `open`, or when the client is at its end. */
    this.opening = undefined;
  }

  /** The promise of the next `open`: one for all who ask. */
  waitForOpen() {
    if (this.opening === undefined) this.opening = makeOpening();
    return this.opening.promise;
  }

  /** Resolves the promise of the next `open`, where there is one. */
  resolveOpen() {
    const { opening } = this;
    if (opening === undefined) return;
    this.opening = undefined;
    opening.resolve();
  }

  /** Rejects it with the error that is made for it then: one that nobody gets would cost more than a connection. */
  rejectOpen(makeError) {
    const { opening } = this;
    if (opening === undefined) return;
    this.opening = undefined;
    opening.reject(makeError());
  }

  /** Whether nobody waits for anything, nor has for what there is more than once. */
  get isIdle() {
    return this.opening === undefined && this.pings === undefined && this.receipts === undefined;
  }

  /** Whether somebody waits for `open`, or has. */
  get isOpenAwaited() {
    return this.opening !== undefined && this.opening.promise[AWAITED] === true;
  }

  /** Resolves to the round trip of a ping in ms. */
  waitForPong(number, timeout) {
    if (this.pings === undefined) this.pings = new Map();
    const { pings } = this;
    const promise = new Promise((resolve, reject) => pings.set(number, { resolve, reject, timeout }));
    promise.catch(ignore);
    return promise;
  }

  /** Takes what became of a ping: the round trip is undefined where no pong came in time. */
  settlePong(number, roundTrip) {
    const ping = this.pings.get(number);
    if (!ping) return;
    this.pings.delete(number);
    if (roundTrip !== undefined) ping.resolve(roundTrip);
    else ping.reject(coded(Error, 'WSR_ERR_PING_TIMEOUT', `No pong within ${ping.timeout} ms`));
  }

  /** The connection has ended, and no pong comes any more. */
  losePongs() {
    if (this.pings === undefined) return;
    for (const { reject } of this.pings.values()) reject(pingLost());
    this.pings.clear();
  }

  /**
   * Calls `settle` with the answer to a receipt: why it is not confirmed, or undefined; and whether the message was not sent.
   */
  expectReceipt(name, settle) {
    if (this.receipts === undefined) this.receipts = new Map();
    this.receipts.set(name, settle);
  }

  /** The promise of a receipt. It can be rejected by the network before anybody has had the time to wait for it. */
  waitForReceipt(name) {
    const promise = new Promise((resolve, reject) => {
      this.expectReceipt(name, (reason, isUnsent) =>
        reason === undefined ? resolve() : reject(unconfirmed(reason, isUnsent)),
      );
    });
    promise.catch(ignore);
    return promise;
  }

  settleReceipt(name, reason, isUnsent = false) {
    const settle = this.receipts.get(name);
    this.receipts.delete(name);
    settle(reason, isUnsent);
  }
}

/** The pings that wait for their pong, by number. */
Waiters.prototype.pings = undefined;
/** What settles the receipts that have no answer yet, by name. */
Waiters.prototype.receipts = undefined;

/** Those of who is not waited for: one for all clients. */
const NOBODY = Object.freeze(new Waiters());

module.exports = { NOBODY, Waiters, notHandedOver, pingLost };
