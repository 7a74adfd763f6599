'use strict';

// Fuzzes what reads from the network, bounded in time. Usage: fuzz.js [SECONDS for each target], 60 unless told.
// Needs a nightly toolchain, for the sanitizer.

const { existsSync, mkdirSync } = require('fs');
const path = require('path');
const { ROOT, TOOLS, run } = require('./tools.js');

const TARGETS = ['reader', 'round_trip', 'http2'];
/** No input of this size may make it take more at once. */
const LIMITS = ['-max_len=4096', '-malloc_limit_mb=64'];

const seconds = Number(process.argv[2] || 60);
if (!(seconds > 0)) throw new Error(`SECONDS is ${process.argv[2]}; allowed is a number above 0`);

const root = path.join(TOOLS, 'cargo-fuzz');
if (!existsSync(path.join(root, 'bin'))) {
  run('cargo', ['install', '--locked', '--root', root, 'cargo-fuzz@0.13.2']);
}
const env = { ...process.env, PATH: `${path.join(root, 'bin')}${path.delimiter}${process.env.PATH}` };
for (const target of TARGETS) {
  const corpus = path.join(ROOT, 'fuzz', 'corpus', target);
  const limits = [`-max_total_time=${seconds}`, '-print_final_stats=1', ...LIMITS];
  // What is new goes beside the committed corpus.
  const beside = path.join(TOOLS, 'corpus', target);
  mkdirSync(beside, { recursive: true });
  run('cargo', ['+nightly', 'fuzz', 'run', target, beside, corpus, '--', ...limits], { env });
}
console.log(`${TARGETS.length} passed, 0 failed`);
