'use strict';

const assert = require('assert');
const { startServer } = require('./peer/index.js');
const { client, openClient } = require('./support/clients.js');
const { deadUrl } = require('./support/urls.js');

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
      openedAt: null,
      connects: 0,
      reconnects: 0,
      messagesIn: 0,
      messagesOut: 0,
      bytesIn: 0,
      bytesOut: 0,
      bufferedAmount: 0,
      lastError: null,
      lastClose: null,
      nextAttemptAt: null,
    });
  });

  it('counts messages, at each of them, and the bytes of their payloads', async () => {
    const server = await startServer({ echo: true });
    const { ws } = await openClient({ url: server.url });
    const messages = ['text', 'ü€😀', '', Buffer.from([1, 2, 3]), Buffer.alloc(100000)];
    const size = (data) => Buffer.byteLength(data);
    const seen = [];
    const all = new Promise((resolve) => {
      ws.on('message', () => {
        seen.push(ws.getStats().messagesIn);
        if (seen.length === messages.length) resolve();
      });
    });
    for (const data of messages) ws.send(data);
    await all;
    const total = messages.reduce((sum, data) => sum + size(data), 0);
    assert.deepStrictEqual(
      seen,
      messages.map((_, index) => index + 1),
    );
    const { messagesIn, messagesOut, bytesIn, bytesOut } = ws.getStats();
    assert.deepStrictEqual(
      { messagesIn, messagesOut, bytesIn, bytesOut },
      { messagesIn: messages.length, messagesOut: messages.length, bytesIn: total, bytesOut: total },
    );
  });

  it('counts no heartbeat', async () => {
    const server = await startServer();
    const { ws } = await openClient({ url: server.url, heartbeatInterval: 20, heartbeatTimeout: 10000 });
    await server.received(2);
    assert.strictEqual(ws.getStats().messagesOut, 0);
  });

  it('counts connections, and tells of the latest how it was and what went wrong', async () => {
    const server = await startServer();
    const before = Date.now();
    const { ws, log } = await openClient({ url: server.url });
    const first = ws.getStats();
    assert.ok(first.openedAt >= before - 15 && first.openedAt <= Date.now() + 5, `${first.openedAt}`);
    assert.strictEqual(ws.getStats().openedAt, first.openedAt);
    assert.deepStrictEqual([first.connects, first.reconnects, first.lastClose], [1, 0, null]);
    await server.close(1012, 'restart');
    await log.until('open');
    const second = ws.getStats();
    assert.ok(second.openedAt > first.openedAt);
    assert.deepStrictEqual([second.connects, second.reconnects], [2, 1]);
    assert.deepStrictEqual(second.lastClose, { code: 1012, reason: 'restart', wasClean: true });
    const trouble = new Error('seen');
    ws.handleError(trouble);
    assert.strictEqual(ws.getStats().lastError, trouble);
    ws.close();
    assert.strictEqual(ws.getStats().openedAt, null);
  });

  it('tells when the next attempt begins, by a delay and by the circuit', async () => {
    const { ws, log } = client({
      url: await deadUrl(),
      baseDelay: 60000,
      maxDelay: 60000,
      circuitBreaker: { failureThreshold: 2, resetTimeout: 30000 },
    });
    ws.connect().catch(() => {});
    assert.strictEqual(ws.getStats().nextAttemptAt, null, 'it is under way');
    const { argument: error } = await log.until('error');
    await log.until('retry');
    const isIn = (ms) => {
      const wait = ws.getStats().nextAttemptAt - Date.now();
      assert.ok(wait > ms - 10000 && wait <= ms + 5, `${wait} ms`);
    };
    isIn(60000);
    assert.strictEqual(ws.getStats().lastError, error);
    ws.openCircuit();
    assert.strictEqual(ws.getStats().state, 'BLOCKED');
    isIn(30000);
    ws.close();
    assert.strictEqual(ws.getStats().nextAttemptAt, null);
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
