'use strict';

/*
 * Connects to the first URL and closes, attempts the second, then connects to the first as a function says it; prints what a session of DevTools is
 * told, a line for each event.
 */

const inspector = require('inspector');
const { WebSocketReconnect } = require('../subject.js');

const [url, deadUrl] = process.argv.slice(2);
const session = new inspector.Session();
session.connect();
for (const name of ['webSocketCreated', 'webSocketHandshakeResponseReceived', 'webSocketClosed']) {
  session.on(`Network.${name}`, ({ params: { requestId, url, timestamp, response } }) =>
    console.log(JSON.stringify({ name, requestId, url, timestamp, response })),
  );
}
session.post('Network.enable');

async function main() {
  for (const where of [url, deadUrl, () => url]) {
    const ws = new WebSocketReconnect({ url: where, maxRetries: 0 });
    ws.on('open', () => ws.close());
    const ended = new Promise((resolve) => ws.on('close', resolve));
    await ws.connect().catch(() => {});
    await ended;
  }
}

main();
