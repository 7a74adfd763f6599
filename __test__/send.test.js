'use strict';

const assert = require('assert');
const { AsyncLocalStorage } = require('async_hooks');
const { Blob } = require('buffer');
const vm = require('vm');
const { MessageChannel } = require('worker_threads');
const { startServer } = require('./peer/index.js');
const { WebSocketReconnect, client, openClient } = require('./support/clients.js');
const { deadUrl } = require('./support/urls.js');

/** The messages that a server got, as `text …` and `binary …` in hexadecimal digits. */
const seen = async (server, count) =>
  (await server.received(count)).map(({ type, data }) => `${type} ${data}`);

/** A callback of `send` whose argument a promise has. */
function callback() {
  let done;
  const told = new Promise((resolve) => {
    done = (...args) => resolve(args);
  });
  return Object.assign(done, { told });
}

/** A client whose server reads nothing, and which has so much to write that the system takes no more. */
async function stuckClient(options) {
  const server = await startServer({ deflate: true });
  const { ws, log } = await openClient({ url: server.url, ...options });
  await server.freeze();
  const chunk = Buffer.alloc(1 << 20);
  const enough = 4 << 20;
  // The system takes what the buffers of both sockets hold, which it makes larger at a pace of its own.
  for (let left = -1; ws.bufferedAmount < enough || ws.bufferedAmount !== left; ) {
    left = ws.bufferedAmount;
    if (left < enough) ws.send(chunk, { compress: false });
    await new Promise((resolve) => setTimeout(resolve, left < enough ? 0 : 50));
  }
  return { server, ws, log };
}

