'use strict';

// Runs the contract's tests under every runtime that is promised, two at a time.
// Usage: test-matrix.js [RUNTIME …], for example `test-matrix.js 14 bun`: all tests under each of these.

const { writeFileSync } = require('fs');
const path = require('path');
const { install } = require('../__test__/peer/python.js');
const { RUNTIMES, bring } = require('./runtimes.js');
const { ROOT, capturing } = require('./tools.js');

const AT_ONCE = 2;

/** The oldest and the newest Node, and those that are no Node. All tests run there. */
const WHOLE = ['14.0', '26', 'bun', 'deno'];
/** But those of what is the same everywhere: the compiler of TypeScript reads the types, which takes long. */
const BUT = ['-types'];

/**
 * The files that run on the others, by parts of their names: those whose behaviour is the runtime's as much as ours. What
 * the rest tests is decided by the engine and by lib/, which are the same everywhere: where these differ at all by version,
 * the oldest and the newest show it.
 */
const BETWEEN = [
  // How a module and a binary are found.
  'loading',
  'no-binary',
  // Node-API, libuv and V8: threads and their end, references and memory, who reads and writes.
  'process-life',
  'threads',
  'messages',
  'fast-paths',
  // Classes of the runtime: EventEmitter, EventTarget, AbortController, Buffer.
  'events',
  'event-emitter',
  'abort-signal',
  'reconnect',
  'route',
  'subclass',
  // What a runtime has to look on with.
  'observability',
  'websocket.test',
  'ws-entry',
  'whatwg',
  'iteration',
  'streams',
  // The HTTP server and the sockets of a runtime, and its global WebSocket.
  'testing-server',
  // What it trusts, and how it reads keys.
  'tls',
  // parseArgs.
  'cli-usage',
];

/** So many random lives, and so many workers one after the other, for each runtime: `npm test` has more of both. */
const LIVES = '200';
const WORKERS = '50';

/** How long the tests may take under one runtime, in ms. */
const DEADLINE = 20 * 60 * 1000;

async function test({ name, folder, command }, filters) {
  const fewer = { WSR_LIVES: LIVES, WSR_WORKERS: WORKERS };
  const env = { ...fewer, ...process.env, WSR_TEST_NODE: process.execPath };
  const started = Date.now();
  const [program, ...args] = [...command, path.join(ROOT, '__test__', 'run.js'), ...filters];
  const { ok, output } = await capturing(program, args, { env, timeout: DEADLINE, killSignal: 'SIGKILL' });
  const counts = output.match(/^(\d+) passed, (\d+) failed.*$/m);
  if (!ok || !counts) {
    const log = path.join(folder, 'tests.log');
    writeFileSync(log, output);
    console.log(`The end of ${path.relative(ROOT, log)}:\n${output.slice(-10000)}`);
  }
  const failed = counts ? Number(counts[2]) : 1;
  const line = counts ? counts[0] : 'ended without a result';
  const part = filters === BUT ? '' : 'in part: ';
  console.log(`${name.padEnd(13)} ${part}${line}  (${Math.round((Date.now() - started) / 1000)} s)`);
  return { passed: counts ? Number(counts[1]) : 0, failed: failed || (ok ? 0 : 1) };
}

const asked = process.argv.slice(2);
const unknown = asked.find((key) => !(key in RUNTIMES));
if (unknown) throw new Error(`no runtime ${unknown}; there are ${Object.keys(RUNTIMES).join(', ')}`);
// `npm test` runs all tests with the line of this Node.
const own = process.versions.node.split('.')[0];
const between = Object.keys(RUNTIMES).filter((key) => !WHOLE.includes(key) && key !== own);
const whole = (key) => ({ key, filters: BUT });
// The long ones first: so both places are busy for as long as there is something to run.
const waiting =
  asked.length > 0
    ? asked.map(whole)
    : [...WHOLE.map(whole), ...between.map((key) => ({ key, filters: BETWEEN }))];
// What two would install at once is there before they start.
const ready = waiting.map(({ key, filters }) => ({ ...bring(key), filters }));
install();

const total = { passed: 0, failed: 0 };
async function one() {
  while (ready.length > 0) {
    const { filters, ...runtime } = ready.shift();
    const { passed, failed } = await test(runtime, filters);
    total.passed += passed;
    total.failed += failed;
  }
}
Promise.all(Array.from({ length: AT_ONCE }, one)).then(() => {
  console.log(`\n${total.passed} passed, ${total.failed} failed`);
  process.exitCode = total.failed > 0 ? 1 : 0;
});
