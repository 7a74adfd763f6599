#!/usr/bin/env node
'use strict';

// What `wsr demo` shows, from the checkout: `npm run demo`, or `npm run demo -- wss://host/path`.

const { demo } = require('../lib/cli/demo/index.js');

demo(process.argv[2]);
