'use strict';

const assert = require('assert');
const { startServer } = require('./peer/index.js');
const { client, openClient } = require('./support/clients.js');
const { SOON_MS } = require('./support/deadlines.js');
const { deadUrl } = require('./support/urls.js');

const refused = ['stateChange CONNECTING', 'error WSR_ERR_HANDSHAKE'];

describe('the circuit never kills the client', () => {
  it('a probe that opens closes the circuit', async () => {
    const server = await startServer({ plan: ['refuse', 'refuse', 'accept'] });
    const circuitBreaker = { failureThreshold: 2, resetTimeout: 200 };
    const { ws, log } = client({ url: server.url, circuitBreaker });
    const started = Date.now();
    const connected = ws.connect();
    await log.until('stateChange BLOCKED');
    assert.strictEqual(ws.state, 'BLOCKED');
    const halfOpen = await log.until('circuitChange HALF-OPEN');
    await connected;
    await log.until('open');
    assert.deepStrictEqual(log.lines, [
      ...refused,
      'stateChange CLOSED',
      "close 1006 ''",
      'retry 1 in 50 of 10',
      ...refused,
      'circuitChange OPEN',
      'stateChange CLOSED',
      "close 1006 ''",
      'stateChange BLOCKED',
      'circuitChange HALF-OPEN',
      'retry 2 in 0 of 10',
      'stateChange CONNECTING',
      'stateChange OPEN',
      'circuitChange CLOSED',
      'open',
    ]);
    // From the start on: a busy thread is told of BLOCKED late.
    const waited = halfOpen.at - started;
    assert.ok(waited >= 250 - 1 && waited < SOON_MS, `${waited} ms`);
  });

  it('a probe that fails opens it again, and probes count towards maxRetries', async () => {
    const server = await startServer({ plan: ['refuse'] });
    const circuitBreaker = { failureThreshold: 1, resetTimeout: 60 };
    const { ws, log } = client({ url: server.url, maxRetries: 2, circuitBreaker });
    await assert.rejects(ws.connect(), /Maximum retry attempts \(2\) exceeded/);
    await log.until('close MAX_RETRIES');
    const fails = [...refused, 'circuitChange OPEN', 'stateChange CLOSED', "close 1006 ''"];
    assert.deepStrictEqual(log.lines, [
      ...fails,
      'stateChange BLOCKED',
      'circuitChange HALF-OPEN',
      'retry 1 in 0 of 2',
      ...fails,
      'stateChange BLOCKED',
      'circuitChange HALF-OPEN',
      'retry 2 in 0 of 2',
      ...fails,
      'stateChange FAILED',
      "close MAX_RETRIES 'Maximum retry attempts (2) exceeded'",
    ]);
  });

  it('nothing connects while the circuit is OPEN', async () => {
    const server = await startServer({ plan: ['refuse', 'accept'] });
    const circuitBreaker = { failureThreshold: 1, resetTimeout: 400 };
    const { ws, log } = client({ url: server.url, baseDelay: 5, circuitBreaker });
    const started = Date.now();
    ws.connect();
    await log.until('stateChange BLOCKED');
    await log.until('circuitChange HALF-OPEN');
    assert.ok(Date.now() - started >= 399);
    assert.ok((await server.handshakes()).length <= 2);
    await log.until('open');
    assert.strictEqual((await server.handshakes()).length, 2);
  });

  it('at most halfOpenMaxRequests connections are made in one half-open period', async () => {
    const server = await startServer({ plan: ['refuse', 'silent'] });
    const circuitBreaker = { failureThreshold: 1, resetTimeout: 50, halfOpenMaxRequests: 2 };
    const { ws, log } = client({ url: server.url, circuitBreaker });
    ws.connect();
    await log.until('circuitChange HALF-OPEN');
    for (let probe = 1; probe <= 2; probe++) {
      await log.until('stateChange CONNECTING');
      ws.close();
      await log.until('close 1006');
      ws.manualClose = false;
      if (probe === 1) ws.connect();
    }
    await assert.rejects(ws.connect(), /HALF-OPEN limit reached/);
    assert.strictEqual(log.of('stateChange').filter((state) => state === 'CONNECTING').length, 3);
  });
});

