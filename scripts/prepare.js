'use strict';

// Runs when a checkout or a git dependency is installed; never for a package from the registry. Builds the addon and what
// browsers load. A checkout is of use without cargo; a git dependency is not, and whoever installs it sees only what fails.

const { existsSync } = require('fs');
const path = require('path');
const { build } = require('./build.js');
const { bundle } = require('./build-browser.js');
const { ROOT, has } = require('./tools.js');

const NAME = 'websocket-reconnect-native';

/** npm names what it prepares; other installers take the folder of git away. */
const isDependency = Boolean(process.env._PACOTE_NO_PREPARE_) || !existsSync(path.join(ROOT, '.git'));

try {
  bundle();
  if (has('cargo')) build();
  else {
    console.error(
      `${NAME} was not built: there is no cargo on the PATH. Install Rust, or take the package from the registry.`,
    );
    if (isDependency) process.exitCode = 1;
  }
} catch (error) {
  console.error(`${NAME} was not built: ${error.message}`);
  process.exitCode = 1;
}
