'use strict';

const assert = require('assert');
const { execFile } = require('child_process');
const path = require('path');
const { runtime } = require('./support/runtime.js');

const COMPILE_MS = 60000;

/** The path of TypeScript's compiler; undefined where it cannot run. */
function compiler() {
  if (runtime.name !== 'node' || runtime.nodeMajor < 18) return undefined;
  try {
    return require.resolve('typescript/bin/tsc');
  } catch (error) {
    return undefined;
  }
}

describe('the types', () => {
  it('take what is right and refuse what is wrong', async function () {
    const tsc = compiler();
    if (!tsc) this.skip();
    this.timeout(COMPILE_MS);
    const files = ['use.ts', 'module.mts', 'script.cts'].map((name) => path.join(__dirname, 'types', name));
    const args = [
      '--strict',
      '--noEmit',
      '--target',
      'es2020',
      '--module',
      'node16',
      '--types',
      'node',
      ...files,
    ];
    const output = await new Promise((resolve) => {
      execFile(process.execPath, [tsc, ...args], (_, stdout) => resolve(stdout));
    });
    assert.strictEqual(output, '');
  });
});
