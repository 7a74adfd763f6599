'use strict';

const assert = require('assert');
const { constants } = require('crypto');
const fs = require('fs');
const http = require('http');
const https = require('https');
const net = require('net');
const os = require('os');
const path = require('path');
const tls = require('tls');
const { certificates } = require('./peer/certificates.js');
const { deadPort, startServer } = require('./peer/index.js');
const { client, openClient } = require('./support/clients.js');
const { startProxy, startSocks, stopProxies } = require('./support/proxies.js');
const { runScript, runtime } = require('./support/runtime.js');
const { heard, until } = require('./support/waiting.js');
const { after: cleanUp, endAll, real } = require('./support/ws-servers.js');

/** Agents of Node are of its own sockets; other runtimes have no such. */
const ofNode = runtime.name === 'node' ? describe : describe.skip;

const KIB = 1024;
const MIB = 1024 * KIB;
/** More than this never waits in memory on its way: both directions of the pipe, and what sockets of Node buffer. */
const BOUND = 4 * MIB;

/** What a number comes to that has not changed for a while. */
async function settled(read) {
  let last = read();
  for (let still = 0; still < 30; still += 1) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    if (read() !== last) still = 0;
    last = read();
  }
  return last;
}

/** A way to make sockets that keeps them all. */
function kept() {
  const sockets = [];
  const createConnection = (options) => {
    const socket = net.connect(options);
    sockets.push(socket);
    return socket;
  };
  return { sockets, createConnection };
}

