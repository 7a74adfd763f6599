'use strict';

const assert = require('assert');
const { once } = require('events');
const path = require('path');
const vm = require('vm');
const { MessageChannel } = require('worker_threads');
const { startServer, deadPort } = require('./peer/index.js');
const { WebSocketReconnect, client, openClient } = require('./support/clients.js');
const { SOON_MS } = require('./support/deadlines.js');
const { allHandled, reportedBy } = require('./support/reported.js');
const { runScript } = require('./support/runtime.js');

const deadUrl = async () => `ws://127.0.0.1:${await deadPort()}/`;

describe('connect()', () => {
  it('resolves at the first open, be that after retries', async () => {
    const server = await startServer({ plan: ['refuse', 'refuse', 'accept'] });
    const { ws, log } = client({ url: server.url });
    assert.strictEqual(await ws.connect(), undefined);
    assert.strictEqual(ws.state, 'OPEN');
    assert.strictEqual(log.of('retry').length, 2);
  });

  it('rejects when the client gives up', async () => {
    const { ws } = client({ url: await deadUrl(), maxRetries: 1 });
    const error = { message: 'Maximum retry attempts (1) exceeded', code: 'WSR_ERR_GAVE_UP' };
    await assert.rejects(ws.connect(), error);
    assert.strictEqual(ws.state, 'FAILED');
  });

  it('starts again after the client gave up', async () => {
    const server = await startServer({ plan: ['refuse', 'accept'] });
    const { ws, log } = client({ url: server.url, maxRetries: 0 });
    await assert.rejects(ws.connect());
    await log.until('close MAX_RETRIES');
    await ws.connect();
    assert.strictEqual(ws.state, 'OPEN');
  });

  for (const [when, options] of [
    ['connecting', { plan: ['silent'] }],
    ['waiting to retry', { plan: ['refuse'] }],
  ]) {
    it(`rejects when it is closed while ${when}`, async () => {
      const server = await startServer(options);
      const { ws, log } = client({ url: server.url, baseDelay: 60000, maxDelay: 60000 });
      const connected = ws.connect();
      await server.attempts(1);
      if (when !== 'connecting') await log.until('retry');
      ws.close();
      await assert.rejects(connected, { message: 'Connection manually closed', code: 'WSR_ERR_CLOSED' });
    });
  }

  it('refuses after close(), by a rejection', async () => {
    const server = await startServer();
    const { ws, log } = client({ url: server.url });
    ws.close();
    await assert.rejects(ws.connect(), { message: 'Connection manually closed', code: 'WSR_ERR_CLOSED' });
    assert.deepStrictEqual(log.lines, ['stateChange CLOSED'], 'that of close()');
    assert.strictEqual((await server.handshakes()).length, 0);
  });

  it('refuses while the circuit is OPEN, and tells each call BLOCKED before', async () => {
    const { ws, log } = client({ url: await deadUrl() });
    const refusal = { message: 'Circuit breaker is OPEN', code: 'WSR_ERR_CIRCUIT_OPEN' };
    ws.openCircuit();
    const refused = ws.connect();
    assert.deepStrictEqual(log.lines, ['circuitChange OPEN', 'stateChange BLOCKED'], 'inside the call');
    assert.strictEqual(ws.getStats().state, 'BLOCKED');
    await assert.rejects(refused, refusal);
    await assert.rejects(ws.connect(), refusal);
    assert.deepStrictEqual(log.of('stateChange'), ['BLOCKED', 'BLOCKED']);
    assert.throws(() => ws.send('x'), { code: 'WSR_ERR_NOT_CONNECTED' });
  });

  it('refused by a circuit leaves nothing behind once that lets go', async () => {
    for (const [letGo, circuit] of [
      [(ws) => ws.closeCircuit(), 'CLOSED'],
      [(ws) => ws.reset(), 'CLOSED'],
      [() => {}, 'HALF-OPEN'],
    ]) {
      const server = await startServer();
      const { ws, log } = client({ url: server.url, circuitBreaker: { resetTimeout: 100 } });
      ws.openCircuit();
      await assert.rejects(ws.connect(), { code: 'WSR_ERR_CIRCUIT_OPEN' });
      log.take();
      letGo(ws);
      if (circuit === 'CLOSED') assert.strictEqual(ws.state, 'CLOSED', 'inside the call');
      await log.until('stateChange CLOSED');
      assert.deepStrictEqual(log.lines, [`circuitChange ${circuit}`, 'stateChange CLOSED']);
      assert.strictEqual((await server.handshakes()).length, 0);
      await ws.connect();
    }
  });

  it('refused leaves its CLOSED as soon as circuitState is written', async () => {
    const { ws, log } = client({ url: await deadUrl() });
    ws.openCircuit();
    await assert.rejects(ws.connect());
    ws.circuitState = 'CLOSED';
    await log.until('stateChange CLOSED');
    assert.strictEqual(ws.state, 'CLOSED');
  });

  it('in a handler of the circuit that lets go has the last word', async () => {
    const server = await startServer();
    const { ws, log } = client({ url: server.url });
    ws.openCircuit();
    await assert.rejects(ws.connect());
    log.take();
    let connected;
    ws.once('circuitChange', () => (connected = ws.connect()));
    ws.closeCircuit();
    assert.deepStrictEqual(log.lines, ['circuitChange CLOSED', 'stateChange CONNECTING']);
    await connected;
    ws.close();
    await log.until('close');
    ws.reset();
    ws.openCircuit();
    await assert.rejects(ws.connect());
    ws.once('circuitChange', () => {
      ws.openCircuit();
      ws.connect();
    });
    ws.closeCircuit();
    assert.strictEqual(ws.state, 'BLOCKED');
    assert.strictEqual(ws.circuitState, 'OPEN');
  });

  it('refuses while BLOCKED, and the first promise stays', async () => {
    const server = await startServer({ plan: ['refuse', 'accept'] });
    const circuitBreaker = { failureThreshold: 1, resetTimeout: 100 };
    const { ws, log } = client({ url: server.url, circuitBreaker });
    const connected = ws.connect();
    await log.until('stateChange BLOCKED');
    log.take();
    await assert.rejects(ws.connect(), /Circuit breaker is OPEN/);
    assert.deepStrictEqual(log.lines, ['stateChange BLOCKED']);
    await connected;
    assert.strictEqual(ws.state, 'OPEN');
  });

  it('refuses past the limit of the half-open circuit', async () => {
    const server = await startServer({ plan: ['refuse', 'silent'] });
    const circuitBreaker = { failureThreshold: 1, resetTimeout: 50, halfOpenMaxRequests: 1 };
    const { ws, log } = client({ url: server.url, circuitBreaker });
    ws.connect();
    await log.until('stateChange BLOCKED');
    await log.until('stateChange CONNECTING');
    ws.close();
    await log.until('close');
    ws.manualClose = false;
    const error = { message: 'Circuit breaker HALF-OPEN limit reached', code: 'WSR_ERR_HALF_OPEN_LIMIT' };
    log.take();
    await assert.rejects(ws.connect(), error);
    ws.circuitBreaker.halfOpenMaxRequests = 2;
    await log.until('stateChange CLOSED');
    assert.deepStrictEqual(log.lines, ['stateChange BLOCKED', 'stateChange CLOSED']);
  });

  it('called again while connecting returns the same promise', async () => {
    const server = await startServer();
    const { ws, log } = client({ url: server.url });
    const first = ws.connect();
    assert.strictEqual(ws.connect(), first);
    await first;
    assert.strictEqual((await server.handshakes()).length, 1);
    assert.strictEqual(log.of('open').length, 1);
  });

  it('called again while waiting to retry returns the same promise and does not cut the wait', async () => {
    const server = await startServer({ plan: ['refuse', 'accept'] });
    const { ws, log } = client({ url: server.url, baseDelay: 200, maxDelay: 200 });
    const started = Date.now();
    const first = ws.connect();
    await log.until('retry');
    assert.strictEqual(ws.connect(), first);
    await first;
    // From the start on: a busy thread is told of the retry late.
    assert.ok((await log.until('stateChange CONNECTING')).at - started >= 199);
  });

  it('while open resolves at once', async () => {
    const server = await startServer();
    const { ws, log } = await openClient({ url: server.url });
    await ws.connect();
    assert.deepStrictEqual(log.lines, []);
    assert.strictEqual((await server.handshakes()).length, 1);
  });

  it('while closing after reset() starts once the old connection has ended', async () => {
    const server = await startServer();
    const { ws, log } = await openClient({ url: server.url });
    ws.close();
    ws.reset();
    await ws.connect();
    assert.deepStrictEqual(log.lines, [
      'stateChange CLOSING',
      'stateChange CLOSED',
      "close 1000 'Normal closure'",
      'stateChange CONNECTING',
      'stateChange OPEN',
      'open',
    ]);
  });

  it('ignored never causes an unhandledRejection', async () => {
    const script = path.join(__dirname, 'life', 'ignored-promises.js');
    const { stdout, stderr, code } = await runScript(script, [await deadUrl()]);
    assert.strictEqual(stdout.trim(), 'no unhandled rejection', stderr);
    assert.strictEqual(code, 0);
  });

  describe('of which nobody is told that it gave up', () => {
    const { emitWarning } = process;
    let warnings;
    beforeEach(() => {
      warnings = [];
      process.emitWarning = (message, { code }) => warnings.push(`${code} ${message}`);
    });
    afterEach(() => {
      process.emitWarning = emitWarning;
    });

    /** Lets a client give up that is used like this, and says of what it warned. */
    async function giveUp(use, options) {
      const ws = new WebSocketReconnect({ url: await deadUrl(), maxRetries: 0, ...options });
      await again(ws, use);
      return ws;
    }

    async function again(ws, use = (it) => it.connect()) {
      const failed = new Promise((resolve) => {
        ws.on('stateChange', (state) => state === 'FAILED' && resolve());
      });
      use(ws);
      await failed;
      // What follows FAILED has been told then, too.
      await new Promise((resolve) => setImmediate(resolve));
    }

    it('warns of it once', async () => {
      const ws = await giveUp((it) => it.connect());
      assert.strictEqual(warnings.length, 1);
      assert.ok(
        /^WSR_WARN_GAVE_UP .*Maximum retry attempts \(0\) exceeded.*ECONNREFUSED/.test(warnings[0]),
        warnings[0],
      );
      await again(ws);
      assert.strictEqual(warnings.length, 1);
    });

    it('says nothing where somebody listens or waits', async () => {
      const ignore = () => {};
      for (const use of [
        (ws) => ws.on('error', ignore).connect(),
        (ws) => ws.on('close', ignore).connect(),
        (ws) => ws.once('giveup', ignore).connect(),
        (ws) => ws.addEventListener('close', ignore) || ws.connect(),
        (ws) => Object.assign(ws, { onerror: ignore }).connect(),
        (ws) => ws.connect().catch(ignore),
        (ws) => ws.connect().then(ignore, ignore),
        (ws) => Promise.all([ws.connect()]).catch(ignore),
        async (ws) => {
          try {
            await ws.connect();
          } catch (error) {
            assert.strictEqual(error.code, 'WSR_ERR_GAVE_UP');
          }
        },
      ]) {
        await giveUp(use);
        assert.deepStrictEqual(warnings, [], String(use));
      }
    });

    it('says nothing where the user has closed', async () => {
      const { ws } = client({ url: await deadUrl() });
      ws.removeAllListeners();
      ws.connect();
      ws.close();
      await once(ws, 'close');
      assert.deepStrictEqual(warnings, []);
    });
  });

  it('misses no message that a handler added after it waits for', async () => {
    const server = await startServer({ greet: ['welcome'] });
    for (let i = 0; i < 20; i++) {
      const { ws } = client({ url: server.url });
      await ws.connect();
      const [event] = await once(ws, 'message');
      assert.strictEqual(event.data, 'welcome');
    }
  });
});

