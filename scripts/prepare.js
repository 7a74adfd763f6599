'use strict';

// Runs when a checkout or a git dependency is installed, and before packing; never for a package from the
// registry. Builds the addon where cargo is there. It fails no installation: `require` says what is missing.

const { build } = require('./build.js');
const { bundle } = require('./build-browser.js');
const { has } = require('./tools.js');

try {
  bundle();
  if (has('cargo')) build();
  else console.error('websocket-reconnect-native was not built: there is no cargo on the PATH');
} catch (error) {
  console.error(`websocket-reconnect-native was not built: ${error.message}`);
}
