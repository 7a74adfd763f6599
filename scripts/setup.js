'use strict';

// Makes a fresh clone ready: installs what package-lock.json names, and builds the addon.

const { build } = require('./build.js');
const { ROOT, install } = require('./tools.js');

install(ROOT);
build();
