'use strict';

const assert = require('assert');
const { once } = require('events');
const { deadPort, startServer } = require('./peer/index.js');
const { client, openClient } = require('./support/clients.js');
const { SOON_MS } = require('./support/deadlines.js');
const { block } = require('./support/runtime.js');
const { deadUrl } = require('./support/urls.js');
const { settle } = require('./support/waiting.js');

describe('close()', () => {
  it('sends 1000 and Normal closure by default', async () => {
    const server = await startServer();
    const { ws, log } = await openClient({ url: server.url });
    ws.close();
    assert.deepStrictEqual(await server.ended(), { code: 1000, reason: 'Normal closure' });
    const { argument } = await log.until('close');
    assert.deepStrictEqual(argument, { code: 1000, reason: 'Normal closure', wasClean: true });
  });

  it('takes the codes that a client may send, and no other', async () => {
    const good = [
      1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999,
    ];
    for (const code of [
      999,
      1004,
      1005,
      1006,
      1015,
      1016,
      1999,
      2000,
      2999,
      5000,
      65536,
      -1,
      0,
      1000.5,
      NaN,
    ]) {
      const { ws, log } = client({ url: 'ws://127.0.0.1:1/' });
      assert.throws(() => ws.close(code), { name: 'RangeError', code: 'WSR_ERR_ARGUMENT' }, String(code));
      assert.strictEqual(ws.manualClose, false);
      assert.deepStrictEqual(log.lines, []);
    }
    for (const code of ['1000', {}, true]) {
      const { ws } = client({ url: 'ws://127.0.0.1:1/' });
      assert.throws(() => ws.close(code), { name: 'TypeError', code: 'WSR_ERR_ARGUMENT' });
    }
    const server = await startServer();
    for (const code of good) {
      const { ws } = await openClient({ url: server.url });
      ws.close(code, 'why');
      assert.deepStrictEqual(await server.ended(), { code, reason: 'why' });
    }
  });

  it('takes a reason of at most 123 bytes of UTF-8', async () => {
    const server = await startServer();
    const { ws, log } = await openClient({ url: server.url });
    for (const reason of ['x'.repeat(124), 'ü'.repeat(62), '🎈'.repeat(31)]) {
      assert.throws(() => ws.close(1000, reason), { name: 'RangeError', code: 'WSR_ERR_ARGUMENT' });
    }
    assert.throws(() => ws.close(1000, 5), { name: 'TypeError', code: 'WSR_ERR_ARGUMENT' });
    assert.deepStrictEqual(log.lines, []);
    assert.strictEqual(ws.state, 'OPEN');
    const longest = `x${'ü'.repeat(61)}`;
    ws.close(4000, longest);
    assert.deepStrictEqual(await server.ended(), { code: 4000, reason: longest });
  });

  it('ends for good: there is no retry', async () => {
    const server = await startServer();
    const { ws, log } = await openClient({ url: server.url });
    ws.close();
    await log.until('close');
    await assert.rejects(ws.connect(), /Connection manually closed/);
    assert.strictEqual((await server.handshakes()).length, 1);
    assert.deepStrictEqual(log.of('retry'), []);
  });

  it('of what never connected tells stateChange CLOSED inside the call, and is remembered', () => {
    for (const end of ['close', 'terminate']) {
      const { ws, log } = client({ url: 'ws://127.0.0.1:1/' });
      ws.manualClose = true;
      ws[end]();
      assert.strictEqual(ws.manualClose, true);
      assert.strictEqual(ws.state, 'CLOSED');
      assert.deepStrictEqual(log.lines, ['stateChange CLOSED']);
    }
  });

  it('of what the circuit refuses tells stateChange CLOSED inside the call', async () => {
    const { ws, log } = client({ url: 'ws://127.0.0.1:1/', circuitBreaker: { resetTimeout: 50 } });
    ws.openCircuit();
    await assert.rejects(ws.connect());
    log.take();
    ws.close();
    assert.deepStrictEqual(log.lines, ['stateChange CLOSED']);
    await log.until('circuitChange HALF-OPEN');
    assert.deepStrictEqual(log.of('stateChange'), ['CLOSED']);
  });

  it('a second time does nothing', async () => {
    const server = await startServer();
    const { ws, log } = await openClient({ url: server.url });
    ws.close(1000, 'first');
    ws.close(4000, 'second');
    await log.until('close');
    ws.close(4001, 'third');
    assert.deepStrictEqual(log.lines, ['stateChange CLOSING', 'stateChange CLOSED', "close 1000 'first'"]);
    assert.deepStrictEqual(await server.ended(), { code: 1000, reason: 'first' });
  });

  it('while connecting ends with 1006 and no error', async () => {
    const server = await startServer({ plan: ['silent'] });
    const { ws, log } = client({ url: server.url });
    ws.connect();
    await server.attempts(1);
    ws.close(1000, 'bye');
    assert.strictEqual(ws.state, 'CLOSING');
    await log.until('close');
    assert.deepStrictEqual(log.lines, [
      'stateChange CONNECTING',
      'stateChange CLOSING',
      'stateChange CLOSED',
      "close 1006 ''",
    ]);
  });

  it('in the same breath as connect() ends too', async () => {
    const server = await startServer({ plan: ['silent'] });
    const { ws, log } = client({ url: server.url });
    ws.connect();
    ws.close();
    await once(ws, 'close');
    assert.deepStrictEqual(log.lines, [
      'stateChange CONNECTING',
      'stateChange CLOSING',
      'stateChange CLOSED',
      "close 1006 ''",
    ]);
  });

  for (const [when, options, state] of [
    ['waiting to retry', {}, 'CLOSED'],
    ['blocked', { circuitBreaker: { failureThreshold: 1 } }, 'BLOCKED'],
  ]) {
    it(`while ${when} ends with the user's own code, after the call`, async () => {
      const { ws, log } = client({ url: await deadUrl(), baseDelay: 60000, maxDelay: 60000, ...options });
      ws.connect();
      await log.until(state === 'BLOCKED' ? 'stateChange BLOCKED' : 'retry');
      assert.strictEqual(ws.state, state);
      log.take();
      ws.close(4000, 'enough');
      assert.deepStrictEqual(log.lines, ['stateChange CLOSING']);
      const { argument } = await log.until('close');
      assert.deepStrictEqual(argument, { code: 4000, reason: 'enough', wasClean: true });
      assert.deepStrictEqual(log.lines, ['stateChange CLOSING', 'stateChange CLOSED', "close 4000 'enough'"]);
    });
  }

  it('cuts the socket after closeTimeout where the peer never answers', async () => {
    const server = await startServer({ plan: ['bare'] });
    const { ws, log } = await openClient({ url: server.url, websocketOptions: { closeTimeout: 200 } });
    const before = Date.now();
    ws.close(1000, 'bye');
    assert.deepStrictEqual(await server.ended(), { code: 1000, reason: 'bye' });
    const { argument, at } = await log.until('close');
    assert.strictEqual(argument.code, 1006);
    assert.strictEqual(argument.wasClean, false);
    assert.ok(at - before >= 199 && at - before < SOON_MS, `after ${at - before} ms`);
  });

  it('sends what was sent before it', async () => {
    const server = await startServer();
    const { ws } = await openClient({ url: server.url });
    for (let i = 0; i < 100; i++) ws.send(`${i}`);
    ws.close();
    assert.strictEqual((await server.received(100)).length, 100);
    assert.deepStrictEqual(await server.ended(), { code: 1000, reason: 'Normal closure' });
  });
});

