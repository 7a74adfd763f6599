'use strict';

const assert = require('assert');
const { LIFE } = require('../lib/facade/client.js');
const { deadPort, startServer } = require('./peer/index.js');
const { client, make, openClient } = require('./support/clients.js');
const { DUE_MS, SOON_MS } = require('./support/deadlines.js');
const { delays, delaysOf } = require('./support/delays.js');
const { block } = require('./support/runtime.js');
const { deadUrl } = require('./support/urls.js');
const { never, turn } = require('./support/waiting.js');

describe('minUptime', () => {
  const acceptAndDrop = async (minUptime) => {
    const server = await startServer({ plan: ['accept'] });
    const { ws, log } = client({ url: server.url, minUptime, baseDelay: 5, maxRetries: 3 });
    ws.on('open', () => server.cut());
    ws.connect();
    return { ws, log };
  };

  it('makes a server that accepts and drops use up the retries', async () => {
    const { ws, log } = await acceptAndDrop(5000);
    await log.until("close MAX_RETRIES 'Maximum retry attempts (3) exceeded'");
    assert.deepStrictEqual(delays(log), [5, 10, 20]);
    assert.strictEqual(ws.state, 'FAILED');
  });

  it('is 0 by default: each open starts the count again', async () => {
    const { log } = await acceptAndDrop(undefined);
    await log.count('retry 1 ', 4);
    assert.deepStrictEqual(new Set(delays(log)), new Set([5]));
  });

  it('lets a connection that lives on forget the retries and the failures', async () => {
    const server = await startServer({ plan: ['refuse', 'accept'] });
    const { ws, log } = client({ url: server.url, minUptime: 60, baseDelay: 5 });
    await ws.connect();
    await log.until('open');
    assert.deepStrictEqual([ws.retryCount, ws.circuitFailures], [1, 1]);
    const deadline = Date.now() + DUE_MS;
    while (ws.retryCount > 0 && Date.now() < deadline) await turn();
    assert.deepStrictEqual([ws.retryCount, ws.circuitFailures], [0, 0]);
    assert.ok(ws.getStats().uptime >= 50, `${ws.getStats().uptime} ms`);
  });
});

