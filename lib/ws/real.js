'use strict';

// What this package does not have, of the `ws` that is installed.

const { coded } = require('../errors.js');

/** Names under which that may be: where `ws` itself leads here, it needs another. */
const NAMES = ['ws', 'ws-real'];

/** From where it is looked for: here, unless in a bundle, and from where the program was started, in whose dependencies it stands. */
const PLACES = typeof __dirname === 'string' ? [__dirname, process.cwd()] : [process.cwd()];

function load(name) {
  try {
    return require(require.resolve(name, { paths: PLACES }));
  } catch (error) {
    if (error.code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

/** The real `ws`; `own` is the class that may stand in its place. */
function realWs(own) {
  const found = NAMES.map(load).find((one) => one !== undefined && one.WebSocket !== own);
  if (found !== undefined) return found;
  const message = `Servers are made by the real ws, which is not installed under any of the names ${NAMES.join(', ')}`;
  throw coded(Error, 'WSR_ERR_NO_WS', message);
}

/** What the real `ws` has under a name, looked for when it is first used: who only connects needs none. */
function lazily(name, own) {
  const real = () => realWs(own)[name];
  // A function, since that can be called with `new`.
  const standIn = new Proxy(function Real() {}, {
    apply: (_, self, given) => Reflect.apply(real(), self, given),
    construct: (_, given, newTarget) =>
      Reflect.construct(real(), given, newTarget === standIn ? real() : newTarget),
    get: (_, key) => real()[key],
    has: (_, key) => key in real(),
  });
  return standIn;
}

module.exports = { lazily };
