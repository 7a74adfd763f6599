'use strict';

// Runs the contract's tests under every runtime that is promised.
// Usage: test-matrix.js [RUNTIME …], for example `test-matrix.js 14 bun`.

const { writeFileSync } = require('fs');
const path = require('path');
const { RUNTIMES, bring } = require('./runtimes.js');
const { ROOT, capture } = require('./tools.js');

/** A life in each state for each runtime; the full thousand run with `npm test`. */
const LIVES = '200';

/** How long the tests may take under one runtime, in ms. */
const DEADLINE = 10 * 60 * 1000;

function test(key) {
  const { name, folder, command } = bring(key);
  const [program, ...args] = command;
  const env = { ...process.env, WSR_LIVES: process.env.WSR_LIVES || LIVES, WSR_TEST_NODE: process.execPath };
  const started = Date.now();
  const { ok, output } = capture(program, [...args, path.join(ROOT, '__test__', 'run.js')], {
    env,
    timeout: DEADLINE,
    killSignal: 'SIGKILL',
  });
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
