'use strict';

const assert = require('assert');
const { once } = require('events');
const { startServer, deadPort } = require('./peer/index.js');
const { client, openClient } = require('./support/clients.js');
const { EVENTS } = require('./support/recorder.js');
const { block } = require('./support/runtime.js');
const own = require('../lib/own.js');
const { check } = require('./rules.js');

/** After this many turns of the event loop nothing that was queued is left. */
const settle = async (turns = 20) => {
  for (let i = 0; i < turns; i++) await new Promise((resolve) => setTimeout(resolve, 5));
};

describe('the view', () => {
  it('inside a handler agrees with the last event, whatever the engine has done since', async () => {
    const server = await startServer({ plan: ['refuse', 'accept', 'cut', 'accept'] });
    const circuitBreaker = { failureThreshold: 1, resetTimeout: 30 };
    const { ws, log } = client({ url: server.url, baseDelay: 10, circuitBreaker });
    let state = 'CLOSED';
    let circuitState = 'CLOSED';
    const wrong = [];
    for (const event of EVENTS) {
      ws.prependListener(event, (argument) => {
        if (event === 'stateChange') state = argument;
        if (event === 'circuitChange') circuitState = argument;
        // The engine has time to go on.
        block(15);
        const stats = ws.getStats();
        const seen = [ws.state, stats.state, ws.circuitState, stats.circuitState, ws.getCircuitState()];
        const wanted = [state, state, circuitState, circuitState, circuitState];
        if (`${seen}` !== `${wanted}`) wrong.push(`${event}: ${seen} instead of ${wanted}`);
        if (event === 'retry' && ws.retryCount !== argument.attempt)
          wrong.push(`retry: retryCount is ${ws.retryCount}`);
      });
    }
    await ws.connect();
    await log.until('open');
    await server.cut();
    await log.until('close');
    await log.until('open');
    assert.deepStrictEqual(wrong, []);
  });

  it('between two events agrees with the last event', async () => {
    const server = await startServer();
    const { ws, log } = await openClient({ url: server.url });
    await server.later(100, 'cut');
    block(400);
    assert.strictEqual(ws.state, 'OPEN', 'no event has told otherwise');
    assert.deepStrictEqual(log.lines, []);
    ws.send('into the void');
    const { state } = await log.until('close');
    assert.strictEqual(state, 'CLOSED');
    await log.until('open');
  });

  it('says OPEN exactly when send() does not throw', async () => {
    const server = await startServer();
    const { ws, log } = client({ url: server.url, baseDelay: 5 });
    const wrong = [];
    const tryToSend = (where) => {
      let threw = false;
      try {
        ws.send('x');
      } catch (_error) {
        threw = true;
      }
      const maySend = ws.state === 'OPEN' || ws.state === 'CONNECTING';
      if (threw === maySend) wrong.push(`${where}: ${ws.state}, ${threw ? 'threw' : 'did not throw'}`);
    };
    for (const event of EVENTS) ws.on(event, () => tryToSend(event));
    ws.connect();
    for (let i = 1; i <= 10; i++) {
      await log.count('open', i);
      await server.cut(i % 2 ? 'reset' : undefined);
      for (let j = 0; j < 20; j++) {
        tryToSend('between');
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    assert.deepStrictEqual(wrong, []);
  });

  it('shows what a call changed before the call returns', async () => {
    const server = await startServer();
    const { ws, log } = client({ url: server.url });
    const steps = [
      [() => ws.connect(), 'stateChange CONNECTING', 'CONNECTING'],
      [() => ws.openCircuit(), 'circuitChange OPEN', 'CONNECTING'],
      [() => ws.closeCircuit(), 'circuitChange CLOSED', 'CONNECTING'],
      [() => ws.close(), 'stateChange CLOSING', 'CLOSING'],
    ];
    for (const [call, line, state] of steps) {
      log.take();
      call();
      assert.deepStrictEqual(log.lines, [line]);
      assert.strictEqual(ws.state, state);
    }
    await log.until('close');
  });

  it('shows what a call changed also inside a handler', async () => {
    const server = await startServer({ greet: ['one'] });
    const { ws, log } = client({ url: server.url });
    const seen = [];
    ws.once('message', () => {
      const during = (call) => {
        const before = log.lines.length;
        call();
        seen.push([...log.lines.slice(before), ws.state, ws.circuitState]);
      };
      during(() => ws.openCircuit());
      during(() => ws.closeCircuit());
      during(() => ws.close(1000, 'bye'));
      during(() => ws.openCircuit());
      during(() => ws.reset());
    });
    ws.connect();
    await log.until('close');
    assert.deepStrictEqual(seen, [
      ['circuitChange OPEN', 'OPEN', 'OPEN'],
      ['circuitChange CLOSED', 'OPEN', 'CLOSED'],
      ['stateChange CLOSING', 'CLOSING', 'CLOSED'],
      ['circuitChange OPEN', 'CLOSING', 'OPEN'],
      ['circuitChange CLOSED', 'CLOSING', 'CLOSED'],
    ]);
  });

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

  it('loses, doubles and swaps no message of a blocked JavaScript thread', async () => {
    const server = await startServer({ burst: { count: 20000, size: 100 } });
    const { ws, log } = client({ url: server.url });
    ws.connect();
    block(300);
    await log.count('message', 20000);
    log.of('message').forEach(({ data }, i) => assert.ok(data.startsWith(`${i} `)));
  });

  it('pushes back on a peer that floods a blocked JavaScript thread', async () => {
    const server = await startServer({ burst: { count: 3000, size: 65536 } });
    const { ws, log } = client({ url: server.url });
    const before = process.memoryUsage().rss;
    ws.connect();
    block(1500);
    const grown = (process.memoryUsage().rss - before) / 2 ** 20;
    assert.ok(grown < 150, `${Math.round(grown)} MiB of 196 MiB are held`);
    await log.until('message 0 ');
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

  /** Every state that is seen by code of the user before anybody was told of it. */
  const untold = (ws) => {
    const seen = [];
    let told = ws.state;
    ws.prependListener('stateChange', (state) => (told = state));
    const look = (where) => ws.state !== told && seen.push(`${where}: ${ws.state} instead of ${told}`);
    for (const event of [...EVENTS, 'giveup', 'reconnected']) ws.on(event, () => look(event));
    return { seen, look };
  };

  it('tells a missing decision in the state before the one that follows from it', async () => {
    const server = await startServer({ plan: ['refuse'] });
    const shouldReconnect = () => new Promise(() => {});
    const { ws, log } = client({ url: server.url, shouldReconnect, connectionTimeout: 80 });
    const { seen } = untold(ws);
    ws.connect();
    await log.until("close 1006 ''");
    ws.openCircuit();
    await log.until('error WSR_ERR_FUNCTION');
    await log.until('stateChange BLOCKED');
    assert.deepStrictEqual(seen, []);
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

  it('tells the signal of an attempt that it is given up when that has been told', async () => {
    let ws;
    let seen;
    const aborted = new Promise((resolve) => {
      const url = ({ signal }) => {
        signal.addEventListener('abort', () => resolve(seen.look('abort')));
        return new Promise(() => {});
      };
      ws = client({ url, connectionTimeout: 50, maxRetries: 0 }).ws;
      seen = untold(ws);
    });
    ws.connect();
    await aborted;
    assert.deepStrictEqual(seen.seen, []);
  });

  it('shows nothing of a connection that nobody is told of', async () => {
    const server = await startServer();
    const { ws, log } = client({ url: server.url, urls: [server.url, `${server.url}b`], protocols: 'chat' });
    ws.connect();
    // Meanwhile the connection opens.
    block(300);
    ws.close();
    await log.until('close');
    assert.deepStrictEqual(log.of('open'), []);
    assert.strictEqual(ws.protocol, '');
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

  it('a call may tell the end of one life, and then begin another', async () => {
    const { ws, log } = client({ url: 'ws://127.0.0.1:1/' });
    const { client: native } = ws[own.inner];
    const counts = { retryCount: 0, circuitFailures: 0 };
    const state = (name) => ({ kind: 'state', alive: true, ...counts, state: name });
    const gaveUp = {
      kind: 'close',
      alive: false,
      ...counts,
      code: 'MAX_RETRIES',
      reason: 'Maximum retry attempts',
      wasClean: false,
    };
    // As the engine answers where the wait for a circuit is over, and the driver of the client has not seen that.
    native.connect = () => ({
      horizon: 0,
      notices: [state('FAILED'), gaveUp, state('CONNECTING')],
    });
    let isSettled = false;
    const settled = () => (isSettled = true);
    ws.connect().then(settled, settled);
    assert.deepStrictEqual(log.take(), [
      'stateChange FAILED',
      "close MAX_RETRIES 'Maximum retry attempts'",
      'stateChange CONNECTING',
    ]);
    await settle(1);
    assert.ok(!isSettled, 'its promise is that of the life that it has begun');
    delete native.connect;
    // The engine ends what the view shows: a life.
    ws.close();
    await log.until("close 1000 'Normal closure'");
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
