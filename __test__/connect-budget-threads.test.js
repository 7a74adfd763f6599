'use strict';

const assert = require('assert');
const { performance } = require('perf_hooks');
const { Worker } = require('worker_threads');
const { client } = require('./support/clients.js');
const { countingServer, endCountingServers, tooEarly } = require('./support/counting-server.js');
const { block, program } = require('./support/runtime.js');
const { deadUrl } = require('./support/urls.js');
const { heard, until } = require('./support/waiting.js');

describe('connectRate, beside JavaScript', () => {
  afterEach(endCountingServers);

  it('is one budget for all threads', async () => {
    const server = await countingServer();
    const connectRate = { max: 20, per: 500, concurrency: 10, scope: 'all threads' };
    const from = performance.now();
    const all = Array.from({ length: 50 }, () =>
      client({ url: server.url, connectRate, maxRetries: Infinity }),
    );
    const workerData = { url: server.url, count: 10, connectRate };
    const workers = Array.from({ length: 4 }, () => new Worker(program('connect-rate.js'), { workerData }));
    const failed = new Promise((_resolve, reject) => workers.forEach((worker) => worker.on('error', reject)));
    try {
      for (const { ws } of all) ws.connect();
      await Promise.race([failed, until(() => server.open === 90)]);
      assert.deepStrictEqual(tooEarly(server.arrivals, from, connectRate), []);
      server.arrivals.length = 0;
      const again = performance.now();
      server.cut();
      await Promise.race([failed, until(() => server.arrivals.length >= 90 && server.open === 90)]);
      assert.deepStrictEqual(tooEarly(server.arrivals, again, connectRate), []);
    } finally {
      await Promise.all(workers.map((worker) => worker.terminate()));
    }
  });

  it('leaves to others what a thread had that has ended', async () => {
    const server = await countingServer(1000);
    const connectRate = { concurrency: 1, scope: 'a thread that ends' };
    const worker = new Worker(program('connect-rate.js'), {
      workerData: { url: server.url, count: 2, connectRate },
    });
    await until(() => server.pending === 1);
    const { ws } = client({ url: server.url, connectRate });
    const opened = ws.connect();
    assert.strictEqual(ws.getStats().waitingFor, 'connectRate');
    await worker.terminate();
    await opened;
  });

  it('tells by retry when the attempt begins', async () => {
    const connectRate = { max: 1, per: 400, scope: 'told by retry' };
    const { ws } = client({ url: await deadUrl(), connectRate, baseDelay: 1 });
    ws.on('error', () => {});
    const from = performance.now();
    ws.connect().catch(() => {});
    const [{ delay }] = await new Promise((resolve) => ws.once('retry', (...told) => resolve(told)));
    const passed = performance.now() - from;
    assert.ok(delay <= 400 && delay >= 400 - passed - 1, `${delay} ms after ${passed}`);
    const [state] = await new Promise((resolve) => ws.once('stateChange', (...told) => resolve(told)));
    assert.strictEqual(state, 'CONNECTING');
    assert.ok(performance.now() - from >= 399);
  });

  it('is kept while JavaScript is busy', async () => {
    const server = await countingServer();
    const connectRate = { max: 1, per: 300, scope: 'while busy' };
    await client({ url: server.url, connectRate }).ws.connect();
    const { ws } = client({ url: server.url, connectRate });
    const opened = heard(ws, 'open');
    ws.connect();
    block(600);
    // The server is of this thread: it finds what has come meanwhile.
    await opened;
    assert.strictEqual(server.arrivals.length, 2);
  });

  it('blocks who waits when the circuit opens, and has its probe wait', async () => {
    const server = await countingServer();
    const connectRate = { max: 1, per: 500, scope: 'blocked' };
    const from = performance.now();
    await client({ url: server.url, connectRate }).ws.connect();
    const { ws, log } = client({ url: server.url, connectRate, circuitBreaker: { resetTimeout: 100 } });
    const opened = ws.connect();
    ws.openCircuit();
    assert.strictEqual(ws.state, 'BLOCKED');
    await opened;
    assert.deepStrictEqual(log.of('stateChange').flat(), ['CONNECTING', 'BLOCKED', 'CONNECTING', 'OPEN']);
    assert.deepStrictEqual(tooEarly(server.arrivals, from, connectRate), []);
  });
});