describe('shouldReconnect', () => {
  it('ends the client where it says false', async () => {
    const server = await startServer({ plan: ['refuse'], status: 403, headers: { 'X-Why': 'no' } });
    const seen = [];
    const shouldReconnect = (context) => {
      seen.push(context);
      return context.attempt < 2;
    };
    const { ws, log } = client({ url: server.url, baseDelay: 5, shouldReconnect });
    const giveups = [];
    ws.on('giveup', (info) => giveups.push(info));
    const error = await ws.connect().catch((rejection) => rejection);
    assert.strictEqual(error.code, 'WSR_ERR_GAVE_UP');
    assert.strictEqual(error.cause.statusCode, 403);
    assert.strictEqual(ws.state, 'FAILED');
    await turn();
    assert.deepStrictEqual(
      log.lines.filter((line) => !line.startsWith('error')),
      [
        'stateChange CONNECTING',
        'stateChange CLOSED',
        "close 1006 ''",
        'retry 1 in 5 of 10',
        'stateChange CONNECTING',
        'stateChange CLOSED',
        "close 1006 ''",
        'stateChange FAILED',
        "close MAX_RETRIES 'shouldReconnect said no'",
      ],
    );
    assert.deepStrictEqual(giveups, [
      { reason: 'STOPPED', message: 'shouldReconnect said no', retryCount: 1, error: error.cause },
    ]);
    assert.strictEqual(seen.length, 2);
    const [{ headers, error: trouble, elapsed, ...rest }] = seen;
    assert.deepStrictEqual(rest, { code: 1006, reason: '', wasClean: false, statusCode: 403, attempt: 1 });
    assert.strictEqual(headers['x-why'], 'no');
    assert.strictEqual(trouble.code, 'WSR_ERR_HANDSHAKE');
    assert.ok(elapsed >= 0 && seen[1].elapsed >= 5, `${elapsed}, ${seen[1].elapsed}`);
  });

  it('is told the code of a connection that the server closed', async () => {
    const server = await startServer();
    const seen = [];
    const { log } = await openClient({
      url: server.url,
      shouldReconnect: (context) => {
        seen.push(context);
        return context.code !== 4401;
      },
    });
    await server.close(4401, 'who are you');
    await log.until('close MAX_RETRIES');
    const { code, reason, wasClean, error, statusCode } = seen[0];
    assert.deepStrictEqual([code, reason, wasClean], [4401, 'who are you', true]);
    assert.deepStrictEqual([error, statusCode], [undefined, undefined]);
  });

  it('may be a promise', async () => {
    const url = await deadUrl();
    const { ws, log } = client({ url, shouldReconnect: async ({ attempt }) => attempt < 3, baseDelay: 5 });
    await assert.rejects(ws.connect(), { code: 'WSR_ERR_GAVE_UP' });
    assert.deepStrictEqual(delays(log), [5, 10]);
  });

  for (const [what, shouldReconnect, code] of [
    ['that throws', () => assert.fail('mine'), 'ERR_ASSERTION'],
    ['that rejects', () => Promise.reject(new TypeError('mine')), undefined],
    ['that says neither true nor false', () => 'no', 'WSR_ERR_OPTION'],
    ['that never settles', never, 'WSR_ERR_FUNCTION'],
  ]) {
    it(`${what} is told as error, and the client retries`, async () => {
      const options = { url: await deadUrl(), shouldReconnect, connectionTimeout: 100 };
      Object.assign(options, { baseDelay: 60000, maxDelay: 60000 });
      const { ws, log } = client(options);
      let failures;
      ws.once('retry', () => (failures = ws.circuitFailures));
      ws.connect();
      await log.until('error ECONNREFUSED');
      await log.until('error');
      await log.until('retry 1 in 60000');
      const told = log.of('error')[1];
      assert.strictEqual(told.code, code);
      assert.ok(told instanceof Error);
      assert.strictEqual(failures, 1, 'it is no failure of the server');
    });
  }

  it('is not waited for once the user has acted', async () => {
    const server = await startServer({ plan: ['refuse', 'accept'] });
    let answer;
    const shouldReconnect = () => new Promise((resolve) => (answer = resolve));
    const { ws, log } = client({ url: server.url, shouldReconnect });
    ws.connect();
    await log.until("close 1006 ''");
    await turn();
    const open = ws.reconnect();
    answer(false);
    await open;
    assert.strictEqual(ws.state, 'OPEN');
    assert.deepStrictEqual(log.of('retry'), []);
  });

  it('can be written, and turned off', async () => {
    const { ws, log } = client({ url: await deadUrl(), shouldReconnect: () => false });
    await assert.rejects(ws.connect());
    ws.shouldReconnect = null;
    assert.strictEqual(ws.shouldReconnect, undefined);
    ws.connect();
    await log.until('retry 1');
    assert.throws(() => make({ shouldReconnect: true }), TypeError);
  });
});

describe('reconnectDelay', () => {
  it('says how long to wait, and null leaves it to the client', async () => {
    const answers = [7, null, 0, undefined, 3.9];
    const seen = [];
    const reconnectDelay = (context) => {
      seen.push(context.attempt);
      return answers[context.attempt - 1];
    };
    assert.deepStrictEqual(await delaysOf({ baseDelay: 5, reconnectDelay, jitter: 0 }, 4), [7, 10, 0, 40]);
    assert.deepStrictEqual(seen, [1, 2, 3, 4]);
  });

  it('may be a promise', async () => {
    assert.deepStrictEqual(await delaysOf({ reconnectDelay: async () => 6 }, 2), [6, 6]);
  });

  it('that says no delay is told as error, and the client takes its own', async () => {
    for (const answer of [-1, NaN, '5', {}]) {
      const { ws, log } = client({
        url: await deadUrl(),
        maxRetries: 1,
        reconnectDelay: () => answer,
        baseDelay: 5,
      });
      await assert.rejects(ws.connect());
      assert.deepStrictEqual(delays(log), [5]);
      assert.strictEqual(log.of('error')[1].code, 'WSR_ERR_OPTION');
    }
  });

  it('waits for a JavaScript thread that is busy', async () => {
    const { ws, log } = client({ url: await deadUrl(), reconnectDelay: () => 9, connectionTimeout: 50 });
    let errors;
    ws.once('retry', () => (errors = log.of('error').length));
    ws.connect();
    await turn();
    block(300);
    await log.until('retry 1 in 9');
    assert.strictEqual(errors, 1);
  });
});

