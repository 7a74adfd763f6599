'use strict';

const assert = require('assert');
const { once } = require('events');
const path = require('path');
const { startServer } = require('./peer/index.js');
const { WebSocketReconnect, client, openClient } = require('./support/clients.js');
const { runScript } = require('./support/runtime.js');
const { deadUrl } = require('./support/urls.js');

describe('connect()', () => {
  it('resolves at the first open, be that after retries', async () => {
    const server = await startServer({ plan: ['refuse', 'refuse', 'accept'] });
    const { ws, log } = client({ url: server.url });
    assert.strictEqual(await ws.connect(), undefined);
    assert.strictEqual(ws.state, 'OPEN');
    assert.strictEqual(log.of('retry').length, 2);
  });

  it('rejects when the client gives up', async () => {
    const { ws } = client({ url: await deadUrl(), maxRetries: 1 });
    const error = { message: 'Maximum retry attempts (1) exceeded', code: 'WSR_ERR_GAVE_UP' };
    await assert.rejects(ws.connect(), error);
    assert.strictEqual(ws.state, 'FAILED');
  });

  it('starts again after the client gave up', async () => {
    const server = await startServer({ plan: ['refuse', 'accept'] });
    const { ws, log } = client({ url: server.url, maxRetries: 0 });
    await assert.rejects(ws.connect());
    await log.until('close MAX_RETRIES');
    await ws.connect();
    assert.strictEqual(ws.state, 'OPEN');
  });

  for (const [when, options] of [
    ['connecting', { plan: ['silent'] }],
    ['waiting to retry', { plan: ['refuse'] }],
  ]) {
    it(`rejects when it is closed while ${when}`, async () => {
      const server = await startServer(options);
      const { ws, log } = client({ url: server.url, baseDelay: 60000, maxDelay: 60000 });
      const connected = ws.connect();
      await server.attempts(1);
      if (when !== 'connecting') await log.until('retry');
      ws.close();
      await assert.rejects(connected, { message: 'Connection manually closed', code: 'WSR_ERR_CLOSED' });
    });
  }

  it('refuses after close(), by a rejection', async () => {
    const server = await startServer();
    const { ws, log } = client({ url: server.url });
    ws.close();
    await assert.rejects(ws.connect(), { message: 'Connection manually closed', code: 'WSR_ERR_CLOSED' });
    assert.deepStrictEqual(log.lines, ['stateChange CLOSED'], 'that of close()');
    assert.strictEqual((await server.handshakes()).length, 0);
  });

  it('refuses while the circuit is OPEN, and tells each call BLOCKED before', async () => {
    const { ws, log } = client({ url: await deadUrl() });
    const refusal = { message: 'Circuit breaker is OPEN', code: 'WSR_ERR_CIRCUIT_OPEN' };
    ws.openCircuit();
    const refused = ws.connect();
    assert.deepStrictEqual(log.lines, ['circuitChange OPEN', 'stateChange BLOCKED'], 'inside the call');
    assert.strictEqual(ws.getStats().state, 'BLOCKED');
    await assert.rejects(refused, refusal);
    await assert.rejects(ws.connect(), refusal);
    assert.deepStrictEqual(log.of('stateChange'), ['BLOCKED', 'BLOCKED']);
    assert.throws(() => ws.send('x'), { code: 'WSR_ERR_NOT_CONNECTED' });
  });

  it('refused by a circuit leaves nothing behind once that lets go', async () => {
    for (const [letGo, circuit] of [
      [(ws) => ws.closeCircuit(), 'CLOSED'],
      [(ws) => ws.reset(), 'CLOSED'],
      [() => {}, 'HALF-OPEN'],
    ]) {
      const server = await startServer();
      const { ws, log } = client({ url: server.url, circuitBreaker: { resetTimeout: 100 } });
      ws.openCircuit();
      await assert.rejects(ws.connect(), { code: 'WSR_ERR_CIRCUIT_OPEN' });
      log.take();
      letGo(ws);
      if (circuit === 'CLOSED') assert.strictEqual(ws.state, 'CLOSED', 'inside the call');
      await log.until('stateChange CLOSED');
      assert.deepStrictEqual(log.lines, [`circuitChange ${circuit}`, 'stateChange CLOSED']);
      assert.strictEqual((await server.handshakes()).length, 0);
      await ws.connect();
    }
  });

  it('refused leaves its CLOSED as soon as circuitState is written', async () => {
    const { ws, log } = client({ url: await deadUrl() });
    ws.openCircuit();
    await assert.rejects(ws.connect());
    ws.circuitState = 'CLOSED';
    await log.until('stateChange CLOSED');
    assert.strictEqual(ws.state, 'CLOSED');
  });

  it('in a handler of the circuit that lets go has the last word', async () => {
    const server = await startServer();
    const { ws, log } = client({ url: server.url });
    ws.openCircuit();
    await assert.rejects(ws.connect());
    log.take();
    let connected;
    ws.once('circuitChange', () => (connected = ws.connect()));
    ws.closeCircuit();
    assert.deepStrictEqual(log.lines, ['circuitChange CLOSED', 'stateChange CONNECTING']);
    await connected;
    ws.close();
    await log.until('close');
    ws.reset();
    ws.openCircuit();
    await assert.rejects(ws.connect());
    ws.once('circuitChange', () => {
      ws.openCircuit();
      ws.connect();
    });
    ws.closeCircuit();
    assert.strictEqual(ws.state, 'BLOCKED');
    assert.strictEqual(ws.circuitState, 'OPEN');
  });

  it('refuses while BLOCKED, and the first promise stays', async () => {
    const server = await startServer({ plan: ['refuse', 'accept'] });
    const circuitBreaker = { failureThreshold: 1, resetTimeout: 100 };
    const { ws, log } = client({ url: server.url, circuitBreaker });
    const connected = ws.connect();
    await log.until('stateChange BLOCKED');
    log.take();
    await assert.rejects(ws.connect(), /Circuit breaker is OPEN/);
    assert.deepStrictEqual(log.lines, ['stateChange BLOCKED']);
    await connected;
    assert.strictEqual(ws.state, 'OPEN');
  });

  it('refuses past the limit of the half-open circuit', async () => {
    const server = await startServer({ plan: ['refuse', 'silent'] });
    const circuitBreaker = { failureThreshold: 1, resetTimeout: 50, halfOpenMaxRequests: 1 };
    const { ws, log } = client({ url: server.url, circuitBreaker });
    ws.connect();
    await log.until('stateChange BLOCKED');
    await log.until('stateChange CONNECTING');
    ws.close();
    await log.until('close');
    ws.manualClose = false;
    const error = { message: 'Circuit breaker HALF-OPEN limit reached', code: 'WSR_ERR_HALF_OPEN_LIMIT' };
    log.take();
    await assert.rejects(ws.connect(), error);
    ws.circuitBreaker.halfOpenMaxRequests = 2;
    await log.until('stateChange CLOSED');
    assert.deepStrictEqual(log.lines, ['stateChange BLOCKED', 'stateChange CLOSED']);
  });

  it('called again while connecting returns the same promise', async () => {
    const server = await startServer();
    const { ws, log } = client({ url: server.url });
    const first = ws.connect();
    assert.strictEqual(ws.connect(), first);
    await first;
    assert.strictEqual((await server.handshakes()).length, 1);
    assert.strictEqual(log.of('open').length, 1);
  });

  it('called again while waiting to retry returns the same promise and does not cut the wait', async () => {
    const server = await startServer({ plan: ['refuse', 'accept'] });
    const { ws, log } = client({ url: server.url, baseDelay: 200, maxDelay: 200 });
    const started = Date.now();
    const first = ws.connect();
    await log.until('retry');
    assert.strictEqual(ws.connect(), first);
    await first;
    // From the start on: a busy thread is told of the retry late.
    assert.ok((await log.until('stateChange CONNECTING')).at - started >= 199);
  });

  it('while open resolves at once', async () => {
    const server = await startServer();
    const { ws, log } = await openClient({ url: server.url });
    await ws.connect();
    assert.deepStrictEqual(log.lines, []);
    assert.strictEqual((await server.handshakes()).length, 1);
  });

  it('while closing after reset() starts once the old connection has ended', async () => {
    const server = await startServer();
    const { ws, log } = await openClient({ url: server.url });
    ws.close();
    ws.reset();
    await ws.connect();
    assert.deepStrictEqual(log.lines, [
      'stateChange CLOSING',
      'stateChange CLOSED',
      "close 1000 'Normal closure'",
      'stateChange CONNECTING',
      'stateChange OPEN',
      'open',
    ]);
  });

  it('ignored never causes an unhandledRejection', async () => {
    const script = path.join(__dirname, 'life', 'ignored-promises.js');
    const { stdout, stderr, code } = await runScript(script, [await deadUrl()]);
    assert.strictEqual(stdout.trim(), 'no unhandled rejection', stderr);
    assert.strictEqual(code, 0);
  });

  describe('of which nobody is told that it gave up', () => {
    const { emitWarning } = process;
    let warnings;
    beforeEach(() => {
      warnings = [];
      process.emitWarning = (message, { code }) => warnings.push(`${code} ${message}`);
    });
    afterEach(() => {
      process.emitWarning = emitWarning;
    });

    /** Lets a client give up that is used like this, and says of what it warned. */
    async function giveUp(use, options) {
      const ws = new WebSocketReconnect({ url: await deadUrl(), maxRetries: 0, ...options });
      await again(ws, use);
      return ws;
    }

    async function again(ws, use = (it) => it.connect()) {
      const failed = new Promise((resolve) => {
        ws.on('stateChange', (state) => state === 'FAILED' && resolve());
      });
      use(ws);
      await failed;
      // What follows FAILED has been told then, too.
      await new Promise((resolve) => setImmediate(resolve));
    }

    it('warns of it once', async () => {
      const ws = await giveUp((it) => it.connect());
      assert.strictEqual(warnings.length, 1);
      assert.ok(
        /^WSR_WARN_GAVE_UP .*Maximum retry attempts \(0\) exceeded.*ECONNREFUSED/.test(warnings[0]),
        warnings[0],
      );
      await again(ws);
      assert.strictEqual(warnings.length, 1);
    });

    it('says nothing where somebody listens or waits', async () => {
      const ignore = () => {};
      for (const use of [
        (ws) => ws.on('error', ignore).connect(),
        (ws) => ws.on('close', ignore).connect(),
        (ws) => ws.once('giveup', ignore).connect(),
        (ws) => ws.addEventListener('close', ignore) || ws.connect(),
        (ws) => Object.assign(ws, { onerror: ignore }).connect(),
        (ws) => ws.connect().catch(ignore),
        (ws) => ws.connect().then(ignore, ignore),
        (ws) => Promise.all([ws.connect()]).catch(ignore),
        async (ws) => {
          try {
            await ws.connect();
          } catch (error) {
            assert.strictEqual(error.code, 'WSR_ERR_GAVE_UP');
          }
        },
      ]) {
        await giveUp(use);
        assert.deepStrictEqual(warnings, [], String(use));
      }
    });

    it('says nothing where the user has closed', async () => {
      const { ws } = client({ url: await deadUrl() });
      ws.removeAllListeners();
      ws.connect();
      ws.close();
      await once(ws, 'close');
      assert.deepStrictEqual(warnings, []);
    });
  });

  it('misses no message that a handler added after it waits for', async () => {
    const server = await startServer({ greet: ['welcome'] });
    for (let i = 0; i < 20; i++) {
      const { ws } = client({ url: server.url });
      await ws.connect();
      const [event] = await once(ws, 'message');
      assert.strictEqual(event.data, 'welcome');
    }
  });
});
