'use strict';

const assert = require('assert');
const { once } = require('events');
const WebSocket = require('ws');
const { readHeaders } = require('../lib/browser/request-headers.js');
const { WebSocketReconnect } = require('../portable.js');
const { startServer } = require('./peer/index.js');
const { program, runScript } = require('./support/runtime.js');
const { deadUrl } = require('./support/urls.js');
const { mkdtempSync, rmdirSync, unlinkSync, writeFileSync } = require('fs');
const os = require('os');
const path = require('path');

describe('the class over a WebSocket that is handed in', () => {
  const clients = [];

  afterEach(() => {
    for (const client of clients.splice(0)) client.terminate();
  });

  const make = (options) => {
    const client = new WebSocketReconnect({ webSocket: WebSocket, baseDelay: 20, jitter: 0, ...options });
    clients.push(client);
    return client;
  };

  const refused = (options, reason) =>
    assert.throws(() => make({ url: 'ws://localhost', ...options }), {
      code: 'WSR_ERR_UNSUPPORTED_OPTION',
      message: reason,
    });

  it('refuses what a browser cannot do, with the reason', () => {
    refused({ headers: { Authorization: 'secret' } }, /^headers .*token into the URL/);
    refused({ heartbeatMode: 'ping' }, /^heartbeatMode .*sends no pings/);
    refused({ delivery: 'at-least-once' }, /^delivery .*have the application answer/);
    refused({ maxEventLoopBlock: 100 }, /^maxEventLoopBlock /);
    refused({ maxRetryAfter: 100 }, /^maxRetryAfter /);
    refused({ proxy: 'http://proxy.test' }, /^proxy .*the platform decides/);
    refused({ proxy: () => false }, /^proxy /);
    refused({ websocketOptions: { rejectUnauthorized: false } }, /^websocketOptions.rejectUnauthorized /);
  });

  it('says what is missing where there is no class to connect by', async () => {
    const { WebSocket: own } = global;
    Object.defineProperty(global, 'WebSocket', { value: undefined, configurable: true, writable: true });
    const client = make({ url: 'ws://localhost', webSocket: undefined });
    Object.defineProperty(global, 'WebSocket', { value: own, configurable: true, writable: true });
    client.connect().catch(() => {});
    const [error] = await once(client, 'error');
    assert.strictEqual(error.message, 'There is no global WebSocket: give the option webSocket a class');
  });

  it('refuses what is of the wrong type as such', () => {
    for (const value of [Symbol('soon'), Object.create(null), '100']) {
      const options = /** @type {any} */ ({ url: 'ws://localhost', maxEventLoopBlock: value });
      assert.throws(() => make(options), { name: 'TypeError', code: 'WSR_ERR_OPTION' });
    }
  });

  it('takes empty headers, which ask for nothing', () => {
    for (const headers of [{}, [], new Map(), new URLSearchParams()]) {
      const ws = make({ url: 'ws://localhost', headers, websocketOptions: { headers } });
      ws.headers = headers;
      ws.websocketOptions = { headers };
      assert.throws(() => (ws.headers = { a: 'b' }), { code: 'WSR_ERR_UNSUPPORTED_OPTION' });
    }
    refused({ websocketOptions: { headers: { a: 'b' } } }, /^websocketOptions.headers /);
    refused({ headers: () => ({}) }, /^headers /);
    // As bundles have it.
    for (const headers of [undefined, {}, [], new Map()])
      assert.deepStrictEqual(readHeaders(headers, 'headers'), []);
    for (const headers of [{ a: 'b' }, [['a', 'b']], 'a: b', () => ({})]) {
      assert.throws(() => readHeaders(headers, 'headers'), { code: 'WSR_ERR_UNSUPPORTED_OPTION' });
    }
  });

  it('takes a proxy that asks for nothing', () => {
    for (const proxy of ['env', false, null]) make({ url: 'ws://localhost', proxy }).proxy = proxy;
  });

  it('refuses an assignment that the constructor refuses, and keeps what was', () => {
    const ws = make({ url: 'ws://localhost' });
    assert.throws(() => (ws.proxy = 'http://proxy.test'), { code: 'WSR_ERR_UNSUPPORTED_OPTION' });
    assert.strictEqual(ws.proxy, 'env');
    assert.throws(() => (ws.heartbeatMode = 'ping'), { code: 'WSR_ERR_UNSUPPORTED_OPTION' });
    assert.throws(() => (ws.headers = { a: 'b' }), { code: 'WSR_ERR_UNSUPPORTED_OPTION' });
    assert.strictEqual(ws.heartbeatMode, 'message');
    assert.strictEqual(ws.headers, undefined);
  });

  it('rejects what would need pongs', async () => {
    const server = await startServer();
    const ws = make({ url: server.url });
    await ws.connect();
    for (const call of [() => ws.ping(), () => ws.sendConfirmed('a'), () => ws.flush()]) {
      await assert.rejects(call, { code: 'WSR_ERR_UNSUPPORTED_OPTION' });
    }
  });

  it('checks URLs and subprotocols in the constructor', () => {
    for (const url of ['ftp://x', 'ws://x/#a', 'ws://', 'ws://x:99999']) {
      assert.throws(() => make({ url }), RangeError, url);
    }
    assert.throws(() => make({ url: 'ws://x', protocols: ['a', 'a'] }), /twice/);
    assert.throws(() => make({ url: 'ws://x', protocols: ['a b'] }), /no subprotocol/);
  });

  it('keeps messages in the queue, drops what is too much, and sends the rest at the next open', async () => {
    const server = await startServer({ echo: true });
    const ws = make({ url: server.url, queue: { maxMessages: 2, overflow: 'drop-oldest' } });
    const dropped = [];
    const received = [];
    ws.on('drop', ({ data, reason }) => dropped.push(`${data} ${reason}`));
    ws.on('message', ({ data }) => received.push(data));
    ws.connect();
    const unsent = new Promise((resolve) => ws.send('1', resolve));
    for (const text of ['2', '3']) ws.send(text);
    assert.deepStrictEqual(dropped, ['1 overflow']);
    assert.strictEqual(ws.getStats().queuedMessages, 2);
    assert.strictEqual((await unsent).message, 'It was not sent: it was dropped since the queue was full');
    while (received.length < 2) await once(ws, 'message');
    assert.deepStrictEqual(received, ['2', '3']);
  });

  it('tells a drop before the send returns that caused it, in a handler too', async () => {
    const ws = make({ url: await deadUrl(), queue: { maxMessages: 1, overflow: 'drop-oldest' } });
    const dropped = [];
    ws.on('drop', ({ data }) => dropped.push(data));
    ws.connect();
    const droppedInHandler = new Promise((resolve) => {
      ws.on('retry', () => {
        ws.send('1');
        ws.send('2');
        resolve([...dropped]);
      });
    });
    assert.deepStrictEqual(await droppedInHandler, ['1']);
  });

  it('counts by getStats() as the native engine does', async () => {
    const server = await startServer({ echo: true });
    const ws = make({ url: server.url, baseDelay: 60000, maxDelay: 60000 });
    await ws.connect();
    let left = 2;
    const echoed = new Promise((resolve) => ws.on('message', () => --left === 0 && resolve()));
    ws.send('grün');
    ws.send(Buffer.from([1, 2]));
    await echoed;
    const { messagesIn, messagesOut, bytesIn, bytesOut, connects, nextAttemptAt } = ws.getStats();
    assert.deepStrictEqual([messagesIn, messagesOut, bytesIn, bytesOut], [2, 2, 7, 7]);
    assert.deepStrictEqual([connects, nextAttemptAt], [1, null]);
    const retried = once(ws, 'retry');
    await server.close(1012, 'restart');
    await retried;
    const wait = ws.getStats().nextAttemptAt - Date.now();
    assert.ok(wait > 50000 && wait <= 60005, `${wait} ms`);
    assert.deepStrictEqual(ws.getStats().lastClose, { code: 1012, reason: 'restart', wasClean: true });
  });

  it('says when an attempt begins that waits for its turn, as far as that is known', async () => {
    const server = await startServer();
    const connectRate = { max: 2, per: 60000, scope: 'turns' };
    const waiting = Array.from({ length: 4 }, () => make({ url: server.url, connectRate }));
    const promises = waiting.map((ws) => ws.connect());
    for (const promise of promises.slice(2)) promise.catch(() => {});
    await Promise.all(promises.slice(0, 2));
    for (const ws of waiting.slice(2)) {
      const { nextAttemptAt, waitingFor } = ws.getStats();
      assert.strictEqual(waitingFor, 'connectRate');
      const wait = nextAttemptAt - Date.now();
      assert.ok(wait > 50000 && wait <= 60005, `${wait} ms`);
    }
    const alone = { concurrency: 1, scope: 'alone' };
    const [first, last] = [0, 1].map(() => make({ url: server.url, connectRate: alone }));
    first.connect().catch(() => {});
    last.connect().catch(() => {});
    assert.strictEqual(last.getStats().nextAttemptAt, null);
  });

  it('has a process end, in which the bundle for browsers was loaded', async () => {
    const server = await startServer();
    const { code, stdout, stderr } = await runScript(program('bundled.js'), [server.url]);
    assert.deepStrictEqual([code, stdout], [0, 'open, close'], stderr);
  });

  it('calls the callback of a message once the platform has sent it', async () => {
    const server = await startServer();
    const ws = make({ url: server.url });
    await ws.connect();
    await new Promise((resolve, reject) => ws.send('a', (error) => (error ? reject(error) : resolve())));
  });

  it('ends an attempt that hangs after connectionTimeout', async () => {
    const server = await startServer({ plan: ['silent'] });
    const ws = make({ url: server.url, connectionTimeout: 50, maxRetries: 0 });
    const failed = new Promise((resolve) => ws.once('error', resolve));
    ws.connect().catch(() => {});
    const error = await failed;
    assert.strictEqual(error.code, 'WSR_ERR_HANDSHAKE_TIMEOUT');
  });
});

