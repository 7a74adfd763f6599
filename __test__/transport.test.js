'use strict';

const assert = require('assert');
const { constants } = require('buffer');
const os = require('os');
const { inspect } = require('util');
const vm = require('vm');
const { startServer } = require('./peer/index.js');
const { WebSocketReconnect, client, openClient } = require('./support/clients.js');
const { SOON_MS } = require('./support/deadlines.js');

const make = (websocketOptions, url = 'ws://127.0.0.1:1/') =>
  new WebSocketReconnect({ url, websocketOptions });
const basic = (text) => `Basic ${Buffer.from(text).toString('base64')}`;

/** Opens with these options and gives the upgrade request that the server saw. */
async function handshake(websocketOptions, toUrl = (server) => server.url) {
  const server = await startServer();
  await openClient({ url: toUrl(server), websocketOptions, maxRetries: 0 });
  return { ...(await server.handshakes())[0], port: server.port };
}

describe('the upgrade request', () => {
  it('is what RFC 6455 wants', async () => {
    const { method, url, headers, port } = await handshake({}, (server) => `${server.url}path?query=ü%20x`);
    assert.strictEqual(method, 'GET');
    assert.strictEqual(url, '/path?query=%C3%BC%20x');
    assert.strictEqual(headers.host, `127.0.0.1:${port}`);
    assert.strictEqual(headers.upgrade.toLowerCase(), 'websocket');
    assert.strictEqual(headers.connection.toLowerCase(), 'upgrade');
    assert.strictEqual(headers['sec-websocket-version'], '13');
    assert.strictEqual(Buffer.from(headers['sec-websocket-key'], 'base64').length, 16);
    assert.strictEqual(headers['sec-websocket-protocol'], undefined);
    assert.strictEqual(headers.origin, undefined);
    assert.strictEqual(headers.authorization, undefined);
  });

  it('has another key each time', async () => {
    const server = await startServer();
    await openClient({ url: server.url });
    await openClient({ url: server.url });
    const [one, two] = (await server.handshakes()).map(({ headers }) => headers['sec-websocket-key']);
    assert.notStrictEqual(one, two);
  });
});

