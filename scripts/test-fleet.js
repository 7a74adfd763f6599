'use strict';

// Runs the tests of fleets, with real servers of Redis. Usage: test-fleet.js [PART OF A TEST'S FULL NAME].

const { readdirSync } = require('fs');
const path = require('path');
const Mocha = require('mocha');
const { bring } = require('./program-tests.js');
const { ROOT, install } = require('./tools.js');

const FOLDER = path.join(ROOT, '__test__', 'fleet');
const DEADLINE_MS = 30000;

bring({ 'redis-server': 'redis-server' });
install(FOLDER);
const mocha = new Mocha({ timeout: DEADLINE_MS, slow: 5000, reporter: 'spec', ui: 'bdd' });
if (process.argv[2]) mocha.fgrep(process.argv[2]);
for (const name of readdirSync(FOLDER)) {
  if (name.endsWith('.test.js')) mocha.addFile(path.join(FOLDER, name));
}
const support = (name) => require(path.join(FOLDER, 'support', name));
mocha.rootHooks({
  async afterEach() {
    await support('fleets.js').closeFleets();
    await support('processes.js').endProcesses();
    await support('redis-clients.js').endClients();
  },
  afterAll: () => support('redis-server.js').endServers(),
});

let stats;
const runner = mocha.run(() => {
  console.log(`${stats.passes} passed, ${stats.failures} failed`);
  process.exit(stats.failures > 0 || stats.passes === 0 ? 1 : 0);
});
stats = runner.stats;
