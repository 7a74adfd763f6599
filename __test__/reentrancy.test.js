'use strict';

const assert = require('assert');
const { startServer } = require('./peer/index.js');
const { check } = require('./rules.js');
const { client, openClient } = require('./support/clients.js');
const { EVENTS } = require('./support/recorder.js');
const { block } = require('./support/runtime.js');
const { deadUrl } = require('./support/urls.js');
const { settle, turn } = require('./support/waiting.js');

describe('a call inside a handler', () => {
  it('never runs handlers of queued events from inside another handler', async () => {
    const server = await startServer({ greet: ['1', '2', '3', '4', '5'] });
    const { ws, log } = client({ url: server.url });
    let inside = false;
    const nested = [];
    ws.on('message', ({ data }) => {
      if (inside) nested.push(data);
      inside = true;
      block(20);
      ws.openCircuit();
      ws.closeCircuit();
      ws.connect();
      ws.getStats();
      inside = false;
    });
    ws.connect();
    await log.until('message 5');
    assert.deepStrictEqual(nested, []);
  });

  it('a close inside a message handler lets the other messages of the batch come first', async () => {
    const server = await startServer({ burst: { count: 50, size: 10 } });
    const { ws, log } = client({ url: server.url });
    ws.once('message', () => ws.close());
    ws.connect();
    block(200);
    await log.until('close');
    await settle();
    assert.strictEqual(log.of('message').length, 50);
    assert.deepStrictEqual(log.lines.slice(-2), ['stateChange CLOSED', "close 1000 'Normal closure'"]);
    assert.strictEqual(log.of('close').length, 1);
  });

  for (const [call, after] of [
    ['connect', 'OPEN'],
    ['close', 'CLOSED'],
    ['openCircuit', 'OPEN'],
    ['reset', 'OPEN'],
  ]) {
    for (const event of EVENTS) {
      it(`${call}() inside a handler of ${event} keeps the rules`, async () => {
        const server = await startServer({
          plan: ['refuse', 'accept', 'refuse', 'accept'],
          greet: ['hello'],
        });
        const circuitBreaker = { failureThreshold: 1, resetTimeout: 30 };
        const { ws, log } = client({ url: server.url, baseDelay: 10, circuitBreaker });
        let calls = 0;
        ws.on(event, () => {
          if (calls++ < 2) log.call(call);
        });
        log.call('connect');
        if (call === 'close') {
          await log.until('stateChange CLOSING');
          await log.until('close');
        } else {
          await log.until('message');
          await server.cut();
          await log.until('close');
          await log.until('message');
        }
        await settle(10);
        assert.strictEqual(ws.state, after === 'OPEN' ? 'OPEN' : 'CLOSED');
        assert.deepStrictEqual(check(log.events, { maxRetries: 10 }), []);
      });
    }
  }

  it('closeCircuit() inside the handler that openCircuit() calls has the last word', () => {
    const { ws, log } = client({ url: 'ws://127.0.0.1:1/' });
    ws.on('circuitChange', (state) => state === 'OPEN' && ws.closeCircuit());
    ws.openCircuit();
    assert.deepStrictEqual(log.lines, ['circuitChange OPEN', 'circuitChange CLOSED']);
    assert.strictEqual(ws.getCircuitState(), 'CLOSED');
  });

  it('reset() inside the handler of the error that opens the circuit has the last word', () => {
    const { ws, log } = client({ url: 'ws://127.0.0.1:1/', circuitBreaker: { failureThreshold: 1 } });
    ws.on('error', () => ws.reset());
    ws.handleError(new Error('from outside'));
    assert.strictEqual(ws.getCircuitState(), 'CLOSED');
    const circuit = log.of('circuitChange');
    assert.ok(circuit.length === 0 || circuit[circuit.length - 1] === 'CLOSED', circuit.join());
  });

  it('close() inside the handler of the retry that closeCircuit() makes has the last word', async () => {
    const server = await startServer({ plan: ['refuse', 'silent'] });
    const { ws, log } = client({ url: server.url, circuitBreaker: { failureThreshold: 1 } });
    ws.connect();
    await log.until('stateChange BLOCKED');
    log.take();
    ws.on('retry', () => ws.close());
    ws.closeCircuit();
    await log.until('close');
    await settle();
    assert.deepStrictEqual(log.lines.slice(0, 4), [
      'circuitChange CLOSED',
      'retry 1 in 0 of 10',
      'stateChange CLOSING',
      'stateChange CLOSED',
    ]);
    assert.strictEqual(log.lines.length, 5);
  });

  it('connect() inside a handler of the final close starts again', async () => {
    const server = await startServer({ plan: ['refuse', 'accept'] });
    const { ws, log } = client({ url: server.url, maxRetries: 0 });
    ws.on('close', ({ code }) => code === 'MAX_RETRIES' && ws.connect());
    ws.connect();
    await log.until('open');
    assert.strictEqual(ws.state, 'OPEN');
  });

  it('reset() and connect() inside a handler of the close by hand start again', async () => {
    const server = await startServer();
    const { ws, log } = await openClient({ url: server.url });
    ws.once('close', () => {
      ws.reset();
      ws.connect();
    });
    ws.close();
    await log.until('open');
    assert.strictEqual((await server.handshakes()).length, 2);
  });

  it('close() inside the handler that is told of a missing decision has the last word', async () => {
    const server = await startServer({ plan: ['refuse'] });
    const reconnectDelay = () => new Promise(() => {});
    const { ws, log } = client({ url: server.url, reconnectDelay, connectionTimeout: 80 });
    ws.on('error', ({ code }) => code === 'WSR_ERR_FUNCTION' && ws.close(1000, 'bye'));
    ws.connect();
    await log.until("close 1000 'bye'");
    await settle();
    const after = log.lines.slice(log.lines.indexOf('error WSR_ERR_FUNCTION') + 1);
    assert.deepStrictEqual(after, ['stateChange CLOSING', 'stateChange CLOSED', "close 1000 'bye'"]);
  });

  it('tells of a life that is over as it was, where a handler of its close begins another', async () => {
    const server = await startServer({ plan: ['refuse', 'refuse', 'silent'] });
    const { ws } = client({ url: server.url, maxRetries: 1, baseDelay: 5 });
    ws.on('close', ({ code }) => {
      if (code !== 'MAX_RETRIES') return;
      ws.reset();
      ws.connect();
    });
    ws.connect();
    const { retryCount } = await new Promise((resolve) => ws.on('giveup', resolve));
    assert.strictEqual(retryCount, 1);
  });

  it('close() inside a handler of open leaves nothing to tell of the connection that came back', async () => {
    const server = await startServer();
    const { ws, log } = await openClient({ url: server.url, baseDelay: 5 });
    let reconnected = 0;
    ws.on('open', () => ws.close(1000, 'bye'));
    ws.on('reconnected', () => (reconnected += 1));
    await server.cut();
    await log.until("close 1000 'bye'");
    assert.strictEqual(reconnected, 0);
  });

  it('tells a refusal behind the circuit that refuses, whatever calls are under way', async () => {
    const { ws, log } = client({ url: 'ws://127.0.0.1:1/', circuitBreaker: { failureThreshold: 1 } });
    const refused = new Promise((resolve) => {
      ws.once('error', () => log.call('connect').catch((error) => resolve([...log.lines, error.code])));
    });
    log.call('handleError', new Error('from outside'));
    assert.deepStrictEqual(await refused, [
      'call handleError',
      'error from outside',
      'call connect',
      'circuitChange OPEN',
      'stateChange BLOCKED',
      'WSR_ERR_CIRCUIT_OPEN',
    ]);
    assert.deepStrictEqual(check(log.events), []);
  });
});

