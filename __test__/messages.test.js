'use strict';

const assert = require('assert');
const { constants } = require('buffer');
const { createHash } = require('crypto');
const { startServer } = require('./peer/index.js');
const { client, openClient } = require('./support/clients.js');

const SIZES = [0, 1, 125, 126, 65535, 65536, 2 ** 20];

const sha1 = (data) => createHash('sha1').update(data).digest('hex');

/** Bytes in which nothing repeats soon, the same each time. */
const bytesOf = (size) => {
  const bytes = Buffer.alloc(size);
  for (let i = 0, x = 12345; i < size; i++) {
    x = (x * 1103515245 + 12345) % 2 ** 31;
    bytes[i] = x >> 16;
  }
  return bytes;
};

/** Text of so many bytes of UTF-8, not all of them ASCII. */
const textOf = (size) => `${'añ🎈'.repeat(Math.floor(size / 7))}${'x'.repeat(size % 7)}`;

const DEFLATES = {
  'without deflate': [false, undefined],
  'with deflate': [{ threshold: 0 }, { threshold: 0 }],
  'with deflate without context takeover': [
    { threshold: 0, serverNoContextTakeover: true, clientNoContextTakeover: true },
    { threshold: 0, serverNoContextTakeover: true, clientNoContextTakeover: true },
  ],
  'with deflate in small windows': [
    { threshold: 0, serverMaxWindowBits: 9, clientMaxWindowBits: 9 },
    { threshold: 0, serverMaxWindowBits: 9, clientMaxWindowBits: 9 },
  ],
};

for (const [how, [perMessageDeflate, deflate]] of Object.entries(DEFLATES)) {
  describe(`messages ${how}`, () => {
    for (const size of SIZES) {
      it(`of ${size} bytes come back as they went`, async () => {
        const server = await startServer({ echo: true, deflate });
        const { ws, log } = await openClient({ url: server.url, websocketOptions: { perMessageDeflate } });
        assert.strictEqual(ws.extensions.includes('permessage-deflate'), Boolean(deflate));
        const text = textOf(size);
        const bytes = bytesOf(size);
        for (let i = 0; i < 3; i++) {
          ws.send(text);
          ws.send(bytes);
        }
        const events = await log.count('message', 6);
        events.forEach(({ argument: { data } }, i) => {
          assert.strictEqual(typeof data === 'string', i % 2 === 0);
          assert.strictEqual(sha1(data), sha1(i % 2 === 0 ? text : bytes));
        });
        const received = await server.received(6);
        assert.strictEqual(received.length, 6);
        if (size > 4096) assert.strictEqual(received[1].sha1, sha1(bytes));
        log.take();
      });
    }

    it('many and mixed come back in order', async () => {
      const server = await startServer({ echo: true, deflate });
      const { ws, log } = await openClient({ url: server.url, websocketOptions: { perMessageDeflate } });
      const sent = Array.from({ length: 1000 }, (_, i) => `${i} ${'y'.repeat((i * 37) % 5000)}`);
      sent.forEach((text, i) => ws.send(i % 3 ? text : Buffer.from(text)));
      await log.count('message', 1000);
      assert.deepStrictEqual(
        log.of('message').map(({ data }) => data.toString()),
        sent,
      );
      log.take();
    });
  });
}

describe('binaryType', () => {
  it('is nodebuffer by default; arraybuffer gives ArrayBuffers', async () => {
    const server = await startServer({ echo: true });
    const { ws, log } = await openClient({ url: server.url });
    assert.strictEqual(ws.binaryType, 'nodebuffer');
    ws.binaryType = 'arraybuffer';
    for (const size of [0, 5, 100000]) {
      const bytes = bytesOf(size);
      ws.send(bytes);
      const { data } = (await log.until('message')).argument;
      assert.ok(data instanceof ArrayBuffer);
      assert.strictEqual(data.byteLength, size);
      assert.ok(Buffer.from(data).equals(bytes));
    }
    ws.binaryType = 'nodebuffer';
    ws.send(bytesOf(5));
    assert.ok(Buffer.isBuffer((await log.until('message')).argument.data));
  });

  it('takes no other value', () => {
    const { ws } = client({ url: 'ws://127.0.0.1:1/' });
    assert.throws(() => (ws.binaryType = 'blob'), RangeError);
    assert.throws(() => (ws.binaryType = 5), TypeError);
    assert.strictEqual(ws.binaryType, 'nodebuffer');
  });

  it('Buffers of one batch do not share what is written into them', async () => {
    const server = await startServer();
    const { log } = await openClient({ url: server.url });
    await server.send('0102', { binary: true, times: 3 });
    await log.count('message', 3);
    const [one, two, three] = log.of('message').map(({ data }) => data);
    two.fill(9);
    assert.deepStrictEqual([...one, ...two, ...three], [1, 2, 9, 9, 1, 2]);
  });
});

describe('websocketOptions.maxPayload', () => {
  it('closes with 1009 where a message is longer', async () => {
    const server = await startServer({ plan: ['accept', 'refuse'] });
    const { log } = await openClient({ url: server.url, websocketOptions: { maxPayload: 1000 } });
    await server.send('x'.repeat(1000));
    await log.until('message');
    await server.send('x'.repeat(1001));
    assert.strictEqual((await log.until('error')).argument.code, 'WSR_ERR_MESSAGE_TOO_BIG');
    await log.until('close 1009');
    assert.strictEqual((await server.ended()).code, 1009);
    await log.until('retry');
  });

  it('counts the whole of a fragmented message', async () => {
    const server = await startServer({ plan: ['bare', 'refuse'] });
    const { log } = await openClient({ url: server.url, websocketOptions: { maxPayload: 10 } });
    const six = '61'.repeat(6);
    await server.raw(`0106${six}` + `8006${six}`);
    await log.until('close 1009');
  });

  it('counts what a compressed message inflates to', async () => {
    const server = await startServer({ deflate: { threshold: 0 } });
    const { log } = await openClient({ url: server.url, websocketOptions: { maxPayload: 100000 } });
    await server.send('x'.repeat(100000));
    await log.until('message');
    await server.send('x'.repeat(100001));
    await log.until('error WSR_ERR_MESSAGE_TOO_BIG');
    await log.until('close 1009');
  });

  it('0 sets no limit', async () => {
    const server = await startServer({ burst: { count: 1, size: 101 * 2 ** 20 } });
    const { ws, log } = client({ url: server.url, websocketOptions: { maxPayload: 0 } });
    ws.connect();
    const { argument } = await log.until('message');
    assert.strictEqual(argument.data.length, 101 * 2 ** 20);
    log.take();
  });

  it('0 takes no text that is longer than a string can be, and closes with 1009', async () => {
    const server = await startServer({ plan: ['bare', 'refuse'] });
    const { log } = await openClient({ url: server.url, websocketOptions: { maxPayload: 0 } });
    const length = Buffer.alloc(8);
    length.writeBigUInt64BE(BigInt(constants.MAX_STRING_LENGTH) + 1n);
    await server.raw(`817f${length.toString('hex')}`);
    const { argument } = await log.until('error');
    assert.strictEqual(argument.code, 'WSR_ERR_MESSAGE_TOO_BIG');
    assert.match(argument.message, /the longest of its kind that JavaScript can have/);
    await log.until('close 1009');
    assert.strictEqual((await server.ended()).code, 1009);
    await log.until('retry');
  });

  it('is 100 MiB by default', async () => {
    const server = await startServer({ plan: ['bare', 'refuse'] });
    const { log } = await openClient({ url: server.url });
    await server.raw('827f0000000006400001');
    await log.until('close 1009');
  });
});