describe('failures are consecutive', () => {
  it('a successful open sets circuitFailures to 0', async () => {
    const server = await startServer({ plan: ['refuse', 'accept', 'refuse', 'accept', 'refuse', 'accept'] });
    const { ws, log } = client({ url: server.url, baseDelay: 10, circuitBreaker: { failureThreshold: 2 } });
    for (let i = 0; i < 3; i++) {
      ws.connect();
      await log.until('error');
      await log.until('open');
      assert.strictEqual(ws.circuitFailures, 0);
      assert.strictEqual(ws.getStats().circuitFailures, 0);
      if (i < 2) await server.close(1012, 'restart');
    }
    assert.deepStrictEqual(log.of('circuitChange'), []);
  });

  it('a peer that closes or cuts an open connection is no failure', async () => {
    const server = await startServer();
    const { ws, log } = await openClient({ url: server.url, circuitBreaker: { failureThreshold: 1 } });
    for (const end of [() => server.close(1011, 'x'), () => server.cut('reset'), () => server.cut()]) {
      await end();
      await log.until('close');
      assert.strictEqual(ws.circuitFailures, 0);
      await log.until('open');
    }
    assert.deepStrictEqual(log.of('error'), []);
    assert.deepStrictEqual(log.of('circuitChange'), []);
  });
});

describe('openCircuit(), closeCircuit() and getCircuitState()', () => {
  it('take effect before they return', () => {
    const { ws, log } = client({ url: 'ws://127.0.0.1:1/' });
    assert.strictEqual(ws.getCircuitState(), 'CLOSED');
    ws.openCircuit();
    assert.strictEqual(ws.getCircuitState(), 'OPEN');
    ws.openCircuit();
    ws.closeCircuit();
    assert.strictEqual(ws.getCircuitState(), 'CLOSED');
    ws.closeCircuit();
    assert.deepStrictEqual(log.lines, ['circuitChange OPEN', 'circuitChange CLOSED']);
  });

  it('openCircuit() while waiting to retry blocks', async () => {
    const { ws, log } = client({ url: await deadUrl(), baseDelay: 60000, maxDelay: 60000 });
    ws.connect();
    await log.until('retry');
    log.take();
    ws.openCircuit();
    assert.deepStrictEqual(log.lines, ['circuitChange OPEN', 'stateChange BLOCKED']);
    assert.strictEqual(ws.state, 'BLOCKED');
  });

  it('openCircuit() leaves an open connection alone, which then is the successful probe', async () => {
    const server = await startServer({ echo: true });
    const { ws, log } = await openClient({ url: server.url, circuitBreaker: { resetTimeout: 50 } });
    ws.openCircuit();
    ws.send('still here');
    await log.until('message');
    await log.until('circuitChange CLOSED');
    assert.deepStrictEqual(log.of('circuitChange'), ['OPEN', 'HALF-OPEN', 'CLOSED']);
    assert.deepStrictEqual(log.of('stateChange'), []);
  });

  it('closeCircuit() while blocked goes on at once', async () => {
    const server = await startServer({ plan: ['refuse', 'accept'] });
    const { ws, log } = client({ url: server.url, circuitBreaker: { failureThreshold: 1 } });
    const connected = ws.connect();
    await log.until('stateChange BLOCKED');
    log.take();
    ws.closeCircuit();
    assert.deepStrictEqual(log.lines, [
      'circuitChange CLOSED',
      'retry 1 in 0 of 10',
      'stateChange CONNECTING',
    ]);
    assert.strictEqual(ws.circuitFailures, 0);
    await connected;
  });

  it('the timer of an idle client turns it HALF-OPEN', async () => {
    const { ws, log } = client({ url: 'ws://127.0.0.1:1/', circuitBreaker: { resetTimeout: 30 } });
    ws.openCircuit();
    await log.until('circuitChange HALF-OPEN');
    assert.strictEqual(ws.getCircuitState(), 'HALF-OPEN');
    assert.strictEqual(ws.state, 'CLOSED');
  });

  it('openCircuit() again starts the timer anew', async () => {
    const { ws, log } = client({ url: 'ws://127.0.0.1:1/', circuitBreaker: { resetTimeout: 200 } });
    ws.openCircuit();
    await new Promise((resolve) => setTimeout(resolve, 120));
    log.take();
    const again = Date.now();
    ws.openCircuit();
    const { at } = await log.until('circuitChange HALF-OPEN');
    assert.ok(at - again >= 199, `after ${at - again} ms`);
  });
});

describe('handleError()', () => {
  it('counts a failure and emits error', () => {
    const { ws, log } = client({ url: 'ws://127.0.0.1:1/' });
    const error = new Error('from outside');
    ws.handleError(error);
    assert.strictEqual(ws.circuitFailures, 1);
    assert.strictEqual(log.of('error')[0], error);
    assert.deepStrictEqual(log.lines, ['error from outside']);
  });

  it('opens the circuit at the threshold', () => {
    const { ws, log } = client({ url: 'ws://127.0.0.1:1/', circuitBreaker: { failureThreshold: 2 } });
    ws.handleError(new Error('one'));
    ws.handleError(new Error('two'));
    assert.deepStrictEqual(log.lines, ['error one', 'error two', 'circuitChange OPEN']);
    assert.strictEqual(ws.getCircuitState(), 'OPEN');
  });
});
