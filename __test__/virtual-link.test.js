'use strict';

const assert = require('assert');
const { isDeepStrictEqual } = require('util');
const { createEngine } = require('../lib/browser/engine.js');
const { defineClient } = require('../lib/facade/client.js');
const clock = require('../lib/node/clock.js');
const content = require('../lib/node/content.js');
const { VirtualLink } = require('../testing.js');
const { client } = require('./support/clients.js');
const { until } = require('./support/waiting.js');

const TEN_MINUTES = 10 * 60 * 1000;

/** Events without what is the same for all. */
const types = (events) => events.map(({ type }) => type);
const of = (events, type) => events.filter((event) => event.type === type);
const delays = (events) => of(events, 'retry').map(({ delay }) => delay);

/** A link whose attempts fail until a time, and whose peer answers heartbeats from then on. */
function outage(until, options, world) {
  const link = new VirtualLink(options, world);
  link.on('attempt', () => (link.now < until ? link.fail() : link.open()));
  link.on('heartbeat', () => link.pong());
  return link;
}

/** A connection that fails at once. */
class Failing {
  constructor() {
    setImmediate(() => this.onerror({ message: 'no' }));
  }

  close() {}
}

/** The class over the policy that is compiled of the same sources, with a seed. */
const seeded = (seed) =>
  defineClient(
    /** @type {any} */ (
      createEngine({
        content,
        WebSocket: () => Failing,
        currentContext: () => undefined,
        isSame: isDeepStrictEqual,
        now: clock.now,
        seed: () => seed,
        wallTime: Date.now,
        warn: () => {},
      })
    ),
  );

