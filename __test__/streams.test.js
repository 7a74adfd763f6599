'use strict';

const assert = require('assert');
const { AsyncLocalStorage } = require('async_hooks');
const { once } = require('events');
const { Duplex } = require('stream');
const { startServer } = require('./peer/index.js');
const { client, make, openClient } = require('./support/clients.js');
const { deadUrl } = require('./support/urls.js');
const { settle, until } = require('./support/waiting.js');

const CHUNK = 'x'.repeat(40000);
const BIG = 'x'.repeat(1024 * 1024);

/** All that a stream of Node gives, to its end. */
async function all(stream) {
  const values = [];
  for await (const value of stream) values.push(value);
  return values;
}

describe('duplex()', () => {
  it('is a stream of bytes, text and binary alike, that sends binary messages', async () => {
    const server = await startServer({ greet: ['text '] });
    const { ws } = client({ url: server.url });
    const stream = ws.duplex();
    assert.ok(stream instanceof Duplex);
    ws.connect();
    stream.write('sent');
    stream.write(Buffer.from([0, 255]));
    assert.deepStrictEqual(
      (await server.received(2)).map(({ type, data }) => `${type} ${data}`),
      ['binary 73656e74', 'binary 00ff'],
    );
    await server.send('6279746573', { binary: true });
    await server.close(1000, '');
    assert.strictEqual(Buffer.concat(await all(stream)).toString(), 'text bytes');
  });

  it('takes bytes as an ArrayBuffer too', async () => {
    const server = await startServer();
    const { ws } = await openClient({ url: server.url });
    ws.binaryType = 'arraybuffer';
    const stream = ws.duplex();
    await server.send('00ff', { binary: true });
    const [data] = await once(stream, 'data');
    assert.deepStrictEqual(data, Buffer.from([0, 255]));
  });

  it('gives messages as they are with readableObjectMode, and sends text with decodeStrings: false', async () => {
    const server = await startServer({ echo: true });
    const { ws } = await openClient({ url: server.url });
    const stream = ws.duplex({ readableObjectMode: true, decodeStrings: false });
    stream.write('text');
    assert.deepStrictEqual(await once(stream, 'data'), ['text']);
    stream.write(Buffer.from([1]));
    assert.deepStrictEqual(await once(stream, 'data'), [Buffer.from([1])]);
  });

  it('ends with the first connection, after attempts that failed, and leaves the client alone', async () => {
    const server = await startServer({ plan: ['refuse', 'accept'], greet: ['hello'] });
    const { ws, log } = client({ url: server.url });
    const stream = ws.duplex();
    ws.connect();
    await once(stream, 'readable');
    await server.cut('reset');
    assert.strictEqual(Buffer.concat(await all(stream)).toString(), 'hello');
    await until(() => stream.destroyed);
    await log.count('open', 2);
    assert.strictEqual(ws.state, 'OPEN');
    assert.strictEqual(ws.isPaused, false);
    const failed = await new Promise((resolve) => {
      stream.on('error', () => {});
      stream.write('late', resolve);
    });
    assert.ok(failed instanceof Error);
    assert.deepStrictEqual(await server.received(0), []);
  });

  it('writes nothing to the connection after its own', async () => {
    const server = await startServer();
    const { ws, log } = await openClient({ url: server.url });
    const stream = ws.duplex();
    stream.on('error', () => {});
    const written = new Promise((resolve) => {
      ws.once('stateChange', () => stream.write('late', resolve));
    });
    await server.cut('reset');
    assert.strictEqual((await written).code, 'WSR_ERR_NOT_CONNECTED');
    await log.until('open');
    ws.send('next');
    assert.strictEqual((await server.received(1))[0].data, 'next');
  });

  it('is over at once where the client is', async () => {
    const { ws } = client({ url: await deadUrl(), maxRetries: 0 });
    await assert.rejects(ws.connect());
    const [error] = await once(ws.duplex(), 'error');
    assert.strictEqual(error.code, 'WSR_ERR_GAVE_UP');
    const closed = client({ url: await deadUrl() });
    closed.ws.close();
    assert.deepStrictEqual(await all(closed.ws.duplex()), []);
  });

  it('fails with the error that its connection failed with', async () => {
    const server = await startServer({ plan: ['accept', 'silent'] });
    const { ws, log } = await openClient({ url: server.url });
    const stream = ws.duplex();
    // A frame with reserved bits.
    const [[error]] = await Promise.all([once(stream, 'error'), server.raw('f100')]);
    assert.strictEqual(error.code, 'WSR_ERR_PROTOCOL');
    await log.until('retry');
  });

  it('goes on over reconnects with persistent, and ends with the client', async () => {
    const server = await startServer({ greet: ['hello '] });
    const { ws, log } = client({ url: server.url });
    const stream = ws.duplex({ persistent: true });
    const given = all(stream);
    ws.connect();
    await log.count('message', 1);
    await server.cut('reset');
    await log.until('retry');
    stream.write('waits');
    await log.count('message', 2);
    await server.received(1);
    ws.close();
    assert.strictEqual(Buffer.concat(await given).toString(), 'hello hello ');
    await until(() => stream.destroyed);
  });

  it('fails when the client gives up, and with it what waits to be written', async () => {
    for (const persistent of [false, true]) {
      const { ws } = client({ url: await deadUrl(), maxRetries: 1 });
      const stream = ws.duplex({ persistent });
      const written = new Promise((resolve) => stream.write('never', resolve));
      ws.connect();
      const [error] = await once(stream, 'error');
      assert.strictEqual(error.code, 'WSR_ERR_GAVE_UP');
      assert.ok((await written) instanceof Error);
    }
  });

  it('closes the client by end(), behind what was written', async () => {
    const server = await startServer({ echo: true });
    const { ws, log } = await openClient({ url: server.url });
    const stream = ws.duplex();
    stream.write('last');
    stream.end();
    await log.until('close 1000');
    assert.strictEqual((await server.received(1)).length, 1);
    stream.resume();
    await until(() => stream.destroyed);
  });

  it('terminates the client by destroy()', async () => {
    const server = await startServer();
    const { ws, log } = await openClient({ url: server.url });
    const stream = ws.duplex();
    stream.destroy();
    await once(stream, 'close');
    assert.strictEqual(ws.state, 'CLOSED');
    assert.ok(log.lines.some((line) => line.startsWith('close 1006')));
  });

  it('has the client pause while it is not read, and loses nothing', async () => {
    const server = await startServer();
    const { ws, log } = await openClient({ url: server.url });
    const stream = ws.duplex();
    for (let i = 0; i < 20; i += 1) await server.send(CHUNK);
    await until(() => ws.isPaused);
    await settle();
    assert.ok(log.of('message').length < 5);
    let length = 0;
    stream.on('data', (data) => {
      length += data.length;
    });
    await until(() => length === 20 * CHUNK.length);
    assert.strictEqual(ws.isPaused, false);
  });

  it('takes no more than there is room for', async () => {
    const server = await startServer();
    const { ws } = await openClient({ url: server.url });
    await server.freeze();
    const stream = ws.duplex();
    let taken = 0;
    const writing = (async () => {
      for (; taken < 64; taken += 1) {
        await new Promise((resolve) => stream.write(BIG, resolve));
      }
    })();
    await until(() => ws.bufferedAmount > ws.highWaterMark);
    await settle();
    const before = taken;
    assert.ok(before < 64, 'all was taken');
    await server.thaw();
    await writing;
    assert.strictEqual(taken, 64);
  });

  it('has its handlers run in the async context of connect()', async () => {
    const storage = new AsyncLocalStorage();
    const server = await startServer({ greet: ['one', 'two'] });
    const { ws, log } = client({ url: server.url });
    const stream = ws.duplex();
    storage.run('connect', () => ws.connect());
    await log.until('message two');
    // What is given first waits in the stream already.
    const seen = await new Promise((resolve) => {
      storage.run('another', () => stream.once('data', () => resolve(storage.getStore())));
    });
    assert.strictEqual(seen, 'connect');
  });

  it('is told true or false', () => {
    const { ws } = client({ url: 'ws://127.0.0.1:1/' });
    assert.throws(() => ws.duplex({ persistent: 1 }), { name: 'TypeError', code: 'WSR_ERR_ARGUMENT' });
  });
});

