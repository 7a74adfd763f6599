'use strict';

const assert = require('assert');
const { certificates } = require('../peer/certificates.js');
const { startServer, stopServers } = require('../peer/index.js');
const { client, closeClients, openClient } = require('../support/clients.js');
const { stopPrograms } = require('../support/programs.js');
const { VERSIONS, startFront } = require('./programs.js');

/** How long a front lets a connection be silent, in the tests about that. */
const IDLE_MS = 1000;

describe('servers of Debian', () => {
  afterEach(async () => {
    closeClients();
    await stopPrograms();
    await stopServers();
  });

  /** A server that echoes, behind a front. */
  const behind = async (name, options) => {
    const server = await startServer({ echo: true, greet: ['hello'] });
    const { port, child } = await startFront(name, { backend: server.port, ...options });
    return { server, child, url: `wss://127.0.0.1:${port}/` };
  };

  const trusting = (more) => ({ ca: certificates().ca, ...more });

  const echoes = async ({ ws, log }, text) => {
    ws.send(text);
    await log.until(`message ${text}`);
  };

  const failure = async (url, websocketOptions) => {
    const { ws, log } = client({ url, websocketOptions, maxRetries: 0 });
    ws.connect();
    return (await log.until('error')).argument;
  };

  for (const name of ['nginx', 'haproxy']) {
    describe(name, () => {
      it('passes messages on, of any size', async () => {
        const { url } = await behind(name);
        const { ws, log } = await openClient({ url, websocketOptions: trusting() });
        await echoes({ ws, log }, 'by TLS');
        const large = 'x'.repeat(5e6);
        const [message] = await Promise.all([
          new Promise((resolve) =>
            ws.on('message', ({ data }) => data.length === large.length && resolve(data)),
          ),
          ws.send(large),
        ]);
        assert.strictEqual(message, large);
      });

      it('speaks TLS 1.2 alone, or 1.3 alone', async () => {
        for (const version of VERSIONS) {
          const { url } = await behind(name, { versions: [version] });
          await openClient({ url, websocketOptions: trusting() });
          const other = version === 'TLSv1.2' ? { minVersion: 'TLSv1.3' } : { maxVersion: 'TLSv1.2' };
          assert.strictEqual((await failure(url, trusting(other))).code, 'WSR_ERR_TLS');
        }
      });

      it('resumes a session', async () => {
        for (const version of VERSIONS) {
          const { url, server } = await behind(name, { versions: [version] });
          for (let count = 0; count < 2; count += 1) {
            const { ws, log } = client({ url, websocketOptions: trusting() });
            await ws.connect();
            // By then its tickets have come.
            await log.until('message hello');
            ws.close();
          }
          const resumed = (await server.handshakes()).map(({ headers }) => headers['x-session']);
          assert.deepStrictEqual(resumed, ['.', 'r'], version);
        }
      });

      it('asks the client for a certificate', async () => {
        const { url, server } = await behind(name, { asksClient: true });
        const { cert, key } = certificates().client;
        await openClient({ url, websocketOptions: trusting({ cert, key }) });
        assert.match((await server.handshakes())[0].headers['x-client'], /CN=the client/);
        const { code } = await failure(url, trusting());
        // nginx answers by HTTP.
        assert.strictEqual(code, name === 'nginx' ? 'WSR_ERR_HANDSHAKE' : 'WSR_ERR_TLS');
        const stranger = certificates().selfSigned;
        assert.ok((await failure(url, trusting({ cert: stranger.cert, key: stranger.key }))).code);
        assert.strictEqual((await server.handshakes()).length, 1);
      });

      it('cuts a silent connection, unless there are heartbeats', async () => {
        const { url } = await behind(name, { idle: IDLE_MS });
        const websocketOptions = trusting();
        const silent = await openClient({ url, websocketOptions });
        const beating = await openClient({
          url,
          websocketOptions,
          heartbeatMode: 'ping',
          heartbeatInterval: IDLE_MS / 4,
        });
        await silent.log.until('close');
        await silent.log.until('open');
        await silent.log.until('close');
        assert.deepStrictEqual(beating.log.of('close'), []);
        await echoes(beating, 'still there');
      });
    });
  }

  it('nginx keeps connections through a reload, and takes new ones', async () => {
    const { url, child } = await behind('nginx');
    const held = await openClient({ url, websocketOptions: trusting() });
    child.kill('SIGHUP');
    await openClient({ url, websocketOptions: trusting() });
    await echoes(held, 'held');
    assert.deepStrictEqual(held.log.of('close'), []);
  });

  it('nginx that cuts connections by a reload is connected to again', async () => {
    const { url, child } = await behind('nginx', { shutdown: 200 });
    const { ws, log } = await openClient({ url, websocketOptions: trusting() });
    child.kill('SIGHUP');
    await log.until('close');
    await log.until('open');
    await echoes({ ws, log }, 'again');
  });

  it('OpenSSL with an old profile is told as what needs another transport', async () => {
    const { ca, issue, authority } = certificates();
    const identity = issue('subjectAltName=IP:127.0.0.1', authority, ['-newkey', 'rsa:1024']);
    for (const [ciphers, what] of [
      ['AES128-SHA:@SECLEVEL=0', /with the alert HandshakeFailure/],
      ['ECDHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0', /has an RSA key of 1024 bits/],
    ]) {
      const { port } = await startFront('openssl', { identity, ciphers });
      for (const websocketOptions of [{ ca }, { rejectUnauthorized: false }]) {
        const { code, message } = await failure(`wss://127.0.0.1:${port}/`, websocketOptions);
        assert.strictEqual(code, 'WSR_ERR_TLS', message);
        assert.match(message, what);
        assert.match(message, /transport: 'node'/);
      }
    }
  });
});

require('./haproxy-http2.js');