describe('the event loop in a bundle', () => {
  const LOOP = require.resolve('../lib/browser/loop.js');
  const { MessageChannel: known } = global;
  afterEach(() => {
    global.MessageChannel = known;
    delete require.cache[LOOP];
  });

  for (const [what, channel] of [
    ['there is no MessageChannel', undefined],
    [
      'a MessageChannel throws',
      class {
        constructor() {
          throw new Error('not supported');
        }
      },
    ],
  ]) {
    it(`has its turns where ${what}`, async () => {
      delete require.cache[LOOP];
      global.MessageChannel = channel;
      const { later } = require(LOOP);
      await new Promise((resolve) => later(resolve));
    });
  }
});

describe('a platform without a binary', () => {
  let folder;
  let file;

  /** Runs `text` where no binary loads, and a global WebSocket is there or not. */
  const run = (hasWebSocket) => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'portable-'));
    file = path.join(folder, 'a.cjs');
    const binaries = JSON.stringify(path.join(__dirname, '..', 'lib', 'node', 'binaries.js'));
    writeFileSync(
      file,
      `const binaries = require(${binaries});
      for (const id of Object.keys(binaries)) delete binaries[id];
      global.WebSocket = ${hasWebSocket ? 'class {}' : 'undefined'};
      process.on('warning', ({ code, message }) => console.log(code, /takes its place/.test(message)));
      try {
        const { WebSocketReconnect } = require(${JSON.stringify(path.join(__dirname, '..'))});
        console.log(WebSocketReconnect.name, new WebSocketReconnect({ url: 'ws://x' }).state);
      } catch ({ code }) {
        console.log(code);
      }\n`,
    );
    return runScript(file);
  };

  afterEach(() => {
    unlinkSync(file);
    rmdirSync(folder);
  });

  it('has the class over the global WebSocket, and is warned of that once', async () => {
    const { stdout, stderr } = await run(true);
    assert.strictEqual(stdout, 'WebSocketReconnect CLOSED\nWSR_WARN_PORTABLE true\n', stderr);
  });

  it('says what is missing where there is none', async () => {
    const { stdout, stderr } = await run(false);
    assert.strictEqual(stdout, 'WSR_ERR_NO_BINARY\n', stderr);
  });
});
