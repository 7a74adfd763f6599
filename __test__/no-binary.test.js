'use strict';

const assert = require('assert');
const fs = require('fs');
const os = require('os');
const path = require('path');
const { loadBinary } = require('../lib/node/binary.js');
const { platformId } = require('../lib/node/platform.js');
const { runScript, runtime } = require('./support/runtime.js');

const NAME = 'websocket-reconnect-native';
const ROOT = path.join(__dirname, '..');
const id = platformId();
const other = id === 'win32-arm64-msvc' ? 'darwin-arm64' : 'win32-arm64-msvc';

function copy(from, to) {
  if (!fs.statSync(from).isDirectory()) return fs.copyFileSync(from, to);
  fs.mkdirSync(to);
  for (const name of fs.readdirSync(from)) copy(path.join(from, name), path.join(to, name));
}

describe('a package that finds no binary', () => {
  let project;
  let folder;

  /** A copy of what of the package is JavaScript, in the node_modules of a project. */
  beforeEach(() => {
    project = fs.mkdtempSync(path.join(os.tmpdir(), 'no-binary-'));
    folder = path.join(project, 'node_modules', NAME);
    fs.mkdirSync(path.dirname(folder));
    fs.mkdirSync(folder);
    for (const name of ['index.js', 'package.json', 'lib'])
      copy(path.join(ROOT, name), path.join(folder, name));
    fs.writeFileSync(path.join(project, 'package.json'), '{"type":"commonjs"}');
  });

  // Node 14.0 has no rmSync.
  afterEach(() => (fs.rmSync ? fs.rmSync : fs.rmdirSync)(project, { recursive: true }));

  const isInstalled = () => fs.writeFileSync(path.join(folder, 'Cargo.toml'), '');

  /** A platform's package with those bytes for a binary. */
  const addPlatform = (platform, binary) => {
    const place = path.join(project, 'node_modules', `${NAME}-${platform}`);
    fs.mkdirSync(place);
    fs.writeFileSync(path.join(place, 'package.json'), '{"main":"a.node"}');
    fs.writeFileSync(path.join(place, 'a.node'), binary);
  };

  /** The message, once the package was required in that project. */
  const said = async (options) => {
    const script = path.join(project, 'a.js');
    fs.writeFileSync(
      script,
      `global.WebSocket = undefined;
      try { require('${NAME}'); console.log('it loads'); } catch (error) { console.log(error.code, error.message); }\n`,
    );
    const { stdout, stderr } = await runScript(script, [], options);
    assert.ok(stdout.startsWith('WSR_ERR_NO_BINARY'), stdout + stderr);
    return stdout;
  };

  it('says what to install, where it was installed without', async () => {
    isInstalled();
    const message = await said();
    assert.ok(message.includes(`The package ${NAME}-${id} is not installed.`), message);
    assert.ok(message.includes('npm install --include=optional'), message);
    assert.ok(message.includes('npm run build'), message);
  });

  it('says whose it is, where node_modules came from another platform', async () => {
    isInstalled();
    addPlatform(other, '');
    assert.ok((await said()).includes(`node_modules has the binary of ${other}`));
  });

  it('says that a tracer or a bundler has left it out', async () => {
    const message = await said();
    assert.ok(/bundle.*tracer.*docs\/bundling\.md/.test(message), message);
  });

  it('says that a checkout is not built', async () => {
    isInstalled();
    fs.mkdirSync(path.join(folder, '__test__'));
    assert.ok(
      (await said()).includes(`This checkout is not built. Build it with Rust's cargo: npm run build`),
    );
  });

  it('says that it is damaged, or for another platform', async function () {
    // The words are those of Linux's loader; which the others say is handed in below.
    if (process.platform !== 'linux') this.skip();
    isInstalled();
    addPlatform(id, 'no binary at all, but long enough to have a header that could be read of one'.repeat(9));
    const message = await said();
    assert.ok(message.includes('is for another platform, or is damaged'), message);
  });

  it('says that the file is not good which WEBSOCKET_RECONNECT_NATIVE_PATH names', async () => {
    const file = path.join(project, 'there-is-none.node');
    const message = await said({ env: { WEBSOCKET_RECONNECT_NATIVE_PATH: file } });
    assert.ok(message.includes(`${file} (WEBSOCKET_RECONNECT_NATIVE_PATH)`), message);
    assert.ok(message.includes('Correct it, or unset it'), message);
  });

  it('says which flags Node needs that may load no addons', async function () {
    // The flags came with Node 20.12 or before, and are Node's alone.
    if (runtime.name !== 'node' || runtime.nodeMajor < 20) this.skip();
    isInstalled();
    addPlatform(id, '');
    const permission = process.allowedNodeEnvironmentFlags.has('--permission')
      ? '--permission'
      : '--experimental-permission';
    for (const flags of [['--no-addons'], [permission, '--allow-fs-read=*']]) {
      const message = await said({ flags });
      assert.ok(message.includes('--allow-addons'), message);
    }
  });
});

