'use strict';

const assert = require('assert');
const { mkdtempSync, readFileSync, rmSync, writeFileSync } = require('fs');
const os = require('os');
const path = require('path');
const { performance } = require('perf_hooks');
const { freshName, mostIn } = require('./support/fleets.js');
const { begin, end } = require('./support/processes.js');
const { RedisServer, startCluster } = require('./support/redis-server.js');
const { until } = require('../support/waiting.js');

const PROCESSES = 10;
const BUDGET = { max: 250, per: 1000 };
const DEADLINE_MS = 120000;

const options = () => ({
  name: freshName(),
  connects: { ...BUDGET, concurrency: 20 },
  circuit: { quorum: 2, failureThreshold: 3, resetTimeout: 1000 },
});

const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;

describe('ten processes of many clients', function () {
  this.timeout(DEADLINE_MS);
  let folder;
  let servers;
  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'wsr-herd-'));
    servers = [];
  });
  afterEach(async () => {
    for (const server of servers) await server.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  /**
   * Lets a herd of so many clients in each process connect, kills its server, and brings that back: what has happened. `meanwhile` runs
   * once a third is back.
   */
  async function live(clients, ports, fleet, meanwhile = () => {}) {
    const file = path.join(folder, 'attempts');
    writeFileSync(file, '');
    const attempts = () => readFileSync(file, 'utf8').split('\n').filter(Boolean).map(Number);
    const serve = (port) => begin('herd-server.js', { port, file, ...BUDGET });
    let server = await serve(0);
    const [{ port }] = server.told;
    const setup = { ports, url: `ws://127.0.0.1:${port}`, count: clients, options: fleet };
    const children = await Promise.all(
      Array.from({ length: PROCESSES }, () => begin('herd-process.js', setup)),
    );
    const lastOf = ({ told }) =>
      told.reduce((last, message) => (message.event === 'open' ? message : last), { count: 0 });
    const open = () => children.reduce((sum, child) => sum + lastOf(child).count, 0);
    const areOpen = (count) => open() === count;
    await until(() => areOpen(PROCESSES * clients));
    const before = attempts().length;
    await end(server);
    await until(() => areOpen(0));
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const backAt = performance.now();
    server = await serve(port);
    await until(() => open() > (PROCESSES * clients) / 3);
    await meanwhile();
    await until(() => areOpen(PROCESSES * clients));
    const recovery = performance.now() - backAt;
    const times = attempts();
    const refused = server.told.filter(({ event }) => event === 'refused').length;
    const told = children.map((child) =>
      child.told.filter(({ event }) => event === 'circuit').map(({ state }) => state),
    );
    const degraded = children.flatMap(({ told }) => told.filter(({ event }) => event === 'degraded'));
    const most = mostIn(times, BUDGET.per);
    console.log(
      `      ${before} attempts to connect, ${times.length - before} to come back, at most ${most} in ${BUDGET.per} ms of ${BUDGET.max}, ` +
        `${refused} refused, ${degraded.length} times without Redis; all back ${seconds(recovery)} after the server`,
    );
    for (const child of children) await end(child);
    await end(server);
    const begun = children.reduce((sum, child) => sum + lastOf(child).begun, 0);
    return { most, refused, told, degraded, begun };
  }

  /** That the budget held, and that the circuit of each process opened once and closed once. */
  function assertKept({ most, refused, told }) {
    assert.ok(most <= BUDGET.max, `${most} in ${BUDGET.per} ms`);
    assert.strictEqual(refused, 0);
    for (const states of told) {
      const turns = states
        .filter((state) => state !== 'HALF-OPEN')
        .filter((state, i, all) => state !== all[i - 1]);
      assert.deepStrictEqual(turns, ['OPEN', 'CLOSED'], String(states));
    }
  }

  it('keep_the_budget_and_come_back_after_their_server_was_killed', async () => {
    const redis = await new RedisServer().start();
    servers.push(redis);
    const life = await live(100, redis.port, options());
    const calls = redis.scriptCalls();
    console.log(
      `      ${calls} round trips to Redis for ${life.begun} attempts, those included that nobody answered`,
    );
    assertKept(life);
    assert.ok(calls <= life.begun, `${calls} round trips`);
  });

  it('keep_the_budget_and_come_back_though_redis_was_killed_meanwhile_and_came_back_empty', async () => {
    const redis = await new RedisServer().start();
    servers.push(redis);
    const { most, refused, degraded } = await live(50, redis.port, options(), async () => {
      await redis.kill();
      await new Promise((resolve) => setTimeout(resolve, 1000));
      await redis.start();
    });
    assert.ok(degraded.length > 0);
    assert.ok(most <= BUDGET.max, `${most} in ${BUDGET.per} ms`);
    assert.strictEqual(refused, 0);
  });

  it('keep_the_budget_in_a_cluster', async () => {
    servers = await startCluster();
    assertKept(
      await live(
        50,
        servers.map(({ port }) => port),
        options(),
      ),
    );
  });

  it('break_the_budget_without_a_fleet', async () => {
    const { most, refused } = await live(100);
    assert.ok(most > BUDGET.max && refused > 0, `${most}, ${refused} refused`);
  });
});
