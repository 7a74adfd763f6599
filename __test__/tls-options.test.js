'use strict';

const assert = require('assert');
const crypto = require('crypto');
const https = require('https');
const { mkdirSync, mkdtempSync, readFileSync, rmdirSync, unlinkSync, writeFileSync } = require('fs');
const net = require('net');
const os = require('os');
const path = require('path');
const { certificates } = require('./peer/certificates.js');
const { startServer } = require('./peer/index.js');
const { client, make } = require('./support/clients.js');
const { startProxy, stopProxies } = require('./support/proxies.js');
const { program, runScript, runtime } = require('./support/runtime.js');
const { until } = require('./support/waiting.js');

describe('TLS options', () => {
  let made;
  before(() => {
    made = certificates();
  });

  const folder = () => mkdtempSync(path.join(os.tmpdir(), 'tls-'));

  /** What the server saw of a client with these options. */
  const opens = async (websocketOptions, tls = made.leaf) => {
    const server = await startServer({ tls });
    const { ws } = client({ url: server.url, websocketOptions, maxRetries: 0 });
    await ws.connect();
    return (await server.handshakes())[0];
  };

  const fails = async (websocketOptions, tls = made.leaf, more = {}) => {
    const server = await startServer({ tls });
    const { ws, log } = client({ url: server.url, websocketOptions, maxRetries: 0, ...more });
    ws.connect();
    return (await log.until('error')).argument;
  };

  const throws = (websocketOptions, message) =>
    assert.throws(() => make({ url: 'wss://localhost/', websocketOptions }), {
      code: 'WSR_ERR_OPTION',
      message,
    });

  describe('minVersion and maxVersion', () => {
    it('bound what is spoken', async () => {
      const { ca } = made;
      assert.strictEqual((await opens({ ca })).tlsVersion, 'TLSv1.3');
      assert.strictEqual((await opens({ ca, maxVersion: 'TLSv1.2' })).tlsVersion, 'TLSv1.2');
      assert.strictEqual((await opens({ ca, minVersion: 'TLSv1.3' })).tlsVersion, 'TLSv1.3');
    });

    it('fail where the server speaks none of them', async () => {
      for (const [websocketOptions, tls] of [
        [{ minVersion: 'TLSv1.3' }, { maxVersion: 'TLSv1.2' }],
        [{ maxVersion: 'TLSv1.2' }, { minVersion: 'TLSv1.3' }],
      ]) {
        const { code, message } = await fails({ ca: made.ca, ...websocketOptions }, { ...made.leaf, ...tls });
        assert.strictEqual(code, 'WSR_ERR_TLS');
        assert.match(message, /no version of TLS that the client may/);
      }
    });

    it('of old have Node make the connection', async function () {
      // No other runtime speaks them.
      if (runtime.name !== 'node') this.skip();
      const tls = { ...made.leaf, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' };
      const websocketOptions = { ca: made.ca, minVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' };
      assert.strictEqual((await opens(websocketOptions, tls)).tlsVersion, 'TLSv1.1');
      assert.strictEqual((await opens({ ca: made.ca, minVersion: 'TLSv1.1' })).tlsVersion, 'TLSv1.3');
    });

    it('are refused where they make no sense', () => {
      throws({ minVersion: 'TLSv1.3', maxVersion: 'TLSv1.2' }, /^websocketOptions\.minVersion: is above/);
      throws({ minVersion: 'TLSv2' }, /^websocketOptions\.minVersion: 'TLSv2' is out of range; /);
      throws({ maxVersion: 1.2 }, /websocketOptions\.maxVersion/);
    });
  });

  describe('pins', () => {
    /** As docs/tls.md makes one. */
    const pinOf = (cert) => {
      const key = crypto.createPublicKey(cert).export({ type: 'spki', format: 'der' });
      return `sha256/${crypto.createHash('sha256').update(key).digest('base64')}`;
    };
    /** Whether the runtime shows who vouches for a server, and lets that be checked. */
    const seesAuthorities = crypto.X509Certificate !== undefined;
    const other = `sha256/${Buffer.alloc(32).toString('base64')}`;

    it('hold with the key of the server, of an authority between, and of the one that is trusted', async () => {
      const middle = made.issue('basicConstraints=CA:TRUE', made.authority);
      const below = made.issue('subjectAltName=IP:127.0.0.1', middle);
      const tls = { cert: below.cert + middle.cert, key: below.key };
      for (const cert of [below.cert, middle.cert, made.ca]) {
        await opens({ ca: made.ca, pins: [other, pinOf(cert)] }, tls);
      }
      await opens({ ca: made.ca, pins: pinOf(made.leaf.cert) });
    });

    it('refuse a server of which no key is pinned, and say which pin would be its', async () => {
      for (const pins of [other, [other], [pinOf(made.otherCa)]]) {
        const { code, message } = await fails({ ca: made.ca, pins });
        assert.strictEqual(code, 'WSR_ERR_TLS_PIN');
        assert.ok(message.includes(pinOf(made.leaf.cert)), message);
      }
    });

    it('do not make a certificate trusted that is not', async () => {
      const { code } = await fails({ pins: pinOf(made.selfSigned.cert) }, made.selfSigned);
      assert.strictEqual(code, 'DEPTH_ZERO_SELF_SIGNED_CERT');
    });

    it('that are sent along and not on the verified chain do not hold', async () => {
      const tls = { cert: made.leaf.cert + made.otherCa, key: made.leaf.key };
      assert.strictEqual(
        (await fails({ ca: made.ca, pins: pinOf(made.otherCa) }, tls)).code,
        'WSR_ERR_TLS_PIN',
      );
    });

    it("with rejectUnauthorized false hold with the server's own key alone", async () => {
      const rejectUnauthorized = false;
      await opens({ rejectUnauthorized, pins: pinOf(made.selfSigned.cert) }, made.selfSigned);
      await opens({ rejectUnauthorized, pins: pinOf(made.expired.cert) }, made.expired);
      const tls = { cert: made.leaf.cert + made.ca, key: made.leaf.key };
      const { code } = await fails({ rejectUnauthorized, pins: pinOf(made.ca) }, tls);
      assert.strictEqual(code, 'WSR_ERR_TLS_PIN');
    });

    it('hold where Node makes the connection, and refuse there too', async function () {
      // Deno shows no certificate.
      if (runtime.name === 'deno') this.skip();
      const tls = { cert: made.leaf.cert + made.otherCa, key: made.leaf.key };
      for (const transport of [{ transport: 'node' }, { agent: new https.Agent() }]) {
        for (const cert of seesAuthorities ? [made.leaf.cert, made.ca] : [made.leaf.cert])
          await opens({ ca: made.ca, pins: pinOf(cert), ...transport });
        for (const cert of [made.selfSigned.cert, made.otherCa]) {
          const { code, message } = await fails({ ca: made.ca, pins: [pinOf(cert)], ...transport }, tls);
          assert.strictEqual(code, 'WSR_ERR_TLS_PIN');
          assert.ok(message.includes(pinOf(made.leaf.cert)), message);
        }
        const rejectUnauthorized = false;
        await opens({ rejectUnauthorized, pins: pinOf(made.selfSigned.cert), ...transport }, made.selfSigned);
        const { code } = await fails({ rejectUnauthorized, pins: pinOf(made.ca), ...transport });
        assert.strictEqual(code, 'WSR_ERR_TLS_PIN');
      }
    });

    it('where Node makes the connection do not hold with a certificate that has the name of an authority alone', async () => {
      const file = (name, content) => {
        writeFileSync(made.file(name), content);
        return name;
      };
      const key = crypto.createPublicKey(made.otherCa).export({ type: 'spki', format: 'pem' });
      const pinned = ['-force_pubkey', file('pinned.pub', key)];
      const said = 'basicConstraints=CA:TRUE\nsubjectKeyIdentifier=none';
      const extensions = ['-extfile', file('authority.ext', said)];
      const vain = made.issue('basicConstraints=CA:TRUE');
      const by = ['-CA', `${vain.name}.crt`, '-CAkey', `${vain.name}.key`, '-CAcreateserial'];
      // What is signed by one authority, and below another of the same name.
      made.openssl('req', '-new', '-key', 'leaf.key', '-subj', '/CN=Test CA', '-out', 'false.csr');
      const cert = made.openssl('x509', '-req', '-in', 'false.csr', ...pinned, ...extensions, ...by);
      const tls = { cert: made.leaf.cert + cert, key: made.leaf.key };
      assert.strictEqual(pinOf(cert), pinOf(made.otherCa));
      for (const transport of [{}, { transport: 'node' }]) {
        const { code } = await fails({ ca: made.ca, pins: pinOf(made.otherCa), ...transport }, tls);
        assert.strictEqual(code, 'WSR_ERR_TLS_PIN');
      }
    });

    it('of authorities hold with an agent that resumes sessions', async function () {
      // Deno shows no certificate, and Node before 15.6 not who has signed it.
      if (runtime.name === 'deno' || !seesAuthorities) this.skip();
      const middle = made.issue('basicConstraints=CA:TRUE', made.authority);
      const below = made.issue('subjectAltName=IP:127.0.0.1', middle);
      const server = await startServer({
        tls: { cert: below.cert + middle.cert, key: below.key },
        greet: ['hello'],
      });
      const agent = new https.Agent({ maxCachedSessions: 10 });
      const websocketOptions = { agent, ca: made.ca, pins: pinOf(middle.cert) };
      for (let count = 0; count < 3; count += 1) {
        const { ws, log } = client({ url: server.url, websocketOptions, maxRetries: 0 });
        await ws.connect();
        await log.until('message hello');
        ws.close();
        await log.until('close');
      }
    });

    it('hold behind a proxy, and where a redirect leads', async () => {
      const server = await startServer({ tls: made.leaf });
      const proxy = await startProxy();
      const from = await startServer({
        plan: ['garbage', 'garbage', 'garbage', 'garbage'],
        upgrade: `HTTP/1.1 302 Found\r\nLocation: ${server.url}\r\nContent-Length: 0\r\n\r\n`,
      });
      // Deno shows Node's ways no certificate.
      for (const transport of runtime.name === 'deno' ? ['auto'] : ['auto', 'node']) {
        for (const [url, more] of [
          [server.url, { proxy: proxy.url }],
          [from.url, {}],
        ]) {
          const options = { transport, ca: made.ca, followRedirects: true };
          const { ws } = client({
            url,
            websocketOptions: { ...options, pins: pinOf(made.leaf.cert) },
            maxRetries: 0,
            ...more,
          });
          await ws.connect();
          const { ws: refused, log } = client({
            url,
            websocketOptions: { ...options, pins: other },
            maxRetries: 0,
            ...more,
          });
          refused.connect();
          assert.strictEqual((await log.until('error')).argument.code, 'WSR_ERR_TLS_PIN');
        }
      }
      stopProxies();
    });

    it('hold for a server that is left to Node', async function () {
      // The TLS of Deno is rustls too.
      if (runtime.name === 'deno') this.skip();
      const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-521'];
      const old = made.issue('subjectAltName=IP:127.0.0.1', made.authority, curve);
      const server = await startServer({ tls: old });
      for (const pins of [pinOf(old.cert), other]) {
        const websocketOptions = { ca: made.ca, pins };
        const { ws, log } = client({ url: server.url, websocketOptions, maxRetries: 1 });
        ws.connect();
        if (pins === other) await log.until('close MAX_RETRIES');
        else await log.until('open');
      }
      assert.strictEqual((await server.handshakes()).length, 1);
    });

    it('that are none throw in the constructor', () => {
      for (const pins of ['', 'sha1/AAAA', 'sha256/', 'sha256/AAAA', ['sha256/*'], `${other}=`]) {
        throws({ pins }, /^websocketOptions\.pins: .* is no pin; allowed is 'sha256\/'/);
      }
      throws({ pins: [1] }, /websocketOptions\.pins/);
    });

    it('retry as every other error does', async () => {
      const server = await startServer({ tls: made.leaf });
      const { ws, log } = client({
        url: server.url,
        websocketOptions: { ca: made.ca, pins: other },
        maxRetries: 2,
      });
      ws.connect();
      await log.until('close MAX_RETRIES');
      assert.strictEqual(log.of('error').filter(({ code }) => code === 'WSR_ERR_TLS_PIN').length >= 1, true);
      assert.strictEqual((await server.handshakes()).length, 0);
    });
  });

  describe('a certificate of the client', () => {
    const asking = () => ({ ...made.leaf, ca: made.ca, requestCert: true, rejectUnauthorized: true });
    const named = async (options) => (await opens({ ca: made.ca, ...options }, asking())).certificate.CN;

    it('is sent from key and pfx with a passphrase of their own, as Node takes them', async () => {
      const { cert, encryptedKey, pfx } = made.client;
      const { passphrase } = made;
      assert.strictEqual(await named({ cert, key: [{ pem: encryptedKey, passphrase }] }), 'the client');
      assert.strictEqual(
        await named({ cert, key: [{ pem: encryptedKey, passphrase }], passphrase: 'of others' }),
        'the client',
      );
      assert.strictEqual(await named({ cert, key: [{ pem: encryptedKey }], passphrase }), 'the client');
      assert.strictEqual(await named({ pfx: [{ buf: pfx, passphrase }] }), 'the client');
      throws(
        { cert, key: [{ pem: encryptedKey, passphrase: 'wrong' }] },
        /^websocketOptions\.key: cannot be opened/,
      );
      throws({ cert, key: encryptedKey }, /^websocketOptions\.key: is encrypted; .*passphrase/);
    });

    it('is sent from a key however it is encrypted', async function () {
      // Deno reads no other than that of the first three.
      const isAnyRead = runtime.name !== 'deno';
      const { cert } = made.client;
      const { passphrase } = made;
      const encrypted = (...args) =>
        made.openssl('pkcs8', '-topk8', '-in', 'client.key', '-passout', `pass:${passphrase}`, ...args);
      for (const args of [
        ['-v2', 'aes-256-cbc'],
        ['-v2', 'aes-128-cbc', '-v2prf', 'hmacWithSHA1'],
        ['-v2', 'des3'],
        ['-scrypt'],
        ...(isAnyRead ? [['-v1', 'PBE-SHA1-3DES']] : []),
      ]) {
        assert.strictEqual(
          await named({ cert, key: encrypted(...args), passphrase }),
          'the client',
          args.join(),
        );
      }
      if (!isAnyRead) return;
      const traditional = made.openssl(
        'ec',
        '-in',
        'client.key',
        '-aes128',
        '-passout',
        `pass:${passphrase}`,
      );
      assert.strictEqual(await named({ cert, key: traditional, passphrase }), 'the client');
    });

    it('with a key that the engine has no use for is sent by Node, unless that is told off', async function () {
      const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-521'];
      const { cert, key, name, subject } = made.issue('extendedKeyUsage=clientAuth', made.authority, curve);
      throws({ cert, key, tls: 'native' }, /^websocketOptions\.key: cannot be used .*transport: 'node'/);
      // The TLS of Deno is rustls too.
      if (runtime.name === 'deno') return;
      assert.strictEqual(await named({ cert, key }), subject);
      const { passphrase } = made;
      const archive = ['-export', '-in', `${name}.crt`, '-inkey', `${name}.key`, '-out', `${name}.pfx`];
      made.openssl('pkcs12', ...archive, '-passout', `pass:${passphrase}`);
      const pfx = readFileSync(made.file(`${name}.pfx`));
      assert.strictEqual(await named({ pfx, passphrase }), subject);
    });

    it('is one of several keys and archives, where Node makes the connection', async () => {
      const { cert, encryptedKey, pfx } = made.client;
      const { passphrase } = made;
      const transport = 'node';
      assert.strictEqual(
        await named({ transport, cert: [cert], key: [{ pem: encryptedKey, passphrase }] }),
        'the client',
      );
      assert.strictEqual(await named({ transport, pfx: [{ buf: pfx, passphrase }] }), 'the client');
      const rsa = made.issue('extendedKeyUsage=clientAuth', made.authority, ['-newkey', 'rsa:2048']);
      const both = {
        cert: [cert, rsa.cert],
        key: [{ pem: encryptedKey, passphrase }, { pem: rsa.key }],
      };
      assert.ok([rsa.subject, 'the client'].includes(await named({ transport, ...both })));
      assert.strictEqual(
        await named({
          transport,
          pfx: [
            { buf: pfx, passphrase },
            { buf: pfx, passphrase },
          ],
        }),
        'the client',
      );
      throws({ transport, cert, key: [{ pem: 1 }] }, /websocketOptions\.key/);
      throws({ transport, pfx: [{}] }, /websocketOptions\.pfx/);
    });
  });

  it('ca that is an empty list trusts nobody', async () => {
    for (const transport of ['auto', 'node']) {
      assert.match((await fails({ ca: [], transport })).code, /^UNABLE_TO_|^SELF_SIGNED/);
    }
  });

  it('a name with a zero in it is that of no other host', async () => {
    // The DNS name '127.0.0.1\0x'.
    const name = '30:0d:82:0b:31:32:37:2e:30:2e:30:2e:31:00:78';
    const { cert, key } = made.issue(`subjectAltName=DER:${name}`, made.authority);
    for (const transport of ['auto', 'node']) {
      const { code } = await fails({ ca: made.ca, transport }, { cert, key });
      assert.strictEqual(code, 'ERR_TLS_CERT_ALTNAME_INVALID', transport);
    }
  });

  it('ca is read as OpenSSL reads it: with a mark, text around it, and other words', async () => {
    const { ca, openssl, otherCa } = made;
    const trusted = openssl('x509', '-in', 'ca.crt', '-trustout', '-addtrust', 'serverAuth');
    assert.match(trusted, /BEGIN TRUSTED CERTIFICATE/);
    for (const form of [
      `\ufeff${ca}`,
      `Issuer: somebody\n${otherCa}\n# the one\n${ca}\nthe end`,
      ca.replace(/\n/g, '\r\n'),
      ca.replace(/(BEGIN|END) CERT/g, '$1 X509 CERT'),
      trusted,
    ]) {
      await opens({ ca: form });
      await opens({ ca: Buffer.from(form) });
    }
  });

  it('a path in the place of a PEM is told as one', () => {
    const told = (name) => new RegExp(`^websocketOptions\\.${name}: is the path of a file.*readFileSync`);
    for (const ca of ['/etc/ssl/ca.pem', './ca.crt', 'C:\\ca.cer', 'ca.pem']) throws({ ca }, told('ca'));
    throws({ cert: 'client.crt', key: made.client.key }, told('cert'));
    throws({ cert: made.client.cert, key: '../client.key' }, told('key'));
    throws({ pfx: 'client.p12' }, told('pfx'));
    assert.throws(() => make({ proxy: { url: 'https://localhost', ca: '/etc/ca.pem' } }), {
      message: /^proxy\.ca: is the path of a file/,
    });
  });

  describe('what is trusted', () => {
    const once = async (url, options, env, flags) => {
      const args = [url, JSON.stringify(options)];
      const { stdout, stderr } = await runScript(program('connect-once.js'), args, { env, flags });
      return { said: stdout.trim().split(' ')[0], stderr };
    };

    it("is the system's with trust: 'system', and Node's without", async function () {
      // Elsewhere it is not the variable that says what the system trusts.
      if (runtime.name !== 'node' || process.platform !== 'linux') this.skip();
      const { url } = await startServer({ tls: made.leaf });
      const env = { SSL_CERT_FILE: made.caFile };
      assert.strictEqual((await once(url, { trust: 'system' }, env)).said, 'open');
      assert.match((await once(url, {}, env)).said, /^UNABLE_TO_/);
      assert.match((await once(url, { trust: 'system' }, {})).said, /^UNABLE_TO_/);
      const extra = { NODE_EXTRA_CA_CERTS: made.caFile };
      assert.strictEqual((await once(url, { trust: 'system' }, extra)).said, 'open');
      throws({ trust: 'nobody' }, /websocketOptions\.trust/);
    });

    it('is what SSL_CERT_DIR holds where Node was told --use-openssl-ca', async function () {
      // A flag of Node alone.
      if (runtime.name !== 'node') this.skip();
      const { url } = await startServer({ tls: made.leaf });
      const place = path.join(folder(), 'store');
      mkdirSync(place);
      const hash = made.openssl('x509', '-in', 'ca.crt', '-noout', '-hash').trim();
      writeFileSync(path.join(place, `${hash}.0`), made.ca);
      const env = { SSL_CERT_DIR: `/nowhere${path.delimiter}${place}` };
      assert.strictEqual((await once(url, {}, env, ['--use-openssl-ca'])).said, 'open');
      assert.match((await once(url, {}, env)).said, /^UNABLE_TO_/);
    });

    it('is anybody with NODE_TLS_REJECT_UNAUTHORIZED=0, unless the client says otherwise', async () => {
      const { url } = await startServer({ tls: made.selfSigned });
      const env = { NODE_TLS_REJECT_UNAUTHORIZED: '0' };
      const { said, stderr } = await once(url, {}, env);
      assert.strictEqual(said, 'open');
      assert.match(stderr, /NODE_TLS_REJECT_UNAUTHORIZED/);
      const strict = await once(url, { rejectUnauthorized: true }, env);
      assert.strictEqual(strict.said, 'DEPTH_ZERO_SELF_SIGNED_CERT');
    });
  });

  describe('a log of keys', () => {
    const secrets = (file) => readFileSync(file, 'utf8').split('\n').filter(Boolean);
    const wellFormed = /^[A-Z0-9_]+ [0-9a-f]{64} [0-9a-f]{64,96}$/;

    it('is written where SSLKEYLOGFILE says so, also when the program says it later', async () => {
      await opens({ ca: made.ca });
      const file = path.join(folder(), 'keys');
      process.env.SSLKEYLOGFILE = file;
      try {
        await opens({ ca: made.ca });
        const lines = secrets(file);
        assert.ok(
          lines.some((line) => line.startsWith('CLIENT_TRAFFIC_SECRET_0 ')),
          lines.join(),
        );
        for (const line of lines) assert.match(line, wellFormed);
        await opens({ ca: made.ca, maxVersion: 'TLSv1.2' });
        assert.ok(secrets(file).some((line) => line.startsWith('CLIENT_RANDOM ')));
      } finally {
        delete process.env.SSLKEYLOGFILE;
      }
      const before = secrets(file).length;
      await opens({ ca: made.ca });
      assert.strictEqual(secrets(file).length, before);
    });

    it('is written of connections that Node makes, too', async function () {
      // The others tell no secrets of their sockets.
      if (runtime.name !== 'node') this.skip();
      const file = path.join(folder(), 'keys');
      process.env.SSLKEYLOGFILE = file;
      try {
        await opens({ ca: made.ca, transport: 'node' });
        await until(() => secrets(file).some((line) => line.startsWith('CLIENT_TRAFFIC_SECRET_0 ')));
      } finally {
        delete process.env.SSLKEYLOGFILE;
      }
      for (const line of secrets(file)) assert.match(line, wellFormed);
    });

    it('is written where Node was told --tls-keylog', async function () {
      // A flag of Node alone.
      if (runtime.name !== 'node') this.skip();
      const { url } = await startServer({ tls: made.leaf });
      const file = path.join(folder(), 'keys');
      const script = program('connect-once.js');
      const env = { NODE_EXTRA_CA_CERTS: made.caFile };
      const { stdout, stderr } = await runScript(script, [url], { env, flags: [`--tls-keylog=${file}`] });
      assert.strictEqual(stdout.trim(), 'open', stderr);
      assert.ok(secrets(file).length > 0);
    });

    it('that can no longer be written keeps nobody from connecting', async () => {
      const place = folder();
      process.env.SSLKEYLOGFILE = path.join(place, 'keys');
      try {
        await opens({ ca: made.ca });
        unlinkSync(process.env.SSLKEYLOGFILE);
        rmdirSync(place);
        await opens({ ca: [made.ca, made.otherCa, made.ca] });
      } finally {
        delete process.env.SSLKEYLOGFILE;
      }
    });

    it('that cannot be written is told, and TLS goes on', async () => {
      const { url } = await startServer({ tls: made.leaf });
      const env = { NODE_EXTRA_CA_CERTS: made.caFile, SSLKEYLOGFILE: path.join(folder(), 'none', 'keys') };
      const { stdout, stderr } = await runScript(program('connect-once.js'), [url], { env });
      assert.strictEqual(stdout.trim(), 'open', stderr);
      assert.match(stderr, /Ignoring SSLKEYLOGFILE/);
    });
  });

  it('a stall in the middle of the handshake is told as one', async () => {
    const server = await startServer({ tls: made.leaf });
    for (const bytes of [0, 200]) {
      const between = net.createServer((socket) => {
        const beyond = net.connect(server.port, '127.0.0.1');
        socket.pipe(beyond);
        let left = bytes;
        beyond.on('data', (data) => {
          if (left > 0) socket.write(data.slice(0, left));
          left -= data.length;
        });
        for (const each of [socket, beyond]) each.on('error', () => {});
        socket.on('close', () => beyond.destroy());
      });
      await new Promise((resolve) => between.listen(0, '127.0.0.1', resolve));
      const { ws, log } = client({
        url: `wss://127.0.0.1:${between.address().port}/`,
        websocketOptions: { ca: made.ca, handshakeTimeout: 300 },
        maxRetries: 0,
      });
      ws.connect();
      const { code, message } = (await log.until('error')).argument;
      assert.strictEqual(code, 'WSR_ERR_HANDSHAKE_TIMEOUT');
      assert.match(message, /in the TLS handshake$/);
      between.close();
    }
  });
});
