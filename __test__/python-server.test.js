'use strict';

const assert = require('assert');
const { startPython } = require('./peer/python.js');
const { openClient } = require('./support/clients.js');

const INSTALL_MS = 120000;

describe("a server on Python's websockets", () => {
  let server;
  before(async function () {
    this.timeout(INSTALL_MS);
    server = await startPython();
  });
  after(() => server.stop());

  for (const perMessageDeflate of [true, false]) {
    it(`echoes text and binary of all sizes, deflate ${perMessageDeflate}`, async () => {
      const { ws, log } = await openClient({ url: server.url, websocketOptions: { perMessageDeflate } });
      assert.strictEqual(ws.extensions.startsWith('permessage-deflate'), perMessageDeflate);
      for (const size of [0, 125, 126, 65535, 65536, 2 ** 20]) {
        const text = 'aü'.repeat(size / 3) + 'x'.repeat(size % 3);
        const bytes = Buffer.alloc(size, 'some bytes ');
        ws.send(text);
        ws.send(bytes);
        assert.ok((await log.until('message')).argument.data === text, `text of ${size} bytes`);
        assert.ok(bytes.equals((await log.until('message')).argument.data), `binary of ${size} bytes`);
      }
    });
  }

  it('keeps the order of many messages', async () => {
    const { ws, log } = await openClient({ url: server.url });
    const sent = Array.from({ length: 2000 }, (_, i) => `number ${i}`);
    for (const text of sent) ws.send(text);
    await log.count('message', sent.length);
    assert.deepStrictEqual(
      log.of('message').map(({ data }) => data),
      sent,
    );
  });

  it('is reconnected to after it closed', async () => {
    const { ws, log } = await openClient({ url: server.url });
    ws.send('close 1012 restart');
    await log.until('open');
    assert.deepStrictEqual(log.lines, [
      'stateChange CLOSED',
      "close 1012 'restart'",
      'retry 1 in 50 of 10',
      'stateChange CONNECTING',
      'stateChange OPEN',
      'open',
    ]);
  });

  it('is reconnected to after it cut the connection', async () => {
    const { ws, log } = await openClient({ url: server.url });
    ws.send('cut');
    await log.until('close 1006');
    await log.until('open');
    ws.send('back again');
    await log.until('message back again');
  });

  it('answers a close by the user', async () => {
    const { ws, log } = await openClient({ url: server.url });
    ws.close(4000, 'bye');
    await log.until("close 4000 'bye'");
    assert.deepStrictEqual(log.lines, ['stateChange CLOSING', 'stateChange CLOSED', "close 4000 'bye'"]);
  });

  it('has its pings answered', async () => {
    const { ws, log } = await openClient({ url: server.url });
    ws.send('ping');
    await log.until('message pong');
  });

  it('sends fragments that become one message', async () => {
    const { ws, log } = await openClient({ url: server.url });
    ws.send('fragments 300');
    const { argument } = await log.until('message');
    assert.strictEqual(argument.data, Array.from({ length: 300 }, (_, i) => `${i} `).join(''));
  });

  it('agrees on a subprotocol', async () => {
    const { ws, log } = await openClient({ url: server.url, protocols: ['other', 'chat'] });
    assert.strictEqual(ws.protocol, 'chat');
    ws.send('subprotocol');
    await log.until('message chat');
  });
});
