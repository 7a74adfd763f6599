'use strict';

// Over the native engine alone: where no binary of it loads, this throws, since what is left is the platform's own class.
require('./lib/node/engine.js');
const buffer = require('buffer');
const { WebSocketReconnect } = require('./index.js');
const { defineWebSocket } = require('./lib/websocket/websocket.js');

// Node has it in `buffer` before it is global.
const WebSocket = defineWebSocket(WebSocketReconnect, /** @type {any} */ (buffer).Blob);

module.exports = { WebSocket };
