'use strict';

/** Makes and drops clients that have been closed, and sees whether the garbage collector takes them. */
const { WebSocketReconnect } = require('../subject.js');

const CLIENTS = 200;
const [url, scope] = process.argv.slice(2);
const collect = typeof Bun === 'undefined' ? global.gc || globalThis.gc : () => globalThis.Bun.gc(true);

let collected = 0;
const registry =
  typeof FinalizationRegistry === 'undefined' ? undefined : new FinalizationRegistry(() => collected++);

/** One life, that leaves nothing behind; some never connect. */
function live(number) {
  return new Promise((resolve) => {
    const ws = new WebSocketReconnect({ url, heartbeatMessage: 'x'.repeat(1000), circuitBreaker: { scope } });
    if (registry) registry.register(ws, number);
    if (number % 2) {
      ws.close();
      resolve();
      return;
    }
    ws.on('close', () => setImmediate(resolve));
    ws.connect().then(() => ws.close());
  });
}

async function main() {
  for (let i = 0; i < CLIENTS; i += 20) await Promise.all(Array.from({ length: 20 }, (_, j) => live(i + j)));
  if (!registry) {
    // Before FinalizationRegistry: the heap does not grow with the clients.
    collect();
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < CLIENTS * 5; i += 20)
      await Promise.all(Array.from({ length: 20 }, (_, j) => live(i + j)));
    collect();
    const grown = process.memoryUsage().heapUsed - before;
    console.log(grown < CLIENTS * 5 * 500 ? 'collected' : `the heap has grown by ${grown} bytes`);
    return;
  }
  const end = Date.now() + 15000;
  // A few may hang on a register or a stack frame.
  while (collected < CLIENTS * 0.9 && Date.now() < end) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  console.log(collected >= CLIENTS * 0.9 ? 'collected' : `${collected} of ${CLIENTS} were collected`);
}

main();
