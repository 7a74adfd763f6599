'use strict';

const assert = require('assert');
const { mkdtempSync } = require('fs');
const http = require('http');
const https = require('https');
const os = require('os');
const path = require('path');
const { certificates } = require('./peer/certificates.js');
const { startServer } = require('./peer/index.js');
const { client, openClient } = require('./support/clients.js');
const { hasNetworks, program, runScript } = require('./support/runtime.js');
const { handshake, make } = require('./support/upgrades.js');
const { heard } = require('./support/waiting.js');
const { after, endAll, real, serve } = require('./support/ws-servers.js');
const WebSocket = require('../ws.js');

describe('URLs', () => {
  afterEach(endAll);

  it('of http: and https: are those of ws: and wss:', async () => {
    const { headers, port } = await handshake({}, (server) => server.url.replace(/^ws:/, 'http:'));
    assert.strictEqual(headers.host, `127.0.0.1:${port}`);
    const { ca, leaf } = certificates();
    const server = https.createServer(leaf);
    await heard(server.listen(0, '127.0.0.1'), 'listening');
    after(() => server.close());
    echoOn(server);
    const url = `HTTPS://127.0.0.1:${server.address().port}/`;
    const { ws } = await openClient({ url, websocketOptions: { ca } });
    assert.strictEqual(ws.url, url);
  });

  it('of https: are trusted by what Node trusts', async () => {
    const server = https.createServer(certificates().leaf);
    await heard(server.listen(0, '127.0.0.1'), 'listening');
    after(() => server.close());
    echoOn(server);
    await trustedAt(`https://127.0.0.1:${server.address().port}/`);
  });

  it('of http: have no fragment either', () => {
    assert.throws(() => make({}, 'http://127.0.0.1/#top'), { name: 'RangeError', message: /fragment/ });
  });
});

/** Shows that a process trusts the certificate at this URL by what Node is told to trust, and by nothing else. */
async function trustedAt(url) {
  const script = program('connect-once.js');
  const known = await runScript(script, [url], { env: { NODE_EXTRA_CA_CERTS: certificates().caFile } });
  assert.strictEqual(known.stdout.trim(), 'open', known.stderr);
  const unknown = await runScript(script, [url], { env: { NODE_EXTRA_CA_CERTS: '' } });
  assert.match(unknown.stdout, /^UNABLE_TO_VERIFY_LEAF_SIGNATURE /);
}

