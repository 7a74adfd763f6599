const { mkdtempSync, writeFileSync } = require('fs');
const { tmpdir } = require('os');
const { join } = require('path');
const { getAsset } = require('node:sea');

// An addon is loaded from a file alone. The package is required once it knows which.
const file = join(mkdtempSync(join(tmpdir(), 'app-')), 'addon.node');
writeFileSync(file, Buffer.from(getAsset('addon.node')));
process.env.WEBSOCKET_RECONNECT_NATIVE_PATH = file;
require('./main.js');
