'use strict';

const { coded } = require('../errors.js');

/** The error of what a user asks for and a WebSocket of the platform cannot do. */
function unsupported(what, reason) {
  const message = `${what} is not supported by the engine over the platform's WebSocket: ${reason}`;
  return coded(TypeError, 'WSR_ERR_UNSUPPORTED_OPTION', message);
}

module.exports = { unsupported };
