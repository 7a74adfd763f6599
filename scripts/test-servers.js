'use strict';

// Runs the class against nginx and haproxy in front of a server, and against OpenSSL with an old profile.
// Usage: test-servers.js [PART OF A TEST'S FULL NAME].

const { bring, runTests } = require('./program-tests.js');

/** For all of it, what is installed left out. */
const LIMIT_MS = 120000;

bring({ nginx: 'nginx-light', haproxy: 'haproxy', openssl: 'openssl' });
runTests('servers/servers.js', LIMIT_MS, process.argv[2]);
