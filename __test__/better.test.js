'use strict';

const assert = require('assert');
const { startServer, deadPort } = require('./peer/index.js');
const { client, openClient } = require('./support/clients.js');
const { SOON_MS } = require('./support/deadlines.js');
const { block } = require('./support/runtime.js');

const refused = ['stateChange CONNECTING', 'error WSR_ERR_HANDSHAKE'];

describe('1. the circuit never kills the client', () => {
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

describe('2. failures are consecutive', () => {
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

describe('4. the state says what the events say', () => {
  it('BLOCKED and FAILED', async () => {
    const circuitBreaker = { failureThreshold: 1, resetTimeout: 50 };
    const { ws, log } = client({ url: `ws://127.0.0.1:${await deadPort()}/`, maxRetries: 1, circuitBreaker });
    ws.connect();
    await log.until('stateChange BLOCKED');
    assert.strictEqual(ws.state, 'BLOCKED');
    assert.strictEqual(ws.getStats().state, 'BLOCKED');
    await log.until('close MAX_RETRIES');
    assert.strictEqual(ws.state, 'FAILED');
    assert.strictEqual(ws.getStats().state, 'FAILED');
  });
});

describe('5. a close while waiting to retry', () => {
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

describe('6. the heartbeat', () => {
  it('is satisfied by any frame that arrives after it', async () => {
    for (const frame of ['810161', '8900', '8a00', '0100']) {
      const server = await startServer({ plan: ['bare'] });
      const { ws, log } = await openClient({
        url: server.url,
        heartbeatInterval: 200,
        heartbeatTimeout: 1000,
      });
      // For longer than a peer may be silent.
      for (let beat = 1; beat <= 7; beat++) {
        await server.received(beat);
        await server.raw(frame === '0100' && beat > 1 ? '0000' : frame);
      }
      assert.strictEqual(ws.state, 'OPEN', frame);
      assert.deepStrictEqual(log.of('error'), []);
    }
  });

  it('is not satisfied by what came before it', async () => {
    const server = await startServer({ plan: ['bare', 'refuse'] });
    const { log } = await openClient({ url: server.url, heartbeatInterval: 150, heartbeatTimeout: 100 });
    await server.raw('810161');
    await log.until('message');
    await log.until('error WSR_ERR_HEARTBEAT');
  });

  it('lets a pong message reach the handlers', async () => {
    const server = await startServer({ echo: true });
    const pong = '{"type":"pong"}';
    const { log } = await openClient({ url: server.url, heartbeatInterval: 50, heartbeatMessage: pong });
    await log.until(`message ${pong}`);
  });

  it('cuts a dead peer at once', async () => {
    const server = await startServer({ plan: ['bare', 'refuse'] });
    const { log } = await openClient({ url: server.url, heartbeatInterval: 50, heartbeatTimeout: 50 });
    await server.received(1);
    await log.until('error WSR_ERR_HEARTBEAT');
    await log.until('close 1006');
    assert.strictEqual((await server.ended()).code, 1006, 'no close frame is sent');
  });

  it('cuts a peer that reads and writes no more', async () => {
    const server = await startServer({ plan: ['accept', 'refuse'] });
    const { log } = await openClient({ url: server.url, heartbeatInterval: 50, heartbeatTimeout: 80 });
    await server.freeze();
    await log.until('error WSR_ERR_HEARTBEAT');
    await log.until('retry');
  });

  it('goes on while JavaScript is blocked, and so do the answers to pings', async () => {
    const server = await startServer({ echo: true });
    const { ws, log } = await openClient({ url: server.url, heartbeatInterval: 100, heartbeatTimeout: 1500 });
    const before = (await server.received(1)).length;
    await server.later(300, 'ping', 'while blocked', 20);
    await server.later(2000, 'mark');
    block(2500);
    const { messages, pongs } = await server.marked();
    // As many as its interval allows, and a few at least on the slowest machine.
    const beats = messages - before;
    assert.ok(beats >= 5 && beats <= 26, `${beats} heartbeats in 2 s, not about 20`);
    assert.strictEqual(pongs, 20);
    assert.strictEqual(ws.state, 'OPEN');
    assert.deepStrictEqual(log.of('error'), []);
  });

  it('pings of a server that come while JavaScript is blocked are answered meanwhile', async () => {
    const server = await startServer({ tick: 100 });
    await openClient({ url: server.url });
    const before = (await server.pongs(1)).length;
    await server.later(1500, 'mark');
    block(2000);
    const answered = (await server.marked()).pongs - before;
    assert.ok(answered >= 5, `${answered} of about 15 pings were answered`);
  });

  it('keeps its rhythm: one beat each interval from the open', async () => {
    const server = await startServer({ echo: true });
    const started = Date.now();
    const { log } = await openClient({ url: server.url, heartbeatInterval: 100 });
    await log.count('message', 5);
    const took = Date.now() - started;
    assert.ok(took >= 499 && took < SOON_MS, `five beats took ${took} ms`);
  });
});

describe('7. headers are always sent', () => {
  it('Authorization among them', async () => {
    const server = await startServer();
    const headers = { Authorization: 'Bearer secret' };
    await openClient({ url: server.url, websocketOptions: { headers } });
    assert.strictEqual((await server.handshakes())[0].headers.authorization, 'Bearer secret');
  });
});

describe('8. 0 is a value', () => {
  it('maxRetries 0 gives up at the first failure', async () => {
    const { ws, log } = client({ url: `ws://127.0.0.1:${await deadPort()}/`, maxRetries: 0 });
    await assert.rejects(ws.connect(), /Maximum retry attempts \(0\) exceeded/);
    await log.until('close MAX_RETRIES');
    assert.deepStrictEqual(log.lines, [
      'stateChange CONNECTING',
      'error ECONNREFUSED',
      'stateChange CLOSED',
      "close 1006 ''",
      'stateChange FAILED',
      "close MAX_RETRIES 'Maximum retry attempts (0) exceeded'",
    ]);
  });

  it('heartbeatInterval 0 sends no heartbeat', async () => {
    const server = await startServer();
    const { ws } = await openClient({ url: server.url, heartbeatInterval: 0, heartbeatTimeout: 10 });
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.deepStrictEqual(await server.received(0), []);
    assert.strictEqual(ws.state, 'OPEN');
  });
});
