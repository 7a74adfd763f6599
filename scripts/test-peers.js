'use strict';

// Runs the class against servers that others made. Usage: test-peers.js [PART OF A TEST'S FULL NAME].

const path = require('path');
const Mocha = require('mocha');
const { ROOT, capture } = require('./tools.js');

/** 64 MiB there and back, twice, through the slowest peer's compression. */
const DEADLINE_MS = 60000;

/** Brings nginx where it is missing; returns why it cannot be had, else ''. */
function missingNginx() {
  const there = () => capture('nginx', ['-v']).ok;
  if (there()) return '';
  if (!process.getuid || process.getuid() !== 0) return 'nginx is not installed, and only root may do that';
  if (!capture('apt-get', ['--version']).ok) return 'nginx is not installed, and there is no apt-get';
  // Debian starts what it installs, unless a policy forbids that.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  capture('apt-get', ['update'], { env });
  const { output } = capture('apt-get', ['install', '-y', '--no-install-recommends', 'nginx-light'], { env });
  return there() ? '' : `apt-get could not install nginx: ${output.trim().split('\n').pop()}`;
}

process.env.WSR_NO_NGINX = missingNginx();
const mocha = new Mocha({ timeout: DEADLINE_MS, slow: 5000, reporter: 'spec', ui: 'bdd' });
if (process.argv[2]) mocha.fgrep(process.argv[2]);
mocha.addFile(path.join(ROOT, '__test__', 'peers', 'peers.js'));

let stats;
const runner = mocha.run(() => {
  if (process.env.WSR_NO_NGINX) console.log(`nginx was skipped: ${process.env.WSR_NO_NGINX}`);
  console.log(`${stats.passes} passed, ${stats.failures} failed`);
  process.exit(stats.failures > 0 || stats.passes === 0 ? 1 : 0);
});
stats = runner.stats;