describe('send()', () => {
  it('sends text for a string and binary for bytes', async () => {
    const server = await startServer();
    const { ws } = await openClient({ url: server.url });
    const bytes = new Uint8Array([0, 1, 2, 3, 254, 255]);
    ws.send('text with ü and 🎈');
    ws.send('');
    ws.send(Buffer.from(bytes));
    ws.send(bytes);
    ws.send(bytes.buffer);
    ws.send(new DataView(bytes.buffer, 1, 2));
    ws.send(new Uint8Array(bytes.buffer, 2, 3));
    ws.send(new Uint16Array([0x0102, 0x0304]));
    ws.send(new Float64Array([1]));
    ws.send(Buffer.alloc(0));
    const received = await server.received(10);
    assert.deepStrictEqual(
      received.map(({ type, data }) => [type, data]),
      [
        ['text', 'text with ü and 🎈'],
        ['text', ''],
        ['binary', '00010203feff'],
        ['binary', '00010203feff'],
        ['binary', '00010203feff'],
        ['binary', '0102'],
        ['binary', '0203fe'],
        ['binary', '02010403'],
        ['binary', '000000000000f03f'],
        ['binary', ''],
      ],
    );
  });

  it('takes bytes of another realm, and memory that is shared', async () => {
    const server = await startServer();
    const { ws } = await openClient({ url: server.url });
    const shared = new SharedArrayBuffer(4);
    new Uint8Array(shared).set([1, 2, 3, 4]);
    const messages = [
      vm.runInNewContext('new Uint8Array([1, 2, 3, 4])'),
      vm.runInNewContext('new Uint8Array([1, 2, 3, 4]).buffer'),
      vm.runInNewContext('new DataView(new Uint8Array([0, 1, 2, 3, 4]).buffer, 1)'),
      vm.runInNewContext(
        'const bytes = new SharedArrayBuffer(4); new Uint8Array(bytes).set([1, 2, 3, 4]); bytes',
      ),
      shared,
      new Uint8Array(shared),
      Buffer.from(shared),
      new DataView(shared),
    ];
    for (const message of messages) {
      ws.send(message);
      ws.sendConfirmed(message);
    }
    new Uint8Array(shared).fill(0);
    const received = await server.received(2 * messages.length);
    assert.deepStrictEqual(
      received.map(({ type, data }) => `${type} ${data}`),
      received.map(() => 'binary 01020304'),
    );
  });

  it('throws for bytes whose memory was given away', async () => {
    const server = await startServer();
    const { ws } = await openClient({ url: server.url });
    const { port1 } = new MessageChannel();
    const given = [
      new Uint8Array(3),
      new ArrayBuffer(3),
      new DataView(new ArrayBuffer(3)),
      new Float32Array(3),
      vm.runInNewContext('new Uint8Array(3)'),
    ];
    for (const data of given) {
      port1.postMessage(0, [ArrayBuffer.isView(data) ? data.buffer : data]);
      const refused = { name: 'TypeError', code: 'WSR_ERR_ARGUMENT', message: /detached/ };
      assert.throws(() => ws.send(data), refused);
      await assert.rejects(ws.sendConfirmed(data), refused);
    }
    port1.close();
    ws.send('after');
    assert.strictEqual((await server.received(1))[0].data, 'after');
  });

  it('throws TypeError for any other value, in every state', async () => {
    const server = await startServer();
    const { ws } = await openClient({ url: server.url });
    const { ws: closed } = client({ url: server.url });
    for (const value of [
      undefined,
      null,
      5,
      true,
      {},
      [],
      () => {},
      5n,
      Symbol('x'),
      new Date(),
      new String('x'),
      new Proxy(new Uint8Array(1), {}),
      Object.create(Uint8Array.prototype),
      Object.create(ArrayBuffer.prototype),
    ]) {
      assert.throws(() => ws.send(value), { name: 'TypeError', code: 'WSR_ERR_ARGUMENT' });
      assert.throws(() => closed.send(value), { name: 'TypeError', code: 'WSR_ERR_ARGUMENT' });
    }
    ws.send('after');
    assert.deepStrictEqual(
      (await server.received(1)).map(({ data }) => data),
      ['after'],
    );
  });

  it('while CONNECTING keeps the messages in order until open', async () => {
    const server = await startServer();
    const { ws } = client({ url: server.url });
    ws.once('open', () => ws.send('in open'));
    ws.connect();
    ws.send('one');
    ws.send(Buffer.from([2]));
    ws.send('three');
    const received = await server.received(4);
    assert.deepStrictEqual(
      received.map(({ data }) => data),
      ['one', '02', 'three', 'in open'],
    );
  });

  it('while CONNECTING keeps the messages over retries', async () => {
    const server = await startServer({ plan: ['refuse', 'cut', 'accept'] });
    const { ws } = client({ url: server.url });
    let attempts = 0;
    ws.on('stateChange', (state) => {
      if (state === 'CONNECTING') ws.send(`at attempt ${++attempts}`);
    });
    ws.connect();
    const received = await server.received(3);
    assert.deepStrictEqual(
      received.map(({ data }) => data),
      ['at attempt 1', 'at attempt 2', 'at attempt 3'],
    );
  });

  it('drops what it kept when the client gives up', async () => {
    const server = await startServer({ plan: ['refuse', 'accept'] });
    const { ws, log } = client({ url: server.url, maxRetries: 0 });
    ws.connect();
    ws.send('lost');
    await log.until('close MAX_RETRIES');
    await ws.connect();
    ws.send('kept');
    assert.deepStrictEqual(
      (await server.received(1)).map(({ data }) => data),
      ['kept'],
    );
  });

  it('drops what it kept when the client is closed', async () => {
    const server = await startServer({ plan: ['silent', 'accept'] });
    const { ws, log } = client({ url: server.url });
    ws.connect();
    ws.send('lost');
    await server.attempts(1);
    ws.close();
    await log.until('close');
    ws.reset();
    await ws.connect();
    ws.send('kept');
    assert.deepStrictEqual(
      (await server.received(1)).map(({ data }) => data),
      ['kept'],
    );
  });

  it('throws in any other state', async () => {
    const error = { message: 'WebSocket is not connected', code: 'WSR_ERR_NOT_CONNECTED' };
    const server = await startServer({ plan: ['accept', 'refuse'] });
    const { ws, log } = client({ url: server.url, circuitBreaker: { failureThreshold: 1 } });
    const hint = `${error.message}: connect() was not called`;
    assert.throws(() => ws.send('x'), { ...error, message: hint }, 'before connect()');
    await assert.rejects(ws.ping(), { message: hint });
    await assert.rejects(ws.sendConfirmed('x'), { message: hint });
    await ws.connect();
    await server.close(1012, 'restart');
    await log.until('retry');
    assert.throws(() => ws.send('x'), error, 'waiting to retry');
    await log.until('stateChange BLOCKED');
    assert.throws(() => ws.send('x'), error, 'BLOCKED');
    ws.close();
    assert.throws(() => ws.send('x'), error, 'CLOSING');
    await log.until('close 1000');
    assert.throws(() => ws.send('x'), error, 'CLOSED');

    const { ws: failing } = client({ url: await deadUrl(), maxRetries: 0 });
    await assert.rejects(failing.connect());
    assert.throws(() => failing.send('x'), error, 'FAILED');
  });
});

