'use strict';

const assert = require('assert');
const { deadPort, startServer } = require('./peer/index.js');
const { client, openClient } = require('./support/clients.js');
const { SOON_MS } = require('./support/deadlines.js');
const { block, program, runScript } = require('./support/runtime.js');
const { until } = require('./support/waiting.js');

/** Resolves to the arguments of the next event of that name. */
const next = (ws, event) => new Promise((resolve) => ws.once(event, (...args) => resolve(args)));

/** The code that a promise rejects with. */
const codeOf = (promise) =>
  promise.then(
    () => 'resolved',
    (error) => error.code,
  );

describe('ping()', () => {
  it('resolves to the milliseconds until the pong', async () => {
    const server = await startServer();
    const { ws } = await openClient({ url: server.url });
    const took = [await ws.ping(), await ws.ping()];
    for (const ms of took) assert.ok(ms > 0 && ms < SOON_MS, `${ms} ms`);
    assert.strictEqual(await server.pings(), 2);
    const { rtt } = ws.getStats();
    assert.deepStrictEqual([rtt.last, rtt.min], [took[1], Math.min(...took)]);
  });

  it('measures in the engine: a busy event loop does not lengthen it', async () => {
    const server = await startServer();
    const { ws } = await openClient({ url: server.url });
    const pinged = ws.ping();
    block(2000);
    const ms = await pinged;
    assert.ok(ms < 1900, `${ms} ms`);
  });

  it('rejects where there is no connection', async () => {
    const { ws } = client({ url: `ws://127.0.0.1:${await deadPort()}/` });
    assert.strictEqual(await codeOf(ws.ping()), 'WSR_ERR_NOT_CONNECTED');
    ws.connect();
    assert.strictEqual(await codeOf(ws.ping()), 'WSR_ERR_NOT_CONNECTED');
  });

  it('rejects when the connection ends first', async () => {
    const server = await startServer({ plan: ['bare'] });
    const { ws, log } = await openClient({ url: server.url });
    const lost = [codeOf(ws.ping())];
    await server.later(50, 'cut');
    block(300);
    // It is gone, and nobody has told.
    lost.push(codeOf(ws.ping()));
    await log.until('stateChange CLOSED');
    await log.until('open');
    lost.push(codeOf(ws.ping()));
    ws.close();
    assert.deepStrictEqual(await Promise.all(lost), Array(3).fill('WSR_ERR_PING_LOST'));
  });

  it('rejects after heartbeatTimeout, which ends nothing', async () => {
    const server = await startServer({ plan: ['bare'] });
    const { ws, log } = await openClient({ url: server.url, heartbeatTimeout: 80 });
    await assert.rejects(ws.ping(), { code: 'WSR_ERR_PING_TIMEOUT', message: 'No pong within 80 ms' });
    assert.strictEqual(ws.state, 'OPEN');
    assert.deepStrictEqual(log.lines, []);
  });

  it('is answered by a pong that answers a later one', async () => {
    const server = await startServer({ plan: ['bare'] });
    const { ws } = await openClient({ url: server.url });
    const both = [ws.ping(), ws.ping()];
    await server.raw('8a080100000000000002');
    for (const ms of await Promise.all(both)) assert.ok(ms > 0);
  });

  it('may be ignored', async () => {
    const { code, stderr } = await runScript(program('ignored-ping.js'));
    assert.strictEqual(code, 0, stderr);
  });
});

describe('the events ping and pong', () => {
  it('tell the payload, in the order of the messages around', async () => {
    const server = await startServer({ plan: ['bare'] });
    const { ws } = await openClient({ url: server.url });
    const told = [];
    ws.on('message', ({ data }) => told.push(`message ${data}`));
    ws.on('ping', (payload) => told.push(`ping ${payload}`));
    ws.on('pong', (payload) => {
      assert.ok(Buffer.isBuffer(payload));
      told.push(`pong ${payload}`);
    });
    await server.raw('810161' + '890162' + '8a0163' + '810164' + '8900' + '8a00' + '810165');
    await until(() => told.length === 7);
    assert.deepStrictEqual(told, [
      'message a',
      'ping b',
      'pong c',
      'message d',
      'ping ',
      'pong ',
      'message e',
    ]);
    assert.deepStrictEqual(await server.pongs(2), ['b', '']);
  });

  it('tell what came while the event loop was blocked', async () => {
    const server = await startServer();
    const { ws } = await openClient({ url: server.url });
    const told = [];
    ws.addEventListener('ping', (payload) => told.push(String(payload)));
    await server.later(100, 'ping', 'while blocked', 3);
    block(600);
    await until(() => told.length === 3);
    assert.deepStrictEqual(told, Array(3).fill('while blocked'));
  });

  it('tell of the pongs that ping() asked for, but not of those of receipts', async () => {
    const server = await startServer();
    const { ws } = await openClient({ url: server.url });
    const pong = next(ws, 'pong');
    await ws.ping();
    const [payload] = await pong;
    assert.deepStrictEqual([payload.length, payload[0]], [8, 1]);
    const more = next(ws, 'pong');
    const bare = await startServer({ plan: ['bare'] });
    const { ws: other } = await openClient({ url: bare.url });
    const first = next(other, 'pong');
    await bare.raw('8a09020000000000000001' + '8a0178');
    assert.strictEqual(String((await first)[0]), 'x');
    ws.ping();
    await more;
  });
});
