'use strict';

const assert = require('assert');
const { spawnSync } = require('child_process');
const path = require('path');
const own = require('../lib/own.js');
const { startServer } = require('./peer/index.js');
const { client, openClient } = require('./support/clients.js');
const { runtime } = require('./support/runtime.js');

describe('a panic of the engine', () => {
  it('ends its client alone, which tells it and can be started again', async function () {
    const server = await startServer({ echo: true });
    const { ws: other, log: others } = await openClient({ url: server.url });
    const { ws, log } = client({ url: server.url });
    const { client: native } = ws[own.inner];
    // A release cannot be made to panic.
    if (!native.fault) this.skip();
    native.fault();
    const given = new Promise((resolve) => ws.on('giveup', resolve));
    const rejection = await ws.connect().catch((error) => error);
    const { reason, message, error } = await given;
    assert.strictEqual(rejection.code, 'WSR_ERR_GAVE_UP');
    assert.strictEqual(rejection.cause, error);
    assert.strictEqual(error.code, 'WSR_ERR_INTERNAL');
    assert.ok(
      / at src[\\/]binding[\\/]client\.rs:\d+:\d+: a fault for a test$/.test(error.message),
      error.message,
    );
    assert.deepStrictEqual([reason, message], ['INTERNAL', error.message]);
    assert.deepStrictEqual(log.take(), [
      'stateChange CONNECTING',
      'error WSR_ERR_INTERNAL',
      'stateChange CLOSED',
      "close 1006 ''",
      'stateChange FAILED',
      `close MAX_RETRIES '${message}'`,
    ]);
    assert.strictEqual(ws.circuitFailures, 0);

    ws.url = `${server.url}again`;
    await ws.connect();
    for (const [sender, told] of [
      [ws, log],
      [other, others],
    ]) {
      sender.send('still here');
      await told.until('message still here');
      told.take();
    }
  });
});

describe('a system that gives no more threads', () => {
  const script = path.join(__dirname, 'life', 'few-threads.js');
  /** Runs as a user who has no other process, and may have so many threads. */
  const limited = (threads) => {
    const shell = `ulimit -u ${threads}; exec "$0" "$1"`;
    const user = ['--reuid=65534', '--regid=65534', '--clear-groups'];
    return spawnSync('setpriv', [...user, 'bash', '-c', shell, process.execPath, script], {
      encoding: 'utf8',
      timeout: 10000,
    });
  };

  it('is no reason for silence', function () {
    this.timeout(60000);
    // It takes another user: no such limit binds root, and others have more than these processes.
    if (runtime.name !== 'node' || process.platform !== 'linux' || process.getuid() !== 0) this.skip();
    if (!limited(1000).stdout.includes('giveup')) this.skip();
    let begun = 0;
    for (let threads = 6; threads <= 12; threads += 1) {
      const { stdout, stderr, signal } = limited(threads);
      if (!stdout.includes('stateChange')) continue;
      begun += 1;
      assert.strictEqual(signal, null, `with ${threads}: ${stdout}`);
      assert.ok(
        stdout.includes('error') && stdout.includes('giveup'),
        `with ${threads}: ${stdout} ${stderr}`,
      );
    }
    assert.ok(begun > 0, 'no process has begun to connect');
  });
});
