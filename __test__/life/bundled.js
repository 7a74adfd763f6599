'use strict';

/* Connects and closes by the bundle for browsers, and says so. Nothing else has the process end. */

const WebSocket = require('ws');
const { WebSocketReconnect } = require('../../browser/index.js');

async function main() {
  const ws = new WebSocketReconnect({ url: process.argv[2], webSocket: WebSocket });
  const told = [];
  for (const event of ['open', 'close']) ws.on(event, () => told.push(event));
  ws.on('close', () => process.stdout.write(told.join(', ')));
  await ws.connect();
  ws.close();
}

main();
