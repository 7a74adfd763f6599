'use strict';

const assert = require('assert');
const { LIFE } = require('../lib/facade/client.js');
const { startServer } = require('./peer/index.js');
const { WebSocketReconnect, client, make } = require('./support/clients.js');
const { deadUrl } = require('./support/urls.js');

describe('urls', () => {
  it('each failure moves on to the next', async () => {
    const server = await startServer();
    const dead = await deadUrl();
    const { ws, log } = client({ url: undefined, urls: [dead, server.url], baseDelay: 5 });
    let info;
    ws.on('open', (given) => (info = given));
    await ws.connect();
    assert.strictEqual(info.url, server.url);
    assert.strictEqual(ws.url, server.url);
    assert.deepStrictEqual(ws.urls, [dead, server.url]);
    await server.cut();
    await log.until('open');
    await log.count('error ECONNREFUSED', 2);
    await log.count('open', 2);
  });

  it("'random' takes any of the others", async () => {
    const server = await startServer({ plan: ['refuse'] });
    const urls = ['a', 'b', 'c'].map((path) => server.url + path);
    const circuitBreaker = { failureThreshold: 99 };
    const { ws } = client({
      urls,
      failover: 'random',
      baseDelay: 1,
      maxDelay: 1,
      maxRetries: 30,
      circuitBreaker,
    });
    await assert.rejects(ws.connect());
    const paths = (await server.handshakes()).map(({ url }) => url);
    assert.strictEqual(new Set(paths).size, 3);
    paths.forEach((path, i) => assert.notStrictEqual(path, paths[i + 1]));
    const inTurn = paths.every((path, i) => i === 0 || path.charCodeAt(1) === 97 + (i % 3));
    assert.ok(!inTurn, `${paths}`);
  });

  it('preferFirst brings an open client home', async () => {
    const home = await startServer({ plan: ['refuse', 'accept'] });
    const away = await startServer();
    const { ws, log } = client({ urls: [home.url, away.url], preferFirst: 200, baseDelay: 5 });
    await ws.connect();
    assert.strictEqual(ws.url, away.url);
    await log.until("close 1000 'Back to the first URL'");
    await log.until('open');
    assert.strictEqual(ws.url, home.url);
    assert.deepStrictEqual(await away.ended(), { code: 1000, reason: 'Back to the first URL' });
  });

  it('without preferFirst a client stays where it is connected', async () => {
    const home = await startServer({ plan: ['refuse', 'accept'] });
    const away = await startServer();
    const { ws } = client({ urls: [home.url, away.url], baseDelay: 5 });
    await ws.connect();
    assert.strictEqual(ws[LIFE].settings().preferFirst, 0);
    assert.strictEqual(ws.url, away.url);
  });

  it('are joined by url, which is the first, and replaced by writing it', async () => {
    assert.deepStrictEqual(make({ url: 'ws://a/', urls: ['ws://b/', 'ws://a/'] }).urls, [
      'ws://a/',
      'ws://b/',
    ]);
    const ws = make({ url: 'ws://a/' });
    assert.deepStrictEqual(ws.urls, ['ws://a/']);
    ws.urls = ['ws://b/', new URL('ws://c/')];
    assert.deepStrictEqual([ws.url, ws.urls], ['ws://b/', ['ws://b/', 'ws://c/']]);
    ws.url = 'ws://d/';
    assert.deepStrictEqual(ws.urls, ['ws://d/']);
    for (const urls of [[], ['ws://a', 'ws://a'], ['ftp://a'], [7], 'ws://a']) {
      assert.throws(() => new WebSocketReconnect({ urls }), { code: 'WSR_ERR_OPTION' });
    }
    assert.throws(() => make({ url: () => 'ws://a', urls: ['ws://b'] }), { code: 'WSR_ERR_OPTION' });
    assert.throws(() => make({ failover: 'last' }), RangeError);
    assert.throws(() => make({ preferFirst: -1 }), RangeError);
  });
});
