'use strict';

// Builds the addon with cargo into native/. Usage: build.js [--target TRIPLE], the everyday target
// being this machine's own.

const { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync } = require('fs');
const path = require('path');
const { platformId } = require('../lib/platform.js');
const { ROOT, run } = require('./tools.js');

/** Rust's targets by the platform as npm's packages name it. */
const TARGETS = {
  'linux-x64-gnu': 'x86_64-unknown-linux-gnu',
  'linux-x64-musl': 'x86_64-unknown-linux-musl',
  'linux-arm64-gnu': 'aarch64-unknown-linux-gnu',
  'linux-arm64-musl': 'aarch64-unknown-linux-musl',
  'darwin-x64': 'x86_64-apple-darwin',
  'darwin-arm64': 'aarch64-apple-darwin',
  'win32-x64-msvc': 'x86_64-pc-windows-msvc',
  'win32-arm64-msvc': 'aarch64-pc-windows-msvc',
};

function libraryName(target) {
  if (target.includes('windows')) return 'websocket_reconnect_native.dll';
  return `libwebsocket_reconnect_native.${target.includes('apple') ? 'dylib' : 'so'}`;
}

/** Copies where the content differs, in one step: a process may have the old file loaded. */
function install(from, to) {
  if (existsSync(to) && readFileSync(to).equals(readFileSync(from))) return;
  mkdirSync(path.dirname(to), { recursive: true });
  const beside = `${to}.${process.pid}`;
  copyFileSync(from, beside);
  renameSync(beside, to);
}

function build(target) {
  const id = target ? Object.keys(TARGETS).find((key) => TARGETS[key] === target) : platformId();
  if (!id) throw new Error(`--target ${target} is none of ${Object.values(TARGETS).join(', ')}`);
  // musl's default is a static binary, which cannot be an addon.
  const flags = `${process.env.RUSTFLAGS || ''}${id.endsWith('-musl') ? ' -C target-feature=-crt-static' : ''}`;
  const env = { ...process.env, ...(flags.trim() ? { RUSTFLAGS: flags.trim() } : {}) };
  run('cargo', ['build', '--release', '--locked', '--lib', ...(target ? ['--target', target] : [])], { env });
  const folder = path.join(
    process.env.CARGO_TARGET_DIR || path.join(ROOT, 'target'),
    target || '',
    'release',
  );
  const to = path.join(ROOT, 'native', `websocket-reconnect-native.${id}.node`);
  install(path.join(folder, libraryName(TARGETS[id])), to);
  return to;
}

module.exports = { TARGETS, build, install, libraryName };

if (require.main === module) {
  const at = process.argv.indexOf('--target');
  build(at > 0 ? process.argv[at + 1] : undefined);
}
