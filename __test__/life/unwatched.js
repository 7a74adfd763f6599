'use strict';

/* Connects to the URL in its arguments, watches the event loop, and lets go of the process. */
const { WebSocketReconnect } = require('../subject.js');

const ws = new WebSocketReconnect({ url: process.argv[2], maxEventLoopBlock: 60000 });
ws.on('open', () => ws.unref());
ws.connect();
