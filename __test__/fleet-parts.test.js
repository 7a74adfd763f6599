'use strict';

const assert = require('assert');
const { createFleet } = require('../fleet.js');
const { Assignment } = require('../lib/fleet/assignment.js');
const { OwnShare } = require('../lib/fleet/own-share.js');
const { keysOf } = require('../lib/fleet/rendezvous.js');
const { SlidingWindow } = require('../lib/fleet/sliding-window.js');
const { Verdicts } = require('../lib/fleet/verdicts.js');
const { random } = require('./support/random.js');

const KEYS = Array.from({ length: 3000 }, (_, i) => `key-${i}`);
const MEMBERS = ['a:1:f00', 'a:2:ba5', 'b:1:c0f', 'b:2:dad', 'c:1:bee'];

describe('parts of a fleet', () => {
  describe('rendezvous hashing', () => {
    const partsOf = (members) => members.map((member) => keysOf(member, members, KEYS));

    it('gives_each_key_to_one_member', () => {
      assert.deepStrictEqual(
        partsOf(MEMBERS)
          .reduce((all, keys) => all.concat(keys), [])
          .sort(),
        [...KEYS].sort(),
      );
    });

    it('gives_about_as_many_to_each', () => {
      for (const keys of partsOf(MEMBERS)) assert.ok(Math.abs(keys.length - 600) < 100, String(keys.length));
    });

    it('asks_not_in_which_order_the_members_are_known', () => {
      const turned = [...MEMBERS].reverse();
      for (const member of MEMBERS)
        assert.deepStrictEqual(keysOf(member, turned, KEYS), keysOf(member, MEMBERS, KEYS));
    });

    it('moves_the_keys_of_who_goes_and_no_other', () => {
      const [gone, ...rest] = MEMBERS;
      const freed = new Set(keysOf(gone, MEMBERS, KEYS));
      for (const member of rest) {
        const before = keysOf(member, MEMBERS, KEYS);
        const after = keysOf(member, rest, KEYS);
        const had = new Set(before);
        assert.ok(before.every((key) => after.includes(key)));
        assert.ok(after.every((key) => had.has(key) || freed.has(key)));
      }
    });

    it('gives_nothing_to_who_is_no_member', () => {
      assert.deepStrictEqual(keysOf('nobody', MEMBERS, KEYS), []);
    });
  });

  describe('an assignment', () => {
    it('tells_the_first_keys_even_where_there_are_none_and_then_changes_alone', () => {
      const told = [];
      const assignment = new Assignment(['x', 'y', 'x'], (change) => told.push(change));
      assignment.see('a', ['b']);
      assignment.see('a', ['b']);
      assignment.see('a', ['a']);
      assignment.see('a', ['a']);
      assignment.see('a', []);
      assert.deepStrictEqual(told, [
        { keys: [], added: [], removed: [] },
        { keys: ['x', 'y'], added: ['x', 'y'], removed: [] },
        { keys: [], added: [], removed: ['x', 'y'] },
      ]);
    });
  });

  describe('the sliding window', () => {
    it('never_has_more_than_max_in_any_window_and_wastes_nothing', () => {
      const { below } = random(7);
      for (let round = 0; round < 50; round += 1) {
        const max = 1 + below(5);
        const per = 10 + below(50);
        const window = new SlidingWindow(per);
        const starts = [];
        let now = 0;
        for (let i = 0; i < 60; i += 1) {
          now += below(15);
          const at = window.freeAt(now, max);
          window.add(at);
          starts.push(at);
          // The earliest that the rule allows.
          const full = starts.slice(-1 - max, -1);
          assert.ok(at === now || (full.length === max && at === full[0] + per), `${at}`);
        }
        for (let i = max; i < starts.length; i += 1) assert.ok(starts[i] - starts[i - max] >= per);
      }
    });

    it('forgets_what_is_over', () => {
      const window = new SlidingWindow(100);
      [0, 10, 50].forEach((at) => window.add(at));
      assert.strictEqual(window.count(99), 3);
      assert.strictEqual(window.count(100), 2);
      assert.strictEqual(window.count(150), 0);
      assert.deepStrictEqual(window.times, []);
    });
  });

  describe('the own share', () => {
    const share = new OwnShare({ max: 100, concurrency: 10 }, 1000);

    it('is_what_is_left_divided_by_the_members_for_a_window_and_then_all', () => {
      share.hear({ used: 40, members: 3 }, 0);
      assert.strictEqual(share.room(500, -100), 20);
      assert.strictEqual(share.room(1000, -100), 33);
    });

    it('counts_what_this_process_has_started_since', () => {
      share.hear({ used: 40, members: 3 }, 0);
      for (let i = 0; i < 19; i += 1) share.start(100);
      assert.strictEqual(share.room(500, 0), 1);
      share.start(500);
      assert.strictEqual(share.room(500, 0), 0);
      assert.strictEqual(share.room(1600, -100), 33);
    });

    it('is_at_least_one_once_what_was_used_is_over', () => {
      share.hear({ used: 100, members: 500 }, 0);
      assert.strictEqual(share.room(999, 0), 0);
      assert.strictEqual(share.room(1000, 0), 1);
      share.start(1000);
      assert.strictEqual(share.room(1001, 0), 0);
    });

    it('keeps_its_part_of_what_may_be_under_way', () => {
      share.hear({ used: 0, members: 3 }, 0);
      assert.strictEqual(share.room(1, 0), 3);
      assert.strictEqual(share.room(1, 2), 1);
      assert.strictEqual(share.room(1, 9), 0);
    });

    it('is_all_where_there_is_no_budget', () => {
      assert.strictEqual(new OwnShare({}, 0).room(0, 1000), Infinity);
    });
  });

  describe('verdicts', () => {
    it('fail_after_so_many_failures_in_a_row', () => {
      const verdicts = new Verdicts({ failureThreshold: 2, resetTimeout: 1000 });
      verdicts.add(false, 0);
      verdicts.add(true, 1);
      verdicts.add(false, 2);
      assert.strictEqual(verdicts.isFailing(2), false);
      verdicts.add(false, 3);
      assert.strictEqual(verdicts.isFailing(3), true);
      assert.strictEqual(verdicts.isFailing(1003), false);
      verdicts.forget();
      assert.strictEqual(verdicts.isFailing(3), false);
    });
  });

  describe('its options', () => {
    const redis = { evalsha() {}, eval() {} };
    const right = { redis, name: 'a' };
    const refused = [
      [undefined, TypeError, /^options/],
      [{ redis }, TypeError, /^name/],
      [{ redis, name: '' }, RangeError, /^name/],
      [{ name: 'a' }, TypeError, /^redis/],
      [{ name: 'a', redis: {} }, TypeError, /^redis/],
      [{ ...right, timeOut: 1 }, TypeError, /did you mean timeout/],
      [{ ...right, timeout: 0 }, RangeError, /^timeout/],
      [{ ...right, memberTtl: 2 ** 31 }, RangeError, /^memberTtl.* from 1 to 2147483647/],
      [{ ...right, memberTtl: '1' }, TypeError, /^memberTtl/],
      [{ ...right, connects: {} }, TypeError, /^connects\.max/],
      [{ ...right, connects: { max: 1 } }, TypeError, /^connects\.per/],
      [{ ...right, connects: { max: 1.5, per: 1 } }, RangeError, /^connects\.max/],
      [{ ...right, connects: { max: 1, per: 1, burst: 1 } }, TypeError, /^connects\.burst/],
      [{ ...right, circuit: { quorum: 0 } }, RangeError, /^circuit\.quorum/],
    ];
    refused.forEach(([options, Kind, message], i) => {
      it(`are_refused_where_they_are_wrong_${i + 1}`, () => {
        assert.throws(
          () => createFleet(options),
          (error) => error instanceof Kind && error.code === 'WSR_ERR_OPTION' && message.test(error.message),
        );
      });
    });

    it('of_assign_too', () => {
      const fleet = createFleet({
        ...right,
        redis: { evalsha: () => new Promise(() => {}), eval() {} },
        timeout: 20,
      });
      assert.throws(() => fleet.assign('a', () => {}), { code: 'WSR_ERR_ARGUMENT' });
      for (const [keys, onChange] of [[['a']], [new Array(1), () => {}]])
        assert.throws(() => fleet.assign(keys, onChange), { code: 'WSR_ERR_ARGUMENT' });
      return fleet.close();
    });
  });

  describe('without an answer', () => {
    const silent = { evalsha: () => new Promise(() => {}), eval: () => new Promise(() => {}) };

    it('an_attempt_begins_after_the_timeout', async () => {
      const fleet = createFleet({ redis: silent, name: 'a', timeout: 20, connects: { max: 1, per: 10000 } });
      const degraded = new Promise((resolve) => fleet.once('degraded', resolve));
      const end = await fleet.options().connectGate({});
      assert.strictEqual((await degraded).code, 'ETIMEDOUT');
      end({ isOpen: true });
      const { isDegraded, members } = await fleet.stats();
      assert.deepStrictEqual([isDegraded, members], [true, [fleet.id]]);
      await fleet.close();
    });

    it('a_listener_that_throws_stops_no_attempt', async () => {
      const fleet = createFleet({ redis: silent, name: 'a', timeout: 20 });
      const thrown = new Promise((resolve) => {
        const others = process.listeners('uncaughtException');
        process.removeAllListeners('uncaughtException');
        process.once('uncaughtException', (error) => {
          others.forEach((listener) => process.on('uncaughtException', listener));
          resolve(error);
        });
      });
      fleet.on('degraded', () => {
        throw new Error('of the listener');
      });
      const end = await fleet.options().connectGate({});
      end({ isOpen: true });
      assert.strictEqual((await thrown).message, 'of the listener');
      await fleet.close();
    });
  });
});
