'use strict';

const assert = require('assert');
const { execFile } = require('child_process');
const path = require('path');
const { promisify } = require('util');

const EXAMPLE = path.join(__dirname, '..', '..', 'examples', 'fleet', 'run.js');

describe('the example of a fleet', () => {
  it('collects_each_stream_once_again_after_a_process_was_killed', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [EXAMPLE]);
    assert.match(stdout, /^Each stream is collected once:\n(?: {2}process .*\n){3}Process \d+ is killed\n/);
    assert.match(stdout, /Each stream is collected once again, after [0-4]\.\d s:\n(?: {2}process .*\n){2}$/);
  }).timeout(60000);
});
