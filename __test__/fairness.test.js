'use strict';

const assert = require('assert');
const { startServer } = require('./peer/index.js');
const { client, openClient } = require('./support/clients.js');
const { record } = require('./support/recorder.js');

const FLOOD = { count: 40000, size: 100 };
/** What a handler takes, in ms. */
const SLOW = 0.1;
/** Messages of floods that another client may have to wait for. All would be 8 s of handlers; the server has its share of time. */
const FEW = 10000;

/** Two clients that are flooded and whose handlers are slow. Returns how many of their messages have been handled. */
async function flooded(options) {
  const server = await startServer({ burst: FLOOD });
  let handled = 0;
  const clients = [client({ url: server.url, ...options }), client({ url: server.url, ...options })];
  for (const { ws } of clients) {
    ws.removeAllListeners();
    ws.on('message', () => {
      handled += 1;
      const end = process.hrtime();
      for (;;) {
        const [seconds, nanoseconds] = process.hrtime(end);
        if (seconds * 1e3 + nanoseconds / 1e6 > SLOW) return;
      }
    });
    await ws.connect();
  }
  return { clients, handled: () => handled };
}

describe('a client beside others that are flooded', () => {
  it('is told of its messages and its life in the midst of them', async () => {
    const server = await startServer({ echo: true });
    const { ws, log } = await openClient({ url: server.url });
    const { handled } = await flooded();
    for (let i = 0; i < 3; i += 1) {
      const before = handled();
      ws.send(`${i}`);
      await log.until(`message ${i}`);
      const other = client({ url: server.url });
      await other.ws.connect();
      other.ws.close();
      await other.log.until('close');
      const waited = handled() - before;
      assert.ok(waited < FEW, `it waited for ${waited} messages of others`);
    }
    assert.ok(handled() < 2 * FLOOD.count, 'the floods are over');
  });

  it('need not wait for what others have kept while they paused', async () => {
    const server = await startServer({ echo: true });
    const { ws, log } = await openClient({ url: server.url });
    const { clients, handled } = await flooded();
    for (const flood of clients) flood.ws.pause();
    ws.send('all are kept');
    await log.until('message all');
    for (const flood of clients) flood.ws.resume();
    const before = handled();
    const timer = new Promise((resolve) => setTimeout(resolve, 1));
    await timer;
    assert.ok(handled() - before < 1000, `a timer waited for ${handled() - before} messages`);
    ws.send('x');
    await log.until('message x');
    assert.ok(handled() - before < FEW, `it waited for ${handled() - before} messages of others`);
  });

  it('is told all of its own in order', async () => {
    const server = await startServer({ burst: { count: 3000, size: 50 } });
    const logs = [];
    for (let i = 0; i < 4; i += 1) {
      const { ws } = client({ url: server.url });
      logs.push(record(ws));
      ws.connect();
    }
    for (const log of logs) {
      await log.count('message', 3000);
      const numbers = log.of('message').map(({ data }) => Number.parseInt(data, 10));
      assert.deepStrictEqual(
        numbers,
        numbers.map((_, i) => i),
      );
      assert.strictEqual(log.lines[2], 'open');
    }
  });
});
