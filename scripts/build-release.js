'use strict';

/**
 * Builds a platform's binary as it is released, and packs it with the main package into `artifacts/`:
 * `npm run build:release -- --target x86_64-unknown-linux-gnu`. Needs cargo with that target, and for Linux
 * Python 3, which brings zig.
 */
const { statSync } = require('fs');
const path = require('path');
const { GLIBC, buildRelease } = require('./build.js');
const { packMain, packPlatform, platformOf } = require('./pack.js');
const { PLATFORMS } = require('./platforms.js');
const { pythonTools } = require('./python-tools.js');
const { ROOT, must, script } = require('./steps.js');

/** A version as a number that compares: 2.3.4 comes before 2.17. */
const order = (version) => {
  const [major, minor, patch = 0] = version.split('.').map(Number);
  return (major * 1000 + minor) * 1000 + patch;
};

/** Proves that the binary asks for no glibc that is newer than promised, and resolves to the newest asked for. */
async function newestGlibc(binary) {
  const symbols = await must('objdump', ['-T', binary], { show: 'nothing' });
  const versions = [...symbols.matchAll(/GLIBC_(\d+(?:\.\d+)+)/g)].map(([, version]) => version);
  const newest = versions.sort((a, b) => order(a) - order(b)).pop();
  if (!newest) throw new Error(`objdump shows no glibc symbol in ${binary}.`);
  if (order(newest) > order(GLIBC))
    throw new Error(`The binary needs glibc ${newest}; promised is ${GLIBC}.`);
  return newest;
}

/** Builds, proves and packs one platform, and resolves to the two tarballs. */
async function release(target) {
  const platform = platformOf(target);
  if (!platform) {
    throw new Error(`No platform ${target}; there are ${PLATFORMS.map(({ target }) => target).join(', ')}.`);
  }
  const tools = platform.os === 'linux' ? [await pythonTools('release')] : [];
  const PATH = [...tools, process.env.PATH].join(path.delimiter);
  const binary = await buildRelease(platform, { PATH });
  if (platform.libc === 'glibc') console.log(`Needs glibc ${await newestGlibc(binary)} (objdump -T)`);
  const tarballs = { main: await packMain(), platform: await packPlatform(platform.id, binary) };
  for (const tarball of Object.values(tarballs)) {
    console.log(`${path.relative(ROOT, tarball)} ${statSync(tarball).size} bytes`);
  }
  return tarballs;
}

module.exports = { release };

if (require.main === module) {
  const { 2: flag, 3: target = 'x86_64-unknown-linux-gnu' } = process.argv;
  if (flag !== undefined && flag !== '--target') {
    console.error('Usage: npm run build:release [-- --target <a target of Rust>]');
    process.exitCode = 1;
  } else {
    script(() => release(target));
  }
}
