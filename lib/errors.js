'use strict';

const { inspect, types } = require('util');
const { ARGUMENT, TABLE } = require('./options/table.js');

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

/** Whether a value is an error, of this realm or another. */
function isError(value) {
  try {
    return value instanceof Error || types.isNativeError(value);
  } catch (_error) {
    // A Proxy may say so.
    return false;
  }
}

/** The message of an error, which may be a user's. */
const messageOf = (error) => safely(({ message }) => String(message), error);

/** Options and arguments that are secrets or may hold some, by the last word of their names. */
const SECRETS = new Set([
  'data',
  ...[ARGUMENT, ...TABLE].filter(({ secret }) => secret).map(({ name }) => name),
]);

/** What a value is, where what it says is nobody's business. */
function kind(value) {
  if (value === null || value === undefined || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** A URL without its credentials and its query, which often holds a token; as src/net/address.rs has it. */
function redact(text) {
  const end = text.search(/[?#]/);
  const kept = end < 0 ? text : text.slice(0, end);
  const cut = end < 0 ? '' : '…';
  const at = kept.lastIndexOf('@');
  if (at < 0) return kept + cut;
  const scheme = kept.indexOf('://');
  return `${scheme >= 0 && scheme < at ? kept.slice(0, scheme + 3) : ''}***${kept.slice(at)}${cut}`;
}

/** A value as an error message shows it: short, on one line, and no secret. */
function shown(name, value) {
  const word = name
    .replace(/[[(].*/, '')
    .split('.')
    .pop();
  const isPrimitive = Object(value) !== value;
  if (!isPrimitive || SECRETS.has(word)) return kind(value);
  const isUrl = typeof value === 'string' && (word === 'url' || word === 'urls');
  const text = inspect(isUrl ? redact(value) : value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

function badType(name, value, allowed, code = 'WSR_ERR_OPTION') {
  return coded(TypeError, code, `${name}: ${shown(name, value)} is of the wrong type; allowed is ${allowed}`);
}

function badRange(name, value, allowed, code = 'WSR_ERR_OPTION') {
  return coded(RangeError, code, `${name}: ${shown(name, value)} is out of range; allowed is ${allowed}`);
}

/** `wasStarted`: `connect()` has been called. */
function notConnected(wasStarted) {
  const reason = wasStarted ? '' : ': connect() was not called';
  return coded(Error, 'WSR_ERR_NOT_CONNECTED', `WebSocket is not connected${reason}`);
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
  notConnected,
  manuallyClosed,
  ignore,
  isError,
  kind,
  redact,
  rejected,
  textOf,
};