describe('close()', () => {
  it('sends 1000 and Normal closure by default', async () => {
    const server = await startServer();
    const { ws, log } = await openClient({ url: server.url });
    ws.close();
    assert.deepStrictEqual(await server.ended(), { code: 1000, reason: 'Normal closure' });
    const { argument } = await log.until('close');
    assert.deepStrictEqual(argument, { code: 1000, reason: 'Normal closure', wasClean: true });
  });

  it('takes the codes that a client may send, and no other', async () => {
    const good = [
      1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999,
    ];
    for (const code of [
      999,
      1004,
      1005,
      1006,
      1015,
      1016,
      1999,
      2000,
      2999,
      5000,
      65536,
      -1,
      0,
      1000.5,
      NaN,
    ]) {
      const { ws, log } = client({ url: 'ws://127.0.0.1:1/' });
      assert.throws(() => ws.close(code), { name: 'RangeError', code: 'WSR_ERR_ARGUMENT' }, String(code));
      assert.strictEqual(ws.manualClose, false);
      assert.deepStrictEqual(log.lines, []);
    }
    for (const code of ['1000', {}, true]) {
      const { ws } = client({ url: 'ws://127.0.0.1:1/' });
      assert.throws(() => ws.close(code), { name: 'TypeError', code: 'WSR_ERR_ARGUMENT' });
    }
    const server = await startServer();
    for (const code of good) {
      const { ws } = await openClient({ url: server.url });
      ws.close(code, 'why');
      assert.deepStrictEqual(await server.ended(), { code, reason: 'why' });
    }
  });

  it('takes a reason of at most 123 bytes of UTF-8', async () => {
    const server = await startServer();
    const { ws, log } = await openClient({ url: server.url });
    for (const reason of ['x'.repeat(124), 'ü'.repeat(62), '🎈'.repeat(31)]) {
      assert.throws(() => ws.close(1000, reason), { name: 'RangeError', code: 'WSR_ERR_ARGUMENT' });
    }
    assert.throws(() => ws.close(1000, 5), { name: 'TypeError', code: 'WSR_ERR_ARGUMENT' });
    assert.deepStrictEqual(log.lines, []);
    assert.strictEqual(ws.state, 'OPEN');
    const longest = `x${'ü'.repeat(61)}`;
    ws.close(4000, longest);
    assert.deepStrictEqual(await server.ended(), { code: 4000, reason: longest });
  });

  it('ends for good: there is no retry', async () => {
    const server = await startServer();
    const { ws, log } = await openClient({ url: server.url });
    ws.close();
    await log.until('close');
    await assert.rejects(ws.connect(), /Connection manually closed/);
    assert.strictEqual((await server.handshakes()).length, 1);
    assert.deepStrictEqual(log.of('retry'), []);
  });

  it('of what never connected tells stateChange CLOSED inside the call, and is remembered', () => {
    for (const end of ['close', 'terminate']) {
      const { ws, log } = client({ url: 'ws://127.0.0.1:1/' });
      ws.manualClose = true;
      ws[end]();
      assert.strictEqual(ws.manualClose, true);
      assert.strictEqual(ws.state, 'CLOSED');
      assert.deepStrictEqual(log.lines, ['stateChange CLOSED']);
    }
  });

  it('of what the circuit refuses tells stateChange CLOSED inside the call', async () => {
    const { ws, log } = client({ url: 'ws://127.0.0.1:1/', circuitBreaker: { resetTimeout: 50 } });
    ws.openCircuit();
    await assert.rejects(ws.connect());
    log.take();
    ws.close();
    assert.deepStrictEqual(log.lines, ['stateChange CLOSED']);
    await log.until('circuitChange HALF-OPEN');
    assert.deepStrictEqual(log.of('stateChange'), ['CLOSED']);
  });

  it('a second time does nothing', async () => {
    const server = await startServer();
    const { ws, log } = await openClient({ url: server.url });
    ws.close(1000, 'first');
    ws.close(4000, 'second');
    await log.until('close');
    ws.close(4001, 'third');
    assert.deepStrictEqual(log.lines, ['stateChange CLOSING', 'stateChange CLOSED', "close 1000 'first'"]);
    assert.deepStrictEqual(await server.ended(), { code: 1000, reason: 'first' });
  });

  it('while connecting ends with 1006 and no error', async () => {
    const server = await startServer({ plan: ['silent'] });
    const { ws, log } = client({ url: server.url });
    ws.connect();
    await server.attempts(1);
    ws.close(1000, 'bye');
    assert.strictEqual(ws.state, 'CLOSING');
    await log.until('close');
    assert.deepStrictEqual(log.lines, [
      'stateChange CONNECTING',
      'stateChange CLOSING',
      'stateChange CLOSED',
      "close 1006 ''",
    ]);
  });

  it('in the same breath as connect() ends too', async () => {
    const server = await startServer({ plan: ['silent'] });
    const { ws, log } = client({ url: server.url });
    ws.connect();
    ws.close();
    await once(ws, 'close');
    assert.deepStrictEqual(log.lines, [
      'stateChange CONNECTING',
      'stateChange CLOSING',
      'stateChange CLOSED',
      "close 1006 ''",
    ]);
  });

  for (const [when, options, state] of [
    ['waiting to retry', {}, 'CLOSED'],
    ['blocked', { circuitBreaker: { failureThreshold: 1 } }, 'BLOCKED'],
  ]) {
    it(`while ${when} ends with the user's own code, after the call`, async () => {
      const { ws, log } = client({ url: await deadUrl(), baseDelay: 60000, maxDelay: 60000, ...options });
      ws.connect();
      await log.until(state === 'BLOCKED' ? 'stateChange BLOCKED' : 'retry');
      assert.strictEqual(ws.state, state);
      log.take();
      ws.close(4000, 'enough');
      assert.deepStrictEqual(log.lines, ['stateChange CLOSING']);
      const { argument } = await log.until('close');
      assert.deepStrictEqual(argument, { code: 4000, reason: 'enough', wasClean: true });
      assert.deepStrictEqual(log.lines, ['stateChange CLOSING', 'stateChange CLOSED', "close 4000 'enough'"]);
    });
  }

  it('cuts the socket after closeTimeout where the peer never answers', async () => {
    const server = await startServer({ plan: ['bare'] });
    const { ws, log } = await openClient({ url: server.url, websocketOptions: { closeTimeout: 200 } });
    const before = Date.now();
    ws.close(1000, 'bye');
    assert.deepStrictEqual(await server.ended(), { code: 1000, reason: 'bye' });
    const { argument, at } = await log.until('close');
    assert.strictEqual(argument.code, 1006);
    assert.strictEqual(argument.wasClean, false);
    assert.ok(at - before >= 199 && at - before < SOON_MS, `after ${at - before} ms`);
  });

  it('sends what was sent before it', async () => {
    const server = await startServer();
    const { ws } = await openClient({ url: server.url });
    for (let i = 0; i < 100; i++) ws.send(`${i}`);
    ws.close();
    assert.strictEqual((await server.received(100)).length, 100);
    assert.deepStrictEqual(await server.ended(), { code: 1000, reason: 'Normal closure' });
  });
});