describe('reset()', () => {
  it('forgets a manual close, the counts and the circuit', async () => {
    const server = await startServer();
    const { ws, log } = client({ url: server.url });
    ws.retryCount = 3;
    ws.circuitFailures = 2;
    ws.openCircuit();
    ws.close();
    ws.reset();
    const { manualClose, retryCount, circuitFailures, circuitState } = ws;
    assert.deepStrictEqual([manualClose, retryCount, circuitFailures, circuitState], [false, 0, 0, 'CLOSED']);
    assert.deepStrictEqual(log.lines, ['circuitChange OPEN', 'stateChange CLOSED', 'circuitChange CLOSED']);
    await ws.connect();
  });

  it('emits nothing where nothing changes', () => {
    const { ws, log } = client({ url: 'ws://127.0.0.1:1/' });
    ws.reset();
    assert.deepStrictEqual(log.lines, []);
  });
});

describe('a close while waiting to retry', () => {
  it('ends in CLOSED and is final', async () => {
    const { ws, log } = client({ url: `ws://127.0.0.1:${await deadPort()}/`, baseDelay: 30 });
    ws.connect();
    await log.until('retry');
    ws.close();
    await log.until('close 1000');
    assert.strictEqual(ws.state, 'CLOSED');
    log.take();
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.deepStrictEqual(log.lines, []);
  });
});

