'use strict';

const assert = require('assert');
const path = require('path');
const { startServer } = require('./peer/index.js');
const { client, openClient, WebSocketReconnect } = require('./support/clients.js');
const { block, runScript } = require('./support/runtime.js');

const circuitChanges = (log) => log.of('circuitChange');

describe('a window', () => {
  /** Opens, fails, opens, fails, … by hand. */
  async function failEverySecond(circuitBreaker) {
    const server = await startServer();
    const { ws, log } = await openClient({ url: server.url, circuitBreaker });
    for (let i = 0; i < 4; i++) {
      ws.handleError(new Error('by hand'));
      await server.cut();
      await log.until('open');
    }
    return { ws, log };
  }

  it('opens the circuit by the share of failures, whether an open came between or not', async () => {
    const window = { window: 60000, failureRate: 0.4, minimumRequests: 10, resetTimeout: 60000 };
    const { ws, log } = await failEverySecond({ ...window, failureThreshold: 1000 });
    assert.strictEqual(ws.circuitState, 'CLOSED');
    assert.strictEqual(ws.getStats().circuitFailures, 4);
    // The tenth outcome.
    ws.handleError(new Error('by hand'));
    assert.strictEqual(ws.circuitState, 'OPEN');
    assert.deepStrictEqual(circuitChanges(log), ['OPEN']);
  });

  it('of 0 counts failures in a row', async () => {
    const { ws } = await failEverySecond({
      window: 0,
      failureRate: 0,
      minimumRequests: 1,
      failureThreshold: 2,
    });
    assert.strictEqual(ws.circuitState, 'CLOSED');
    assert.strictEqual(ws.circuitFailures, 0);
  });

  it('forgets what is older', async () => {
    const { ws } = client({ url: 'ws://127.0.0.1:1/', circuitBreaker: { window: 40, minimumRequests: 3 } });
    ws.handleError(new Error('by hand'));
    ws.handleError(new Error('by hand'));
    await new Promise((resolve) => setTimeout(resolve, 60));
    ws.handleError(new Error('by hand'));
    assert.strictEqual(ws.circuitState, 'CLOSED');
    ws.circuitFailures = 2;
    ws.handleError(new Error('by hand'));
    assert.strictEqual(ws.circuitState, 'OPEN');
  });
});

