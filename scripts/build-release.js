'use strict';

// Builds what is published: a binary for Linux on x64 that needs no glibc above 2.17, and the tarballs
// of the package and of its platform in artifacts/.

const { mkdirSync, readdirSync, statSync } = require('fs');
const path = require('path');
const { install, libraryName } = require('./build.js');
const { ROOT, capture, python, run } = require('./tools.js');

const TARGET = 'x86_64-unknown-linux-gnu';
const ID = 'linux-x64-gnu';
const GLIBC = [2, 17];
const TARBALL_BYTES = 2 * 1024 * 1024;

function buildBinary() {
  const bin = python('zigbuild', ['cargo-zigbuild==0.24.1', 'ziglang==0.15.2']);
  const env = { ...process.env, PATH: `${bin}${path.delimiter}${process.env.PATH}` };
  const target = `${TARGET}.${GLIBC.join('.')}`;
  run('cargo', ['zigbuild', '--release', '--locked', '--lib', '--target', target], { env });
  const built = path.join(
    process.env.CARGO_TARGET_DIR || path.join(ROOT, 'target'),
    TARGET,
    'release',
    libraryName(TARGET),
  );
  const binary = path.join(ROOT, 'npm', ID, `websocket-reconnect-native.${ID}.node`);
  install(built, binary);
  return binary;
}

/** The newest glibc that a binary asks for. */
function newestGlibc(binary) {
  const { ok, output } = capture('objdump', ['-T', binary]);
  if (!ok) throw new Error(`objdump: ${output}`);
  const versions = [...output.matchAll(/GLIBC_(\d+)\.(\d+)/g)].map(([, major, minor]) => [
    Number(major),
    Number(minor),
  ]);
  if (versions.length === 0) throw new Error(`objdump shows no glibc symbol in ${binary}`);
  return versions.reduce((newest, version) => (isNewer(version, newest) ? version : newest));
}

/** @param {number[]} version @param {number[]} other */
function isNewer([major, minor], [otherMajor, otherMinor]) {
  return major > otherMajor || (major === otherMajor && minor > otherMinor);
}

function pack(folder) {
  const artifacts = path.join(ROOT, 'artifacts');
  mkdirSync(artifacts, { recursive: true });
  run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', artifacts], { cwd: folder });
}

const binary = buildBinary();
const needed = newestGlibc(binary);
console.log(`${path.basename(binary)} needs glibc ${needed.join('.')}`);
if (isNewer(needed, GLIBC))
  throw new Error(`glibc ${needed.join('.')} is needed; allowed is ${GLIBC.join('.')}`);

pack(ROOT);
pack(path.join(ROOT, 'npm', ID));
for (const name of readdirSync(path.join(ROOT, 'artifacts'))) {
  const { size } = statSync(path.join(ROOT, 'artifacts', name));
  console.log(`artifacts/${name}: ${(size / 1024).toFixed(0)} KiB`);
  if (size > TARBALL_BYTES) throw new Error(`${name} has ${size} bytes; allowed are ${TARBALL_BYTES}`);
}
