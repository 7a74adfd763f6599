'use strict';

// Makes a fresh clone ready: installs what package-lock.json names, and builds the addon and what browsers load.

const { build } = require('./build.js');
const { bundle } = require('./build-browser.js');
const { ROOT, install } = require('./tools.js');

install(ROOT);
build();
bundle();
