'use strict';

const assert = require('assert');
const { inspect } = require('util');
const { WebSocketReconnect: Portable } = require('../portable.js');
const { startServer } = require('./peer/index.js');
const { WebSocketReconnect, client, make, openClient } = require('./support/clients.js');
const { program, runScript } = require('./support/runtime.js');
const { deadUrl } = require('./support/urls.js');

function loadDiagnostics() {
  try {
    return require('diagnostics_channel');
  } catch (_error) {
    return undefined;
  }
}

const diagnostics = loadDiagnostics();

/** A server's URL with secrets in it. */
const withSecrets = (url) =>
  `${url.replace('://', '://hidden:hidden@').replace(/\/?$/, '/room')}?token=hidden`;

describe('NODE_DEBUG=websocket-reconnect', () => {
  const run = async (env) => {
    const server = await startServer();
    const args = [withSecrets(server.url), withSecrets(await deadUrl())];
    const { code, stderr } = await runScript(program('debugged.js'), args, { env });
    assert.strictEqual(code, 0, stderr);
    return stderr;
  };

  it('prints a line for each step, and no secret', async () => {
    const printed = await run({ NODE_DEBUG: 'websocket-reconnect' });
    const lines = printed
      .trim()
      .split('\n')
      .map((line) => line.replace(/^WEBSOCKET-RECONNECT \d+: #\d+ /, '').replace(/127.0.0.1:\d+/, 'host'));
    const at = lines.findIndex((line) => line.startsWith('open'));
    assert.ok(
      /^open at ws:\/\/\*\*\*@host\/room…, attempt 0, after 0 ms without a connection, 101 \{.*upgrade: 'websocket'/.test(
        lines[at],
      ),
      printed,
    );
    lines[at] = 'open';
    // The queue is dropped beside the rest, whenever the engine comes to it.
    const drop = 'drop, closed: 13 characters of text';
    assert.ok(lines.includes(drop), printed);
    const steps = lines.filter((line) => line !== drop);
    assert.deepStrictEqual(steps, [
      "connecting to ws://***@host/room…, headers { authorization: '***', 'x-other': '***', 'user-agent': 'a test' }",
      'state OPEN',
      'open',
      'state CLOSING',
      'state CLOSED',
      "close 1000 'Normal closure'",
      'connecting to what url says',
      'error ECONNREFUSED: connect ECONNREFUSED host',
      'state CLOSED',
      "close 1006 '', not clean",
      'retry 1 of 1 in 1 ms',
      'connecting to what url says',
      'error ECONNREFUSED: connect ECONNREFUSED host',
      'state CLOSED',
      "close 1006 '', not clean",
      'state FAILED',
      "close MAX_RETRIES 'Maximum retry attempts (1) exceeded', not clean",
      'giveup MAX_RETRIES: Maximum retry attempts (1) exceeded',
    ]);
    assert.ok(!printed.includes('hidden'), printed);
  });

  it('prints the proxy that an attempt takes', async () => {
    const proxy = { http_proxy: 'http://hidden:hidden@127.0.0.1:1', no_proxy: '127.0.0.1' };
    const printed = await run({ NODE_DEBUG: 'websocket-reconnect', ...proxy });
    const way = ', proxy http://***@127.0.0.1:1, but for 127.0.0.1, headers';
    assert.ok(printed.includes(way), printed);
    assert.ok(!printed.includes('hidden'), printed);
  });

  it('prints nothing where it names others', async () => {
    assert.strictEqual(await run({ NODE_DEBUG: 'net-of-others' }), '');
  });
});

describe('util.inspect()', () => {
  it('shows where a client leads and what it is up to, and no secret', () => {
    const ws = make({ url: 'wss://hidden:hidden@example.com/room?token=hidden' });
    assert.strictEqual(
      inspect(ws),
      "WebSocketReconnect {\n  url: 'wss://***@example.com/room…',\n  state: 'CLOSED',\n  circuit: 'CLOSED',\n  retries: 0\n}",
    );
    ws.openCircuit();
    ws.retryCount = 2;
    assert.ok(/circuit: 'OPEN',\s+retries: 2/.test(inspect(ws)), inspect(ws));
    assert.ok(
      inspect({ a: { b: { c: ws } } }).includes('[WebSocketReconnect]'),
      inspect({ a: { b: { c: ws } } }),
    );
    ws.closeCircuit();
  });

  it('shows the latest round trip', async () => {
    const server = await startServer();
    const { ws } = await openClient({ url: server.url });
    await ws.ping();
    assert.ok(inspect(ws).includes(`state: 'OPEN'`), inspect(ws));
    assert.ok(inspect(ws).includes(`roundTrip: ${ws.getStats().rtt.last}`), inspect(ws));
  });

  it('shows a subclass by its name, with its own fields', () => {
    class Chat extends WebSocketReconnect {
      constructor(options) {
        super(options);
        this.room = 'lobby';
      }
    }
    const shown = inspect(new Chat({ url: 'ws://127.0.0.1:1/' }));
    assert.ok(/^Chat \{[\s\S]*room: 'lobby'/.test(shown), shown);
    assert.ok(!shown.includes('_events'), shown);
    assert.ok(inspect(Object.create(Chat.prototype)).startsWith('Chat'), 'what is no client cannot be shown');
  });
});

/** Why Node has no DevTools that are told of WebSockets, if it has none. */
function withoutDevTools() {
  const { bun, deno, node } = process.versions;
  if (bun || deno) return 'it is Node alone that tells DevTools';
  const [major, minor] = node.split('.').map(Number);
  const isThere = major > 24 || (major === 24 && minor >= 7);
  return isThere ? undefined : 'Node has inspector.Network.webSocketCreated from 24.7 on';
}

describe('DevTools', () => {
  const inspect = async (flags) => {
    const server = await startServer();
    const deadOne = await deadUrl();
    const { code, stdout, stderr } = await runScript(program('inspected.js'), [server.url, deadOne], {
      flags,
    });
    assert.strictEqual(code, 0, stderr);
    const told = stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
    return { told, urls: [server.url, deadOne, server.url] };
  };

  const missing = withoutDevTools();

  it(`shows each connection${missing ? `: ${missing}` : ''}`, async function () {
    if (missing) this.skip();
    const { told, urls } = await inspect(['--experimental-network-inspection']);
    const steps = told.map(({ name }) => name.replace(/^webSocket/, ''));
    const whole = ['Created', 'HandshakeResponseReceived', 'Closed'];
    assert.deepStrictEqual(steps, [...whole, 'Created', 'Closed', ...whole]);
    const created = told.filter(({ name }) => name === 'webSocketCreated');
    assert.deepStrictEqual(
      created.map(({ url }) => url.replace(/\/$/, '')),
      urls.map((url) => url.replace(/\/$/, '')),
    );
    const ids = created.map(({ requestId }) => requestId);
    assert.strictEqual(new Set(ids).size, 3);
    assert.deepStrictEqual(
      told.map(({ requestId }) => ids.indexOf(requestId)),
      [0, 0, 0, 1, 1, 2, 2, 2],
    );
    const [, { response, timestamp }, closed] = told;
    assert.strictEqual(response.status, 101);
    assert.strictEqual(response.headers.upgrade, 'websocket');
    assert.ok(closed.timestamp >= timestamp && timestamp > 0);
  });

  it(`is told nothing that it did not ask for${missing ? `: ${missing}` : ''}`, async function () {
    if (missing) this.skip();
    const { told } = await inspect([]);
    assert.deepStrictEqual(told, []);
  });
});

describe('diagnostics_channel', () => {
  const NAMES = ['connecting', 'open', 'close', 'error', 'retry', 'circuit', 'drop', 'giveup'];
  let left;

  before(function () {
    // Node has it from 14.17 and 15.1 on.
    if (diagnostics === undefined) this.skip();
  });

  beforeEach(() => {
    left = [];
  });

  afterEach(() => {
    for (const leave of left) leave();
  });

  function subscribe(name, take) {
    const channel = diagnostics.channel(name);
    channel.subscribe(take);
    left.push(() => channel.unsubscribe(take));
  }

  /** Writes down what the channels tell of a client, as `[name, message]`. */
  function listen() {
    const told = [];
    for (const name of NAMES) {
      subscribe(`websocket-reconnect:${name}`, (message) => {
        assert.strictEqual(Object.keys(message)[0], 'client');
        told.push([name, message]);
      });
    }
    return told;
  }

  /** What of `told` is of a client, without it. */
  const of = (ws, told) =>
    told.filter(([, { client: one }]) => one === ws).map(([name, { client: _, ...rest }]) => [name, rest]);

  it('tells what the events tell, before their handlers', async () => {
    const server = await startServer();
    const told = listen();
    const { ws } = client({ url: server.url, maxRetries: 1 });
    const events = [];
    let behind = 0;
    for (const event of ['open', 'close', 'retry', 'giveup']) {
      ws.on(event, (argument) => {
        events.push([event, argument]);
        const before = of(ws, told).filter(([name]) => name === event);
        assert.deepStrictEqual(before[before.length - 1], [event, { ...argument }]);
        behind += 1;
      });
    }
    ws.openCircuit();
    ws.closeCircuit();
    await ws.connect();
    const gaveUp = new Promise((resolve) => ws.on('giveup', resolve));
    const failed = new Promise((resolve) => ws.on('error', resolve));
    await server.stopListening();
    await server.cut();
    const error = await failed;
    await gaveUp;
    assert.strictEqual(behind, events.length);
    const names = of(ws, told).map(([name]) => name);
    const life = ['connecting', 'open', 'close', 'retry', 'connecting', 'error', 'close', 'close', 'giveup'];
    assert.deepStrictEqual(names, ['circuit', 'circuit', ...life]);
    const messages = (name) => {
      const named = of(ws, told).filter(([one]) => one === name);
      return named.map(([, rest]) => rest);
    };
    assert.deepStrictEqual(messages('connecting'), [{ attempt: 0 }, { attempt: 1 }]);
    assert.strictEqual(messages('error')[0].error, error);
    assert.deepStrictEqual(messages('circuit'), [{ state: 'OPEN' }, { state: 'CLOSED' }]);
  });

  it("tells of clients over the platform's WebSocket too", async () => {
    const server = await startServer();
    const told = listen();
    const ws = new Portable({ url: server.url, webSocket: require('ws') });
    await ws.connect();
    assert.ok(/^WebSocketReconnect \{\s+url: '[^']+',\s+state: 'OPEN'/.test(inspect(ws)), inspect(ws));
    const closed = new Promise((resolve) => ws.on('close', resolve));
    ws.close();
    await closed;
    assert.deepStrictEqual(
      of(ws, told).map(([name]) => name),
      ['connecting', 'open', 'close'],
    );
  });

  it('tells of messages that are dropped', async () => {
    const told = listen();
    const { ws, log } = client({ url: await deadUrl(), queue: {} });
    ws.connect();
    ws.send('first');
    ws.close();
    await log.until('close');
    const drops = of(ws, told).filter(([name]) => name === 'drop');
    assert.deepStrictEqual(drops, [['drop', { data: 'first', reason: 'closed' }]]);
  });

  describe('the tracing channel of attempts', () => {
    const STEPS = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'];

    before(function () {
      // Node has such channels from 18.19 and 19.9 on.
      if (typeof diagnostics.tracingChannel !== 'function') this.skip();
    });

    /** The steps of each attempt of a client, and the last context of each. */
    function trace() {
      const traces = new Map();
      for (const step of STEPS) {
        subscribe(`tracing:websocket-reconnect:connect:${step}`, (context) => {
          if (!traces.has(context)) traces.set(context, []);
          traces.get(context).push(step);
        });
      }
      return (ws) => [...traces].filter(([context]) => context.client === ws);
    }

    it('has one trace for each, that opened or failed', async () => {
      const server = await startServer();
      const traces = trace();
      const { ws, log } = client({ url: server.url, maxRetries: 1 });
      let info;
      ws.on('open', (argument) => (info = argument));
      await ws.connect();
      assert.strictEqual(traces(ws).length, 1);
      const [opened, steps] = traces(ws)[0];
      assert.deepStrictEqual(Object.keys(opened), ['client', 'attempt', 'result']);
      assert.deepStrictEqual(steps, ['start', 'end', 'asyncStart', 'asyncEnd']);
      assert.strictEqual(opened.result, info);
      await server.stopListening();
      await server.cut();
      const { argument: error } = await log.until('error');
      await log.until('stateChange FAILED');
      const [failed, stepsOfFailed] = traces(ws)[1];
      assert.deepStrictEqual(stepsOfFailed, ['start', 'end', 'error', 'asyncStart', 'asyncEnd']);
      assert.strictEqual(failed.attempt, 1);
      assert.strictEqual(failed.error, error);
      assert.strictEqual(traces(ws).length, 2);
    });

    it('ends that of an attempt that is given up', async () => {
      const server = await startServer();
      const traces = trace();
      const { ws, log } = client({ url: server.url });
      ws.connect();
      ws.close();
      await log.until('close');
      const [[context, steps]] = traces(ws);
      assert.strictEqual(context.error.code, 'ABORT_ERR');
      assert.deepStrictEqual(steps, ['start', 'end', 'error', 'asyncStart', 'asyncEnd']);
    });
  });
});
