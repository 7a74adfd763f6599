'use strict';

const { debuglog, inspect } = require('util');
const { messageOf, redact } = require('../errors.js');
const { headersOf } = require('../response-headers.js');

/** By `NODE_DEBUG`. */
const log = /** @type {any} */ (debuglog('websocket-reconnect'));

/** Whether it may print. Before Node 14.9 it does not say so, and decides by itself once it is called. */
const isOn =
  log.enabled === undefined ? /websocket-reconnect|\*/i.test(process.env.NODE_DEBUG || '') : log.enabled;

/** Headers whose values are shown: a name does not tell that a value is a secret, only of these it tells that it is none. */
const HARMLESS = new Set([
  'cache-control',
  'connection',
  'content-length',
  'content-type',
  'date',
  'host',
  'origin',
  'retry-after',
  'sec-websocket-accept',
  'sec-websocket-extensions',
  'sec-websocket-version',
  'server',
  'upgrade',
  'user-agent',
  'via',
]);

/** Headers, without what may be a secret. */
function masked(headers) {
  const entries = Object.entries(headers).map(([name, value]) => [name, HARMLESS.has(name) ? value : '***']);
  return inspect(Object.fromEntries(entries), { breakLength: Infinity });
}

/** The proxies that lead to the URLs. Those that an environment names do so unless its `NO_PROXY` has the host. */
function proxies({ ws, wss, bypass }, urls) {
  const named = urls.map((url) => (/^\s*wss:/i.test(url) ? wss : ws)).filter((proxy) => proxy !== undefined);
  if (named.length === 0) return '';
  return `, proxy ${[...new Set(named.map(redact))].join(' or ')}${bypass ? `, but for ${bypass}` : ''}`;
}

/** An attempt. What the user's functions say for it is not known yet. */
function connecting({ asks, currentUrls, terms, url }) {
  const where = typeof url === 'function' ? 'what url says' : currentUrls.map(redact).join(' or ');
  if (asks) return `connecting to ${where}`;
  const { headers, proxy } = terms;
  const way = proxy === undefined ? '' : proxies(proxy, currentUrls);
  return `connecting to ${where}${way}${headers.length > 0 ? `, headers ${masked(headersOf(headers))}` : ''}`;
}

const sizeOf = (data) =>
  typeof data === 'string' ? `${data.length} characters of text` : `${data.byteLength} bytes`;

/** What is printed of an event, by what it tells; of any other its name. */
const LINES = {
  __proto__: null,
  stateChange: (state, route) => (state === 'CONNECTING' ? connecting(route) : `state ${state}`),
  open: ({ url, attempt, downtime, statusCode, headers }) =>
    `open at ${redact(url)}, attempt ${attempt}, after ${downtime} ms without a connection, ${statusCode} ${masked(headers)}`,
  close: ({ code, reason, wasClean }) => `close ${code} ${inspect(reason)}${wasClean ? '' : ', not clean'}`,
  error: (error) => `error${error && error.code ? ` ${error.code}` : ''}: ${messageOf(error)}`,
  retry: ({ attempt, delay, maxRetries }) => `retry ${attempt} of ${maxRetries} in ${delay} ms`,
  circuitChange: (state) => `circuit ${state}`,
  drop: ({ data, reason }) => `drop, ${reason}: ${sizeOf(data)}`,
  giveup: ({ reason, message }) => `giveup ${reason}: ${message}`,
  blocked: ({ duration }) => `blocked: the event loop did not run for ${duration} ms`,
  wake: ({ slept }) => `wake: the machine slept for ${slept} ms`,
};

/**
 * Prints what a client is about to be told.
 * @param {import('../facade/life.js').Life} life
 */
function logEvent({ native, route }, event, argument) {
  log(`#${native.number} ${event in LINES ? LINES[event](argument, route) : event}`);
}

module.exports = { isOn, logEvent };
