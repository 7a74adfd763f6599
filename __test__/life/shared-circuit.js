'use strict';

/**
 * A client of the main thread and one of a worker thread with one circuit: `shared-circuit.js URL`, where a server
 * takes connections and never answers. The worker ends while it probes.
 */
const { Worker, isMainThread, parentPort, workerData } = require('worker_threads');
const { WebSocketReconnect } = require('../subject.js');

const make = (url) =>
  new WebSocketReconnect({
    url,
    circuitBreaker: { scope: 'both threads', resetTimeout: 200, halfOpenMaxRequests: 1 },
  });

const told = (ws, state) =>
  new Promise((resolve) => {
    ws.on('circuitChange', function listener(next) {
      if (next !== state) return;
      ws.off('circuitChange', listener);
      resolve(next);
    });
  });

async function inWorker(url) {
  const ws = make(url);
  // Nothing else holds a thread whose client is idle, nor that client: it would be collected, its listeners with it.
  const holding = setInterval(() => ws, 1000);
  parentPort.postMessage('ready');
  await told(ws, 'OPEN');
  parentPort.postMessage('OPEN');
  await told(ws, 'HALF-OPEN');
  clearInterval(holding);
  ws.connect();
  parentPort.postMessage(`${ws.state}`);
}

async function inMain(url) {
  const ws = make(url);
  const worker = new Worker(__filename, { workerData: url });
  const heard = [];
  const next = () =>
    new Promise((resolve, reject) => {
      worker.once('error', reject);
      worker.once('message', (message) => {
        worker.removeListener('error', reject);
        heard.push(message);
        resolve();
      });
    });
  await next();
  const opened = next();
  ws.openCircuit();
  await opened;
  await Promise.all([told(ws, 'HALF-OPEN'), next()]);
  ws.connect();
  heard.push(ws.state);
  const connecting = new Promise((resolve) => ws.once('stateChange', resolve));
  await worker.terminate();
  heard.push(await connecting);
  console.log(heard.join(', '));
  process.exit(0);
}

if (isMainThread) inMain(process.argv[2]);
else inWorker(workerData);