describe('a circuit that clients share', () => {
  const shared = (scope, more) => ({ scope, halfOpenMaxRequests: 1, resetTimeout: 300, ...more });

  it('is opened by one and seen by all', async () => {
    const server = await startServer();
    const circuitBreaker = shared('seen by all');
    const { ws: one } = client({ url: server.url, circuitBreaker });
    const { ws: other, log } = client({ url: server.url, circuitBreaker });
    const { ws: alone } = client({ url: server.url });
    one.openCircuit();
    await log.until('circuitChange OPEN');
    assert.strictEqual(other.circuitState, 'OPEN');
    assert.strictEqual(alone.circuitState, 'CLOSED');
    other.closeCircuit();
    assert.deepStrictEqual(circuitChanges(log), ['OPEN', 'CLOSED']);
    await one.connect();
  });

  it('can be left while it tells something, of which nothing is lost', async () => {
    const server = await startServer();
    const circuitBreaker = shared('left while it tells');
    const { ws: idle, log } = client({ url: server.url, circuitBreaker });
    const { ws: other } = client({ url: server.url, circuitBreaker });
    other.openCircuit();
    // The engine has told the idle one before it leaves.
    block(20);
    idle.circuitBreaker.scope = 'instance';
    await log.until('circuitChange CLOSED');
    assert.deepStrictEqual(circuitChanges(log), ['OPEN', 'CLOSED']);
    await idle.connect();
    log.take();
    idle.close();
    await log.until('close 1000');
    assert.deepStrictEqual(log.take(), [
      'stateChange CLOSING',
      'stateChange CLOSED',
      "close 1000 'Normal closure'",
    ]);
  });

  it('tells a closed client of no refusal', async () => {
    const server = await startServer();
    const circuitBreaker = shared('no refusal');
    const { ws, log } = client({ url: server.url, maxRetries: 0, circuitBreaker });
    const { ws: other } = client({ url: server.url, circuitBreaker });
    other.openCircuit();
    // The engine has told of the circuit, and the refusal comes behind that.
    block(20);
    const refused = ws.connect();
    ws.close();
    await assert.rejects(refused, { code: 'WSR_ERR_CIRCUIT_OPEN' });
    await log.until('stateChange CLOSED');
    assert.deepStrictEqual(log.take(), ['circuitChange OPEN', 'stateChange CLOSED']);
  });

  it('tells the end of a closed client that is asked to connect once more', async () => {
    const server = await startServer();
    const circuitBreaker = shared('once more');
    const { ws, log } = client({ url: server.url, maxRetries: 0, circuitBreaker });
    const { ws: other } = client({ url: server.url, circuitBreaker });
    ws.openCircuit();
    await assert.rejects(ws.connect(), { code: 'WSR_ERR_CIRCUIT_OPEN' });
    await log.until('stateChange BLOCKED');
    other.closeCircuit();
    // The engine has told of the circuit, and the end comes behind that.
    block(20);
    ws.close();
    await assert.rejects(ws.connect(), { code: 'WSR_ERR_CLOSED' });
    await log.until('stateChange CLOSED');
  });

  it('is told as waited for before a client that gave up retries', async () => {
    const circuitBreaker = shared('gave up', { failureThreshold: 2 });
    const { ws, log } = client({ url: 'ws://127.0.0.1:1/', maxRetries: 1, baseDelay: 1, circuitBreaker });
    const states = [];
    ws.on('retry', () => states.push(ws.state));
    ws.connect();
    // The engine has given up, of which nothing has been told.
    block(200);
    ws.reconnect();
    ws.closeCircuit();
    await log.until('stateChange FAILED');
    await log.until('retry 1 in 0');
    assert.deepStrictEqual(states, ['CLOSED', 'BLOCKED']);
    log.take();
  });

  it('is waited for by a client that connects meanwhile, unless it has no retries', async () => {
    const server = await startServer();
    const circuitBreaker = shared('waited for');
    const { ws: one } = client({ url: server.url, circuitBreaker });
    const { ws: other, log } = client({ url: server.url, circuitBreaker });
    one.openCircuit();
    const connected = other.connect();
    assert.strictEqual(other.connect(), connected);
    await log.until('stateChange BLOCKED');
    assert.strictEqual(other.state, 'BLOCKED');
    other.maxRetries = 0;
    const { ws: last } = client({ url: server.url, maxRetries: 0, circuitBreaker });
    await assert.rejects(last.connect(), { code: 'WSR_ERR_CIRCUIT_OPEN' });
    other.maxRetries = 10;
    await connected;
    assert.deepStrictEqual(log.lines.slice(2), [
      'circuitChange HALF-OPEN',
      'retry 1 in 0 of 10',
      'stateChange CONNECTING',
      'stateChange OPEN',
      'circuitChange CLOSED',
      'open',
    ]);
  });

  it('is opened by the failures of all', async () => {
    const server = await startServer({ plan: ['refuse'] });
    const circuitBreaker = shared('failures of all', { failureThreshold: 2, resetTimeout: 60000 });
    const options = { url: server.url, baseDelay: 60000, maxDelay: 60000, circuitBreaker };
    const { ws: one, log } = client(options);
    const { ws: other, log: otherLog } = client(options);
    one.connect();
    await log.until('retry');
    assert.strictEqual(one.circuitFailures, 1);
    other.connect();
    await otherLog.until('stateChange BLOCKED');
    assert.strictEqual(other.circuitFailures, 2);
    await log.until('stateChange BLOCKED');
    assert.strictEqual(one.retryCount, 0, 'the retry that was announced is taken back');
    assert.strictEqual((await server.handshakes()).length, 2);
  });

  it('lets one probe while the others wait for the verdict, and then come back one by one', async () => {
    const server = await startServer({ plan: ['accept', 'accept', 'accept', 'silent'] });
    const options = { url: server.url, circuitBreaker: shared('one by one', { resetTimeout: 1000 }) };
    const clients = await Promise.all([0, 1, 2].map(() => openClient(options)));
    clients[0].ws.openCircuit();
    await Promise.all(clients.map(({ log }) => log.until('circuitChange OPEN')));
    await Promise.all(clients.map((_, number) => server.cut('destroy', number)));
    await Promise.all(clients.map(({ log }) => log.until('stateChange BLOCKED')));
    await Promise.all(clients.map(({ log }) => log.until('circuitChange HALF-OPEN')));
    const probing = () => clients.filter(({ ws }) => ws.state === 'CONNECTING');
    await Promise.race(clients.map(({ log }) => log.untilState('CONNECTING')));
    assert.strictEqual(probing().length, 1);
    const [probe] = probing();
    const waiting = clients.filter((one) => one !== probe);
    for (const { ws } of waiting) {
      assert.strictEqual(ws.state, 'BLOCKED');
    }
    await server.attempts(4);
    await server.behave({ plan: ['accept'] });
    probe.ws.close();
    await Promise.all(waiting.map(({ log }) => log.until('open')));
    const [first, second] = waiting.sort((a, b) => retries(a.log)[0].delay - retries(b.log)[0].delay);
    assert.strictEqual(retries(first.log)[0].delay, 0, 'the place of the probe that was closed');
    assert.deepStrictEqual(second.log.lines.slice(-6), [
      'circuitChange CLOSED',
      'stateChange CLOSED',
      second.log.lines.slice(-4)[0],
      'stateChange CONNECTING',
      'stateChange OPEN',
      'open',
    ]);
    assert.ok(retries(second.log)[0].delay <= second.ws.baseDelay);
  });

  const retries = (log) => log.of('retry');

  it('is that of the host and port where the scope is so', async () => {
    const [server, elsewhere] = [await startServer(), await startServer()];
    const circuitBreaker = shared('host');
    const { ws: one } = client({ url: server.url, circuitBreaker });
    const { log } = client({ url: `${server.url}another/path?query`, circuitBreaker });
    const { ws: far, log: farLog } = client({ url: elsewhere.url, circuitBreaker });
    one.openCircuit();
    await log.until('circuitChange OPEN');
    assert.strictEqual(far.circuitState, 'CLOSED');
    far.url = server.url;
    await farLog.until('circuitChange OPEN');
    far.url = elsewhere.url;
    await farLog.until('circuitChange CLOSED');
    await far.connect();
  });

  it('is left and joined by assigning the scope', async () => {
    const { ws: one } = client({ url: 'ws://127.0.0.1:1/', circuitBreaker: shared('left and joined') });
    const { ws: other, log } = client({ url: 'ws://127.0.0.1:1/' });
    assert.strictEqual(other.circuitBreaker.scope, 'instance');
    one.openCircuit();
    other.circuitBreaker.scope = 'left and joined';
    await log.until('circuitChange OPEN');
    other.circuitBreaker = { ...other.circuitBreaker, scope: 'instance' };
    await log.until('circuitChange CLOSED');
    assert.strictEqual(one.circuitState, 'OPEN');
  });

  it('is told once where one of its own handlers moves it', async () => {
    const circuitBreaker = shared('own handlers');
    const { ws: one, log } = client({ url: 'ws://127.0.0.1:1/', circuitBreaker });
    const { ws: other, log: otherLog } = client({ url: 'ws://127.0.0.1:1/', circuitBreaker });
    other.on('circuitChange', (state) => state === 'OPEN' && other.closeCircuit());
    one.openCircuit();
    await log.until('circuitChange CLOSED');
    assert.deepStrictEqual(circuitChanges(log), ['OPEN', 'CLOSED']);
    assert.deepStrictEqual(circuitChanges(otherLog), ['OPEN', 'CLOSED']);
  });

  it('is one across worker threads, and a probe whose thread ends gives its place to another', async () => {
    const server = await startServer({ plan: ['silent'] });
    const program = path.join(__dirname, 'life', 'shared-circuit.js');
    const { code, signal, stdout, stderr } = await runScript(program, [server.url]);
    assert.strictEqual(signal, null, `it crashed or hung: ${stdout} ${stderr}`);
    assert.strictEqual(stdout.trim(), 'ready, OPEN, CONNECTING, BLOCKED, CONNECTING', `${code}: ${stderr}`);
  });

  it('takes a name, and nothing else, for a scope', () => {
    const make = (scope) => new WebSocketReconnect({ url: 'ws://127.0.0.1:1/', circuitBreaker: { scope } });
    const names = /circuitBreaker\.scope.*allowed.*'instance', 'host' or a name/;
    for (const scope of [7, true, {}, []]) {
      assert.throws(() => make(scope), { name: 'TypeError', code: 'WSR_ERR_OPTION', message: names });
    }
    assert.throws(() => make(''), { name: 'RangeError', code: 'WSR_ERR_OPTION', message: names });
    for (const scope of [undefined, null]) assert.strictEqual(make(scope).circuitBreaker.scope, 'instance');
  });
});
