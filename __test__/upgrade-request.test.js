'use strict';

const assert = require('assert');
const vm = require('vm');
const { startServer } = require('./peer/index.js');
const { WebSocketReconnect, client, openClient } = require('./support/clients.js');
const { handshake, make } = require('./support/upgrades.js');

const basic = (text) => `Basic ${Buffer.from(text).toString('base64')}`;

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
          // Older runtimes lack some of the forms.
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

describe('headers are always sent', () => {
  it('Authorization among them', async () => {
    const server = await startServer();
    const headers = { Authorization: 'Bearer secret' };
    await openClient({ url: server.url, websocketOptions: { headers } });
    assert.strictEqual((await server.handshakes())[0].headers.authorization, 'Bearer secret');
  });
});
