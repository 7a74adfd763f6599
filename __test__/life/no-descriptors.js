'use strict';

/** Connects to a name when no descriptor is left, and prints the error's code and message. */
const { closeSync, openSync } = require('fs');
const { WebSocketReconnect } = require('../subject.js');

const ws = new WebSocketReconnect({ url: 'ws://localhost:1/', maxRetries: 0 });
const taken = [];
try {
  for (;;) taken.push(openSync('/dev/null', 'r'));
} catch (error) {
  if (error.code !== 'EMFILE') throw error;
}
ws.on('error', ({ code, message }) => {
  for (const descriptor of taken) closeSync(descriptor);
  console.log(code, message);
});
ws.connect();
