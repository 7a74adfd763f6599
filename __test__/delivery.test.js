'use strict';

const assert = require('assert');
const { once } = require('events');
const WebSocket = require('ws');
const { startServer, deadPort } = require('./peer/index.js');
const { client, openClient } = require('./support/clients.js');
const { DUE_MS } = require('./support/deadlines.js');

/** The next event `name`, or a failure. */
function next(ws, name) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ${name} within ${DUE_MS} ms`)), DUE_MS);
    ws.once(name, (argument) => {
      clearTimeout(timer);
      resolve(argument);
    });
  });
}

const texts = (messages) => messages.map(({ data }) => data);

/** A client that waits to retry, since its server is gone for now. */
async function waitingClient(options) {
  const server = await startServer();
  const { ws, log } = await openClient({ url: server.url, maxRetries: Infinity, maxDelay: 50, ...options });
  await server.stopListening();
  await server.cut();
  await log.until('retry');
  return { server, ws, log };
}

/** The texts that reach a server that is back. */
async function arriving(server, count) {
  await server.listenAgain();
  return texts(await server.received(count));
}

describe('the queue', () => {
  it('takes messages while waiting to retry, and sends them before what the open handler sends', async () => {
    const { server, ws } = await waitingClient({ queue: true });
    assert.strictEqual(ws.send('one'), true);
    ws.send('two');
    ws.on('open', () => ws.send('three'));
    assert.deepStrictEqual(await arriving(server, 3), ['one', 'two', 'three']);
  });

  it('takes messages while blocked', async () => {
    const { server, ws } = await waitingClient({ queue: true });
    ws.openCircuit();
    assert.strictEqual(ws.state, 'BLOCKED');
    ws.send('one');
    await server.listenAgain();
    ws.closeCircuit();
    assert.deepStrictEqual(texts(await server.received(1)), ['one']);
  });

  it('is told by getStats() and bufferedAmount', async () => {
    const { ws } = await waitingClient({ queue: true });
    ws.send('four');
    ws.send(Buffer.alloc(6));
    const { queuedMessages, queuedBytes } = ws.getStats();
    assert.deepStrictEqual([queuedMessages, queuedBytes, ws.bufferedAmount], [2, 10, 10]);
  });

  it('keeps nothing without the option, and nothing at all where it is false', async () => {
    const { ws } = await waitingClient();
    assert.throws(() => ws.send('x'), { code: 'WSR_ERR_NOT_CONNECTED' });
    const port = await deadPort();
    for (const [queue, keeps] of [
      [undefined, true],
      [false, false],
      [true, true],
    ]) {
      const { ws } = client({ url: `ws://127.0.0.1:${port}`, queue });
      ws.connect();
      assert.strictEqual(ws.state, 'CONNECTING');
      if (keeps) ws.send('x');
      else assert.throws(() => ws.send('x'), { code: 'WSR_ERR_NOT_CONNECTED' });
      ws.close();
      assert.throws(() => ws.send('x'), { code: 'WSR_ERR_NOT_CONNECTED' });
    }
  });

  it('throws where it is full', async () => {
    const { server, ws } = await waitingClient({ queue: { maxMessages: 2 } });
    ws.send('one');
    ws.send('two');
    const message = 'The queue is full: queue.maxMessages is 2, queue.maxBytes 16777216';
    assert.throws(() => ws.send('three'), { code: 'WSR_ERR_QUEUE_FULL', message });
    assert.deepStrictEqual(await arriving(server, 2), ['one', 'two']);
  });

  it('drops the oldest, and says so within the send', async () => {
    const { server, ws } = await waitingClient({ queue: { maxMessages: 2, overflow: 'drop-oldest' } });
    const drops = [];
    ws.on('drop', (drop) => drops.push(drop));
    ws.send(Buffer.from('one'));
    ws.send('two');
    ws.send('three');
    assert.deepStrictEqual(drops, [{ data: Buffer.from('one'), reason: 'overflow' }]);
    assert.deepStrictEqual(await arriving(server, 2), ['two', 'three']);
  });

  it('tells callbacks in the order of their messages, also where a handler of drop has sent', async () => {
    const { ws } = await waitingClient({ queue: { maxMessages: 2, overflow: 'drop-oldest' } });
    const told = [];
    const send = (message) => ws.send(message, () => told.push(message));
    ws.once('drop', () => send('4'));
    for (const message of ['1', '2', '3']) send(message);
    ws.close();
    await next(ws, 'close');
    assert.deepStrictEqual(told, ['1', '2', '3', '4']);
  });

  it('drops the newest', async () => {
    const { server, ws } = await waitingClient({ queue: { maxBytes: 6, overflow: 'drop-newest' } });
    const drops = [];
    ws.on('drop', (drop) => drops.push(drop));
    ws.send('one');
    ws.send('three');
    ws.send('two');
    assert.deepStrictEqual(drops, [{ data: 'three', reason: 'overflow' }]);
    assert.deepStrictEqual(await arriving(server, 2), ['one', 'two']);
  });

  it('drops what has waited longer than its ttl', async () => {
    const { ws } = await waitingClient({ queue: { ttl: 30 } });
    ws.send('old');
    assert.deepStrictEqual(await next(ws, 'drop'), { data: 'old', reason: 'expired' });
    assert.strictEqual(ws.getStats().queuedMessages, 0);
  });

  it('drops what waits at close(), before the close', async () => {
    const { ws } = await waitingClient({ queue: true });
    const order = [];
    ws.on('drop', ({ data, reason }) => order.push(`${data} ${reason}`));
    ws.on('close', () => order.push('close'));
    ws.send('one');
    const closed = next(ws, 'close');
    ws.close();
    await closed;
    assert.deepStrictEqual(order, ['one closed', 'close']);
  });

  it('tells of what was kept while connecting and dropped at close(), without the option too', async () => {
    const { ws } = client({ url: `ws://127.0.0.1:${await deadPort()}`, maxRetries: Infinity });
    ws.connect();
    ws.send(new Uint8Array([1, 2]));
    const dropped = next(ws, 'drop');
    ws.close();
    assert.deepStrictEqual(await dropped, { data: Buffer.from([1, 2]), reason: 'closed' });
  });

  it('is read as it was set, with its defaults', () => {
    const queueOf = (options) => client({ url: 'ws://127.0.0.1', ...options }).ws.queue;
    const whole = { maxMessages: 1000, maxBytes: 16777216, overflow: 'throw', ttl: 0 };
    assert.deepStrictEqual(queueOf({ queue: true }), whole);
    assert.deepStrictEqual(queueOf({ queue: { ttl: 5 } }), { ...whole, ttl: 5 });
    assert.deepStrictEqual(queueOf({ delivery: 'at-least-once' }), whole);
    assert.strictEqual(queueOf({}), false);
    assert.strictEqual(queueOf({ queue: false }), false);
  });

  it('refuses bad options', () => {
    const bad = (options, Kind) => {
      const error = { name: Kind.name, code: 'WSR_ERR_OPTION' };
      assert.throws(() => client({ url: 'ws://127.0.0.1', ...options }), error);
    };
    for (const queue of ['yes', 1, []]) bad({ queue }, TypeError);
    bad({ queue: { maxMessages: '5' } }, TypeError);
    bad({ queue: { maxMessages: 0 } }, RangeError);
    bad({ queue: { maxBytes: 0.5 } }, RangeError);
    bad({ queue: { overflow: 'drop' } }, RangeError);
    bad({ queue: { ttl: -1 } }, RangeError);
    bad({ delivery: 'exactly-once' }, RangeError);
    bad({ delivery: 1 }, TypeError);
    bad({ highWaterMark: -1 }, RangeError);
    bad({ maxBufferedAmount: '1' }, TypeError);
  });
});

