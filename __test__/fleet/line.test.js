'use strict';

const assert = require('assert');
const { ASK, channelOf, keysOf } = require('../../lib/fleet/scripts.js');
const { Redis } = require('../../lib/fleet/redis.js');
const { freshName } = require('./support/fleets.js');
const { connect } = require('./support/redis-clients.js');
const { RedisServer } = require('./support/redis-server.js');

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const NOTHING = { next: 1, ended: [], unused: [], verdicts: [], held: [], own: [] };

describe('the line of those who wait for a fleet', () => {
  let server;
  before(async () => {
    server = await new RedisServer().start();
  });
  after(() => server.kill());

  /** What asks as one member or another of a fleet. */
  async function asking(terms) {
    const redis = new Redis(await connect('ioredis', server.port));
    const name = freshName();
    const common = { ttl: 60000, quiet: 0, keep: 60000, ...terms, ...NOTHING };
    return (member, want, more) =>
      redis.run(ASK, keysOf(name), [channelOf(name), JSON.stringify({ ...common, member, want, ...more })]);
  }

  it('lets_the_first_go_where_the_turn_of_all_has_come', async () => {
    const ask = await asking({ concurrency: 1 });
    assert.strictEqual((await ask('a', 1)).granted, 1);
    for (const member of ['b', 'c', 'd']) {
      assert.strictEqual((await ask(member, 1)).granted, 0);
      await sleep(5);
    }
    await sleep(1000);
    await ask('a', 0, { ended: ['a#1'] });
    assert.strictEqual((await ask('c', 1)).granted, 0);
    assert.strictEqual((await ask('b', 1)).granted, 1);
    await ask('b', 0, { ended: ['b#1'] });
    // It has kept its place.
    assert.strictEqual((await ask('d', 1)).granted, 0);
    assert.strictEqual((await ask('c', 1)).granted, 1);
  });

  it('keeps_the_place_of_who_comes_in_his_turn_and_is_too_early', async () => {
    const ask = await asking({ max: 1, window: 600 });
    assert.strictEqual((await ask('a', 1)).granted, 1);
    const { wait } = await ask('b', 1);
    await ask('c', 1);
    await sleep(wait);
    // What began without Redis is told.
    await ask('a', 0, { own: [[7, 200]] });
    const again = await ask('b', 1);
    assert.strictEqual(again.granted, 0);
    assert.ok(again.wait <= 600, String(again.wait));
  });
});
