'use strict';

const assert = require('assert');
const { spawn, spawnSync } = require('child_process');
const path = require('path');
const vm = require('vm');
const { startServer, deadPort } = require('./peer/index.js');
const { WebSocketReconnect, client, openClient } = require('./support/clients.js');
const { DUE_MS, SOON_MS } = require('./support/deadlines.js');
const { allHandled, reportedBy } = require('./support/reported.js');
const { block, runScript, runtime } = require('./support/runtime.js');

const PONG = '{"type":"pong"}';
const life = (name) => path.join(__dirname, 'life', name);

/** Resolves to the arguments of the next event of that name. */
const next = (ws, event) => new Promise((resolve) => ws.once(event, (...args) => resolve(args)));

/** Waits until `check` gives something true, and gives that. */
async function until(check) {
  for (;;) {
    const found = await check();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** The code that a promise rejects with. */
const codeOf = (promise) =>
  promise.then(
    () => 'resolved',
    (error) => error.code,
  );

describe('heartbeatMode', () => {
  it("'ping' sends ping frames in place of the message, and measures their pongs", async () => {
    const server = await startServer();
    const { ws } = await openClient({ url: server.url, heartbeatInterval: 40, heartbeatMode: 'ping' });
    await until(async () => (await server.pings()) >= 3);
    assert.deepStrictEqual(await server.received(0), []);
    const { rtt } = ws.getStats();
    assert.deepStrictEqual(Object.keys(rtt), ['last', 'min', 'mean', 'p95']);
    assert.ok(rtt.min > 0 && rtt.min <= rtt.mean && rtt.mean <= rtt.p95, JSON.stringify(rtt));
  });

  it("'ping' finds a peer dead that does not answer", async () => {
    const server = await startServer({ plan: ['bare', 'refuse'] });
    const options = { heartbeatInterval: 50, heartbeatTimeout: 50, heartbeatMode: 'ping' };
    const { log } = await openClient({ url: server.url, ...options });
    await log.until('error WSR_ERR_HEARTBEAT');
  });

  it("'message' is the default, and holds again from the next heartbeat", async () => {
    const server = await startServer();
    const { ws } = await openClient({ url: server.url, heartbeatInterval: 40 });
    assert.strictEqual(ws.heartbeatMode, 'message');
    await server.received(2);
    assert.strictEqual(await server.pings(), 0);
    assert.strictEqual('rtt' in ws.getStats(), false);
    ws.heartbeatMode = 'ping';
    await until(() => server.pings());
    ws.heartbeatMode = null;
    const before = (await server.received(0)).length;
    await server.received(before + 1);
  });
});

describe('heartbeatReply', () => {
  const beats = { heartbeatInterval: 60, heartbeatTimeout: 50, heartbeatMessage: 'beat' };
  /** The same for a peer that answers, which a slow machine may make do so late. */
  const answered = { ...beats, heartbeatTimeout: 600 };
  /** So many beats take longer than such a peer may be silent. */
  const BEATS = 12;

  it('takes the message that it matches for the reply', async () => {
    const server = await startServer({ echo: true });
    for (const heartbeatReply of [
      /^beat$/,
      /bea/g,
      vm.runInNewContext('/^beat$/'),
      Object.freeze(/bea/g),
      (data) => data === 'beat',
    ]) {
      const { ws, log } = await openClient({ url: server.url, ...answered, heartbeatReply });
      await log.count('message beat', BEATS);
      assert.strictEqual(ws.state, 'OPEN');
      ws.close();
    }
  });

  it('does not take any other frame for it', async () => {
    const server = await startServer({ echo: true });
    const never = [
      /other/,
      () => false,
      () => {
        throw new Error('cannot say');
      },
    ];
    const { error } = console;
    console.error = () => {};
    try {
      for (const heartbeatReply of never) {
        const { ws, log } = await openClient({ url: server.url, ...beats, heartbeatReply });
        await log.until('message beat');
        await log.until('error WSR_ERR_HEARTBEAT');
        ws.close();
      }
    } finally {
      console.error = error;
    }
  });

  it('is reported where its promise rejects', async () => {
    const server = await startServer({ echo: true });
    const heartbeatReply = async () => {
      throw new Error('cannot say');
    };
    await allHandled(async () => {
      const reported = await reportedBy(async (count) => {
        const { ws } = await openClient({ url: server.url, heartbeatReply });
        ws.send('x');
        await count(1);
      });
      assert.strictEqual(reported[0][1].message, 'cannot say');
    });
  });

  it('is judged late by a busy event loop, which kills no peer that answers', async () => {
    const server = await startServer({ echo: true });
    const { ws, log } = await openClient({ url: server.url, ...answered, heartbeatReply: /beat/ });
    await log.until('message beat');
    block(2000);
    await log.count('message beat', BEATS);
    assert.deepStrictEqual(log.of('error'), []);
    assert.strictEqual(ws.state, 'OPEN');
  });

  it('is judged late by a busy event loop, which saves no peer that does not', async () => {
    const server = await startServer({ echo: true });
    const { log } = await openClient({ url: server.url, ...beats, heartbeatReply: /other/ });
    block(400);
    await log.until('message beat');
    await log.until('error WSR_ERR_HEARTBEAT');
  });

  it('gives way to any frame when it is taken away', async () => {
    const server = await startServer({ echo: true });
    const { ws, log } = await openClient({ url: server.url, ...answered, heartbeatReply: /other/ });
    ws.heartbeatReply = null;
    await log.count('message beat', BEATS);
    assert.strictEqual(ws.state, 'OPEN');
  });
});

describe('hidePong', () => {
  const greet = [PONG, '{"type":"pong","at":7}', '"pong"', '{"type":"pang"}', '{"pong"'];

  it('keeps JSON of the type pong from message, and nothing else', async () => {
    const server = await startServer({ greet: [...greet, 'last'] });
    const { ws, log } = client({ url: server.url, hidePong: true });
    ws.connect();
    await log.until('message last');
    assert.deepStrictEqual(
      log.of('message').map(({ data }) => data),
      [...greet.slice(2), 'last'],
    );
  });

  it('is off by default, and can be changed', async () => {
    const server = await startServer({ greet: [PONG] });
    const { ws, log } = client({ url: server.url });
    assert.strictEqual(ws.hidePong, false);
    ws.connect();
    await log.until(`message ${PONG}`);
    ws.hidePong = true;
    for (const text of [PONG, 'next']) await server.send(text);
    await log.until('message next');
    assert.strictEqual(log.of('message').length, 2);
  });

  it('leaves what it hides to heartbeatReply', async () => {
    const server = await startServer({ echo: true });
    const options = { heartbeatInterval: 60, heartbeatTimeout: 600, heartbeatMessage: PONG };
    const { ws, log } = await openClient({
      url: server.url,
      ...options,
      hidePong: true,
      heartbeatReply: /pong/,
    });
    await server.received(12);
    assert.strictEqual(ws.state, 'OPEN');
    assert.deepStrictEqual(log.lines, []);
  });
});

describe('idleTimeout', () => {
  it('ends the connection of a peer that is silent for so long', async () => {
    const server = await startServer({ plan: ['accept', 'refuse'] });
    const opened = Date.now();
    const { log } = await openClient({ url: server.url, idleTimeout: 200 });
    const { argument, at } = await log.until('error WSR_ERR_IDLE_TIMEOUT');
    assert.strictEqual(argument.message, 'Nothing received for 200 ms (idleTimeout)');
    assert.ok(at - opened >= 195, `cut after ${at - opened} ms`);
    await log.until("close 1006 ''");
    await log.until('retry 1');
  });

  it('is content with any frame, pings among them', async () => {
    const server = await startServer({ tick: 50 });
    const { ws, log } = await openClient({ url: server.url, idleTimeout: 1000 });
    await server.pongs(30);
    assert.strictEqual(ws.state, 'OPEN');
    assert.deepStrictEqual(log.lines, []);
  });

  it('is off by default, and holds when it is set', async () => {
    const server = await startServer({ plan: ['accept', 'refuse'] });
    const { ws, log } = await openClient({ url: server.url });
    assert.strictEqual(ws.idleTimeout, 0);
    ws.idleTimeout = 50;
    await log.until('error WSR_ERR_IDLE_TIMEOUT');
  });
});

describe('ping()', () => {
  it('resolves to the milliseconds until the pong', async () => {
    const server = await startServer();
    const { ws } = await openClient({ url: server.url });
    const took = [await ws.ping(), await ws.ping()];
    for (const ms of took) assert.ok(ms > 0 && ms < SOON_MS, `${ms} ms`);
    assert.strictEqual(await server.pings(), 2);
    const { rtt } = ws.getStats();
    assert.deepStrictEqual([rtt.last, rtt.min], [took[1], Math.min(...took)]);
  });

  it('measures in the engine: a busy event loop does not lengthen it', async () => {
    const server = await startServer();
    const { ws } = await openClient({ url: server.url });
    const pinged = ws.ping();
    block(2000);
    const ms = await pinged;
    assert.ok(ms < 1900, `${ms} ms`);
  });

  it('rejects where there is no connection', async () => {
    const { ws } = client({ url: `ws://127.0.0.1:${await deadPort()}/` });
    assert.strictEqual(await codeOf(ws.ping()), 'WSR_ERR_NOT_CONNECTED');
    ws.connect();
    assert.strictEqual(await codeOf(ws.ping()), 'WSR_ERR_NOT_CONNECTED');
  });

  it('rejects when the connection ends first', async () => {
    const server = await startServer({ plan: ['bare'] });
    const { ws, log } = await openClient({ url: server.url });
    const lost = [codeOf(ws.ping())];
    await server.later(50, 'cut');
    block(300);
    // It is gone, and nobody has told.
    lost.push(codeOf(ws.ping()));
    await log.until('stateChange CLOSED');
    await log.until('open');
    lost.push(codeOf(ws.ping()));
    ws.close();
    assert.deepStrictEqual(await Promise.all(lost), Array(3).fill('WSR_ERR_PING_LOST'));
  });

  it('rejects after heartbeatTimeout, which ends nothing', async () => {
    const server = await startServer({ plan: ['bare'] });
    const { ws, log } = await openClient({ url: server.url, heartbeatTimeout: 80 });
    await assert.rejects(ws.ping(), { code: 'WSR_ERR_PING_TIMEOUT', message: 'No pong within 80 ms' });
    assert.strictEqual(ws.state, 'OPEN');
    assert.deepStrictEqual(log.lines, []);
  });

  it('is answered by a pong that answers a later one', async () => {
    const server = await startServer({ plan: ['bare'] });
    const { ws } = await openClient({ url: server.url });
    const both = [ws.ping(), ws.ping()];
    await server.raw('8a080100000000000002');
    for (const ms of await Promise.all(both)) assert.ok(ms > 0);
  });

  it('may be ignored', async () => {
    const { code, stderr } = await runScript(life('ignored-ping.js'));
    assert.strictEqual(code, 0, stderr);
  });
});

describe('the events ping and pong', () => {
  it('tell the payload, in the order of the messages around', async () => {
    const server = await startServer({ plan: ['bare'] });
    const { ws } = await openClient({ url: server.url });
    const told = [];
    ws.on('message', ({ data }) => told.push(`message ${data}`));
    ws.on('ping', (payload) => told.push(`ping ${payload}`));
    ws.on('pong', (payload) => {
      assert.ok(Buffer.isBuffer(payload));
      told.push(`pong ${payload}`);
    });
    await server.raw('810161' + '890162' + '8a0163' + '810164' + '8900' + '8a00' + '810165');
    await until(() => told.length === 7);
    assert.deepStrictEqual(told, [
      'message a',
      'ping b',
      'pong c',
      'message d',
      'ping ',
      'pong ',
      'message e',
    ]);
    assert.deepStrictEqual(await server.pongs(2), ['b', '']);
  });

  it('tell what came while the event loop was blocked', async () => {
    const server = await startServer();
    const { ws } = await openClient({ url: server.url });
    const told = [];
    ws.addEventListener('ping', (payload) => told.push(String(payload)));
    await server.later(100, 'ping', 'while blocked', 3);
    block(600);
    await until(() => told.length === 3);
    assert.deepStrictEqual(told, Array(3).fill('while blocked'));
  });

  it('tell of the pongs that ping() asked for, but not of those of receipts', async () => {
    const server = await startServer();
    const { ws } = await openClient({ url: server.url });
    const pong = next(ws, 'pong');
    await ws.ping();
    const [payload] = await pong;
    assert.deepStrictEqual([payload.length, payload[0]], [8, 1]);
    const more = next(ws, 'pong');
    const bare = await startServer({ plan: ['bare'] });
    const { ws: other } = await openClient({ url: bare.url });
    const first = next(other, 'pong');
    await bare.raw('8a09020000000000000001' + '8a0178');
    assert.strictEqual(String((await first)[0]), 'x');
    ws.ping();
    await more;
  });
});

describe('maxEventLoopBlock', () => {
  it('leaves with 4008 while the event loop is blocked, and retries when it runs again', async () => {
    const server = await startServer();
    const { ws, log } = await openClient({ url: server.url, maxEventLoopBlock: 500 });
    ws.on('blocked', (info) => log._write('blocked', info));
    block(2500);
    const [info] = (await log.count('blocked', 1)).map(({ argument }) => argument);
    assert.ok(info.duration >= 1500 && info.duration < SOON_MS, `blocked for ${info.duration} ms`);
    await log.until('open');
    assert.deepStrictEqual(log.lines.slice(0, 5), [
      'stateChange CLOSED',
      "close 4008 'event loop blocked'",
      'blocked [object Object]',
      'retry 1 in 50 of 10',
      'stateChange CONNECTING',
    ]);
    assert.deepStrictEqual(await server.ended(0), { code: 4008, reason: 'event loop blocked' });
    assert.strictEqual(ws.circuitFailures, 0);
    assert.deepStrictEqual(log.of('error'), []);
  });

  it('ends the heartbeats with the connection, and makes no other', async () => {
    const server = await startServer({ echo: true });
    await openClient({ url: server.url, maxEventLoopBlock: 300, heartbeatInterval: 50 });
    await server.received(1);
    await server.later(2000, 'mark');
    block(2500);
    const { messages, handshakes } = await server.marked();
    assert.ok(messages <= 15, `${messages} heartbeats in a block of which 300 ms are allowed`);
    assert.strictEqual(handshakes, 1);
  });

  it('leaves a client alone whose event loop runs', async () => {
    const server = await startServer({ echo: true });
    const { ws, log } = await openClient({
      url: server.url,
      maxEventLoopBlock: 1000,
      heartbeatInterval: 100,
    });
    await log.count('message', 8);
    block(300);
    await log.count('message', 10);
    assert.strictEqual(ws.state, 'OPEN');
    assert.strictEqual(log.of('close').length, 0);
  });

  it('is off by default, and can be set and taken away', async () => {
    const server = await startServer();
    const { ws, log } = await openClient({ url: server.url });
    assert.strictEqual(ws.maxEventLoopBlock, 0);
    block(500);
    ws.maxEventLoopBlock = 100;
    ws.maxEventLoopBlock = 0;
    block(500);
    ws.maxEventLoopBlock = 100;
    block(500);
    await log.until('close 4008');
    assert.strictEqual(log.of('close').length, 1);
  });

  it('can be followed by close(), which ends the client', async () => {
    const server = await startServer();
    const { ws, log } = await openClient({ url: server.url, maxEventLoopBlock: 100 });
    ws.on('close', () => ws.close(1000, 'enough'));
    block(500);
    await log.until("close 1000 'enough'");
    assert.deepStrictEqual(log.of('retry'), []);
    assert.strictEqual(ws.state, 'CLOSED');
  });

  it('does not hold the process', async () => {
    const server = await startServer();
    const { code, stderr } = await runScript(life('unwatched.js'), [server.url]);
    assert.strictEqual(code, 0, stderr);
  });
});

describe('detectSleep', () => {
  const URL_ = 'ws://127.0.0.1:1/';

  it('is on by default', () => {
    assert.strictEqual(new WebSocketReconnect({ url: URL_ }).detectSleep, true);
    assert.strictEqual(new WebSocketReconnect({ url: URL_, detectSleep: false }).detectSleep, false);
  });

  /** Runs a client, freezes its process for as long as sleep needs to be seen, and gives what it told. */
  async function freeze(server, detects) {
    const child = spawn(process.execPath, [life('sleeper.js'), server.url, detects], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.on('data', (chunk) => (text += chunk));
    await until(() => text.includes('"open"'));
    child.kill('SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, 8000));
    child.kill('SIGCONT');
    return { child, told: () => text.trim().split('\n').map(JSON.parse) };
  }

  it('asks the peer after the process slept, unless it is off', async function () {
    // Windows has no SIGSTOP, and the others' processes do not go on after it as they were.
    if (process.platform === 'win32' || runtime.name !== 'node') this.skip();
    const [asks, trusts] = await Promise.all([startServer(), startServer()]);
    const [on, off] = await Promise.all([freeze(asks, 'on'), freeze(trusts, 'off')]);
    try {
      await until(async () => (await asks.pings()) === 1 && on.told().length === 2);
      const [, wake] = on.told();
      assert.strictEqual(wake.event, 'wake');
      assert.ok(wake.argument.slept >= 5000 && wake.argument.slept < 20000, JSON.stringify(wake));
      // As long again as the other one took to see it.
      await new Promise((resolve) => setTimeout(resolve, 2500));
      assert.deepStrictEqual([off.told().length, await trusts.pings()], [1, 0]);
    } finally {
      on.child.kill('SIGKILL');
      off.child.kill('SIGKILL');
    }
  });

  const inNamespace = (mode) =>
    spawnSync('unshare', ['-rn', process.execPath, life('network.js'), mode], {
      encoding: 'utf8',
      timeout: DUE_MS,
    });
  const hasNamespaces = () =>
    process.platform === 'linux' &&
    runtime.name === 'node' &&
    spawnSync('unshare', ['-rn', 'ip', 'link', 'set', 'lo', 'up']).status === 0;

  it('asks an open peer and ends the wait to retry with a new default route', function () {
    // Needs the right to make networks, and `ip`.
    if (!hasNamespaces()) this.skip();
    const { stdout, stderr } = inNamespace('on');
    assert.deepStrictEqual(
      JSON.parse(stdout || JSON.stringify(stderr)),
      { told: ['network of the open one', 'network of the waiting one', 'the next attempt'], open: 'OPEN' },
      stderr,
    );
  });

  it('does neither where it is off', function () {
    // As above.
    if (!hasNamespaces()) this.skip();
    const { stdout, stderr } = inNamespace('off');
    assert.deepStrictEqual(JSON.parse(stdout || JSON.stringify(stderr)), { told: [], open: 'OPEN' }, stderr);
  });
});

describe('the options of liveness', () => {
  const make = (options) => new WebSocketReconnect({ url: 'ws://127.0.0.1:1/', ...options });
  const WRONG = [
    ['heartbeatMode', [1, {}, true], ['pong', '']],
    ['heartbeatReply', ['pong', 1, {}, true], []],
    ['hidePong', ['yes', 1, {}], []],
    ['detectSleep', ['yes', 1, {}], []],
    ['idleTimeout', ['5', true], [-1, NaN, Infinity]],
    ['maxEventLoopBlock', ['5', true], [-1, NaN, Infinity]],
  ];

  for (const [name, types, ranges] of WRONG) {
    it(`${name} of the wrong kind is refused and named`, () => {
      const refused = (Kind, value) => ({
        name: Kind,
        code: 'WSR_ERR_OPTION',
        message: RegExp(`^${name}: `),
      });
      const ws = make({});
      for (const value of types) {
        assert.throws(() => make({ [name]: value }), refused('TypeError', value));
        assert.throws(() => Object.assign(ws, { [name]: value }), refused('TypeError', value));
      }
      for (const value of ranges) assert.throws(() => make({ [name]: value }), refused('RangeError', value));
    });
  }

  it('heartbeatReply is refused where a heartbeat is a ping', () => {
    const refused = { name: 'RangeError', code: 'WSR_ERR_OPTION', message: /^heartbeatReply: .*'ping'/ };
    assert.throws(() => make({ heartbeatMode: 'ping', heartbeatReply: /x/ }), refused);
    const ws = make({ heartbeatReply: /x/ });
    assert.throws(() => Object.assign(ws, { heartbeatMode: 'ping' }), refused);
    assert.strictEqual(ws.heartbeatMode, 'message');
  });
});
