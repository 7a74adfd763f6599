'use strict';

/**
 * Connects to the URL given, with `websocketOptions` in JSON if there are some, and prints `open`, or the code of the error. Another client, which needs no certificate, was made
 * before.
 */
const assert = require('assert');
const { WebSocketReconnect } = require('../subject.js');

const url = 'ws://localhost/';
assert.strictEqual(new WebSocketReconnect({ url, maxRetries: 0 }).url, url);
const websocketOptions = JSON.parse(process.argv[3] || '{}');
const ws = new WebSocketReconnect({ url: process.argv[2], maxRetries: 0, websocketOptions });
ws.on('error', ({ code, message }) => console.log(code, message));
ws.connect().then(
  () => {
    console.log('open');
    ws.close();
  },
  () => {},
);