describe('websocketOptions.headers', () => {
  it('are sent, in any case', async () => {
    const given = {
      'x-lower': 'a',
      'X-UPPER': 'b',
      AuthoriZation: 'Bearer c',
      cookie: 'd=e; f=g',
      'X-Number': 5,
    };
    const { headers } = await handshake({ headers: given });
    assert.strictEqual(headers['x-lower'], 'a');
    assert.strictEqual(headers['x-upper'], 'b');
    assert.strictEqual(headers.authorization, 'Bearer c');
    assert.strictEqual(headers.cookie, 'd=e; f=g');
    assert.strictEqual(headers['x-number'], '5');
  });

  it('with an array are sent once for each entry', async () => {
    const { rawHeaders } = await handshake({ headers: { 'X-List': ['one', 'two'] } });
    const values = rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1].toLowerCase() === 'x-list');
    assert.deepStrictEqual(values, ['one', 'two']);
  });

  for (const [name, value] of [
    ['Host', 'example.test'],
    ['host', 'example.test:8080'],
    ['User-Agent', 'tester/1.0'],
  ]) {
    it(`${name} takes the place of the usual one`, async () => {
      const { headers, rawHeaders } = await handshake({ headers: { [name]: value } });
      assert.strictEqual(headers[name.toLowerCase()], value);
      const count = rawHeaders.filter(
        (entry, i) => i % 2 === 0 && entry.toLowerCase() === name.toLowerCase(),
      ).length;
      assert.strictEqual(count, 1);
    });
  }

  it('with CR, LF or NUL in a name or value are refused', () => {
    const bad = [
      { 'X-A': 'b\r\nX-C: d' },
      { 'X-A': 'b\nc' },
      { 'X-A': 'b\rc' },
      { 'X-A\r\nX-B': 'c' },
      { 'X A': 'b' },
      { '': 'b' },
    ];
    for (const headers of [...bad, { 'X-A': ['fine', 'b\r\nc'] }, { 'X-A': 'b\0c' }]) {
      assert.throws(() => make({ headers }), /headers/, JSON.stringify(headers));
    }
  });

  it('of the wrong type are refused', () => {
    class Own {}
    for (const headers of [
      'X: y',
      5,
      true,
      ['X', 'y'],
      [['X']],
      [['X', 'y', 'z']],
      [[5, 'y']],
      { x: {} },
      { x: [{}] },
      { x: true },
      new Map([['x', {}]]),
      new Map([[{}, 'x']]),
      new Set([['x', 'y']]),
      new Date(),
      new Own(),
      Object.create({ x: 'y' }),
      Promise.resolve({}),
      [['x', 'y']].values(),
    ]) {
      const refused = { name: 'TypeError', code: 'WSR_ERR_OPTION' };
      assert.throws(() => make({ headers }), refused);
      assert.throws(() => new WebSocketReconnect({ url: 'ws://127.0.0.1:1/', headers }), refused);
      const ws = make({});
      assert.throws(() => (ws.headers = headers), refused);
      assert.throws(() => (ws.websocketOptions = { headers }), refused);
    }
  });

  describe('in another form than an object', () => {
    const entries = [
      ['X-One', 'first'],
      ['X-Two', 'second'],
    ];
    const { Headers } = /** @type {any} */ (global);
    const forms = {
      entries: () => entries,
      'a Map': () => new Map(entries),
      URLSearchParams: () => new URLSearchParams(entries),
      Headers: Headers && (() => new Headers(entries)),
      'an object without a prototype': () => Object.assign(Object.create(null), Object.fromEntries(entries)),
      'an object of another realm': () => vm.runInNewContext('({ "X-One": "first", "X-Two": "second" })'),
      'a Map of another realm': () =>
        vm.runInNewContext('new Map([["X-One", "first"], ["X-Two", "second"]])'),
    };
    const places = {
      headers: (headers) => ({ headers }),
      'what headers() returns': (headers) => ({ headers: () => headers }),
      'what headers() promises': (headers) => ({ headers: async () => headers }),
      'websocketOptions.headers': (headers) => ({ websocketOptions: { headers } }),
      'what websocketOptions.headers() returns': (headers) => ({
        websocketOptions: { headers: () => headers },
      }),
    };
    for (const form of Object.keys(forms)) {
      for (const place of Object.keys(places)) {
        it(`${form} are sent, as ${place}`, async function () {
          if (!forms[form]) this.skip();
          const server = await startServer();
          await openClient({ url: server.url, ...places[place](forms[form]()) });
          const [{ headers }] = await server.handshakes();
          assert.deepStrictEqual([headers['x-one'], headers['x-two']], ['first', 'second']);
        });
      }
    }

    it('are sent where they are assigned, on every attempt, and lists one by one', async () => {
      const server = await startServer({ plan: ['accept', 'refuse', 'accept'] });
      const { ws, log } = await openClient({ url: server.url });
      ws.headers = new Map([['X-One', ['a', 'b']]]);
      ws.websocketOptions = { headers: new Map([['X-Two', 7]]) };
      await server.cut();
      await log.until('open');
      const shakes = await server.handshakes();
      for (const { headers } of shakes.slice(1)) {
        assert.deepStrictEqual([headers['x-one'], headers['x-two']], ['a, b', '7']);
      }
      assert.strictEqual(shakes.length, 3);
    });

    it('fail the attempt where a function returns what is none', async () => {
      const { ws, log } = client({ url: 'ws://127.0.0.1:1/', headers: () => new Set(), maxRetries: 0 });
      await assert.rejects(ws.connect());
      assert.strictEqual(log.of('error')[0].code, 'WSR_ERR_OPTION');
    });
  });

  it('that are undefined or null are refused or left out, never sent as words', async () => {
    for (const value of [undefined, null]) {
      let options;
      try {
        make({ headers: { 'X-Nothing': value } });
        options = { headers: { 'X-Nothing': value } };
      } catch (error) {
        assert.strictEqual(error.name, 'TypeError');
        continue;
      }
      assert.strictEqual((await handshake(options)).headers['x-nothing'], undefined);
    }
  });
});

