'use strict';

/** A worker thread with clients of one budget; it says when each is open. */
const { parentPort, workerData } = require('worker_threads');
const { WebSocketReconnect } = require('../subject.js');

const { url, count, connectRate } = workerData;
for (let i = 0; i < count; i++) {
  const ws = new WebSocketReconnect({ url, connectRate, baseDelay: 50, jitter: 0, maxRetries: Infinity });
  ws.on('error', () => {});
  ws.on('open', () => parentPort.postMessage('open'));
  ws.connect();
}
