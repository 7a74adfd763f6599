'use strict';

/* Who is measured, and under what. */

const path = require('path');
const { bring } = require('../scripts/runtimes.js');
const { ROOT, install, run } = require('../scripts/tools.js');

const RUST = path.join(__dirname, 'peer');
const TARGET = path.join(ROOT, 'target', 'bench');
const MEASURE = path.join(__dirname, 'measure.js');

const version = (name) => require(`./node_modules/${name}/package.json`).version;
const script = (peer, [program, ...args] = [process.execPath, '--expose-gc']) => [
  program,
  ...args,
  MEASURE,
  peer,
];

/** Only sending masks. */
const nothingToMask = ({ measure }) => measure !== 'send' && measure !== 'echo' && 'it masks nothing here';

/**
 * Each peer by its key: `prepare` brings what it needs and returns its title and the command that takes a task; `cannot` says
 * why a task is not for it; `named`: it is for the rows alone that name it.
 */
const PEERS = {
  native: {
    prepare: () => ({ title: 'this package', command: script('native') }),
  },
  ws: {
    prepare: () => ({ title: `ws ${version('ws')}`, command: script('ws'), env: { WS_NO_BUFFER_UTIL: '1' } }),
  },
  bufferutil: {
    prepare: () => ({ title: `ws + bufferutil ${version('bufferutil')}`, command: script('ws') }),
    cannot: nothingToMask,
  },
  node22: {
    prepare() {
      const { name, command } = bring('22');
      return { title: `${name}, built in`, command: script('builtin', [...command, '--expose-gc']) };
    },
    cannot: ({ measure, deflate }) => measure === 'send' && deflate && 'it sends uncompressed',
  },
  websocket: {
    prepare: () => ({ title: `websocket ${version('websocket')}`, command: script('websocket') }),
    cannot: ({ deflate }) => deflate && 'it has no permessage-deflate',
  },
  bun: {
    prepare() {
      const { name, command } = bring('bun');
      return { title: `${name}, built in`, command: script('builtin', command) };
    },
  },
  rust: {
    prepare: () => ({ title: 'Rust alone', command: [rust(), 'client'] }),
  },
  skill: {
    named: true,
    prepare: () => ({ title: 'skill on ws', command: script('skill'), env: { WS_NO_BUFFER_UTIL: '1' } }),
  },
  unhooked: {
    named: true,
    prepare: () => ({ title: 'without its hooks', command: script('unhooked') }),
  },
  byNode: {
    named: true,
    prepare: () => ({ title: "transport: 'node'", command: script('by-node') }),
  },
  watched: {
    named: true,
    prepare: () => ({ title: 'with subscribers', command: script('watched') }),
  },
};

/** The bench's own binary. */
function rust() {
  return path.join(
    TARGET,
    'release',
    `websocket-reconnect-native-bench-peer${process.platform === 'win32' ? '.exe' : ''}`,
  );
}

/** Installs the clients to compare with, and builds the server and the client in Rust. */
function prepare(keys) {
  install(__dirname);
  run('cargo', ['build', '--quiet', '--release', '--target-dir', TARGET], { cwd: RUST });
  return Object.fromEntries(
    keys.map((key) => [key, { cannot: () => false, ...PEERS[key], ...PEERS[key].prepare() }]),
  );
}

// By itself it does so ahead of a bench, as CI has it in time that is spare.
if (require.main === module) prepare([]);

module.exports = { PEERS, prepare, rust };
