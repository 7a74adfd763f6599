'use strict';

const assert = require('assert');
const { LIFE } = require('../lib/facade/client.js');
const { startServer } = require('./peer/index.js');
const { client, openClient } = require('./support/clients.js');

describe('a panic of the engine', () => {
  it('ends its client alone, which tells it and can be started again', async function () {
    const server = await startServer({ echo: true });
    const { ws: other, log: others } = await openClient({ url: server.url });
    const { ws, log } = client({ url: server.url });
    const { native } = ws[LIFE];
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
