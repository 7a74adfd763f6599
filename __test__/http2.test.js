'use strict';

const assert = require('assert');
const https = require('https');
const net = require('net');
const { certificates } = require('./peer/certificates.js');
const { startServer } = require('./peer/index.js');
const { client, openClient } = require('./support/clients.js');
const { accept, compressing, echo, serveHttp2 } = require('./support/http2-servers.js');
const { runtime } = require('./support/runtime.js');
const { heard, until } = require('./support/waiting.js');
const { after: afterTest, endAll, real } = require('./support/ws-servers.js');

const echoing = (stream) => echo(accept(stream));

/** Options of a client of such a server. */
const by = ({ url, ca }, more = {}, websocketOptions = {}) => ({
  url,
  websocketOptions: { http2: true, ca, ...websocketOptions },
  ...more,
});

/** So many open clients of it. */
const openAll = (count, server, more) =>
  Promise.all(Array.from({ length: count }, () => openClient(by(server, more))));

/** A way to a server that can lose the connections that it has by then, without a word. */
async function holding(server) {
  const sockets = new Set();
  const way = net.createServer((near) => {
    const far = net.connect(new URL(server.url).port, '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ]) {
      sockets.add(from);
      from.on('error', () => {});
      from.on('close', () => to.destroy());
      from.pipe(to);
    }
  });
  way.listen(0, '127.0.0.1');
  await heard(way, 'listening');
  afterTest(() => {
    way.close();
    for (const socket of sockets) socket.destroy();
  });
  const hold = () => {
    for (const socket of sockets) socket.unpipe();
  };
  return { url: `wss://127.0.0.1:${way.address().port}/`, hold };
}

