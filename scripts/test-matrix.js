'use strict';

// Runs the contract's tests under every runtime that is promised.
// Usage: test-matrix.js [RUNTIME …], for example `test-matrix.js 14 bun`.

const { writeFileSync } = require('fs');
const path = require('path');
const { ROOT, capture, runtime } = require('./tools.js');

const NODE = `node-${process.platform}-${process.arch}`;

const node = (version) => ({
  name: `Node ${version}`,
  npm: `${NODE}@${version}`,
  command: [`node_modules/${NODE}/bin/node`],
});

/** The oldest Node that is promised, and the newest of each line; `install` takes the binary out of its package. */
const RUNTIMES = {
  '14.0': node('14.0.0'),
  14: node('14.21.3'),
  16: node('16.20.2'),
  18: node('18.20.8'),
  20: node('20.20.2'),
  22: node('22.23.3'),
  24: node('24.21.0'),
  26: node('26.10.0'),
  bun: {
    name: 'Bun 1.4.5',
    npm: 'bun@1.4.5',
    install: 'node_modules/bun/install.js',
    command: ['node_modules/.bin/bun'],
  },
  deno: {
    name: 'Deno 2.9.6',
    npm: 'deno@2.9.6',
    install: 'node_modules/deno/install.cjs',
    command: ['node_modules/.bin/deno', 'run', '-A'],
  },
};

/** A life in each state for each runtime; the full thousand run with `npm test`. */
const LIVES = '200';

/** How long the tests may take under one runtime, in ms. */
const DEADLINE = 10 * 60 * 1000;

function test(key) {
  const { name, npm, install, command } = RUNTIMES[key];
  const [program, ...args] = command;
  const folder = runtime(key, npm, install);
  const env = { ...process.env, WSR_LIVES: process.env.WSR_LIVES || LIVES, WSR_TEST_NODE: process.execPath };
  const started = Date.now();
  const { ok, output } = capture(
    path.join(folder, program),
    [...args, path.join(ROOT, '__test__', 'run.js')],
    { env, timeout: DEADLINE, killSignal: 'SIGKILL' },
  );
  const counts = output.match(/^(\d+) passed, (\d+) failed.*$/m);
  if (!ok || !counts) {
    const log = path.join(folder, 'tests.log');
    writeFileSync(log, output);
    console.log(`The end of ${path.relative(ROOT, log)}:\n${output.slice(-10000)}`);
  }
  const failed = counts ? Number(counts[2]) : 1;
  const line = counts ? counts[0] : 'ended without a result';
  console.log(`${name.padEnd(13)} ${line}  (${Math.round((Date.now() - started) / 1000)} s)`);
  return { passed: counts ? Number(counts[1]) : 0, failed: failed || (ok ? 0 : 1) };
}

const asked = process.argv.slice(2);
const keys = asked.length > 0 ? asked : Object.keys(RUNTIMES);
const unknown = keys.find((key) => !(key in RUNTIMES));
if (unknown) throw new Error(`no runtime ${unknown}; there are ${Object.keys(RUNTIMES).join(', ')}`);
const results = keys.map(test);
const total = (name) => results.reduce((sum, result) => sum + result[name], 0);
console.log(`\n${total('passed')} passed, ${total('failed')} failed`);
process.exitCode = total('failed') > 0 ? 1 : 0;
