'use strict';

const { coded, ignore, isError, textOf } = require('../errors.js');
const { report, rethrow } = require('../loop.js');

const isThenable = (value) =>
  value !== null &&
  (typeof value === 'object' || typeof value === 'function') &&
  typeof value.then === 'function';

/**
 * Calls functions of the user one after the other. One of `done`, with the values, and `failed`, with
 * the first error, is called at once where all are there, else when the promises among them have settled; then
 * `waiting` is called before. No rejection is left unhandled.
 */
function ask(calls, done, failed, waiting) {
  const values = [];
  let isLater;
  try {
    for (const call of calls) values.push(call());
    isLater = values.some(isThenable);
  } catch (error) {
    Promise.all(values).catch(ignore);
    failed(error);
    return;
  }
  if (!isLater) {
    done(values);
    return;
  }
  waiting();
  Promise.all(values).then(done, failed).catch(rethrow);
}

/** Has `failed` called with what a promise rejects with that a user's function has returned, where that is one. */
function heed(returned, failed) {
  if (isThenable(returned)) returned.then(undefined, failed);
}

/** What a user's function threw, as an `error` event tells it. */
function asError(thrown, name) {
  if (isError(thrown)) return thrown;
  return coded(Error, 'WSR_ERR_FUNCTION', `${name} threw what is no Error: ${textOf(thrown)}`);
}

/** An AbortSignal of a platform that has none: what users of one need. */
class Signal {
  constructor() {
    this.aborted = false;
    this.reason = undefined;
    this.onabort = null;
    this._listeners = new Set();
  }

  addEventListener(type, listener) {
    if (type === 'abort') this._listeners.add(listener);
  }

  removeEventListener(_type, listener) {
    this._listeners.delete(listener);
  }

  throwIfAborted() {
    if (this.aborted) throw this.reason;
  }
}

class Controller {
  constructor() {
    this.signal = new Signal();
  }

  abort(reason) {
    const { signal } = this;
    if (signal.aborted) return;
    signal.aborted = true;
    signal.reason = reason;
    const event = { type: 'abort', target: signal };
    for (const listener of [signal.onabort, ...signal._listeners]) {
      try {
        if (typeof listener === 'function') listener.call(signal, event);
        else if (listener) listener.handleEvent(event);
      } catch (error) {
        report("a listener of 'abort'", error);
      }
    }
  }
}

const AnyController = /** @type {any} */ (globalThis).AbortController || Controller;

/** Why something was given up, as Node words it. */
function abortError(message) {
  const error = coded(Error, 'ABORT_ERR', message);
  error.name = 'AbortError';
  return error;
}

module.exports = { AnyController, abortError, asError, ask, heed };