describe('send()', () => {
  it('sends text for a string and binary for bytes', async () => {
    const server = await startServer();
    const { ws } = await openClient({ url: server.url });
    const bytes = new Uint8Array([0, 1, 2, 3, 254, 255]);
    ws.send('text with ü and 🎈');
    ws.send('');
    ws.send(Buffer.from(bytes));
    ws.send(bytes);
    ws.send(bytes.buffer);
    ws.send(new DataView(bytes.buffer, 1, 2));
    ws.send(new Uint8Array(bytes.buffer, 2, 3));
    ws.send(new Uint16Array([0x0102, 0x0304]));
    ws.send(new Float64Array([1]));
    ws.send(Buffer.alloc(0));
    const received = await server.received(10);
    assert.deepStrictEqual(
      received.map(({ type, data }) => [type, data]),
      [
        ['text', 'text with ü and 🎈'],
        ['text', ''],
        ['binary', '00010203feff'],
        ['binary', '00010203feff'],
        ['binary', '00010203feff'],
        ['binary', '0102'],
        ['binary', '0203fe'],
        ['binary', '02010403'],
        ['binary', '000000000000f03f'],
        ['binary', ''],
      ],
    );
  });

  it('takes bytes of another realm, and memory that is shared', async () => {
    const server = await startServer();
    const { ws } = await openClient({ url: server.url });
    const shared = new SharedArrayBuffer(4);
    new Uint8Array(shared).set([1, 2, 3, 4]);
    const messages = [
      vm.runInNewContext('new Uint8Array([1, 2, 3, 4])'),
      vm.runInNewContext('new Uint8Array([1, 2, 3, 4]).buffer'),
      vm.runInNewContext('new DataView(new Uint8Array([0, 1, 2, 3, 4]).buffer, 1)'),
      vm.runInNewContext(
        'const bytes = new SharedArrayBuffer(4); new Uint8Array(bytes).set([1, 2, 3, 4]); bytes',
      ),
      shared,
      new Uint8Array(shared),
      Buffer.from(shared),
      new DataView(shared),
    ];
    for (const message of messages) {
      ws.send(message);
      ws.sendConfirmed(message);
    }
    new Uint8Array(shared).fill(0);
    const received = await server.received(2 * messages.length);
    assert.deepStrictEqual(
      received.map(({ type, data }) => `${type} ${data}`),
      received.map(() => 'binary 01020304'),
    );
  });

  it('throws for bytes whose memory was given away', async () => {
    const server = await startServer();
    const { ws } = await openClient({ url: server.url });
    const { port1 } = new MessageChannel();
    const given = [
      new Uint8Array(3),
      new ArrayBuffer(3),
      new DataView(new ArrayBuffer(3)),
      new Float32Array(3),
      vm.runInNewContext('new Uint8Array(3)'),
    ];
    for (const data of given) {
      port1.postMessage(0, [ArrayBuffer.isView(data) ? data.buffer : data]);
      const refused = { name: 'TypeError', code: 'WSR_ERR_ARGUMENT', message: /detached/ };
      assert.throws(() => ws.send(data), refused);
      await assert.rejects(ws.sendConfirmed(data), refused);
    }
    port1.close();
    ws.send('after');
    assert.strictEqual((await server.received(1))[0].data, 'after');
  });

  it('throws TypeError for any other value, in every state', async () => {
    const server = await startServer();
    const { ws } = await openClient({ url: server.url });
    const { ws: closed } = client({ url: server.url });
    for (const value of [
      undefined,
      null,
      5,
      true,
      {},
      [],
      () => {},
      5n,
      Symbol('x'),
      new Date(),
      new String('x'),
      new Proxy(new Uint8Array(1), {}),
      Object.create(Uint8Array.prototype),
      Object.create(ArrayBuffer.prototype),
    ]) {
      assert.throws(() => ws.send(value), { name: 'TypeError', code: 'WSR_ERR_ARGUMENT' });
      assert.throws(() => closed.send(value), { name: 'TypeError', code: 'WSR_ERR_ARGUMENT' });
    }
    assert.throws(() => ws.send({ type: 'hello' }), { message: /of an object JSON\.stringify makes one/ });
    ws.send('after');
    assert.deepStrictEqual(
      (await server.received(1)).map(({ data }) => data),
      ['after'],
    );
  });

  it('while CONNECTING keeps the messages in order until open', async () => {
    const server = await startServer();
    const { ws } = client({ url: server.url });
    ws.once('open', () => ws.send('in open'));
    ws.connect();
    ws.send('one');
    ws.send(Buffer.from([2]));
    ws.send('three');
    const received = await server.received(4);
    assert.deepStrictEqual(
      received.map(({ data }) => data),
      ['one', '02', 'three', 'in open'],
    );
  });

  it('while CONNECTING keeps the messages over retries', async () => {
    const server = await startServer({ plan: ['refuse', 'cut', 'accept'] });
    const { ws } = client({ url: server.url });
    let attempts = 0;
    ws.on('stateChange', (state) => {
      if (state === 'CONNECTING') ws.send(`at attempt ${++attempts}`);
    });
    ws.connect();
    const received = await server.received(3);
    assert.deepStrictEqual(
      received.map(({ data }) => data),
      ['at attempt 1', 'at attempt 2', 'at attempt 3'],
    );
  });

  it('drops what it kept when the client gives up', async () => {
    const server = await startServer({ plan: ['refuse', 'accept'] });
    const { ws, log } = client({ url: server.url, maxRetries: 0 });
    ws.connect();
    ws.send('lost');
    await log.until('close MAX_RETRIES');
    await ws.connect();
    ws.send('kept');
    assert.deepStrictEqual(
      (await server.received(1)).map(({ data }) => data),
      ['kept'],
    );
  });

  it('drops what it kept when the client is closed', async () => {
    const server = await startServer({ plan: ['silent', 'accept'] });
    const { ws, log } = client({ url: server.url });
    ws.connect();
    ws.send('lost');
    await server.attempts(1);
    ws.close();
    await log.until('close');
    ws.reset();
    await ws.connect();
    ws.send('kept');
    assert.deepStrictEqual(
      (await server.received(1)).map(({ data }) => data),
      ['kept'],
    );
  });

  it('throws in any other state', async () => {
    const error = { message: 'WebSocket is not connected', code: 'WSR_ERR_NOT_CONNECTED' };
    const server = await startServer({ plan: ['accept', 'refuse'] });
    const { ws, log } = client({ url: server.url, circuitBreaker: { failureThreshold: 1 } });
    const hint = `${error.message}: connect() was not called`;
    assert.throws(() => ws.send('x'), { ...error, message: hint }, 'before connect()');
    await assert.rejects(ws.ping(), { message: hint });
    await assert.rejects(ws.sendConfirmed('x'), { message: hint });
    await ws.connect();
    await server.close(1012, 'restart');
    await log.until('retry');
    assert.throws(() => ws.send('x'), error, 'waiting to retry');
    await log.until('stateChange BLOCKED');
    assert.throws(() => ws.send('x'), error, 'BLOCKED');
    ws.close();
    assert.throws(() => ws.send('x'), error, 'CLOSING');
    await log.until('close 1000');
    assert.throws(() => ws.send('x'), error, 'CLOSED');

    const { ws: failing } = client({ url: await deadUrl(), maxRetries: 0 });
    await assert.rejects(failing.connect());
    assert.throws(() => failing.send('x'), error, 'FAILED');
  });
});

