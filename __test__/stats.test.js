'use strict';

const assert = require('assert');
const { startServer } = require('./peer/index.js');
const { client, openClient } = require('./support/clients.js');

describe('getStats()', () => {
  it('tells all that it should and nothing else', async () => {
    const server = await startServer();
    const { ws } = client({ url: server.url, maxRetries: 7, circuitBreaker: { failureThreshold: 4 } });
    const { lastActivity, ...idle } = ws.getStats();
    assert.strictEqual(typeof lastActivity, 'number');
    assert.deepStrictEqual(idle, {
      state: 'CLOSED',
      circuitState: 'CLOSED',
      retryCount: 0,
      maxRetries: 7,
      circuitFailures: 0,
      failureThreshold: 4,
      uptime: 0,
    });
  });

  it('uptime heeds no clock that is set', async () => {
    const server = await startServer();
    const { ws } = await openClient({ url: server.url });
    const { now } = Date;
    try {
      for (const hours of [1, -1]) {
        Date.now = () => now() + hours * 3600000;
        const { uptime } = ws.getStats();
        assert.ok(uptime >= 0 && uptime < 60000, `${uptime} ms`);
        await new Promise((resolve) => setTimeout(resolve, 2));
        assert.ok(ws.getStats().uptime > uptime, 'it stands still');
      }
    } finally {
      Date.now = now;
    }
  });

  it('uptime counts from the open and is 0 when not open', async () => {
    const server = await startServer();
    const { ws, log } = client({ url: server.url });
    const before = Date.now();
    await ws.connect();
    const opened = Date.now();
    await new Promise((resolve) => setTimeout(resolve, 60));
    const { uptime } = ws.getStats();
    const now = Date.now();
    assert.ok(uptime >= now - opened - 15 && uptime <= now - before + 5, `${uptime} ms`);
    ws.close();
    assert.strictEqual(ws.getStats().uptime, 0);
    await log.until('close');
    assert.strictEqual(ws.getStats().uptime, 0);
  });

  it('lastActivity is when something last came', async () => {
    const server = await startServer();
    const { ws, log } = await openClient({ url: server.url });
    await new Promise((resolve) => setTimeout(resolve, 30));
    const before = Date.now();
    await server.send('news');
    await log.until('message');
    const { lastActivity } = ws.getStats();
    assert.ok(lastActivity >= before - 15 && lastActivity <= Date.now() + 5);
    assert.strictEqual(ws.lastActivity, lastActivity);
  });
});
