'use strict';

const assert = require('assert');
const { performance } = require('perf_hooks');
const { GIVEN_UP, OPEN, attempt, members, mostIn, tries } = require('./support/fleets.js');
const { RedisServer } = require('./support/redis-server.js');
const { until } = require('../support/waiting.js');

const IDLE = { memberTtl: 60000 };

describe('the budget of a fleet', () => {
  let redis;
  before(async () => {
    redis = await new RedisServer().start();
  });
  after(() => redis.kill());

  it('never_lets_more_than_max_attempts_into_any_window', async () => {
    const fleets = await members(3, redis.port, { connects: { max: 10, per: 300 }, timeout: 1000 });
    const starts = [];
    const all = Array.from({ length: 30 }, async (_, i) => {
      const end = await attempt(fleets[i % 3]);
      starts.push(performance.now());
      end(OPEN);
    });
    await Promise.all(all);
    assert.ok(mostIn(starts, 300) <= 10, `${mostIn(starts, 300)} in 300 ms`);
    // It is not kept by letting few through: three windows, each longer by the time that an answer may take.
    assert.ok(Math.max(...starts) - Math.min(...starts) < 3 * 1300);
  });

  it('gives_each_member_its_turn', async () => {
    const fleets = await members(3, redis.port, { connects: { max: 3, per: 100 }, timeout: 300 });
    const order = [];
    const all = Array.from({ length: 24 }, async (_, i) => {
      // The first has all of its attempts waiting before the others have one.
      const who = Math.floor(i / 8);
      const end = await attempt(fleets[who]);
      order.push(who);
      end(OPEN);
    });
    await Promise.all(all);
    assert.deepStrictEqual([...new Set(order.slice(0, 12))].sort(), [0, 1, 2], String(order));
  });

  it('has_no_more_than_so_many_attempts_under_way', async () => {
    const fleets = await members(3, redis.port, { connects: { max: 1000, per: 1000, concurrency: 4 } });
    let underWay = 0;
    let most = 0;
    const all = Array.from({ length: 40 }, async (_, i) => {
      const end = await attempt(fleets[i % 3]);
      underWay += 1;
      most = Math.max(most, underWay);
      await new Promise((resolve) => setTimeout(resolve, 20));
      underWay -= 1;
      end(OPEN);
    });
    await Promise.all(all);
    assert.strictEqual(most, 4);
  });

  it('costs_one_round_trip_for_each_attempt', async () => {
    const [fleet] = await members(1, redis.port, {
      ...IDLE,
      connects: { max: 1000, per: 1000, concurrency: 10 },
    });
    await tries(fleet, OPEN);
    const before = redis.scriptCalls();
    for (let i = 0; i < 50; i += 1) await tries(fleet, OPEN);
    assert.strictEqual(redis.scriptCalls() - before, 50);
  });

  it('costs_one_round_trip_for_all_that_wait_at_once', async () => {
    const [fleet] = await members(1, redis.port, { ...IDLE, connects: { max: 1000, per: 1000 } });
    await tries(fleet, OPEN);
    const before = redis.scriptCalls();
    await Promise.all(Array.from({ length: 100 }, () => tries(fleet, OPEN)));
    // The first does not wait for the others.
    assert.strictEqual(redis.scriptCalls() - before, 2);
  });

  it('has_who_is_called_come_though_the_answer_to_wait_comes_later', async () => {
    const fleets = await members(2, redis.port, {
      ...IDLE,
      connects: { max: 10, per: 1000, concurrency: 1 },
    });
    const [holds, waits] = fleets;
    const end = await attempt(holds);
    const { redis: own } = waits.member;
    const run = own.run.bind(own);
    own.run = async (...call) => {
      own.run = run;
      const answer = await run(...call);
      end(OPEN);
      await new Promise((resolve) => setTimeout(resolve, 200));
      return answer;
    };
    const before = performance.now();
    (await attempt(waits))(OPEN);
    assert.ok(performance.now() - before < 700, `${performance.now() - before} ms`);
  });

  it('takes_nothing_for_an_attempt_that_is_given_up_while_it_waits', async () => {
    const [fleet] = await members(1, redis.port, { connects: { max: 1, per: 300 } });
    await tries(fleet, OPEN);
    const controller = new AbortController();
    const waits = attempt(fleet, controller.signal);
    const next = attempt(fleet);
    controller.abort(new Error('closed'));
    await assert.rejects(waits, /closed/);
    (await next)(OPEN);
    assert.strictEqual((await fleet.stats()).budget.used, 1);
  });

  it('keeps_no_turn_for_who_has_given_up', async () => {
    const fleets = await members(2, redis.port, {
      ...IDLE,
      connects: { max: 10, per: 1000, concurrency: 1 },
    });
    const end = await attempt(fleets[0]);
    const controller = new AbortController();
    const waits = attempt(fleets[1], controller.signal);
    const waitingOf = async () => (await fleets[0].stats()).budget.waiting;
    await until(async () => (await waitingOf()).length === 1);
    controller.abort(new Error('closed'));
    await assert.rejects(waits, /closed/);
    await until(async () => (await waitingOf()).length === 0);
    end(OPEN);
    const before = performance.now();
    for (const fleet of fleets) await tries(fleet, OPEN);
    assert.ok(performance.now() - before < 700, `${performance.now() - before} ms`);
  });

  it('refuses_an_attempt_that_was_given_up_before', async () => {
    const [fleet] = await members(1, redis.port, {});
    await assert.rejects(attempt(fleet, AbortSignal.abort(new Error('closed'))), /closed/);
  });

  it('frees_the_place_of_an_attempt_that_is_given_up_under_way', async () => {
    const fleets = await members(2, redis.port, {
      ...IDLE,
      connects: { max: 10, per: 1000, concurrency: 1 },
    });
    const end = await attempt(fleets[0]);
    const waits = attempt(fleets[1]);
    await until(async () => (await fleets[1].stats()).budget.waiting.length === 1);
    end(GIVEN_UP);
    (await waits)(OPEN);
  });

  it('frees_what_a_member_holds_when_it_is_closed', async () => {
    const fleets = await members(2, redis.port, {
      ...IDLE,
      connects: { max: 10, per: 1000, concurrency: 1 },
    });
    await attempt(fleets[0]);
    const waits = attempt(fleets[1]);
    await fleets[0].close();
    (await waits)(OPEN);
    assert.deepStrictEqual((await fleets[1].stats()).members, [fleets[1].id]);
  });

  it('frees_what_a_member_is_let_through_for_while_it_is_closed', async () => {
    const fleets = await members(2, redis.port, {
      ...IDLE,
      connects: { max: 10, per: 60000, concurrency: 1 },
    });
    await until(() => fleets[0].member.call === undefined);
    const refused = assert.rejects(attempt(fleets[0]), { code: 'WSR_ERR_CLOSED' });
    await Promise.all([fleets[0].close(), fleets[0].close(), refused]);
    const { budget, members: names } = await fleets[1].stats();
    assert.deepStrictEqual([budget.used, budget.underWay, names], [0, 0, [fleets[1].id]]);
  });

  it('refuses_those_who_wait_when_it_is_closed', async () => {
    const [fleet] = await members(1, redis.port, { connects: { max: 1, per: 60000 } });
    await tries(fleet, OPEN);
    const waits = attempt(fleet);
    const refused = assert.rejects(waits, { code: 'WSR_ERR_CLOSED' });
    await fleet.close();
    await refused;
    await assert.rejects(attempt(fleet), { code: 'WSR_ERR_CLOSED' });
  });

  it('tells_what_is_left_of_it', async () => {
    const fleets = await members(2, redis.port, {
      connects: { max: 5, per: 60000, concurrency: 3 },
      circuit: {},
    });
    const end = await attempt(fleets[0]);
    const { circuit, members: names, budget, isDegraded } = await fleets[1].stats();
    assert.deepStrictEqual(budget, {
      max: 5,
      per: 60000,
      concurrency: 3,
      used: 1,
      left: 4,
      underWay: 1,
      waiting: [],
    });
    assert.deepStrictEqual(names.sort(), fleets.map(({ id }) => id).sort());
    assert.strictEqual(circuit.state, 'CLOSED');
    assert.strictEqual(isDegraded, false);
    end(OPEN);
  });
});
