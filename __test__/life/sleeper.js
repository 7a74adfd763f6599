'use strict';

/* Connects to the URL in its arguments and prints what it is told, a line of JSON each, until it is killed. */
const { WebSocketReconnect } = require('../subject.js');

const [url, detects] = process.argv.slice(2);
const ws = new WebSocketReconnect({ url, heartbeatInterval: 0, detectSleep: detects !== 'off' });
for (const event of ['open', 'wake', 'close']) {
  ws.on(event, (argument) => console.log(JSON.stringify({ event, argument })));
}
ws.connect();