describe('the callback of send()', () => {
  it('is called later and in order, once the system has the bytes', async () => {
    const server = await startServer();
    const { ws } = await openClient({ url: server.url });
    const order = [];
    const all = [1, 2, 3].map(
      (number) =>
        new Promise((resolve) => ws.send(`${number}`, (...args) => resolve(order.push([number, args])))),
    );
    ws.send(Buffer.from([4]), undefined, () => order.push([4, []]));
    ws.send('5', {}, () => order.push([5, []]));
    assert.deepStrictEqual(order, [], 'later');
    await Promise.all(all);
    await server.received(5);
    assert.deepStrictEqual(
      order.slice(0, 3),
      [1, 2, 3].map((number) => [number, []]),
    );
    assert.strictEqual(ws.bufferedAmount, 0);
  });

  it('waits for what the system does not take yet', async () => {
    const { server, ws } = await stuckClient();
    const done = callback();
    assert.strictEqual(ws.send('behind', done), false, 'above the high-water mark');
    let isTold = false;
    done.told.then(() => (isTold = true));
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.strictEqual(isTold, false);
    await server.thaw();
    assert.deepStrictEqual(await done.told, []);
  });

  it('is told of the loss of the connection', async () => {
    const { server, ws } = await stuckClient();
    const done = callback();
    ws.send('behind', done);
    await server.cut('reset');
    const [error] = await done.told;
    assert.strictEqual(error.code, 'WSR_ERR_UNCONFIRMED');
    assert.ok(/Whether it was sent is not known: the connection was lost/.test(error.message), error.message);
  });

  it('waits for the connection that its message waits for', async () => {
    const server = await startServer();
    const { ws } = client({ url: server.url });
    ws.connect();
    const done = callback();
    ws.send('kept', done);
    // The system may have the bytes before the client is told that it is open.
    assert.deepStrictEqual(await done.told, []);
  });

  it('is told of a message that is dropped', async () => {
    const { ws } = client({ url: await deadUrl(), queue: { maxMessages: 1, overflow: 'drop-oldest' } });
    ws.connect();
    const [oldest, closed] = [callback(), callback()];
    const drops = [];
    ws.on('drop', ({ data, reason }) => drops.push(`${data} ${reason}`));
    ws.send('oldest', oldest);
    ws.send('newest', closed);
    const unsent = async ({ told }) => {
      const [{ code, message }] = await told;
      assert.strictEqual(code, 'WSR_ERR_UNCONFIRMED');
      return message;
    };
    assert.strictEqual(await unsent(oldest), 'It was not sent: it was dropped since the queue was full');
    ws.close();
    assert.strictEqual(await unsent(closed), 'It was not sent: the client was closed or gave up');
    assert.deepStrictEqual(drops, ['oldest overflow', 'newest closed']);
  });

  it('is told what is thrown without it', async () => {
    const refused = async (ws, code) => {
      const done = callback();
      assert.strictEqual(ws.send('x', done), false);
      assert.strictEqual((await done.told)[0].code, code);
      assert.throws(() => ws.send('x'), { code });
    };
    await refused(client({ url: await deadUrl() }).ws, 'WSR_ERR_NOT_CONNECTED');
    const { ws } = client({ url: await deadUrl(), queue: { maxMessages: 1 } });
    ws.connect();
    ws.send('x');
    await refused(ws, 'WSR_ERR_QUEUE_FULL');
    const { ws: stuck } = await stuckClient({ maxBufferedAmount: 8 << 20 });
    assert.throws(() => stuck.send(Buffer.alloc(5 << 20)), { code: 'WSR_ERR_BUFFER_FULL' });
    const done = callback();
    stuck.send(Buffer.alloc(5 << 20), done);
    assert.strictEqual((await done.told)[0].code, 'WSR_ERR_BUFFER_FULL');
  });

  it('runs in the async context of its call', async () => {
    const server = await startServer();
    const store = new AsyncLocalStorage();
    const { ws } = await openClient({ url: server.url });
    const contexts = await Promise.all(
      ['one', 'two'].map(
        (name) =>
          new Promise((resolve) => store.run(name, () => ws.send('x', () => resolve(store.getStore())))),
      ),
    );
    assert.deepStrictEqual(contexts, ['one', 'two']);
  });

  it('must be a function', async () => {
    const server = await startServer();
    const { ws } = await openClient({ url: server.url });
    for (const wrong of [5, 'x', {}]) {
      assert.throws(() => ws.send('x', {}, wrong), {
        name: 'TypeError',
        code: 'WSR_ERR_ARGUMENT',
        message: /^callback/,
      });
    }
    ws.send('x', null, null);
    assert.deepStrictEqual(await seen(server, 1), ['text x']);
  });
});

