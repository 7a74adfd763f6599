'use strict';

const assert = require('assert');
const { mkdtempSync, writeFileSync } = require('fs');
const os = require('os');
const path = require('path');
const tls = require('tls');
const { certificates } = require('./peer/certificates.js');
const { deadPort, startServer } = require('./peer/index.js');
const { WebSocketReconnect, client } = require('./support/clients.js');
const { runScript, runtime } = require('./support/runtime.js');

describe('TLS', () => {
  let made;
  before(() => {
    made = certificates();
  });

  const opens = async (websocketOptions, tls = made.leaf, host = '127.0.0.1') => {
    const server = await startServer({ tls, echo: true });
    const url = `wss://${host}:${server.port}/`;
    const { ws, log } = client({ url, websocketOptions, maxRetries: 0 });
    await ws.connect();
    ws.send('over TLS');
    await log.until('message over TLS');
    return (await server.handshakes())[0];
  };

  const fails = async (websocketOptions, tls = made.leaf, host = '127.0.0.1') => {
    const server = await startServer({ tls });
    const url = `wss://${host}:${server.port}/`;
    const { ws, log } = client({ url, websocketOptions, maxRetries: 0 });
    ws.connect();
    const { argument } = await log.until('error');
    assert.ok(argument instanceof Error);
    await log.until('close MAX_RETRIES');
    assert.strictEqual((await server.handshakes()).length, 0);
    return argument;
  };

  it('opens with the authority as ca: a string, a Buffer, or several', async () => {
    await opens({ ca: made.ca });
    await opens({ ca: Buffer.from(made.ca) });
    await opens({ ca: [made.otherCa, made.ca] });
    await opens({ ca: `${made.otherCa}\n${made.ca}` });
  });

  it('opens for the name and for the address in the certificate', async () => {
    await opens({ ca: made.ca }, made.leaf, 'localhost');
    await opens({ ca: made.ca }, made.leaf, '127.0.0.1');
  });

  it('opens with TLS 1.2 and with TLS 1.3', async () => {
    for (const version of ['TLSv1.2', 'TLSv1.3']) {
      await opens({ ca: made.ca }, { ...made.leaf, minVersion: version, maxVersion: version });
    }
  });

  it('opens with a self-signed certificate that is itself the ca', async () => {
    await opens({ ca: made.selfSigned.cert }, made.selfSigned);
  });

  describe('a certificate given as ca', () => {
    const NAMES = 'subjectAltName=DNS:localhost,IP:127.0.0.1';
    const lines = (...extensions) => [NAMES, ...extensions].join('\n');

    /** The code that the class fails with, or 'open'. */
    const outcome = async (ca, sent, servername) => {
      const server = await startServer({ tls: sent });
      const { ws, log } = client({
        url: server.url,
        websocketOptions: { ca, servername },
        maxRetries: 0,
      });
      const opened = ws.connect().then(() => 'open');
      const failed = log.until('error').then(({ argument }) => argument.code);
      failed.catch(() => {});
      return opened.catch(() => failed);
    };

    /** The same of Node itself. */
    const nodesOutcome = async (ca, sent, servername) => {
      const { port } = await startServer({ tls: sent });
      return new Promise((resolve) => {
        const socket = tls.connect({ host: '127.0.0.1', port, ca, servername }, () => {
          socket.destroy();
          resolve('open');
        });
        socket.on('error', ({ code }) => resolve(code));
      });
    };

    /** Whether a server is believed. Node is asked for the same unless it is told apart from us. */
    const believes = async (ca, sent, { servername = 'localhost', node = true } = {}) => {
      const ours = await outcome(ca, sent, servername);
      // OpenSSL 1.1.1, of older versions of Node, does not believe some that are given to it themselves.
      if (node && runtime.name === 'node' && runtime.nodeMajor >= 18) {
        const nodes = await nodesOutcome(ca, sent, servername);
        assert.strictEqual(ours === 'open', nodes === 'open', `${ours}, but Node says ${nodes}`);
      }
      return ours === 'open';
    };

    for (const [what, extensions, vouches] of [
      ['that is no authority', lines('basicConstraints=CA:FALSE'), false],
      [
        'that is none and may sign',
        lines('basicConstraints=CA:FALSE', 'keyUsage=digitalSignature,keyCertSign'),
        false,
      ],
      ['that says nothing', lines(), false],
      ['that says only that it may sign', lines('keyUsage=digitalSignature,keyCertSign'), true],
      ['that says only that it may serve', lines('keyUsage=digitalSignature'), false],
      ['that is an authority', lines('basicConstraints=CA:TRUE'), true],
      ['that is one and may not sign', lines('basicConstraints=CA:TRUE', 'keyUsage=digitalSignature'), false],
    ]) {
      it(`${what} is trusted for its own names and ${vouches ? 'vouches for others' : 'for nothing else'}`, async () => {
        const pinned = made.issue(extensions);
        assert.ok(await believes(pinned.cert, pinned));
        assert.ok(!(await believes(pinned.cert, pinned, { servername: 'bank.example' })));
        const other = made.issue(lines(), pinned);
        assert.strictEqual(await believes(pinned.cert, other), vouches);
        const both = { cert: other.cert + pinned.cert, key: other.key };
        assert.strictEqual(await believes(pinned.cert, both), vouches);
        const middle = made.issue('basicConstraints=CA:TRUE', pinned);
        const below = made.issue(lines(), middle);
        const chain = { cert: below.cert + middle.cert, key: below.key };
        assert.strictEqual(await believes(pinned.cert, chain), vouches);
      });
    }

    it('of X.509 version 1 vouches for others, and is taken for no server', async () => {
      const root = made.issue();
      assert.ok(await believes(root.cert, made.issue(lines(), root)));
      // Node takes it by its common name.
      assert.ok(!(await believes(root.cert, root, { servername: 'issued', node: false })));
    });

    it('that is for clients, or may only sign, is taken for no server', async () => {
      for (const extension of ['extendedKeyUsage=clientAuth', 'keyUsage=keyCertSign']) {
        const pinned = made.issue(lines('basicConstraints=CA:TRUE', extension));
        assert.strictEqual(await outcome(pinned.cert, pinned, 'localhost'), 'INVALID_PURPOSE');
        assert.ok(!(await believes(pinned.cert, pinned)));
      }
    });

    it('binds those below it to its length of path', async () => {
      const root = made.issue('basicConstraints=CA:TRUE,pathlen:0');
      assert.ok(await believes(root.cert, made.issue(lines(), root)));
      const middle = made.issue('basicConstraints=CA:TRUE', root);
      const below = made.issue(lines(), middle);
      assert.ok(!(await believes(root.cert, { cert: below.cert + middle.cert, key: below.key })));
    });

    it('that another has signed is trusted for itself alone', async () => {
      const root = made.issue('basicConstraints=CA:TRUE');
      const pinned = made.issue(lines('basicConstraints=CA:FALSE'), root);
      // Node does so with allowPartialTrustChain.
      assert.ok(await believes(pinned.cert, pinned, { node: false }));
      assert.ok(!(await believes(pinned.cert, pinned, { servername: 'bank.example' })));
      assert.ok(!(await believes(pinned.cert, made.issue(lines(), root))));
      assert.ok(!(await believes(pinned.cert, made.issue(lines(), pinned))));
    });
  });

  it('refuses a self-signed certificate', async () => {
    assert.strictEqual((await fails({}, made.selfSigned)).code, 'DEPTH_ZERO_SELF_SIGNED_CERT');
  });

  it('refuses an unknown authority', async () => {
    const codes = ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'];
    for (const websocketOptions of [{}, { ca: made.otherCa }]) {
      const { code, message } = await fails(websocketOptions);
      assert.ok(codes.includes(code), `${code}: ${message}`);
    }
  });

  it('refuses an unknown authority that the server sends along', async () => {
    const tls = { cert: made.leaf.cert + made.ca, key: made.leaf.key };
    assert.strictEqual((await fails({}, tls)).code, 'SELF_SIGNED_CERT_IN_CHAIN');
  });

  it('refuses an expired certificate', async () => {
    assert.strictEqual((await fails({ ca: made.ca }, made.expired)).code, 'CERT_HAS_EXPIRED');
  });

  it('refuses a certificate for another name', async () => {
    const { code, message } = await fails({ ca: made.ca }, made.wrongName, 'localhost');
    assert.strictEqual(code, 'ERR_TLS_CERT_ALTNAME_INVALID', message);
  });

  it('rejectUnauthorized false opens with each of them', async () => {
    for (const tls of [made.selfSigned, made.expired, made.wrongName, made.leaf]) {
      await opens({ rejectUnauthorized: false }, tls);
    }
  });

  it('sends the name of the host, and no address, as the server name', async () => {
    assert.strictEqual((await opens({ ca: made.ca }, made.leaf, 'localhost')).servername, 'localhost');
    assert.ok(!(await opens({ ca: made.ca }, made.leaf, '127.0.0.1')).servername);
  });

  it('servername is sent and is what the certificate has to be for', async () => {
    const { servername } = await opens({ ca: made.ca, servername: 'elsewhere.test' }, made.wrongName);
    assert.strictEqual(servername, 'elsewhere.test');
    const { code } = await fails({ ca: made.ca, servername: 'elsewhere.test' }, made.leaf);
    assert.strictEqual(code, 'ERR_TLS_CERT_ALTNAME_INVALID');
  });

  describe('a certificate of the client', () => {
    const asking = () => ({ ...made.leaf, ca: made.ca, requestCert: true, rejectUnauthorized: true });

    it('is sent from cert and key', async () => {
      const { cert, key } = made.client;
      const { certificate } = await opens({ ca: made.ca, cert, key }, asking());
      assert.strictEqual(certificate.CN, 'the client');
    });

    it('is sent from cert and an encrypted key with its passphrase', async () => {
      const { cert, encryptedKey: key } = made.client;
      const { passphrase } = made;
      assert.strictEqual(
        (await opens({ ca: made.ca, cert, key, passphrase }, asking())).certificate.CN,
        'the client',
      );
    });

    it('is sent from pfx', async () => {
      const { pfx } = made.client;
      const { passphrase } = made;
      assert.strictEqual(
        (await opens({ ca: made.ca, pfx, passphrase }, asking())).certificate.CN,
        'the client',
      );
    });

    it('is another where another has been put in its place', async () => {
      const server = await startServer({ tls: asking() });
      const { cert, key } = made.client;
      const websocketOptions = { ca: made.ca, cert, key };
      const { ws, log } = client({ url: server.url, websocketOptions });
      await ws.connect();
      const other = made.issue('extendedKeyUsage=clientAuth', made.authority);
      Object.assign(ws.websocketOptions, { cert: other.cert, key: other.key });
      log.take();
      await server.cut();
      await log.until('open');
      const [first, second] = await server.handshakes();
      assert.strictEqual(first.certificate.CN, 'the client');
      assert.strictEqual(second.certificate.CN, other.subject);
    });

    it('has its key opened once while it is unchanged', async () => {
      const folder = mkdtempSync(path.join(os.tmpdir(), 'keys-'));
      const files = [made.issue(''), made.issue(''), made.issue('')].map(({ name, cert, key }) => {
        const file = path.join(folder, name);
        writeFileSync(file, `${cert.trim()}\n\n${key.trim()}`);
        return file;
      });
      const url = `wss://127.0.0.1:${await deadPort()}/`;
      const { stdout, stderr } = await runScript(path.join(__dirname, 'life', 'private-keys.js'), [
        url,
        ...files,
      ]);
      assert.strictEqual(stdout.trim(), '1 2 3', stderr);
    });

    it('that is missing fails the attempt', async () => {
      const { code, message } = await fails({ ca: made.ca }, asking());
      // With TLS 1.3 the refusal comes after the client's last word.
      assert.ok(/^(ERR_SSL|ECONNRESET|EPIPE|WSR_ERR_TLS)/.test(code), `${code}: ${message}`);
    });

    it('that cannot be read throws in the constructor', () => {
      const make = (websocketOptions) => () =>
        new WebSocketReconnect({ url: 'wss://localhost/', websocketOptions });
      const { cert, key, encryptedKey, pfx } = made.client;
      assert.throws(make({ cert, key: 'no key' }), /websocketOptions\.key/);
      assert.throws(make({ cert: 'no certificate', key }), /websocketOptions\.cert/);
      assert.throws(
        make({ cert, key: encryptedKey, passphrase: 'wrong' }),
        /websocketOptions\.(key|passphrase)/,
      );
      assert.throws(make({ pfx, passphrase: 'wrong' }), /websocketOptions\.(pfx|passphrase)/);
      assert.throws(make({ pfx: Buffer.from('no archive') }), /websocketOptions\.pfx/);
      for (const ca of ['no certificate', '', Buffer.alloc(0)])
        assert.throws(make({ ca }), /websocketOptions\.ca/);
    });
  });

  it('trusts NODE_EXTRA_CA_CERTS', async () => {
    const server = await startServer({ tls: made.leaf });
    const script = path.join(__dirname, 'life', 'connect-once.js');
    const known = await runScript(script, [server.url], { env: { NODE_EXTRA_CA_CERTS: made.caFile } });
    assert.strictEqual(known.stdout.trim(), 'open', known.stderr);
    const unknown = await runScript(script, [server.url]);
    assert.ok(/^UNABLE_TO_/.test(unknown.stdout.trim()), unknown.stdout + unknown.stderr);
  });

  it('trusts SSL_CERT_FILE where Node was told --use-openssl-ca', async function () {
    // A flag of Node alone.
    if (runtime.name !== 'node') this.skip();
    const server = await startServer({ tls: made.leaf });
    const script = path.join(__dirname, 'life', 'connect-once.js');
    const env = { SSL_CERT_FILE: made.caFile };
    const { stdout, stderr } = await runScript(script, [server.url], { env, flags: ['--use-openssl-ca'] });
    assert.strictEqual(stdout.trim(), 'open', stderr);
  });

  it('fails where the server speaks no TLS', async () => {
    const server = await startServer();
    const { ws, log } = client({ url: server.url.replace('ws:', 'wss:'), maxRetries: 0 });
    ws.connect();
    const { argument } = await log.until('error');
    assert.ok(argument.code, argument.message);
  });

  it('survives a cut by the server', async () => {
    const server = await startServer({ tls: made.leaf });
    const { ws, log } = client({ url: server.url, websocketOptions: { ca: made.ca } });
    await ws.connect();
    log.take();
    await server.cut();
    await log.until('close 1006');
    await log.until('open');
    assert.deepStrictEqual(log.of('error'), []);
  });
});
