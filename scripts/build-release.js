'use strict';

// Builds a platform's binary as it is released, and packs it and the package itself into artifacts/.
// Usage: build-release.js [--target TRIPLE], for Linux on x64 when nothing is said.

const { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } = require('fs');
const os = require('os');
const path = require('path');
const { bundle } = require('./build-browser.js');
const { GLIBC, TARGETS, buildRelease, install } = require('./build.js');
const { publisher, readManifest, withLinksOut } = require('./publisher.js');
const { ROOT, capture, install: installLocked, npm, python } = require('./tools.js');

const ARTIFACTS = path.join(ROOT, 'artifacts');
/** A platform's tarball must not be larger. */
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

/** The folder of zig and of what has cargo use it. */
const zig = () => python('zigbuild', ['cargo-zigbuild==0.24.1', 'ziglang==0.17.1']);

function buildBinary(id) {
  if (!id.startsWith('linux')) return buildRelease(id, process.env);
  const binary = buildRelease(id, { ...process.env, PATH: `${zig()}${path.delimiter}${process.env.PATH}` });
  if (id.endsWith('gnu')) console.log(`The binary needs glibc ${newestGlibc(binary)}`);
  return binary;
}

/** Packs a folder as npm publishes it; returns the tarball. */
function pack(folder, to) {
  mkdirSync(to, { recursive: true });
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', to];
  const [{ filename, size }] = JSON.parse(npm(args, { cwd: folder }));
  console.log(`${filename}: ${size} bytes`);
  return path.join(to, filename);
}

/** Packs what `fill` writes into an empty folder; returns the tarball. */
function packFilled(to, fill) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'wsr-packed-'));
  try {
    fill(folder);
    return pack(folder, to);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const writeJson = (file, value) => writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);

/**
 * Packs the package itself without this checkout's binary: the platforms' packages bring theirs. Its manifest has no script
 * whose file stays here, so that `npm install` works in a copy of it.
 */
function packMain(to = ARTIFACTS) {
  const [{ files }] = JSON.parse(npm(['pack', '--dry-run', '--json', '--ignore-scripts']));
  const names = files.map((file) => file.path).filter((name) => !name.startsWith('native/'));
  return packFilled(to, (folder) => {
    for (const name of names) {
      mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
      copyFileSync(path.join(ROOT, name), path.join(folder, name));
    }
    const { devDependencies, scripts, ...manifest } = readManifest();
    const published = { ...manifest, ...publisher(), scripts: { build: scripts.build } };
    writeJson(path.join(folder, 'package.json'), published);
    for (const name of names.filter((file) => file.endsWith('.md'))) {
      const file = path.join(folder, name);
      writeFileSync(file, withLinksOut(readFileSync(file, 'utf8'), name, names));
    }
  });
}

/** Packs a platform's package around its binary; returns the tarball. */
function packPlatform(id, binary, to = ARTIFACTS) {
  const own = path.join(ROOT, 'npm', id);
  return packFilled(to, (folder) => {
    install(binary, path.join(folder, `websocket-reconnect-native.${id}.node`));
    for (const name of ['LICENSE', 'THIRD-PARTY-LICENSES']) {
      copyFileSync(path.join(ROOT, name), path.join(folder, name));
    }
    copyFileSync(path.join(own, 'README.md'), path.join(folder, 'README.md'));
    const manifest = JSON.parse(readFileSync(path.join(own, 'package.json'), 'utf8'));
    writeJson(path.join(folder, 'package.json'), { ...manifest, ...publisher(`npm/${id}`) });
  });
}

/** Builds and packs a platform; returns the tarballs of the package itself and of the platform's. */
function release(id) {
  const platform = packPlatform(id, buildBinary(id));
  const { size } = statSync(platform);
  if (size > TARBALL_BYTES) throw new Error(`${platform} has ${size} bytes; allowed are ${TARBALL_BYTES}`);
  installLocked(ROOT);
  bundle();
  return { main: packMain(), platform };
}

module.exports = { ARTIFACTS, TARBALL_BYTES, buildBinary, newestGlibc, packMain, packPlatform, release, zig };

if (require.main === module) {
  const at = process.argv.indexOf('--target');
  const target = at > 0 ? process.argv[at + 1] : TARGETS['linux-x64-gnu'];
  const id = Object.keys(TARGETS).find((key) => TARGETS[key] === target);
  if (!id) throw new Error(`--target ${target} is none of ${Object.values(TARGETS).join(', ')}`);
  release(id);
}
