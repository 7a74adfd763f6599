'use strict';

// Runs the class by real proxies: tinyproxy, squid, microsocks and dante. Usage: test-proxies.js [PART OF A TEST'S FULL NAME].

const path = require('path');
const Mocha = require('mocha');
const { ROOT, capture } = require('./tools.js');

/** For all of it, what is installed left out. */
const LIMIT_MS = 120000;
/** Packages of Debian, by the command of each. */
const PACKAGES = { tinyproxy: 'tinyproxy', squid: 'squid', microsocks: 'microsocks', danted: 'dante-server' };

const lacking = () =>
  Object.keys(PACKAGES).filter((command) => !capture('sh', ['-c', `command -v ${command}`]).ok);

/** Brings the proxies where they are missing; returns why they cannot be had, else ''. */
function missing() {
  // Where root finds them, and others do not look.
  process.env.PATH += ':/usr/sbin';
  if (lacking().length === 0) return '';
  if (!process.getuid || process.getuid() !== 0) return 'only root may install them';
  if (!capture('apt-get', ['--version']).ok) return 'there is no apt-get';
  // Debian starts what it installs, unless a policy forbids that.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  capture('apt-get', ['update'], { env });
  const { output } = capture(
    'apt-get',
    ['install', '-y', '--no-install-recommends', ...Object.values(PACKAGES)],
    {
      env,
    },
  );
  return lacking().length === 0 ? '' : output.trim().split('\n').pop();
}

const why = missing();
if (why !== '') {
  console.error(`${lacking().join(', ')} cannot be had: ${why}`);
  process.exit(1);
}

const mocha = new Mocha({ timeout: LIMIT_MS / 2, slow: 5000, reporter: 'spec', ui: 'bdd' });
if (process.argv[2]) mocha.fgrep(process.argv[2]);
mocha.addFile(path.join(ROOT, '__test__', 'proxies', 'proxies.js'));

let stats;
setTimeout(() => {
  console.error(`more than ${LIMIT_MS / 1000} s are too long`);
  process.exit(1);
}, LIMIT_MS).unref();
const runner = mocha.run(() => {
  console.log(`${stats.passes} passed, ${stats.failures} failed`);
  process.exit(stats.failures > 0 || stats.passes === 0 ? 1 : 0);
});
stats = runner.stats;
