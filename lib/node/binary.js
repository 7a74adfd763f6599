'use strict';

const path = require('path');
const { coded } = require('../errors.js');

const PACKAGE = 'websocket-reconnect-native';
const ROOT = path.join(__dirname, '..', '..');
const LOADED = Symbol.for('websocket-reconnect-native');

/**
 * Where the binary of a platform may be, best first: a checkout's own build, then the platform's package.
 * `WEBSOCKET_RECONNECT_NATIVE_PATH` in the environment names the one file to load instead.
 */
function candidates(id, environment) {
  const chosen = environment.WEBSOCKET_RECONNECT_NATIVE_PATH;
  if (chosen) return [path.resolve(chosen)];
  return [path.join(ROOT, 'native', `${PACKAGE}.${id}.node`), `${PACKAGE}-${id}`];
}

/** Says for which platform nothing loads, what the loader said of each candidate, and the two ways out. */
function noBinary(id, reasons) {
  const lines = [
    `No binary of ${PACKAGE} loads on ${id} (${process.version}).`,
    ...reasons.map(({ from, error }) => `  ${from}: ${String(error.message).split('\n')[0]}`),
    'Either reinstall with the optional dependencies, which bring the binary: npm install --include=optional',
    `or build it from source with Rust's cargo: npm run build (in ${ROOT})`,
  ];
  return coded(Error, 'WSR_ERR_NO_BINARY', lines.join('\n'));
}

/** The addons that this JavaScript environment has loaded, by file: a copy of this package that is loaded later finds them again. */
function loaded() {
  const { [LOADED]: known = new Map() } = /** @type {any} */ (process);
  Object.defineProperty(process, LOADED, { value: known, configurable: true });
  return known;
}

/** Loads the addon of that name, or path. */
function load(name) {
  const known = loaded();
  const file = require.resolve(name);
  if (!known.has(file)) known.set(file, require(file));
  return known.get(file);
}

/** The first of the candidates that `load` loads. Throws `WSR_ERR_NO_BINARY` where none does. */
function firstBinary(id, names, load) {
  const reasons = [];
  for (const from of names) {
    try {
      return load(from);
    } catch (error) {
      reasons.push({ from, error });
    }
  }
  throw noBinary(id, reasons);
}

module.exports = { candidates, firstBinary, load, noBinary };
