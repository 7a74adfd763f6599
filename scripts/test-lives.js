'use strict';

// Lives random lives as a slow machine does: four processes at once, on one core and behind all else that runs there,
// with the fast paths and without.
// Usage: test-lives.js [RUNS [SEED]], for example `test-lives.js 100 438161554`.

const { readFileSync } = require('fs');
const path = require('path');
const { ROOT, capturing, has } = require('./tools.js');

const AT_ONCE = 4;
const RUNS = 8;
/** A run's seeds are those of its lives, from its own on: no two runs have one in common. */
const SEEDS = 1000;
/** How long one run may take, in ms. */
const DEADLINE = 20 * 60 * 1000;

/** Switches off all fast paths (see docs/design.md). */
const SLOW_PATHS = 'write,read,runs';

function count(name, given, standard) {
  if (given === undefined) return standard;
  if (/^\d+$/.test(given)) return Number(given);
  throw new Error(`${name} is ${given} instead of a number`);
}

/** What makes a process slow, as far as this system can. */
function slowly() {
  const nice = has('nice') ? ['nice', '-n', '19'] : [];
  if (!has('taskset')) return nice;
  const [, core] = /^Cpus_allowed_list:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'));
  return [...nice, 'taskset', '-c', core];
}

/** Runs all that is random once; resolves to its counts and what it printed. */
async function live(seed, without) {
  const [command, ...args] = [
    ...slow,
    process.execPath,
    path.join(ROOT, '__test__', 'run.js'),
    'random-lives',
  ];
  const env = {
    ...process.env,
    WSR_SEED: String(seed),
    WSR_LIVES: process.env.WSR_LIVES || String(SEEDS),
    WEBSOCKET_RECONNECT_NATIVE_WITHOUT: without,
  };
  const { ok, output } = await capturing(command, args, { env, timeout: DEADLINE, killSignal: 'SIGKILL' });
  const [, passed, failed] = /^(\d+) passed, (\d+) failed/m.exec(output) || [undefined, 0, 0];
  const isBroken = !ok || Number(passed) === 0;
  return { passed: Number(passed), failed: Number(failed) || Number(isBroken), output };
}

const runs = count('RUNS', process.argv[2], RUNS);
const first = count('SEED', process.argv[3], Date.now() % 2 ** 31);
const slow = slowly();
const total = { passed: 0, failed: 0 };
let next = 0;

async function one() {
  while (next < runs) {
    const number = next++;
    const seed = first + number * SEEDS;
    const without = number % 2 === 0 ? SLOW_PATHS : '';
    const started = Date.now();
    const { passed, failed, output } = await live(seed, without);
    total.passed += passed;
    total.failed += failed;
    const paths = without ? 'without the fast paths' : 'with the fast paths';
    const seconds = Math.round((Date.now() - started) / 1000);
    if (failed > 0) console.log(output);
    console.log(`${failed > 0 ? 'FAILED' : 'ok    '} WSR_SEED=${seed} ${paths} (${seconds} s)`);
  }
}

console.log(`${runs} runs from WSR_SEED=${first}, ${AT_ONCE} at once: ${slow.join(' ') || 'at full speed'}`);
Promise.all(Array.from({ length: AT_ONCE }, one)).then(() => {
  console.log(`\n${total.passed} passed, ${total.failed} failed`);
  process.exitCode = total.failed > 0 ? 1 : 0;
});
