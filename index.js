'use strict';

const { defineClient } = require('./lib/facade/client.js');
const engine = require('./lib/node/engine.js');

const WebSocketReconnect = defineClient(engine);

module.exports = { WebSocketReconnect };
