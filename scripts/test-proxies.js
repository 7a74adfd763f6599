'use strict';

// Runs the class by real proxies: tinyproxy, squid, microsocks and dante. Usage: test-proxies.js [PART OF A TEST'S FULL NAME].

const { bring, runTests } = require('./program-tests.js');

/** For all of it, what is installed left out. */
const LIMIT_MS = 120000;

bring({ tinyproxy: 'tinyproxy', squid: 'squid', microsocks: 'microsocks', danted: 'dante-server' });
runTests('proxies/proxies.js', LIMIT_MS, process.argv[2]);
