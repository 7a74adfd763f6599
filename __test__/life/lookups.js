'use strict';

/**
 * Connects 40 clients to one name that does not exist and 40 to as many, and prints how many threads that took beside those
 * there were, for how many ms, and the codes of the errors, as JSON.
 */
const { readdirSync } = require('fs');
const { WebSocketReconnect } = require('../subject.js');

const threads = () => readdirSync('/proc/self/task').length;

/** Resolves to the code of the error that ends a client. */
function code(url) {
  const ws = new WebSocketReconnect({ url, maxRetries: 0, websocketOptions: { perMessageDeflate: false } });
  ws.connect();
  return new Promise((resolve) => ws.on('error', (error) => resolve(error.code)));
}

async function run() {
  await code('ws://127.0.0.1:1/');
  const before = threads();
  let most = 0;
  let isOver = false;
  const watch = () => {
    most = Math.max(most, threads() - before);
    if (!isOver) setImmediate(watch);
  };
  watch();
  const started = Date.now();
  const names = [...Array(40).fill('one'), ...Array(40).keys()];
  const codes = new Set(await Promise.all(names.map((name) => code(`ws://${name}.nowhere.invalid/`))));
  isOver = true;
  console.log(JSON.stringify({ most, ms: Date.now() - started, codes: [...codes] }));
}

run();
