'use strict';

/**
 * Worker threads one after the other: `workers.js URL COUNT terminate|echo alone|main`. Each opens
 * connections, and then is terminated, or ends by itself after an echo.
 */
const { Worker, isMainThread, parentPort, workerData } = require('worker_threads');

const connect = (url) => {
  const { WebSocketReconnect } = require('../subject.js');
  const ws = new WebSocketReconnect({ url, heartbeatInterval: 1, heartbeatTimeout: 5000 });
  return ws.connect().then(() => ws);
};

async function inWorker({ url, how }) {
  const clients = await Promise.all([1, 2, 3].map(() => connect(url)));
  if (how === 'terminate') {
    parentPort.postMessage('open');
    return;
  }
  await Promise.all(
    clients.map(
      (ws, i) =>
        new Promise((resolve) => {
          ws.on('message', ({ data }) => data === `from ${i}` && resolve());
          ws.send(`from ${i}`);
        }),
    ),
  );
  clients.forEach((ws) => ws.close());
}

async function inMain([url, count, how, where]) {
  const own = where === 'main' ? await connect(url) : undefined;
  for (let i = 0; i < Number(count); i++) {
    const worker = new Worker(__filename, { workerData: { url, how } });
    await new Promise((resolve, reject) => {
      worker.on('error', reject);
      worker.on('exit', resolve);
      worker.on('message', () => worker.terminate());
    });
  }
  if (own) {
    if (own.state !== 'OPEN') throw new Error(`the main thread's client is ${own.state}`);
    own.close();
  }
  console.log('done');
}

if (isMainThread) inMain(process.argv.slice(2));
else inWorker(workerData);
