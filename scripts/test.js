'use strict';

/** Runs every test of the project: `npm test`. Ends with the sum of what the suites counted. */
const { existsSync } = require('fs');
const path = require('path');
const { setup } = require('./setup.js');
const { ROOT, run, script } = require('./steps.js');

const tsc = path.join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
const mocha = path.join(ROOT, 'node_modules', 'mocha', 'bin', 'mocha.js');

/**
 * The suites, each a command. Rust runs with every feature on, which is every test there is; that the
 * lower layers build alone is seen by `npm run check`. A suite whose `file` is absent is left out.
 */
const SUITES = [
  { name: 'Rust', command: ['cargo', 'test', '--locked', '--quiet'] },
  { name: 'contract', file: '__test__/run.js', command: [process.execPath, '__test__/run.js'] },
  { name: 'types', file: '__test__/types', command: [process.execPath, tsc, '-p', '__test__/types'] },
  {
    name: 'examples',
    file: 'examples',
    command: [process.execPath, mocha, '--exit', 'examples/**/*.test.js'],
  },
];

/** The closing lines of our runner, of cargo (one for each target) and of mocha. */
const CLOSINGS = [
  /^(\d+) passed, (\d+) failed/gm,
  /^test result: \w+\. (\d+) passed; (\d+) failed/gm,
  /^ *(\d+) passing.*(?:\n *\d+ pending)?(?:\n *(\d+) failing)?/gm,
];

/** What a suite counted: `[passed, failed]`, or undefined where it ended without a closing line. */
function counts(output) {
  for (const closing of CLOSINGS) {
    const found = [...output.matchAll(closing)];
    const sum = (index) => found.reduce((total, match) => total + Number(match[index] || 0), 0);
    if (found.length > 0) return [sum(1), sum(2)];
  }
  return undefined;
}

/** Runs a suite. One that says no counts is one test, and one that ends badly without a failure is one failure. */
async function runSuite({ name, command }) {
  console.log(`\n== ${name}`);
  const { code, output } = await run(command[0], command.slice(1));
  const [passed, failed] = counts(output) || (code === 0 ? [1, 0] : [0, 1]);
  return [passed, code !== 0 && failed === 0 ? 1 : failed];
}

async function main() {
  await setup();
  let passed = 0;
  let failed = 0;
  for (const suite of SUITES) {
    if (suite.file && !existsSync(path.join(ROOT, suite.file))) continue;
    const [more, worse] = await runSuite(suite);
    passed += more;
    failed += worse;
  }
  console.log(`\n${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

module.exports = { counts };

if (require.main === module) script(main);
