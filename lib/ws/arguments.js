'use strict';

// What the constructor and `close()` are given, read as `ws` reads it, with the errors that it has for them.

const { isWebSocketOption } = require('../options/websocket.js');

/** The characters of a subprotocol. */
const TOKEN = /^[!#$%&'*+\-.0-9A-Z^_`|a-z~]+$/;

const SCHEMES = new Map([
  ['http:', 'ws:'],
  ['https:', 'wss:'],
]);

function readUrl(address) {
  let url;
  try {
    url = new URL(`${address}`);
  } catch (_error) {
    throw new SyntaxError(`Invalid URL: ${address}`);
  }
  const scheme = SCHEMES.get(url.protocol);
  if (scheme !== undefined) url.protocol = scheme;
  if (!['ws:', 'wss:', 'ws+unix:'].includes(url.protocol)) {
    const allowed = '"ws:", "wss:", "http:", "https:", or "ws+unix:"';
    throw new SyntaxError(`The URL's protocol must be one of ${allowed}`);
  }
  if (url.protocol === 'ws+unix:' && !url.pathname) throw new SyntaxError("The URL's pathname is empty");
  if (url.hash) throw new SyntaxError('The URL contains a fragment identifier');
  // An empty one.
  url.hash = '';
  return url.href;
}

function readProtocols(given) {
  const protocols = Array.isArray(given) ? given : [given];
  const isBad = (one, at) => typeof one !== 'string' || !TOKEN.test(one) || protocols.indexOf(one) < at;
  if (protocols.some(isBad)) throw new SyntaxError('An invalid or duplicated subprotocol was specified');
  return protocols;
}

/**
 * Of the options those that are of connections: any other is ignored. Without a limit of its own, a handshake has none. That of
 * events is for the class itself.
 */
function readOptions({ allowSynchronousEvents: _, ...given }) {
  const taken = { handshakeTimeout: 0 };
  for (const name of Object.keys(given)) {
    const value = given[name];
    const isAbsent = value === undefined || value === null || (name === 'agent' && value === false);
    if (!isAbsent && isWebSocketOption(name)) taken[name] = value;
  }
  if ('perMessageDeflate' in given) taken.perMessageDeflate = given.perMessageDeflate || false;
  const { protocolVersion = 13 } = taken;
  if (protocolVersion !== 13) {
    throw new RangeError(`Unsupported protocol version: ${protocolVersion} (supported versions: 13)`);
  }
  return taken;
}

/** The options may stand in the place of the subprotocols, and those among the options. */
function readArguments(address, second, third) {
  const isOptions = typeof second === 'object' && second !== null && !Array.isArray(second);
  const options = (isOptions ? second : third) || {};
  const { protocols = [] } = isOptions || second === undefined ? options : { protocols: second };
  const { allowSynchronousEvents = true } = options;
  return {
    connection: {
      websocketOptions: readOptions(options),
      url: readUrl(address),
      protocols: readProtocols(protocols),
    },
    isOneByOne: !allowSynchronousEvents,
  };
}

const isCode = (code) =>
  (code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006) ||
  (code >= 3000 && code <= 4999);

/** Code and reason of `close()`. Without a code there is neither. */
function readClose(code, data) {
  if (code === undefined) return {};
  if (typeof code !== 'number' || !isCode(code)) {
    throw new TypeError('First argument must be a valid error code number');
  }
  const reason = data === undefined ? '' : Buffer.from(data);
  if (reason.length > 123) throw new RangeError('The message must not be greater than 123 bytes');
  return { code, reason: reason.toString() };
}

module.exports = { readArguments, readClose };
