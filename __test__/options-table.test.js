'use strict';

const assert = require('assert');
const { allowed, check, checkPresent } = require('../lib/options/check.js');
const { ROWS, TABLE, rowsOf } = require('../lib/options/table.js');
const { WebSocketReconnect } = require('./subject.js');

const make = (options) => new WebSocketReconnect({ url: 'ws://127.0.0.1:1/', ...options });
const numbers = TABLE.filter(({ type }) => type === 'number');

/** The nearest value on the other side of a bound. */
const beside = (bound, row, step) => bound + step * (row.integer ? 1 : 2 ** -40);

/** Values at the bounds of a number, and beyond them. */
function limits(row) {
  const { above, min, max, infinite } = row;
  const inside = [];
  const outside = [NaN, -Infinity];
  if (above !== undefined) {
    inside.push(beside(above, row, 1));
    outside.push(above);
  }
  if (min !== undefined) {
    inside.push(min);
    outside.push(beside(min, row, -1));
  }
  if (max !== undefined) {
    inside.push(max);
    outside.push(beside(max, row, 1));
  }
  if (row.integer) outside.push((min || 0) + 0.5);
  (infinite ? inside : outside).push(Infinity);
  return { inside, outside };
}

/** That an error names the option and what is allowed, with its code. */
const refused = (Kind, row) => (error) =>
  error instanceof Kind &&
  error.code === 'WSR_ERR_OPTION' &&
  error.message.startsWith(row.path) &&
  error.message.includes('allowed is ');

describe('the table of options', () => {
  it('says what is allowed from the row', () => {
    const told = {
      maxRetries: 'an integer of at least 0 or Infinity; 0 turns retrying off',
      baseDelay: 'a number of milliseconds above 0',
      jitter: "a number from 0 to 1, 'full', 'equal', 'decorrelated' or 'none'; 0 turns it off",
      hidePong: 'true or false',
      failover: "'next' or 'random'",
      queue: 'an object, true or false',
      circuitBreaker: 'an object or false; false turns it off',
      'circuitBreaker.scope': "'instance', 'host' or a name of your own",
      'queue.maxBytes': 'a whole number of bytes of at least 1',
      'queue.overflow': "'throw', 'drop-oldest' or 'drop-newest'",
      'websocketOptions.family': '0, 4 or 6',
      'websocketOptions.auth': "a string 'user:password'",
    };
    for (const name of Object.keys(told)) assert.strictEqual(allowed(ROWS[name]), told[name], name);
  });

  for (const row of numbers) {
    it(`${row.path} is held to its bounds, which the error tells`, () => {
      const { inside, outside } = limits(row);
      for (const value of inside) assert.strictEqual(check(row, value), value);
      for (const value of outside)
        assert.throws(() => check(row, value), refused(RangeError, row), `${value}`);
    });
  }

  it('has a checker for the type of each option', () => {
    // Those that are fixed have one value, which the reader of websocketOptions compares by itself.
    for (const row of TABLE.filter(({ type }) => type !== 'fixed')) {
      assert.throws(() => checkPresent(row, 5n), refused(TypeError, row), row.path);
    }
  });

  it('has defaults that its own checks accept', () => {
    for (const row of TABLE.filter((one) => one.default !== undefined && one.type !== 'fixed')) {
      checkPresent(row, check(row, undefined));
      assert.deepStrictEqual(check(row, null), row.default, row.path);
    }
  });

  it('has the value that turns an option off among those that are allowed', () => {
    for (const row of TABLE.filter(({ off }) => off !== undefined)) checkPresent(row, row.off[0]);
  });

  it('is what the properties of the class are made from', () => {
    const ws = make({});
    for (const row of rowsOf('').filter((one) => one.default !== undefined)) {
      assert.deepStrictEqual(ws[row.name], row.default, row.name);
    }
    for (const row of rowsOf('circuitBreaker')) {
      assert.strictEqual(ws.circuitBreaker[row.name], row.default, row.name);
    }
    for (const { name, takes } of rowsOf('')) {
      assert.ok(name in WebSocketReconnect.prototype, name);
      if (takes === 'nothing') assert.throws(() => (ws[name] = undefined), TypeError, name);
    }
  });
});

describe('the options of a client', () => {
  it('are not those of another one', () => {
    const [one, other] = [make({}), make({})];
    one.maxRetries = 3;
    one.protocols.push('mine');
    one.websocketOptions.origin = 'mine';
    one.circuitBreaker.failureThreshold = 1;
    assert.strictEqual(other.maxRetries, 10);
    assert.deepStrictEqual(other.protocols, []);
    assert.deepStrictEqual(other.websocketOptions, {});
    assert.strictEqual(other.circuitBreaker.failureThreshold, 5);
    assert.strictEqual(make({}).maxRetries, 10);
  });

  it('take their defaults again when they are assigned null or undefined', () => {
    const ws = make({ maxRetries: 3, failover: 'random', hidePong: true, connectionTimeout: 5 });
    ws.maxRetries = null;
    ws.failover = undefined;
    ws.hidePong = null;
    ws.connectionTimeout = null;
    assert.deepStrictEqual([ws.maxRetries, ws.failover, ws.hidePong], [10, 'next', false]);
    assert.strictEqual(ws.connectionTimeout, 10000);
  });
});
