'use strict';

/** Connects once in a worker thread, then once in the main thread, with the certificate of an authority. */
const { Worker, isMainThread, workerData } = require('worker_threads');
const { WebSocketReconnect } = require('../subject.js');

async function connectOnce({ url, ca }) {
  const ws = new WebSocketReconnect({ url, maxRetries: 0, websocketOptions: { ca } });
  await ws.connect();
  // What the server sends first, by then its tickets have come.
  await new Promise((resolve) => ws.once('message', resolve));
  ws.close();
}

async function main() {
  const [url, ca] = process.argv.slice(2);
  const worker = new Worker(__filename, { workerData: { url, ca } });
  await new Promise((resolve, reject) => worker.once('exit', resolve).once('error', reject));
  await connectOnce({ url, ca });
  console.log('done');
}

if (isMainThread) main();
else connectOnce(workerData);
