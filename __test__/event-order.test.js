'use strict';

const assert = require('assert');
const { startServer, deadPort } = require('./peer/index.js');
const { check } = require('./rules.js');
const { client, openClient } = require('./support/clients.js');
const { SOON_MS, TEST_MS } = require('./support/deadlines.js');
const { delays } = require('./support/delays.js');
const { block } = require('./support/runtime.js');

describe('the order of events', () => {
  it('opens, echoes and closes by the user', async () => {
    const server = await startServer({ echo: true });
    const { ws, log } = client({ url: server.url });
    const opened = ws.connect();
    assert.deepStrictEqual(log.lines, ['stateChange CONNECTING'], 'inside connect()');
    await opened;
    ws.send('hello');
    await log.until('message');
    ws.close(1000, 'bye');
    assert.strictEqual(log.lines[log.lines.length - 1], 'stateChange CLOSING', 'inside close()');
    await log.until('close');
    assert.deepStrictEqual(log.lines, [
      'stateChange CONNECTING',
      'stateChange OPEN',
      'open',
      'message hello',
      'stateChange CLOSING',
      'stateChange CLOSED',
      "close 1000 'bye'",
    ]);
    assert.deepStrictEqual(await server.ended(), { code: 1000, reason: 'bye' });
    assert.strictEqual(log.of('close')[0].wasClean, true);
  });

  it('retries where nobody listens, then gives up', async () => {
    const { ws, log } = client({ url: `ws://127.0.0.1:${await deadPort()}/`, maxRetries: 3 });
    await assert.rejects(ws.connect(), { message: 'Maximum retry attempts (3) exceeded' });
    await log.until('close MAX_RETRIES');
    const attempt = ['stateChange CONNECTING', 'error ECONNREFUSED', 'stateChange CLOSED', "close 1006 ''"];
    assert.deepStrictEqual(log.lines, [
      ...attempt,
      'retry 1 in 50 of 3',
      ...attempt,
      'retry 2 in 100 of 3',
      ...attempt,
      'retry 3 in 200 of 3',
      ...attempt,
      'stateChange FAILED',
      "close MAX_RETRIES 'Maximum retry attempts (3) exceeded'",
    ]);
  });

  it('waits at least the delay that a retry announced', async () => {
    const { ws, log } = client({ url: `ws://127.0.0.1:${await deadPort()}/`, maxRetries: 3 });
    const started = Date.now();
    ws.connect();
    await log.until('close MAX_RETRIES');
    // From the start on: a retry may be delivered late, and the end of its wait in time.
    let announced = 0;
    log.events.forEach(({ event, argument }, i) => {
      if (event !== 'retry') return;
      announced += argument.delay;
      const waited = log.events[i + 1].at - started;
      assert.ok(waited >= announced - 1 && waited < announced + SOON_MS, `${waited} ms, not ${announced}`);
    });
  });

  it('caps the delay at maxDelay', async () => {
    const url = `ws://127.0.0.1:${await deadPort()}/`;
    const { ws, log } = client({
      url,
      maxRetries: 5,
      baseDelay: 10,
      maxDelay: 25,
      circuitBreaker: { failureThreshold: 99 },
    });
    ws.connect();
    await log.until('close MAX_RETRIES');
    assert.deepStrictEqual(delays(log), [10, 20, 25, 25, 25]);
  });

  it('opens the circuit at the third failure of three', async () => {
    const url = `ws://127.0.0.1:${await deadPort()}/`;
    const { ws, log } = client({ url, circuitBreaker: { failureThreshold: 3 } });
    ws.connect();
    await log.until('stateChange BLOCKED');
    assert.deepStrictEqual(log.lines.slice(-6), [
      'stateChange CONNECTING',
      'error ECONNREFUSED',
      'circuitChange OPEN',
      'stateChange CLOSED',
      "close 1006 ''",
      'stateChange BLOCKED',
    ]);
    assert.deepStrictEqual(delays(log), [50, 100]);
  });

  it('retries after the server closed with 1012', async () => {
    const server = await startServer();
    const { log } = await openClient({ url: server.url });
    await server.close(1012, 'restart');
    await log.until('open');
    assert.deepStrictEqual(log.lines, [
      'stateChange CLOSED',
      "close 1012 'restart'",
      'retry 1 in 50 of 10',
      'stateChange CONNECTING',
      'stateChange OPEN',
      'open',
    ]);
  });

  for (const how of ['in good order', 'reset']) {
    it(`retries after the server cut the TCP connection (${how})`, async () => {
      const server = await startServer();
      const { log } = await openClient({ url: server.url });
      await server.cut(how);
      await log.until('open');
      assert.deepStrictEqual(log.lines, [
        'stateChange CLOSED',
        "close 1006 ''",
        'retry 1 in 50 of 10',
        'stateChange CONNECTING',
        'stateChange OPEN',
        'open',
      ]);
      assert.strictEqual(log.of('close')[0].wasClean, false);
    });
  }

  it('cuts a connection that is silent after a heartbeat', async () => {
    const server = await startServer({ plan: ['bare', 'refuse'] });
    const started = Date.now();
    const { log } = await openClient({ url: server.url, heartbeatInterval: 200, heartbeatTimeout: 100 });
    const { at, argument } = await log.until('error');
    await log.until('retry');
    assert.strictEqual(argument.message, 'Heartbeat timeout - connection appears stale');
    assert.deepStrictEqual(log.lines.slice(0, 4), [
      'error WSR_ERR_HEARTBEAT',
      'stateChange CLOSED',
      "close 1006 ''",
      'retry 1 in 50 of 10',
    ]);
    assert.ok(at - started >= 299 && at - started < SOON_MS, `after ${at - started} ms instead of 300`);
    assert.deepStrictEqual(await server.received(1), [
      { connection: 0, type: 'text', data: '{"type":"ping"}' },
    ]);
  });

  it('counts retries from 0 again after an open', async () => {
    const server = await startServer({ plan: ['refuse', 'refuse', 'accept'] });
    const { ws, log } = client({ url: server.url });
    await ws.connect();
    assert.strictEqual(ws.retryCount, 0);
    await server.close(1012, 'restart');
    await log.until('close 1012');
    await log.until('retry 1 in 50');
    assert.deepStrictEqual(delays(log), [50, 100, 50]);
  });
});

