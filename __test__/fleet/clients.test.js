'use strict';

const assert = require('assert');
const { once } = require('events');
const { performance } = require('perf_hooks');
const { OPEN, attempt, failed, members, mostIn, record, tries } = require('./support/fleets.js');
const { KINDS, connect } = require('./support/redis-clients.js');
const { RedisServer, startCluster } = require('./support/redis-server.js');
const { createFleet } = require('../../fleet.js');
const { until } = require('../support/waiting.js');

const OPTIONS = {
  connects: { max: 12, per: 300, concurrency: 6 },
  circuit: { quorum: 2, failureThreshold: 2, resetTimeout: 200 },
  timeout: 1000,
};

/** A life of a fleet: its budget, its circuit, its keys. */
async function live(kind, ports) {
  const fleets = await members(3, ports, OPTIONS, kind);
  const told = fleets.map(record);
  const starts = [];
  const all = Array.from({ length: 24 }, async (_, i) => {
    const end = await attempt(fleets[i % 3]);
    starts.push(performance.now());
    end(OPEN);
  });
  await Promise.all(all);
  assert.ok(mostIn(starts, 300) <= 12, `${mostIn(starts, 300)} in 300 ms`);

  for (const fleet of fleets.slice(0, 2)) for (let i = 0; i < 2; i += 1) await tries(fleet, failed());
  await until(() => told.every((events) => events.includes('OPEN')));
  await tries(fleets[2], OPEN);
  await until(() => told.every((events) => events.includes('CLOSED')));
  assert.ok(told.every((events) => !events.includes('degraded')));

  const parts = fleets.map(() => []);
  const keys = Array.from({ length: 30 }, (_, i) => `key ${i}`);
  fleets.forEach((fleet, i) => {
    fleet.assign(keys, (change) => {
      parts[i] = change.keys;
    });
  });
  await until(() => parts.flat().length === 30 && new Set(parts.flat()).size === 30);
  await fleets[0].close();
  await until(() => parts[1].length + parts[2].length === 30);
}

/** How often nodes of a Cluster were asked for what another has. */
const movedOf = (nodes) =>
  nodes.reduce((sum, node) => {
    const [, count = 0] = /errorstat_MOVED:count=(\d+)/.exec(node.cli('info', 'errorstats')) || [];
    return sum + Number(count);
  }, 0);

describe('a fleet over each client of Redis', () => {
  let redis;
  let nodes;
  before(async () => {
    redis = await new RedisServer().start();
    nodes = await startCluster();
  });
  after(async () => {
    await redis.kill();
    for (const node of nodes) await node.kill();
  });

  for (const kind of KINDS) {
    it(`lives_over_${kind}`, () => live(kind, redis.port));

    it(`lives_in_a_cluster_over_${kind}_and_asks_the_node_that_has_its_keys`, async () => {
      const before = movedOf(nodes);
      await live(
        kind,
        nodes.map(({ port }) => port),
      );
      assert.strictEqual(movedOf(nodes), before);
    });

    it(`is_degraded_and_restored_over_${kind}`, async () => {
      const own = await new RedisServer().start();
      const [fleet] = await members(1, own.port, OPTIONS, kind);
      const told = record(fleet);
      await own.kill();
      await tries(fleet, OPEN);
      assert.deepStrictEqual(told, ['degraded']);
      await own.start();
      await until(() => told.length > 1);
      assert.deepStrictEqual(told, ['degraded', 'restored']);
      await tries(fleet, OPEN);
      await own.kill();
    });
  }

  for (const answer of [true, null, 'QUEUED', 'null', '[]']) {
    it(`goes_on_without_a_client_whose_scripts_give_${answer}`, async () => {
      let calls = 0;
      const evalsha = async () => {
        calls += 1;
        // What is asked for again at once would go on for ever.
        if (calls > 100) throw new Error('too many calls');
        return answer;
      };
      const fleet = createFleet({ redis: { evalsha, eval: evalsha }, name: 'none' });
      const degraded = new Promise((resolve) => fleet.once('degraded', resolve));
      await tries(fleet, OPEN);
      const { code, message } = await degraded;
      assert.strictEqual(code, 'WSR_ERR_OPTION');
      assert.ok(message.startsWith(`redis: a script gave ${answer}; allowed is`), message);
      assert.ok(calls < 4, String(calls));
      await fleet.close();
    });
  }

  it('leaves_no_connection_where_it_is_closed_at_once', async () => {
    for (const kind of KINDS) {
      const own = await new RedisServer().start();
      const client = await connect(kind, own.port);
      const clients = () => Number(/connected_clients:(\d+)/.exec(own.cli('info', 'clients'))[1]);
      await client.ping();
      const before = clients();
      await createFleet({ redis: client, name: 'closed' }).close();
      // What was being connected may come yet.
      await new Promise((resolve) => setTimeout(resolve, 200));
      assert.strictEqual(clients(), before, kind);
      await own.kill();
    }
  });

  for (const more of [{ enableOfflineQueue: false }, { lazyConnect: true }, { keyPrefix: 'app:' }]) {
    it(`hears_news_over_ioredis_with_${Object.keys(more)}`, async () => {
      const shared = await connect('ioredis', redis.port);
      const client = shared.duplicate(more);
      if (!more.lazyConnect) await once(client, 'ready');
      const name = `news-${process.pid}-${Object.keys(more)}`;
      const fleet = createFleet({ redis: client, name, memberTtl: 60000 });
      const heard = new Promise((resolve) => {
        fleet.member.hear = resolve;
      });
      await until(() => redis.cli('publish', `{wsr-fleet:${name}}:news`, 'members') === '1');
      assert.strictEqual(await heard, 'members');
      await fleet.close();
      client.disconnect();
    });
  }

  it('needs_no_second_connection', async () => {
    const shared = await connect('ioredis', redis.port);
    const bare = {
      evalsha: (...args) => shared.evalsha(...args),
      eval: (...args) => shared.eval(...args),
    };
    const options = { redis: bare, name: `bare-${process.pid}`, ...OPTIONS };
    const fleets = [createFleet(options), createFleet(options)];
    const ends = await Promise.all(Array.from({ length: 6 }, (_, i) => attempt(fleets[i % 2])));
    const waits = attempt(fleets[1]);
    ends.forEach((end) => end(OPEN));
    (await waits)(OPEN);
    for (const fleet of fleets) await fleet.close();
  });
});
