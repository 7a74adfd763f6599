'use strict';

// Builds the binaries of all eight platforms on one Linux machine on x64, runs tests of the contract with each that can run
// there, and ends with a table. What cannot run is looked at: its format, and whether Node would find its entry.
// Usage: build-all.js [--short] [PLATFORM …]; --short does not optimize, which takes half as long.

const { existsSync, mkdirSync, rmSync, statSync, symlinkSync, writeFileSync } = require('fs');
const path = require('path');
const { buildBinary, newestGlibc, zig } = require('./build-release.js');
const { STAND_INS, TARGETS, buildCross } = require('./build.js');
const { emulator } = require('./cross/emulators.js');
const { TESTS } = require('./cross/tests.js');
const { RUSTC, STD, installPackages } = require('./debian.js');
const { ROOT, TOOLS, capture, has, run } = require('./tools.js');

/** How many times as long as on a machine of its own a test may take there. */
const SLOWNESS = '5';

/** What shows the format of a binary, and what it exports. */
const EXPORTS = { linux: ['-T'], darwin: ['--macho', '--exports-trie'], win32: ['-p'] };
const ENTRY = 'napi_register_module_v1';

const targetOf = (id) => STAND_INS[id] || TARGETS[id];

/** Where the shared part of all builds lies: what is compiled for this machine is compiled once. */
const TARGET = path.join(process.env.CARGO_TARGET_DIR || path.join(ROOT, 'target'), 'all');

/** For gnullvm the build looks for Node's library: a folder that has one of that name. */
function libnode() {
  const folder = path.join(TOOLS, 'cross', 'libnode');
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'libnode.dll'), '');
  return folder;
}

/** What the linker takes for it. */
function linkedLibnode(target) {
  const library = path.join(libnode(), 'libnode.a');
  const flags = ['-target', `${target.split('-')[0]}-windows-gnu`, '-c', '-o', library];
  run(path.join(zig(), 'python'), [
    '-m',
    'ziglang',
    'cc',
    ...flags,
    path.join(__dirname, 'cross', 'libnode.s'),
  ]);
}

/** What has cargo use zig, and for macOS what strips, by the name that the compiler has for it: Debian's compiler has none. */
function programs(id) {
  if (!id.startsWith('darwin')) return [zig()];
  if (!has('llvm-objcopy')) installPackages(['llvm']);
  const folder = path.join(TOOLS, 'cross', 'bin');
  const program = path.join(folder, 'rust-objcopy');
  mkdirSync(folder, { recursive: true });
  rmSync(program, { force: true });
  symlinkSync('/usr/bin/llvm-objcopy', program);
  return [zig(), folder];
}

/**
 * The standard library of a target: rustup's, or else compiled along from Debian's sources, with Debian's compiler, which they
 * belong to. Returns what cargo is told, and its environment.
 */
function standardLibrary(target) {
  if (!existsSync(STD) && capture('rustup', ['target', 'add', target]).ok) return { more: [], env: {} };
  if (!existsSync(STD)) installPackages(['rustc-web', 'rust-web-src']);
  // A compiler that is no nightly takes `-Z` for this alone.
  return { more: ['-Zbuild-std=std,panic_unwind'], env: { RUSTC, RUSTC_BOOTSTRAP: '1' } };
}

/** This machine's own platform is built as a release is, the others by what stands in for their machines. */
function compile(id) {
  if (id === 'linux-x64-gnu') return buildBinary(id);
  if (id.startsWith('win32')) linkedLibnode(targetOf(id));
  const { more, env } = standardLibrary(targetOf(id));
  return buildCross(id, more, {
    ...process.env,
    CARGO_TARGET_DIR: TARGET,
    LIBNODE_PATH: libnode(),
    PATH: [...programs(id), process.env.PATH].join(path.delimiter),
    ...env,
  });
}

/** Throws where a binary has no entry for Node, or needs a glibc that is too new; returns its format, and which it needs. */
function look(id, binary) {
  if (!has('llvm-objdump')) installPackages(['llvm']);
  const { ok, output } = capture('llvm-objdump', [...EXPORTS[id.split('-')[0]], binary]);
  if (!ok || !output.includes(ENTRY)) throw new Error(`${binary} exports no ${ENTRY}: ${output}`);
  const { output: headers } = capture('llvm-objdump', ['-f', binary]);
  const [, format] = /file format (.*)/.exec(headers);
  return id.endsWith('gnu') ? `${format}, glibc ${newestGlibc(binary)}` : format;
}

/** Runs the tests with a binary; returns by what, and how many passed and failed. */
function test(id, binary) {
  const emulated = emulator(id, binary);
  if (!emulated) return { by: 'nothing here', tests: '-', failed: 0 };
  const { by, command, env } = emulated;
  const [program, ...args] = [...command, path.join('__test__', 'run.js'), ...TESTS];
  const { ok, output } = capture(program, args, { env: { WSR_TEST_SLOWNESS: SLOWNESS, ...env } });
  const [, passed, failures] = /^(\d+) passed, (\d+) failed/m.exec(output) || [];
  if (!ok) process.stdout.write(output);
  const failed = Number(failures) || (ok && Number(passed) > 0 ? 0 : 1);
  return {
    by,
    tests: passed === undefined ? 'ended without a result' : `${passed} passed, ${failed} failed`,
    failed,
  };
}

/**
 * A row of the table; what fails stands in it.
 * @returns {Record<string, any>}
 */
function build(id) {
  const row = {
    platform: id,
    built: targetOf(id),
    format: '-',
    size: '-',
    by: '-',
    tests: '-',
    failed: 0,
  };
  try {
    const binary = compile(id);
    row.size = `${(statSync(binary).size / 1e6).toFixed(2)} MB`;
    row.format = look(id, binary);
    Object.assign(row, test(id, binary));
  } catch (error) {
    console.error(error);
    Object.assign(row, { tests: error.message.split('\n')[0], failed: 1 });
  }
  return row;
}

function table(rows) {
  const names = Object.keys(rows[0]).filter((name) => name !== 'failed');
  const lines = [names, ...rows.map((row) => names.map((name) => String(row[name])))];
  const widths = names.map((_, column) => Math.max(...lines.map((cells) => cells[column].length)));
  return lines.map((cells) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column]))
      .join('  ')
      .trimEnd(),
  );
}

/** What `--short` changes of the profile of a release. */
const SHORT = {
  CARGO_PROFILE_RELEASE_LTO: 'off',
  CARGO_PROFILE_RELEASE_CODEGEN_UNITS: '16',
  CARGO_PROFILE_RELEASE_OPT_LEVEL: '0',
};

const asked = process.argv.slice(2).filter((argument) => argument !== '--short');
const unknown = asked.find((id) => !(id in TARGETS));
if (unknown) throw new Error(`no platform ${unknown}; there are ${Object.keys(TARGETS).join(', ')}`);
const ids = asked.length > 0 ? asked : Object.keys(TARGETS);
const isShort = process.argv.includes('--short');
if (isShort) Object.assign(process.env, SHORT);
const rows = ids.map((id) => {
  const started = Date.now();
  const row = build(id);
  row.seconds = Math.round((Date.now() - started) / 1000);
  return row;
});
console.log(table(rows).join('\n'));
console.log(isShort ? 'Not optimized' : 'With the profile of a release');
const failed = rows.filter((row) => row.failed > 0).length;
console.log(`${rows.length - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
