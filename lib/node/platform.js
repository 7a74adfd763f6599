'use strict';

const { existsSync, readFileSync } = require('fs');

/** What a file says of the C library; undefined where it cannot be read or tells nothing. */
function libcOfFile(file, musl, gnu) {
  try {
    const text = readFileSync(file, 'latin1');
    if (musl.test(text)) return 'musl';
    return gnu.test(text) ? 'gnu' : undefined;
  } catch (_) {
    return undefined;
  }
}

/**
 * The C library that this process has loaded, which need not be the system's: Node for musl runs on glibc's systems by musl's
 * loader. musl is loader and library in one file, of either name.
 */
const libcOfProcess = () =>
  libcOfFile('/proc/self/maps', /\/(ld-musl-.*|libc\.so)$/m, /\/libc(-2\.\d+\.so|\.so\.6)$/m);

/** The system's C library, of the script that names it. It costs less than a report. */
const libcOfLdd = () => libcOfFile('/usr/bin/ldd', /musl/, /GNU/);

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

/** The C library of this process. Some sandboxes have no /proc, some systems no ldd, and some runtimes no report. */
function libc() {
  const told = libcOfProcess() || libcOfLdd();
  return told || (existsSync('/etc/alpine-release') ? 'musl' : libcOfReport() || 'gnu');
}

/** The platform as its binary and its package name it. */
function platformId() {
  const { platform, arch } = process;
  if (platform === 'linux') return `linux-${arch}-${libc()}`;
  if (platform === 'win32') return `win32-${arch}-msvc`;
  return `${platform}-${arch}`;
}

module.exports = { platformId };