describe('receipts', () => {
  it('come once the server has read the message', async () => {
    const server = await startServer();
    const { ws } = await openClient({ url: server.url });
    await ws.sendConfirmed('text', { timeout: 4000 });
    await ws.sendConfirmed(Buffer.from('bytes'));
    assert.deepStrictEqual(texts(await server.received(2)).length, 2);
    assert.strictEqual(await server.pings(), 2);
  });

  it('do not come while the server does not read', async () => {
    const server = await startServer();
    const { ws } = await openClient({ url: server.url });
    await server.freeze();
    let settled = false;
    const receipt = ws.sendConfirmed('unread').then(() => (settled = true));
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.strictEqual(settled, false);
    await server.thaw();
    await receipt;
  });

  it('share their pings', async () => {
    const server = await startServer();
    const { ws } = await openClient({ url: server.url });
    await Promise.all(Array.from({ length: 200 }, (_, i) => ws.sendConfirmed(`${i}`)));
    const pings = await server.pings();
    // A slow machine takes more round trips for them.
    assert.ok(pings <= 100, `${pings} pings`);
    for (let i = 0; i < 100; i++) ws.send(`${i}`);
    await ws.flush();
    assert.strictEqual((await server.received(300)).length, 300);
  });

  it('of a message sent while connecting come too', async () => {
    const server = await startServer();
    const { ws } = client({ url: server.url });
    ws.connect();
    await ws.sendConfirmed('early');
    assert.deepStrictEqual(texts(await server.received(1)), ['early']);
  });

  it('are refused with the reason where it cannot be known', async () => {
    const server = await startServer();
    const { ws } = await openClient({ url: server.url });
    await server.freeze();
    await assert.rejects(ws.sendConfirmed('late', { timeout: 30 }), {
      code: 'WSR_ERR_UNCONFIRMED',
      message: /in time/,
    });
    await assert.rejects(ws.flush({ timeout: 30 }), { code: 'WSR_ERR_UNCONFIRMED' });
    const receipts = [ws.sendConfirmed('cut', { timeout: 0 }), ws.flush()];
    await server.cut('reset');
    for (const receipt of receipts) {
      await assert.rejects(receipt, { code: 'WSR_ERR_UNCONFIRMED', message: /lost/ });
    }
  });

  it('are refused where the message is', async () => {
    const { ws } = await waitingClient();
    await assert.rejects(ws.sendConfirmed('x'), { code: 'WSR_ERR_NOT_CONNECTED' });
    await assert.rejects(ws.flush(), { code: 'WSR_ERR_UNCONFIRMED', message: /no connection/ });
    await assert.rejects(ws.sendConfirmed(/** @type {any} */ (5)), { code: 'WSR_ERR_ARGUMENT' });
    const bad = /** @type {any} */ ({ timeout: 'soon' });
    await assert.rejects(ws.sendConfirmed('x', bad), { name: 'TypeError' });
    ws.close();
    await next(ws, 'close');
    await assert.rejects(ws.flush(), { code: 'WSR_ERR_NOT_CONNECTED' });
  });

  it('are refused where the queue drops the message, is full, or ends', async () => {
    const { ws } = await waitingClient({ queue: { maxMessages: 1, overflow: 'drop-newest' } });
    const kept = ws.sendConfirmed('one');
    await assert.rejects(ws.sendConfirmed('two'), {
      code: 'WSR_ERR_UNCONFIRMED',
      message: /^It was not sent: .*full/,
    });
    ws.close();
    await assert.rejects(kept, { code: 'WSR_ERR_UNCONFIRMED', message: /^It was not sent: .*closed/ });
    const { ws: other } = await waitingClient({ queue: { maxMessages: 1 } });
    other.send('one');
    await assert.rejects(other.sendConfirmed('two'), { code: 'WSR_ERR_QUEUE_FULL' });
  });

  it('that nobody waits for end no process', async () => {
    const server = await startServer();
    const { ws } = await openClient({ url: server.url });
    await server.freeze();
    ws.sendConfirmed('ignored');
    ws.flush();
    const closed = next(ws, 'close');
    await server.cut('reset');
    await closed;
    await new Promise((resolve) => setTimeout(resolve, 20));
  });
});