describe('readable and writable', () => {
  const hasStreams = typeof ReadableStream === 'function';
  /** Runtimes without the classes have no such streams. */
  const itStreams = hasStreams ? it : it.skip;

  it('are there where the runtime has such streams', () => {
    const ws = /** @type {any} */ (make());
    assert.strictEqual(ws.readable !== undefined, hasStreams);
    assert.strictEqual(ws.writable !== undefined, hasStreams);
  });

  itStreams('give and take messages over reconnects, to the end of the client', async () => {
    const server = await startServer({ echo: true, greet: ['hello'] });
    const { ws, log } = client({ url: server.url });
    const reader = ws.readable.getReader();
    const writer = ws.writable.getWriter();
    writer.write('waits');
    ws.connect();
    assert.strictEqual((await reader.read()).value, 'hello');
    assert.strictEqual((await reader.read()).value, 'waits');
    await server.cut('reset');
    await log.until('retry');
    writer.write(Uint8Array.of(1));
    assert.strictEqual((await reader.read()).value, 'hello');
    assert.deepStrictEqual((await reader.read()).value, Buffer.from([1]));
    await writer.close();
    assert.strictEqual(ws.state, 'CLOSED');
    assert.deepStrictEqual(await reader.read(), { value: undefined, done: true });
  });

  itStreams('fail when the client gives up', async () => {
    const { ws } = client({ url: await deadUrl(), maxRetries: 0 });
    const read = ws.readable.getReader().read();
    const writer = ws.writable.getWriter();
    const written = writer.write('never');
    ws.connect();
    await assert.rejects(read, { code: 'WSR_ERR_GAVE_UP' });
    await assert.rejects(written, { code: 'WSR_ERR_GAVE_UP' });
    await assert.rejects(writer.closed, { code: 'WSR_ERR_GAVE_UP' });
  });

  itStreams('are the same until they have ended', async () => {
    const server = await startServer();
    const { ws, log } = await openClient({ url: server.url });
    const { readable, writable } = ws;
    assert.strictEqual(ws.readable, readable);
    assert.strictEqual(ws.writable, writable);
    await readable.cancel();
    assert.notStrictEqual(ws.readable, readable);
    ws.close();
    await log.until('close');
    await assert.rejects(writable.getWriter().closed, { code: 'WSR_ERR_CLOSED' });
    assert.notStrictEqual(ws.writable, writable);
  });

  itStreams('hold nothing up where nobody reads', async () => {
    const server = await startServer();
    const { ws, log } = await openClient({ url: server.url });
    assert.ok(ws.readable);
    for (let i = 0; i < 8; i += 1) await server.send(CHUNK);
    await log.count('message', 8);
  });

  itStreams('have the client pause while a reader is behind', async () => {
    const server = await startServer();
    const { ws } = await openClient({ url: server.url });
    const reader = ws.readable.getReader();
    const first = reader.read();
    for (let i = 0; i < 20; i += 1) await server.send(`${i} ${CHUNK}`);
    await until(() => ws.isPaused);
    assert.ok((await first).value.startsWith('0 '));
    for (let i = 1; i < 20; i += 1) assert.ok((await reader.read()).value.startsWith(`${i} `));
    await reader.cancel();
    assert.strictEqual(ws.isPaused, false);
  });

  itStreams('wait where there is no room to send', async () => {
    const server = await startServer();
    const { ws } = await openClient({ url: server.url });
    await server.freeze();
    const writer = ws.writable.getWriter();
    let taken = 0;
    const writing = (async () => {
      for (; taken < 64; taken += 1) await writer.write(BIG);
    })();
    await until(() => ws.bufferedAmount > ws.highWaterMark);
    await settle();
    assert.ok(taken < 64, 'all was taken');
    await server.thaw();
    await writing;
  });

  itStreams('terminate the client by abort()', async () => {
    const server = await startServer();
    const { ws, log } = await openClient({ url: server.url });
    await ws.writable.abort();
    await log.until('close 1006');
    assert.strictEqual(ws.state, 'CLOSED');
  });

  itStreams('give up a write that waits by abort()', async () => {
    const { ws, log } = client({ url: await deadUrl() });
    ws.connect();
    const writer = ws.writable.getWriter();
    const written = writer.write('waits');
    await log.until('retry');
    await Promise.all([writer.abort(), assert.rejects(written), assert.rejects(writer.closed)]);
    assert.strictEqual(ws.manualClose, true);
  });
});
