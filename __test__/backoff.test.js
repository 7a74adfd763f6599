'use strict';

const assert = require('assert');
const { WebSocketReconnect, make } = require('./support/clients.js');
const { delaysOf } = require('./support/delays.js');

describe('calculateDelay()', () => {
  const make = (options) => new WebSocketReconnect({ url: 'ws://127.0.0.1:1/', ...options });

  it('grows by the multiplier up to the cap', () => {
    const ws = make({ baseDelay: 100, maxDelay: 1500, multiplier: 2, jitter: 0 });
    assert.deepStrictEqual(
      [0, 1, 2, 3, 4, 5, 100, 5000].map((n) => ws.calculateDelay(n)),
      [100, 200, 400, 800, 1500, 1500, 1500, 1500],
    );
    const even = make({ baseDelay: 100.9, multiplier: 1, jitter: 0 });
    assert.strictEqual(even.calculateDelay(7), 100, 'rounded down');
  });

  it('stays within the jitter, and uses its whole width', () => {
    const ws = make({ baseDelay: 1000, maxDelay: 30000, jitter: 0.1 });
    const delays = Array.from({ length: 2000 }, () => ws.calculateDelay(0));
    assert.ok(delays.every((delay) => Number.isInteger(delay) && delay >= 900 && delay <= 1100));
    assert.ok(Math.min(...delays) < 920 && Math.max(...delays) > 1080);
  });

  it('adds the jitter after the cap', () => {
    const ws = make({ baseDelay: 1000, maxDelay: 1000, jitter: 1 });
    const delays = Array.from({ length: 2000 }, () => ws.calculateDelay(9));
    assert.ok(delays.every((delay) => delay >= 0 && delay <= 2000));
    assert.ok(Math.max(...delays) > 1500 && Math.min(...delays) < 500);
  });

  it('of what is no attempt throws', () => {
    const ws = make({});
    for (const attempt of ['1', undefined, {}]) {
      assert.throws(() => ws.calculateDelay(attempt), { name: 'TypeError', code: 'WSR_ERR_ARGUMENT' });
    }
    for (const attempt of [-1, NaN]) {
      assert.throws(() => ws.calculateDelay(attempt), { name: 'RangeError', code: 'WSR_ERR_ARGUMENT' });
    }
  });
});

describe('jitter', () => {
  const drawn = (jitter) => {
    const ws = make({ baseDelay: 100, maxDelay: 400, jitter });
    const all = Array.from({ length: 2000 }, () => ws.calculateDelay(5));
    return [Math.min(...all), Math.max(...all)];
  };

  it("'full' draws from 0 to the capped delay", () => {
    const [low, high] = drawn('full');
    assert.ok(low < 20 && high > 380 && high <= 400, `${low} to ${high}`);
  });

  it("'equal' draws from half of the capped delay to all of it", () => {
    const [low, high] = drawn('equal');
    assert.ok(low >= 200 && low < 215 && high > 385 && high <= 400, `${low} to ${high}`);
  });

  it("'none' draws nothing", () => {
    assert.deepStrictEqual(drawn('none'), [400, 400]);
  });

  it("'decorrelated' draws from baseDelay to three times the delay before", async () => {
    const [low, high] = drawn('decorrelated');
    assert.ok(low >= 100 && low < 110 && high > 290 && high <= 300, `${low} to ${high}`);
    const options = { baseDelay: 2, maxDelay: 1000, jitter: 'decorrelated' };
    let before = 2;
    for (const delay of await delaysOf({ ...options, circuitBreaker: { failureThreshold: 99 } }, 6)) {
      assert.ok(delay >= 2 && delay <= 3 * before + 1, `${delay} after ${before}`);
      before = Math.max(delay, 2);
    }
  });

  it('can be read and written, and refuses other words', () => {
    const ws = make({ jitter: 'full' });
    assert.strictEqual(ws.jitter, 'full');
    ws.jitter = 'none';
    assert.strictEqual(ws.calculateDelay(0), 1000);
    assert.throws(() => make({ jitter: 'half' }), { code: 'WSR_ERR_OPTION', message: /'full', 'equal'/ });
    assert.throws(() => (ws.jitter = 1.5), RangeError);
    assert.strictEqual(ws.jitter, 'none');
  });
});
