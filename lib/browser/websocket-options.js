'use strict';

// What a WebSocket of a browser can be told, and why the rest is refused: a user who set it would miss what it does.

const { badRange, coded } = require('../errors.js');
const { take } = require('../names.js');
const { check, isAbsent, isFunction } = require('../options/check.js');
const { ROWS, rowsOf } = require('../options/table.js');
const { readHeaders } = require('../request-headers.js');
const { NO_HEADERS, unsupported } = require('./unsupported.js');

const ALL = rowsOf('websocketOptions').map(({ name }) => name);
const TAKEN = ['handshakeTimeout', 'closeTimeout'];

/** Empty headers ask for nothing. */
const asksForHeaders = (value, place) => isFunction(value) || readHeaders(value, place).length > 0;

/** Why options of the top are refused; a function says it of a value, where some are taken. */
const REFUSED = {
  headers: (value) => asksForHeaders(value, 'headers') && NO_HEADERS,
  heartbeatMode: (value) => value === 'ping' && "it sends no pings; 'message' sends heartbeatMessage",
  delivery: (value) =>
    value === 'at-least-once' &&
    'it tells neither pongs nor what the peer has read; have the application answer and send again',
  maxEventLoopBlock: (value) =>
    typeof value === 'number' && value > 0 && 'there is no other thread that could watch over the event loop',
  proxy: (value) => value !== 'env' && value !== false && 'the platform decides by which proxy it connects',
  maxRetryAfter: () => 'it does not show what a server answers that refuses',
};

/** Refuses an option that has no effect here. */
function refuse(name, value) {
  const reason = REFUSED[name] && !isAbsent(value) && REFUSED[name](value);
  if (reason) throw unsupported(name, reason);
}

/** Reads `websocketOptions`. Those of `instead` are read in the place of those given. */
function readWebSocketOptions(given, instead) {
  const taken = {
    ...take(given, TAKEN, (name, value) => {
      const place = `websocketOptions.${name}`;
      if (name === 'headers' && !asksForHeaders(value, place)) return;
      throw unsupported(place, `a browser decides it; allowed are ${TAKEN.join(', ')}`);
    }),
    ...instead,
  };
  const handshakeTimeout =
    check(ROWS['websocketOptions.handshakeTimeout'], taken.handshakeTimeout) || Infinity;
  const closeTimeout = check(ROWS['websocketOptions.closeTimeout'], taken.closeTimeout);
  return { headers: [], handshakeTimeout, closeTimeout, protocols: [] };
}

/** A bad URL is told by the constructor, and not by each attempt. */
function checkUrls(urls) {
  for (const text of urls || []) {
    const allowed = 'an absolute URL like wss://host/path, without a fragment';
    if (!/^\s*(ws|http)s?:\/\/[^/?#\s]/i.test(text) || text.includes('#'))
      throw badRange('url', text, allowed);
    try {
      new URL(text);
    } catch (_error) {
      throw badRange('url', text, allowed);
    }
  }
}

/** RFC 6455, 4.1: each subprotocol is a token, and there once. */
function checkProtocols(protocols) {
  protocols.forEach((protocol, index) => {
    const isToken = /^[\w!#$%&'*+.^`|~-]+$/.test(protocol);
    if (isToken && protocols.indexOf(protocol) === index) return;
    const trouble = isToken
      ? 'is given twice; allowed is each once'
      : "is no subprotocol: letters, digits and !#$%&'*+-.^_`|~ are allowed";
    throw coded(RangeError, 'WSR_ERR_OPTION', `protocols[${index}] ${trouble}`);
  });
}

/** What of it the facade asks for. */
const readers = {
  WEBSOCKET_OPTIONS: TAKEN,
  hasBlobs: () => false,
  isWebSocketOption: (name) => ALL.includes(name),
  readWebSocketOptions,
};

module.exports = { checkProtocols, checkUrls, readers, refuse };