describe("reconnectOn: 'transient'", () => {
  const ends = async (status, reconnectOn) => {
    const server = await startServer({ plan: ['refuse'], status });
    const { ws } = client({ url: server.url, reconnectOn, maxRetries: 1, baseDelay: 5 });
    const given = new Promise((resolve) => ws.on('giveup', resolve));
    await assert.rejects(ws.connect(), { code: 'WSR_ERR_GAVE_UP' });
    return (await given).reason;
  };

  it('stops on a status that will not change', async () => {
    for (const status of [400, 401, 403, 404]) {
      assert.strictEqual(await ends(status, 'transient'), 'NOT_TRANSIENT', `${status}`);
    }
  });

  it('goes on where the server may change its mind', async () => {
    for (const status of [408, 425, 429, 500, 503]) {
      assert.strictEqual(await ends(status, 'transient'), 'MAX_RETRIES', `${status}`);
    }
  });

  it('stops on the close codes of those who do not understand each other', async () => {
    for (const [code, last] of [
      [1002, 'close MAX_RETRIES'],
      [1003, 'close MAX_RETRIES'],
      [1007, 'close MAX_RETRIES'],
      [1009, 'close MAX_RETRIES'],
      [1010, 'close MAX_RETRIES'],
      [1011, 'retry 1'],
      [1012, 'retry 1'],
    ]) {
      const server = await startServer();
      const { log } = await openClient({ url: server.url, reconnectOn: 'transient' });
      await server.close(code, '');
      await log.until(last);
    }
  });

  it('goes on after what the client itself finds wrong', async () => {
    for (const frame of ['ff00', '880203ed', '880203f7', '8101ff', '8803000000']) {
      const server = await startServer();
      const { log } = await openClient({ url: server.url, reconnectOn: 'transient' });
      await server.raw(frame);
      await log.until('error WSR_ERR_');
      await log.until('retry 1');
    }
  });

  it("is 'always' by default, and refuses other words", async () => {
    assert.strictEqual(await ends(404), 'MAX_RETRIES');
    assert.strictEqual(make().reconnectOn, 'always');
    assert.throws(() => make({ reconnectOn: 'never' }), RangeError);
  });
});

describe('Retry-After', () => {
  const delayAfter = async (value, options) => {
    const server = await startServer({ plan: ['refuse'], status: 503, headers: { 'Retry-After': value } });
    const { ws, log } = client({ url: server.url, ...options });
    ws.connect();
    const { argument } = await log.until('retry 1');
    return argument.delay;
  };

  it('in seconds is honoured by default', async () => {
    assert.strictEqual(await delayAfter('120'), 120000);
  });

  it('as a date is honoured', async () => {
    const delay = await delayAfter(new Date(Date.now() + 60000).toUTCString());
    assert.ok(delay > 55000 && delay <= 60000, `${delay}`);
  });

  it('is honoured up to maxRetryAfter, 5 minutes by default', async () => {
    assert.strictEqual(await delayAfter('3600'), 300000);
    assert.strictEqual(await delayAfter('3600', { maxRetryAfter: 2000 }), 2000);
    assert.strictEqual(await delayAfter('3600', { maxRetryAfter: Infinity }), 3600000);
  });

  it('is ignored with maxRetryAfter 0, and where it asks for less than the backoff', async () => {
    assert.strictEqual(await delayAfter('3600', { maxRetryAfter: 0 }), 50);
    assert.strictEqual(await delayAfter('0'), 50);
    assert.strictEqual(await delayAfter('tomorrow'), 50);
  });

  it('is moved upward alone by the jitter', async () => {
    for (let i = 0; i < 10; i++) {
      const delay = await delayAfter('100', { jitter: 0.5 });
      assert.ok(delay >= 100000 && delay <= 150000, `${delay}`);
    }
  });

  it('holds a probe of the circuit back', async () => {
    const server = await startServer({ plan: ['refuse', 'accept'], headers: { 'Retry-After': '1' } });
    const circuitBreaker = { failureThreshold: 1, resetTimeout: 20 };
    const { ws, log } = client({ url: server.url, circuitBreaker });
    const started = Date.now();
    await ws.connect();
    assert.ok(Date.now() - started >= 990, `${Date.now() - started} ms`);
    assert.ok(log.lines.includes('circuitChange HALF-OPEN'));
  });
});