describe('reset()', () => {
  it('forgets a manual close, the counts and the circuit', async () => {
    const server = await startServer();
    const { ws, log } = client({ url: server.url });
    ws.retryCount = 3;
    ws.circuitFailures = 2;
    ws.openCircuit();
    ws.close();
    ws.reset();
    const { manualClose, retryCount, circuitFailures, circuitState } = ws;
    assert.deepStrictEqual([manualClose, retryCount, circuitFailures, circuitState], [false, 0, 0, 'CLOSED']);
    assert.deepStrictEqual(log.lines, ['circuitChange OPEN', 'stateChange CLOSED', 'circuitChange CLOSED']);
    await ws.connect();
  });

  it('emits nothing where nothing changes', () => {
    const { ws, log } = client({ url: 'ws://127.0.0.1:1/' });
    ws.reset();
    assert.deepStrictEqual(log.lines, []);
  });
});

describe('openCircuit(), closeCircuit() and getCircuitState()', () => {
  it('take effect before they return', () => {
    const { ws, log } = client({ url: 'ws://127.0.0.1:1/' });
    assert.strictEqual(ws.getCircuitState(), 'CLOSED');
    ws.openCircuit();
    assert.strictEqual(ws.getCircuitState(), 'OPEN');
    ws.openCircuit();
    ws.closeCircuit();
    assert.strictEqual(ws.getCircuitState(), 'CLOSED');
    ws.closeCircuit();
    assert.deepStrictEqual(log.lines, ['circuitChange OPEN', 'circuitChange CLOSED']);
  });

  it('openCircuit() while waiting to retry blocks', async () => {
    const { ws, log } = client({ url: await deadUrl(), baseDelay: 60000, maxDelay: 60000 });
    ws.connect();
    await log.until('retry');
    log.take();
    ws.openCircuit();
    assert.deepStrictEqual(log.lines, ['circuitChange OPEN', 'stateChange BLOCKED']);
    assert.strictEqual(ws.state, 'BLOCKED');
  });

  it('openCircuit() leaves an open connection alone, which then is the successful probe', async () => {
    const server = await startServer({ echo: true });
    const { ws, log } = await openClient({ url: server.url, circuitBreaker: { resetTimeout: 50 } });
    ws.openCircuit();
    ws.send('still here');
    await log.until('message');
    await log.until('circuitChange CLOSED');
    assert.deepStrictEqual(log.of('circuitChange'), ['OPEN', 'HALF-OPEN', 'CLOSED']);
    assert.deepStrictEqual(log.of('stateChange'), []);
  });

  it('closeCircuit() while blocked goes on at once', async () => {
    const server = await startServer({ plan: ['refuse', 'accept'] });
    const { ws, log } = client({ url: server.url, circuitBreaker: { failureThreshold: 1 } });
    const connected = ws.connect();
    await log.until('stateChange BLOCKED');
    log.take();
    ws.closeCircuit();
    assert.deepStrictEqual(log.lines, [
      'circuitChange CLOSED',
      'retry 1 in 0 of 10',
      'stateChange CONNECTING',
    ]);
    assert.strictEqual(ws.circuitFailures, 0);
    await connected;
  });

  it('the timer of an idle client turns it HALF-OPEN', async () => {
    const { ws, log } = client({ url: 'ws://127.0.0.1:1/', circuitBreaker: { resetTimeout: 30 } });
    ws.openCircuit();
    await log.until('circuitChange HALF-OPEN');
    assert.strictEqual(ws.getCircuitState(), 'HALF-OPEN');
    assert.strictEqual(ws.state, 'CLOSED');
  });

  it('openCircuit() again starts the timer anew', async () => {
    const { ws, log } = client({ url: 'ws://127.0.0.1:1/', circuitBreaker: { resetTimeout: 200 } });
    ws.openCircuit();
    await new Promise((resolve) => setTimeout(resolve, 120));
    log.take();
    const again = Date.now();
    ws.openCircuit();
    const { at } = await log.until('circuitChange HALF-OPEN');
    assert.ok(at - again >= 199, `after ${at - again} ms`);
  });
});

