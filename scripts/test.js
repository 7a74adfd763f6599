'use strict';

// Runs every test: Rust's, the contract's against real servers, and the examples'. With `--platforms`, it runs those of Rust
// as other platforms have it, which takes builds of its own; with `--machine`, Rust's and those of the contract that run on
// each kind of machine.

const { TESTS } = require('./cross/tests.js');
const { capturing } = require('./tools.js');

/** @type {typeof SUITES} */
const PLATFORMS = [
  ...['without-read-set', 'without-shared-socket'].map((feature) => ({
    name: `the engine ${feature}, as on other platforms`,
    command: [
      'cargo',
      'test',
      '--locked',
      '--no-default-features',
      '--features',
      `engine,${feature}`,
      'engine::',
    ],
    count: (output) => sum(output, /test result: \w+\. (\d+) passed; (\d+) failed/g),
  })),
  {
    name: 'traces of the policy as browsers have it',
    command: ['cargo', 'test', '--locked', '--no-default-features', '--features=browser', '--test=traces'],
    count: (output) => sum(output, /test result: \w+\. (\d+) passed; (\d+) failed/g),
  },
];

/** @type {typeof SUITES[0]} */
const RUST = {
  name: 'Rust',
  command: ['cargo', 'test', '--locked'],
  count: (output) => sum(output, /test result: \w+\. (\d+) passed; (\d+) failed/g),
};

/** @type {typeof SUITES} */
const MACHINE = [
  RUST,
  {
    name: 'contract, what the machine has a hand in',
    command: [process.execPath, '__test__/run.js', ...TESTS],
    count: (output) => sum(output, /^(\d+) passed, (\d+) failed/gm),
  },
];

/**
 * `lanes`: in so many processes at once, each with a part of the files. Tests wait more than they compute.
 * @type {{ name: string, command: string[], lanes?: number, env?: Record<string, string>, count: Function }[]}
 */
const SUITES = [
  RUST,
  {
    name: 'contract',
    command: [process.execPath, '__test__/run.js'],
    lanes: 2,
    count: (output) => sum(output, /^(\d+) passed, (\d+) failed/gm),
  },
  {
    name: 'life histories without the fast paths',
    command: [process.execPath, '__test__/run.js', 'random-lives'],
    env: { WEBSOCKET_RECONNECT_NATIVE_WITHOUT: 'write,read,runs' },
    count: (output) => sum(output, /^(\d+) passed, (\d+) failed/gm),
  },
  {
    name: 'examples',
    command: [process.execPath, '--test', '--test-reporter=tap', 'examples/'],
    count: (output) => ({
      passed: number(output, /^# pass (\d+)/m),
      failed: number(output, /^# fail (\d+)/m),
    }),
  },
];

function number(output, pattern) {
  const found = output.match(pattern);
  return found ? Number(found[1]) : 0;
}

function sum(output, pattern) {
  const counts = { passed: 0, failed: 0 };
  for (const [, passed, failed] of output.matchAll(pattern)) {
    counts.passed += Number(passed);
    counts.failed += Number(failed);
  }
  return counts;
}

/** Runs a suite; returns whether it succeeded, and what it printed, one lane after the other. */
async function run({ command: [program, ...args], lanes = 1, env = {} }) {
  const ended = await Promise.all(
    Array.from({ length: lanes }, (_, lane) =>
      capturing(program, args, {
        env: { ...process.env, ...env, ...(lanes > 1 ? { WSR_TEST_PART: `${lane + 1}/${lanes}` } : {}) },
      }),
    ),
  );
  return { ok: ended.every(({ ok }) => ok), output: ended.map(({ output }) => output).join('\n') };
}

async function main(suites) {
  const total = { passed: 0, failed: 0 };
  for (const suite of suites) {
    console.log(`\n== ${suite.name}: ${suite.command.slice(0, 2).join(' ')}`);
    const { ok, output } = await run(suite);
    process.stdout.write(output);
    const { passed, failed } = suite.count(output);
    total.passed += passed;
    // A suite that fails or ends without a test counts as a failure of its own.
    total.failed += failed || (ok && passed > 0 ? 0 : 1);
  }
  console.log(`\n${total.passed} passed, ${total.failed} failed`);
  process.exitCode = total.failed > 0 ? 1 : 0;
}

const WAYS = { '--platforms': PLATFORMS, '--machine': MACHINE };
main(WAYS[process.argv[2]] || SUITES);
