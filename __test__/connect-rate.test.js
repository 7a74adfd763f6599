'use strict';

const assert = require('assert');
const { performance } = require('perf_hooks');
const { client } = require('./support/clients.js');
const { countingServer, endCountingServers, tooEarly } = require('./support/counting-server.js');
const { heard, settle, until } = require('./support/waiting.js');

let lastName = 0;
/** A budget of a test's own. */
function named(rate) {
  lastName += 1;
  return { ...rate, scope: `test ${lastName}` };
}

describe('connectRate', () => {
  afterEach(endCountingServers);

  it('lets so many attempts begin in any while, at first and after a restart', async () => {
    const server = await countingServer();
    const connectRate = named({ max: 10, per: 200 });
    const from = performance.now();
    const all = Array.from({ length: 50 }, () =>
      client({ url: server.url, connectRate, maxRetries: Infinity }),
    );
    await Promise.all(all.map(({ ws }) => ws.connect()));
    assert.deepStrictEqual(tooEarly(server.arrivals, from, connectRate), []);
    server.arrivals.length = 0;
    const again = performance.now();
    server.cut();
    await until(() => server.arrivals.length >= 50);
    assert.deepStrictEqual(tooEarly(server.arrivals, again, connectRate), []);
  });

  it('lets so many be under way at once', async () => {
    const server = await countingServer(30);
    const connectRate = named({ concurrency: 3 });
    const all = Array.from({ length: 12 }, () => client({ url: server.url, connectRate }));
    await Promise.all(all.map(({ ws }) => ws.connect()));
    assert.strictEqual(server.most, 3);
  });

  it('has who waits say so, in the state CONNECTING, and none of the time of an attempt', async () => {
    const server = await countingServer();
    const connectRate = named({ max: 1, per: 300 });
    const first = client({ url: server.url, connectRate });
    await first.ws.connect();
    const { ws, log } = client({ url: server.url, connectRate, connectionTimeout: 100 });
    const opened = ws.connect();
    assert.strictEqual(ws.state, 'CONNECTING');
    const { nextAttemptAt, waitingFor } = ws.getStats();
    assert.strictEqual(waitingFor, 'connectRate');
    const wait = nextAttemptAt - Date.now();
    assert.ok(wait > 0 && wait <= 301, `${wait} ms`);
    await opened;
    assert.strictEqual(ws.getStats().nextAttemptAt, null);
    assert.strictEqual('waitingFor' in ws.getStats(), false);
    assert.deepStrictEqual(log.of('error'), []);
  });

  it('is left by close() and terminate() while waiting, and another takes the place', async () => {
    const server = await countingServer(100);
    const connectRate = named({ concurrency: 1 });
    const make = () => client({ url: server.url, connectRate });
    const [first, closed, terminated, last] = [make(), make(), make(), make()];
    const opened = [first, last].map(({ ws }) => ws.connect());
    assert.strictEqual(last.ws.getStats().nextAttemptAt, null, 'that is up to the attempt of another');
    const rejected = [closed, terminated].map(({ ws }) =>
      assert.rejects(ws.connect(), { code: 'WSR_ERR_CLOSED' }),
    );
    closed.ws.close();
    terminated.ws.terminate();
    await Promise.all([...opened, ...rejected]);
    await settle();
    assert.strictEqual(server.arrivals.length, 2);
    assert.deepStrictEqual([closed.ws.state, terminated.ws.state], ['CLOSED', 'CLOSED']);
  });

  it('is of each host, or of all that give a name', async () => {
    const [one, other] = [await countingServer(), await countingServer()];
    const rate = { max: 1, per: 60000 };
    const make = (server, connectRate) => client({ url: server.url, connectRate }).ws;
    await Promise.all([one, other].map((server) => make(server, rate).connect()));
    const waiting = make(one, rate);
    waiting.connect().catch(() => {});
    assert.strictEqual(waiting.getStats().waitingFor, 'connectRate');
    const ofName = named(rate);
    await make(one, ofName).connect();
    const waitingToo = make(other, ofName);
    waitingToo.connect().catch(() => {});
    assert.strictEqual(waitingToo.getStats().waitingFor, 'connectRate');
  });

  it('counts the attempts of reconnect(), which waits as any other', async () => {
    const server = await countingServer();
    const connectRate = named({ max: 2, per: 300 });
    const from = performance.now();
    const { ws } = client({ url: server.url, connectRate });
    await ws.connect();
    await ws.reconnect();
    await ws.reconnect();
    assert.deepStrictEqual(tooEarly(server.arrivals, from, connectRate), []);
    assert.strictEqual(server.arrivals.length, 3);
  });

  it('can be read and assigned, and checks what it is given', async () => {
    const { ws } = client({ url: 'ws://127.0.0.1:1/' });
    assert.strictEqual(ws.connectRate, false);
    ws.connectRate = { max: 3 };
    assert.deepStrictEqual(
      { ...ws.connectRate },
      { max: 3, per: 1000, concurrency: Infinity, scope: 'host' },
    );
    const assign = (value) => {
      ws.connectRate = value;
    };
    assert.throws(() => assign({ most: 3 }), { code: 'WSR_ERR_OPTION', message: /most/ });
    assert.throws(() => assign(3), { name: 'TypeError' });
    assert.throws(() => assign({ max: 0 }), { name: 'RangeError' });
    assert.strictEqual(ws.connectRate.max, 3);
    ws.connectRate = false;
    assert.strictEqual(ws.connectRate, false);
  });
});

describe('connectRate, behind a gate', () => {
  afterEach(endCountingServers);

  it('is waited for once the gate has let the attempt go', async () => {
    const server = await countingServer();
    const connectRate = named({ max: 1, per: 300 });
    await client({ url: server.url, connectRate }).ws.connect();
    const outcomes = [];
    const connectGate = () => (outcome) => outcomes.push(outcome);
    const { ws } = client({ url: server.url, connectRate, connectGate });
    const opened = heard(ws, 'open');
    ws.connect();
    await until(() => ws.getStats().waitingFor === 'connectRate');
    await opened;
    assert.deepStrictEqual(outcomes, [{ isOpen: true }]);
  });
});
