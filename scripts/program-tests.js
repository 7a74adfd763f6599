'use strict';

// Tests with programs of Debian: brings these, and runs those.

const path = require('path');
const Mocha = require('mocha');
const { ROOT, capture } = require('./tools.js');

/** Not all of them say their version. */
const isThere = (command) => capture('sh', ['-c', `command -v ${command}`]).ok;

/** Brings packages, by the command of each, where they are missing; ends the process where that cannot be. */
function bring(packages) {
  // Where root finds them, and others do not look.
  process.env.PATH += ':/usr/sbin';
  const lacking = () => Object.keys(packages).filter((command) => !isThere(command));
  if (lacking().length === 0) return;
  const why = install(Object.values(packages));
  if (lacking().length === 0) return;
  console.error(`${lacking().join(', ')} cannot be had: ${why}`);
  process.exit(1);
}

/** Installs packages; returns the last word that was said of it. */
function install(packages) {
  if (!process.getuid || process.getuid() !== 0) return 'only root may install them';
  if (!isThere('apt-get')) return 'there is no apt-get';
  // Debian starts what it installs, unless a policy forbids that.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  capture('apt-get', ['update'], { env });
  const { output } = capture('apt-get', ['install', '-y', '--no-install-recommends', ...packages], { env });
  return output.trim().split('\n').pop();
}

/** Runs a file of tests, within so many milliseconds, those alone whose full names have `part` in them; ends the process. */
function runTests(file, limit, part) {
  const mocha = new Mocha({ timeout: limit / 2, slow: 5000, reporter: 'spec', ui: 'bdd' });
  if (part) mocha.fgrep(part);
  mocha.addFile(path.join(ROOT, '__test__', file));
  let stats;
  setTimeout(() => {
    console.error(`more than ${limit / 1000} s are too long`);
    process.exit(1);
  }, limit).unref();
  const runner = mocha.run(() => {
    console.log(`${stats.passes} passed, ${stats.failures} failed`);
    process.exit(stats.failures > 0 || stats.passes === 0 ? 1 : 0);
  });
  stats = runner.stats;
}

module.exports = { bring, runTests };
