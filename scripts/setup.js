'use strict';

/**
 * What every command of a checkout does first: brings the development dependencies that are missing, and
 * builds the addon. `--no-build` leaves the build out.
 */
const { existsSync, statSync } = require('fs');
const path = require('path');
const { build } = require('./build.js');
const { ROOT, npm, script } = require('./steps.js');

const changed = (file) => (existsSync(file) ? statSync(file).mtimeMs : 0);

/** Installs what package-lock.json says unless that was done. Its scripts stay out: the build is a step of its own. */
async function install() {
  const installed = changed(path.join(ROOT, 'node_modules', '.package-lock.json'));
  if (installed > changed(path.join(ROOT, 'package-lock.json'))) return;
  console.log('Installing the development dependencies (npm ci)');
  await npm(['ci', '--ignore-scripts', '--include=dev', '--no-audit', '--no-fund'], { show: 'nothing' });
}

async function setup({ withBuild = true } = {}) {
  await install();
  if (!withBuild) return;
  if (!existsSync(path.join(ROOT, 'native')))
    console.log('Building the addon with cargo: some minutes, once');
  await build();
}

module.exports = { setup };

if (require.main === module) script(() => setup({ withBuild: !process.argv.includes('--no-build') }));
