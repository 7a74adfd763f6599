'use strict';

const assert = require('assert');
const { startServer } = require('./peer/index.js');
const { client } = require('./support/clients.js');
const { allHandled, reportedBy } = require('./support/reported.js');
const { deadUrl } = require('./support/urls.js');

/** A gate that is opened by hand, and what it was told. */
function handGate() {
  const asked = [];
  const outcomes = [];
  const waiting = [];
  const connectGate = (context) => {
    asked.push(context);
    return new Promise((resolve, reject) => {
      const pass = () => resolve((outcome) => outcomes.push(outcome));
      const next = waiting.shift();
      if (next) next({ pass, reject });
      else gate.last = { pass, reject };
    });
  };
  const gate = {
    asked,
    outcomes,
    connectGate,
    /** The next attempt that waits, with `pass` and `reject`. */
    next() {
      const { last } = gate;
      gate.last = undefined;
      return last ? Promise.resolve(last) : new Promise((resolve) => waiting.push(resolve));
    },
  };
  return gate;
}

describe('connectGate', () => {
  it('is awaited in the state CONNECTING, before what says where to connect, and outside of connectionTimeout', async () => {
    const server = await startServer();
    const gate = handGate();
    const order = [];
    const { connectGate } = gate;
    const protocols = () => {
      order.push('protocols');
      return [];
    };
    const { ws, log } = client({ url: server.url, connectGate, protocols, connectionTimeout: 50 });
    const opened = ws.connect();
    const held = await gate.next();
    assert.strictEqual(ws.state, 'CONNECTING');
    assert.strictEqual(ws.getStats().waitingFor, 'connectGate');
    // Longer than the time that an attempt has.
    await new Promise((resolve) => setTimeout(resolve, 150));
    assert.deepStrictEqual([order, log.of('error')], [[], []]);
    held.pass();
    await opened;
    assert.deepStrictEqual(order, ['protocols']);
    assert.strictEqual('waitingFor' in ws.getStats(), false);
    assert.deepStrictEqual(gate.outcomes, [{ isOpen: true }]);
  });

  it('is told where the attempt leads, which retry it is, and whether it replaces a connection', async () => {
    const dead = await deadUrl();
    const server = await startServer();
    const seen = [];
    const { ws, log } = client({
      urls: [dead, server.url],
      baseDelay: 1,
      connectGate: ({ url, attempt, isReconnect, signal }) => {
        seen.push([url, attempt, isReconnect, signal.aborted]);
      },
    });
    await ws.connect();
    log.take();
    await server.close(1001, '');
    await log.until('open');
    assert.deepStrictEqual(seen.slice(0, 2), [
      [dead, 0, false, false],
      [server.url, 1, false, false],
    ]);
    const [, , isReconnect] = seen[2];
    assert.strictEqual(isReconnect, true);
  });

  it('tells what it returned how the attempt ended, once', async () => {
    const dead = await deadUrl();
    const outcomes = [];
    const { ws } = client({
      url: dead,
      baseDelay: 1,
      maxRetries: 2,
      connectGate: () => (outcome) => outcomes.push(outcome),
    });
    await assert.rejects(ws.connect(), { code: 'WSR_ERR_GAVE_UP' });
    assert.deepStrictEqual(
      outcomes.map(({ isOpen, error }) => [isOpen, error.code]),
      [1, 2, 3].map(() => [false, 'ECONNREFUSED']),
    );
  });

  it('has reported what the function throws that it returned, or rejects with', async () => {
    const { url } = await startServer();
    const fails = () => {
      throw new Error('not given back');
    };
    for (const ended of [fails, async () => fails()]) {
      await allHandled(async () => {
        const reported = await reportedBy(async (count) => {
          const { ws } = client({ url, connectGate: () => ended });
          await ws.connect();
          await count(1);
        });
        assert.strictEqual(reported[0][1].message, 'not given back');
      });
    }
  });

  it('that rejects is a failed attempt which does not count against the circuit', async () => {
    const server = await startServer();
    let asked = 0;
    const { ws, log } = client({
      url: server.url,
      baseDelay: 1,
      circuitBreaker: { failureThreshold: 1 },
      connectGate: async () => {
        asked += 1;
        if (asked < 3) throw new RangeError(`not yet ${asked}`);
      },
    });
    await ws.connect();
    assert.deepStrictEqual(
      log.of('error').map(({ message }) => message),
      ['not yet 1', 'not yet 2'],
    );
    assert.deepStrictEqual(log.of('circuitChange'), []);
    assert.strictEqual(log.of('open')[0].attempt, 2);
  });

  for (const [how, end] of [
    ['close()', (ws) => ws.close()],
    ['terminate()', (ws) => ws.terminate()],
    ['reconnect()', (ws) => ws.reconnect().catch(() => {})],
  ]) {
    it(`is aborted by ${how}, and gives back what it takes later`, async () => {
      const server = await startServer();
      const gate = handGate();
      const { ws } = client({ url: server.url, connectGate: gate.connectGate });
      ws.connect().catch(() => {});
      const held = await gate.next();
      const [{ signal }] = gate.asked;
      const aborted = signal.aborted
        ? Promise.resolve()
        : new Promise((resolve) => (signal.onabort = resolve));
      end(ws);
      await aborted;
      held.pass();
      await new Promise((resolve) => setImmediate(resolve));
      assert.deepStrictEqual(gate.outcomes, [{ isOpen: false }]);
      assert.deepStrictEqual(await server.handshakes(), []);
    });
  }

  it('is told of an attempt that was given up on its way', async () => {
    const silent = await startServer({ plan: ['silent'] });
    const outcomes = [];
    const { ws } = client({ url: silent.url, connectGate: () => (outcome) => outcomes.push(outcome) });
    ws.connect().catch(() => {});
    await silent.attempts(1);
    ws.close();
    assert.deepStrictEqual(outcomes, [{ isOpen: false, error: undefined }]);
  });

  it('may be assigned, and taken away', async () => {
    const server = await startServer();
    const { ws } = client({ url: server.url });
    let asked = 0;
    ws.connectGate = () => {
      asked += 1;
    };
    await ws.connect();
    assert.strictEqual(asked, 1);
    ws.connectGate = null;
    await ws.reconnect();
    assert.strictEqual(asked, 1);
  });

  it('must be a function', () => {
    assert.throws(() => client({ url: 'ws://127.0.0.1', connectGate: 5 }), {
      code: 'WSR_ERR_OPTION',
      message: /^connectGate: 5;? /,
    });
  });
});
