'use strict';

// Runs after `npm install`: builds the addon where no binary loads and cargo is there. It never fails
// an installation; where nothing loads, `require` says why.

const { existsSync } = require('fs');
const path = require('path');

function loads() {
  try {
    require('../lib/native.js');
    return true;
  } catch (_) {
    return false;
  }
}

if (!loads() && existsSync(path.join(__dirname, '..', 'Cargo.toml'))) {
  const { has } = require('./tools.js');
  if (has('cargo')) {
    try {
      require('./build.js').build();
    } catch (error) {
      console.error(`websocket-reconnect-native was not built: ${error.message}`);
    }
  }
}
