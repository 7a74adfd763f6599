'use strict';

const { ignore } = require('./errors.js');

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

/** Whether somebody waits for the promise, or has. */
const isAwaited = ({ promise }) => promise[AWAITED] === true;

module.exports = { isAwaited, makeOpening };