describe('websocketOptions.origin', () => {
  it('is sent as Origin', async () => {
    assert.strictEqual(
      (await handshake({ origin: 'https://example.test' })).headers.origin,
      'https://example.test',
    );
  });

  it('with CR or LF is refused', () => {
    assert.throws(() => make({ origin: 'a\r\nX: y' }), /origin/);
  });
});

describe('credentials', () => {
  it('auth is sent as Basic', async () => {
    assert.strictEqual(
      (await handshake({ auth: 'user:pass:word' })).headers.authorization,
      basic('user:pass:word'),
    );
  });

  it('of the URL are sent as Basic, decoded, and not in the request line', async () => {
    const { headers, url } = await handshake({}, ({ port }) => `ws://us%40er:p%3Ass@127.0.0.1:${port}/x`);
    assert.strictEqual(headers.authorization, basic('us@er:p:ss'));
    assert.strictEqual(url, '/x');
    assert.ok(!headers.host.includes('@'));
  });

  it('auth wins over those of the URL', async () => {
    const { headers } = await handshake({ auth: 'a:b' }, ({ port }) => `ws://user:pass@127.0.0.1:${port}/`);
    assert.strictEqual(headers.authorization, basic('a:b'));
  });

  it('with CR or LF are refused or encoded, never sent as lines', async () => {
    for (const auth of ['a:b\r\nX-Injected: yes', 'a:b\nX-Injected: yes']) {
      try {
        make({ auth });
      } catch (error) {
        assert.ok(/auth/.test(error.message), error.message);
        continue;
      }
      assert.strictEqual((await handshake({ auth })).headers['x-injected'], undefined);
    }
  });
});

describe('websocketOptions.handshakeTimeout', () => {
  it('ends an attempt that the server never answers', async () => {
    const server = await startServer({ plan: ['silent'] });
    const { ws, log } = client({
      url: server.url,
      maxRetries: 0,
      websocketOptions: { handshakeTimeout: 200 },
    });
    const before = Date.now();
    ws.connect();
    const { argument, at } = await log.until('error');
    assert.strictEqual(argument.code, 'WSR_ERR_HANDSHAKE_TIMEOUT');
    assert.ok(at - before >= 199 && at - before < SOON_MS, `after ${at - before} ms`);
    await log.until('close 1006');
  });

  it('does not end a connection that is open', async () => {
    const server = await startServer();
    const { ws } = await openClient({ url: server.url, websocketOptions: { handshakeTimeout: 60 } });
    await new Promise((resolve) => setTimeout(resolve, 150));
    assert.strictEqual(ws.state, 'OPEN');
  });
});

