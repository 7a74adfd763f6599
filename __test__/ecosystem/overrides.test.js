'use strict';

// Packages that require `ws` by name and take no class: npm's overrides put our entry in its place.

const assert = require('assert');
const { once } = require('events');
const { createServer } = require('https');
const { createRequire } = require('module');
const path = require('path');
const { WebSocketServer } = require('ws');
const ours = require('../../ws.js');
const { certificates } = require('../peer/certificates.js');
const { SOON, after, stand, until } = require('./support.js');

const FOLDER = path.join(__dirname, 'overrides');
const overridden = createRequire(path.join(FOLDER, 'package.json'));

/** What a package of that folder exports, once it is proved that our entry is what it gets for `ws`. */
function overriding(name) {
  assert.strictEqual(createRequire(overridden.resolve(name))('ws'), ours);
  return overridden(name);
}

describe('the place of ws', () => {
  it('has our class, and a server of the real one', () => {
    const WebSocket = overridden('ws');
    assert.strictEqual(WebSocket, ours);
    assert.strictEqual(typeof new WebSocket.Server({ noServer: true }).handleUpgrade, 'function');
  });
});

describe('mqtt, as it is in Node', () => {
  async function broker() {
    const { Aedes } = overridden('aedes');
    const aedes = await Aedes.createBroker();
    after(() => new Promise((resolve) => aedes.close(resolve)));
    const { createWebSocketStream } = ours;
    return stand((socket, request) => aedes.handle(createWebSocketStream(socket), request), {
      handleProtocols: () => 'mqtt',
    });
  }

  async function client(server) {
    const made = overriding('mqtt').connect(server.url, { reconnectPeriod: SOON });
    made.on('error', () => {});
    after(() => made.endAsync(true));
    const heard = [];
    made.on('message', (topic, payload) => heard.push(`${topic} ${payload}`));
    await made.subscribeAsync('rooms/#', { qos: 1 });
    return { heard, made };
  }

  it('publishes and hears, small and large', async () => {
    const { heard, made } = await client(await broker());
    await made.publishAsync('rooms/one', 'hello', { qos: 1 });
    await made.publishAsync('rooms/two', 'x'.repeat(300000), { qos: 1 });
    await until(() => heard.length === 2);
    assert.deepStrictEqual(heard, ['rooms/one hello', `rooms/two ${'x'.repeat(300000)}`]);
  });

  it('publishes what waited after a restart', async () => {
    const server = await broker();
    const { heard, made } = await client(server);
    await server.restart();
    // What is published before it has subscribed again is heard by nobody.
    await until(async () => {
      await made.publishAsync('rooms/one', 'again', { qos: 1 });
      return heard.includes('rooms/one again');
    });
  });
});

describe('the WebSocketProvider of ethers', () => {
  /** Answers by the method's name, and tells a block to who subscribes. */
  function answer(socket) {
    socket.on('message', (text) => {
      for (const { id, method } of [JSON.parse(text)].flat()) {
        const result = { eth_chainId: '0x1', eth_blockNumber: '0x2a', eth_subscribe: '0xfeed' }[method];
        socket.send(JSON.stringify({ jsonrpc: '2.0', id, result }));
        if (method !== 'eth_subscribe') continue;
        const params = { subscription: '0xfeed', result: { number: '0x2b' } };
        socket.send(JSON.stringify({ jsonrpc: '2.0', method: 'eth_subscription', params }));
      }
    });
  }

  it('asks, and hears of blocks', async () => {
    const { WebSocketProvider } = overriding('ethers');
    const provider = new WebSocketProvider((await stand(answer)).url);
    after(() => provider.destroy());
    assert.ok(provider.websocket instanceof ours);
    assert.strictEqual(await provider.getBlockNumber(), 42);
    const block = await new Promise((resolve) => provider.on('block', resolve));
    assert.strictEqual(block, 43);
  });
});

