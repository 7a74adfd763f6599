'use strict';

const { existsSync, readFileSync } = require('fs');

/** Whether this Linux runs on musl. Bun and Deno may have no report: then the system's files tell. */
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

module.exports = { platformId };
