'use strict';

// Holds the sources to the module rules of docs/design.md: who may name whom, and who may use what. It proves
// first that it finds what is planted against each rule.
const { readdirSync, readFileSync } = require('fs');
const path = require('path');
const { isTest, rustCode, rustImports, rustPaths } = require('./rust-imports.js');
const { ROOT } = require('./tools.js');

/** The randomness of the system and the clocks: for `src/engine/clock.rs` alone. */
const CLOCKS = ['Instant::now', 'SystemTime', 'SysRng', 'OsRng', 'from_os_rng', 'rand::rng(', 'make_rng'];
/** All of `std::sync` by which threads wait for each other. */
const LOCKS = ['Mutex', 'RwLock', 'Condvar', 'Once', 'OnceLock', 'LazyLock', 'Barrier', 'atomic', 'mpsc'].map(
  (name) => `std::sync::${name}`,
);
const IO = ['std::thread', 'std::net', 'std::io', 'std::fs', 'std::process', 'std::env'];

/** For each layer the layers and the crates that it may name besides `std`, and what it may not say at all. */
const LAYERS = {
  policy: {
    layers: [],
    crates: ['rand', 'thiserror'],
    banned: [...IO, ...LOCKS, 'std::time::Instant', ...CLOCKS],
  },
  wire: {
    layers: [],
    crates: ['simdutf8', 'siphasher', 'thiserror', 'zlib_rs'],
    banned: [...IO, ...CLOCKS],
  },
  net: { layers: ['policy', 'wire'], notCrates: ['napi', 'napi_derive'], banned: CLOCKS },
  engine: { layers: ['policy', 'wire', 'net'], notCrates: ['napi', 'napi_derive'], banned: CLOCKS },
  browser: { layers: ['policy'], crates: [], banned: [...IO, 'std::time::Instant', ...CLOCKS] },
  binding: { layers: ['policy', 'wire', 'net', 'engine'], banned: CLOCKS },
};

/** The modules of Node that the JavaScript that ships may use. */
const BUILT_INS = [
  'async_hooks',
  'buffer',
  'crypto',
  'diagnostics_channel',
  'dns',
  'events',
  'fs',
  'inspector',
  'os',
  'path',
  'perf_hooks',
  'stream',
  'timers',
  'tls',
  'util',
  'worker_threads',
];

/**
 * Those besides that a folder may use: the command is a program, which nothing else loads, a server for tests is made of two; and a
 * peer that a user may have beside this package.
 */
const ALSO = {
  cli: ['child_process', 'http', 'readline'],
  opentelemetry: ['@opentelemetry/api'],
  testing: ['http', 'net'],
};

/** The one file that imports at run time: the simulator, a module that a page has in common with the command. */
const SIMULATOR = 'lib/cli/simulate.js';
/** Where it is a matter of what is installed: the real `ws`. */
const BY_NAME = ['lib/ws/real.js'];
/** The binaries, by literal names, for bundlers. */
const BINARIES = 'lib/node/binaries.js';
const BINARY =
  /^(?:\.\.\/\.\.\/native\/websocket-reconnect-native\.[\w-]+\.node|websocket-reconnect-native-[\w-]+)$/;

/** Where Node makes connections. */
const SOCKETS = { file: 'lib/node/sockets.js', uses: ['http', 'net'] };

/** Made by tools, and named by the rest. */
const GENERATED = ['lib/browser/policy.js'];

/** The crates that Cargo.toml names, as the code calls them. */
function crates() {
  const manifest = readFileSync(path.join(ROOT, 'Cargo.toml'), 'utf8');
  const sections = manifest.split(/^\[/m).filter((text) => /^dependencies\]/.test(text));
  return sections.flatMap((text) =>
    [...text.matchAll(/^([\w-]+) *=/gm)].map(([, name]) => name.replace(/-/g, '_')),
  );
}

const CRATES = crates();
const under = (name, prefix) => name === prefix || name.startsWith(`${prefix}::`);

