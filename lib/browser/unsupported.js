'use strict';

const { coded } = require('../errors.js');

const NO_HEADERS = 'a browser sends none of its user; put a token into the URL or a subprotocol';

/** The error of what a user asks for and a WebSocket of the platform cannot do. */
function unsupported(what, reason) {
  const message = `${what} is not supported by the engine over the platform's WebSocket: ${reason}`;
  return coded(TypeError, 'WSR_ERR_UNSUPPORTED_OPTION', message);
}

module.exports = { NO_HEADERS, unsupported };
