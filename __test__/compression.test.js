'use strict';

const assert = require('assert');
const { startServer } = require('./peer/index.js');
const { client, openClient } = require('./support/clients.js');

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