/** The texts that have been read on a connection, by its number. */
async function readOn(server, number) {
  const messages = await server.received(1);
  return texts(messages.filter(({ connection }) => connection === number));
}

describe("delivery: 'at-least-once'", () => {
  it('counts a message in getStats() once it is written, and again for the next connection', async () => {
    const server = await startServer();
    const { ws, log } = client({ url: server.url, delivery: 'at-least-once' });
    const opening = ws.connect();
    ws.send('kept');
    await opening;
    log.take();
    assert.strictEqual(ws.getStats().messagesOut, 1);
    await ws.flush();
    await server.freeze();
    ws.send('unread');
    assert.deepStrictEqual(
      [ws.getStats().messagesOut, ws.getStats().bytesOut],
      [2, 'kept'.length + 'unread'.length],
    );
    ws.reconnect().catch(() => {});
    await log.until('open');
    assert.strictEqual(ws.getStats().messagesOut, 3);
  });

  it('sends again first what the server has not read', async () => {
    const server = await startServer();
    const { ws } = await openClient({ url: server.url, delivery: 'at-least-once' });
    assert.strictEqual(ws.delivery, 'at-least-once');
    await server.freeze();
    for (const text of ['one', 'two', 'three']) ws.send(text);
    const closed = next(ws, 'close');
    await server.cut('reset');
    await closed;
    ws.send('four');
    await ws.flush();
    assert.deepStrictEqual(await readOn(server, 1), ['one', 'two', 'three', 'four']);
    assert.strictEqual(ws.getStats().queuedMessages, 0);
  });

  it('loses by default what the server has not read', async () => {
    const server = await startServer();
    const { ws } = await openClient({ url: server.url });
    assert.strictEqual(ws.delivery, 'at-most-once');
    await server.freeze();
    ws.send('lost');
    const opened = next(ws, 'open');
    await server.cut('reset');
    await opened;
    ws.send('new');
    await ws.flush();
    assert.deepStrictEqual(await readOn(server, 1), ['new']);
  });

  it('keeps receipts over a cut', async () => {
    const server = await startServer();
    const { ws } = await openClient({ url: server.url, delivery: 'at-least-once' });
    await server.freeze();
    const receipt = ws.sendConfirmed('kept');
    await server.cut('reset');
    await receipt;
    assert.deepStrictEqual(await readOn(server, 1), ['kept']);
  });

  it('goes on over many cuts with one backlog', async () => {
    const server = await startServer();
    const { ws } = await openClient({ url: server.url, delivery: 'at-least-once', maxRetries: Infinity });
    const sent = Array.from({ length: 500 }, (_, i) => `${i}`);
    for (const text of sent) ws.send(text);
    for (let cuts = 0; cuts < 10; cuts++) {
      await server.cut('reset');
      await next(ws, 'open');
    }
    await ws.flush();
    const seen = new Set(texts(await server.received(500)));
    assert.deepStrictEqual([...seen], sent);
  });

  it('confirms all in a close that the server answers', async () => {
    const server = await startServer();
    const { ws } = await openClient({ url: server.url, delivery: 'at-least-once' });
    const drops = [];
    ws.on('drop', (drop) => drops.push(drop));
    for (let i = 0; i < 50; i++) ws.send(`${i}`);
    const closed = next(ws, 'close');
    ws.close();
    await closed;
    assert.strictEqual((await server.received(50)).length, 50);
    assert.deepStrictEqual(drops, []);
  });
});

