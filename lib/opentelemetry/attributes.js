'use strict';

// The attributes of the semantic conventions. None of them has a value for each message, connection or query.

const PORTS = { ws: 80, wss: 443, http: 80, https: 443 };

/** Where a client leads; of what is no URL yet nothing but the protocol is known. */
function serverOf(url) {
  const attributes = { 'network.protocol.name': 'websocket' };
  let parsed;
  try {
    parsed = new URL(url);
  } catch (_error) {
    return attributes;
  }
  const scheme = parsed.protocol.slice(0, -1);
  attributes['url.scheme'] = scheme;
  if (scheme.endsWith('+unix')) {
    // A socket of Unix has no port.
    [attributes['server.address']] = parsed.pathname.split(':');
    return attributes;
  }
  attributes['server.address'] = parsed.hostname.replace(/^\[|\]$/g, '');
  attributes['server.port'] = Number(parsed.port) || PORTS[scheme];
  return attributes;
}

/** Why an attempt failed: by the status of a response that refused it, else by its code. */
function failureOf(error) {
  const { code, name, statusCode } = Object(error);
  if (statusCode === undefined) return { 'error.type': String(code || name || '_OTHER') };
  return { 'error.type': String(statusCode), 'http.response.status_code': statusCode };
}

module.exports = { failureOf, serverOf };
