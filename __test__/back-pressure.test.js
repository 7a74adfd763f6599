'use strict';

const assert = require('assert');
const path = require('path');
const { startServer } = require('./peer/index.js');
const { client, openClient } = require('./support/clients.js');
const { DUE_MS } = require('./support/deadlines.js');
const { block, runScript, runtime } = require('./support/runtime.js');

const CHUNK = 'x'.repeat(256 * 1024);

async function until(condition, what) {
  const end = Date.now() + DUE_MS;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`not within ${DUE_MS} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Waits until the sockets hold all that they take. */
async function settled(ws) {
  let before;
  do {
    before = ws.bufferedAmount;
    await new Promise((resolve) => setTimeout(resolve, 50));
  } while (ws.bufferedAmount !== before);
}

/** A client whose server does not read, and that has sent until it was told to stop, for good. */
async function fullClient(options) {
  const server = await startServer();
  const { ws, log } = await openClient({ url: server.url, ...options });
  await server.freeze();
  let drains = 0;
  ws.on('drain', () => (drains += 1));
  let sent = 0;
  do {
    while (ws.send(CHUNK)) {
      sent += CHUNK.length;
      assert.ok(sent < 200 * CHUNK.length, 'send() has never returned false');
      await new Promise((resolve) => setImmediate(resolve));
    }
    sent += CHUNK.length;
    assert.ok(sent >= ws.highWaterMark, `told to stop after ${sent} bytes`);
    await settled(ws);
  } while (ws.bufferedAmount <= ws.highWaterMark);
  drains = 0;
  return { server, ws, log, drains: () => drains };
}

describe('sending faster than the network', () => {
  it('is told by send(), and its end by drain', async () => {
    const { server, ws, drains } = await fullClient();
    assert.ok(ws.bufferedAmount > ws.highWaterMark, `${ws.bufferedAmount} bytes`);
    assert.strictEqual(ws.send('more'), false);
    assert.strictEqual(drains(), 0);
    await server.thaw();
    await until(() => drains() > 0, 'a drain');
    assert.ok(ws.bufferedAmount <= ws.highWaterMark, `${ws.bufferedAmount} bytes`);
    assert.strictEqual(ws.send('more'), true);
    await until(() => ws.bufferedAmount === 0, 'an empty buffer');
    assert.strictEqual(drains(), 1);
  });

  it('is told above highWaterMark alone', async () => {
    const { ws } = await fullClient({ highWaterMark: 4 * 1024 * 1024 });
    assert.strictEqual(ws.highWaterMark, 4 * 1024 * 1024);
    assert.ok(ws.bufferedAmount > 4 * 1024 * 1024, `${ws.bufferedAmount} bytes`);
    ws.highWaterMark = Infinity;
    assert.strictEqual(ws.send(CHUNK), true);
  });

  it('shows in bufferedAmount how far the server has read', async () => {
    const { server, ws } = await fullClient({ highWaterMark: 8 * 1024 * 1024 });
    const seen = new Set([ws.bufferedAmount]);
    await server.thaw();
    await until(() => seen.add(ws.bufferedAmount) && ws.bufferedAmount === 0, 'an empty buffer');
    assert.ok(seen.size > 2, `only ${[...seen]}`);
  });

  it('ends with the connection', async () => {
    const { server, ws, drains } = await fullClient();
    await server.cut('reset');
    await until(() => drains() > 0, 'a drain');
    await until(() => ws.bufferedAmount === 0, 'nothing buffered');
  });

  it('ends with terminate(), and with reconnect()', async () => {
    for (const method of ['terminate', 'reconnect']) {
      const { ws, log, drains } = await fullClient();
      log.take();
      ws[method]();
      assert.strictEqual(ws.bufferedAmount, 0);
      await until(() => drains() > 0, 'a drain');
      await log.until('close');
      assert.strictEqual(ws.bufferedAmount, 0);
      assert.strictEqual(drains(), 1);
    }
  });

  it('throws beyond maxBufferedAmount', async () => {
    const { ws } = await fullClient({ maxBufferedAmount: 2 * 1024 * 1024 });
    const fill = () => {
      for (let i = 0; i < 100; i++) ws.send(CHUNK);
    };
    do {
      assert.throws(fill, { code: 'WSR_ERR_BUFFER_FULL' });
      assert.ok(ws.bufferedAmount <= 2 * 1024 * 1024, `${ws.bufferedAmount} bytes`);
      // The system may take some more.
      await settled(ws);
    } while (ws.bufferedAmount + CHUNK.length <= 2 * 1024 * 1024);
    await assert.rejects(ws.sendConfirmed(CHUNK), { code: 'WSR_ERR_BUFFER_FULL' });
    assert.strictEqual(ws.maxBufferedAmount, 2 * 1024 * 1024);
    ws.maxBufferedAmount = Infinity;
    ws.send(CHUNK);
  });
});

describe('a peer that pings and does not read', () => {
  for (const listens of [false, true]) {
    it(`costs one pong${listens ? ', also where its pings are listened to' : ''}`, async () => {
      const server = await startServer();
      const { ws } = await openClient({ url: server.url });
      let told = 0;
      if (listens) ws.on('ping', () => (told += 1));
      const count = listens ? 10 * 32768 : 100 * 32768;
      const pestered = server.pester(count);
      let most = 0;
      const watching = setInterval(() => (most = Math.max(most, ws.bufferedAmount)), 1);
      await pestered;
      await until(() => !listens || told === count + 1, 'all pings');
      clearInterval(watching);
      assert.ok(most < 1024 * 1024, `${most} bytes were buffered`);
      await server.thaw();
      await until(() => ws.bufferedAmount === 0, 'an empty buffer');
      await server.answered('last');
    });
  }

  it('leaves other clients their turn', async () => {
    const server = await startServer();
    await openClient({ url: server.url });
    const pestered = server.pester(100 * 32768);
    const other = await startServer({ echo: true });
    const { ws, log } = await openClient({ url: other.url });
    for (let i = 0; i < 20; i++) {
      ws.send(`${i}`);
      await log.until(`message ${i}`);
    }
    await pestered;
    log.take();
  });
});

describe('pause()', () => {
  it('holds messages, and resume() delivers them in order', async () => {
    const server = await startServer();
    const { ws, log } = await openClient({ url: server.url });
    assert.strictEqual(ws.isPaused, false);
    assert.strictEqual(ws.pause(), ws);
    assert.strictEqual(ws.isPaused, true);
    for (let i = 0; i < 100; i++) await server.send(`${i}`);
    await ws.flush();
    assert.deepStrictEqual(log.of('message'), []);
    ws.resume();
    assert.strictEqual(ws.isPaused, false);
    await log.count('message', 100);
    await server.send('100');
    await log.count('message', 101);
    const data = log.of('message').map((event) => event.data);
    assert.deepStrictEqual(
      data,
      Array.from({ length: 101 }, (_, i) => `${i}`),
    );
    log.take();
  });

  it('holds at once, also within what arrived together', async () => {
    const server = await startServer();
    const { ws, log } = await openClient({ url: server.url });
    const seen = [];
    ws.on('message', ({ data }) => {
      seen.push(data);
      ws.pause();
      assert.strictEqual(ws.isPaused, true);
      setTimeout(() => {
        assert.strictEqual(seen[seen.length - 1], data);
        ws.resume();
      }, 1);
    });
    for (const binary of [false, true]) await server.send(binary ? '6162' : 'x', { binary, times: 30 });
    await log.count('message', 60);
    log.take();
  });

  it('lets the client answer pings, know its pongs, and beat', async () => {
    const server = await startServer();
    const { ws } = await openClient({ url: server.url });
    ws.pause();
    await server.ping('still there');
    assert.deepStrictEqual(await server.pongs(1), ['still there']);
    await ws.sendConfirmed('paused');
    assert.strictEqual((await server.received(1))[0].data, 'paused');
  });

  it('leaves a heartbeat its reply, and ping() its pong', async () => {
    const server = await startServer({ echo: true });
    const { ws, log } = await openClient({
      url: server.url,
      heartbeatInterval: 40,
      heartbeatTimeout: 40,
      heartbeatMessage: 'beat',
      heartbeatReply: /beat/,
    });
    ws.pause();
    await server.received(5);
    assert.ok((await ws.ping()) >= 0);
    assert.deepStrictEqual(log.lines, []);
    ws.resume();
    await log.until('message beat');
    ws.close();
    await log.until('close');
    log.take();
  });

  it('holds what follows the messages too, in order', async () => {
    const server = await startServer();
    const { ws, log } = await openClient({ url: server.url, maxRetries: 0 });
    ws.pause();
    await server.send('last words');
    await server.close(1012, 'restart');
    await server.ended();
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.deepStrictEqual(log.lines, []);
    assert.strictEqual(ws.state, 'OPEN');
    ws.resume();
    await log.until('stateChange FAILED');
    assert.deepStrictEqual(log.lines.slice(0, 3), [
      'message last words',
      'stateChange CLOSED',
      "close 1012 'restart'",
    ]);
    log.take();
  });

  it('holds no event of a client that has no message to deliver', async () => {
    const server = await startServer();
    const { ws, log } = await openClient({ url: server.url });
    ws.pause();
    await server.cut();
    await log.until('close');
    await log.until('open');
    await server.send('held');
    await ws.flush();
    assert.deepStrictEqual(log.of('message'), []);
    ws.resume();
    await log.until('message held');
    log.take();
  });

  it('ends with close()', async () => {
    const server = await startServer();
    const { ws, log } = await openClient({ url: server.url });
    ws.pause();
    await server.send('held');
    await ws.flush();
    ws.close();
    assert.strictEqual(ws.isPaused, false);
    await log.until('close');
    assert.deepStrictEqual(log.lines, [
      'stateChange CLOSING',
      'message held',
      'stateChange CLOSED',
      "close 1000 'Normal closure'",
    ]);
    log.take();
  });

  it('makes the server wait once the room is full, and cuts nobody', async () => {
    const server = await startServer();
    const { ws, log } = await openClient({ url: server.url, heartbeatInterval: 100, heartbeatTimeout: 100 });
    ws.pause();
    await server.flood({ bytes: 40 * 1024 * 1024, size: 256 * 1024 });
    await new Promise((resolve) => setTimeout(resolve, 600));
    assert.deepStrictEqual(log.lines, []);
    ws.resume();
    await log.count('message', 160);
    log.take();
  });
});

describe('a consumer that never keeps up', () => {
  it('costs bounded memory', async function () {
    // The others' collectors let garbage gather as they please: their memory tells nothing of ours.
    if (runtime.name !== 'node') this.skip();
    const server = await startServer();
    const run = runScript(path.join(__dirname, 'life', 'slow-consumer.js'), [server.url, '3000'], {
      exposeGc: true,
    });
    await server.connected(1);
    await server.flood({ bytes: 2 ** 31, size: 64 * 1024 });
    const { code, stdout, stderr } = await run;
    assert.strictEqual(code, 0, stderr);
    const { handled, grownMiB } = JSON.parse(stdout);
    assert.ok(handled > 500, `${handled} messages handled`);
    assert.ok(grownMiB < 64, `grew by ${grownMiB} MiB`);
  });
});

describe('a consumer that is blocked', () => {
  it('pushes back on a peer that floods a blocked JavaScript thread', async () => {
    const server = await startServer({ burst: { count: 3000, size: 65536 } });
    const { ws, log } = client({ url: server.url });
    const before = process.memoryUsage().rss;
    ws.connect();
    block(1500);
    const grown = (process.memoryUsage().rss - before) / 2 ** 20;
    assert.ok(grown < 150, `${Math.round(grown)} MiB of 196 MiB are held`);
    await log.until('message 0 ');
  });
});