describe('the order of events after JavaScript was blocked', () => {
  it('tells several cycles of a blocked JavaScript thread in order afterwards', async () => {
    const server = await startServer({
      plan: ['refuse', 'refuse', 'cut', 'refuse', 'accept'],
      greet: ['hello'],
    });
    const { log } = client({ url: server.url, baseDelay: 10, maxDelay: 20 });
    log.call('connect');
    block(500);
    assert.deepStrictEqual(log.lines, ['call connect', 'stateChange CONNECTING']);
    await log.until('message hello');
    assert.deepStrictEqual(check(log.events, { maxRetries: 10 }), []);
    assert.strictEqual(log.of('retry').length, 4);
    assert.deepStrictEqual(log.lines.slice(-4), [
      'stateChange CONNECTING',
      'stateChange OPEN',
      'open',
      'message hello',
    ]);
  });

  it('tells what follows an open in a later turn of the event loop, however busy that is', async function () {
    this.timeout(TEST_MS);
    const server = await startServer({ greet: ['hello'], greetAfter: 1 });
    let isBusy = true;
    const keepBusy = () => {
      block(5);
      if (isBusy) setTimeout(keepBusy, 0);
    };
    keepBusy();
    for (let i = 0; i < 150; i += 1) {
      const { ws } = client({ url: server.url, heartbeatInterval: 0 });
      let turnsSince = 0;
      ws.on('open', () => setImmediate(() => (turnsSince += 1)));
      const greeted = new Promise((resolve) => ws.on('message', () => resolve(turnsSince)));
      ws.connect();
      assert.strictEqual(await greeted, 1, `at connection ${i}`);
      ws.terminate();
    }
    isBusy = false;
  });

  it('loses, doubles and swaps no message of a blocked JavaScript thread', async () => {
    const server = await startServer({ burst: { count: 20000, size: 100 } });
    const { ws, log } = client({ url: server.url });
    ws.connect();
    block(300);
    await log.count('message', 20000);
    log.of('message').forEach(({ data }, i) => assert.ok(data.startsWith(`${i} `)));
  });
});
