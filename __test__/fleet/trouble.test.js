'use strict';

const assert = require('assert');
const { performance } = require('perf_hooks');
const { OPEN, attempt, freshName, members, mostIn, record, tries } = require('./support/fleets.js');
const { begin, end } = require('./support/processes.js');
const { RedisServer } = require('./support/redis-server.js');
const { until } = require('../support/waiting.js');

const areAll = (fleets, isDegraded) => until(() => fleets.every((fleet) => fleet.isDegraded === isDegraded));

describe('a fleet in trouble', () => {
  let redis;
  beforeEach(async () => {
    redis = await new RedisServer().start();
  });
  afterEach(() => redis.kill());

  /** Attempts of all members at once: resolves to the times at which they began. */
  async function startsOf(fleets, count) {
    const starts = [];
    const all = Array.from({ length: count }, async (_, i) => {
      const over = await attempt(fleets[i % fleets.length]);
      starts.push(performance.now());
      over(OPEN);
    });
    await Promise.all(all);
    return starts;
  }

  it('goes_on_with_its_own_share_when_redis_is_killed', async () => {
    const fleets = await members(3, redis.port, { connects: { max: 9, per: 2000 } });
    const told = fleets.map(record);
    await redis.kill();
    const starts = await startsOf(fleets, 18);
    assert.ok(mostIn(starts, 2000) <= 9, `${mostIn(starts, 2000)} in 2 s`);
    assert.deepStrictEqual(told, [['degraded'], ['degraded'], ['degraded']]);
    const { isDegraded, budget } = await fleets[0].stats();
    assert.deepStrictEqual([isDegraded, budget.max], [true, 9]);
  });

  it('keeps_the_budget_when_redis_is_killed_after_a_part_of_it_was_used', async () => {
    const fleets = await members(2, redis.port, { connects: { max: 8, per: 2000 } });
    const starts = await startsOf([fleets[0]], 4);
    // The other hears of it.
    starts.push(...(await startsOf([fleets[1]], 1)));
    starts.push(...(await startsOf([fleets[0]], 1)));
    await redis.kill();
    starts.push(...(await startsOf(fleets, 8)));
    assert.ok(mostIn(starts, 2000) <= 8, `${mostIn(starts, 2000)} in 2 s`);
  });

  it('waits_for_no_answer_longer_than_its_timeout_when_redis_is_paused', async () => {
    const fleets = await members(2, redis.port, { connects: { max: 10, per: 60000 }, timeout: 300 });
    const told = fleets.map(record);
    redis.pause();
    const before = performance.now();
    await Promise.all(fleets.map((fleet) => tries(fleet, OPEN)));
    assert.ok(performance.now() - before < 300 + 300, `${performance.now() - before} ms`);
    redis.resume();
    await areAll(fleets, false);
    assert.deepStrictEqual(told, [
      ['degraded', 'restored'],
      ['degraded', 'restored'],
    ]);
  });

  it('is_not_degraded_by_what_holds_up_its_own_process', async () => {
    const [fleet] = await members(1, redis.port, { connects: { max: 2, per: 60000 }, timeout: 200 });
    const told = record(fleet);
    const waits = attempt(fleet);
    const end = performance.now() + 400;
    while (performance.now() < end);
    // What it was let through for meanwhile is not used, and counts no more.
    (await waits)(OPEN);
    await tries(fleet, OPEN);
    assert.deepStrictEqual(told, []);
    assert.strictEqual((await fleet.stats()).budget.used, 2);
  });

  it('is_degraded_where_its_process_is_busy_all_the_time', async () => {
    const [fleet] = await members(1, redis.port, { timeout: 200 });
    await tries(fleet, OPEN);
    const told = record(fleet);
    redis.pause();
    const busy = setInterval(() => {
      const end = performance.now() + 100;
      while (performance.now() < end);
    });
    const before = performance.now();
    await Promise.race([tries(fleet, OPEN), new Promise((resolve) => setTimeout(resolve, 3000))]);
    clearInterval(busy);
    redis.resume();
    assert.strictEqual(told[0], 'degraded');
    assert.ok(performance.now() - before < 2000, `${performance.now() - before} ms`);
  });

  it('tells_redis_what_it_did_without_it', async () => {
    const fleets = await members(2, redis.port, { connects: { max: 10, per: 60000 } });
    await tries(fleets[0], OPEN);
    redis.pause();
    await Promise.all(fleets.map((fleet) => tries(fleet, OPEN)));
    redis.resume();
    await areAll(fleets, false);
    await until(async () => (await fleets[0].stats()).budget.used === 3);
  });

  it('keeps_the_budget_when_redis_comes_back_empty', async () => {
    const fleets = await members(3, redis.port, { connects: { max: 9, per: 6000 } });
    const starts = await startsOf(fleets, 7);
    await redis.kill();
    await areAll(fleets, true);
    await redis.start();
    await areAll(fleets, false);
    // Two are left of the window, whatever Redis remembers.
    const more = startsOf(fleets, 6);
    await until(async () => (await fleets[0].stats()).budget.used === 9);
    starts.push(...(await more));
    assert.ok(mostIn(starts, 6000) <= 9, `${mostIn(starts, 6000)} in 6 s`);
  });

  it('knows_at_its_next_call_that_redis_was_emptied', async () => {
    const [fleet] = await members(1, redis.port, { connects: { max: 4, per: 60000 } });
    for (let i = 0; i < 3; i += 1) await tries(fleet, OPEN);
    redis.cli('flushall');
    await tries(fleet, OPEN);
    assert.strictEqual((await fleet.stats()).budget.used, 4);
    redis.cli('script', 'flush');
    assert.strictEqual((await fleet.stats()).budget.left, 0);
  });

  it('is_restored_where_redis_was_not_there_at_first', async () => {
    await redis.kill();
    const fleets = [];
    const making = members(1, redis.port, { connects: { max: 4, per: 60000 } }, 'ioredis');
    await redis.start();
    fleets.push(...(await making));
    await tries(fleets[0], OPEN);
    await areAll(fleets, false);
  });

  it('is_not_held_back_by_one_member_that_was_cut_off', async () => {
    const fleets = await members(3, redis.port, { memberTtl: 60000 });
    const [cut, ...others] = fleets;
    const { redis: own } = cut.member;
    const run = own.run.bind(own);
    own.run = () => Promise.reject(new Error('cut off'));
    await tries(cut, OPEN);
    assert.strictEqual(cut.isDegraded, true);
    // How long it was away is known but for what a call takes.
    await new Promise((resolve) => setTimeout(resolve, 50));
    await Promise.all(others.map((fleet) => tries(fleet, OPEN)));
    own.run = run;
    await areAll(fleets, false);
    const before = performance.now();
    await Promise.all(fleets.map((fleet) => tries(fleet, OPEN)));
    assert.ok(performance.now() - before < 5000, `${performance.now() - before} ms`);
  });

  it('frees_the_leases_of_a_process_that_is_killed', async () => {
    const options = { name: freshName(), memberTtl: 1500, connects: { max: 100, per: 1000, concurrency: 2 } };
    const other = await begin('attempting-process.js', { port: redis.port, options });
    other.send({ attempts: 2 });
    await until(() => other.told.filter(({ event }) => event === 'began').length === 2);
    const [fleet] = await members(1, redis.port, options);
    let isThrough = false;
    const waits = tries(fleet, OPEN).then(() => {
      isThrough = true;
    });
    // It lives, and renews them.
    await new Promise((resolve) => setTimeout(resolve, 2000));
    assert.strictEqual(isThrough, false);
    await end(other);
    const killedAt = performance.now();
    await waits;
    // Until they lapse, and the next time that it asks.
    assert.ok(performance.now() - killedAt < 1500 + 1500, `${performance.now() - killedAt} ms`);
    assert.deepStrictEqual((await fleet.stats()).members, [fleet.id]);
  });

  it('moves_the_keys_of_a_process_that_is_killed', async () => {
    const options = { name: freshName(), memberTtl: 1500 };
    const other = await begin('attempting-process.js', { port: redis.port, options });
    const [fleet] = await members(1, redis.port, options);
    const all = Array.from({ length: 30 }, (_, i) => `key ${i}`);
    let keys = all;
    fleet.assign(all, (change) => {
      keys = change.keys;
    });
    await until(() => keys.length < 30);
    await end(other);
    const killedAt = performance.now();
    await until(() => keys.length === 30);
    assert.ok(performance.now() - killedAt < 1500 + 600, `${performance.now() - killedAt} ms`);
  });

  it('keeps_the_budget_where_clocks_differ_by_a_minute', async () => {
    const options = { name: freshName(), connects: { max: 6, per: 1000, concurrency: 3 } };
    const clocks = [0, 60000, -60000];
    const children = await Promise.all(
      clocks.map((clock) => begin('attempting-process.js', { port: redis.port, options, clock })),
    );
    const beganOf = ({ told }) => told.filter(({ event }) => event === 'began').map(({ at }) => at);
    for (const child of children) child.send({ attempts: 6, lasts: 20 });
    await until(() => children.every((child) => beganOf(child).length === 6));
    const starts = children.flatMap(beganOf);
    assert.ok(mostIn(starts, 1000) <= 6, `${mostIn(starts, 1000)} in 1 s`);
    assert.ok(children.every(({ told }) => !told.some(({ event }) => event === 'degraded')));
  });
});
