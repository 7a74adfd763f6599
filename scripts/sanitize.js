'use strict';

// Looks for what tests do not see by themselves: every order in which the two threads can take turns (loom), and races of
// the threads (ThreadSanitizer). Usage: sanitize.js [--short].
//
// ThreadSanitizer needs a nightly toolchain with `rust-src`; what cannot run is said, with why. It does not watch the addon,
// which needs Node. Miri is left out: CONTRIBUTING.md says why.

const path = require('path');
const { ROOT, capture } = require('./tools.js');

const SHORT = process.argv.includes('--short');
const TARGET = 'x86_64-unknown-linux-gnu';
const ENGINE = ['--locked', '--no-default-features', '--features', 'engine', '--lib'];

/** Adds a component to the nightly toolchain, if need be. Why there is none, where there is none. */
function lacks(component) {
  const added = capture('rustup', ['component', 'add', '--toolchain', 'nightly', component]);
  return added.ok
    ? undefined
    : `there is no nightly toolchain with ${component}: ${added.output.trim().split('\n').pop()}`;
}

const CHECKS = [
  {
    name: 'loom: all orders of the two threads that read',
    isShort: false,
    lacks: () => undefined,
    command: ['cargo', 'test', ...ENGINE, 'read_turn::model'],
    env: { LOOM_MAX_PREEMPTIONS: '255' },
  },
  {
    name: 'loom: the orders of a driver that rests and two who wake it',
    isShort: false,
    lacks: () => undefined,
    command: ['cargo', 'test', ...ENGINE, 'wake::model'],
    // Without a limit there are too many for three threads.
    env: { LOOM_MAX_PREEMPTIONS: '5' },
  },
  {
    name: 'ThreadSanitizer: the engine over sockets',
    isShort: true,
    lacks: () =>
      process.platform === 'linux' && process.arch === 'x64' ? lacks('rust-src') : 'it needs Linux on x64',
    // With a standard library that is not watched, it takes each lock for a race.
    command: [
      'cargo',
      '+nightly',
      'test',
      '-Zbuild-std',
      '--target',
      TARGET,
      ...ENGINE,
      '--',
      '--skip',
      'model::',
    ].concat(
      SHORT
        ? ['engine::tests::threads', 'shared_socket', 'sync::', 'wake::']
        : ['engine::', 'net::', 'sync::'],
    ),
    env: {
      RUSTFLAGS: '-Zsanitizer=thread',
      CARGO_TARGET_DIR: path.join(ROOT, 'target', 'thread-sanitizer'),
      // A report tells lines: more would take a sixth of the time to compile.
      CARGO_PROFILE_DEV_DEBUG: 'line-tables-only',
      CARGO_INCREMENTAL: '0',
    },
  },
];

const counts = { passed: 0, failed: 0, 'cannot run': 0 };
for (const { name, isShort, lacks, command, env } of CHECKS) {
  if (SHORT && !isShort) continue;
  const missing = lacks();
  if (missing) {
    console.log(`cannot run  ${name}: ${missing}`);
    counts['cannot run']++;
    continue;
  }
  const started = Date.now();
  const { ok, output } = capture(command[0], command.slice(1), { env: { ...process.env, ...env } });
  const passed = Number((output.match(/test result: ok\. (\d+) passed/) || [])[1] || 0);
  // A check that ran no test has found nothing out.
  const isGood = ok && passed > 0;
  counts[isGood ? 'passed' : 'failed']++;
  const seconds = ((Date.now() - started) / 1000).toFixed(0);
  console.log(`${isGood ? 'ok         ' : 'FAILED     '} ${name}: ${passed} tests (${seconds} s)`);
  if (!isGood) process.stdout.write(output);
}
console.log(
  Object.entries(counts)
    .map(([what, count]) => `${count} ${what}`)
    .join(', '),
);
process.exitCode = counts.failed > 0 ? 1 : 0;