describe('a refusal', () => {
  const lines = (...all) => `${all.join('\r\n')}\r\n`;

  /** The error of an attempt that is answered with these bytes. */
  const refusal = async (upgrade, more = {}) => {
    const server = await startServer({ plan: ['garbage'], upgrade, ...more });
    const { ws, log } = client({ url: server.url, maxRetries: 0 });
    ws.connect();
    return (await log.until('error')).argument;
  };

  it('tells its body as a string', async () => {
    const plain = await refusal(lines('HTTP/1.1 403 No', 'Content-Length: 6', '', 'cafÃ©'));
    assert.strictEqual(plain.statusCode, 403);
    assert.strictEqual(plain.body, 'café\r');
    const chunked = lines(
      'HTTP/1.1 429 No',
      'Transfer-Encoding: chunked',
      '',
      '3',
      '{"a',
      '4',
      '":1}',
      '0',
      '',
    );
    assert.strictEqual((await refusal(chunked)).body, '{"a":1}');
    const endless = await refusal(lines('HTTP/1.1 500 No', '', 'x'.repeat(100000)));
    assert.strictEqual(endless.body, 'x'.repeat(65536));
  });

  it('tells its body as a Buffer where that is no UTF-8', async () => {
    const { body } = await refusal('HTTP/1.1 403 No\r\n\r\n\xff\xfe');
    assert.ok(Buffer.isBuffer(body));
    assert.strictEqual(body.toString('hex'), 'fffe');
  });

  it('without a body tells none', async () => {
    const error = await refusal('HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n');
    assert.strictEqual(error.body, undefined);
    assert.ok(!('body' in error));
  });

  it('does not print its body with the error', async () => {
    const error = await refusal('HTTP/1.1 403 No\r\n\r\n<html>');
    assert.strictEqual(error.body, '<html>');
    assert.ok(!inspect(error).includes('<html>'));
    assert.ok(!JSON.stringify(error).includes('<html>'));
  });

  it('hides the credentials that its body gives back', async () => {
    const upgrade = lines('HTTP/1.1 404 No', '', 'you sent Bearer secret-token');
    const server = await startServer({ plan: ['garbage'], upgrade });
    const websocketOptions = { headers: { Authorization: 'Bearer secret-token' } };
    const { ws, log } = client({ url: server.url, websocketOptions, maxRetries: 0 });
    ws.connect();
    assert.strictEqual((await log.until('error')).argument.body, 'you sent [hidden]\r\n');
  });

  it('tells shouldReconnect its body', async () => {
    const upgrade = lines('HTTP/1.1 403 No', 'Content-Length: 7', '', 'revoked');
    const server = await startServer({ plan: ['garbage'], upgrade });
    const { ws, log } = client({
      url: server.url,
      shouldReconnect: ({ error }) => error.body !== 'revoked',
    });
    ws.connect();
    await log.until('close MAX_RETRIES');
    assert.strictEqual(log.of('retry').length, 0);
  });

  it('whose body never ends is retried after a second', async () => {
    const upgrade = lines('HTTP/1.1 503 No', 'Content-Length: 1000', '', 'busy');
    const server = await startServer({ plan: ['garbage', 'accept'], upgrade, stays: true });
    const { ws, log } = client({ url: server.url });
    const started = Date.now();
    ws.connect();
    const { argument, at } = await log.until('error');
    assert.strictEqual(argument.body, 'busy\r\n');
    assert.ok(at - started >= 900 && at - started < 3000, `after ${at - started} ms`);
    await log.until('open');
  });

  it('with many headers keeps its status, and one with endless headers too', async () => {
    const many = await refusal(lines('HTTP/1.1 403 No', ...Array(1000).fill('X-Many: y'), ''));
    assert.strictEqual(many.statusCode, 403);
    assert.strictEqual(many.headers['x-many'].split(', ').length, 1000);
    const endless = await refusal(lines('HTTP/1.1 403 No', `X: ${'y'.repeat(70000)}`, ''));
    assert.strictEqual(endless.statusCode, 403);
    assert.ok(/65536 bytes/.test(endless.message), endless.message);
  });

  it('keeps headers of every name', async () => {
    const { headers } = await refusal(
      lines(
        'HTTP/1.1 403 No',
        'Constructor: a',
        '__proto__: b',
        '__proto__: c',
        'toString: d',
        'Set-Cookie: e',
        '',
      ),
    );
    assert.deepStrictEqual(Object.entries(headers).sort(), [
      ['__proto__', 'b, c'],
      ['constructor', 'a'],
      ['set-cookie', ['e']],
      ['tostring', 'd'],
    ]);
    assert.strictEqual(Object.getPrototypeOf(headers), Object.prototype);
  });

  it('that is put off again and again is given up', async () => {
    const error = await refusal(lines('HTTP/1.1 100 Continue', '').repeat(1000), { stays: true });
    assert.strictEqual(error.code, 'WSR_ERR_HANDSHAKE');
    assert.ok(/informational/.test(error.message), error.message);
  });
});

