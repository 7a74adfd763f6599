'use strict';

const { existsSync, readFileSync } = require('fs');
const path = require('path');
const { coded } = require('./errors.js');

const PACKAGE = 'websocket-reconnect-native';

/** Whether this Linux runs on musl. Bun and Deno may have no report: then the loader's file tells. */
function isMusl() {
  const report = process.report && process.report.getReport && process.report.getReport();
  const parsed = typeof report === 'string' ? JSON.parse(report) : report;
  if (parsed && parsed.header && parsed.header.glibcVersionRuntime) return false;
  try {
    return readFileSync('/usr/bin/ldd', 'utf8').includes('musl');
  } catch (_) {
    return existsSync('/etc/alpine-release');
  }
}

/** The platform as its binary and its package name it. */
function platformId() {
  const { platform, arch } = process;
  if (platform === 'linux') return `linux-${arch}-${isMusl() ? 'musl' : 'gnu'}`;
  if (platform === 'win32') return `win32-${arch}-msvc`;
  return `${platform}-${arch}`;
}

/** Says for which platform nothing loads, why, and the two ways out. */
function noBinary(id, reasons) {
  const lines = [
    `No binary of ${PACKAGE} loads on ${id} (${process.version}).`,
    ...reasons.map(({ from, error }) => `  ${from}: ${error.message}`),
    'Either reinstall with optional dependencies, which bring the binary: npm install --include=optional',
    `or build it from source with Rust's cargo: npm run build (in node_modules/${PACKAGE}, from its repository)`,
  ];
  return coded(Error, 'WSR_ERR_NO_BINARY', lines.join('\n'));
}

/** Loads the first candidate that does: the checkout's own build, then the platform's package. */
function load(id, candidates, require) {
  const reasons = [];
  for (const from of candidates) {
    try {
      return require(from);
    } catch (error) {
      reasons.push({ from, error });
    }
  }
  throw noBinary(id, reasons);
}

function candidates(id) {
  return [path.join(__dirname, '..', 'native', `${PACKAGE}.${id}.node`), `${PACKAGE}-${id}`];
}

const id = platformId();
module.exports = load(id, candidates(id), require);
