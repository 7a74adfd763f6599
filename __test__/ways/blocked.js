'use strict';

/* Opens a connection, blocks this thread for a second, and ends without giving it another turn. */

const { WebSocketReconnect } = require('../subject.js');
const { block } = require('../support/runtime.js');

const ws = new WebSocketReconnect({ url: process.argv[2] });
ws.on('message', () => {
  block(1000);
  process.exit();
});
ws.connect();