describe('a virtual link', () => {
  it('connects, opens and is closed', () => {
    const link = new VirtualLink({ url: 'ws://example.com' });
    assert.deepStrictEqual(link.connect(), [
      { at: 0, type: 'stateChange', state: 'CONNECTING' },
      { at: 0, type: 'attempt', number: 1, url: 'ws://example.com', timeout: 10000 },
    ]);
    link.advance(30);
    assert.deepStrictEqual(link.open(), [
      { at: 30, type: 'stateChange', state: 'OPEN' },
      { at: 30, type: 'open', isReconnect: false, attempt: 0, downtime: 0 },
    ]);
    assert.deepStrictEqual(types(link.close(1000, 'done')), ['stateChange']);
    assert.strictEqual(link.state, 'CLOSING');
    assert.deepStrictEqual(link.closed(1000, 'done'), [
      { at: 30, type: 'stateChange', state: 'CLOSED' },
      { at: 30, type: 'close', code: 1000, reason: 'done', wasClean: true },
    ]);
    assert.deepStrictEqual(link.advance(TEN_MINUTES), []);
    assert.throws(() => link.connect(), { code: 'WSR_ERR_CLOSED' });
    link.reset();
    assert.deepStrictEqual(types(link.connect()), ['stateChange', 'attempt']);
  });

  it('lives through an outage of ten minutes in no time', () => {
    const link = outage(TEN_MINUTES, { maxRetries: Infinity, circuitBreaker: false, jitter: 0 });
    link.connect();
    const events = link.advance(TEN_MINUTES + 30000);
    assert.deepStrictEqual(delays(events).slice(0, 5), [2000, 4000, 8000, 16000, 30000]);
    const [{ at, attempt }] = of(events, 'open');
    assert.strictEqual(attempt, 24);
    assert.strictEqual(at, 601000);
    assert.strictEqual(link.state, 'OPEN');
  });

  it('tells what the defaults do in an outage: they give up', () => {
    const link = outage(TEN_MINUTES, {});
    link.connect();
    const events = link.advance(TEN_MINUTES);
    const [{ reason, message, error }] = of(events, 'giveup');
    assert.deepStrictEqual([reason, message], ['MAX_RETRIES', 'Maximum retry attempts (10) exceeded']);
    assert.strictEqual(error.code, 'ECONNREFUSED');
    assert.strictEqual(link.state, 'FAILED');
    assert.ok(of(events, 'circuitChange').length > 0);
  });

  it('draws the same delays with the same seed, and others with another', () => {
    const run = (seed) => {
      const link = outage(Infinity, { jitter: 'full', circuitBreaker: false }, { seed });
      return delays([...link.connect(), ...link.advance(TEN_MINUTES)]);
    };
    assert.deepStrictEqual(run(3), run(3));
    assert.notDeepStrictEqual(run(3), run(4));
    assert.strictEqual(run(3).length, 10);
  });

  it('draws what the class over the same policy draws with that seed', async () => {
    for (const jitter of [0.5, 'full', 'equal', 'decorrelated', 'none']) {
      const options = {
        url: 'ws://a',
        jitter,
        baseDelay: 4,
        maxDelay: 20,
        maxRetries: 6,
        circuitBreaker: false,
      };
      const ws = new (seeded(77))({ ...options });
      const told = [];
      ws.on('retry', ({ delay }) => told.push(delay));
      ws.on('error', () => {});
      ws.connect().catch(() => {});
      await until(() => ws.state === 'FAILED');
      const link = outage(Infinity, options, { seed: 77 });
      const events = [...link.connect(), ...link.advance(1000)];
      assert.deepStrictEqual(delays(events), told, String(jitter));
    }
  });

  it('tells what the native class tells, in its order', async () => {
    const options = {
      url: 'ws://127.0.0.1:1',
      baseDelay: 10,
      jitter: 0,
      maxRetries: 3,
      circuitBreaker: { failureThreshold: 2, resetTimeout: 50 },
    };
    const { ws } = client(options);
    const told = [];
    for (const event of ['stateChange', 'circuitChange', 'error', 'close', 'retry', 'giveup']) {
      ws.on(event, (info) => told.push([event, event === 'error' ? info.code : info]));
    }
    ws.connect().catch(() => {});
    await until(() => ws.state === 'FAILED' && ws.circuitState === 'HALF-OPEN');
    const link = outage(Infinity, options);
    const events = [...link.connect(), ...link.advance(1000)].filter(({ type }) => type !== 'attempt');
    const plain = events.map(({ at, type, ...info }) => {
      const [first] = Object.values(info);
      if (type === 'error') return [type, first.code];
      return [type, type.endsWith('Change') ? first : info];
    });
    const readable = ([type, info]) =>
      type === 'giveup' ? [type, { ...info, error: info.error.code }] : [type, info];
    assert.deepStrictEqual(plain.map(readable), told.map(readable));
  });

  it('finds a peer dead that answers no heartbeat', () => {
    const link = new VirtualLink({ heartbeatInterval: 1000, heartbeatTimeout: 100, jitter: 0 });
    link.connect();
    link.open();
    assert.deepStrictEqual(link.advance(1000), [{ at: 1000, type: 'heartbeat' }]);
    link.pong();
    assert.deepStrictEqual(types(link.advance(999)), []);
    const events = link.advance(200);
    assert.deepStrictEqual(types(events), ['heartbeat', 'error', 'stateChange', 'close', 'retry']);
    assert.strictEqual(of(events, 'error')[0].error.code, 'WSR_ERR_HEARTBEAT');
    assert.strictEqual(of(events, 'error')[0].at, 2100);
  });

  it('takes no message for an answer but what heartbeatReply does', () => {
    const options = { heartbeatInterval: 1000, heartbeatTimeout: 100, heartbeatReply: /pong/ };
    for (const [data, isAlive] of [
      ['news', false],
      ['pong', true],
    ]) {
      const link = new VirtualLink(options);
      link.connect();
      link.open();
      link.advance(1050);
      link.message(data);
      link.advance(100);
      assert.strictEqual(link.state === 'OPEN', isAlive, data);
    }
  });

  it('ends an attempt that takes too long', () => {
    const link = new VirtualLink({ connectionTimeout: 500, jitter: 0 });
    link.connect();
    assert.deepStrictEqual(link.advance(499), []);
    const [{ at, error }] = link.advance(1);
    assert.deepStrictEqual([at, error.code], [500, 'WSR_ERR_HANDSHAKE_TIMEOUT']);
    assert.strictEqual(error.message, 'Opening handshake has timed out after 500 ms');
  });

  it('asks the functions of the options', () => {
    const asked = [];
    const link = outage(Infinity, {
      shouldReconnect: ({ attempt, error }) => {
        asked.push([attempt, error.code]);
        return attempt < 3;
      },
      reconnectDelay: ({ attempt }) => attempt * 7,
    });
    const events = [...link.connect(), ...link.advance(TEN_MINUTES)];
    assert.deepStrictEqual(delays(events), [7, 14]);
    assert.deepStrictEqual(asked, [
      [1, 'ECONNREFUSED'],
      [2, 'ECONNREFUSED'],
      [3, 'ECONNREFUSED'],
    ]);
    assert.strictEqual(of(events, 'giveup')[0].reason, 'STOPPED');
  });

  it('goes on when the promise of such a function is there', async () => {
    const link = outage(Infinity, { reconnectDelay: async () => 5, maxRetries: 1 });
    assert.deepStrictEqual(delays(link.connect()), []);
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepStrictEqual(delays(link.advance(4)), [5]);
    assert.strictEqual(link.state, 'CLOSED');
    link.advance(1);
    assert.strictEqual(link.state, 'FAILED');
  });

  it('goes from one URL to the next', () => {
    const link = outage(5000, { urls: ['ws://a', 'ws://b'], jitter: 0 });
    const events = [...link.connect(), ...link.advance(10000)];
    const urls = of(events, 'attempt').map(({ url }) => url);
    assert.deepStrictEqual(urls.slice(0, 3), ['ws://a', 'ws://b', 'ws://a']);
  });

  it('reconnects after a drop and a close, and tells for how long it was away', () => {
    for (const end of [(link) => link.drop(), (link) => link.closed(4001, 'bye')]) {
      const link = new VirtualLink({ jitter: 0 });
      link.connect();
      link.open();
      const [, close] = end(link);
      assert.strictEqual(close.type, 'close');
      link.advance(1000);
      link.advance(20);
      const told = link.open();
      assert.deepStrictEqual(types(told), ['stateChange', 'open', 'reconnected']);
      assert.deepStrictEqual([told[1].isReconnect, told[1].downtime], [true, 1020]);
    }
  });

  it('has handlers whose calls are told in order', () => {
    const link = new VirtualLink({ jitter: 0, maxRetries: 0 });
    const heard = [];
    for (const type of ['attempt', 'open', 'close', 'giveup']) link.on(type, () => heard.push(type));
    link.on('attempt', () => assert.deepStrictEqual(link.open(), []));
    link.on('open', () => link.drop());
    assert.deepStrictEqual(
      types(link.connect()).filter((type) => type !== 'stateChange'),
      heard.slice(0, 5),
    );
    assert.deepStrictEqual(heard, ['attempt', 'open', 'close', 'close', 'giveup']);
  });

  it('waits for no function of the network', () => {
    const never = () => {
      throw new Error('called');
    };
    const link = new VirtualLink({ url: never, headers: never, connectGate: never, init: never });
    link.connect();
    assert.ok(types(link.open()).includes('open'));
  });

  it('refuses what the class refuses, and options that there are not', () => {
    const option = { code: 'WSR_ERR_OPTION' };
    assert.throws(() => new VirtualLink({ maxRetries: -1 }), option);
    assert.throws(() => new VirtualLink({ circuitBreaker: { failureThreshold: 0 } }), option);
    assert.throws(() => new VirtualLink({ queue: { maxMessages: 0 } }), option);
    assert.throws(() => new VirtualLink({ heartbeatMessage: 5 }), option);
    assert.throws(() => new VirtualLink({ connectGate: 5 }), option);
    assert.throws(() => new VirtualLink({ whenHidden: 'sleep' }), option);
    assert.throws(() => new VirtualLink({ maxRetrys: 1 }), /did you mean maxRetries\?/);
    assert.throws(() => new VirtualLink({ websocketOptions: { handshakeTimeout: -1 } }), option);
    assert.throws(() => new VirtualLink({}, { seed: -1 }), option);
    assert.throws(() => new VirtualLink({}, { sead: 1 }), /did you mean seed\?/);
    assert.throws(() => new VirtualLink({}).advance(-1), option);
  });

  it('refuses what cannot happen', () => {
    const link = new VirtualLink({ circuitBreaker: false, maxRetries: Infinity, reconnectDelay: () => 0 });
    const testing = { code: 'WSR_ERR_TESTING' };
    for (const call of ['open', 'fail', 'message', 'pong', 'closed', 'drop']) {
      assert.throws(() => link[call](), testing, call);
    }
    link.connect();
    assert.throws(() => link.message('x'), /no connection is open; the state is CONNECTING/);
    link.once('close', () => assert.throws(() => link.advance(1), /a handler cannot move the time/));
    link.fail();
    link.on('attempt', () => link.fail());
    assert.throws(() => link.advance(1), /without a delay/);
  });
});