describe('connectionTimeout', () => {
  const failure = async (options) => {
    const server = await startServer({ plan: ['silent'] });
    const { ws, log } = client({ url: server.url, ...options });
    const started = Date.now();
    ws.connect();
    const { argument } = await log.until('error');
    return { error: argument, ms: Date.now() - started };
  };

  it('ends an attempt', async () => {
    const { error, ms } = await failure({ connectionTimeout: 150 });
    assert.strictEqual(error.code, 'WSR_ERR_HANDSHAKE_TIMEOUT');
    assert.match(error.message, /after 150 ms/);
    assert.ok(ms >= 149 && ms < SOON_MS, `${ms}`);
  });

  it('is handshakeTimeout by default, and the shorter of the two where both are given', async () => {
    assert.strictEqual(make().connectionTimeout, 10000);
    assert.strictEqual(make({ websocketOptions: { handshakeTimeout: 70 } }).connectionTimeout, 70);
    const websocketOptions = { handshakeTimeout: 100 };
    const { error } = await failure({ connectionTimeout: 5000, websocketOptions });
    assert.match(error.message, /after 100 ms/);
  });

  it('takes the place of the default handshakeTimeout, so that it can be longer', () => {
    const ws = make({ connectionTimeout: 60000 });
    assert.strictEqual(ws.connectionTimeout, 60000);
    assert.strictEqual(ws[LIFE].route.terms.handshakeTimeout, Infinity);
    ws.connectionTimeout = null;
    assert.strictEqual(ws.connectionTimeout, 10000);
    assert.strictEqual(ws[LIFE].route.terms.handshakeTimeout, 10000);
    assert.throws(() => make({ connectionTimeout: -1 }), RangeError);
    assert.throws(() => make({ connectionTimeout: '1' }), TypeError);
  });
});

describe('reconnect()', () => {
  it('leaves an open connection for a new one at once', async () => {
    const server = await startServer({ plan: ['bare', 'accept'] });
    const { ws, log } = await openClient({ url: server.url });
    const open = ws.reconnect(4001, 'fresh token');
    assert.strictEqual(ws.state, 'CLOSING');
    await open;
    assert.deepStrictEqual(log.lines.slice(0, 5), [
      'stateChange CLOSING',
      'stateChange CLOSED',
      "close 4001 'fresh token'",
      'stateChange CONNECTING',
      'stateChange OPEN',
    ]);
    assert.deepStrictEqual(await server.ended(0), { code: 4001, reason: 'fresh token' });
    assert.strictEqual(ws.retryCount, 0);
  });

  it('ends the wait for a retry', async () => {
    const server = await startServer({ plan: ['refuse', 'accept'] });
    const { ws, log } = client({ url: server.url, baseDelay: 60000, maxDelay: 60000 });
    ws.connect();
    await log.until('retry 1 in 60000');
    const open = ws.reconnect();
    assert.strictEqual(ws.state, 'CONNECTING');
    await open;
  });

  it('gives an attempt that is under way up', async () => {
    const server = await startServer({ plan: ['silent', 'accept'] });
    const { ws, log } = client({ url: server.url });
    ws.connect();
    await server.attempts(1);
    await ws.reconnect();
    assert.deepStrictEqual(log.of('error'), []);
    assert.strictEqual(ws.state, 'OPEN');
  });

  it('starts an idle client, and is refused where connect() is', async () => {
    const server = await startServer();
    const { ws } = client({ url: server.url });
    await ws.reconnect();
    ws.close();
    await assert.rejects(ws.reconnect(), { code: 'WSR_ERR_CLOSED' });
    const blocked = client({ url: server.url }).ws;
    blocked.openCircuit();
    await assert.rejects(blocked.reconnect(), { code: 'WSR_ERR_CIRCUIT_OPEN' });
    assert.throws(() => blocked.reconnect(999), { code: 'WSR_ERR_ARGUMENT' });
    assert.throws(() => blocked.reconnect(1000, 5), { code: 'WSR_ERR_ARGUMENT' });
  });

  it('sends what was sent before it first', async () => {
    const server = await startServer();
    const { ws } = await openClient({ url: server.url });
    for (let i = 0; i < 50; i++) ws.send(`${i}`);
    await ws.reconnect();
    const texts = (await server.received(50)).map(({ data }) => data);
    assert.deepStrictEqual(
      texts,
      Array.from({ length: 50 }, (_, i) => `${i}`),
    );
  });
});

describe('0 is a value', () => {
  it('maxRetries 0 gives up at the first failure', async () => {
    const { ws, log } = client({ url: `ws://127.0.0.1:${await deadPort()}/`, maxRetries: 0 });
    await assert.rejects(ws.connect(), /Maximum retry attempts \(0\) exceeded/);
    await log.until('close MAX_RETRIES');
    assert.deepStrictEqual(log.lines, [
      'stateChange CONNECTING',
      'error ECONNREFUSED',
      'stateChange CLOSED',
      "close 1006 ''",
      'stateChange FAILED',
      "close MAX_RETRIES 'Maximum retry attempts (0) exceeded'",
    ]);
  });

  it('heartbeatInterval 0 sends no heartbeat', async () => {
    const server = await startServer();
    const { ws } = await openClient({ url: server.url, heartbeatInterval: 0, heartbeatTimeout: 10 });
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.deepStrictEqual(await server.received(0), []);
    assert.strictEqual(ws.state, 'OPEN');
  });
});
