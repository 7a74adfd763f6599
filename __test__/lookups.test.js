'use strict';

const assert = require('assert');
const path = require('path');
const { runScript } = require('./support/runtime.js');

const script = (name) => path.join(__dirname, 'life', name);

describe('looking hosts up', () => {
  it('takes 4 threads at most, however many clients there are', async function () {
    // Threads are counted in /proc.
    if (process.platform !== 'linux') this.skip();
    this.timeout(70000);
    const { stdout, stderr } = await runScript(script('lookups.js'), [], { deadline: 60000 });
    const { most, ms, codes } = JSON.parse(stdout || stderr);
    // 12 more where a look-up hangs, for 3 s at least.
    assert.ok(most <= (ms < 3000 ? 4 : 16), `${most} threads in ${ms} ms`);
    for (const code of codes) assert.ok(['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL'].includes(code), code);
  });

  it('tells that there is no descriptor left, and not that there is no such host', async function () {
    if (process.platform !== 'linux') this.skip();
    const { stdout, stderr } = await runScript(script('no-descriptors.js'), [], { descriptors: 256 });
    assert.strictEqual(stdout.trim(), 'EMFILE getaddrinfo EMFILE localhost', stderr);
  });
});
