'use strict';

// Builds the addon for this machine into native/: `npm run build`. Every flag of every build is here.

const {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  utimesSync,
  writeFileSync,
} = require('fs');
const path = require('path');
const { platformId } = require('../lib/node/platform.js');
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

/** The oldest glibc that a released binary has to run on. */
const GLIBC = '2.17';

function libraryName(id) {
  if (id.startsWith('win32')) return 'websocket_reconnect_native.dll';
  return `libwebsocket_reconnect_native.${id.startsWith('darwin') ? 'dylib' : 'so'}`;
}

/** Copies where the content differs, in one step: a process may have the old file loaded. */
function install(from, to) {
  if (existsSync(to) && readFileSync(to).equals(readFileSync(from))) return;
  mkdirSync(path.dirname(to), { recursive: true });
  const beside = `${to}.${process.pid}`;
  copyFileSync(from, beside);
  renameSync(beside, to);
}

/** Has cargo build the library of a platform, by zig or by the linker of this machine; returns its path. */
function cargoBuild(
  id,
  { command = 'build', target = '', features = [], more = [], env = process.env } = {},
) {
  // musl's default is a static binary, which cannot be an addon; on Windows the C runtime is to come along.
  const crt = { musl: ' -C target-feature=-crt-static', msvc: ' -C target-feature=+crt-static' };
  const flags = `${env.RUSTFLAGS || ''}${crt[(target || id).split('-').pop()] || ''}`.trim();
  const isZig = command === 'zigbuild';
  const wanted = isZig && id.endsWith('gnu') ? `${target}.${GLIBC}` : target;
  const args = ['--release', '--locked', '--lib', ...(wanted ? ['--target', wanted] : []), ...more];
  for (const feature of features) args.push('--features', feature);
  run(isZig ? 'cargo-zigbuild' : 'cargo', [command, ...args], {
    env: flags ? { ...env, RUSTFLAGS: flags } : env,
  });
  return path.join(targetFolder(env), target, 'release', libraryName(id));
}

const targetFolder = (env) => env.CARGO_TARGET_DIR || path.join(ROOT, 'target');

const block = (head, body) => `${head} {\n${body.replace(/^ *(?=.)/gm, '  ')}\n}`;

/** How each kind of type is declared that the macros of the binding tell of. */
const DECLARED = {
  interface: (name, def) => block(`export interface ${name}`, def),
  type: (name, def) => `export type ${name} =\n${def}`,
  enum: (name, def) => block(`export enum ${name}`, def),
  string_enum: (name, def) => `export type ${name} = ${def.match(/(?<== )'.*'/g).join(' | ')}`,
  const: (_name, def) => def,
  fn: (_name, def) => `export ${def}`,
  struct: (name, def) => block(`export class ${name}`, def),
};

/** The types of the addon for the compiler that checks lib/, of what the macros tell: a line of JSON for each type. */
function declarations(lines) {
  const types = lines.filter(({ kind }) => kind !== 'impl');
  const text = types.map(({ kind, name, js_doc: doc, def }) => {
    const methods = lines.filter((line) => line.kind === 'impl' && line.name === name);
    return `\n${doc}${DECLARED[kind](name, [def, ...methods.map((line) => line.def)].join('\n').trim())}\n`;
  });
  return `// Written by \`npm run build\` from src/binding/: not to be changed here.\n${text.join('')}`;
}

/** The everyday build: by plain cargo, for this machine. Where the tests are, with what they make the engine fail by. */
function build() {
  const id = platformId();
  const features = existsSync(path.join(ROOT, '__test__')) ? ['faults'] : [];
  const folder = path.join(targetFolder(process.env), 'types');
  const told = path.join(folder, 'websocket-reconnect-native');
  mkdirSync(folder, { recursive: true });
  // The macros tell when they are compiled: cargo takes this file for changed.
  if (!existsSync(told)) utimesSync(path.join(ROOT, 'src', 'lib.rs'), new Date(), new Date());
  const env = { ...process.env, NAPI_TYPE_DEF_TMP_FOLDER: folder };
  install(
    cargoBuild(id, { features, env }),
    path.join(ROOT, 'native', `websocket-reconnect-native.${id}.node`),
  );
  const lines = readFileSync(told, 'utf8').trim().split('\n');
  writeFileSync(path.join(ROOT, 'native', 'index.d.ts'), declarations(lines.map((line) => JSON.parse(line))));
}

/** The build of one platform for others; on Linux by zig, against an old glibc. Returns the library's path. */
function buildRelease(id, env) {
  return cargoBuild(id, { command: id.startsWith('linux') ? 'zigbuild' : 'build', target: TARGETS[id], env });
}

/** What stands in for Microsoft's targets, whose libraries nobody else has. */
const STAND_INS = {
  'win32-x64-msvc': 'x86_64-pc-windows-gnullvm',
  'win32-arm64-msvc': 'aarch64-pc-windows-gnullvm',
};

/** The same on Linux for any platform, by zig. `more` is what cargo is told beside. */
function buildCross(id, more, env) {
  return cargoBuild(id, { command: 'zigbuild', target: STAND_INS[id] || TARGETS[id], more, env });
}

module.exports = { GLIBC, STAND_INS, TARGETS, build, buildCross, buildRelease, install };

if (require.main === module) build();
