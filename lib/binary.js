'use strict';

const { existsSync, readFileSync } = require('fs');
const path = require('path');
const { coded } = require('./errors.js');

const PACKAGE = 'websocket-reconnect-native';

/** What `ldd` says of the C library: it is a script that names it, and costs less than a report. */
function libcOfLdd() {
  try {
    const text = readFileSync('/usr/bin/ldd', 'latin1');
    if (text.includes('musl')) return 'musl';
    return text.includes('GNU') ? 'gnu' : undefined;
  } catch (_) {
    return undefined;
  }
}

/** What the runtime says of the C library that it runs on: glibc has a version there, musl none. */
function libcOfReport() {
  /** @type {any} */
  const report = process.report;
  if (!report?.getReport) return undefined;
  const { excludeNetwork } = report;
  report.excludeNetwork = true;
  try {
    const made = report.getReport();
    const { header } = typeof made === 'string' ? JSON.parse(made) : made;
    return header && (header.glibcVersionRuntime ? 'gnu' : 'musl');
  } finally {
    report.excludeNetwork = excludeNetwork;
  }
}

/** The C library of this Linux, as Rust names it. */
function libc() {
  return libcOfLdd() || (existsSync('/etc/alpine-release') ? 'musl' : libcOfReport() || 'gnu');
}

/** This machine's name in those of its binary and of its package. */
function platformId({ platform, arch } = process) {
  if (platform === 'linux') return `linux-${arch}-${libc()}`;
  return platform === 'win32' ? `win32-${arch}-msvc` : `${platform}-${arch}`;
}

/** Where a binary may be, best first: a checkout's own build, then the platform's package. */
function candidates(id, { WEBSOCKET_RECONNECT_NATIVE_PATH: chosen } = process.env) {
  if (chosen) return [path.resolve(chosen)];
  return [path.join(__dirname, '..', 'native', `${PACKAGE}.${id}.node`), `${PACKAGE}-${id}`];
}

/** Says for which platform no binary loads, what the loader said of each candidate, and the two ways out. */
function noBinary(id, reasons) {
  const lines = [
    `No binary of ${PACKAGE} loads on ${id} (${process.version}):`,
    ...reasons.map(({ from, error }) => `- ${from}: ${error.message.split('\n')[0]}`),
    'Either reinstall with the optional dependencies, which bring it: npm install --include=optional',
    `or build it from source with Rust's cargo: npm run build (in ${path.join(__dirname, '..')})`,
  ];
  return coded(Error, 'WSR_ERR_NO_BINARY', lines.join('\n'));
}

/** The first binary that loads, through the loader `require`. Throws `WSR_ERR_NO_BINARY` where none does. */
function load(id, names, require) {
  const reasons = [];
  for (const from of names) {
    try {
      return require(from);
    } catch (error) {
      reasons.push({ from, error });
    }
  }
  throw noBinary(id, reasons);
}

module.exports = { platformId, candidates, noBinary, load };
