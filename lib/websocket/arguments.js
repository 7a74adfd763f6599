'use strict';

// What the constructor and `close()` are given, read as the standard says.

const { domException } = require('./events.js');

const isObject = (value) => value !== null && (typeof value === 'object' || typeof value === 'function');

/** The characters of a token (RFC 9110, 5.6.2), which a subprotocol is. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

const SCHEMES = new Map([
  ['http:', 'ws:'],
  ['https:', 'wss:'],
]);

function syntaxError(message) {
  return domException('SyntaxError', `Failed to construct 'WebSocket': ${message}`);
}

/** The URL record; relative ones are read against the page's, where there is a page. */
function readUrl(given) {
  const { location } = /** @type {any} */ (globalThis);
  const text = `${given}`;
  let url;
  try {
    url = new URL(text, location ? location.href : undefined);
  } catch (_error) {
    throw syntaxError('the URL is invalid');
  }
  const scheme = SCHEMES.get(url.protocol);
  if (scheme !== undefined) url.protocol = scheme;
  if (url.protocol !== 'ws:' && url.protocol !== 'wss:') {
    throw syntaxError(`the URL's scheme must be ws, wss, http or https; '${url.protocol}' is not allowed`);
  }
  if (url.href.includes('#')) throw syntaxError('the URL has a fragment, which is not allowed');
  return url;
}

function readProtocols(given) {
  const protocols = isObject(given) ? Array.from(given, (one) => `${one}`) : [`${given}`];
  const bad = protocols.find((one) => !TOKEN.test(one));
  if (bad !== undefined) throw syntaxError(`the subprotocol '${bad}' is invalid`);
  const folded = new Set(protocols.map((one) => one.toLowerCase()));
  if (folded.size < protocols.length) throw syntaxError('a subprotocol is there twice');
  return protocols;
}

/** Whether the second argument is one of options: a list can be iterated. */
const isOptions = (value) => isObject(value) && typeof value[Symbol.iterator] !== 'function';

/**
 * The arguments of the constructor: the URL record, the subprotocols, and the options of the connection, which are the
 * `websocketOptions` of WebSocketReconnect. They may stand in the place of the subprotocols, as in Node's own class, or behind them, as in `ws`.
 */
function readArguments(given, second, third) {
  const url = readUrl(given);
  const { protocols = [], ...options } = isOptions(second) ? second : { protocols: second };
  const isAbsent = protocols === null || protocols === undefined;
  return {
    url,
    protocols: isAbsent ? [] : readProtocols(protocols),
    websocketOptions: isObject(third) ? { ...options, ...third } : options,
  };
}

/** To the nearest number of 16 bits, halves to the even one, as Web IDL has it. */
function clamped(value) {
  const number = Math.min(Math.max(Number(value) || 0, 0), 65535);
  const rounded = Math.round(number);
  return number % 1 === 0.5 && rounded % 2 === 1 ? rounded - 1 : rounded;
}

/** Code and reason of `close()`; without a code there is none. `sizeOf` counts the bytes of a text. */
function readClose(givenCode, givenReason, sizeOf) {
  const code = givenCode === undefined ? undefined : clamped(givenCode);
  const reason = givenReason === undefined ? '' : `${givenReason}`;
  if (code !== undefined && code !== 1000 && !(code >= 3000 && code <= 4999)) {
    const message = `the close code must be 1000 or from 3000 to 4999; ${code} is not allowed`;
    throw domException('InvalidAccessError', message);
  }
  if (sizeOf(reason) > 123) {
    throw domException('SyntaxError', 'the close reason must not be longer than 123 bytes of UTF-8');
  }
  return { code: code === undefined && reason !== '' ? 1000 : code, reason };
}

module.exports = { readArguments, readClose };
