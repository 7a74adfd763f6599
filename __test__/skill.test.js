'use strict';

const assert = require('assert');
const { startServer } = require('./peer/index.js');
const { record } = require('./support/recorder.js');
const skill = require('../scripts/websocket-reconnect.js');

const URL = 'ws://localhost:8080';

/** What the skill's own tests ask of a client that does not connect, by its path. */
describe('in the place of the skill', () => {
  const { WebSocketReconnect } = skill;
  const make = (options) => new WebSocketReconnect({ url: URL, ...options });

  it('its path gives the class and nothing else', () => {
    assert.deepStrictEqual(Object.keys(skill), ['WebSocketReconnect']);
  });

  it('a client has the defaults of the skill', () => {
    const ws = make();
    assert.deepStrictEqual(
      [ws.maxRetries, ws.baseDelay, ws.maxDelay, ws.multiplier, ws.jitter, ws.heartbeatInterval],
      [10, 1000, 30000, 2, 0.1, 30000],
    );
    assert.strictEqual(ws.heartbeatTimeout, 5000);
    assert.strictEqual(ws.heartbeatMessage, '{"type":"ping"}');
    assert.deepStrictEqual(ws.protocols, []);
    assert.deepStrictEqual(ws.websocketOptions, {});
    const { failureThreshold, resetTimeout, halfOpenMaxRequests } = ws.circuitBreaker;
    assert.deepStrictEqual([failureThreshold, resetTimeout, halfOpenMaxRequests], [5, 60000, 3]);
    assert.strictEqual(ws.state, 'CLOSED');
    assert.strictEqual(ws.circuitState, 'CLOSED');
    assert.strictEqual(ws.manualClose, false);
  });

  it('options are properties of the same names', () => {
    const options = {
      maxRetries: 5,
      baseDelay: 500,
      maxDelay: 10000,
      multiplier: 1.5,
      jitter: 0.2,
      heartbeatInterval: 15000,
      heartbeatTimeout: 3000,
      heartbeatMessage: JSON.stringify({ type: 'custom' }),
    };
    const ws = make(options);
    for (const name of Object.keys(options)) assert.strictEqual(ws[name], options[name], name);
  });

  it('delays grow from baseDelay by multiplier up to maxDelay', () => {
    const delays = (options, attempts) => {
      const ws = make({ jitter: 0, ...options });
      return attempts.map((attempt) => ws.calculateDelay(attempt));
    };
    assert.deepStrictEqual(delays({}, [0, 1, 2, 3, 4, 5]), [1000, 2000, 4000, 8000, 16000, 30000]);
    assert.deepStrictEqual(delays({ maxDelay: 5000 }, [2, 3, 10]), [4000, 5000, 5000]);
  });

  it('jitter spreads the delays by its share', () => {
    const ws = make({ multiplier: 1, jitter: 0.1 });
    const delays = Array.from({ length: 50 }, () => ws.calculateDelay(0));
    assert.ok(
      delays.every((delay) => delay >= 900 && delay <= 1100),
      String(delays),
    );
    assert.ok(new Set(delays).size > 1);
  });

  it('events of any name reach all their handlers until those are removed', () => {
    const ws = make();
    const heard = [];
    const handler = () => heard.push('first');
    ws.on('custom', handler).on('custom', ({ value }) => heard.push(value));
    ws.emit('custom', { value: 'second' });
    assert.strictEqual(ws.off('custom', handler), ws);
    ws.emit('custom', { value: 'third' });
    assert.deepStrictEqual(heard, ['first', 'second', 'third']);
  });

  it('getStats() tells where a client stands', () => {
    const stats = make().getStats();
    assert.strictEqual(typeof stats.lastActivity, 'number');
    const expected = {
      state: 'CLOSED',
      circuitState: 'CLOSED',
      retryCount: 0,
      maxRetries: 10,
      circuitFailures: 0,
      failureThreshold: 5,
      uptime: 0,
    };
    for (const [name, value] of Object.entries(expected)) assert.strictEqual(stats[name], value, name);
  });

  it('the circuit opens, turns half-open by itself, and closes by hand', async () => {
    const ws = make({ circuitBreaker: { failureThreshold: 3, resetTimeout: 50 } });
    const log = record(ws);
    ws.circuitFailures = 3;
    assert.strictEqual(ws.getCircuitState(), 'CLOSED');
    ws.openCircuit();
    assert.strictEqual(ws.getCircuitState(), 'OPEN');
    await log.until('circuitChange HALF-OPEN');
    ws.closeCircuit();
    assert.strictEqual(ws.getCircuitState(), 'CLOSED');
    assert.strictEqual(ws.circuitFailures, 0);
  });

  it('reset() forgets what was written and done', () => {
    const ws = make();
    Object.assign(ws, { retryCount: 5, circuitFailures: 3, manualClose: true });
    ws.openCircuit();
    ws.reset();
    const { retryCount, circuitFailures, manualClose, circuitState } = ws;
    assert.deepStrictEqual([retryCount, circuitFailures, manualClose, circuitState], [0, 0, false, 'CLOSED']);
  });

  it('close() of what never connected tells stateChange CLOSED', () => {
    const ws = make();
    const log = record(ws);
    ws.manualClose = true;
    ws.close();
    assert.strictEqual(ws.state, 'CLOSED');
    assert.deepStrictEqual(log.lines, ['stateChange CLOSED']);
  });

  it('connect() that the circuit refuses tells stateChange BLOCKED', async () => {
    const ws = make();
    const log = record(ws);
    ws.openCircuit();
    await assert.rejects(ws.connect(), { message: 'Circuit breaker is OPEN' });
    assert.deepStrictEqual(log.lines, ['circuitChange OPEN', 'stateChange BLOCKED']);
    ws.closeCircuit();
  });

  it('handleError() tells each error, and opens the circuit at the threshold', () => {
    const ws = make({ circuitBreaker: { failureThreshold: 2 } });
    const log = record(ws);
    ws.handleError(new Error('one'));
    ws.handleError(new Error('two'));
    assert.deepStrictEqual(log.lines, ['error one', 'error two', 'circuitChange OPEN']);
    assert.strictEqual(ws.circuitFailures, 2);
    ws.closeCircuit();
  });

  it('its quick start runs: a message that is sent right after connect() arrives', async () => {
    const server = await startServer();
    const ws = make({ url: server.url });
    ws.connect();
    ws.send(JSON.stringify({ type: 'subscribe', channel: 'updates' }));
    const [{ data }] = await server.received(1);
    assert.deepStrictEqual(JSON.parse(data), { type: 'subscribe', channel: 'updates' });
    ws.close(1001, 'Client shutting down');
    assert.deepStrictEqual(await server.ended(), { code: 1001, reason: 'Client shutting down' });
  });
});
