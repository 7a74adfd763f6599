'use strict';

const path = require('path');
const { coded } = require('./errors.js');
const { platformId } = require('./platform.js');

const PACKAGE = 'websocket-reconnect-native';

/** Says for which platform nothing loads, why, and the two ways out. */
function noBinary(id, reasons) {
  const lines = [
    `No binary of ${PACKAGE} loads on ${id} (${process.version}).`,
    ...reasons.map(({ from, error }) => `  ${from}: ${String(error.message).split('\n')[0]}`),
    'Either reinstall with optional dependencies, which bring the binary: npm install --include=optional',
    `or build it from source with Rust's cargo: npm run build (in node_modules/${PACKAGE} or a checkout)`,
  ];
  return coded(Error, 'WSR_ERR_NO_BINARY', lines.join('\n'));
}

/** Loads the first candidate that does. */
function load(id, candidates, load) {
  const reasons = [];
  for (const from of candidates) {
    try {
      return load(from);
    } catch (error) {
      reasons.push({ from, error });
    }
  }
  throw noBinary(id, reasons);
}

const id = platformId();
const built = path.join(__dirname, '..', 'native', `${PACKAGE}.${id}.node`);

module.exports = load(id, [built, `${PACKAGE}-${id}`], require);
