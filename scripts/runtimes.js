'use strict';

// The runtimes that tests and bench run under, each from npm.

const path = require('path');
const { runtime } = require('./tools.js');

const windows = process.platform === 'win32';
const NODE = `node-${windows ? 'win' : process.platform}-${process.arch}`;

const node = (version) => ({
  name: `Node ${version}`,
  npm: `${NODE}@${version}`,
  command: [`node_modules/${NODE}/bin/node${windows ? '.exe' : ''}`],
});

/** The oldest Node that is promised, and the newest of each line; `install` takes the binary out of its package. */
const RUNTIMES = {
  '14.0': node('14.0.0'),
  14: node('14.21.3'),
  16: node('16.20.2'),
  18: node('18.20.8'),
  20: node('20.20.2'),
  22: node('22.23.3'),
  24: node('24.21.0'),
  26: node('26.10.0'),
  bun: {
    name: 'Bun 1.4.5',
    npm: 'bun@1.4.5',
    install: 'node_modules/bun/install.js',
    command: ['node_modules/.bin/bun'],
  },
  deno: {
    name: 'Deno 2.9.6',
    npm: 'deno@2.9.6',
    install: 'node_modules/deno/install.cjs',
    command: ['node_modules/.bin/deno', 'run', '-A'],
  },
};

/** Brings a runtime where it is missing; returns its name, its folder and the command that runs a script with it. */
function bring(key) {
  const { name, npm, install, command } = RUNTIMES[key];
  const folder = runtime(key, npm, install);
  const [program, ...args] = command;
  return { name, folder, command: [path.join(folder, program), ...args] };
}

module.exports = { RUNTIMES, bring };