/**
 * A server that wants `connection_init` as the first message of a connection, and but once; `heard` is called with each other
 * message and what cuts its connection.
 */
async function strictServer(heard) {
  const server = new WebSocket.Server({ port: 0, host: '127.0.0.1' });
  server.on('connection', (socket) => {
    let isGreeted = false;
    socket.on('message', (data) => {
      // What it had read when it was cut.
      if (socket.readyState !== WebSocket.OPEN) return;
      const text = data.toString();
      const isGreeting = text === 'connection_init';
      if (isGreeting && isGreeted) socket.close(4429, 'Too many initialisation requests');
      else if (!isGreeting && !isGreeted) socket.close(4401, 'Unauthorized');
      else if (!isGreeting) heard(text, () => socket.terminate());
      else {
        isGreeted = true;
        socket.send('connection_ack');
      }
    });
  });
  await once(server, 'listening');
  const stop = () => {
    for (const socket of server.clients) socket.terminate();
    return new Promise((resolve) => server.close(resolve));
  };
  return { url: `ws://127.0.0.1:${server.address().port}`, stop };
}

describe('init with at-least-once', () => {
  it('greets once on each of 20 connections that are cut, before what is sent again at least once', async () => {
    const [CUTS, EACH] = [20, 10];
    const counts = new Map();
    let cuts = 0;
    const server = await strictServer((text, cut) => {
      counts.set(text, (counts.get(text) || 0) + 1);
      if (cuts < CUTS && counts.size >= (cuts + 1) * EACH) {
        cuts += 1;
        cut();
      }
    });
    const codes = [];
    const { ws } = client({
      url: server.url,
      delivery: 'at-least-once',
      maxRetries: Infinity,
      baseDelay: 1,
      async init(session) {
        session.send('connection_init');
        assert.strictEqual(await session.receive(), 'connection_ack');
      },
    });
    ws.on('close', ({ code }) => codes.push(code));
    ws.connect();
    const total = (CUTS + 1) * EACH;
    for (let i = 0; i < total; i += 1) {
      ws.send(`kept ${i}`);
      ws.send(`volatile ${i}`, { volatile: true });
      await new Promise((resolve) => setImmediate(resolve));
    }
    await ws.flush();
    assert.deepStrictEqual(codes, Array(CUTS).fill(1006));
    const heard = (word) => [...counts].filter(([text]) => text.startsWith(word));
    assert.deepStrictEqual(
      heard('kept').map(([text]) => text),
      Array.from({ length: total }, (_, i) => `kept ${i}`),
    );
    assert.ok(heard('kept').some(([, count]) => count > 1));
    assert.ok(heard('volatile').length < total);
    assert.deepStrictEqual(
      heard('volatile').filter(([, count]) => count > 1),
      [],
    );
    ws.close();
    await server.stop();
  });
});
