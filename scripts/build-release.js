'use strict';

// Builds a platform's binary as it is released, and packs it and the package itself into artifacts/.
// Usage: build-release.js [--target TRIPLE], for Linux on x64 when nothing is said.

const { copyFileSync, mkdirSync, mkdtempSync, rmSync, statSync } = require('fs');
const os = require('os');
const path = require('path');
const { GLIBC, TARGETS, buildRelease, install } = require('./build.js');
const { ROOT, capture, npm, python } = require('./tools.js');

const ARTIFACTS = path.join(ROOT, 'artifacts');
const TARBALL_BYTES = 2000000;

/** A version as a number that compares: 2.3.4 comes before 2.17. */
function order(version) {
  const [major, minor, patch = 0] = version.split('.').map(Number);
  return (major * 1000 + minor) * 1000 + patch;
}

/** The newest glibc that a binary asks for; throws where that is newer than promised. */
function newestGlibc(binary) {
  const { ok, output } = capture('objdump', ['-T', binary]);
  if (!ok) throw new Error(`objdump: ${output}`);
  const versions = [...output.matchAll(/GLIBC_(\d+(?:\.\d+)+)/g)].map(([, version]) => version);
  const newest = versions.sort((a, b) => order(a) - order(b)).pop();
  if (!newest) throw new Error(`objdump shows no glibc symbol in ${binary}`);
  if (order(newest) > order(GLIBC)) throw new Error(`glibc ${newest} is needed; allowed is ${GLIBC}`);
  return newest;
}

function buildBinary(id) {
  if (!id.startsWith('linux')) return buildRelease(id, process.env);
  const bin = python('zigbuild', ['cargo-zigbuild==0.24.1', 'ziglang==0.17.1']);
  const binary = buildRelease(id, { ...process.env, PATH: `${bin}${path.delimiter}${process.env.PATH}` });
  if (id.endsWith('gnu')) console.log(`The binary needs glibc ${newestGlibc(binary)}`);
  return binary;
}

/** Packs a folder as npm publishes it; returns the tarball. */
function pack(folder) {
  mkdirSync(ARTIFACTS, { recursive: true });
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', ARTIFACTS];
  const [{ filename, size }] = JSON.parse(npm(args, { cwd: folder }));
  console.log(`artifacts/${filename}: ${size} bytes`);
  return path.join(ARTIFACTS, filename);
}

/** Packs the package itself without this checkout's binary: the platforms' packages bring theirs. */
function packMain() {
  const [{ files }] = JSON.parse(npm(['pack', '--dry-run', '--json', '--ignore-scripts']));
  const folder = mkdtempSync(path.join(os.tmpdir(), 'wsr-main-'));
  try {
    for (const { path: file } of files.filter((file) => !file.path.startsWith('native/'))) {
      mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
      copyFileSync(path.join(ROOT, file), path.join(folder, file));
    }
    return pack(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Packs a platform's package around its binary; returns the tarball. */
function packPlatform(id, binary) {
  const folder = path.join(ROOT, 'npm', id);
  install(binary, path.join(folder, `websocket-reconnect-native.${id}.node`));
  copyFileSync(path.join(ROOT, 'LICENSE'), path.join(folder, 'LICENSE'));
  const tarball = pack(folder);
  const { size } = statSync(tarball);
  if (size > TARBALL_BYTES) throw new Error(`${tarball} has ${size} bytes; allowed are ${TARBALL_BYTES}`);
  return tarball;
}

/** Builds and packs a platform; returns the tarballs of the package itself and of the platform's. */
function release(id) {
  return { main: packMain(), platform: packPlatform(id, buildBinary(id)) };
}

module.exports = { packMain, packPlatform, release };

if (require.main === module) {
  const at = process.argv.indexOf('--target');
  const target = at > 0 ? process.argv[at + 1] : TARGETS['linux-x64-gnu'];
  const id = Object.keys(TARGETS).find((key) => TARGETS[key] === target);
  if (!id) throw new Error(`--target ${target} is none of ${Object.values(TARGETS).join(', ')}`);
  release(id);
}