describe('a call inside the handler of stateChange FAILED', () => {
  const LAST = "close MAX_RETRIES 'Maximum retry attempts (0) exceeded'";

  /** What is told from FAILED on when `act` is called by its handler, and what became of the promise of `connect()`. */
  async function failing(act, options) {
    const { ws, log } = client({ url: await deadUrl(), maxRetries: 0, ...options });
    let given = 0;
    ws.on('giveup', () => {
      given += 1;
      log.lines.push('giveup');
    });
    ws.once('stateChange', () => {
      ws.on('stateChange', (state) => {
        if (state === 'FAILED' && given === 0) act(ws);
      });
    });
    const gaveUp = new Promise((resolve) => ws.on('giveup', resolve));
    const connected = ws.connect().catch(({ name, code }) => (name === 'AbortError' ? name : code));
    return { ws, log, connected, gaveUp };
  }

  const told = (log) => log.lines.slice(log.lines.indexOf('stateChange FAILED'));

  it('that closes leaves the giving up as it is', async () => {
    const controller = typeof AbortController === 'function' ? new AbortController() : undefined;
    const ways = [(ws) => ws.close(3000, 'mine'), (ws) => ws.terminate()];
    if (controller) ways.push(() => controller.abort());
    for (const way of ways) {
      const signal = controller && controller.signal;
      const { ws, log, connected, gaveUp } = await failing(way, { signal });
      await gaveUp;
      await turn();
      assert.deepStrictEqual(told(log), ['stateChange FAILED', LAST, 'giveup']);
      assert.strictEqual(ws.state, 'FAILED');
      const isAbort = way === ways[2];
      assert.strictEqual(await connected, isAbort ? 'AbortError' : 'WSR_ERR_GAVE_UP');
      await assert.rejects(ws.connect(), isAbort ? undefined : { code: 'WSR_ERR_CLOSED' });
      assert.strictEqual(told(log).length, 3);
    }
  });

  it('that connects begins anew, once it has been told', async () => {
    for (const way of ['connect', 'reconnect']) {
      const { log } = await failing((ws) => ws[way]());
      await log.count('stateChange FAILED', 2);
      const [first, second, third, fourth] = told(log);
      assert.deepStrictEqual(
        [first, second, third, fourth],
        ['stateChange FAILED', LAST, 'giveup', 'stateChange CONNECTING'],
      );
    }
  });

  it('that connects and closes ends in one close', async () => {
    const { log, connected } = await failing((ws) => {
      ws.connect();
      ws.close(3000, 'mine');
    });
    await log.until('stateChange CLOSING');
    await log.until('close');
    assert.deepStrictEqual(told(log).slice(0, 3), [
      'stateChange FAILED',
      'stateChange CLOSING',
      'stateChange CLOSED',
    ]);
    assert.strictEqual(await connected, 'WSR_ERR_CLOSED');
  });
});
