const { mkdtempSync, rmSync, writeFileSync } = require('fs');
const { tmpdir } = require('os');
const { join } = require('path');
const { getAsset } = require('node:sea');

// An addon is loaded from a file alone. The package is required once it knows which.
const folder = mkdtempSync(join(tmpdir(), 'app-'));
const file = join(folder, 'addon.node');
writeFileSync(file, Buffer.from(getAsset('addon.node')));
process.env.WEBSOCKET_RECONNECT_NATIVE_PATH = file;
// Windows does not let go of what is loaded.
if (process.platform !== 'win32') process.on('exit', () => rmSync(folder, { recursive: true }));
require('./main.js');
