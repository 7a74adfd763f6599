'use strict';

const assert = require('assert');
const { createFleet } = require('../../fleet.js');
const { GIVEN_UP, OPEN, attempt, failed, freshName, members, record, tries } = require('./support/fleets.js');
const { connect } = require('./support/redis-clients.js');
const { RedisServer } = require('./support/redis-server.js');
const { until } = require('../support/waiting.js');

const CIRCUIT = { quorum: 2, failureThreshold: 3, resetTimeout: 400 };

const fail = async (fleet, times = 3) => {
  for (let i = 0; i < times; i += 1) await tries(fleet, failed());
};
const stateOf = async (fleet) => (await fleet.stats()).circuit.state;
const untilState = (fleet, state) => until(async () => (await stateOf(fleet)) === state);

describe('the circuit of a fleet', () => {
  let redis;
  before(async () => {
    redis = await new RedisServer().start();
  });
  after(() => redis.kill());

  const fleetsOf = (count, circuit = {}, more = {}) =>
    members(count, redis.port, { circuit: { ...CIRCUIT, ...circuit }, ...more });

  it('stays_closed_where_one_process_fails_alone', async () => {
    const [sick, sound] = await fleetsOf(2);
    await fail(sick, 10);
    await until(async () => (await sound.stats()).circuit.failing.length === 1);
    await tries(sound, OPEN);
    assert.strictEqual(await stateOf(sound), 'CLOSED');
    await tries(sick, OPEN);
    await until(async () => (await sound.stats()).circuit.failing.length === 0);
  });

  it('opens_where_two_processes_fail_and_closes_by_one_probe', async () => {
    const fleets = await fleetsOf(3);
    const told = fleets.map(record);
    await fail(fleets[0]);
    await fail(fleets[1]);
    await untilState(fleets[2], 'OPEN');
    let through = 0;
    const ends = [];
    const all = fleets.map(async (fleet) => {
      ends.push(await attempt(fleet));
      through += 1;
    });
    await until(() => through === 1);
    const { circuit } = await fleets[0].stats();
    assert.strictEqual(circuit.state, 'HALF-OPEN');
    assert.strictEqual(circuit.probes.length, 1);
    // The others wait for it.
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.strictEqual(through, 1);
    ends[0](OPEN);
    await Promise.all(all);
    ends.slice(1).forEach((end) => end(OPEN));
    await until(() => told.every((events) => events[events.length - 1] === 'CLOSED'));
    for (const events of told) {
      assert.strictEqual(events.filter((event) => event === 'OPEN').length, 1, String(events));
      assert.strictEqual(events.filter((event) => event === 'CLOSED').length, 1, String(events));
    }
  });

  it('stays_open_as_long_again_where_the_probe_fails', async () => {
    const fleets = await fleetsOf(2);
    await fail(fleets[0]);
    await fail(fleets[1]);
    await untilState(fleets[0], 'OPEN');
    const { generation } = (await fleets[0].stats()).circuit;
    await tries(fleets[0], failed());
    await untilState(fleets[1], 'OPEN');
    const after = (await fleets[1].stats()).circuit;
    assert.ok(after.generation > generation);
    assert.ok(after.retryIn > 0 && after.retryIn <= CIRCUIT.resetTimeout, String(after.retryIn));
    await tries(fleets[1], OPEN);
    await untilState(fleets[0], 'CLOSED');
  });

  it('lets_another_probe_through_where_one_was_given_up', async () => {
    const fleets = await fleetsOf(2);
    await fail(fleets[0]);
    await fail(fleets[1]);
    await untilState(fleets[0], 'OPEN');
    await tries(fleets[0], GIVEN_UP);
    await tries(fleets[1], OPEN);
    await untilState(fleets[0], 'CLOSED');
  });

  it('drops_a_verdict_of_before_its_last_change', async () => {
    const fleets = await fleetsOf(2);
    const late = [];
    for (let i = 0; i < 3; i += 1) for (const fleet of fleets) late.push(await attempt(fleet));
    await fail(fleets[0]);
    await fail(fleets[1]);
    await untilState(fleets[0], 'OPEN');
    await tries(fleets[0], OPEN);
    for (const fleet of fleets) await until(() => fleet.member.phase === 'CLOSED');
    late.forEach((end) => end(failed()));
    await tries(fleets[0], GIVEN_UP);
    await tries(fleets[1], GIVEN_UP);
    const { circuit } = await fleets[0].stats();
    assert.deepStrictEqual([circuit.state, circuit.failing], ['CLOSED', []]);
  });

  it('goes_by_the_news_that_have_overtaken_an_answer', async () => {
    const [fleet] = await fleetsOf(2);
    const told = [];
    fleet.on('circuitChange', (state) => told.push(state));
    const going = tries(fleet, GIVEN_UP);
    fleet.member.hear(`OPEN ${fleet.member.generation + 1} ${fleet.member.epoch}`);
    await going;
    assert.deepStrictEqual(told, ['OPEN']);
  });

  it('goes_by_an_answer_where_redis_has_lost_what_was_news', async () => {
    const [fleet] = await fleetsOf(1, { quorum: 1 });
    await tries(fleet, GIVEN_UP);
    const told = [];
    fleet.on('circuitChange', (state) => told.push(state));
    fleet.member.hear(`OPEN ${fleet.member.generation + 1} ${fleet.member.epoch}`);
    await tries(fleet, GIVEN_UP);
    assert.deepStrictEqual(told, ['OPEN', 'CLOSED']);
    await fail(fleet);
    await untilState(fleet, 'OPEN');
  });

  it('hears_no_fleet_of_its_name_in_another_database', async () => {
    const options = { name: freshName(), circuit: { ...CIRCUIT, quorum: 1 } };
    const fleets = [];
    for (const db of [0, 1]) {
      const client = await connect('ioredis', redis.port);
      await client.select(db);
      fleets.push(createFleet({ redis: client, ...options }));
    }
    const [one, other] = fleets;
    const [told, heard] = fleets.map(record);
    await tries(other, OPEN);
    // Where it opens, it is told: to the other by the next call at the latest.
    await fail(one);
    await until(() => told.includes('OPEN'));
    await tries(other, OPEN);
    for (const fleet of fleets) await fleet.close();
    assert.deepStrictEqual(heard, []);
  });

  it('takes_as_many_probes_as_it_is_told', async () => {
    const fleets = await fleetsOf(2, { halfOpenMaxRequests: 2 });
    await fail(fleets[0]);
    await fail(fleets[1]);
    await untilState(fleets[0], 'OPEN');
    const ends = [];
    const all = Array.from({ length: 4 }, async () => ends.push(await attempt(fleets[0])));
    await until(() => ends.length > 0);
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.strictEqual(ends.length, 2);
    ends[1](OPEN);
    await Promise.all(all);
  });

  it('keeps_the_budget_when_it_closes', async () => {
    const fleets = await fleetsOf(2, {}, { connects: { max: 7, per: 1500 } });
    await fail(fleets[0]);
    await fail(fleets[1]);
    await untilState(fleets[0], 'OPEN');
    let through = 0;
    const all = Array.from({ length: 4 }, async (_, i) => {
      const end = await attempt(fleets[i % 2]);
      through += 1;
      end(OPEN);
    });
    await until(() => through === 1);
    await untilState(fleets[0], 'CLOSED');
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.strictEqual(through, 1);
    await Promise.all(all);
  });
});
