'use strict';

/** Makes the tarballs that are published, into `artifacts/`. */
const { copyFileSync, mkdirSync, mkdtempSync, rmSync, statSync } = require('fs');
const os = require('os');
const path = require('path');
const { place } = require('./build.js');
const { PLATFORMS, binaryName } = require('./platforms.js');
const { ROOT, npm } = require('./steps.js');

const ARTIFACTS = path.join(ROOT, 'artifacts');

/** The most that a platform's tarball may weigh, in bytes. */
const LIMIT = 2000000;

/** Packs a folder as npm publishes it, and resolves to the tarball. */
async function packFolder(folder) {
  mkdirSync(ARTIFACTS, { recursive: true });
  const args = ['pack', folder, '--ignore-scripts', '--json', '--pack-destination', ARTIFACTS];
  const [{ filename }] = JSON.parse(await npm(args, { show: 'progress' }));
  return path.join(ARTIFACTS, filename);
}

/** Packs the main package without the binary of this checkout: the platforms' packages bring theirs. */
async function packMain() {
  const listing = ['pack', '--dry-run', '--ignore-scripts', '--json'];
  const [{ files }] = JSON.parse(await npm(listing, { show: 'progress' }));
  const folder = mkdtempSync(path.join(os.tmpdir(), 'pack-'));
  try {
    for (const { path: file } of files) {
      if (file.startsWith('native/')) continue;
      mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
      copyFileSync(path.join(ROOT, file), path.join(folder, file));
    }
    return await packFolder(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Packs a platform's package around the binary that was built for it. */
async function packPlatform(id, binary) {
  const folder = path.join(ROOT, 'npm', id);
  place(binary, path.join(folder, binaryName(id)));
  copyFileSync(path.join(ROOT, 'LICENSE'), path.join(folder, 'LICENSE'));
  const tarball = await packFolder(folder);
  const { size } = statSync(tarball);
  if (size > LIMIT) throw new Error(`${path.basename(tarball)} has ${size} bytes; allowed are ${LIMIT}.`);
  return tarball;
}

const platformOf = (target) => PLATFORMS.find((platform) => platform.target === target);

module.exports = { packMain, packPlatform, platformOf };