describe('websocketOptions.http2', function () {
  // The servers of the others have no extended CONNECT.
  if (runtime.name !== 'node') return;

  afterEach(endAll);

  it('has all clients of a server share one connection', async () => {
    const server = await serveHttp2(echoing);
    const clients = await openAll(20, server);
    clients.forEach(({ ws }, i) => ws.send(`hello ${i}`));
    await Promise.all(clients.map(({ log }, i) => log.until(`message hello ${i}`)));
    assert.strictEqual(server.connections, 1);
    assert.strictEqual(server.sessions.length, 1);
  });

  it('asks as RFC 8441 has it', async () => {
    let asked;
    const server = await serveHttp2((stream, headers) => {
      asked = headers;
      accept(stream, { 'sec-websocket-protocol': 'b', 'x-theirs': '2' });
    });
    const { ws, log } = client({
      ...by(server, { protocols: ['a', 'b'], headers: { 'X-Mine': '1', Cookie: ['c=1', 'd=2'] } }),
      url: server.url.replace('wss://', 'wss://me:secret@') + 'path?query=1',
    });
    ws.connect();
    const { argument } = await log.until('open');
    assert.strictEqual(argument.statusCode, 200);
    assert.strictEqual(argument.headers['x-theirs'], '2');
    assert.strictEqual(asked[':method'], 'CONNECT');
    assert.strictEqual(asked[':protocol'], 'websocket');
    assert.strictEqual(asked[':scheme'], 'https');
    assert.strictEqual(asked[':path'], '/path?query=1');
    assert.strictEqual(asked[':authority'], new URL(server.url).host);
    assert.strictEqual(asked['sec-websocket-version'], '13');
    assert.strictEqual(asked['sec-websocket-protocol'], 'a,b');
    assert.match(asked['sec-websocket-extensions'], /^permessage-deflate/);
    assert.strictEqual(asked['x-mine'], '1');
    assert.strictEqual(asked.cookie, 'c=1; d=2');
    assert.strictEqual(asked.authorization, `Basic ${Buffer.from('me:secret').toString('base64')}`);
    for (const name of ['host', 'connection', 'upgrade', 'sec-websocket-key']) {
      assert.strictEqual(asked[name], undefined, name);
    }
    assert.strictEqual(ws.protocol, 'b');
  });

  it('compresses', async () => {
    const server = await serveHttp2((stream) => echo(accept(stream, ...compressing())));
    const { ws, log } = await openClient(by(server, {}, { perMessageDeflate: { threshold: 0 } }));
    assert.match(ws.extensions, /^permessage-deflate/);
    const text = 'again and '.repeat(1000);
    ws.send(text);
    await log.until(`message ${text}`);
  });

  it('sends and receives large messages', async () => {
    const server = await serveHttp2(echoing);
    const { ws, log } = await openClient(by(server));
    const large = Buffer.alloc(20 * 1024 * 1024, 7);
    ws.send(large);
    const { argument } = await log.until('message');
    assert.ok(large.equals(Buffer.from(argument.data)));
  });

  it('closes by the closing handshake, and the connection with the last client', async () => {
    const codes = [];
    const server = await serveHttp2((stream) => echoing(stream).on('close', (code) => codes.push(code)));
    const clients = await openAll(3, server);
    clients[0].ws.close(4001, 'enough');
    await clients[0].log.until("close 4001 'enough'");
    await until(() => codes.length === 1);
    assert.deepStrictEqual(codes, [4001]);
    assert.strictEqual(server.sessions[0].closed, false);
    const ended = heard(server.sessions[0], 'close');
    for (const { ws } of clients) ws.close();
    await ended;
  });

  it('takes HTTP/1.1 on the same connection where the server has no HTTP/2', async () => {
    const { leaf, ca } = certificates();
    const server = https.createServer(leaf);
    let connections = 0;
    server.on('connection', () => (connections += 1));
    new real.WebSocketServer({ server }).on('connection', echo);
    server.listen(0, '127.0.0.1');
    await heard(server, 'listening');
    afterTest(() => server.close());
    const url = `wss://127.0.0.1:${server.address().port}/`;
    const clients = await openAll(5, { url, ca });
    clients[4].ws.send('hello');
    await clients[4].log.until('message hello');
    assert.strictEqual(connections, 5);
  });

  it('takes HTTP/1.1 where the server has not enabled it, and remembers that', async () => {
    const server = await serveHttp2(echoing, { enableConnectProtocol: false, allowHTTP1: true });
    await openAll(5, server);
    await openAll(1, server);
    assert.strictEqual(server.sessions.length, 1);
    assert.strictEqual(server.upgrades, 6);
    assert.strictEqual(server.connections, 7);
  });

  it('takes HTTP/1.1 for ws: URLs', async () => {
    const server = await startServer({ echo: true });
    const { ws, log } = await openClient({ url: server.url, websocketOptions: { http2: true } });
    ws.send('hello');
    await log.until('message hello');
  });

  it('tells a refusal with its status, headers and body', async () => {
    const server = await serveHttp2((stream) => {
      stream.respond({ ':status': 401, 'x-why': 'none' });
      stream.end('no token');
    });
    const { ws, log } = client(by(server, { maxRetries: 0 }));
    ws.connect();
    const { argument } = await log.until('error');
    assert.strictEqual(argument.code, 'WSR_ERR_HANDSHAKE');
    assert.strictEqual(argument.message, 'Unexpected server response: 401');
    assert.strictEqual(argument.statusCode, 401);
    assert.strictEqual(argument.headers['x-why'], 'none');
    assert.strictEqual(argument.body, 'no token');
  });

  it('follows redirects', async () => {
    const server = await serveHttp2((stream, headers) => {
      if (headers[':path'] === '/there') echoing(stream);
      else stream.respond({ ':status': 302, location: '/there' }, { endStream: true });
    });
    const { ws, log } = await openClient(by(server, {}, { followRedirects: true }));
    ws.send('hello');
    await log.until('message hello');
  });

  it('refuses a subprotocol that was not asked for', async () => {
    const server = await serveHttp2((stream) => accept(stream, { 'sec-websocket-protocol': 'other' }));
    const { ws, log } = client(by(server, { maxRetries: 0 }));
    ws.connect();
    const { argument } = await log.until('error');
    assert.strictEqual(argument.message, 'Server sent a subprotocol but none was requested');
  });

  it('makes a further connection where the server takes no more streams', async () => {
    const server = await serveHttp2(echoing, { settings: { maxConcurrentStreams: 2 } });
    const clients = await openAll(5, server);
    assert.strictEqual(server.sessions.length, 3);
    clients.forEach(({ ws }, i) => ws.send(`hello ${i}`));
    await Promise.all(clients.map(({ log }, i) => log.until(`message hello ${i}`)));
  });

  it('leaves a connection that the server ends (GOAWAY) to those who are on it', async () => {
    const server = await serveHttp2(echoing);
    const [first] = await openAll(1, server);
    server.sessions[0].close();
    first.ws.send('still here');
    await first.log.until('message still here');
    const [second] = await openAll(1, server);
    assert.strictEqual(server.sessions.length, 2);
    first.ws.send('and still');
    await first.log.until('message and still');
    second.ws.send('hello');
    await second.log.until('message hello');
  });

  it('has each client of a connection that is lost reconnect by its own policy, together on one', async () => {
    const server = await serveHttp2(echoing);
    const clients = await openAll(10, server);
    server.sessions[0].destroy();
    await Promise.all(clients.map(({ log }) => log.until("close 1006 ''")));
    await Promise.all(clients.map(({ log }) => log.until('open')));
    assert.strictEqual(server.sessions.length, 2);
  });

  it('tells one client alone that its stream is reset', async () => {
    const streams = [];
    const server = await serveHttp2((stream) => {
      streams.push(stream);
      echoing(stream);
    });
    const [first, second] = await openAll(2, server);
    const { NGHTTP2_INTERNAL_ERROR } = require('http2').constants;
    streams[0].close(NGHTTP2_INTERNAL_ERROR);
    const lost = await new Promise((resolve) => {
      for (const one of [first, second]) one.ws.once('close', () => resolve(one));
    });
    const other = lost === first ? second : first;
    other.ws.send('hello');
    await other.log.until('message hello');
    await lost.log.until('open');
    assert.strictEqual(server.sessions.length, 1);
  });

  it('lets a client that does not read keep no other waiting', async () => {
    const sockets = [];
    const server = await serveHttp2((stream) => sockets.push(echoing(stream)));
    const [slow, quick] = await openAll(2, server);
    slow.ws.pause();
    const chunk = Buffer.alloc(1024 * 1024);
    const buffered = () => sockets.reduce((all, socket) => all + socket.bufferedAmount, 0);
    // Each of them is sent more than may wait for one who does not read.
    for (const socket of sockets) for (let i = 0; i < 32; i++) socket.send(chunk);
    await quick.log.count('message', 32);
    assert.ok(buffered() > chunk.length, `${buffered()} bytes wait`);
    quick.ws.send('hello');
    await quick.log.until('message hello');
    slow.ws.resume();
    await slow.log.count('message', 32);
  });

  it('waits for a connection that another makes, and no longer than its own time', async () => {
    const silent = net.createServer(() => {});
    silent.listen(0, '127.0.0.1');
    await heard(silent, 'listening');
    afterTest(() => silent.close());
    const { ca } = certificates();
    const url = `wss://127.0.0.1:${silent.address().port}/`;
    const patient = client(by({ url, ca }, { maxRetries: 0 }, { handshakeTimeout: 1000 }));
    const hasty = client(by({ url, ca }, { maxRetries: 0 }, { handshakeTimeout: 100 }));
    patient.ws.connect();
    hasty.ws.connect();
    const { argument } = await hasty.log.until('error');
    assert.strictEqual(argument.code, 'WSR_ERR_HANDSHAKE_TIMEOUT');
    assert.strictEqual(patient.log.lines.filter((line) => line.startsWith('error')).length, 0);
    await patient.log.until('error WSR_ERR_HANDSHAKE_TIMEOUT');
  });

  it('tells all who wait for a connection why it cannot be made', async () => {
    const { ca } = certificates();
    const clients = Array.from({ length: 5 }, () =>
      client(by({ url: 'wss://127.0.0.1:1/', ca }, { maxRetries: 0 })),
    );
    for (const { ws } of clients) ws.connect();
    const errors = await Promise.all(clients.map(({ log }) => log.until('error')));
    for (const { argument } of errors) {
      assert.strictEqual(argument.message, 'connect ECONNREFUSED 127.0.0.1:1');
      assert.strictEqual(argument.code, 'ECONNREFUSED');
    }
  });

  it('is understood by a server that allows no table of headers', async () => {
    const server = await serveHttp2(echoing, { settings: { headerTableSize: 0 } });
    const clients = await openAll(2, server);
    clients[1].ws.send('hello');
    await clients[1].log.until('message hello');
    assert.strictEqual(server.sessions.length, 1);
  });

  it('leaves a connection over which nothing comes to those who are on it', async () => {
    const server = await serveHttp2(echoing);
    const { url, hold } = await holding(server);
    const [first] = await openAll(1, { ...server, url });
    hold();
    const options = by({ ...server, url }, {}, { handshakeTimeout: 500 });
    const second = client(options);
    second.ws.connect();
    await second.log.until('error WSR_ERR_HANDSHAKE_TIMEOUT');
    await second.log.until('open');
    assert.strictEqual(server.sessions.length, 2);
    assert.strictEqual(first.ws.readyState, 1);
  });

  it('keeps sharing a connection over which others are heard', async () => {
    const server = await serveHttp2((stream, headers) => {
      if (headers[':path'] !== '/silent') echoing(stream);
    });
    const [first] = await openAll(1, server);
    const options = by(server, { maxRetries: 0 }, { handshakeTimeout: 500 });
    const silent = client({ ...options, url: `${server.url}silent` });
    silent.ws.connect();
    const talking = setInterval(() => first.ws.send('hello'), 20);
    afterTest(() => clearInterval(talking));
    await silent.log.until('error WSR_ERR_HANDSHAKE_TIMEOUT');
    await openAll(1, server);
    assert.strictEqual(server.sessions.length, 1);
  });

  it('shares a connection with those alone who trust and are the same', async () => {
    const server = await serveHttp2(echoing);
    await openClient(by(server));
    await openClient(by(server, {}, { rejectUnauthorized: false }));
    const strict = client(by({ ...server, ca: certificates().otherCa }, { maxRetries: 0 }));
    strict.ws.connect();
    await strict.log.until('error');
    assert.strictEqual(server.sessions.length, 2);
  });
});