describe('getStats()', () => {
  it('tells all that it should and nothing else', async () => {
    const server = await startServer();
    const { ws } = client({ url: server.url, maxRetries: 7, circuitBreaker: { failureThreshold: 4 } });
    const { lastActivity, ...idle } = ws.getStats();
    assert.strictEqual(typeof lastActivity, 'number');
    assert.deepStrictEqual(idle, {
      state: 'CLOSED',
      circuitState: 'CLOSED',
      retryCount: 0,
      maxRetries: 7,
      circuitFailures: 0,
      failureThreshold: 4,
      uptime: 0,
    });
  });

  it('uptime heeds no clock that is set', async () => {
    const server = await startServer();
    const { ws } = await openClient({ url: server.url });
    const { now } = Date;
    try {
      for (const hours of [1, -1]) {
        Date.now = () => now() + hours * 3600000;
        const { uptime } = ws.getStats();
        assert.ok(uptime >= 0 && uptime < 60000, `${uptime} ms`);
        await new Promise((resolve) => setTimeout(resolve, 2));
        assert.ok(ws.getStats().uptime > uptime, 'it stands still');
      }
    } finally {
      Date.now = now;
    }
  });

  it('uptime counts from the open and is 0 when not open', async () => {
    const server = await startServer();
    const { ws, log } = client({ url: server.url });
    const before = Date.now();
    await ws.connect();
    const opened = Date.now();
    await new Promise((resolve) => setTimeout(resolve, 60));
    const { uptime } = ws.getStats();
    const now = Date.now();
    assert.ok(uptime >= now - opened - 15 && uptime <= now - before + 5, `${uptime} ms`);
    ws.close();
    assert.strictEqual(ws.getStats().uptime, 0);
    await log.until('close');
    assert.strictEqual(ws.getStats().uptime, 0);
  });

  it('lastActivity is when something last came', async () => {
    const server = await startServer();
    const { ws, log } = await openClient({ url: server.url });
    await new Promise((resolve) => setTimeout(resolve, 30));
    const before = Date.now();
    await server.send('news');
    await log.until('message');
    const { lastActivity } = ws.getStats();
    assert.ok(lastActivity >= before - 15 && lastActivity <= Date.now() + 5);
    assert.strictEqual(ws.lastActivity, lastActivity);
  });
});

