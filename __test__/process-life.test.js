'use strict';

const assert = require('assert');
const { deadPort, startServer } = require('./peer/index.js');
const { program, runScript, runtime } = require('./support/runtime.js');

/** A process that is kept alive is seen to be after this. */
const KEPT_MS = 1000;

/** Runs life/process.js; see there for the steps. */
const run = (url, steps, options) => runScript(program('process.js'), [url, ...steps], options);

async function ends(url, steps, output) {
  const { code, signal, stdout, stderr } = await run(url, steps);
  assert.strictEqual(signal, null, `it does not end: ${stdout} ${stderr}`);
  assert.strictEqual(code, 0, stderr);
  if (output) assert.strictEqual(stdout.trim(), output);
}

async function stays(url, steps, output) {
  const { signal, stdout, stderr } = await run(url, steps, { stays: KEPT_MS });
  assert.strictEqual(signal, 'SIGKILL', `it ended: ${stdout} ${stderr}`);
  assert.strictEqual(stdout.trim(), output, stderr);
}

describe('a process', () => {
  let server;
  let dead;
  beforeEach(async () => {
    server = await startServer();
    dead = `ws://127.0.0.1:${await deadPort()}/`;
  });

  it('ends where the client was made and never connected', () => ends(server.url, ['state'], 'CLOSED'));

  it('ends once the client is closed', () => ends(server.url, ['connect', 'close', 'state'], 'CLOSED'));

  it('ends once the client has failed', () =>
    ends(dead, ['maxRetries', 'connect', 'closed', 'state'], 'FAILED'));

  it('ends once a client that was waiting is closed', () =>
    ends(dead, ['connect', 'retry', 'close', 'state'], 'CLOSED'));

  it('ends though the circuit of an idle client is open', () =>
    ends(server.url, ['openCircuit', 'state'], 'CLOSED'));

  it('ends though connect() was refused and the state is BLOCKED', () =>
    ends(server.url, ['openCircuit', 'connect', 'state'], 'BLOCKED'));

  it('is kept alive by a client that is connecting', async () => {
    const silent = await startServer({ plan: ['silent'] });
    await stays(silent.url, ['connect', 'state'], 'CONNECTING');
  });

  it('is kept alive by a client that is open', () => stays(server.url, ['connect', 'open', 'state'], 'OPEN'));

  it('is kept alive by a client that waits to retry', () =>
    stays(dead, ['connect', 'retry', 'state'], 'CLOSED'));

  it('is kept alive by a client that is blocked', () =>
    stays(dead, ['threshold', 'connect', 'BLOCKED', 'state'], 'BLOCKED'));

  it('is let go by unref() in each of these', async () => {
    await ends(server.url, ['connect', 'open', 'unref', 'state'], 'OPEN');
    await ends(server.url, ['unref', 'connect', 'state'], 'CONNECTING');
    await ends(dead, ['connect', 'retry', 'unref', 'state'], 'CLOSED');
    await ends(dead, ['threshold', 'connect', 'BLOCKED', 'unref', 'state'], 'BLOCKED');
  });

  it('is held again by ref()', () => stays(server.url, ['connect', 'open', 'unref', 'ref', 'state'], 'OPEN'));

  it('ends by process.exit() with connections open', async () => {
    const { code, signal, stderr } = await run(server.url, ['many', 'connect', 'open', 'exit']);
    assert.strictEqual(signal, null, stderr);
    assert.strictEqual(code, 7, stderr);
  });

  it('ends by process.exit() while events pour in', async () => {
    const flood = await startServer({ burst: { count: 2000, size: 50 } });
    const { code, signal, stderr } = await run(flood.url, ['many', 'connect', 'message', 'exit']);
    assert.strictEqual(signal, null, stderr);
    assert.strictEqual(code, 7, stderr);
  });

  it('ends by an uncaught exception with connections open', async () => {
    const { code, signal, stderr } = await run(server.url, ['many', 'connect', 'open', 'throw']);
    assert.strictEqual(signal, null, stderr);
    assert.strictEqual(code, 1);
    assert.ok(stderr.includes('nobody catches this'), stderr);
  });

  it('ends cleanly for the server: its connections are closed', async () => {
    await run(server.url, ['many', 'connect', 'open', 'exit']);
    await server.ended(0);
  });

  for (const [scope, whose] of [
    ['instance', ''],
    ['host', ', of a shared circuit too'],
  ]) {
    it(`collects clients that are dropped while closed${whose}`, async function () {
      // Without weak references a client that shares its circuit is never collected.
      if (scope === 'host' && typeof WeakRef === 'undefined') this.skip();
      const { stdout, stderr } = await runScript(program('dropped.js'), [server.url, scope], {
        exposeGc: true,
      });
      assert.strictEqual(stdout.trim(), 'collected', stderr);
    });
  }

  it('keeps nothing of the options that dropped clients were given', async function () {
    // Without weak references nothing is shared.
    if (typeof WeakRef === 'undefined') this.skip();
    const { stdout, stderr } = await runScript(program('shared-options.js'), [], { exposeGc: true });
    assert.strictEqual(stdout.trim(), 'collected', stderr);
  });

  it('ends though what clients share is collected at that moment', async () => {
    const { stdout, stderr } = await runScript(program('collected-at-exit.js'), [], { exposeGc: true });
    assert.strictEqual(stdout.trim(), 'collected', stderr);
  });

  it('may load the package 200 times, at no cost but for the clients that live', async function () {
    // Descriptors are counted in /proc, which Linux alone has.
    if (process.platform !== 'linux') this.skip();
    this.timeout(60000);
    const echo = await startServer({ echo: true });
    const { stdout, stderr } = await runScript(program('reloads.js'), [echo.url, '200'], {
      exposeGc: true,
      deadline: 55000,
    });
    assert.ok(stdout.startsWith('{'), stdout + stderr);
    const { descriptors, bytesEach } = JSON.parse(stdout);
    assert.ok(descriptors <= 2, `${descriptors} descriptors more`);
    // Node 16 and Bun keep each module that they have loaded, whatever that is.
    if (runtime.nodeMajor !== 16 && runtime.name !== 'bun')
      assert.ok(bytesEach < 10000, `${bytesEach} bytes each`);
  });

  it('may be one that takes no external buffers, as those of Electron', async function () {
    const echo = await startServer({ echo: true });
    const { stdout, stderr } = await runScript(program('no-external-buffers.js'), [echo.url]);
    // A release cannot be made to refuse them.
    if (stdout.trim() === 'a release') this.skip();
    assert.strictEqual(stdout.trim(), '12 of 12', stderr);
  });

  it('has one engine thread for many clients', async function () {
    // Threads are counted in /proc, which Linux alone has.
    if (process.platform !== 'linux') this.skip();
    const { stdout, stderr } = await runScript(program('threads.js'), [server.url, '100']);
    assert.strictEqual(stdout.trim(), 'one more thread', stderr);
  });
});
