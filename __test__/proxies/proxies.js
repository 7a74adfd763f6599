'use strict';

const assert = require('assert');
const { certificates } = require('../peer/certificates.js');
const { startServer, stopServers } = require('../peer/index.js');
const { client, closeClients, openClient } = require('../support/clients.js');
const { stopPrograms } = require('../support/programs.js');
const { startProxy } = require('./programs.js');

/** A server that echoes, of `ws:` and of `wss:`, and how to trust it. */
async function servers() {
  const { ca, leaf } = certificates();
  return {
    plain: await startServer({ echo: true }),
    secure: await startServer({ echo: true, tls: { cert: leaf.cert, key: leaf.key } }),
    websocketOptions: { ca },
  };
}

/** That a message comes back by a proxy, from both servers. */
async function echoes({ plain, secure, websocketOptions }, proxy, host) {
  for (const [scheme, { port }] of [
    ['ws', plain],
    ['wss', secure],
  ]) {
    const { ws, log } = await openClient({ url: `${scheme}://${host}:${port}/`, proxy, websocketOptions });
    ws.send(`by ${scheme}`);
    await log.until(`message by ${scheme}`);
    ws.close();
  }
}

/** The error of an attempt by a proxy. */
async function failure(url, proxy) {
  const { ws, log } = client({ url, proxy, maxRetries: 0 });
  ws.connect().catch(() => {});
  return (await log.until('error')).argument;
}

describe('proxies of Debian', () => {
  afterEach(async () => {
    closeClients();
    await stopPrograms();
    await stopServers();
  });

  it('tinyproxy leads to a server', async () => {
    const port = await startProxy('tinyproxy');
    await echoes(await servers(), `http://127.0.0.1:${port}`, '127.0.0.1');
  });

  it('tinyproxy asks for a password', async () => {
    const both = await servers();
    const port = await startProxy('tinyproxy', { auth: ['me', 'secret'] });
    await echoes(both, `http://me:secret@127.0.0.1:${port}`, '127.0.0.1');
    for (const proxy of [`http://127.0.0.1:${port}`, `http://me:wrong@127.0.0.1:${port}`]) {
      const { code, message } = await failure(both.plain.url, proxy);
      // It answers 401 to a password that is wrong.
      assert.ok(['WSR_ERR_PROXY_AUTH', 'WSR_ERR_PROXY'].includes(code), message);
      assert.match(message, /refused with 40[17]/);
    }
  });

  it('tinyproxy tells that a server is not there', async () => {
    const port = await startProxy('tinyproxy');
    const { code, statusCode } = await failure('ws://127.0.0.1:1/', `http://127.0.0.1:${port}`);
    assert.strictEqual(code, 'WSR_ERR_PROXY');
    assert.ok(statusCode >= 500, `${statusCode}`);
  });

  it('squid leads to the ports that it allows', async () => {
    const both = await servers();
    const port = await startProxy('squid', { ports: [both.plain.port, both.secure.port] });
    await echoes(both, `http://127.0.0.1:${port}`, '127.0.0.1');
    const other = await startServer();
    const { code, message, statusCode } = await failure(other.url, `http://127.0.0.1:${port}`);
    assert.deepStrictEqual([code, statusCode], ['WSR_ERR_PROXY', 403]);
    assert.match(
      message,
      new RegExp(`CONNECT to 127.0.0.1:${other.port} was refused with 403; many proxies`),
    );
  });

  it('squid speaks TLS', async () => {
    const both = await servers();
    const port = await startProxy('squid', { ports: [both.plain.port, both.secure.port], tls: true });
    await echoes(both, { url: `https://localhost:${port}`, ca: certificates().ca }, '127.0.0.1');
  });

  it('microsocks takes names and addresses, and a password', async () => {
    const both = await servers();
    const open = await startProxy('microsocks');
    for (const scheme of ['socks5', 'socks5h'])
      await echoes(both, `${scheme}://127.0.0.1:${open}`, 'localhost');
    const closed = await startProxy('microsocks', { auth: ['me', 'secret'] });
    await echoes(both, `socks5h://me:secret@127.0.0.1:${closed}`, '127.0.0.1');
    for (const proxy of [`socks5h://127.0.0.1:${closed}`, `socks5h://me:wrong@127.0.0.1:${closed}`]) {
      const { code, message } = await failure(both.plain.url, proxy);
      assert.strictEqual(code, 'WSR_ERR_PROXY_AUTH', message);
    }
  });

  it('dante speaks SOCKS 4 and 5', async () => {
    const both = await servers();
    const port = await startProxy('dante');
    // The names of SOCKS 4a it refuses to curl too; src/net/proxy/tests.rs has those.
    for (const scheme of ['socks4', 'socks5', 'socks5h']) {
      await echoes(both, `${scheme}://127.0.0.1:${port}`, 'localhost');
    }
    const { code, message } = await failure('ws://127.0.0.1:1/', `socks5://127.0.0.1:${port}`);
    assert.strictEqual(code, 'WSR_ERR_PROXY', message);
    assert.match(message, /^SOCKS to 127\.0\.0\.1:1 failed: Connection refused/);
  });
});
