'use strict';

const path = require('path');
const BINARIES = require('./binaries.js');
const { noBinary } = require('./no-binary.js');

const LOADED = Symbol.for('websocket-reconnect-native');

/** The folder of this package; none in a bundle. Made of no `path.join`, for which tracers would take the whole folder along. */
function packageFolder() {
  const [, folder] = /^(.*)[\\/]lib[\\/]node$/.exec(typeof __dirname === 'string' ? __dirname : '') || [];
  return folder;
}

/** The addons that this JavaScript environment has loaded, by place: a copy of this package that is loaded later finds them again. */
function loaded() {
  const { [LOADED]: known = new Map() } = /** @type {any} */ (process);
  Object.defineProperty(process, LOADED, { value: known, configurable: true });
  return known;
}

/** What was loaded from that place before, or `load` loads; `undefined` is not kept. */
function once(place, load) {
  const known = loaded();
  const addon = known.get(place) || load();
  if (addon) known.set(place, addon);
  return addon;
}

/** The addon in that file. A bundle has no `require` of its own for it. */
function loadFile(file) {
  const holder = { exports: {} };
  process.dlopen(holder, file);
  return holder.exports;
}

/**
 * The addon of a platform: that in the file which `WEBSOCKET_RECONNECT_NATIVE_PATH` names, or else the first that loads of
 * `binaries`. Throws `WSR_ERR_NO_BINARY` where none does.
 */
function loadBinary(id, { WEBSOCKET_RECONNECT_NATIVE_PATH: chosen } = process.env, binaries = BINARIES) {
  const folder = packageFolder();
  const errors = [];
  const refused = (error) => {
    errors.push(error);
  };
  if (chosen) {
    const file = path.resolve(chosen);
    try {
      return once(file, () => loadFile(file));
    } catch (error) {
      throw noBinary({ id, folder, file, errors: [error], platforms: Object.keys(binaries) });
    }
  }
  const load = () => binaries[id] && binaries[id](refused);
  const addon = folder ? once(`${folder} ${id}`, load) : load();
  if (addon) return addon;
  throw noBinary({ id, folder, errors, platforms: Object.keys(binaries) });
}

module.exports = { loadBinary };
