'use strict';

// Runs the recipes of docs/bundling.md. Usage: test-bundlers.js [PART OF A TEST'S FULL NAME].

const path = require('path');
const Mocha = require('mocha');
const { bringBundlers } = require('../__test__/bundlers/project.js');
const { ROOT } = require('./tools.js');

/** Next.js builds for the better part of a minute. */
const DEADLINE_MS = 240000;

bringBundlers();
const mocha = new Mocha({ timeout: DEADLINE_MS, slow: DEADLINE_MS, reporter: 'spec', ui: 'bdd' });
if (process.argv[2]) mocha.fgrep(process.argv[2]);
mocha.addFile(path.join(ROOT, '__test__', 'bundlers', 'bundlers.test.js'));

let stats;
const runner = mocha.run(() => {
  console.log(`${stats.passes} passed, ${stats.failures} failed`);
  process.exit(stats.failures > 0 || stats.passes === 0 ? 1 : 0);
});
stats = runner.stats;
