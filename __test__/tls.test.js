'use strict';

const assert = require('assert');
const path = require('path');
const { certificates } = require('./peer/certificates.js');
const { startServer } = require('./peer/index.js');
const { WebSocketReconnect, client } = require('./support/clients.js');
const { runScript, runtime } = require('./support/runtime.js');

describe('TLS', () => {
  let made;
  before(function () {
    this.timeout(30000);
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
      assert.throws(make({ ca: 'no certificate' }), /websocketOptions\.ca/);
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