ofNode('connections that Node makes', () => {
  let made;
  before(() => {
    made = certificates();
  });
  afterEach(endAll);

  /** Opens, and has a message come back. */
  async function echoes(websocketOptions, { options = {}, url = (server) => server.url, more = {} } = {}) {
    const server = await startServer({ echo: true, ...options });
    const { ws, log } = client({ url: url(server), websocketOptions, maxRetries: 0, ...more });
    await ws.connect();
    ws.send('there and back');
    await log.until('message there and back');
    ws.close();
    await log.until('close 1000');
    return { server, request: (await server.handshakes())[0] };
  }

  async function fails(websocketOptions, url, more = {}) {
    const { ws, log } = client({ url, websocketOptions, maxRetries: 0, ...more });
    ws.connect();
    const { argument } = await log.until('error');
    await log.until('close MAX_RETRIES');
    return argument;
  }

  describe("by transport: 'node'", () => {
    it('speak in the clear and by TLS, with headers and subprotocols', async () => {
      const headers = { 'X-Token': 'abc' };
      const { request } = await echoes({ transport: 'node', headers });
      assert.strictEqual(request.headers['x-token'], 'abc');
      await echoes({ transport: 'node', ca: made.ca }, { options: { tls: made.leaf } });
    });

    it('check the certificate where nothing else is said', async () => {
      const server = await startServer({ tls: made.leaf });
      for (const rejectUnauthorized of [true, undefined, null]) {
        const error = await fails({ transport: 'node', rejectUnauthorized }, server.url);
        assert.strictEqual(error.code, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE');
      }
      await echoes({ transport: 'node', rejectUnauthorized: false }, { options: { tls: made.leaf } });
      const other = await startServer({ tls: made.wrongName });
      const error = await fails({ transport: 'node', ca: made.ca }, other.url);
      assert.strictEqual(error.code, 'ERR_TLS_CERT_ALTNAME_INVALID');
    });

    it('fail with the errors of Node', async () => {
      const port = await deadPort();
      const error = await fails({ transport: 'node' }, `ws://127.0.0.1:${port}/`);
      assert.strictEqual(error.code, 'ECONNREFUSED');
      assert.strictEqual(error.syscall, 'connect');
      const garbage = await fails({ ciphers: 'none of these' }, 'wss://127.0.0.1:1/');
      assert.ok(/no cipher match/i.test(garbage.message), garbage.message);
      const refusing = await startServer({ plan: ['refuse'] });
      const { statusCode } = await fails({ transport: 'node' }, refusing.url);
      assert.ok(statusCode >= 400, `${statusCode}`);
    });

    it('are made anew for each attempt, and each redirect', async () => {
      const target = await startServer({ echo: true });
      const asked = [];
      const createConnection = (options) => {
        asked.push(options.port);
        return net.connect(options);
      };
      const server = http.createServer();
      server.on('upgrade', (_, socket) => {
        socket.end(`HTTP/1.1 302 Found\r\nLocation: ${target.url}\r\nContent-Length: 0\r\n\r\n`);
      });
      server.listen(0, '127.0.0.1');
      await heard(server, 'listening');
      cleanUp(() => server.close());
      const { port } = server.address();
      await openClient({
        url: `ws://127.0.0.1:${port}/`,
        websocketOptions: { createConnection, followRedirects: true },
      });
      assert.deepStrictEqual(asked, [port, target.port]);
    });

    it('end for good with the client, in each phase', async () => {
      const silent = net.createServer((socket) => socket.on('error', () => {}));
      silent.listen(0, '127.0.0.1');
      await heard(silent, 'listening');
      cleanUp(() => silent.close());
      const url = `ws://127.0.0.1:${silent.address().port}/`;
      const echo = await startServer({ echo: true });
      for (const end of ['close', 'terminate']) {
        // Before there is a socket, …
        const never = { createConnection: () => undefined };
        const early = client({ url, websocketOptions: never, maxRetries: 0 });
        early.ws.connect();
        await new Promise(setImmediate);
        early.ws[end]();
        await early.log.until('close');
        // … while the upgrade is waited for, …
        const { sockets, createConnection } = kept();
        const waiting = client({ url, websocketOptions: { createConnection }, maxRetries: 0 });
        waiting.ws.connect();
        await until(() => sockets.length === 1 && !sockets[0].connecting);
        waiting.ws[end]();
        // … and while it is open.
        const open = await openClient({ url: echo.url, websocketOptions: { createConnection } });
        open.ws[end]();
        await open.log.until('close');
        await until(() => sockets.length === 2 && sockets.every(({ destroyed }) => destroyed));
      }
    });

    it('are given up at the time limits, whatever they wait for', async () => {
      const limits = [{ websocketOptions: { handshakeTimeout: 50 } }, { connectionTimeout: 50 }];
      for (const { websocketOptions, ...more } of limits) {
        const never = { ...websocketOptions, createConnection: () => undefined };
        const error = await fails(never, 'ws://127.0.0.1:1/', more);
        assert.ok(/timed? ?out/i.test(error.message), error.message);
      }
    });

    it('reconnect after cuts at any time, and leave no socket behind', async function () {
      this.timeout(60000);
      const server = await startServer({ echo: true });
      const { sockets, createConnection } = kept();
      const { ws, log } = client({
        url: server.url,
        websocketOptions: { createConnection },
        baseDelay: 1,
        maxDelay: 5,
        maxRetries: Infinity,
        circuitBreaker: false,
      });
      ws.connect();
      for (let cut = 0; cut < 100; cut += 1) {
        await until(() => sockets.some(({ destroyed }) => !destroyed));
        if (cut % 3 === 0) await until(() => ws.state === 'OPEN');
        if (cut % 3 === 1) await new Promise(setImmediate);
        if (ws.state === 'OPEN') ws.send('x'.repeat(cut * KIB));
        for (const socket of sockets) socket.destroy(cut % 2 ? new Error('cut') : undefined);
      }
      const isOpen = () => ws.state === 'OPEN' && sockets.some(({ destroyed }) => !destroyed);
      await until(isOpen);
      log.take();
      ws.send('still here');
      await log.until('message still here');
      ws.close();
      await until(() => sockets.every(({ destroyed }) => destroyed));
    });

    it('carry messages of 1 and of 100 MiB', async function () {
      this.timeout(120000);
      const server = new real.WebSocketServer({ host: '127.0.0.1', port: 0, maxPayload: 0 });
      await heard(server, 'listening');
      server.on('connection', (socket) => socket.on('message', (data) => socket.send(data)));
      cleanUp(() => {
        for (const one of server.clients) one.terminate();
        server.close();
      });
      const { ws } = await openClient({
        url: `ws://127.0.0.1:${server.address().port}/`,
        websocketOptions: { transport: 'node', maxPayload: 0, perMessageDeflate: false },
      });
      for (const size of [MIB, 100 * MIB]) {
        const data = Buffer.alloc(size);
        for (let i = 0; i < size; i += 4096) data.writeUInt32LE(i, i);
        ws.send(data);
        const [{ data: back }] = await heard(ws, 'message');
        assert.ok(data.equals(back), `${size}`);
      }
    });
  });

  describe('push back', () => {
    it('on a peer that sends more than is read', async () => {
      let written = 0;
      const server = net.createServer((socket) => {
        socket.on('error', () => {});
        socket.once('data', (head) => {
          const [, key] = /Sec-WebSocket-Key: (\S+)/i.exec(head.toString());
          const accept = require('crypto')
            .createHash('sha1')
            .update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
            .digest('base64');
          socket.write(
            `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
          );
          const message = Buffer.concat([
            Buffer.from([0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
            Buffer.alloc(64 * KIB),
          ]);
          const write = () => {
            while (socket.writable && written < 256 * MIB && socket.write(message)) written += message.length;
          };
          socket.on('drain', write);
          write();
        });
      });
      server.listen(0, '127.0.0.1');
      await heard(server, 'listening');
      cleanUp(() => server.close());
      const { sockets, createConnection } = kept();
      const { ws } = await openClient({
        url: `ws://127.0.0.1:${server.address().port}/`,
        websocketOptions: { createConnection },
      });
      ws.pause();
      const before = await settled(() => sockets[0].bytesRead);
      // What a paused client keeps is bounded by the engine; the way there adds no more than its bound.
      assert.ok(before < 16 * MIB + BOUND, `${before} bytes were read`);
      let got = 0;
      ws.on('message', ({ data }) => (got += data.length));
      ws.resume();
      await until(() => got > 64 * MIB);
    });

    it('on a client that sends more than the peer reads', async () => {
      const server = await startServer({ echo: false });
      const { sockets, createConnection } = kept();
      const { ws } = await openClient({
        url: server.url,
        websocketOptions: { createConnection, perMessageDeflate: false },
      });
      await server.freeze();
      const sent = 64 * MIB;
      for (let i = 0; i < 64; i += 1) ws.send(Buffer.alloc(MIB));
      const before = await settled(() => ws.bufferedAmount);
      const inNode = sockets[0].writableLength;
      assert.ok(inNode <= BOUND, `${inNode} bytes wait in the socket`);
      assert.ok(before > sent / 2, `${before} bytes are still counted`);
      await server.thaw();
      await until(() => ws.bufferedAmount === 0);
    });
  });

  describe('through a proxy that the engine speaks with', () => {
    afterEach(stopProxies);

    it('are by TLS over its tunnel, and in the clear the tunnel itself', async () => {
      const [proxy, socks] = [await startProxy(), await startSocks()];
      for (const tls of [undefined, made.leaf]) {
        for (const { url } of [proxy, socks]) {
          const named = (server) => server.url.replace('127.0.0.1', 'localhost');
          const more = { proxy: url };
          await echoes({ transport: 'node', ca: made.ca }, { options: { tls }, url: named, more });
        }
      }
      assert.deepStrictEqual([proxy.requests.length, socks.targets.length], [2, 2]);
    });

    it('fail where the certificate is bad, and where the tunnel ends', async () => {
      const proxy = await startProxy();
      const server = await startServer({ tls: made.leaf });
      const error = await fails({ transport: 'node' }, server.url, { proxy: proxy.url });
      assert.strictEqual(error.code, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE');
      const cutting = await startServer({ plan: ['cut'] });
      const cut = await fails({ transport: 'node' }, cutting.url.replace('ws:', 'wss:'), {
        proxy: proxy.url,
      });
      assert.ok(cut.code, cut.message);
    });

    it('are without it where an agent or a function says what leads there', async () => {
      const proxy = await startProxy();
      await echoes({ agent: new http.Agent() }, { more: { proxy: proxy.url } });
      assert.strictEqual(proxy.requests.length, 0);
    });

    it('carry 20 MiB both ways', async () => {
      const proxy = await startProxy();
      const server = await startServer({ echo: true, tls: made.leaf });
      const { ws } = await openClient({
        url: server.url,
        proxy: proxy.url,
        websocketOptions: { transport: 'node', ca: made.ca, perMessageDeflate: false },
      });
      const data = require('crypto').randomBytes(20 * MIB);
      ws.send(data);
      const [{ data: back }] = await heard(ws, 'message');
      assert.ok(data.equals(back));
    });
  });

  describe('by an agent', () => {
    it('that has a proxy forward the request send it as that wants it', async () => {
      const requests = [];
      const server = net.createServer((socket) => {
        socket.on('error', () => {});
        socket.once('data', (head) => {
          requests.push(head.toString());
          socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n');
        });
      });
      server.listen(0, '127.0.0.1');
      await heard(server, 'listening');
      cleanUp(() => server.close());
      const agent = {
        addRequest(request) {
          request.path = `http://elsewhere${request.path}`;
          request.setHeader('Proxy-Authorization', 'Basic abc');
          request.onSocket(net.connect(server.address().port, '127.0.0.1'));
        },
      };
      const { statusCode } = await fails({ agent }, 'ws://elsewhere/path?query');
      assert.strictEqual(statusCode, 404);
      assert.ok(requests[0].startsWith('GET http://elsewhere/path?query HTTP/1.1\r\n'), requests[0]);
      assert.ok(/\r\nproxy-authorization: Basic abc\r\n/i.test(requests[0]), requests[0]);
    });

    it('of http or https, that keeps sockets or not', async () => {
      await echoes({ agent: new http.Agent() });
      await echoes({ agent: new http.Agent({ keepAlive: true, maxSockets: 1 }) });
      const agent = new https.Agent({ ca: made.ca });
      await echoes({ agent }, { options: { tls: made.leaf } });
      assert.deepStrictEqual(Object.keys(agent.sockets), []);
    });

    it('of another protocol are refused as by Node', async () => {
      const error = await fails({ agent: new https.Agent() }, 'ws://127.0.0.1:1/');
      assert.strictEqual(error.code, 'ERR_INVALID_PROTOCOL');
    });

    it('of the own making, that has a socket of any kind', async () => {
      const agent = {
        addRequest(request, { host, port }) {
          assert.strictEqual(request.getHeader('upgrade'), 'websocket');
          request.onSocket(net.connect({ host, port }));
        },
      };
      await echoes({ agent });
    });

    it('that throws, or fails, fails the attempt with that', async () => {
      const thrown = new TypeError('no socket today');
      const throwing = {
        addRequest() {
          throw thrown;
        },
      };
      assert.strictEqual(await fails({ agent: throwing }, 'ws://127.0.0.1:1/'), thrown);
      const failing = { addRequest: (request) => request.onSocket(null, thrown) };
      assert.strictEqual(await fails({ agent: failing }, 'ws://127.0.0.1:1/'), thrown);
      const emitting = { addRequest: (request) => request.emit('error', thrown) };
      assert.strictEqual(await fails({ agent: emitting }, 'ws://127.0.0.1:1/'), thrown);
    });

    it('false is none', async () => {
      const { sockets } = kept();
      await echoes({ agent: false });
      assert.strictEqual(sockets.length, 0);
    });
  });

  describe('by createConnection', () => {
    it('that returns a socket, or calls back with one', async () => {
      await echoes({ createConnection: (options) => net.connect(options) });
      await echoes({
        createConnection: (options, callback) => {
          setImmediate(callback, null, net.connect(options));
        },
      });
      await echoes(
        { ca: made.ca, createConnection: (options) => tls.connect(options) },
        { options: { tls: made.leaf } },
      );
    });

    it('that throws or calls back with an error fails the attempt with that', async () => {
      const thrown = new RangeError('too far');
      const createConnection = () => {
        throw thrown;
      };
      assert.strictEqual(await fails({ createConnection }, 'ws://127.0.0.1:1/'), thrown);
      const late = (_, callback) => void setImmediate(callback, thrown);
      assert.strictEqual(await fails({ createConnection: late }, 'ws://127.0.0.1:1/'), thrown);
      const odd = () => {
        throw 'a text';
      };
      const error = await fails({ createConnection: odd }, 'ws://127.0.0.1:1/');
      assert.strictEqual(error.code, 'WSR_ERR_FUNCTION');
    });
  });

  describe('by the options of TLS of Node', () => {
    /** What the server saw of TLS. */
    async function secured(websocketOptions, serverOptions = {}, opens = true) {
      const seen = [];
      const server = https.createServer({ ...made.leaf, ...serverOptions });
      server.on('secureConnection', (socket) => {
        const { name, version } = socket.getCipher();
        seen.push({
          name,
          version,
          alpn: socket.alpnProtocol,
          protocol: socket.getProtocol(),
          resumed: socket.isSessionReused(),
          port: socket.remotePort,
        });
      });
      const wss = new real.WebSocketServer({ server });
      server.listen(0, '127.0.0.1');
      await heard(server, 'listening');
      cleanUp(() => {
        for (const one of wss.clients) one.terminate();
        server.close();
      });
      const url = `wss://127.0.0.1:${server.address().port}/`;
      const options = { ca: made.ca, ...websocketOptions };
      if (!opens) return fails(options, url);
      await openClient({ url, websocketOptions: options, maxRetries: 0 });
      return seen[0];
    }

    it('ciphers, minVersion and maxVersion', async () => {
      const name = 'ECDHE-ECDSA-AES256-GCM-SHA384';
      const seen = await secured({ ciphers: name, maxVersion: 'TLSv1.2' });
      assert.strictEqual(seen.name, name);
      assert.strictEqual((await secured({ minVersion: 'TLSv1.3' })).protocol, 'TLSv1.3');
    });

    it('secureContext, ALPNProtocols, ecdhCurve and sigalgs', async () => {
      await secured({ ca: undefined, secureContext: tls.createSecureContext({ ca: made.ca }) });
      const { alpn } = await secured({ ALPNProtocols: ['http/1.1'] }, { ALPNProtocols: ['http/1.1'] });
      assert.strictEqual(alpn, 'http/1.1');
      await secured({ ecdhCurve: 'P-256' });
      await secured({ sigalgs: 'ecdsa_secp256r1_sha256' });
    });

    it('secureOptions and secureProtocol', async () => {
      // Node 14.0 has no name for it yet.
      const secureOptions = constants.SSL_OP_NO_TLSv1_3 || 0x20000000;
      assert.strictEqual((await secured({ secureOptions })).protocol, 'TLSv1.2');
      assert.strictEqual((await secured({ secureProtocol: 'TLSv1_2_method' })).protocol, 'TLSv1.2');
    });

    it('session is resumed', async () => {
      const ticketKeys = Buffer.alloc(48, 1);
      const sessionIdContext = 'tests';
      const server = tls.createServer({ ...made.leaf, ticketKeys, sessionIdContext }, (socket) => {
        socket.on('error', () => {});
        socket.end('x');
      });
      server.listen(0, '127.0.0.1');
      await heard(server, 'listening');
      cleanUp(() => server.close());
      const first = tls.connect({ port: server.address().port, host: '127.0.0.1', ca: made.ca });
      first.resume();
      const [session] = await heard(first, 'session');
      first.destroy();
      const seen = await secured({ session }, { ticketKeys, sessionIdContext });
      assert.strictEqual(seen.resumed, true);
      assert.strictEqual((await secured({ transport: 'node' })).resumed, false);
    });

    it('crl, one or several', async () => {
      const settings = ['[ca]', 'default_ca=all', '[all]', 'database=index', 'crlnumber=number'];
      const more = ['default_md=sha256', 'default_crl_days=2', ''];
      fs.writeFileSync(made.file('revoking'), settings.concat(more).join('\n'));
      fs.writeFileSync(made.file('index'), '');
      fs.writeFileSync(made.file('number'), '01');
      const run = (...args) =>
        made.openssl('ca', '-config', 'revoking', '-keyfile', 'ca.key', '-cert', 'ca.crt', ...args);
      const crl = run('-gencrl');
      run('-revoke', 'leaf.crt');
      const revoking = run('-gencrl');
      await secured({ crl });
      await secured({ crl: [Buffer.from(crl)] });
      assert.strictEqual((await secured({ crl: revoking }, {}, false)).code, 'CERT_REVOKED');
    });

    it('checkServerIdentity decides, and what it throws is the error', async () => {
      const names = [];
      const options = { tls: made.wrongName };
      await echoes({ ca: made.ca, checkServerIdentity: (name) => void names.push(name) }, { options });
      assert.strictEqual(names.length, 1);
      const server = await startServer(options);
      const thrown = new Error('not that one');
      const returns = () => thrown;
      assert.strictEqual(await fails({ ca: made.ca, checkServerIdentity: returns }, server.url), thrown);
      const throws = () => {
        throw thrown;
      };
      assert.strictEqual(await fails({ ca: made.ca, checkServerIdentity: throws }, server.url), thrown);
    });
  });

  it("a lookup of the user's is asked by Node", async () => {
    const asked = [];
    const lookup = (host, options, callback) => {
      asked.push(host);
      if (options.all) callback(null, [{ address: '127.0.0.1', family: 4 }]);
      else callback(null, '127.0.0.1', 4);
    };
    await echoes({ transport: 'node', lookup }, { url: ({ port }) => `ws://nowhere.invalid:${port}/` });
    assert.deepStrictEqual(asked, ['nowhere.invalid']);
  });

  it('localPort is where they come from', async () => {
    const localPort = await deadPort();
    const seen = [];
    const server = new real.WebSocketServer({ host: '127.0.0.1', port: 0 });
    await heard(server, 'listening');
    server.on('connection', (_, { socket }) => seen.push(socket.remotePort));
    cleanUp(() => server.close());
    const { ws } = await openClient({
      url: `ws://127.0.0.1:${server.address().port}/`,
      websocketOptions: { localPort },
    });
    assert.deepStrictEqual(seen, [localPort]);
    ws.terminate();
  });

  it('socketPath leads to a socket of Unix', async function () {
    // There pipes have names of another kind.
    if (process.platform === 'win32') this.skip();
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'wsr-'));
    const socketPath = path.join(folder, 'socket');
    const server = http.createServer();
    const wss = new real.WebSocketServer({ server });
    wss.on('connection', (socket) => socket.on('message', (data) => socket.send(String(data))));
    server.listen(socketPath);
    await heard(server, 'listening');
    cleanUp(() => {
      for (const one of wss.clients) one.terminate();
      server.close();
    });
    const { ws, log } = await openClient({
      url: 'ws://localhost/path',
      websocketOptions: { transport: 'node', socketPath },
    });
    ws.send('by a path');
    await log.until('message by a path');
  });

  it('what a function of the user throws hurts no other client', async () => {
    const server = await startServer({ echo: true });
    const { ws, log } = await openClient({ url: server.url });
    const createConnection = () => {
      throw new Error('mine');
    };
    const failing = [1, 2, 3].map(() => fails({ createConnection }, server.url));
    ws.send('still here');
    await log.until('message still here');
    await Promise.all(failing);
  });

  it('a process ends that has them open, or ended, in threads too', async () => {
    const server = await startServer({ echo: true });
    for (const mode of ['closed', 'unref', 'exit', 'worker']) {
      const script = path.join(__dirname, 'life', 'by-node.js');
      const { code, stdout, stderr } = await runScript(script, [server.url, mode]);
      assert.deepStrictEqual([code, stdout.trim()], [0, `${mode} done`], stderr);
    }
  });
});
