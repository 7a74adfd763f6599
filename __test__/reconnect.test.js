'use strict';

const assert = require('assert');
const own = require('../lib/own.js');
const { startServer, deadPort } = require('./peer/index.js');
const { WebSocketReconnect, client, openClient } = require('./support/clients.js');
const { DUE_MS, SOON_MS } = require('./support/deadlines.js');
const { block } = require('./support/runtime.js');

const make = (options) => new WebSocketReconnect({ url: 'ws://127.0.0.1:1/', ...options });
const nobody = async () => `ws://127.0.0.1:${await deadPort()}/`;
const delays = (log) => log.of('retry').map(({ delay }) => delay);
const never = () => new Promise(() => {});
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** The delays of so many retries to a server that is not there. */
async function delaysOf(options, count) {
  const { ws, log } = client({ url: await nobody(), maxRetries: count, ...options });
  await assert.rejects(ws.connect());
  return delays(log);
}

describe('jitter', () => {
  const drawn = (jitter) => {
    const ws = make({ baseDelay: 100, maxDelay: 400, jitter });
    const all = Array.from({ length: 2000 }, () => ws.calculateDelay(5));
    return [Math.min(...all), Math.max(...all)];
  };

  it("'full' draws from 0 to the capped delay", () => {
    const [low, high] = drawn('full');
    assert.ok(low < 20 && high > 380 && high <= 400, `${low} to ${high}`);
  });

  it("'equal' draws from half of the capped delay to all of it", () => {
    const [low, high] = drawn('equal');
    assert.ok(low >= 200 && low < 215 && high > 385 && high <= 400, `${low} to ${high}`);
  });

  it("'none' draws nothing", () => {
    assert.deepStrictEqual(drawn('none'), [400, 400]);
  });

  it("'decorrelated' draws from baseDelay to three times the delay before", async () => {
    const [low, high] = drawn('decorrelated');
    assert.ok(low >= 100 && low < 110 && high > 290 && high <= 300, `${low} to ${high}`);
    const options = { baseDelay: 2, maxDelay: 1000, jitter: 'decorrelated' };
    let before = 2;
    for (const delay of await delaysOf({ ...options, circuitBreaker: { failureThreshold: 99 } }, 6)) {
      assert.ok(delay >= 2 && delay <= 3 * before + 1, `${delay} after ${before}`);
      before = Math.max(delay, 2);
    }
  });

  it('can be read and written, and refuses other words', () => {
    const ws = make({ jitter: 'full' });
    assert.strictEqual(ws.jitter, 'full');
    ws.jitter = 'none';
    assert.strictEqual(ws.calculateDelay(0), 1000);
    assert.throws(() => make({ jitter: 'half' }), { code: 'WSR_ERR_OPTION', message: /'full', 'equal'/ });
    assert.throws(() => (ws.jitter = 1.5), RangeError);
    assert.strictEqual(ws.jitter, 'none');
  });
});

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
    const url = await nobody();
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
      const options = { url: await nobody(), shouldReconnect, connectionTimeout: 100 };
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
    const { ws, log } = client({ url: await nobody(), shouldReconnect: () => false });
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
        url: await nobody(),
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
    const { ws, log } = client({ url: await nobody(), reconnectDelay: () => 9, connectionTimeout: 50 });
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
    assert.strictEqual(ws[own.inner].route.handshakeTimeout, Infinity);
    ws.connectionTimeout = null;
    assert.strictEqual(ws.connectionTimeout, 10000);
    assert.strictEqual(ws[own.inner].route.handshakeTimeout, 10000);
    assert.throws(() => make({ connectionTimeout: -1 }), RangeError);
    assert.throws(() => make({ connectionTimeout: '1' }), TypeError);
  });
});

