'use strict';

// Runs those of the contract's tests that make sense over a WebSocket of the platform: over that of `ws`, and over Node's own.

const path = require('path');
const { bring } = require('./runtimes.js');
const { ROOT, capture } = require('./tools.js');

/** Files of tests of which each holds there. The others ask for headers, TLS, pings, or a thread beside JavaScript's. */
const FILES = [
  'backoff',
  'connect-gate',
  'event-emitter',
  'event-order',
  'failover',
  'init',
  'reentrancy',
  'stats',
  'view',
  'whatwg',
];
/** Node's own tells no codes of the system, and of its ends only the close code. */
const OF_NODE = ['backoff', 'event-emitter'];

const subject = path.join(ROOT, '__test__', 'support', 'portable.js');
let failures = 0;

/** @param {any[]} command */
function run(name, files, command, env = {}) {
  const [program, ...args] = command;
  for (const file of files) {
    const all = { ...process.env, WSR_TEST_SUBJECT: subject, ...env };
    const { ok, output } = capture(program, [...args, '__test__/run.js', file], { env: all });
    console.log(`${ok ? 'ok    ' : 'FAILED'} ${file} over ${name}: ${output.trim().split('\n').pop()}`);
    if (ok) continue;
    failures += 1;
    process.stdout.write(output);
  }
}

run('ws', FILES, [process.execPath]);
run("Node's own", OF_NODE, bring('22').command, { WSR_TEST_WEBSOCKET: 'global' });
console.log(`${FILES.length + OF_NODE.length - failures} passed, ${failures} failed`);
process.exitCode = failures > 0 ? 1 : 0;
