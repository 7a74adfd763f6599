'use strict';

/**
 * Runs the contract's tests under every runtime that is supported: `npm run test:matrix`, or a part of it:
 * `npm run test:matrix -- node14 bun`. The runtimes come from npm and stay in `.tools/runtimes`.
 */
const { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } = require('fs');
const path = require('path');
const { counts } = require('./test.js');
const { setup } = require('./setup.js');
const { ROOT, must, npm, run, script } = require('./steps.js');

/** The runtimes, each with the npm package that brings it. The first is the oldest Node that is promised. */
const RUNTIMES = {
  'node14.0': node('14.0.0'),
  node14: node('14.21.3'),
  node16: node('16.20.2'),
  node18: node('18.20.8'),
  node20: node('20.20.2'),
  node22: node('22.23.3'),
  node24: node('24.21.0'),
  node26: node('26.10.0'),
  bun: { package: 'bun@1.4.5', install: 'install.js', executable: 'bin/bun.exe', args: [] },
  deno: { package: 'deno@2.9.6', install: 'install.cjs', executable: 'deno', args: ['run', '-A'] },
};

/** How long the tests may take under one runtime, in ms. */
const DEADLINE = 10 * 60 * 1000;

/** How much of a failed run's log is shown, in characters. */
const LOG = 10000;

const FOLDER = path.join(ROOT, '.tools', 'runtimes');

function node(version) {
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const executable = platform === 'win' ? 'bin/node.exe' : 'bin/node';
  return { package: `node-${platform}-${process.arch}@${version}`, executable, args: [] };
}

/** Brings a runtime into a folder of its own, unless that version is there, and resolves to its executable. */
async function bring(name) {
  const { package: spec, install, executable } = RUNTIMES[name];
  const folder = path.join(FOLDER, name);
  const brought = path.join(folder, 'brought');
  const home = path.join(folder, 'node_modules', spec.slice(0, spec.lastIndexOf('@')));
  if (!existsSync(brought) || readFileSync(brought, 'utf8') !== spec) {
    console.log(`Installing ${spec}`);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    await npm(['install', '--prefix', folder, '--no-save', '--no-package-lock', '--ignore-scripts', spec], {
      show: 'nothing',
    });
    if (install) await must(process.execPath, [install], { cwd: home, show: 'nothing' });
    writeFileSync(brought, spec);
  }
  return path.join(home, executable);
}

/** Runs the tests under a runtime: what the table says of it. */
async function runUnder(name) {
  const { package: spec, args } = RUNTIMES[name];
  const executable = await bring(name);
  const started = Date.now();
  const { code, output } = await run(executable, [...args, path.join('__test__', 'run.js')], {
    show: 'nothing',
    env: { WSR_TEST_NODE: process.execPath, NO_COLOR: '1' },
    deadline: DEADLINE,
  });
  const [passed, told] = counts(output) || [0, 0];
  const failed = code !== 0 && told === 0 ? 1 : told;
  if (failed > 0) {
    const log = path.join(FOLDER, name, 'tests.log');
    writeFileSync(log, output);
    console.log(`\n== ${name}: the end of ${path.relative(ROOT, log)}\n${output.slice(-LOG)}`);
  }
  return { name, spec, passed, failed, seconds: Math.round((Date.now() - started) / 1000) };
}

async function main() {
  const chosen = process.argv.slice(2);
  const unknown = chosen.find((name) => !(name in RUNTIMES));
  if (unknown) throw new Error(`No runtime ${unknown}; there are ${Object.keys(RUNTIMES).join(', ')}.`);
  await setup();
  const rows = [];
  for (const name of chosen.length > 0 ? chosen : Object.keys(RUNTIMES)) {
    const row = await runUnder(name);
    rows.push(row);
    console.log(`${row.name}: ${row.passed} pass, ${row.failed} fail, ${row.seconds} s`);
  }
  const column = (value, width) => String(value).padStart(width);
  console.log(`\n${'runtime'.padEnd(28)}${column('passed', 8)}${column('failed', 8)}${column('s', 6)}`);
  for (const { spec, passed, failed, seconds } of rows) {
    console.log(`${spec.padEnd(28)}${column(passed, 8)}${column(failed, 8)}${column(seconds, 6)}`);
  }
  const sum = (key) => rows.reduce((total, row) => total + row[key], 0);
  console.log(`\n${sum('passed')} passed, ${sum('failed')} failed`);
  process.exitCode = sum('failed') === 0 ? 0 : 1;
}

script(main);
