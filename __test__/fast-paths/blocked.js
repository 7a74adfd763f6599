'use strict';

/* Opens a connection and blocks this thread until the process is killed, or ends after a minute. */

const { WebSocketReconnect } = require('../subject.js');
const { block } = require('../support/runtime.js');

const ws = new WebSocketReconnect({ url: process.argv[2] });
ws.on('message', () => {
  block(60000);
  process.exit();
});
ws.connect();
