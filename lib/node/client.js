'use strict';

// The class as Node has it: that of all platforms, and what is for Node alone.

const facade = require('../facade/client.js');
const { addIteration } = require('../facade/iteration.js');
const { addWebStreams } = require('../facade/web-streams.js');
const { addDuplex } = require('./duplex.js');
const { addInspection, observed } = require('./sight.js');

/**
 * The class `WebSocketReconnect` over an engine.
 * @param {typeof import('./engine.js')} engine
 */
function defineClient(engine) {
  const WebSocketReconnect = facade.defineClient(observed(engine));
  addInspection(WebSocketReconnect);
  addIteration(WebSocketReconnect);
  addWebStreams(WebSocketReconnect);
  addDuplex(WebSocketReconnect);
  return WebSocketReconnect;
}

module.exports = { defineClient };