describe('terminate()', () => {
  it('cuts the connection without a close frame, for good', async () => {
    const server = await startServer();
    const { ws, log } = await openClient({ url: server.url });
    ws.terminate();
    assert.strictEqual(ws.state, 'CLOSING');
    await log.until('close');
    assert.deepStrictEqual(log.lines, ['stateChange CLOSING', 'stateChange CLOSED', "close 1006 ''"]);
    assert.deepStrictEqual(await server.ended(), { code: 1006, reason: '' });
    await assert.rejects(ws.connect(), { code: 'WSR_ERR_CLOSED' });
  });

  it('ends a closing handshake that the peer does not answer', async () => {
    const server = await startServer({ plan: ['bare'] });
    const { ws, log } = await openClient({ url: server.url });
    ws.close();
    ws.terminate();
    await log.until("close 1006 ''");
  });

  it('while waiting does what close() does', async () => {
    const { ws, log } = client({ url: await deadUrl() });
    const open = ws.connect();
    await log.until('retry 1');
    ws.terminate();
    await log.until("close 1000 'Normal closure'");
    await assert.rejects(open, { code: 'WSR_ERR_CLOSED' });
  });
});

describe('close() and what is under way', () => {
  it('after close() delivers the messages that had arrived, then one close', async () => {
    const server = await startServer();
    const { ws, log } = await openClient({ url: server.url });
    await server.later(100, 'send', 'arrived', { times: 50 });
    block(400);
    ws.close(1000, 'bye');
    await log.until('close');
    await settle();
    assert.deepStrictEqual(log.lines, [
      'stateChange CLOSING',
      ...Array(50).fill('message arrived'),
      'stateChange CLOSED',
      "close 1000 'bye'",
    ]);
  });

  it('after close() no retry, CONNECTING or open of before comes', async () => {
    const server = await startServer({ plan: ['accept', 'refuse', 'accept'] });
    for (let i = 0; i < 10; i++) {
      await server.behave({ plan: ['accept', 'refuse', 'accept'] });
      const { ws, log } = await openClient({ url: server.url, baseDelay: 5 });
      await server.later(100, 'cut');
      block(110 + 10 * i);
      ws.close(1000, 'bye');
      await log.until('close');
      await settle(4);
      assert.deepStrictEqual(log.lines.slice(0, 2), ['stateChange CLOSING', 'stateChange CLOSED']);
      assert.strictEqual(log.lines.length, 3);
    }
  });

  it('a close after the connection was lost unseen comes to its end', async () => {
    const server = await startServer({ plan: ['accept', 'silent'] });
    const { ws, log } = await openClient({ url: server.url, maxRetries: 0 });
    await server.later(100, 'close', 1012, 'restart');
    block(400);
    ws.close();
    await log.until('close');
    await settle();
    assert.deepStrictEqual(log.of('stateChange'), ['CLOSING', 'CLOSED']);
    assert.strictEqual(log.of('close').length, 1);
    assert.strictEqual(ws.state, 'CLOSED');
  });

  it('waiting for close after close() works in every state', async () => {
    const url = `ws://127.0.0.1:${await deadPort()}/`;
    for (const state of ['CONNECTING', 'retry', 'BLOCKED']) {
      const { ws, log } = client({
        url,
        baseDelay: 60000,
        circuitBreaker: { failureThreshold: state === 'BLOCKED' ? 1 : 5 },
      });
      ws.connect();
      if (state !== 'CONNECTING') await log.until(state === 'retry' ? 'retry' : 'stateChange BLOCKED');
      ws.close();
      await once(ws, 'close');
      assert.strictEqual(ws.state, 'CLOSED');
    }
  });
});