describe("openai's OpenAIRealtimeWS", () => {
  /** Its URLs are `wss:` alone. */
  async function server(serve) {
    const { leaf, ca } = certificates();
    const https = createServer(leaf);
    const sockets = new WebSocketServer({ server: https });
    sockets.on('connection', serve);
    https.listen(0, '127.0.0.1');
    await once(https, 'listening');
    after(() => {
      for (const socket of sockets.clients) socket.terminate();
      https.close();
    });
    return { baseURL: `https://127.0.0.1:${https.address().port}/v1`, ca };
  }

  async function realtime(serve, apiKey = 'key') {
    const { OpenAI } = overridden('openai');
    const { OpenAIRealtimeWS } = overriding('openai/realtime/ws');
    const { baseURL, ca } = await server(serve);
    const rt = new OpenAIRealtimeWS({ model: 'some', options: { ca } }, new OpenAI({ apiKey, baseURL }));
    assert.ok(rt.socket instanceof ours);
    return rt;
  }

  it('sends its key and its events, hears those of the server, and closes', async () => {
    const seen = [];
    const rt = await realtime((socket, { headers, url }) => {
      seen.push(headers.authorization, url);
      socket.send(JSON.stringify({ type: 'session.created' }));
      socket.on('message', (text) => seen.push(JSON.parse(text).type));
      socket.on('close', (code, reason) => seen.push(code, `${reason}`));
    });
    await new Promise((resolve) => rt.on('session.created', resolve));
    rt.send({ type: 'response.create' });
    rt.close({ code: 1000, reason: 'done' });
    await until(() => seen.length === 5);
    assert.deepStrictEqual(seen, ['Bearer key', '/v1/realtime?model=some', 'response.create', 1000, 'done']);
  });

  it('tells an error of the connection', async () => {
    const rt = await realtime((socket) => socket._socket.write(Buffer.from([0x81, 1, 0xff])));
    const error = await new Promise((resolve) => rt.on('error', resolve));
    assert.strictEqual(error.cause.code, 'WS_ERR_INVALID_UTF8');
  });
});

describe('@discordjs/ws', () => {
  /** A gateway: it greets, takes a shard that says who it is, beats, and tells one event. */
  function gateway(log) {
    return (socket) => {
      const send = (op, d, more) => socket.send(JSON.stringify({ op, d, ...more }));
      send(10, { heartbeat_interval: 100 });
      socket.on('message', (text) => {
        const { op, d } = JSON.parse(text);
        log.push(op);
        if (op === 1) send(11);
        if (op === 6) send(0, {}, { t: 'RESUMED', s: d.seq + 1 });
        if (op !== 2) return;
        const ready = {
          session_id: 'one',
          resume_gateway_url: log.url,
          user: {},
          guilds: [],
          token: d.token,
        };
        send(0, ready, { t: 'READY', s: 1 });
        send(0, { content: 'hello' }, { t: 'MESSAGE_CREATE', s: 2 });
      });
    };
  }

  it('identifies, beats, hears, and resumes after a restart', async () => {
    const { WebSocketManager, WebSocketShardEvents } = overriding('@discordjs/ws');
    const log = [];
    const server = await stand(gateway(log));
    log.url = server.url;
    const limit = { total: 1000, remaining: 1000, reset_after: 1000, max_concurrency: 1 };
    const rest = { get: async () => ({ url: server.url, shards: 1, session_start_limit: limit }) };
    const manager = new WebSocketManager({ token: 'token', intents: 0, rest, handshakeTimeout: 5000 });
    after(() => manager.destroy());
    const heard = [];
    manager.on(WebSocketShardEvents.Dispatch, ({ t }) => heard.push(t));
    manager.on(WebSocketShardEvents.Error, () => {});
    const resumed = new Promise((resolve) => manager.on(WebSocketShardEvents.Resumed, resolve));
    await manager.connect();
    await until(() => log.includes(2) && log.includes(1));
    await server.restart();
    await resumed;
    assert.ok(log.includes(6) && heard.includes('MESSAGE_CREATE'));
  });
});
