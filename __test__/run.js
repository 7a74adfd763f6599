'use strict';

/**
 * Runs the contract's tests: `<runtime> __test__/run.js [filter…]`. A filter is a part of a file's name;
 * without one every file runs. Behind a `-` it is a part of the names of files that do not. `WSR_TEST_GREP` chooses tests
 * by a part of their full names; `WSR_TEST_PART=1/2` takes every second file; `WSR_TEST_SLOWNESS=5` gives each five times as
 * long; `WSR_WORKERS` says how many worker threads come and go.
 */
const { readdirSync } = require('fs');
const path = require('path');
const Mocha = require('mocha');
const peer = require('./peer/index.js');
const { closeClients } = require('./support/clients.js');
const { TEST_MS } = require('./support/deadlines.js');

// Under an emulator the program of this process is no runtime by itself.
if (process.env.WSR_TEST_LAUNCHER) process.execPath = process.env.WSR_TEST_LAUNCHER;

/** The files that take longest come first, so that each part has its share of them. */
const LONG = ['threads', 'cli-pipes', 'random-lives', 'process-life', 'types', 'heartbeat'].map(
  (name) => `${name}.test.js`,
);

const asked = process.argv.slice(2);
const filters = asked.filter((filter) => !filter.startsWith('-'));
const unwanted = asked.filter((filter) => filter.startsWith('-')).map((filter) => filter.slice(1));
const names = readdirSync(__dirname).filter((name) => name.endsWith('.test.js'));
const all = [...LONG, ...names.filter((name) => !LONG.includes(name)).sort()];
const idle = [...filters, ...unwanted].find((filter) => !all.some((name) => name.includes(filter)));
if (idle !== undefined) {
  console.error(`No test file has ${idle} in its name.`);
  process.exit(1);
}
const [part, parts] = (process.env.WSR_TEST_PART || '1/1').split('/').map(Number);
const files = all
  .filter((name) => filters.length === 0 || filters.some((filter) => name.includes(filter)))
  .filter((name) => !unwanted.some((filter) => name.includes(filter)))
  .filter((_name, index) => index % parts === part - 1);

const mocha = new Mocha({ timeout: TEST_MS, slow: 2000, reporter: 'spec', ui: 'bdd' });
if (process.env.WSR_TEST_GREP) mocha.fgrep(process.env.WSR_TEST_GREP);
for (const file of files) mocha.addFile(path.join(__dirname, file));
mocha.rootHooks({
  afterEach() {
    closeClients();
    return peer.stopServers();
  },
});

let stats;
const runner = mocha.run(() => {
  console.log(`${stats.passes} passed, ${stats.failures} failed, ${stats.pending} skipped`);
  const nothing = stats.passes + stats.failures === 0;
  process.exit(stats.failures > 0 || nothing ? 1 : 0);
});
stats = runner.stats;
