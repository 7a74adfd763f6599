'use strict';

const assert = require('assert');
const { execFile } = require('child_process');
const { mkdirSync, mkdtempSync, rmdirSync, symlinkSync, unlinkSync, writeFileSync } = require('fs');
const os = require('os');
const path = require('path');
const { runtime } = require('./support/runtime.js');

/** The path of TypeScript's compiler; undefined where it cannot run. */
function compiler() {
  if (runtime.name !== 'node' || runtime.nodeMajor < 18) return undefined;
  try {
    return require.resolve('typescript/bin/tsc');
  } catch (_error) {
    return undefined;
  }
}

/** Runs the compiler; what it prints. */
const compiled = (tsc, args) =>
  new Promise((resolve) => {
    execFile(process.execPath, [tsc, ...args], (_, stdout) => resolve(stdout));
  });

const NODE = ['--typeRoots', path.join(__dirname, '..', 'node_modules', '@types'), '--types', 'node'];

describe('the types', () => {
  let folder;
  let written;

  /** A project that has the package among its modules. */
  beforeEach(() => {
    written = [];
    folder = mkdtempSync(path.join(os.tmpdir(), 'types-'));
    mkdirSync(path.join(folder, 'node_modules'));
    symlinkSync(
      path.join(__dirname, '..'),
      path.join(folder, 'node_modules', 'websocket-reconnect-native'),
      'junction',
    );
  });

  afterEach(() => {
    for (const file of written) unlinkSync(file);
    unlinkSync(path.join(folder, 'node_modules', 'websocket-reconnect-native'));
    rmdirSync(path.join(folder, 'node_modules'));
    rmdirSync(folder);
  });

  const compile = (tsc, text, args) => {
    const file = path.join(folder, 'a.ts');
    writeFileSync(file, text);
    written.push(file);
    return compiled(tsc, [file, '--noEmit', '--strict', '--target', 'es2022', ...NODE, ...args]);
  };

  it('take what is right and refuse what is wrong', async function () {
    const tsc = compiler();
    // The compiler needs a newer Node than the package does, and is no dependency of users.
    if (!tsc) this.skip();
    const args = ['--project', path.join(__dirname, 'types')];
    assert.strictEqual(await compiled(tsc, args), '');
  });

  it('are found by node10 for each part of the package', async function () {
    const tsc = compiler();
    if (!tsc) this.skip();
    const parts = {
      '': 'WebSocketReconnect',
      portable: 'WebSocketReconnect',
      websocket: 'WebSocket',
      ws: 'WebSocket',
    };
    parts['scripts/websocket-reconnect.js'] = 'WebSocketReconnect';
    parts.testing = 'createServer';
    parts.opentelemetry = 'instrument';
    const lines = Object.entries(parts).map(([part, name], i) => {
      const module = ['websocket-reconnect-native', part].filter(Boolean).join('/');
      return `import { ${name} as a${i} } from '${module}';\n// @ts-expect-error: it is typed\nexport const b${i}: 'any' = a${i};\n`;
    });
    lines.push("import 'websocket-reconnect-native/register';\n");
    const args = ['--module', 'commonjs', '--moduleResolution', 'node10', '--ignoreDeprecations', '5.0'];
    assert.strictEqual(await compile(tsc, lines.join(''), args), '');
  });

  it('name the url in what is said of a bad one', async function () {
    const tsc = compiler();
    if (!tsc) this.skip();
    const bad = [
      "{ urll: 'ws://x' }",
      '{ url: 1 }',
      '{ url: undefined }',
      '{ url: process.env.URL }',
      '{ maxRetries: 1 }',
    ];
    const lines = bad.map((options) => `new WebSocketReconnect(${options});\n`);
    const text = `import { WebSocketReconnect } from 'websocket-reconnect-native';\n${lines.join('')}`;
    const output = await compile(tsc, text, ['--module', 'node16']);
    const errors = output.split(/^(?=\S)/m).filter(Boolean);
    assert.strictEqual(errors.length, bad.length, output);
    for (const error of errors) assert.ok(/\burl\b|UrlLike/.test(error), error);
  });
});