describe('websocketOptions.maxPayload', () => {
  it('closes with 1009 where a message is longer', async () => {
    const server = await startServer({ plan: ['accept', 'refuse'] });
    const { log } = await openClient({ url: server.url, websocketOptions: { maxPayload: 1000 } });
    await server.send('x'.repeat(1000));
    await log.until('message');
    await server.send('x'.repeat(1001));
    assert.strictEqual((await log.until('error')).argument.code, 'WSR_ERR_MESSAGE_TOO_BIG');
    await log.until('close 1009');
    assert.strictEqual((await server.ended()).code, 1009);
    await log.until('retry');
  });

  it('counts the whole of a fragmented message', async () => {
    const server = await startServer({ plan: ['bare', 'refuse'] });
    const { log } = await openClient({ url: server.url, websocketOptions: { maxPayload: 10 } });
    const six = '61'.repeat(6);
    await server.raw(`0106${six}` + `8006${six}`);
    await log.until('close 1009');
  });

  it('counts what a compressed message inflates to', async () => {
    const server = await startServer({ deflate: { threshold: 0 } });
    const { log } = await openClient({ url: server.url, websocketOptions: { maxPayload: 100000 } });
    await server.send('x'.repeat(100000));
    await log.until('message');
    await server.send('x'.repeat(100001));
    await log.until('error WSR_ERR_MESSAGE_TOO_BIG');
    await log.until('close 1009');
  });

  it('0 sets no limit', async () => {
    const server = await startServer({ burst: { count: 1, size: 101 * 2 ** 20 } });
    const { ws, log } = client({ url: server.url, websocketOptions: { maxPayload: 0 } });
    ws.connect();
    const { argument } = await log.until('message');
    assert.strictEqual(argument.data.length, 101 * 2 ** 20);
    log.take();
  });

  it('0 takes no text that is longer than a string can be, and closes with 1009', async () => {
    const server = await startServer({ plan: ['bare', 'refuse'] });
    const { log } = await openClient({ url: server.url, websocketOptions: { maxPayload: 0 } });
    const length = Buffer.alloc(8);
    length.writeBigUInt64BE(BigInt(constants.MAX_STRING_LENGTH) + 1n);
    await server.raw(`817f${length.toString('hex')}`);
    const { argument } = await log.until('error');
    assert.strictEqual(argument.code, 'WSR_ERR_MESSAGE_TOO_BIG');
    assert.match(argument.message, /the longest of its kind that JavaScript can have/);
    await log.until('close 1009');
    assert.strictEqual((await server.ended()).code, 1009);
    await log.until('retry');
  });

  it('is 100 MiB by default', async () => {
    const server = await startServer({ plan: ['bare', 'refuse'] });
    const { log } = await openClient({ url: server.url });
    await server.raw('827f0000000006400001');
    await log.until('close 1009');
  });
});