describe('the options of send()', () => {
  it('binary says whether bytes or text are sent', async () => {
    const server = await startServer();
    const { ws } = await openClient({ url: server.url });
    ws.send('ü', { binary: true });
    ws.send(Buffer.from('ü'), { binary: false });
    ws.send(new Uint16Array([0x4142]), { binary: false });
    ws.send('ü', { binary: false });
    ws.send(Buffer.from('ü'), { binary: true });
    ws.send('ü', { binary: undefined, compress: null, fin: true, mask: true });
    assert.deepStrictEqual(await seen(server, 6), [
      'binary c3bc',
      'text ü',
      'text BA',
      'text ü',
      'binary c3bc',
      'text ü',
    ]);
    const refused = { name: 'TypeError', code: 'WSR_ERR_ARGUMENT', message: /UTF-8/ };
    assert.throws(() => ws.send(Buffer.from([0xff]), { binary: false }), refused);
  });

  it('compress: false sends a message as it is', async () => {
    const { ws } = await stuckClient();
    assert.ok(ws.extensions.startsWith('permessage-deflate'));
    const before = ws.bufferedAmount;
    const text = 'x'.repeat(1 << 20);
    ws.send(text);
    ws.send(text, { compress: true });
    const compressed = ws.bufferedAmount - before;
    assert.ok(compressed < 10000, `${compressed} bytes`);
    ws.send(text, { compress: false });
    ws.send(Buffer.from(text), { compress: false });
    // Of 2 MiB the system may still take some.
    assert.ok(ws.bufferedAmount - before > 1 << 20, `${ws.bufferedAmount - before} bytes`);
  });

  it('of another name, type or effect throw', async () => {
    const server = await startServer();
    const { ws } = await openClient({ url: server.url });
    for (const [options, Kind, name] of [
      [{ binray: true }, TypeError, 'options.binray'],
      [{ toString: true }, TypeError, 'options.toString'],
      [{ binary: 'yes' }, TypeError, 'options.binary'],
      [{ compress: 0 }, TypeError, 'options.compress'],
      [{ fin: false }, RangeError, 'options.fin'],
      [{ mask: false }, RangeError, 'options.mask'],
      ['utf8', TypeError, 'options'],
      [[], TypeError, 'options'],
    ]) {
      const refused = { name: Kind.name, code: 'WSR_ERR_OPTION' };
      assert.throws(() => ws.send('x', options), refused);
      assert.throws(() => ws.send('x', options, () => assert.fail('it was thrown')), refused);
      assert.throws(
        () => ws.send('x', options),
        ({ message }) => message.startsWith(`${name}: `),
      );
    }
    ws.send('after');
    assert.deepStrictEqual(await seen(server, 1), ['text after']);
  });
});

