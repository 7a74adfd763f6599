'use strict';

// The ways to install the package, each with what is printed in the end.

const { cpSync, existsSync, rmSync } = require('fs');
const path = require('path');
const { bring } = require('../../scripts/runtimes.js');
const { ROOT, capture, pathWithoutCargo } = require('../../scripts/tools.js');
const { NAME } = require('./registry.js');

const tool = (...names) => path.join(__dirname, 'node_modules', ...names);
const PNPM = tool('.bin', 'pnpm');
const YARN_1 = tool('yarn', 'bin', 'yarn.js');
const YARN_4 = tool('@yarnpkg', 'cli-dist', 'bin', 'yarn.js');
const NPM_10 = tool('npm-10', 'bin', 'npm-cli.js');

const WORKS = /^received hello$/;
const WARNS = /^received hello\n[\s\S]*WSR_WARN_PORTABLE/;
/** Without a binary: an error that names the ways out, or the platform's own WebSocket and a warning of that. */
const WITHOUT_BINARY = 'WebSocket' in globalThis ? WARNS : /npm run build[\s\S]*WSR_ERR_NO_BINARY/;
const WITH_ANOTHER = 'WebSocket' in globalThis ? WARNS : /the binary of darwin-arm64[\s\S]*WSR_ERR_NO_BINARY/;

const FOR_MACOS = ['--os=darwin', '--cpu=arm64'];

const remove = ({ cwd }, ...names) => {
  for (const name of names) rmSync(path.join(cwd, name), { recursive: true });
};

/** A lock that is made anew of the node_modules of another platform: npm 10 writes only what lies there into it. */
async function lockedOnMacos(project, command, ...npm) {
  await project.must(command, [...npm, 'install', NAME, ...FOR_MACOS]);
  remove(project, 'package-lock.json');
  await project.must(command, [...npm, 'install', ...FOR_MACOS]);
}

/** Installs with npm and uses it. */
const byNpm = (...args) => ({
  async run({ must, use }) {
    await must('npm', ['install', NAME, ...args]);
    return use();
  },
});

const byYarn4 = (linker) => ({
  async run({ write, must, use, env }) {
    // Else it is no project, but part of one above.
    write('yarn.lock', '');
    const more = { YARN_NODE_LINKER: linker };
    await must(process.execPath, [YARN_4, 'add', NAME], { env: { ...env, ...more } });
    return use({ command: [process.execPath, YARN_4, 'node'], env: more });
  },
});

/** Uses it in a folder that is mounted read-only; undefined where this machine does not let us. */
async function readOnly({ cwd, must, use }) {
  const mount = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && cd "$0"';
  if (!capture('unshare', ['-m', 'sh', '-c', mount, cwd]).ok) return undefined;
  await must('npm', ['install', NAME]);
  const script = `${mount} && ! touch written 2>/dev/null && exec "$@"`;
  return use({ command: ['unshare', '-m', 'sh', '-c', script, cwd, process.execPath] });
}

/** A copy of the installed package in `vendor/`, and no node_modules; `npm install` in it where asked. */
const vendored = ({ isInstalled, file = '' }) => ({
  async run(project) {
    const { cwd, must, use } = project;
    const copy = path.join(cwd, 'vendor', NAME);
    await must('npm', ['install', NAME]);
    cpSync(path.join(cwd, 'node_modules', NAME), copy, { recursive: true });
    remove(project, 'node_modules', 'package-lock.json');
    if (isInstalled) await must('npm', ['install'], { cwd: copy });
    return use({ name: `./vendor/${NAME}${file}` });
  },
});

/** A bare clone of what is committed here, as npm is told of it. */
function gitUrl(home) {
  const clone = path.join(home, 'clone.git');
  if (!existsSync(clone)) {
    const { ok, output } = capture('git', ['clone', '--quiet', '--bare', ROOT, clone]);
    if (!ok) throw new Error(`git clone: ${output}`);
  }
  return `git+file://${clone}#${capture('git', ['rev-parse', 'HEAD']).output.trim()}`;
}

/** Installs a git URL: how that ended, and what npm said. */
async function byGit({ run, home, online }, env) {
  const { ok, output } = await run('npm', ['install', gitUrl(home)], { env: { ...online, ...env } });
  return `${ok ? 'installed' : 'failed'}: ${output}`;
}

