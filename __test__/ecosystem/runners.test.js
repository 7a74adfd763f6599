'use strict';

const assert = require('assert');
const { existsSync, symlinkSync } = require('fs');
const path = require('path');
const { ROOT, capture, install } = require('../../scripts/tools.js');

const FOLDER = path.join(__dirname, 'runners');

/** What runs the samples of docs/testing.md, and how many there are. */
const RUNNERS = {
  jest: { args: ['node_modules/jest/bin/jest.js', '--ci'], passed: /^Tests: +3 passed, 3 total$/m },
  vitest: {
    args: ['node_modules/vitest/vitest.mjs', 'run', '--no-color'],
    passed: /^ +Tests +3 passed \(3\)$/m,
  },
  'node:test': { args: ['--test', '--test-reporter=tap', 'node.test.mjs'], passed: /^# pass 3$/m },
};

describe('the samples for test runners', () => {
  before(function () {
    this.timeout(300000);
    install(FOLDER);
    const link = path.join(FOLDER, 'node_modules', 'websocket-reconnect-native');
    if (!existsSync(link)) symlinkSync(ROOT, link, 'junction');
  });

  for (const [name, { args, passed }] of Object.entries(RUNNERS)) {
    it(`pass under ${name}`, function () {
      this.timeout(120000);
      const { ok, output } = capture(process.execPath, args, { cwd: FOLDER });
      assert.ok(ok && passed.test(output), output);
    });
  }
});