describe('redirects', () => {
  it('are not followed by default', async () => {
    const target = await startServer();
    const server = await startServer({ plan: ['redirect'], location: target.url });
    const { ws, log } = client({ url: server.url, maxRetries: 0 });
    ws.connect();
    assert.strictEqual((await log.until('error')).argument.statusCode, 302);
    assert.strictEqual((await target.handshakes()).length, 0);
  });

  it('are followed with followRedirects, of each kind, absolute and relative', async () => {
    for (const status of [301, 302, 303, 307, 308]) {
      const target = await startServer();
      const server = await startServer({ plan: ['redirect'], status, location: `${target.url}new?x=1` });
      await openClient({ url: server.url, websocketOptions: { followRedirects: true }, maxRetries: 0 });
      assert.strictEqual((await target.handshakes())[0].url, '/new?x=1');
    }
    const server = await startServer({ plan: ['redirect', 'accept'], location: '/new' });
    await openClient({ url: server.url, websocketOptions: { followRedirects: true }, maxRetries: 0 });
    assert.deepStrictEqual(
      (await server.handshakes()).map(({ url }) => url),
      ['/', '/new'],
    );
  });

  it('to http: are followed as ws:', async () => {
    const target = await startServer();
    const server = await startServer({ plan: ['redirect'], location: target.url.replace('ws:', 'http:') });
    await openClient({ url: server.url, websocketOptions: { followRedirects: true }, maxRetries: 0 });
  });

  it('stop after maxRedirects', async () => {
    const server = await startServer({ plan: ['redirect'], location: '/again' });
    const websocketOptions = { followRedirects: true, maxRedirects: 3 };
    const { ws, log } = client({ url: server.url, websocketOptions, maxRetries: 0 });
    ws.connect();
    await log.until('error');
    assert.strictEqual((await server.handshakes()).length, 4);
  });

  it('to another host do not take credentials along', async () => {
    const target = await startServer();
    const server = await startServer({ plan: ['redirect'], location: target.url });
    const headers = { Authorization: 'Bearer secret', Cookie: 'a=b', 'X-Other': 'c' };
    await openClient({
      url: server.url,
      websocketOptions: { followRedirects: true, headers },
      maxRetries: 0,
    });
    const seen = (await target.handshakes())[0].headers;
    assert.strictEqual(seen.authorization, undefined);
    assert.strictEqual(seen.cookie, undefined);
    assert.strictEqual(seen['x-other'], 'c');
    assert.strictEqual((await server.handshakes())[0].headers.authorization, 'Bearer secret');
  });

  it('keep credentials on the same host', async () => {
    const server = await startServer({ plan: ['redirect', 'accept'], location: '/new' });
    const headers = { Authorization: 'Bearer secret' };
    await openClient({
      url: server.url,
      websocketOptions: { followRedirects: true, headers },
      maxRetries: 0,
    });
    assert.strictEqual((await server.handshakes())[1].headers.authorization, 'Bearer secret');
  });

  it('start at the first address again for a retry', async () => {
    const target = await startServer();
    const server = await startServer({ plan: ['redirect'], location: target.url });
    const { log } = await openClient({ url: server.url, websocketOptions: { followRedirects: true } });
    await target.cut();
    await log.until('open');
    assert.strictEqual((await server.handshakes()).length, 2);
  });
});

describe('addresses', () => {
  it('localAddress is where the connection comes from', async () => {
    const { client: from } = await handshake({ localAddress: '127.0.0.1' });
    assert.strictEqual(from, '127.0.0.1');
    if (process.platform === 'linux') {
      assert.strictEqual((await handshake({ localAddress: '127.0.0.9' })).client, '127.0.0.9');
    }
  });

  it('localAddress that is no address is refused', () => {
    assert.throws(() => make({ localAddress: 'nowhere' }), /localAddress/);
  });

  it('family 4 and 6 choose the address of a name', async function () {
    const addresses = [].concat(...Object.values(os.networkInterfaces())).map(({ address }) => address);
    const { headers } = await handshake({ family: 4 }, ({ port }) => `ws://localhost:${port}/`);
    assert.ok(headers.host.startsWith('localhost'));
    // A machine without IPv6 has no such address to listen on.
    if (!addresses.includes('::1')) this.skip();
    const server = await startServer({ host: '::1' });
    await openClient({ url: server.url });
    const { ws, log } = client({
      url: `ws://localhost:${server.port}/`,
      websocketOptions: { family: 4 },
      maxRetries: 0,
    });
    ws.connect();
    await log.until('error ECONNREFUSED');
  });

  it('family that is none is refused', () => {
    assert.throws(() => make({ family: 5 }), { name: 'RangeError' });
    assert.throws(() => make({ family: '4' }), { name: 'TypeError' });
  });
});

