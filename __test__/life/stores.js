'use strict';

/*
 * Clients live and end, each in an async context of its own, the first of the process among them. Says `let go` once the
 * stores of all these contexts have been collected.
 */

const { AsyncLocalStorage } = require('async_hooks');
const { WebSocketReconnect } = require('../subject.js');

const COUNT = 10;

const storage = new AsyncLocalStorage();
const collected = new Set();
const registry = new FinalizationRegistry((number) => collected.add(number));

function live() {
  return new Promise((resolve) => {
    const ws = new WebSocketReconnect({ url: process.argv[2], maxEventLoopBlock: 60000 });
    ws.on('close', () => setImmediate(resolve));
    ws.connect().then(() => ws.close());
  });
}

async function liveInContext(number) {
  const store = {};
  registry.register(store, number);
  await storage.run(store, live);
}

async function main() {
  for (let number = 0; number < COUNT; number += 1) await liveInContext(number);
  const end = Date.now() + 6000;
  while (collected.size < COUNT && Date.now() < end) {
    global.gc();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const kept = Array.from({ length: COUNT }, (_, number) => number).filter(
    (number) => !collected.has(number),
  );
  console.log(kept.length === 0 ? 'let go' : `kept: ${kept.join(', ')}`);
  process.exit();
}

main();
