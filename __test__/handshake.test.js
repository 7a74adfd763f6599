'use strict';

const assert = require('assert');
const { inspect } = require('util');
const { deflateSync, gzipSync } = require('zlib');
const { startServer } = require('./peer/index.js');
const { client, openClient } = require('./support/clients.js');
const { SOON_MS } = require('./support/deadlines.js');

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

  it('tells its body without the coding that it came by', async () => {
    for (const [name, coded] of [
      ['gzip', gzipSync('too many')],
      ['deflate', deflateSync('too many')],
    ]) {
      const head = `HTTP/1.1 429 No\r\nContent-Encoding: ${name}\r\nContent-Length: ${coded.length}\r\n\r\n`;
      const error = await refusal(head + coded.toString('latin1'));
      assert.strictEqual(error.body, 'too many');
      assert.strictEqual(error.headers['content-encoding'], name);
    }
  });

  it('hides the credentials that its body gives back coded', async () => {
    const coded = gzipSync('you sent Bearer secret-token').toString('latin1');
    const upgrade = `HTTP/1.1 404 No\r\nContent-Encoding: gzip\r\n\r\n${coded}`;
    const server = await startServer({ plan: ['garbage'], upgrade });
    const websocketOptions = { headers: { 'X-Api-Key': 'secret-token' } };
    const { ws, log } = client({ url: server.url, websocketOptions, maxRetries: 0 });
    ws.connect();
    assert.strictEqual((await log.until('error')).argument.body, 'you sent Bearer [hidden]');
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