describe('a loader that refuses a binary', () => {
  const refuses = (said, cause, code = 'ERR_DLOPEN_FAILED') => {
    const binaries = { 'a-platform': (refused) => refused(Object.assign(new Error(said), { code })) };
    assert.throws(
      () => loadBinary('a-platform', {}, binaries),
      (error) =>
        error.code === 'WSR_ERR_NO_BINARY' && error.message.includes(said) && cause.test(error.message),
    );
  };

  for (const [what, message, cause, code] of [
    [
      'since glibc is too old',
      "/lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.38' not found (required by /a/b.node)",
      /glibc is too old: the binary needs GLIBC_2\.38/,
    ],
    [
      'that needs musl, on glibc',
      'libc.musl-x86_64.so.1: cannot open shared object file: No such file or directory',
      /for another C library/,
    ],
    [
      'that needs glibc, on musl',
      'Error loading shared library ld-linux-x86-64.so.2: No such file or directory (needed by /a/b.node)',
      /for another C library/,
    ],
    [
      'on a file system that forbids it',
      '/a/b.node: failed to map segment from shared object: Operation not permitted',
      /noexec/,
    ],
    ['on another processor, as macOS says it', 'mach-o file, but is an incompatible architecture', /damaged/],
    ['as Windows says it', '\\\\?\\C:\\a\\b.node is not a valid Win32 application.', /damaged/],
    [
      'that Node may not load',
      'Cannot load native addon because loading addons is disabled.',
      /--allow-addons/,
      'ERR_DLOPEN_DISABLED',
    ],
    [
      'that Node may not read',
      'Access to this API has been restricted',
      /--allow-fs-read/,
      'ERR_ACCESS_DENIED',
    ],
  ]) {
    it(`is told: ${what}`, () => refuses(message, cause, code));
  }

  it('has the list of the platforms, where there is no package for this one', () => {
    assert.throws(
      () => loadBinary('sunos-x64', {}),
      ({ code, message }) =>
        code === 'WSR_ERR_NO_BINARY' &&
        /no package for sunos-x64, only for darwin-arm64, .*win32-x64-msvc/.test(message),
    );
  });
});

describe('the table of the binaries', () => {
  it('has all platforms for which there is a package', () => {
    const { optionalDependencies } = require('../package.json');
    const platforms = Object.keys(require('../lib/node/binaries.js'));
    assert.deepStrictEqual(
      platforms.map((platform) => `${NAME}-${platform}`),
      Object.keys(optionalDependencies),
    );
  });

  it('names the binary of each by its own name alone', () => {
    const binaries = require('../lib/node/binaries.js');
    for (const platform of Object.keys(binaries).filter((name) => name !== id)) {
      const errors = [];
      binaries[platform]((error) => errors.push(error));
      assert.strictEqual(errors.length, 2);
      for (const { message } of errors)
        assert.ok(
          message.includes(`${NAME}.${platform}.node`) || message.includes(`${NAME}-${platform}`),
          message,
        );
    }
  });
});
