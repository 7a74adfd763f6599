'use strict';

const assert = require('assert');
const net = require('net');
const { Duplex, PassThrough } = require('stream');
const tls = require('tls');
const { certificates } = require('./peer/certificates.js');
const { startServer } = require('./peer/index.js');
const { client, openClient } = require('./support/clients.js');
const { startProxy, stopProxies } = require('./support/proxies.js');
const { allHandled, uncaughtBy } = require('./support/reported.js');
const { runScript, program, runtime } = require('./support/runtime.js');
const { heard, settle, until } = require('./support/waiting.js');
const { after: cleanUp, endAll } = require('./support/ws-servers.js');

/** Agents of Node are of its own sockets; other runtimes have no such. */
const ofNode = runtime.name === 'node' ? describe : describe.skip;

const NOWHERE = 'ws://127.0.0.1:1/';

ofNode('what is given in the place of a socket', () => {
  afterEach(() => {
    endAll();
    stopProxies();
  });

  async function fails(websocketOptions, url = NOWHERE, more = {}) {
    const { ws, log } = client({ url, websocketOptions, maxRetries: 0, ...more });
    ws.connect();
    const { argument } = await log.until('error');
    await log.until('close MAX_RETRIES');
    return argument;
  }

  const given = (socket) => ({ createConnection: () => socket });
  const calledBack = (socket) => ({
    createConnection: (_, callback) => void setImmediate(callback, null, socket),
  });
  const ofAgent = (socket) => ({ agent: { addRequest: (request) => request.onSocket(socket) } });

  it('and is none fails the attempt, and says what is allowed', async () => {
    for (const bad of ['a text', {}, 1, Promise.resolve()]) {
      for (const websocketOptions of [given(bad), calledBack(bad), ofAgent(bad)]) {
        const uncaught = await uncaughtBy(async () => {
          const error = await fails(websocketOptions);
          assert.strictEqual(error.code, 'WSR_ERR_FUNCTION');
          assert.match(
            error.message,
            /websocketOptions\.(agent|createConnection) gave an? (string|object|number); allowed is a Duplex/,
          );
        });
        assert.deepStrictEqual(uncaught, []);
      }
    }
    await allHandled(() => fails({ createConnection: async () => Promise.reject(new Error('later')) }));
  });

  it('and has been destroyed fails the attempt at once', async () => {
    for (const make of [given, calledBack, ofAgent]) {
      const socket = new PassThrough();
      socket.destroy();
      const error = await fails(make(socket));
      assert.strictEqual(error.code, 'ECONNRESET');
    }
  });

  it('fails with nothing, or with what is no error', async () => {
    for (const reason of [undefined, null, 'a text']) {
      const socket = new Duplex({ read() {}, write: (_bytes, _encoding, done) => done() });
      const createConnection = () => {
        setImmediate(() => socket.emit('error', reason));
        return socket;
      };
      const error = await fails({ createConnection });
      assert.strictEqual(error.code, 'WSR_ERR_FUNCTION');
    }
  });

  it('and throws when it is written, or reads what is no bytes, fails the attempt alone', async () => {
    const thrown = new Error('no ink');
    const throwing = new Duplex({
      read() {},
      write() {
        throw thrown;
      },
    });
    const objects = new Duplex({
      readableObjectMode: true,
      read() {},
      write(_bytes, _encoding, done) {
        this.push({});
        done();
      },
    });
    const uncaught = await uncaughtBy(async () => {
      assert.strictEqual(await fails(given(throwing)), thrown);
      assert.ok(throwing.destroyed);
      assert.ok((await fails(given(objects))).message);
      assert.ok(objects.destroyed);
    });
    assert.deepStrictEqual(uncaught, []);
  });

  it('and comes twice, or behind an error, is not left open', async () => {
    const server = await startServer({ echo: true });
    const sockets = [];
    const make = (options) => {
      const socket = net.connect(options);
      sockets.push(socket);
      return socket;
    };
    const twice = {
      createConnection(options, callback) {
        setImmediate(() => callback(null, make(options)));
        return make(options);
      },
    };
    const { ws, log } = await openClient({ url: server.url, websocketOptions: twice });
    await until(() => sockets.length === 2 && sockets[1].destroyed);
    ws.send('by the first');
    await log.until('message by the first');
    const same = {
      createConnection(options, callback) {
        const socket = make(options);
        socket.once('connect', () => callback(null, socket));
        return socket;
      },
    };
    const once = await openClient({ url: server.url, websocketOptions: same });
    once.ws.send('and once');
    await once.log.until('message and once');
    const late = {
      createConnection(options, callback) {
        callback(new Error('no'));
        setImmediate(() => callback(null, make(options)));
      },
    };
    assert.strictEqual((await fails(late, server.url)).message, 'no');
    await until(() => sockets.length === 4 && sockets[3].destroyed);
    const agent = {
      addRequest(request, options) {
        request.onSocket(make(options));
        request.onSocket(make(options));
      },
    };
    await openClient({ url: server.url, websocketOptions: { agent } });
    await until(() => sockets.length === 6 && sockets[5].destroyed);
  });

  it('and comes when the attempt was given up is not left open', async () => {
    const server = await startServer({ echo: true });
    for (const end of ['close', 'terminate', 'reconnect']) {
      let callback;
      let options;
      let calls = 0;
      const createConnection = (...asked) => {
        calls += 1;
        if (calls > 1) return net.connect(asked[0]);
        [options, callback] = asked;
        return null;
      };
      const { ws, log } = client({ url: server.url, websocketOptions: { createConnection } });
      ws.connect().catch(() => {});
      await until(() => callback);
      const opened = end === 'reconnect' ? ws.reconnect() : ws[end]();
      if (end === 'reconnect') await opened;
      else await log.until('close');
      const socket = net.connect(options);
      callback(null, socket);
      await until(() => socket.destroyed);
      if (end !== 'reconnect') continue;
      ws.send('by the second');
      await log.until('message by the second');
    }
  });

  it('leaves nothing open at the proxy where TLS over its tunnel cannot begin, or the server is silent', async () => {
    const sockets = new Set();
    // Keeps its side open, and finds out by writing whether the other is there.
    const proxy = net.createServer({ allowHalfOpen: true }, (socket) => {
      sockets.add(socket);
      const writing = () => setInterval(() => socket.write('x'), 50);
      socket.on('error', () => {});
      socket.on('end', () => socket.once('close', clearInterval.bind(null, writing())));
      socket.on('close', () => sockets.delete(socket));
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        socket.resume();
      });
    });
    proxy.listen(0, '127.0.0.1');
    await heard(proxy, 'listening');
    cleanUp(() => {
      for (const socket of sockets) socket.destroy();
      proxy.close();
    });
    const more = { proxy: `http://127.0.0.1:${proxy.address().port}` };
    for (const options of [{ ciphers: 'none of these' }, { transport: 'node', handshakeTimeout: 100 }]) {
      await fails(options, 'wss://localhost:1/', more);
      assert.strictEqual(sockets.size, 1);
      await until(() => sockets.size === 0);
    }
  });

  it('does not end a connection in the middle of what a proxy has passed on', async () => {
    const { authority, ca, issue } = certificates();
    const { cert, key } = issue('subjectAltName=DNS:localhost,IP:127.0.0.1', authority);
    const crypto = require('crypto');
    const count = 40;
    const message = crypto.randomBytes(64 * 1024 - 1);
    const server = tls.createServer({ cert, key }, (socket) => {
      socket.on('error', () => {});
      socket.once('data', (head) => {
        const [, asked] = /Sec-WebSocket-Key: (\S+)/i.exec(head.toString());
        const accept = crypto
          .createHash('sha1')
          .update(`${asked}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
          .digest('base64');
        const start = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;
        socket.write(start);
        const frame = Buffer.concat([Buffer.from([0x82, 126, 0xff, 0xff]), message]);
        for (let i = 0; i < count; i += 1) socket.write(frame);
        socket.end(Buffer.from([0x88, 2, 3, 0xe8]));
      });
    });
    server.listen(0, '127.0.0.1');
    await heard(server, 'listening');
    cleanUp(() => server.close());
    const proxy = await startProxy();
    const { ws, log } = client({
      url: `wss://localhost:${server.address().port}/`,
      proxy: proxy.url,
      websocketOptions: { transport: 'node', ca },
      maxRetries: 0,
    });
    let got = 0;
    ws.on('message', ({ data }) => {
      got += 1;
      assert.ok(message.equals(data));
      if (got > 1) return;
      ws.pause();
      setTimeout(() => ws.resume(), 4000);
    });
    ws.connect();
    await log.until('close');
    assert.strictEqual(got, count);
  });

  it('a lookup that rejects is handled, and fails the attempt', async () => {
    const thrown = new Error('no table');
    const lookup = () => Promise.reject(thrown);
    await allHandled(async () => {
      assert.strictEqual(await fails({ transport: 'node', lookup }, 'ws://nowhere.invalid/'), thrown);
    });
  });

  it('leaves nothing behind in a thousand connections', async function () {
    this.timeout(120000);
    const server = await startServer({ echo: true });
    const { code, stdout, stderr } = await runScript(program('circles-by-node.js'), [server.url], {
      exposeGc: true,
      deadline: 110000,
    });
    assert.deepStrictEqual([code, stdout.trim()], [0, 'done'], stderr);
  });

  it('carries texts and binaries, compressed or not, both ways', async () => {
    const server = await startServer({ echo: true });
    for (const perMessageDeflate of [true, false]) {
      const { ws, log } = await openClient({
        url: server.url,
        websocketOptions: { transport: 'node', perMessageDeflate },
      });
      const text = 'ä€😀'.repeat(20000);
      ws.send(text);
      const [{ data }] = await heard(ws, 'message');
      assert.strictEqual(data, text);
      const bytes = Buffer.alloc(100000, 7);
      ws.send(bytes);
      const [{ data: back }] = await heard(ws, 'message');
      assert.ok(bytes.equals(back));
      ws.close();
      await log.until('close');
      await settle(1);
    }
  });
});
