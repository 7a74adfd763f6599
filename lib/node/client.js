'use strict';

// The class as Node has it: that of all platforms, and what is for Node alone.

const facade = require('../facade/client.js');
const { addIteration } = require('../facade/iteration.js');

/**
 * The class `WebSocketReconnect` over an engine.
 * @param {typeof import('./engine.js')} engine
 */
function defineClient(engine) {
  const WebSocketReconnect = facade.defineClient(engine);
  addIteration(WebSocketReconnect);
  return WebSocketReconnect;
}

module.exports = { defineClient };