/** The quickest build: how fast it runs is of no interest here. */
const IN_HASTE = {
  CARGO_TARGET_DIR: path.join(ROOT, 'target', 'git'),
  CARGO_PROFILE_RELEASE_LTO: 'off',
  CARGO_PROFILE_RELEASE_CODEGEN_UNITS: '16',
  CARGO_PROFILE_RELEASE_OPT_LEVEL: '0',
};

/** Each way by its name. `prints` is what the use prints, where that is not the message; undefined is not run. */
const WAYS = {
  'a git URL, with cargo': {
    async run(project) {
      const said = await byGit(project, IN_HASTE);
      return said.startsWith('installed') ? project.use() : said;
    },
  },
  'a git URL, without cargo': {
    run: (project) => byGit(project, { PATH: pathWithoutCargo() }),
    prints: /^failed: [\s\S]*was not built: there is no cargo on the PATH/,
  },
  'a git URL, a build that fails': {
    run: (project) => byGit(project, { RUSTFLAGS: '--no-such-flag' }),
    prints: /^failed: [\s\S]*was not built: cargo build/,
  },
  npm: byNpm(),
  'npm, --ignore-scripts': byNpm('--ignore-scripts'),
  'npm, --omit=optional': { ...byNpm('--omit=optional'), prints: WITHOUT_BINARY },
  'npm, --omit=optional, in Node 22': {
    async run({ must, use }) {
      await must('npm', ['install', NAME, '--omit=optional']);
      return use({ command: bring('22').command });
    },
    prints: WARNS,
  },
  'npm, --offline, from the cache': {
    async run(project) {
      await project.must('npm', ['install', NAME]);
      remove(project, 'node_modules', 'package-lock.json', 'package.json');
      project.write('package.json', '{ "private": true }');
      await project.must('npm', ['install', NAME, '--offline']);
      return project.use();
    },
  },
  'npm, a lock made on macOS': {
    async run(project) {
      await project.must('npm', ['install', NAME, ...FOR_MACOS]);
      remove(project, 'node_modules');
      await project.must('npm', ['ci']);
      return project.use();
    },
  },
  'npm, a lock made on macOS of its node_modules': {
    async run(project) {
      await lockedOnMacos(project, 'npm');
      remove(project, 'node_modules');
      await project.must('npm', ['ci']);
      return project.use();
    },
  },
  'npm 10, a lock made on macOS of its node_modules': {
    async run(project) {
      await lockedOnMacos(project, process.execPath, NPM_10);
      remove(project, 'node_modules');
      await project.must(process.execPath, [NPM_10, 'ci']);
      return project.use();
    },
    prints: WITHOUT_BINARY,
  },
  'npm 10, that lock and its node_modules removed': {
    async run(project) {
      await lockedOnMacos(project, process.execPath, NPM_10);
      remove(project, 'node_modules', 'package-lock.json');
      await project.must(process.execPath, [NPM_10, 'install']);
      return project.use();
    },
  },
  'npm, node_modules of macOS': { ...byNpm(...FOR_MACOS), prints: WITH_ANOTHER },
  pnpm: {
    async run({ must, use }) {
      await must(PNPM, ['add', NAME]);
      return use();
    },
  },
  'Yarn 1': {
    async run({ must, use }) {
      await must(process.execPath, [YARN_1, 'add', NAME]);
      return use();
    },
  },
  "Yarn 4, Plug'n'Play": byYarn4('pnp'),
  'Yarn 4, node-modules': byYarn4('node-modules'),
  'Bun, in Node': {
    async run({ must, use }) {
      await must(bring('bun').command[0], ['add', NAME]);
      return use();
    },
  },
  'Bun, in Bun': {
    async run({ must, use }) {
      const { command } = bring('bun');
      await must(command[0], ['add', NAME]);
      return use({ command });
    },
  },
  'a read-only file system': { run: readOnly },
  'a vendored copy, npm install in it': vendored({ isInstalled: true }),
  "a skill's folder, npm install in it": vendored({
    isInstalled: true,
    file: '/scripts/websocket-reconnect.js',
  }),
  'a vendored copy, nothing installed': { ...vendored({ isInstalled: false }), prints: WITHOUT_BINARY },
};

module.exports = { WAYS, WORKS };