describe('calculateDelay()', () => {
  const make = (options) => new WebSocketReconnect({ url: 'ws://127.0.0.1:1/', ...options });

  it('grows by the multiplier up to the cap', () => {
    const ws = make({ baseDelay: 100, maxDelay: 1500, multiplier: 2, jitter: 0 });
    assert.deepStrictEqual(
      [0, 1, 2, 3, 4, 5, 100, 5000].map((n) => ws.calculateDelay(n)),
      [100, 200, 400, 800, 1500, 1500, 1500, 1500],
    );
    const even = make({ baseDelay: 100.9, multiplier: 1, jitter: 0 });
    assert.strictEqual(even.calculateDelay(7), 100, 'rounded down');
  });

  it('stays within the jitter, and uses its whole width', () => {
    const ws = make({ baseDelay: 1000, maxDelay: 30000, jitter: 0.1 });
    const delays = Array.from({ length: 2000 }, () => ws.calculateDelay(0));
    assert.ok(delays.every((delay) => Number.isInteger(delay) && delay >= 900 && delay <= 1100));
    assert.ok(Math.min(...delays) < 920 && Math.max(...delays) > 1080);
  });

  it('adds the jitter after the cap', () => {
    const ws = make({ baseDelay: 1000, maxDelay: 1000, jitter: 1 });
    const delays = Array.from({ length: 2000 }, () => ws.calculateDelay(9));
    assert.ok(delays.every((delay) => delay >= 0 && delay <= 2000));
    assert.ok(Math.max(...delays) > 1500 && Math.min(...delays) < 500);
  });

  it('of what is no attempt throws', () => {
    const ws = make({});
    for (const attempt of ['1', undefined, {}]) {
      assert.throws(() => ws.calculateDelay(attempt), { name: 'TypeError', code: 'WSR_ERR_ARGUMENT' });
    }
    for (const attempt of [-1, NaN]) {
      assert.throws(() => ws.calculateDelay(attempt), { name: 'RangeError', code: 'WSR_ERR_ARGUMENT' });
    }
  });
});

