'use strict';

const assert = require('assert');
const { members } = require('./support/fleets.js');
const { connect } = require('./support/redis-clients.js');
const { RedisServer } = require('./support/redis-server.js');
const { createFleet } = require('../../fleet.js');
const { until } = require('../support/waiting.js');

const KEYS = Array.from({ length: 60 }, (_, i) => `stream-${i}`);

/** What each of some fleets has of the keys, as it was told. */
const assigned = (fleets) =>
  fleets.map((fleet) => {
    const one = { keys: [], changes: [] };
    one.end = fleet.assign(KEYS, (change) => {
      one.keys = change.keys;
      one.changes.push(change);
    });
    return one;
  });

const isPartition = (parts) => {
  const all = parts.flatMap(({ keys }) => keys);
  return all.length === KEYS.length && new Set(all).size === KEYS.length;
};

describe('keys that a fleet assigns', () => {
  let redis;
  before(async () => {
    redis = await new RedisServer().start();
  });
  after(() => redis.kill());

  it('are_each_told_to_one_member', async () => {
    const parts = assigned(await members(3, redis.port, {}));
    await until(() => isPartition(parts));
    for (const { keys } of parts) assert.ok(keys.length > 8, String(keys.length));
  });

  it('move_to_the_others_when_a_member_is_closed_and_no_other_moves', async () => {
    const fleets = await members(3, redis.port, {});
    const parts = assigned(fleets);
    await until(() => isPartition(parts));
    const [gone, ...rest] = parts;
    const before = rest.map(({ keys }) => keys);
    await fleets[0].close();
    await until(() => isPartition(rest));
    rest.forEach(({ changes }, i) => {
      const { added, removed } = changes[changes.length - 1];
      assert.deepStrictEqual(removed, []);
      assert.ok(added.every((key) => gone.keys.includes(key) && !before[i].includes(key)));
    });
  });

  it('move_to_a_member_that_joins', async () => {
    const name = `joined-${process.pid}`;
    const first = assigned(await members(1, redis.port, { name }));
    await until(() => isPartition(first));
    const fleets = await members(1, redis.port, { name });
    const parts = [...first, ...assigned(fleets)];
    await until(() => isPartition(parts) && parts.every(({ keys }) => keys.length > 0));
    assert.ok(first[0].changes[1].removed.length > 0);
  });

  it('are_told_at_once_where_the_first_call_is_under_way', async () => {
    const client = await connect('ioredis', redis.port);
    const fleet = createFleet({ redis: client, name: `at once-${process.pid}`, memberTtl: 60000 });
    const [{ keys }] = await Promise.race([
      new Promise((resolve) => fleet.assign(KEYS, (change) => resolve([change]))),
      new Promise((resolve) => setTimeout(resolve, 2000, [{}])),
    ]);
    await fleet.close();
    assert.deepStrictEqual(keys, KEYS);
  });

  it('are_told_no_more_once_that_is_ended', async () => {
    const fleets = await members(2, redis.port, {});
    const parts = assigned(fleets);
    await until(() => isPartition(parts));
    parts[1].end();
    const { length } = parts[1].changes;
    const other = assigned([fleets[1]]);
    await fleets[0].close();
    await until(() => isPartition(other));
    assert.strictEqual(parts[1].changes.length, length);
  });

  it('stay_as_they_are_while_redis_is_away_and_when_it_is_back_empty', async () => {
    const own = await new RedisServer().start();
    const fleets = await members(2, own.port, {});
    const parts = assigned(fleets);
    await until(() => isPartition(parts));
    const counts = parts.map(({ changes }) => changes.length);
    await own.kill();
    await until(() => fleets.every(({ isDegraded }) => isDegraded));
    await own.start();
    await until(() => fleets.every(({ isDegraded }) => !isDegraded));
    // Until all have told again that they live, and once more.
    await new Promise((resolve) => setTimeout(resolve, 3500));
    assert.deepStrictEqual(
      parts.map(({ changes }) => changes.length),
      counts,
    );
    await own.kill();
  });
});
