'use strict';

/* Connects to the first URL and closes; then gives up at the second, at which nobody listens, with a queued message to drop. */

const { once } = require('events');
const { WebSocketReconnect } = require('../subject.js');

const [url, deadUrl] = process.argv.slice(2);

async function main() {
  const ws = new WebSocketReconnect({
    url,
    headers: { Authorization: 'Bearer hidden', 'X-Other': 'hidden', 'User-Agent': 'a test' },
  });
  await ws.connect();
  ws.close();
  await once(ws, 'close');
  const failing = new WebSocketReconnect({
    url: () => deadUrl,
    queue: {},
    baseDelay: 1,
    jitter: 0,
    maxRetries: 1,
    circuitBreaker: false,
  });
  const opened = failing.connect();
  failing.send('to be dropped');
  await opened.catch(() => {});
}

main();
