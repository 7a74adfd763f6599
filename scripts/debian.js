'use strict';

// What the scripts take of Debian.

const { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } = require('fs');
const path = require('path');
const { TOOLS, run } = require('./tools.js');

/** The compiler of `rustc-web`. */
const RUSTC = '/usr/bin/rustc';
/** The sources of the standard library for it, of `rust-web-src`. */
const STD = '/usr/lib/rustlib/src/rust/library';

function installPackages(packages) {
  run('apt-get', ['update', '-qq']);
  run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages]);
}

/**
 * Packages of an architecture, unpacked into a folder, which is returned: nothing is installed, and what apt knows of this
 * machine stays as it is.
 */
function unpackPackages(architecture, packages) {
  const folder = path.join(TOOLS, 'debian', `${architecture}-${packages.join('-')}`);
  const ready = path.join(folder, 'ready');
  const root = path.join(folder, 'root');
  if (existsSync(ready)) return root;
  rmSync(folder, { recursive: true, force: true });
  const lists = path.join(folder, 'lists');
  mkdirSync(path.join(lists, 'partial'), { recursive: true });
  const apart = [
    `APT::Architecture=${architecture}`,
    `APT::Architectures::=${architecture}`,
    `Dir::State::Lists=${lists}`,
    'Dir::Cache::pkgcache=',
    'Dir::Cache::srcpkgcache=',
    // Whom apt would download as may not write into this folder.
    'APT::Sandbox::User=root',
  ].flatMap((setting) => ['-o', setting]);
  run('apt-get', [...apart, '-qq', 'update']);
  run('apt-get', [...apart, '-qq', 'download', ...packages], { cwd: folder });
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.deb'))) {
    run('dpkg', ['-x', path.join(folder, name), root]);
  }
  rmSync(lists, { recursive: true });
  writeFileSync(ready, '');
  return root;
}

module.exports = { RUSTC, STD, installPackages, unpackPackages };