describe('terminate()', () => {
  it('cuts the connection without a close frame, for good', async () => {
    const server = await startServer();
    const { ws, log } = await openClient({ url: server.url });
    ws.terminate();
    assert.strictEqual(ws.state, 'CLOSING');
    await log.until('close');
    assert.deepStrictEqual(log.lines, ['stateChange CLOSING', 'stateChange CLOSED', "close 1006 ''"]);
    assert.deepStrictEqual(await server.ended(), { code: 1006, reason: '' });
    await assert.rejects(ws.connect(), { code: 'WSR_ERR_CLOSED' });
  });

  it('ends a closing handshake that the peer does not answer', async () => {
    const server = await startServer({ plan: ['bare'] });
    const { ws, log } = await openClient({ url: server.url });
    ws.close();
    ws.terminate();
    await log.until("close 1006 ''");
  });

  it('while waiting does what close() does', async () => {
    const { ws, log } = client({ url: await nobody() });
    const open = ws.connect();
    await log.until('retry 1');
    ws.terminate();
    await log.until("close 1000 'Normal closure'");
    await assert.rejects(open, { code: 'WSR_ERR_CLOSED' });
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

describe('signal', () => {
  const { AbortController } = global;
  /** What Node 14.0 has none of. */
  class OwnController {
    constructor() {
      const listeners = new Set();
      this.signal = {
        aborted: false,
        listeners,
        addEventListener: (_, listener) => listeners.add(listener),
        removeEventListener: (_, listener) => listeners.delete(listener),
      };
    }

    abort() {
      this.signal.aborted = true;
      for (const listener of this.signal.listeners) listener();
    }
  }

  for (const Controller of [AbortController, OwnController].filter(Boolean)) {
    it(`ends an open client (${Controller.name})`, async () => {
      const server = await startServer();
      const controller = new Controller();
      const { ws, log } = await openClient({ url: server.url, signal: controller.signal });
      controller.abort();
      assert.strictEqual(ws.state, 'CLOSING');
      await log.until("close 1000 'Aborted'");
      await assert.rejects(ws.connect(), { name: 'AbortError' });
      if (controller.signal.listeners) assert.strictEqual(controller.signal.listeners.size, 0);
    });

    it(`ends connecting and waiting, and rejects connect() (${Controller.name})`, async () => {
      const controller = new Controller();
      const { ws, log } = client({ url: await nobody(), signal: controller.signal });
      const open = ws.connect();
      await log.until('retry 1');
      controller.abort();
      await assert.rejects(open, { name: 'AbortError' });
      await log.until("close 1000 'Aborted'");
      assert.strictEqual(ws.state, 'CLOSED');
    });
  }

  it('that is aborted already lets nothing start', async () => {
    const controller = new OwnController();
    controller.abort();
    const { ws, log } = client({ url: await nobody(), signal: controller.signal });
    await assert.rejects(ws.connect(), { name: 'AbortError', code: 'ABORT_ERR' });
    await assert.rejects(ws.reconnect(), { name: 'AbortError' });
    assert.deepStrictEqual(log.lines, []);
    assert.throws(() => make({ signal: {} }), TypeError);
  });
});

describe('url, protocols and headers as functions', () => {
  it('are called for every attempt', async () => {
    const server = await startServer({ plan: ['refuse', 'refuse', 'accept'] });
    const seen = [];
    const { ws } = client({
      baseDelay: 5,
      url: (context) => {
        seen.push(context);
        return `${server.url}?attempt=${context.attempt}`;
      },
      protocols: ({ attempt }) => `v${attempt}`,
      headers: ({ attempt }) => ({ 'X-Top': attempt }),
      websocketOptions: { headers: ({ attempt }) => ({ 'X-Deep': `deep ${attempt}`, 'x-top': 'hidden' }) },
    });
    await ws.connect();
    const shakes = await server.handshakes();
    assert.deepStrictEqual(
      shakes.map(({ url, headers }) => [
        url,
        headers['sec-websocket-protocol'],
        headers['x-top'],
        headers['x-deep'],
      ]),
      [0, 1, 2].map((n) => [`/?attempt=${n}`, `v${n}`, `${n}`, `deep ${n}`]),
    );
    assert.strictEqual(seen[0].lastError, undefined);
    assert.strictEqual(seen[1].lastError.statusCode, 503);
    assert.strictEqual(seen[2].signal.aborted, false);
    assert.strictEqual(ws.url, `${server.url}?attempt=2`);
    assert.deepStrictEqual([ws.protocols, ws.protocol], [['v2'], 'v2']);
  });

  it('may be promises, called inside connect()', async () => {
    const server = await startServer();
    let called = 0;
    const token = async () => {
      called += 1;
      await turn();
      return { Authorization: 'Bearer fresh' };
    };
    const { ws } = client({ url: async () => new URL(server.url), headers: token });
    const open = ws.connect();
    assert.deepStrictEqual([called, ws.state], [1, 'CONNECTING']);
    ws.send('kept');
    await open;
    await server.received(1);
    const [{ headers }] = await server.handshakes();
    assert.strictEqual(headers.authorization, 'Bearer fresh');
  });

  for (const [what, url, expected] of [
    ['that throws', () => assert.fail('mine'), 'ERR_ASSERTION'],
    ['that rejects', () => Promise.reject(Object.assign(new Error('mine'), { code: 'MINE' })), 'MINE'],
    ['that throws no Error', () => Promise.reject('text'), 'WSR_ERR_FUNCTION'],
    ['that returns no URL', () => 7, 'WSR_ERR_OPTION'],
    ['that returns a bad URL', async () => 'http://x', 'WSR_ERR_OPTION'],
    ['that never settles', never, 'WSR_ERR_HANDSHAKE_TIMEOUT'],
  ]) {
    it(`url() ${what} is a failed attempt with its error`, async () => {
      const unhandled = [];
      const note = (reason) => unhandled.push(reason);
      process.on('unhandledRejection', note);
      const { ws, log } = client({ url, baseDelay: 5, connectionTimeout: 80, maxRetries: 1 });
      const rejection = await ws.connect().catch((error) => error);
      await turn();
      process.removeListener('unhandledRejection', note);
      assert.deepStrictEqual(unhandled, []);
      assert.strictEqual(rejection.code, 'WSR_ERR_GAVE_UP');
      const errors = log.of('error');
      assert.deepStrictEqual(
        errors.map((error) => error.code),
        [expected, expected],
      );
      assert.strictEqual(ws.circuitFailures, 2);
      assert.strictEqual(rejection.cause, errors[1]);
    });
  }

  it('hands the error itself to the handlers', async () => {
    const mine = new Error('mine');
    const { ws, log } = client({ url: () => Promise.reject(mine), maxRetries: 0 });
    await assert.rejects(ws.connect());
    assert.strictEqual(log.of('error')[0], mine);
  });

  it('are told by their signal that the attempt is given up', async () => {
    let signal;
    const url = (context) => {
      signal = context.signal;
      return never();
    };
    const { ws, log } = client({ url });
    ws.connect();
    const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve));
    ws.close();
    await aborted;
    assert.strictEqual(signal.aborted, true);
    await log.until("close 1006 ''");
    assert.deepStrictEqual(log.of('error'), []);
  });

  it('give an answer that comes too late to nobody', async () => {
    const server = await startServer();
    const answers = [];
    const { ws, log } = client({ url: () => new Promise((resolve) => answers.push(resolve)) });
    ws.connect();
    ws.close();
    await log.until('close');
    ws.reset();
    const open = ws.connect();
    answers[0]('ws://127.0.0.1:1/');
    await turn();
    answers[1](server.url);
    await open;
    assert.strictEqual((await server.handshakes()).length, 1);
  });

  it('can be written, and back', async () => {
    const server = await startServer();
    const { ws } = client({ url: 'ws://127.0.0.1:1/' });
    ws.url = () => server.url;
    assert.strictEqual(ws.url, '');
    await ws.connect();
    ws.url = 'ws://127.0.0.1:2/';
    assert.strictEqual(ws.url, 'ws://127.0.0.1:2/');
    ws.protocols = () => 'a';
    ws.url = server.url;
    await ws.reconnect();
    assert.strictEqual(ws.protocol, 'a');
  });

  it('are read where they are written into websocketOptions', async () => {
    const server = await startServer({ plan: ['refuse', 'accept'] });
    const { ws } = client({ url: server.url, websocketOptions: { headers: {} }, baseDelay: 20 });
    ws.once('close', () => (ws.websocketOptions.headers = () => ({ 'X-Late': 'yes' })));
    await ws.connect();
    assert.strictEqual((await server.handshakes())[1].headers['x-late'], 'yes');
  });

  it('headers may be an object too, which wins over websocketOptions.headers', async () => {
    const server = await startServer();
    const websocketOptions = { headers: { A: 'deep', B: 'deep' } };
    await openClient({ url: server.url, headers: { a: 'top' }, websocketOptions });
    const [{ headers }] = await server.handshakes();
    assert.deepStrictEqual([headers.a, headers.b], ['top', 'deep']);
    assert.throws(() => make({ headers: 5 }), TypeError);
    assert.throws(() => make({ headers: { a: {} } }), TypeError);
  });
});

describe('urls', () => {
  it('each failure moves on to the next', async () => {
    const server = await startServer();
    const dead = await nobody();
    const { ws, log } = client({ url: undefined, urls: [dead, server.url], baseDelay: 5 });
    let info;
    ws.on('open', (given) => (info = given));
    await ws.connect();
    assert.strictEqual(info.url, server.url);
    assert.strictEqual(ws.url, server.url);
    assert.deepStrictEqual(ws.urls, [dead, server.url]);
    await server.cut();
    await log.until('open');
    await log.count('error ECONNREFUSED', 2);
    await log.count('open', 2);
  });

  it("'random' takes any of the others", async () => {
    const server = await startServer({ plan: ['refuse'] });
    const urls = ['a', 'b', 'c'].map((path) => server.url + path);
    const circuitBreaker = { failureThreshold: 99 };
    const { ws } = client({
      urls,
      failover: 'random',
      baseDelay: 1,
      maxDelay: 1,
      maxRetries: 30,
      circuitBreaker,
    });
    await assert.rejects(ws.connect());
    const paths = (await server.handshakes()).map(({ url }) => url);
    assert.strictEqual(new Set(paths).size, 3);
    paths.forEach((path, i) => assert.notStrictEqual(path, paths[i + 1]));
    const inTurn = paths.every((path, i) => i === 0 || path.charCodeAt(1) === 97 + (i % 3));
    assert.ok(!inTurn, `${paths}`);
  });

  it('preferFirst brings an open client home', async () => {
    const home = await startServer({ plan: ['refuse', 'accept'] });
    const away = await startServer();
    const { ws, log } = client({ urls: [home.url, away.url], preferFirst: 200, baseDelay: 5 });
    await ws.connect();
    assert.strictEqual(ws.url, away.url);
    await log.until("close 1000 'Back to the first URL'");
    await log.until('open');
    assert.strictEqual(ws.url, home.url);
    assert.deepStrictEqual(await away.ended(), { code: 1000, reason: 'Back to the first URL' });
  });

  it('without preferFirst a client stays where it is connected', async () => {
    const home = await startServer({ plan: ['refuse', 'accept'] });
    const away = await startServer();
    const { ws } = client({ urls: [home.url, away.url], baseDelay: 5 });
    await ws.connect();
    assert.strictEqual(ws[own.settings]().preferFirst, 0);
    assert.strictEqual(ws.url, away.url);
  });

  it('are joined by url, which is the first, and replaced by writing it', async () => {
    assert.deepStrictEqual(make({ url: 'ws://a/', urls: ['ws://b/', 'ws://a/'] }).urls, [
      'ws://a/',
      'ws://b/',
    ]);
    const ws = make({ url: 'ws://a/' });
    assert.deepStrictEqual(ws.urls, ['ws://a/']);
    ws.urls = ['ws://b/', new URL('ws://c/')];
    assert.deepStrictEqual([ws.url, ws.urls], ['ws://b/', ['ws://b/', 'ws://c/']]);
    ws.url = 'ws://d/';
    assert.deepStrictEqual(ws.urls, ['ws://d/']);
    for (const urls of [[], ['ws://a', 'ws://a'], ['http://a'], [7], 'ws://a']) {
      assert.throws(() => new WebSocketReconnect({ urls }), { code: 'WSR_ERR_OPTION' });
    }
    assert.throws(() => make({ url: () => 'ws://a', urls: ['ws://b'] }), { code: 'WSR_ERR_OPTION' });
    assert.throws(() => make({ failover: 'last' }), RangeError);
    assert.throws(() => make({ preferFirst: -1 }), RangeError);
  });
});

describe('the events open and reconnected', () => {
  it('tell how the client came back', async () => {
    const server = await startServer({ plan: ['accept', 'refuse', 'accept'] });
    const { ws, log } = client({ url: server.url, baseDelay: 20 });
    const opens = [];
    const order = [];
    ws.on('open', (info) => opens.push(info) && order.push('open'));
    ws.on('reconnected', (info) => opens.push(info) && order.push('reconnected'));
    await ws.connect();
    await server.cut();
    await log.count('open', 2);
    assert.deepStrictEqual(order, ['open', 'open', 'reconnected']);
    assert.deepStrictEqual(
      opens.map(({ isReconnect, attempt, statusCode }) => [isReconnect, attempt, statusCode]),
      [
        [false, 0, 101],
        [true, 2, 101],
        [true, 2, 101],
      ],
    );
    assert.ok(opens[1].downtime >= 60 && opens[1].downtime < SOON_MS, `${opens[1].downtime}`);
    assert.strictEqual(opens[1], opens[2]);
  });

  it('giveup tells why, after the last close', async () => {
    const { ws, log } = client({ url: await nobody(), maxRetries: 1, baseDelay: 5 });
    let given;
    let before;
    ws.on('giveup', (info) => {
      given = info;
      before = log.lines.slice(-1)[0];
    });
    const rejection = await ws.connect().catch((error) => error);
    await turn();
    const message = 'Maximum retry attempts (1) exceeded';
    assert.deepStrictEqual(given, { reason: 'MAX_RETRIES', message, retryCount: 1, error: rejection.cause });
    assert.strictEqual(before, `close MAX_RETRIES '${message}'`);
  });
});

describe('a call inside the handler of stateChange FAILED', () => {
  const LAST = "close MAX_RETRIES 'Maximum retry attempts (0) exceeded'";

  /** What is told from FAILED on when `act` is called by its handler, and what became of the promise of `connect()`. */
  async function failing(act, options) {
    const { ws, log } = client({ url: await nobody(), maxRetries: 0, ...options });
    let given = 0;
    ws.on('giveup', () => {
      given += 1;
      log.lines.push('giveup');
    });
    ws.once('stateChange', () => {
      ws.on('stateChange', (state) => {
        if (state === 'FAILED' && given === 0) act(ws);
      });
    });
    const gaveUp = new Promise((resolve) => ws.on('giveup', resolve));
    const connected = ws.connect().catch(({ name, code }) => (name === 'AbortError' ? name : code));
    return { ws, log, connected, gaveUp };
  }

  const told = (log) => log.lines.slice(log.lines.indexOf('stateChange FAILED'));

  it('that closes leaves the giving up as it is', async () => {
    const controller = typeof AbortController === 'function' ? new AbortController() : undefined;
    const ways = [(ws) => ws.close(3000, 'mine'), (ws) => ws.terminate()];
    if (controller) ways.push(() => controller.abort());
    for (const way of ways) {
      const signal = controller && controller.signal;
      const { ws, log, connected, gaveUp } = await failing(way, { signal });
      await gaveUp;
      await turn();
      assert.deepStrictEqual(told(log), ['stateChange FAILED', LAST, 'giveup']);
      assert.strictEqual(ws.state, 'FAILED');
      const isAbort = way === ways[2];
      assert.strictEqual(await connected, isAbort ? 'AbortError' : 'WSR_ERR_GAVE_UP');
      await assert.rejects(ws.connect(), isAbort ? undefined : { code: 'WSR_ERR_CLOSED' });
      assert.strictEqual(told(log).length, 3);
    }
  });

  it('that connects begins anew, once it has been told', async () => {
    for (const way of ['connect', 'reconnect']) {
      const { log } = await failing((ws) => ws[way]());
      await log.count('stateChange FAILED', 2);
      const [first, second, third, fourth] = told(log);
      assert.deepStrictEqual(
        [first, second, third, fourth],
        ['stateChange FAILED', LAST, 'giveup', 'stateChange CONNECTING'],
      );
    }
  });

  it('that connects and closes ends in one close', async () => {
    const { log, connected } = await failing((ws) => {
      ws.connect();
      ws.close(3000, 'mine');
    });
    await log.until('stateChange CLOSING');
    await log.until('close');
    assert.deepStrictEqual(told(log).slice(0, 3), [
      'stateChange FAILED',
      'stateChange CLOSING',
      'stateChange CLOSED',
    ]);
    assert.strictEqual(await connected, 'WSR_ERR_CLOSED');
  });
});
