'use strict';

const assert = require('assert');
const { inspect } = require('util');
const { environmentProxy } = require('../lib/node/proxy.js');
const { certificates } = require('./peer/certificates.js');
const { deadPort, startServer } = require('./peer/index.js');
const { client, make, openClient } = require('./support/clients.js');
const { startProxy, startSocks, stopProxies } = require('./support/proxies.js');

const NAMES = [
  'WSS_PROXY',
  'WS_PROXY',
  'HTTPS_PROXY',
  'HTTP_PROXY',
  'ALL_PROXY',
  'NO_PROXY',
  'REQUEST_METHOD',
];
const VARIABLES = NAMES.concat(NAMES.map((name) => name.toLowerCase()));

/** The error of the one attempt of a client. */
async function failure(options) {
  const { ws, log } = client({ maxRetries: 0, ...options });
  ws.connect().catch(() => {});
  return (await log.until('error')).argument;
}

const hostsOf = ({ requests }) => requests.map((head) => /^CONNECT (\S+) /.exec(head)[1]);

describe('proxy', () => {
  let before;
  beforeEach(() => {
    before = VARIABLES.map((name) => [name, process.env[name]]);
    for (const name of VARIABLES) delete process.env[name];
  });
  afterEach(() => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    stopProxies();
  });

  it('leads to a server of ws: by a tunnel', async () => {
    const server = await startServer({ echo: true });
    const proxy = await startProxy();
    const { ws, log } = await openClient({ url: `ws://server.test:${server.port}/`, proxy: proxy.url });
    ws.send('hello');
    await log.until('message hello');
    const host = `server.test:${server.port}`;
    assert.deepStrictEqual(proxy.requests, [`CONNECT ${host} HTTP/1.1\r\nHost: ${host}\r\n\r\n`]);
    const [{ headers }] = await server.handshakes();
    assert.strictEqual(headers.host, host);
    assert.strictEqual(ws.proxy, proxy.url);
    assert.ok(!inspect(ws).includes(proxy.host));
  });

  it('leads to a server of wss:, by a proxy that speaks TLS too', async () => {
    const { ca, leaf, selfSigned } = certificates();
    const server = await startServer({ tls: { cert: leaf.cert, key: leaf.key } });
    const secure = await startProxy({ tls: { cert: selfSigned.cert, key: selfSigned.key } });
    const options = { url: `wss://localhost:${server.port}/`, websocketOptions: { ca } };
    const trusting = { url: secure.url, ca: selfSigned.cert };
    await openClient({ ...options, proxy: trusting });
    await openClient({ ...options, proxy: { url: secure.url, rejectUnauthorized: false } });
    assert.deepStrictEqual(hostsOf(secure), [`localhost:${server.port}`, `localhost:${server.port}`]);
    const strange = await failure({ ...options, proxy: secure.url });
    assert.strictEqual(strange.code, 'DEPTH_ZERO_SELF_SIGNED_CERT');
    assert.ok(strange.message.endsWith(`(proxy ${secure.url})`), strange.message);
    // What the proxy is trusted by is not what the server is trusted by.
    const { code, message } = await failure({ url: options.url, proxy: trusting });
    assert.strictEqual(code, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE');
    assert.ok(!message.includes('proxy'), message);
  });

  it('is given credentials and headers of its own', async () => {
    const server = await startServer();
    const proxy = await startProxy();
    const url = server.url;
    await openClient({ url, proxy: `http://me:p%40ss@${proxy.host}` });
    await openClient({ url, proxy: { url: new URL(proxy.url), auth: 'me:other', headers: { 'X-Mine': 1 } } });
    const basic = (pair) => `Basic ${Buffer.from(pair).toString('base64')}`;
    assert.ok(proxy.requests[0].includes(`Proxy-Authorization: ${basic('me:p@ss')}\r\n`));
    assert.ok(proxy.requests[1].includes(`Proxy-Authorization: ${basic('me:other')}\r\nX-Mine: 1\r\n`));
    const [{ headers }] = await server.handshakes();
    assert.strictEqual(headers['proxy-authorization'], undefined);
  });

  it('that wants credentials fails with WSR_ERR_PROXY_AUTH, which shows none', async () => {
    const proxy = await startProxy({ answer: 'HTTP/1.1 407 No\r\nProxy-Authenticate: Negotiate\r\n\r\n' });
    const error = await failure({ url: 'wss://server.test', proxy: `http://me:secret@${proxy.host}` });
    assert.strictEqual(error.code, 'WSR_ERR_PROXY_AUTH');
    assert.strictEqual(error.statusCode, 407);
    assert.match(error.message, /server\.test:443 was refused with 407.* by Negotiate; only Basic/);
    assert.ok(error.message.endsWith(`(proxy ${proxy.url})`), error.message);
    assert.ok(!inspect(error).includes('secret'));
  });

  it('that refuses is named, with its status and the port', async () => {
    const proxy = await startProxy({ answer: 'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n' });
    const error = await failure({ url: 'ws://server.test:8080', proxy: proxy.url });
    assert.strictEqual(error.code, 'WSR_ERR_PROXY');
    assert.strictEqual(error.statusCode, 403);
    assert.strictEqual(
      error.message,
      `CONNECT to server.test:8080 was refused with 403; many proxies allow port 443 alone (proxy ${proxy.url})`,
    );
  });

  for (const [what, options, code, words] of [
    ['answers garbage', { answer: 'SSH-2.0-OpenSSH_9\r\n' }, 'WSR_ERR_PROXY', /is not HTTP/],
    ['hangs up', { answer: '' }, 'ECONNRESET', /^socket hang up \(proxy /],
    [
      'is silent',
      { answer: '', stays: true },
      'WSR_ERR_HANDSHAKE_TIMEOUT',
      /300 ms waiting for the proxy's answer/,
    ],
  ]) {
    it(`that ${what} fails the attempt`, async () => {
      const proxy = await startProxy(options);
      const limits = { handshakeTimeout: 300 };
      const error = await failure({ url: 'ws://server.test', proxy: proxy.url, websocketOptions: limits });
      assert.strictEqual(error.code, code);
      assert.match(error.message, words);
    });
  }

  it('that is not there fails the attempt, and is tried again', async () => {
    const port = await deadPort();
    const { ws, log } = client({ url: 'ws://server.test', proxy: `http://127.0.0.1:${port}` });
    ws.connect().catch(() => {});
    const { argument } = await log.until('error ECONNREFUSED');
    assert.ok(argument.message.includes(`(proxy http://127.0.0.1:${port})`), argument.message);
    await log.until('retry 2');
  });

  it('leaves what comes behind its answer to the tunnel', async () => {
    const refusal = 'HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nhi';
    const proxy = await startProxy({ answer: `HTTP/1.1 299 Fine\r\n\r\n${refusal}`, stays: true });
    const error = await failure({ url: 'ws://server.test', proxy: proxy.url });
    assert.deepStrictEqual([error.code, error.statusCode, error.body], ['WSR_ERR_HANDSHAKE', 403, 'hi']);
  });

  it('may speak SOCKS', async () => {
    const server = await startServer({ echo: true });
    const proxy = await startSocks();
    const { ws, log } = await openClient({ url: `ws://server.test:${server.port}/`, proxy: proxy.url });
    ws.send('hello');
    await log.until('message hello');
    assert.deepStrictEqual(proxy.targets, [`server.test:${server.port}`]);
  });

  it('is what the environment says, for hosts that NO_PROXY does not name', async () => {
    const server = await startServer();
    const proxy = await startProxy();
    process.env.HTTPS_PROXY = proxy.host;
    process.env.NO_PROXY = '.direct.test';
    await openClient({ url: `ws://server.test:${server.port}/` });
    await openClient({ url: server.url });
    assert.strictEqual((await failure({ url: 'ws://a.direct.test' })).code.startsWith('E'), true);
    assert.strictEqual(
      (await failure({ url: 'ws://server.test:1', proxy: false })).code.startsWith('E'),
      true,
    );
    assert.deepStrictEqual(hostsOf(proxy), [`server.test:${server.port}`]);
  });

  it('is read from the environment for each attempt', async () => {
    const server = await startServer();
    const [one, other] = [await startProxy(), await startProxy()];
    process.env.wss_proxy = 'http://unused.invalid';
    process.env.ws_proxy = one.url;
    const { ws, log } = await openClient({ url: `ws://server.test:${server.port}/` });
    process.env.ws_proxy = other.url;
    await server.cut();
    await log.until('open');
    process.env.ws_proxy = one.url;
    await ws.reconnect();
    assert.deepStrictEqual([one.requests.length, other.requests.length], [2, 1]);
  });

  it('that the environment names badly rejects connect()', async () => {
    process.env.ALL_PROXY = 'ftp://me:secret@proxy.test';
    const ws = make({ url: 'ws://server.test' });
    const refused = (error) =>
      error.code === 'WSR_ERR_OPTION' && error.message.startsWith('proxy: "ftp://***@');
    await assert.rejects(ws.connect(), refused);
    await openClient({ url: (await startServer()).url, proxy: false });
  });

  it('may be a function, which is called for every attempt', async () => {
    const server = await startServer({ plan: ['refuse', 'refuse', 'accept'] });
    const [one, other] = [await startProxy(), await startProxy()];
    process.env.ALL_PROXY = other.url;
    const said = [one.url, { url: one.url }, 'env'];
    const { ws } = client({
      baseDelay: 5,
      url: `ws://server.test:${server.port}/`,
      proxy: async ({ attempt }) => said[attempt],
    });
    await ws.connect();
    assert.deepStrictEqual([one.requests.length, other.requests.length], [2, 1]);
    const bad = await failure({ url: server.url, proxy: () => 5 });
    assert.strictEqual(bad.code, 'WSR_ERR_OPTION');
  });

  it('is decided anew for each host that a redirect leads to', async () => {
    const last = await startServer();
    const proxy = await startProxy();
    process.env.ALL_PROXY = proxy.url;
    const websocketOptions = { followRedirects: true };
    const away = await startServer({ plan: ['redirect'], status: 302, location: last.url });
    await openClient({ url: `ws://first.test:${away.port}/`, websocketOptions });
    assert.deepStrictEqual(hostsOf(proxy), [`first.test:${away.port}`]);
    const location = `ws://last.test:${last.port}/`;
    const local = await startServer({ plan: ['redirect'], status: 302, location });
    await openClient({ url: local.url, websocketOptions });
    assert.deepStrictEqual(hostsOf(proxy).slice(1), [`last.test:${last.port}`]);
  });

  it('that is named leads to each host that a redirect names, this machine too', async () => {
    const last = await startServer();
    const proxy = await startProxy();
    process.env.NO_PROXY = '*';
    const { url, port } = await startServer({ plan: ['redirect'], status: 302, location: last.url });
    await openClient({ url, proxy: proxy.url, websocketOptions: { followRedirects: true } });
    assert.deepStrictEqual(hostsOf(proxy), [`127.0.0.1:${port}`, `127.0.0.1:${last.port}`]);
  });

  it('leads to those of several URLs that NO_PROXY does not name', async () => {
    const server = await startServer();
    const proxy = await startProxy();
    process.env.ALL_PROXY = proxy.url;
    const urls = [`ws://127.0.0.1:${await deadPort()}/`, `ws://server.test:${server.port}/`];
    const { ws, log } = client({ urls });
    await ws.connect();
    await log.until('error ECONNREFUSED');
    assert.deepStrictEqual(hostsOf(proxy), [`server.test:${server.port}`]);
  });

  it("whose refusal is final is not asked again with reconnectOn: 'transient'", async () => {
    const proxy = await startProxy({ answer: 'HTTP/1.1 403 No\r\n\r\n' });
    const { ws, log } = client({ url: 'ws://server.test', proxy: proxy.url, reconnectOn: 'transient' });
    ws.connect().catch(() => {});
    await log.until('stateChange FAILED');
    assert.strictEqual(proxy.requests.length, 1);
  });

  it('can be assigned', async () => {
    const server = await startServer();
    const proxy = await startProxy();
    const { ws } = await openClient({ url: server.url });
    assert.strictEqual(ws.proxy, 'env');
    ws.proxy = { url: proxy.url };
    await ws.reconnect();
    assert.strictEqual(proxy.requests.length, 1);
    ws.proxy = null;
    await ws.reconnect();
    assert.strictEqual(proxy.requests.length, 1);
    assert.strictEqual(ws.proxy, 'env');
  });

  it('that is bad is refused, without its secrets', () => {
    const { leaf } = certificates();
    for (const [proxy, message] of [
      [
        5,
        /^proxy: a number is of the wrong type; allowed is a string or a URL, an object with url, 'env' or false/,
      ],
      [true, /^proxy: true is of the wrong type/],
      [{}, /^proxy\.url: undefined is of the wrong type; allowed is a URL with http:/],
      [{ url: 'http://p.test', lock: 1 }, /^proxy\.lock: is not known/],
      [{ url: 'http://p.test', headers: 'a' }, /^proxy\.headers: /],
      [{ url: 'https://p.test', cert: leaf.cert }, /^proxy\.cert: comes without its key/],
      [{ url: 'https://p.test', ca: 'no certificate' }, /^proxy\.ca: /],
      ['me:secret@p.test', /^proxy: "\*\*\*@p\.test"/],
      ['http://me:secret@p.test:99999', /^proxy: "http:\/\/\*\*\*@p\.test:99999" cannot be parsed/],
      ['ftp://me:secret@p.test', /has another scheme; allowed are http:, https:, socks5:/],
    ]) {
      const told = (error) =>
        error.code === 'WSR_ERR_OPTION' && message.test(error.message) && !error.message.includes('secret');
      assert.throws(() => make({ proxy }), told, inspect(proxy));
      const ws = make({});
      assert.throws(() => (ws.proxy = proxy), told, inspect(proxy));
      assert.strictEqual(ws.proxy, 'env');
    }
  });
});

describe('the proxies of an environment', () => {
  const none = { ws: undefined, wss: undefined };
  const named = (env) => {
    const { ws, wss } = environmentProxy(env) || none;
    return { ws, wss };
  };
  const both = (url) => ({ ws: url, wss: url });

  for (const [what, env, expected] of [
    ['none without variables', {}, none],
    ['none by variables that are empty', { https_proxy: '', ALL_PROXY: '' }, none],
    ['none by NO_PROXY alone', { NO_PROXY: '*' }, none],
    ['that of WS_PROXY for ws:', { WS_PROXY: 'http://a' }, { ws: 'http://a', wss: undefined }],
    ['that of WSS_PROXY for wss:', { WSS_PROXY: 'http://a' }, { ws: undefined, wss: 'http://a' }],
    ['that of HTTPS_PROXY for both', { HTTPS_PROXY: 'http://a' }, both('http://a')],
    ['that of HTTP_PROXY for ws:', { HTTP_PROXY: 'http://a' }, { ws: 'http://a', wss: undefined }],
    ['that of ALL_PROXY for both', { ALL_PROXY: 'socks5://a' }, both('socks5://a')],
    [
      'the most special first',
      {
        WS_PROXY: 'http://a',
        WSS_PROXY: 'http://b',
        HTTPS_PROXY: 'http://c',
        HTTP_PROXY: 'http://d',
        ALL_PROXY: 'e',
      },
      { ws: 'http://a', wss: 'http://b' },
    ],
    [
      'HTTPS_PROXY before HTTP_PROXY, which goes before ALL_PROXY',
      { HTTPS_PROXY: 'http://a', HTTP_PROXY: 'http://b', ALL_PROXY: 'http://c' },
      both('http://a'),
    ],
    [
      'HTTP_PROXY before ALL_PROXY',
      { HTTP_PROXY: 'http://b', ALL_PROXY: 'c' },
      { ws: 'http://b', wss: 'http://c' },
    ],
    ['lower case first', { HTTPS_PROXY: 'http://a', https_proxy: 'http://b' }, both('http://b')],
    ['upper case where lower case is empty', { HTTPS_PROXY: 'http://a', https_proxy: '' }, both('http://a')],
    ['HTTP where there is no scheme', { HTTPS_PROXY: 'me:secret@a:1' }, both('http://me:secret@a:1')],
    ['not HTTP_PROXY in a CGI program', { HTTP_PROXY: 'http://a', REQUEST_METHOD: 'GET' }, none],
    [
      'http_proxy in a CGI program',
      { http_proxy: 'http://a', REQUEST_METHOD: 'GET' },
      { ws: 'http://a', wss: undefined },
    ],
  ]) {
    it(`are ${what}`, () => assert.deepStrictEqual(named(env), expected));
  }

  it('are those that may be read', () => {
    const env = { https_proxy: 'http://a', HTTPS_PROXY: 'http://b' };
    const guarded = new Proxy(env, {
      get(target, name) {
        if (name === 'HTTPS_PROXY') return target[name];
        throw new Error(`Requires env access to ${String(name)}`);
      },
    });
    assert.deepStrictEqual(named(guarded), both('http://b'));
  });

  it('come with what NO_PROXY says, lower case first', () => {
    const bypass = (env) => environmentProxy({ ALL_PROXY: 'a', ...env }).bypass;
    assert.strictEqual(bypass({}), '');
    assert.strictEqual(bypass({ NO_PROXY: 'a, b' }), 'a, b');
    assert.strictEqual(bypass({ NO_PROXY: 'a', no_proxy: 'b' }), 'b');
  });

  it('are the same object for the same content', function () {
    // Nothing is held weakly before Node 14.6, and so nothing shared.
    if (typeof WeakRef !== 'function') this.skip();
    const one = environmentProxy({ ALL_PROXY: 'a' });
    assert.strictEqual(environmentProxy({ all_proxy: 'http://a' }), one);
    assert.notStrictEqual(environmentProxy({ ALL_PROXY: 'b' }), one);
  });
});