/** Whether a path says what is banned, at its start or further on. */
function says(name, ban) {
  const [, after] = `::${name}(`.split(`::${ban}`, 2);
  return after !== undefined && (ban.endsWith('(') || /^[:(]/.test(after));
}

/** What is wrong with a Rust file of a layer. */
function rustFaults(file, text) {
  const [, layer] = file.split('/');
  const rule = LAYERS[layer];
  if (!rule || isTest(file)) return [];
  const faults = [];
  for (const name of new Set(rustPaths(rustCode(text)))) {
    const [, other] = /^(?:crate|(?:super::)*super)::(\w+)/.exec(name) || [];
    if (other in LAYERS && other !== layer && !rule.layers.includes(other))
      faults.push(`names the layer ${other}`);
    const crate = CRATES.find((crate) => under(name, crate));
    const allowed = rule.crates
      ? rule.crates.some((crate) => under(name, crate))
      : !(rule.notCrates || []).includes(crate);
    if (crate && !allowed) faults.push(`uses the crate ${crate}`);
    const banned = rule.banned.find((ban) => says(name, ban));
    if (banned && file !== 'src/engine/clock.rs') faults.push(`says ${banned}`);
  }
  return [...new Set(faults)].map((fault) => `${file} ${fault}`);
}

/** What the facade, and the WebSocket class over it, may be made of: they run wherever an engine is handed to it. */
const OF_FACADE =
  /^lib\/(?:facade|websocket|options)\/(?!websocket)|^lib\/(?:errors|loop|names|request-headers|response-headers|weakly)\.js$/;

/** What of Node the facade names. */
function facadeFaults(file, code) {
  if (!/^lib\/(?:facade|websocket)\//.test(file)) return [];
  const faults = [];
  for (const [, name] of code.matchAll(/\brequire\('([^']+)'\)/g)) {
    const isOurs = name.startsWith('.') && OF_FACADE.test(path.posix.join(path.posix.dirname(file), name));
    if (!isOurs && name !== 'events') faults.push(`${file} requires ${name}`);
  }
  const [global] = /\b(?:process|Buffer|setImmediate|setTimeout|setInterval|__dirname)\b/.exec(code) || [];
  if (global) faults.push(`${file} names ${global}`);
  return faults;
}

/** The circles in which files import each other, of `imports`: for each file those that it imports. */
function circles(imports) {
  const found = [];
  const done = new Set();
  const walk = (file, way) => {
    if (way.includes(file)) found.push([...way.slice(way.indexOf(file)), file].join(' > '));
    if (done.has(file) || way.includes(file)) return;
    for (const other of imports.get(file) || []) walk(other, [...way, file]);
    done.add(file);
  };
  for (const file of imports.keys()) walk(file, []);
  return found;
}

/** The files that a JavaScript file requires. */
const requiredBy = (file, text) =>
  [...text.matchAll(/\brequire\('(\.{1,2}\/[^']+)'\)/g)].map(([, name]) =>
    path.posix.join(path.posix.dirname(file), name),
  );

/** What is wrong with a JavaScript file that ships. */
function scriptFaults(file, text) {
  const code = text.replace(/\/\*[\s\S]*?\*\/|(?:^|\s)\/\/.*/gm, '');
  const faults = facadeFaults(file, code);
  if (/\bimport\s*\(/.test(code) && file !== SIMULATOR) faults.push(`${file} imports at run time`);
  const [, folder] = /^lib\/(\w+)\//.exec(file) || [];
  const usable = [...BUILT_INS, ...(ALSO[folder] || [])];
  // lib/weakly.js says why.
  if (/\bFinalizationRegistry\b/.test(code)) faults.push(`${file} has a FinalizationRegistry`);
  for (const [, name] of code.matchAll(/\brequire\(\s*([^)]*)\)/g)) {
    const literal = /^'([^']+)'$/.exec(name);
    const inside =
      literal && /^\.{1,2}\//.test(literal[1]) && path.posix.join(path.posix.dirname(file), literal[1]);
    const allowed = literal
      ? usable.includes(literal[1]) ||
        (file === BINARIES && BINARY.test(literal[1])) ||
        (file === SOCKETS.file && SOCKETS.uses.includes(literal[1])) ||
        /^(lib\/\w|(?:index|websocket)\.js$|package\.json$)/.test(inside || '')
      : BY_NAME.includes(file);
    if (!allowed) faults.push(`${file} requires ${name}`);
  }
  return faults;
}

const faultsOf = (file, text) => (file.endsWith('.rs') ? rustFaults(file, text) : scriptFaults(file, text));

