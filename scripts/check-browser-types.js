'use strict';

// Compiles __test__/types/browser/ where the types of Node are not to be found: in a folder outside of the project.

const { cpSync, mkdtempSync, rmSync } = require('fs');
const os = require('os');
const path = require('path');
const { ROOT, capture } = require('./tools.js');

const PLACE = path.join('__test__', 'types', 'browser');

const folder = mkdtempSync(path.join(os.tmpdir(), 'browser-types-'));
try {
  for (const name of ['index.d.ts', 'index.d.mts', PLACE]) {
    cpSync(path.join(ROOT, name), path.join(folder, name), { recursive: true });
  }
  const tsc = path.join(ROOT, 'node_modules', '.bin', 'tsc');
  const { ok, output } = capture(tsc, ['--project', path.join(folder, PLACE)]);
  process.stdout.write(output);
  process.exitCode = ok ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true });
}
