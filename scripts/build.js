'use strict';

/**
 * Builds the addon for this machine into `native/`: `npm run build`. Needs cargo, and nothing from npm.
 *
 * This file holds every flag that any build of the addon is made with.
 */
const { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync } = require('fs');
const path = require('path');
const { platformId } = require('../lib/binary.js');
const { binaryName } = require('./platforms.js');
const { ROOT, must, script } = require('./steps.js');

/** The oldest glibc that a released binary has to run on. */
const GLIBC = '2.17';

/** musl links statically by default, which leaves no addon; on Windows the C runtime is to come along. */
const RUSTFLAGS = { musl: '-C target-feature=-crt-static', msvc: '-C target-feature=+crt-static' };

/** Has cargo build the library, and resolves to its path. cargo itself skips what has not changed. */
async function cargoBuild(subcommand, args, env) {
  const flags = ['--release', '--lib', '--locked', '--message-format=json-render-diagnostics'];
  const messages = await must('cargo', [subcommand, ...flags, ...args], { env, show: 'progress' });
  for (const line of messages.split('\n').reverse()) {
    if (!line.startsWith('{"reason":"compiler-artifact"')) continue;
    const { target, filenames } = JSON.parse(line);
    if (target.kind.includes('cdylib')) return filenames.find((name) => /\.(so|dylib|dll)$/.test(name));
  }
  throw new Error('cargo built no library.');
}

/** Puts the library where it is loaded from, unless it is there: a process that has it open keeps its own. */
function place(library, file) {
  if (existsSync(file) && readFileSync(file).equals(readFileSync(library))) return;
  mkdirSync(path.dirname(file), { recursive: true });
  const beside = `${file}.${process.pid}`;
  copyFileSync(library, beside);
  renameSync(beside, file);
}

/** The build for this machine. */
async function build() {
  const library = await cargoBuild('build', []);
  const file = path.join(ROOT, 'native', binaryName(platformId()));
  place(library, file);
  return file;
}

/** The build of one platform for others: on Linux against an old glibc, by zig. `env` finds its tools. */
function buildRelease({ os, target }, env) {
  const abi = target.split('-').pop();
  const rustflags = RUSTFLAGS[abi];
  const environment = rustflags ? { ...env, RUSTFLAGS: rustflags } : env;
  if (os !== 'linux') return cargoBuild('build', ['--target', target], environment);
  return cargoBuild('zigbuild', ['--target', abi === 'gnu' ? `${target}.${GLIBC}` : target], environment);
}

module.exports = { GLIBC, build, buildRelease, place };

if (require.main === module) {
  script(async () => console.log(`Built ${path.relative(ROOT, await build())}.`));
}
