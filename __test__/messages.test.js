'use strict';

const assert = require('assert');
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

describe('perMessageDeflate', () => {
  const extensions = async (perMessageDeflate, deflate) => {
    const server = await startServer({ deflate });
    const { ws } = await openClient({ url: server.url, websocketOptions: { perMessageDeflate } });
    const offered = (await server.handshakes())[0].headers['sec-websocket-extensions'];
    return { offered, agreed: ws.extensions };
  };

  it('is offered by default, as ws does', async () => {
    for (const value of [undefined, null, true, {}]) {
      const { offered, agreed } = await extensions(value, undefined);
      assert.strictEqual(offered, 'permessage-deflate; client_max_window_bits');
      assert.strictEqual(agreed, '');
    }
  });

  it('false offers nothing', async () => {
    assert.deepStrictEqual(await extensions(false, {}), { offered: undefined, agreed: '' });
  });

  it('offers what its options say, and extensions tells what was agreed', async () => {
    const { offered, agreed } = await extensions(
      {
        serverNoContextTakeover: true,
        clientNoContextTakeover: true,
        serverMaxWindowBits: 10,
        clientMaxWindowBits: 11,
      },
      {},
    );
    for (const parameter of [
      'server_no_context_takeover',
      'client_no_context_takeover',
      'server_max_window_bits=10',
      'client_max_window_bits=11',
    ]) {
      assert.ok(offered.includes(parameter), offered);
      assert.ok(agreed.includes(parameter), agreed);
    }
    assert.ok(agreed.startsWith('permessage-deflate'));
  });

  it('an extension that was not offered fails the attempt', async () => {
    const server = await startServer({ plan: ['bare'], extensions: 'permessage-deflate' });
    const options = { url: server.url, maxRetries: 0, websocketOptions: { perMessageDeflate: false } };
    const { ws, log } = client(options);
    ws.connect();
    await log.until('error');
    await log.until('close 1006');
  });

  it('bad options are refused', () => {
    for (const perMessageDeflate of [
      { threshold: '1' },
      { threshold: -1 },
      { serverMaxWindowBits: 7 },
      { clientMaxWindowBits: 16 },
    ]) {
      assert.throws(
        () => client({ url: 'ws://127.0.0.1:1/', websocketOptions: { perMessageDeflate } }),
        /perMessageDeflate/,
      );
    }
  });

  it('a compressed message that is broken ends with an error and a retry', async () => {
    const server = await startServer({ plan: ['bare', 'accept'], extensions: 'permessage-deflate' });
    const { log } = await openClient({ url: server.url });
    await server.raw('c104ffffffff');
    await log.until('error');
    await log.until('open');
  });
});

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