describe('a Blob that is sent', () => {
  before(function () {
    // Blobs are younger than Node 14.
    if (Blob === undefined) this.skip();
  });

  /** A Blob whose reading ends when it is told to. */
  function slowBlob(text) {
    const blob = new Blob([text]);
    const gate = {};
    const read = new Promise((resolve, reject) => Object.assign(gate, { resolve, reject }));
    const arrayBuffer = () => read.then(() => new Blob([text]).arrayBuffer());
    Object.defineProperty(blob, 'arrayBuffer', { value: arrayBuffer });
    return { blob, read: gate.resolve, fail: gate.reject };
  }

  it('goes out as bytes, and what was sent after it behind it', async () => {
    const server = await startServer();
    const { ws } = await openClient({ url: server.url });
    const bytes = Buffer.from([1, 2]);
    const told = [];
    ws.send('before');
    ws.send(new Blob(['abc']), () => told.push('first'));
    ws.send('between', () => told.push('between'));
    ws.send(bytes);
    bytes.fill(9);
    ws.send(new Blob(['d', 'ef']), { binary: false });
    const receipt = ws.sendConfirmed('confirmed');
    const flushed = ws.flush();
    const blob = ws.sendConfirmed(new Blob(['g']));
    ws.send('last');
    await Promise.all([receipt, flushed, blob]);
    assert.deepStrictEqual(await seen(server, 8), [
      'text before',
      'binary 616263',
      'text between',
      'binary 0102',
      'text def',
      'text confirmed',
      'binary 67',
      'text last',
    ]);
    assert.deepStrictEqual(told, ['first', 'between']);
    assert.strictEqual(ws.bufferedAmount, 0);
    ws.send('plain again');
    assert.strictEqual((await seen(server, 9))[8], 'text plain again');
  });

  it('may be of another realm, and a File', async () => {
    const { File } = /** @type {any} */ (require('buffer'));
    const foreign = {
      size: 1,
      type: '',
      arrayBuffer: async () => new Uint8Array([7]).buffer,
      [Symbol.toStringTag]: 'Blob',
    };
    const server = await startServer();
    const { ws } = await openClient({ url: server.url });
    ws.send(/** @type {any} */ (foreign));
    ws.send(File ? new File(['f'], 'f.txt') : new Blob(['f']));
    assert.deepStrictEqual(await seen(server, 2), ['binary 07', 'binary 66']);
    assert.throws(() => ws.send({ ...foreign, [Symbol.toStringTag]: 'Response' }), {
      code: 'WSR_ERR_ARGUMENT',
    });
  });

  it('counts as buffered until it is read, with what waits behind it', async () => {
    const server = await startServer();
    const { ws } = await openClient({ url: server.url, highWaterMark: 10, maxBufferedAmount: 20 });
    const { blob, read } = slowBlob('12345678');
    assert.strictEqual(ws.send(blob), true);
    assert.strictEqual(ws.bufferedAmount, 8);
    assert.strictEqual(ws.send('üü'), false);
    assert.strictEqual(ws.bufferedAmount, 12);
    assert.throws(() => ws.send('123456789'), { code: 'WSR_ERR_BUFFER_FULL' });
    const drained = new Promise((resolve) => ws.once('drain', resolve));
    read();
    await drained;
    assert.ok(ws.bufferedAmount <= 10, `${ws.bufferedAmount} bytes`);
    assert.deepStrictEqual(await seen(server, 2), ['binary 3132333435363738', 'text üü']);
  });

  it('lets a receipt behind it be refused, and others come', async () => {
    const server = await startServer();
    const { ws } = await openClient({
      url: server.url,
      delivery: 'at-least-once',
      queue: { maxMessages: 2 },
    });
    await server.freeze();
    const { blob, read } = slowBlob('blob');
    ws.send(blob);
    const [second, third] = [ws.sendConfirmed('second'), ws.sendConfirmed('third')];
    read();
    await assert.rejects(third, { code: 'WSR_ERR_QUEUE_FULL', message: /queue\.maxMessages is 2/ });
    await server.thaw();
    await second;
    assert.deepStrictEqual(await seen(server, 2), ['binary 626c6f62', 'text second']);
  });

  it('goes out before the close frame of a close() behind it', async () => {
    const server = await startServer();
    const { ws, log } = await openClient({ url: server.url });
    const { blob, read } = slowBlob('blob');
    ws.send(blob);
    ws.send('behind');
    ws.close(4000, 'bye');
    assert.deepStrictEqual(log.take(), ['stateChange CLOSING']);
    assert.throws(() => ws.send('too late'), { code: 'WSR_ERR_NOT_CONNECTED' });
    read();
    await log.until("close 4000 'bye'");
    assert.deepStrictEqual(await seen(server, 2), ['binary 626c6f62', 'text behind']);
  });

  it('that is never read holds a close() back for closeTimeout', async () => {
    const server = await startServer();
    const { ws, log } = await openClient({ url: server.url, websocketOptions: { closeTimeout: 50 } });
    ws.send(slowBlob('never').blob);
    ws.close();
    await log.until("close 1006 ''");
  });

  it('that cannot be read is told, and what is behind it goes out', async () => {
    const server = await startServer();
    const { ws, log } = await openClient({ url: server.url });
    const [unheard, heard, text] = [slowBlob('a'), slowBlob('b'), new Blob([new Uint8Array([0xff])])];
    const [done, asText] = [callback(), callback()];
    ws.send(unheard.blob);
    ws.send(heard.blob, done);
    ws.send(text, { binary: false }, asText);
    const receipt = ws.sendConfirmed(unheard.blob);
    ws.send('behind');
    const mine = new Error('mine');
    unheard.fail(mine);
    heard.fail(mine);
    assert.strictEqual((await log.until('error')).argument, mine);
    assert.deepStrictEqual(await done.told, [mine]);
    assert.strictEqual((await asText.told)[0].code, 'WSR_ERR_ARGUMENT');
    await assert.rejects(receipt, mine);
    assert.deepStrictEqual(await seen(server, 1), ['text behind']);
    assert.strictEqual(ws.circuitFailures, 0);
  });

  it('waits for a connection as any message does, in its place', async () => {
    const server = await startServer();
    const { ws } = client({ url: server.url });
    ws.connect();
    const { blob, read } = slowBlob('blob');
    ws.send('first');
    ws.send(blob);
    ws.send('last');
    read();
    await ws.connect();
    assert.deepStrictEqual(await seen(server, 3), ['text first', 'binary 626c6f62', 'text last']);
  });

  it('that the client has no room for once it is read is told', async () => {
    const { ws } = client({ url: await deadUrl(), queue: { maxMessages: 1 } });
    ws.connect();
    const { blob, read } = slowBlob('blob');
    const drops = [];
    ws.on('drop', (drop) => drops.push(drop));
    const done = callback();
    ws.send(blob);
    ws.send(Buffer.from([1, 2]));
    ws.send('third', done);
    read();
    assert.strictEqual((await done.told)[0].code, 'WSR_ERR_QUEUE_FULL');
    assert.deepStrictEqual(drops, [{ data: Buffer.from([1, 2]), reason: 'overflow' }]);
  });

  it('is dropped with the client that is closed before it has connected', async () => {
    const { ws } = client({ url: await deadUrl() });
    ws.connect();
    const { blob, read } = slowBlob('blob');
    const dropped = new Promise((resolve) => ws.on('drop', resolve));
    const done = callback();
    ws.send(blob, done);
    ws.close();
    read();
    assert.deepStrictEqual(await dropped, { data: Buffer.from('blob'), reason: 'closed' });
    assert.strictEqual((await done.told)[0].code, 'WSR_ERR_UNCONFIRMED');
  });

  it('throws where nothing is taken', () => {
    const ws = new WebSocketReconnect({ url: 'ws://127.0.0.1:1/' });
    assert.throws(() => ws.send(new Blob(['x'])), { code: 'WSR_ERR_NOT_CONNECTED' });
  });
});
