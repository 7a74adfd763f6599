'use strict';

const assert = require('assert');
const { certificates } = require('./peer/certificates.js');
const { startServer } = require('./peer/index.js');
const { client } = require('./support/clients.js');
const { startProxy, stopProxies } = require('./support/proxies.js');
const { runtime } = require('./support/runtime.js');

/** What old devices have, and the engine's TLS does not take. */
describe('TLS that Node alone speaks', () => {
  const NAMES = 'subjectAltName=DNS:localhost,IP:127.0.0.1';
  const OLD = { ciphers: 'ALL:@SECLEVEL=0' };
  let made;
  before(() => {
    made = certificates();
  });

  const signed = (key, extensions = NAMES) => made.issue(extensions, made.authority, key);
  const curve = (name) => ['-newkey', 'ec', '-pkeyopt', `ec_paramgen_curve:${name}`];

  const failure = async (tls, websocketOptions) => {
    const { url } = await startServer({ tls: { ...OLD, ...tls } });
    const { ws, log } = client({ url, websocketOptions, maxRetries: 0 });
    ws.connect();
    return (await log.until('error')).argument;
  };

  /** That the error says what it was, whether certificates are looked at or not. */
  const tells = async (tls, what, both = true) => {
    for (const websocketOptions of [{ ca: made.ca }, ...(both ? [{ rejectUnauthorized: false }] : [])]) {
      const { code, message } = await failure(tls, websocketOptions);
      assert.strictEqual(code, 'WSR_ERR_TLS', message);
      assert.match(message, what);
      assert.match(message, /transport: 'node'/);
    }
  };

  const AT_ONCE = /ended the TLS handshake with the alert HandshakeFailure: it wants a cipher/;

  it('an RSA key of 1024 bits', async () => {
    await tells(signed(['-newkey', 'rsa:1024']), /The server's certificate has an RSA key of 1024 bits/);
  });

  it('a key on P-521, for Ed448 or for RSA-PSS alone', async () => {
    const pss = ['-newkey', 'rsa-pss', '-pkeyopt', 'rsa_keygen_bits:2048'];
    for (const key of [curve('P-521'), ['-newkey', 'ed448'], pss]) await tells(signed(key), AT_ONCE);
  });

  it('X.509 of version 1', async () => {
    await tells(signed(undefined, ''), /is not of version 3 of X\.509/);
  });

  it('a critical extension that is not known', async () => {
    const tls = signed(undefined, `${NAMES}\n1.2.3.4=critical,ASN1:NULL`);
    const { code, message } = await failure(tls, { rejectUnauthorized: false });
    assert.strictEqual(code, 'WSR_ERR_TLS');
    assert.match(message, /has the critical extension 1\.2\.3\.4, .*transport: 'node'/);
    // OpenSSL does not believe it either.
    assert.doesNotMatch((await failure(tls, { ca: made.ca })).message, /transport/);
    const known = signed(undefined, `${NAMES}\npolicyConstraints=critical,requireExplicitPolicy:3`);
    assert.match(
      (await failure(known, { ca: made.ca })).message,
      /has the critical extension 2\.5\.29\.36, .*transport/,
    );
  });

  it('ciphers without ECDHE, and curves that nobody has', async () => {
    const rsa = signed(['-newkey', 'rsa:2048']);
    const maxVersion = 'TLSv1.2';
    await tells({ ...rsa, ciphers: 'AES128-SHA:AES128-GCM-SHA256:@SECLEVEL=0', maxVersion }, AT_ONCE);
    await tells({ ...made.leaf, ecdhCurve: 'secp521r1', maxVersion }, AT_ONCE);
  });

  it('an authority with such a key', async () => {
    for (const [key, what] of [
      [['-newkey', 'rsa:1024'], /The authority above the server's certificate has an RSA key of 1024 bits/],
      [curve('P-521'), /has a key on the curve P-521|is signed with/],
      [['-newkey', 'ed448'], /is signed with Ed448|has a key for Ed448/],
    ]) {
      const authority = made.issue('basicConstraints=critical,CA:TRUE', undefined, key);
      const leaf = made.issue(NAMES, authority);
      const { message } = await failure(leaf, { ca: authority.cert });
      assert.match(message, what);
      assert.match(message, /transport: 'node'/);
    }
  });

  it("behind a proxy is left to Node over the proxy's tunnel", async function () {
    // The TLS of Deno is rustls too.
    if (runtime.name === 'deno') this.skip();
    const { url, port } = await startServer({ tls: signed(curve('P-521')) });
    const proxy = await startProxy();
    const websocketOptions = { ca: made.ca };
    const { ws, log } = client({ url, proxy: proxy.url, websocketOptions, maxRetries: 1 });
    ws.connect();
    assert.match((await log.until('error')).argument.message, AT_ONCE);
    await log.until('open');
    const asked = `CONNECT 127.0.0.1:${port} `;
    assert.deepStrictEqual(
      proxy.requests.map((head) => head.startsWith(asked)),
      [true, true],
    );
    ws.close();
    await log.until('close');
    stopProxies();
  });

  it('TLS 1.0 and 1.1 are told as versions that it may not speak', async () => {
    const { code, message } = await failure(
      { ...made.leaf, minVersion: 'TLSv1', maxVersion: 'TLSv1.1' },
      { ca: made.ca },
    );
    assert.strictEqual(code, 'WSR_ERR_TLS');
    assert.match(message, /no version of TLS that the client may/);
  });
});
