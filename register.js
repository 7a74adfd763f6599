'use strict';

const { WebSocket } = require('./websocket.js');

// As the platform's own is: it can be replaced, and is not enumerated.
Object.defineProperty(globalThis, 'WebSocket', {
  value: WebSocket,
  writable: true,
  enumerable: false,
  configurable: true,
});
