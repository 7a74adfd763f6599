'use strict';

// Opens and closes connections that Node makes; prints 'done' where nothing of them is left. Usage: circles-by-node.js URL.

const net = require('net');
const { WebSocketReconnect } = require('../subject.js');

const MIB = 1024 * 1024;
/** What a heap may differ by for other reasons. */
const NOISE = 6 * MIB;

const [url] = process.argv.slice(2);
let open = 0;
const createConnection = (options) => {
  open += 1;
  return net.connect(options).on('close', () => {
    open -= 1;
  });
};

async function circles(count) {
  for (let done = 0; done < count; done += 1) {
    const ws = new WebSocketReconnect({ url, websocketOptions: { createConnection } });
    await ws.connect();
    const closed = new Promise((resolve) => ws.once('close', resolve));
    if (done % 2) ws.terminate();
    else ws.close();
    await closed;
  }
  while (open > 0) await new Promise(setImmediate);
  for (let i = 0; i < 5; i += 1) {
    global.gc();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return process.memoryUsage().heapUsed;
}

async function main() {
  const before = await circles(300);
  const after = await circles(1000);
  console.log(after - before < NOISE ? 'done' : `${after - before} bytes more`);
}

main();
