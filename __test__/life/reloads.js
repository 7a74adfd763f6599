'use strict';

/**
 * Loads the package again and again, as Jest does for each file of tests, and connects by each copy: `reloads.js URL
 * COUNT`. Tells what that has cost, as JSON, once the clients of the first copies have been seen to live on. Needs --expose-gc.
 */
const { readdirSync } = require('fs');
const path = require('path');

const [url, count] = process.argv.slice(2);
const PACKAGE = path.join(__dirname, '..', '..') + path.sep;
const SUBJECT = require.resolve('../subject.js');
const options = { url, heartbeatInterval: 0 };
const collect = global.gc || (() => global.Bun.gc(true));
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A copy of the package of its own. */
function load() {
  for (const file of Object.keys(require.cache)) {
    if (file.startsWith(PACKAGE) && file !== __filename) delete require.cache[file];
  }
  // Else each copy is kept as a child of this module.
  module.children.length = 0;
  return require(SUBJECT).WebSocketReconnect;
}

const until = (ws, event) => new Promise((resolve) => ws.once(event, resolve));
async function echo(ws, text) {
  const echoed = until(ws, 'message');
  ws.send(text);
  if ((await echoed).data !== text) throw new Error(`it is no echo of ${text}`);
}

async function life(WebSocketReconnect) {
  const ws = new WebSocketReconnect(options);
  await ws.connect();
  await echo(ws, 'hello');
  const closed = until(ws, 'close');
  ws.close();
  await closed;
}

/** Descriptors and bytes in use. */
async function cost() {
  for (let i = 0; i < 10; i++) {
    collect();
    await turn();
  }
  const { heapUsed, external } = process.memoryUsage();
  return { descriptors: readdirSync('/proc/self/fd').length, bytes: heapUsed + external };
}

/** Echoes of the heartbeats of a client that nothing but its connection keeps. */
let beats = 0;
async function drop() {
  const WebSocketReconnect = load();
  const ws = new WebSocketReconnect({ url, heartbeatInterval: 20 });
  ws.on('message', () => {
    beats += 1;
  });
  await ws.connect();
}

(async () => {
  await drop();
  const First = load();
  const first = new First(options);
  await first.connect();
  const idle = new First(options);
  // What is made once is paid for by then.
  for (let i = 0; i < 20; i++) await life(load());
  const before = await cost();
  for (let i = 0; i < count; i++) await life(load());
  const after = await cost();
  for (const seen = beats; beats < seen + 3; ) await turn();
  await echo(first, 'still here');
  await idle.connect();
  await echo(idle, 'here at last');
  console.log(
    JSON.stringify({
      descriptors: after.descriptors - before.descriptors,
      bytesEach: Math.round((after.bytes - before.bytes) / count),
    }),
  );
  process.exit(0);
})().catch((error) => {
  console.log(error.stack);
  process.exit(1);
});
