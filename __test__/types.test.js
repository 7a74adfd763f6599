'use strict';

const assert = require('assert');
const { execFile } = require('child_process');
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

describe('the types', () => {
  it('take what is right and refuse what is wrong', async function () {
    const tsc = compiler();
    // The compiler needs a newer Node than the package does, and is no dependency of users.
    if (!tsc) this.skip();
    const args = ['--project', path.join(__dirname, 'types')];
    const output = await new Promise((resolve) => {
      execFile(process.execPath, [tsc, ...args], (_, stdout) => resolve(stdout));
    });
    assert.strictEqual(output, '');
  });
});
