'use strict';

const { inspect } = require('util');

/** An error with a stable `code`, see docs/errors.md. */
function coded(Kind, code, message) {
  /** @type {Error & { code?: string }} */
  const error = new Kind(message);
  error.code = code;
  return error;
}

/** What `show` makes of a value; some throw when they are shown. */
function safely(show, value) {
  try {
    return show(value);
  } catch (_error) {
    return `a value of the type ${typeof value} that cannot be shown`;
  }
}

/** A value as text. Some objects have none of their own. */
function textOf(value) {
  try {
    return String(value);
  } catch (_error) {
    return safely(inspect, value);
  }
}

/** The message of an error, which may be a user's. */
const messageOf = (error) => safely(({ message }) => String(message), error);

/** A value as an error message shows it: short, on one line. */
function shown(value) {
  const text = safely((it) => inspect(it, { depth: 0, breakLength: Infinity, maxArrayLength: 3 }), value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

function badType(name, value, allowed, code = 'WSR_ERR_OPTION') {
  return coded(TypeError, code, `${name}: ${shown(value)} is of the wrong type; allowed is ${allowed}`);
}

function badRange(name, value, allowed, code = 'WSR_ERR_OPTION') {
  return coded(RangeError, code, `${name}: ${shown(value)} is out of range; allowed is ${allowed}`);
}

/** Checks that a value is one of these words. */
function oneOf(name, value, words) {
  const allowed = words.map((word) => `'${word}'`).join(', ');
  if (typeof value !== 'string') throw badType(name, value, allowed);
  if (!words.includes(value)) throw badRange(name, value, allowed);
  return value;
}

function notConnected() {
  return coded(Error, 'WSR_ERR_NOT_CONNECTED', 'WebSocket is not connected');
}

function manuallyClosed() {
  return coded(Error, 'WSR_ERR_CLOSED', 'Connection manually closed');
}

const ignore = () => {};

/** A rejected promise that nobody has to handle. */
function rejected(error) {
  const promise = Promise.reject(error);
  promise.catch(ignore);
  return promise;
}

module.exports = {
  coded,
  badType,
  badRange,
  messageOf,
  oneOf,
  notConnected,
  manuallyClosed,
  ignore,
  rejected,
  textOf,
};