describe('handleError()', () => {
  it('counts a failure and emits error', () => {
    const { ws, log } = client({ url: 'ws://127.0.0.1:1/' });
    const error = new Error('from outside');
    ws.handleError(error);
    assert.strictEqual(ws.circuitFailures, 1);
    assert.strictEqual(log.of('error')[0], error);
    assert.deepStrictEqual(log.lines, ['error from outside']);
  });

  it('opens the circuit at the threshold', () => {
    const { ws, log } = client({ url: 'ws://127.0.0.1:1/', circuitBreaker: { failureThreshold: 2 } });
    ws.handleError(new Error('one'));
    ws.handleError(new Error('two'));
    assert.deepStrictEqual(log.lines, ['error one', 'error two', 'circuitChange OPEN']);
    assert.strictEqual(ws.getCircuitState(), 'OPEN');
  });
});

describe('EventEmitter', () => {
  const make = () => new WebSocketReconnect({ url: 'ws://127.0.0.1:1/' });

  it('on, off and once return this', () => {
    const ws = make();
    const handler = () => {};
    assert.strictEqual(ws.on('x', handler), ws);
    assert.strictEqual(ws.once('x', handler), ws);
    assert.strictEqual(ws.off('x', handler), ws);
    assert.strictEqual(ws.off('x'), ws);
  });

  it('off(event) without a handler removes all of that event', () => {
    const ws = make();
    let calls = 0;
    ws.on('x', () => calls++);
    ws.on('x', () => calls++);
    ws.on('y', () => calls++);
    ws.off('x');
    ws.emit('x');
    ws.emit('y');
    assert.strictEqual(calls, 1);
  });

  it('once is called once, and emit tells whether somebody listened', () => {
    const ws = make();
    let calls = 0;
    ws.once('x', (a, b) => (calls += a + b));
    assert.strictEqual(ws.emit('x', 1, 2), true);
    assert.strictEqual(ws.emit('x', 1, 2), false);
    assert.strictEqual(calls, 3);
  });

  it('has the rest of the methods', () => {
    const ws = make();
    const handler = () => {};
    ws.prependListener('x', handler);
    ws.addListener('x', handler);
    assert.strictEqual(ws.listenerCount('x'), 2);
    assert.deepStrictEqual(ws.eventNames(), ['x']);
    assert.deepStrictEqual(ws.listeners('x'), [handler, handler]);
    ws.removeAllListeners();
    assert.strictEqual(ws.listenerCount('x'), 0);
    assert.ok(ws instanceof require('events'));
  });

  it('reports a handler that throws with console.error and calls the others', async () => {
    const server = await startServer();
    const { ws, log } = client({ url: server.url });
    const trouble = new Error('a bad handler');
    ws.prependListener('open', () => {
      throw trouble;
    });
    const reported = await reportedBy(() => ws.connect());
    assert.deepStrictEqual(log.of('open').length, 1);
    assert.strictEqual(reported.length, 1);
    assert.ok(reported[0].includes(trouble));
  });

  it('reports a handler whose promise rejects as one that throws', async () => {
    const server = await startServer({ echo: true });
    const { ws, log } = client({ url: server.url });
    const fails = (name) => async () => {
      throw new Error(name);
    };
    const thenable = (descriptor) => () => Object.defineProperty({}, 'then', descriptor);
    ws.on('open', fails('on'));
    ws.once('open', fails('once'));
    ws.onopen = fails('attribute');
    ws.addEventListener('open', fails('function'));
    ws.addEventListener('open', { handleEvent: fails('object') });
    ws.on('odd', thenable({ value: (_, reject) => reject(new Error('thenable')) }));
    ws.on('odd', thenable({ get: () => assert.fail('no thenable') }));
    const other = client({ url: server.url });
    other.ws.removeAllListeners();
    other.ws.on('message', fails('alone'));
    let reported;
    await allHandled(async () => {
      reported = await reportedBy(async (count) => {
        await ws.connect();
        assert.strictEqual(ws.emit('odd'), true);
        await other.ws.connect();
        other.ws.send('x');
        ws.send('y');
        await log.until('message y');
        await count(8);
      });
    });
    const told = reported.map(([where, { message }]) => `${where} ${message}`);
    assert.deepStrictEqual(told.sort(), [
      "Error in the handler of 'message': alone",
      "Error in the handler of 'odd': no thenable",
      "Error in the handler of 'odd': thenable",
      "Error in the handler of 'open': attribute",
      "Error in the handler of 'open': function",
      "Error in the handler of 'open': object",
      "Error in the handler of 'open': on",
      "Error in the handler of 'open': once",
    ]);
  });

  it('tells errorMonitor of an error before its handlers, also without any', () => {
    const { errorMonitor } = require('events');
    const ws = new WebSocketReconnect({ url: 'ws://127.0.0.1:1/' });
    const told = [];
    const trouble = new Error('trouble');
    ws.on(errorMonitor, (error, ...more) => told.push(['monitor', error, ...more]));
    assert.strictEqual(ws.emit('error', trouble, 1), false);
    ws.on('error', (error) => told.push(['handler', error]));
    assert.strictEqual(ws.emit('error', trouble), true);
    ws.emit('retry', {});
    assert.deepStrictEqual(told, [
      ['monitor', trouble, 1],
      ['monitor', trouble],
      ['handler', trouble],
    ]);
  });

  it('error with no handler throws nothing', async () => {
    const ws = new WebSocketReconnect({ url: await deadUrl(), maxRetries: 0 });
    ws.emit('error', new Error('nobody listens'));
    await assert.rejects(ws.connect(), /Maximum/);
  });
});
