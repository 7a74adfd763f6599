'use strict';

const assert = require('assert');
const { execFileSync } = require('child_process');
const { mkdtempSync, readFileSync } = require('fs');
const https = require('https');
const os = require('os');
const path = require('path');
const { certificates } = require('./peer/certificates.js');
const { client } = require('./support/clients.js');
const { runtime } = require('./support/runtime.js');
const { heard } = require('./support/waiting.js');
const { after: cleanUp, endAll, real } = require('./support/ws-servers.js');

/** A self-signed certificate of localhost with a key of this kind. */
function certificate(...kind) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'by-node-'));
  const [cert, key] = ['cert.pem', 'key.pem'].map((name) => path.join(folder, name));
  const names = 'subjectAltName=DNS:localhost,IP:127.0.0.1';
  const request = [
    'req',
    '-x509',
    ...kind,
    '-noenc',
    '-days',
    '2',
    '-subj',
    '/CN=localhost',
    '-addext',
    names,
  ];
  execFileSync('openssl', [...request, '-keyout', key, '-out', cert], { stdio: 'pipe' });
  return { cert: readFileSync(cert), key: readFileSync(key) };
}

const curve = (name) => ['-newkey', 'ec', '-pkeyopt', `ec_paramgen_curve:${name}`];

/** The lowest level of OpenSSL, which differs by version of Node. */
const WEAK = 'DEFAULT@SECLEVEL=0';

/** The servers that rustls refuses and Node takes, some only with these options. */
const SERVERS = {
  'a key of RSA of 1024 bits': () => ({
    server: { ...certificate('-newkey', 'rsa:1024'), ciphers: WEAK },
    options: { ciphers: WEAK },
    isTooWeak: true,
  }),
  'a key of P-521': () => ({
    server: certificate(...curve('P-521')),
  }),
  'a key for RSA-PSS alone': () => ({
    server: certificate('-newkey', 'rsa-pss', '-pkeyopt', 'rsa_keygen_bits:2048'),
  }),
  'a key for Ed448': () => ({
    server: certificate('-newkey', 'ed448'),
  }),
  'X.509 of version 1': () => ({
    server: certificates().issue(''),
    // It names no host.
    options: { checkServerIdentity: () => undefined },
  }),
  'a critical extension that nobody knows': () => ({
    server: certificate(...curve('P-256'), '-addext', '1.2.3.4=critical,ASN1:NULL'),
    // Nor does OpenSSL trust it.
    isUntrusted: true,
  }),
  'no ECDHE': () => ({
    server: { ...certificate('-newkey', 'rsa:2048'), ciphers: 'AES128-GCM-SHA256', maxVersion: 'TLSv1.2' },
  }),
};

// Other runtimes have no OpenSSL.
(runtime.name === 'node' ? describe : describe.skip)('TLS that the engine refuses', () => {
  let warnings;
  const note = (warning) => warnings.push(warning);
  beforeEach(() => {
    warnings = [];
    process.on('warning', note);
  });
  afterEach(() => {
    process.removeListener('warning', note);
    endAll();
  });

  async function start(options) {
    const server = https.createServer(options);
    const wss = new real.WebSocketServer({ server });
    wss.on('connection', (socket) => socket.on('message', (data) => socket.send(String(data))));
    server.listen(0, '127.0.0.1');
    await heard(server, 'listening');
    cleanUp(() => {
      for (const one of wss.clients) one.terminate();
      server.close();
    });
    return `wss://127.0.0.1:${server.address().port}/`;
  }

  for (const [what, make] of Object.entries(SERVERS)) {
    describe(what, () => {
      let made;
      before(() => {
        made = make();
      });

      it("is told by the error with tls: 'native', each time", async () => {
        const url = await start(made.server);
        const websocketOptions = { tls: 'native', rejectUnauthorized: false };
        const { ws, log } = client({ url, websocketOptions, maxRetries: 1 });
        ws.connect();
        for (let attempt = 0; attempt < 2; attempt += 1) {
          const { argument } = await log.until('error');
          assert.ok(argument.message.includes("transport: 'node'"), argument.message);
        }
        await log.until('close MAX_RETRIES');
        assert.deepStrictEqual(warnings, []);
      });

      it("is taken with transport: 'node', certificate and all", async () => {
        const url = await start(made.server);
        const trust = made.isUntrusted ? { rejectUnauthorized: false } : { ca: made.server.cert };
        const websocketOptions = { transport: 'node', ...trust, ...made.options };
        const { ws, log } = client({ url, websocketOptions, maxRetries: 0 });
        await ws.connect();
        ws.send('by Node');
        await log.until('message by Node');
      });

      it("is left to Node from the second attempt on with tls: 'auto', with one warning", async function () {
        // What the versions of OpenSSL take by default differs.
        if (made.isTooWeak && runtime.nodeMajor >= 24) this.skip();
        const url = await start(made.server);
        const websocketOptions = { rejectUnauthorized: false };
        const { ws, log } = client({ url, websocketOptions });
        const opened = ws.connect();
        const { argument } = await log.until('error');
        assert.ok(argument.message.includes("transport: 'node'"), argument.message);
        await opened;
        ws.send('by Node');
        await log.until('message by Node');
        ws.reconnect();
        await log.until('open');
        assert.deepStrictEqual(
          warnings.map(({ code }) => code),
          ['WSR_WARN_TLS_BY_NODE'],
        );
        assert.strictEqual(log.of('error').length, 1);
      });
    });
  }

  it('is left to Node by all who wait for the HTTP/2 connection that fails so', async () => {
    const url = await start(certificate(...curve('P-521')));
    const websocketOptions = { http2: true, rejectUnauthorized: false };
    const clients = [1, 2, 3].map(() => client({ url, websocketOptions, maxRetries: 1 }));
    await Promise.all(clients.map(({ ws }) => ws.connect()));
    for (const { log } of clients) {
      assert.strictEqual(log.of('error').length, 1);
    }
  });
});
