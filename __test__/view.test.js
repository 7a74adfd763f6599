'use strict';

const assert = require('assert');
const { LIFE } = require('../lib/facade/client.js');
const { deadPort, startServer } = require('./peer/index.js');
const { client, openClient } = require('./support/clients.js');
const { EVENTS } = require('./support/recorder.js');
const { block } = require('./support/runtime.js');
const { settle } = require('./support/waiting.js');

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

  it('a call may tell the end of one life, and then begin another', async () => {
    const { ws, log } = client({ url: 'ws://127.0.0.1:1/' });
    const { native } = ws[LIFE];
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
      cutoff: 0,
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
});

describe('the state says what the events say', () => {
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