function sources() {
  const below = (folder) =>
    readdirSync(path.join(ROOT, folder), { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? below(`${folder}/${entry.name}`) : [`${folder}/${entry.name}`],
    );
  const lib = below('lib').filter((name) => name.endsWith('.js') && !GENERATED.includes(name));
  return [
    ...below('src').filter((name) => name.endsWith('.rs')),
    'fleet.js',
    'index.js',
    'bin/wsr.js',
    'opentelemetry.js',
    'portable.js',
    'register.js',
    'testing.js',
    'websocket.js',
    'ws.js',
    'scripts/websocket-reconnect.js',
    ...lib,
  ];
}

/** Texts that break a rule, each with the fault that has to be found. */
const PLANTED = [
  ['src/policy/a.rs', 'use std::{mem, sync::Mutex};', 'says std::sync::Mutex'],
  ['src/policy/a.rs', 'use std::time::Instant;\nfn f() { Instant::now(); }', 'says Instant::now'],
  // Browsers cannot make one.
  ['src/policy/a.rs', 'use std::time::{Duration, Instant};', 'says std::time::Instant'],
  ['src/policy/a.rs', 'fn f() { std::thread::yield_now(); }', 'says std::thread'],
  ['src/policy/a.rs', 'fn f() { let rng = rand::rng(); }', 'says rand::rng('],
  ['src/policy/a.rs', 'use rand::rngs::OsRng;', 'says OsRng'],
  ['src/policy/a.rs', 'use tokio::time;', 'uses the crate tokio'],
  ['src/policy/a.rs', '#[cfg(test)]\nmod tests {\n  fn f() {}\n}\nuse std::fs;', 'says std::fs'],
  ['src/policy/a.rs', 'use crate::{policy::Link, wire::Frame};', 'names the layer wire'],
  ['src/wire/a.rs', 'use super::super::policy::Link;', 'names the layer policy'],
  ['src/wire/a.rs', 'use crate::engine as motor;', 'names the layer engine'],
  ['src/wire/a.rs', 'use std::net::TcpStream;', 'says std::net'],
  ['src/wire/a.rs', 'use tokio_tungstenite::tungstenite;', 'uses the crate tokio_tungstenite'],
  ['src/net/a.rs', 'fn f() { crate::engine::clock::now(); }', 'names the layer engine'],
  ['src/net/a.rs', 'use tokio::time::Instant;\nfn f() { Instant::now(); }', 'says Instant::now'],
  ['src/engine/a.rs', 'use crate::binding::Client;', 'names the layer binding'],
  ['src/engine/a.rs', 'use napi::Env;', 'uses the crate napi'],
  ['src/binding/a.rs', 'fn f() { std::time::SystemTime::now(); }', 'says SystemTime'],
  ['lib/a.js', "require('ws');", "requires 'ws'"],
  ['lib/a.js', "require('@opentelemetry/api');", "requires '@opentelemetry/api'"],
  ['lib/a.js', "require('../scripts/build.js');", "requires '../scripts/build.js'"],
  ['lib/a.js', "require('child_process');", "requires 'child_process'"],
  ['index.js', 'require(name);', 'requires name'],
  ['lib/facade/a.js', "require('util');", 'requires util'],
  ['lib/facade/a.js', "require('../node/engine.js');", 'requires ../node/engine.js'],
  ['lib/facade/a.js', 'const a = Buffer.alloc(1);', 'names Buffer'],
  ['lib/websocket/a.js', "require('buffer');", 'requires buffer'],
  ['index.js', "import('fs');", 'imports at run time'],
  ['lib/a.js', 'new FinalizationRegistry(f);', 'has a FinalizationRegistry'],
  ['lib/node/a.js', "require('net');", "requires 'net'"],
  ['lib/node/binary.js', 'require(name);', 'requires name'],
  [
    'lib/node/binary.js',
    "require('websocket-reconnect-native-darwin-x64');",
    "requires 'websocket-reconnect-native-darwin-x64'",
  ],
  ['lib/testing/a.js', "require('child_process');", "requires 'child_process'"],
];

/** Texts that break none. */
const CLEAN = [
  [
    'src/policy/a.rs',
    '// std::thread\nconst A: &str = "std::io";\n#[cfg(test)]\nmod tests {\n  use std::sync::Mutex;\n}\nuse std::sync::Arc;',
  ],
  ['src/engine/clock.rs', 'fn f() { Instant::now(); }'],
  ['src/engine/a.rs', 'use crate::{net::connect, policy::{Link, Event}, wire};'],
  ['lib/cli/a.js', "require('child_process');"],
  ['lib/a.js', "const fs = require('fs');\nrequire('./b.js'); // require(x)"],
  ['lib/node/binaries.js', "require('websocket-reconnect-native-darwin-x64');"],
  ['lib/testing/a.js', "require('net');"],
  ['lib/node/sockets.js', "require('http');\nrequire('net');"],
  ['lib/opentelemetry/a.js', "require('@opentelemetry/api');"],
  ['lib/facade/a.js', "require('events');\nrequire('./b.js'); // a Buffer\nrequire('../options/table.js');"],
];

/** Circles, and what is none though a file is imported twice. */
const CIRCLE = new Map([
  ['a', ['b', 'c']],
  ['b', ['c']],
  ['c', ['a']],
]);
const NO_CIRCLE = new Map([
  ['a', ['b', 'c']],
  ['b', ['c']],
  ['c', []],
]);

/** The circles among Rust files of the layer `wire`, given as name and text. */
const rustCircles = (texts) =>
  circles(rustImports(new Map(Object.entries(texts).map(([name, text]) => [`src/wire/${name}.rs`, text]))));

const RUST_CIRCLES = [
  { a: 'use super::b::B;', b: 'use crate::wire::a::A;' },
  { a: 'use crate::{net::N, wire::{b, c::C}};', b: 'fn f() { super::a::f(); }', c: '' },
  { a: 'use super::b;\nfn f() { b::g(); }', b: 'use super::{a::f as h, c};', c: '' },
  { mod: 'mod a;\nmod b;\npub use a::A;', a: 'use super::b::B;', b: 'use super::A;' },
  { mod: 'mod a;\nmod b;\npub use a::*;', a: 'use super::b::B;\npub struct A;', b: 'use super::A;' },
  { a: 'pub(super) use super::b::B;\nuse super::b::C;', b: 'use super::a::A;' },
  { a: 'pub use super::b::B;', b: 'use super::a::A;' },
  { a: 'mod b;\nuse b::B;\npub struct A;', 'a/b': 'use super::A;' },
  { a: 'use super::b::B;', b: '', b_absent: 'use super::a::A;' },
];

const NO_RUST_CIRCLES = [
  {
    a: 'use super::b::B;',
    b: '// use super::a::A;\n#[cfg(test)]\nmod tests {\n  use super::super::a::A;\n}',
  },
  {
    mod: 'mod a;\nmod b;\npub use a::A;\npub use b::B;',
    a: 'use super::B;\npub struct A;',
    b: 'pub struct B;',
  },
  { mod: 'mod a;\npub use a::*;\npub struct M;', a: 'use super::M;' },
  { a: 'mod b;\npub struct A;', 'a/b': 'use super::A;\nuse crate::wire::a;\nimpl A {}' },
  { a: 'use super::b::B;', b: 'use std::a::A;\nuse crate::net::a::A;' },
  { a: 'use super::tests::A;', tests: 'use super::a::A;' },
];

function selfTest() {
  const missed = PLANTED.filter(([file, text, fault]) => !faultsOf(file, text).includes(`${file} ${fault}`));
  const wrong = CLEAN.filter(([file, text]) => faultsOf(file, text).length > 0);
  return [
    ...missed.map(([file, text]) => `a violation is not found: ${file}: ${text}`),
    ...wrong.map(([file, text]) => `no violation, yet found: ${file}: ${text}`),
    ...(circles(CIRCLE).length > 0 ? [] : ['a circle is not found']),
    ...RUST_CIRCLES.filter((texts) => rustCircles(texts).length === 0).map(
      (texts) => `a circle is not found: ${JSON.stringify(texts)}`,
    ),
    ...[circles(NO_CIRCLE), ...NO_RUST_CIRCLES.map(rustCircles)]
      .flat()
      .map((circle) => `no circle, yet found: ${circle}`),
  ];
}

const blind = selfTest();
const files = sources();
const texts = new Map(files.map((file) => [file, readFileSync(path.join(ROOT, file), 'utf8')]));
const requires = new Map();
for (const [file, text] of texts) if (file.endsWith('.js')) requires.set(file, requiredBy(file, text));
const found = [
  ...files.flatMap((file) => faultsOf(file, texts.get(file))),
  ...[requires, rustImports(texts)].flatMap(circles).map((circle) => `files import each other: ${circle}`),
];
for (const fault of [...blind, ...found]) console.error(fault);
console.log(`${files.length} files, ${blind.length + found.length} breaches of the module rules`);
process.exitCode = blind.length + found.length > 0 ? 1 : 0;
