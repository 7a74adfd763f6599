'use strict';

const assert = require('assert');
const { startServer } = require('./peer/index.js');
const { check } = require('./rules.js');
const { client, openClient } = require('./support/clients.js');
const { block } = require('./support/runtime.js');
const { settle } = require('./support/waiting.js');

describe('what a call makes void', () => {
  it('handleError() that opens the circuit voids the older news of it', async () => {
    const server = await startServer();
    const { ws, log } = await openClient({
      url: server.url,
      circuitBreaker: { failureThreshold: 1, resetTimeout: 100 },
    });
    ws.openCircuit();
    // Meanwhile the circuit turns half-open, and closed as the connection is open.
    block(200);
    ws.handleError(new Error('from outside'));
    await log.until('circuitChange HALF-OPEN');
    await log.until('circuitChange CLOSED');
    await settle();
    assert.deepStrictEqual(log.lines, [
      'circuitChange OPEN',
      'error from outside',
      'circuitChange HALF-OPEN',
      'circuitChange CLOSED',
    ]);
  });

  it('a second close() voids the life that a connect() in between began', async () => {
    const server = await startServer({ plan: ['accept', 'refuse'] });
    const { ws, log } = await openClient({ url: server.url, maxRetries: 0 });
    ws.close(1000, 'first');
    ws.reset();
    ws.connect();
    // Meanwhile the first connection ends, and the second attempt fails.
    block(200);
    ws.close(1000, 'second');
    await log.until('close');
    await settle();
    assert.deepStrictEqual(log.of('stateChange'), ['CLOSING', 'CLOSED']);
    assert.strictEqual(log.of('close').length, 1);
    assert.strictEqual(ws.state, 'CLOSED');
  });

  it('a half-open circuit that closeCircuit() overtook leaves nothing behind', async () => {
    const server = await startServer();
    const { ws, log } = client({ url: server.url, circuitBreaker: { resetTimeout: 20 } });
    ws.openCircuit();
    block(80);
    ws.closeCircuit();
    await settle();
    await ws.connect();
    ws.close();
    await log.until('close 1000');
    assert.deepStrictEqual(log.lines, [
      'circuitChange OPEN',
      'circuitChange CLOSED',
      'stateChange CONNECTING',
      'stateChange OPEN',
      'open',
      'stateChange CLOSING',
      'stateChange CLOSED',
      "close 1000 'Normal closure'",
    ]);
  });

  it('a refusal that reset() overtook is over once what came before it is told', async () => {
    const server = await startServer({ plan: ['refuse'] });
    const circuitBreaker = { failureThreshold: 1, resetTimeout: 60000 };
    const { ws, log } = client({ url: server.url, maxRetries: 0, circuitBreaker });
    log.call('connect');
    // Meanwhile the attempt fails, opens the circuit and ends the client.
    block(300);
    log.call('reconnect').catch(() => {});
    log.call('reset');
    await log.until('close MAX_RETRIES');
    await settle();
    assert.deepStrictEqual(log.lines.slice(-3), [
      'stateChange FAILED',
      "close MAX_RETRIES 'Maximum retry attempts (0) exceeded'",
      'stateChange CLOSED',
    ]);
    assert.strictEqual(ws.state, 'CLOSED');
    assert.deepStrictEqual(check(log.events, { maxRetries: 0, over: true }), []);
  });

  it('a refusal that closeCircuit() overtook tells a closed client nothing', async () => {
    const server = await startServer();
    const { ws, log } = await openClient({ url: server.url });
    ws.close();
    // Meanwhile the connection ends.
    block(300);
    ws.manualClose = false;
    ws.openCircuit();
    ws.connect().catch(() => {});
    ws.closeCircuit();
    await log.until('close 1000');
    await settle();
    assert.deepStrictEqual(log.of('stateChange'), ['CLOSING', 'CLOSED']);
  });

  it('close() has the last word in a life that reconnect() began before the end of the last was told', async () => {
    const server = await startServer({ plan: ['refuse'] });
    const { ws, log } = client({ url: server.url, maxRetries: 0 });
    log.call('connect');
    // Meanwhile the attempt fails, and ends the client.
    block(300);
    log.call('reconnect').catch(() => {});
    ws.on('stateChange', (state) => {
      if (state !== 'CONNECTING') return;
      // Meanwhile the other attempt fails, and ends the client again.
      block(300);
      log.call('close');
    });
    await log.until('close MAX_RETRIES');
    await log.until('close');
    await settle();
    assert.deepStrictEqual(check(log.events, { maxRetries: 0, over: true }), []);
    assert.strictEqual(ws.state, 'CLOSED');
  });
});
