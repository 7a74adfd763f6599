'use strict';

// Over the native engine alone: where no binary of it loads, this throws.
require('./lib/node/engine.js');
const buffer = require('buffer');
const { WebSocketReconnect } = require('./index.js');
const { lazily } = require('./lib/ws/real.js');
const { createWebSocketStream } = require('./lib/ws/stream.js');
const { defineWebSocket } = require('./lib/ws/websocket.js');

// Node has it in `buffer` before it is global.
const WebSocket = defineWebSocket(WebSocketReconnect, /** @type {any} */ (buffer).Blob);

const real = (name) => lazily(name, WebSocket);

module.exports = Object.assign(WebSocket, {
  createWebSocketStream,
  extension: real('extension'),
  PerMessageDeflate: real('PerMessageDeflate'),
  Receiver: real('Receiver'),
  Sender: real('Sender'),
  Server: real('WebSocketServer'),
  subprotocol: real('subprotocol'),
  WebSocket,
  WebSocketServer: real('WebSocketServer'),
});
