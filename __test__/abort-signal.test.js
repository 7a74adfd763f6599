'use strict';

const assert = require('assert');
const { startServer } = require('./peer/index.js');
const { client, make, openClient } = require('./support/clients.js');
const { deadUrl } = require('./support/urls.js');

describe('signal', () => {
  const { AbortController } = global;
  /** What Node 14.0 has none of. */
  class OwnController {
    constructor() {
      const listeners = new Set();
      this.signal = {
        aborted: false,
        listeners,
        addEventListener: (_, listener) => listeners.add(listener),
        removeEventListener: (_, listener) => listeners.delete(listener),
      };
    }

    abort() {
      this.signal.aborted = true;
      for (const listener of this.signal.listeners) listener();
    }
  }

  for (const Controller of [AbortController, OwnController].filter(Boolean)) {
    it(`ends an open client (${Controller.name})`, async () => {
      const server = await startServer();
      const controller = new Controller();
      const { ws, log } = await openClient({ url: server.url, signal: controller.signal });
      controller.abort();
      assert.strictEqual(ws.state, 'CLOSING');
      await log.until("close 1000 'Aborted'");
      await assert.rejects(ws.connect(), { name: 'AbortError' });
      if (controller.signal.listeners) assert.strictEqual(controller.signal.listeners.size, 0);
    });

    it(`ends connecting and waiting, and rejects connect() (${Controller.name})`, async () => {
      const controller = new Controller();
      const { ws, log } = client({ url: await deadUrl(), signal: controller.signal });
      const open = ws.connect();
      await log.until('retry 1');
      controller.abort();
      await assert.rejects(open, { name: 'AbortError' });
      await log.until("close 1000 'Aborted'");
      assert.strictEqual(ws.state, 'CLOSED');
    });
  }

  it('has one listener for all clients that it can end', async () => {
    const { signal } = new OwnController();
    const url = await deadUrl();
    const all = Array.from({ length: 20 }, () => client({ url, signal, baseDelay: 60000 }));
    const promises = all.map(({ ws }) => ws.connect());
    for (const { log } of all) await log.until('retry 1');
    assert.strictEqual(signal.listeners.size, 1);
    all[0].ws.close();
    await assert.rejects(promises[0], { code: 'WSR_ERR_CLOSED' });
    await all[0].log.until('close 1000');
    assert.strictEqual(signal.listeners.size, 1);
    for (const listener of signal.listeners) listener();
    for (const promise of promises.slice(1)) await assert.rejects(promise, { name: 'AbortError' });
    for (const { log } of all.slice(1)) await log.until("close 1000 'Aborted'");
    assert.strictEqual(signal.listeners.size, 0);
  });

  it('that is aborted already lets nothing start', async () => {
    const controller = new OwnController();
    controller.abort();
    const { ws, log } = client({ url: await deadUrl(), signal: controller.signal });
    await assert.rejects(ws.connect(), { name: 'AbortError', code: 'ABORT_ERR' });
    await assert.rejects(ws.reconnect(), { name: 'AbortError' });
    assert.deepStrictEqual(log.lines, []);
    assert.throws(() => make({ signal: {} }), TypeError);
  });
});