describe('websocketOptions', () => {
  const refused = {
    agent: {},
    createConnection: () => {},
    lookup: () => {},
    checkServerIdentity: () => {},
    generateMask: () => {},
    finishRequest: () => {},
    socketPath: '/tmp/socket',
    timeout: 5,
    secureContext: {},
    ciphers: 'ALL',
    minVersion: 'TLSv1.2',
    unheardOf: 1,
    toString: 1,
    constructor: 1,
  };
  for (const [name, value] of Object.entries(refused)) {
    it(`${name} is refused by name`, () => {
      assert.throws(
        () => make({ [name]: value }),
        (error) =>
          error.code === 'WSR_ERR_UNSUPPORTED_OPTION' && error.message.includes(`websocketOptions.${name}`),
      );
    });
  }

  it('with the name of what every object has is refused by name', () => {
    for (const name of ['toString', 'constructor', 'hasOwnProperty', '__proto__']) {
      const given = Object.defineProperty({}, name, { value: 1, enumerable: true });
      assert.throws(() => make(given), { code: 'WSR_ERR_UNSUPPORTED_OPTION' }, name);
    }
  });

  it('refused ones that are undefined are not set', () => {
    make({ agent: undefined, lookup: undefined, checkServerIdentity: undefined });
  });

  it('a name that is not known is told the nearest', () => {
    assert.throws(() => make({ rejectUnauthorised: false }), /did you mean rejectUnauthorized\?/);
    assert.throws(() => make({ perMessageDeflate: { treshold: 5 } }), /did you mean threshold\?/);
  });

  it('what tunes the zlib of ws is taken', () => {
    const zlibDeflateOptions = { chunkSize: 1024, memLevel: 7, level: 3 };
    const zlibInflateOptions = { chunkSize: 10 * 1024 };
    make({
      perMessageDeflate: { zlibDeflateOptions, zlibInflateOptions, concurrencyLimit: 10, threshold: 1024 },
    });
  });

  it('protocolVersion is 13 alone', () => {
    make({ protocolVersion: 13 });
    assert.throws(() => make({ protocolVersion: 8 }), /websocketOptions\.protocolVersion/);
  });

  /** By name: values of the wrong type, then values out of range. */
  const wrong = {
    origin: [[5], []],
    auth: [[5], []],
    handshakeTimeout: [['5'], [-1, NaN]],
    maxPayload: [['5'], [-1, 1.5]],
    followRedirects: [['yes', 1], []],
    maxRedirects: [['5'], [-1, 1.5]],
    perMessageDeflate: [
      [
        'yes',
        5,
        { serverNoContextTakeover: 'no' },
        { clientNoContextTakeover: 1 },
        { serverMaxWindowBits: '9' },
        { threshold: '5' },
        { zlibDeflateOptions: 5 },
        { zlibDeflateOptions: { level: '1' } },
        { zlibDeflateOptions: { strategy: 1 } },
        { zlibDeflateOptions: { toString: 1 } },
        { zlibInflateOptions: [] },
        { zlibInflateOptions: { windowBits: 9 } },
        { concurrencyLimit: '5' },
        { treshold: 5 },
        { constructor: 5 },
      ],
      [
        { clientMaxWindowBits: 16 },
        { threshold: -1 },
        { zlibDeflateOptions: { memLevel: 10 } },
        { zlibDeflateOptions: { chunkSize: 0 } },
        { concurrencyLimit: 0 },
      ],
    ],
    closeTimeout: [['5'], [-1, NaN]],
    localAddress: [[5], []],
    servername: [[5], []],
    rejectUnauthorized: [['no', 0], []],
    ca: [[5, true], []],
    cert: [[5], []],
    key: [[5], []],
    passphrase: [[5], []],
    pfx: [[5], []],
  };
  for (const [name, [types, values]] of Object.entries(wrong)) {
    it(`${name} of a wrong type or value is refused by name`, () => {
      const refusedAs = (Kind) => (error) =>
        error instanceof Kind && error.message.includes(`websocketOptions.${name}`);
      for (const value of types) assert.throws(() => make({ [name]: value }), refusedAs(TypeError));
      for (const value of values) assert.throws(() => make({ [name]: value }), refusedAs(RangeError));
    });

    it(`${name} undefined or null takes its default`, () => {
      make({ [name]: undefined });
      make({ [name]: null });
    });
  }
});
