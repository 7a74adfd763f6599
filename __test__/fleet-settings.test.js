'use strict';

const assert = require('assert');
const { readSettings } = require('../lib/fleet/settings.js');

describe('the options of a fleet', () => {
  for (const [path, options] of /** @type {const} */ ([
    ['connects.per', { connects: { max: 1, per: 1e16 } }],
    ['circuit.resetTimeout', { circuit: { resetTimeout: 1e16 } }],
  ])) {
    it(`have_no_${path}_that_is_longer_than_redis_keeps_anything`, () => {
      assert.throws(() => readSettings({ redis: {}, name: 'long', ...options }), {
        name: 'RangeError',
        code: 'WSR_ERR_OPTION',
        message: `${path}: 10000000000000000 is out of range; allowed is a number of milliseconds above 0, up to 1000000000000000`,
      });
    });
  }
});
