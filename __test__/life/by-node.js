'use strict';

// Ends, or leaves open, a connection that Node makes; prints how. Usage: by-node.js URL closed|unref|exit|worker.

const { Worker, isMainThread, workerData } = require('worker_threads');
const { WebSocketReconnect } = require('../subject.js');

const [url, mode] = isMainThread ? process.argv.slice(2) : workerData;

async function run() {
  const ws = new WebSocketReconnect({ url, websocketOptions: { transport: 'node' } });
  await ws.connect();
  ws.send('x');
  await new Promise((resolve) => ws.once('message', resolve));
  return ws;
}

async function main() {
  if (mode === 'worker') {
    const worker = new Worker(__filename, { workerData: [url, 'open'] });
    await new Promise((resolve) => worker.once('message', resolve));
    await worker.terminate();
  } else {
    const ws = await run();
    if (mode === 'closed') {
      ws.close();
      await new Promise((resolve) => ws.once('close', resolve));
    }
    if (mode === 'unref') ws.unref();
  }
  console.log(`${mode} done`);
  if (mode === 'exit') process.exit();
}

if (isMainThread) main();
else run().then(() => require('worker_threads').parentPort.postMessage('open'));
