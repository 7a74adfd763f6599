'use strict';

// Makes a fresh clone ready: installs what package-lock.json names, and builds the addon.

const { existsSync, statSync } = require('fs');
const path = require('path');
const { build } = require('./build.js');
const { ROOT, run } = require('./tools.js');

function isInstalled() {
  const installed = path.join(ROOT, 'node_modules', '.package-lock.json');
  const wanted = path.join(ROOT, 'package-lock.json');
  return existsSync(installed) && statSync(installed).mtimeMs >= statSync(wanted).mtimeMs;
}

if (!isInstalled()) run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund']);
build();
