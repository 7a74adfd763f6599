'use strict';

const { existsSync, readFileSync } = require('fs');

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
  // Else the report asks DNS for the name of every open connection's peer.
  report.excludeNetwork = true;
  try {
    const made = report.getReport();
    const { header } = typeof made === 'string' ? JSON.parse(made) : made;
    return header && (header.glibcVersionRuntime ? 'gnu' : 'musl');
  } finally {
    report.excludeNetwork = excludeNetwork;
  }
}

/** The C library of this Linux. Some systems have no ldd, and some runtimes no report. */
function libc() {
  return libcOfLdd() || (existsSync('/etc/alpine-release') ? 'musl' : libcOfReport() || 'gnu');
}

/** The platform as its binary and its package name it. */
function platformId() {
  const { platform, arch } = process;
  if (platform === 'linux') return `linux-${arch}-${libc()}`;
  if (platform === 'win32') return `win32-${arch}-msvc`;
  return `${platform}-${arch}`;
}

module.exports = { platformId };
