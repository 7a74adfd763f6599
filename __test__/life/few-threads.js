'use strict';

/* In a process that may have few threads more: connects by a name, and prints the events as they come. */
const { WebSocketReconnect } = require('../subject.js');

const ws = new WebSocketReconnect({ url: 'ws://localhost:9/', maxRetries: 0 });
for (const event of ['stateChange', 'error', 'close', 'giveup']) ws.on(event, () => console.log(event));
ws.connect();
