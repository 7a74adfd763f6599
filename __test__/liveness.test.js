'use strict';

const assert = require('assert');
const { spawn, spawnSync } = require('child_process');
const { startServer } = require('./peer/index.js');
const { WebSocketReconnect, openClient } = require('./support/clients.js');
const { DUE_MS } = require('./support/deadlines.js');
const { program, runtime } = require('./support/runtime.js');
const { until } = require('./support/waiting.js');

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

describe('detectSleep', () => {
  const URL_ = 'ws://127.0.0.1:1/';

  it('is on by default', () => {
    assert.strictEqual(new WebSocketReconnect({ url: URL_ }).detectSleep, true);
    assert.strictEqual(new WebSocketReconnect({ url: URL_, detectSleep: false }).detectSleep, false);
  });

  /** Runs a client, freezes its process for as long as sleep needs to be seen, and gives what it told. */
  async function freeze(server, detects) {
    const child = spawn(process.execPath, [program('sleeper.js'), server.url, detects], {
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
    spawnSync('unshare', ['-rn', process.execPath, program('network.js'), mode], {
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