/** Sends back what comes over a server of Node; what it has been asked is in `requests`. */
function echoOn(server) {
  const requests = [];
  const wss = new real.WebSocketServer({ server });
  wss.on('connection', (socket, { url, headers }) => {
    requests.push({ url, headers });
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  after(() => {
    for (const each of wss.clients) each.terminate();
  });
  return requests;
}

describe('sockets of Unix', () => {
  afterEach(endAll);

  before(function () {
    // Windows has pipes, which are not for the engine.
    if (process.platform === 'win32') this.skip();
  });

  const folder = mkdtempSync(path.join(os.tmpdir(), 'sockets-'));
  let sockets = 0;

  /** A server on a socket of its own: where it is, and what it was asked. */
  async function listen(server = http.createServer()) {
    sockets += 1;
    const at = path.join(folder, `a socket ${sockets}`);
    await heard(server.listen(at), 'listening');
    after(() => server.close());
    return { at, requests: echoOn(server), server };
  }

  /** Sends a text there and back. */
  async function echoed(options) {
    const { ws, log } = await openClient({ ...options, proxy: 'http://127.0.0.1:1/' });
    ws.send('there and back');
    assert.strictEqual((await log.until('message')).argument.data, 'there and back');
    return ws;
  }

  it('are in URLs of ws+unix:, as ws has them', async () => {
    const { at, requests } = await listen();
    await echoed({ url: `ws+unix:${at}:/chat?room=1` });
    await echoed({ url: `ws+unix://${at}` });
    assert.deepStrictEqual(
      requests.map(({ url, headers }) => [url, headers.host]),
      [
        ['/chat?room=1', 'localhost'],
        ['/', 'localhost'],
      ],
    );
  });

  it('speak TLS in URLs of wss+unix:', async () => {
    const { ca, leaf } = certificates();
    const { at, requests } = await listen(https.createServer(leaf));
    await echoed({ url: `wss+unix:${at}:/secure`, websocketOptions: { ca } });
    assert.strictEqual(requests[0].url, '/secure');
    await trustedAt(`wss+unix:${at}:/secure`);
  });

  it('are where socketPath says, with path and host of the URL', async () => {
    const { at, requests } = await listen();
    await echoed({ url: 'ws://example.com/chat', websocketOptions: { socketPath: at } });
    assert.deepStrictEqual([requests[0].url, requests[0].headers.host], ['/chat', 'example.com']);
  });

  it('are taken by the class of ws', async () => {
    const { at, requests } = await listen();
    const socket = new WebSocket(`ws+unix:${at}:/by/ws`);
    await heard(socket, 'open');
    socket.terminate();
    assert.strictEqual(requests[0].url, '/by/ws');
    assert.throws(() => new WebSocket('ws+unix:'), { name: 'SyntaxError' });
  });

  it('are reached by Node where that makes the connections', async () => {
    const { at, requests } = await listen();
    await echoed({ url: `ws+unix:${at}:/by/node`, websocketOptions: { transport: 'node' } });
    assert.strictEqual(requests[0].url, '/by/node');
  });

  it('that are not there are retried, and named', async () => {
    const at = path.join(folder, 'later');
    const { ws, log } = client({ url: `ws+unix:${at}:/` });
    const opening = ws.connect();
    const { argument } = await log.until('error');
    assert.deepStrictEqual([argument.code, argument.message], ['ENOENT', `connect ENOENT ${at}`]);
    const server = http.createServer();
    echoOn(server);
    await heard(server.listen(at), 'listening');
    after(() => server.close());
    await opening;
  });

  it('carry large messages, and are given up with their clients', async () => {
    const { at } = await listen();
    const { ws, log } = await openClient({ url: `ws+unix:${at}:/` });
    const large = Buffer.alloc(3e6, 7);
    ws.send(large);
    assert.ok((await log.until('message')).argument.data.equals(large));
    ws.close();
    await log.until('close 1000');
  });

  it('are kept by redirects to the same host, and left by others', async () => {
    const there = await listen();
    const elsewhere = await startServer();
    there.server.removeAllListeners('upgrade');
    const locations = ['/two', `http://127.0.0.1:${elsewhere.port}/three`];
    const asked = [];
    there.server.on('upgrade', ({ url, headers }, socket) => {
      asked.push([url, headers['x-api-key']]);
      socket.end(`HTTP/1.1 302 Found\r\nLocation: ${locations.shift()}\r\nContent-Length: 0\r\n\r\n`);
    });
    await openClient({
      url: `ws+unix:${there.at}:/one`,
      websocketOptions: { followRedirects: true, headers: { 'X-Api-Key': 'secret' } },
    });
    assert.deepStrictEqual(asked, [
      ['/one', 'secret'],
      ['/two', 'secret'],
    ]);
    const [{ headers }] = await elsewhere.handshakes();
    assert.ok(!('x-api-key' in headers));
  });

  it('share a circuit by their path', async () => {
    const url = `ws+unix:${path.join(folder, 'nothing')}:/`;
    const circuit = { circuitBreaker: { failureThreshold: 1, scope: 'host' }, maxRetries: 0 };
    const first = client({ url, ...circuit });
    const second = client({ url, ...circuit });
    first.ws.connect();
    await first.log.until('circuitChange OPEN');
    await assert.rejects(second.ws.connect(), { code: 'WSR_ERR_CIRCUIT_OPEN' });
  });

  it('are refused where the URL names none, or both do', () => {
    assert.throws(() => make({}, 'ws+unix:'), { code: 'WSR_ERR_OPTION', message: /names no socket/ });
    assert.throws(() => make({}, 'ws+unix://host/socket'), { code: 'WSR_ERR_OPTION', message: /has a host/ });
    const both = () => make({ socketPath: '/one' }, 'ws+unix:/other');
    assert.throws(both, { name: 'RangeError', message: /^websocketOptions\.socketPath: "\/one"/ });
    assert.throws(() => make({ socketPath: 1 }), { name: 'TypeError' });
  });
});

describe('a peer that lives and does not read', () => {
  afterEach(endAll);

  it('is not given up by the system either', async () => {
    const url = await serve((socket) => {
      socket._socket.pause();
      const ticking = setInterval(() => socket.send('tick'), 50);
      socket.on('close', () => clearInterval(ticking));
    });
    const { ws, log } = await openClient({ url, heartbeatInterval: 300, heartbeatTimeout: 200 });
    ws.send(Buffer.alloc(8e6));
    await log.count('message tick', 80);
    assert.strictEqual(ws.state, 'OPEN');
    assert.strictEqual(log.of('close').length, 0);
  });
});

describe('a network of its own', () => {
  before(function () {
    // Only a system that lets its user make one has it.
    if (!hasNetworks()) this.skip();
  });

  async function inNetwork(name) {
    const run = await runScript(program('network-of-its-own.js'), [name], {
      ownNetwork: true,
      deadline: 50000,
    });
    return JSON.parse(run.stdout || run.stderr);
  }

  it('shows that a look-up that hangs costs nobody else', async function () {
    this.timeout(60000);
    const told = await inNetwork('silentDns');
    assert.ok(told.besideOne.ms < 1000, JSON.stringify(told));
    assert.ok(told.besideThree.ms < 1000, JSON.stringify(told));
    assert.ok(told.besideMany.ms < 1000, JSON.stringify(told));
    // For an address of either family, once: a resolver asks again after 5 s.
    assert.ok(told.queriesOfOne <= 2, JSON.stringify(told));
    assert.ok(told.threadsForOne <= 4 && told.threads <= 16, JSON.stringify(told));
  });

  it('shows that a dead address costs its head start alone', async function () {
    this.timeout(60000);
    const { raced, later, alone } = await inNetwork('deadAddress');
    assert.ok(raced.ms >= 240 && raced.ms < 650, JSON.stringify(raced));
    assert.ok(later.ms >= 690 && later.ms < 1100, JSON.stringify(later));
    assert.strictEqual(alone.code, 'WSR_ERR_HANDSHAKE_TIMEOUT', JSON.stringify(alone));
  });

  it('shows that an address that answers late is raced still', async function () {
    this.timeout(60000);
    const opened = await inNetwork('lateAddress');
    assert.ok(opened.code === undefined && opened.ms >= 500, JSON.stringify(opened));
  });

  it('shows that the system gives a dead peer up when the heartbeat does', async function () {
    this.timeout(60000);
    const kept = await inNetwork('deadPeer');
    const { beating, secure, assigned, silent } = kept;
    assert.ok([beating, secure, assigned].every((ms) => ms < 3000) && silent >= 5000, JSON.stringify(kept));
  });
});
