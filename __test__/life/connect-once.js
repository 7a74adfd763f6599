'use strict';

/** Connects to the URL given and prints `open`, or the code of the error. */
const { WebSocketReconnect } = require('../subject.js');

const ws = new WebSocketReconnect({ url: process.argv[2], maxRetries: 0 });
ws.on('error', ({ code, message }) => console.log(code, message));
ws.connect().then(
  () => {
    console.log('open');
    ws.close();
  },
  () => {},
);
