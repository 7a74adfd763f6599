'use strict';

const { badRange, badType } = require('./errors.js');

const FAILOVER = ['next', 'random'];
const RECONNECT_ON = ['always', 'transient'];

const isFunction = (value) => typeof value === 'function';

/** Checks one of a few words; `undefined` and `null` give the first. */
function word(name, value, words) {
  if (value === undefined || value === null) return words[0];
  const allowed = words.map((known) => `'${known}'`).join(' or ');
  if (typeof value !== 'string') throw badType(name, value, allowed);
  if (!words.includes(value)) throw badRange(name, value, allowed);
  return value;
}

/** Checks a function; `undefined` and `null` give none. */
function optionalFunction(name, value) {
  if (value === undefined || value === null) return undefined;
  if (!isFunction(value)) throw badType(name, value, 'a function');
  return value;
}

/** How long an attempt may take; `undefined` and `null` leave it to `handshakeTimeout`. */
function connectionTimeout(value) {
  if (value === undefined || value === null) return undefined;
  const allowed = 'a number of milliseconds of at least 0, or Infinity; 0 sets no limit';
  if (typeof value !== 'number') throw badType('connectionTimeout', value, allowed);
  if (!(value >= 0)) throw badRange('connectionTimeout', value, allowed);
  return value;
}

/** Checks a list of URLs, of which none may come twice; `undefined` and `null` give none. */
function urls(value, readUrl) {
  if (value === undefined || value === null) return undefined;
  const allowed = 'an array of strings or URLs with ws: or wss:, at least one and each once';
  if (!Array.isArray(value)) throw badType('urls', value, allowed);
  if (value.length === 0) throw badRange('urls', value, allowed);
  const list = Array.from(value, (entry, index) => readUrl(entry, `urls[${index}]`));
  const again = list.findIndex((entry, index) => list.indexOf(entry) < index);
  if (again >= 0) throw badRange(`urls[${again}]`, list[again], allowed);
  return list;
}

/** Checks a signal by what it can do: Node 14.0 has no AbortSignal, and users bring their own. */
function signal(value) {
  if (value === undefined || value === null) return undefined;
  const fits =
    typeof value === 'object' && typeof value.aborted === 'boolean' && isFunction(value.addEventListener);
  if (!fits) throw badType('signal', value, 'an AbortSignal');
  return value;
}

/** What reads the option of each name. */
const READERS = {
  failover: (value) => word('failover', value, FAILOVER),
  reconnectOn: (value) => word('reconnectOn', value, RECONNECT_ON),
  shouldReconnect: (value) => optionalFunction('shouldReconnect', value),
  reconnectDelay: (value) => optionalFunction('reconnectDelay', value),
  connectionTimeout,
  signal,
};

module.exports = { READERS, isFunction, urls };
