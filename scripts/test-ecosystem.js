'use strict';

// Runs packages that take a class of WebSockets, or require `ws`, over ours, each against its server, and OpenTelemetry.
// Usage: test-ecosystem.js [PART OF A TEST'S FULL NAME].

const { readdirSync } = require('fs');
const path = require('path');
const Mocha = require('mocha');
const { ROOT, install } = require('./tools.js');

const FOLDER = path.join(ROOT, '__test__', 'ecosystem');
const DEADLINE_MS = 30000;

install(FOLDER);
install(path.join(FOLDER, 'overrides'));
const mocha = new Mocha({ timeout: DEADLINE_MS, slow: 2000, reporter: 'spec', ui: 'bdd' });
if (process.argv[2]) mocha.fgrep(process.argv[2]);
for (const name of readdirSync(FOLDER)) {
  if (name.endsWith('.test.js')) mocha.addFile(path.join(FOLDER, name));
}
mocha.rootHooks({ afterEach: () => require(path.join(FOLDER, 'support.js')).endAll() });

let stats;
const runner = mocha.run(() => {
  console.log(`${stats.passes} passed, ${stats.failures} failed`);
  process.exit(stats.failures > 0 || stats.passes === 0 ? 1 : 0);
});
stats = runner.stats;
