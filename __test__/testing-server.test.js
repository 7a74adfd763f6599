'use strict';

const assert = require('assert');
const http = require('http');
const net = require('net');
const Ws = require('ws');
const { WebSocket } = require('../websocket.js');
const { createServer } = require('../testing.js');
const { UNHURRIED, client } = require('./support/clients.js');
const { until } = require('./support/waiting.js');

/** The classes that a server is tested with. Node has one of its own from version 22 on. */
const KINDS = { ws: Ws, ours: WebSocket };
if (global.WebSocket) KINDS.global = global.WebSocket;

const BYTES = Buffer.from([0, 255, 128]);
/** A heartbeat whose end a test sees, and which a slow machine answers. */
const QUICK_BEAT = { heartbeatMode: 'ping', heartbeatInterval: 300, heartbeatTimeout: 1000 };

const servers = [];
const sockets = [];

async function start(...script) {
  const server = await createServer(script);
  servers.push(server);
  return server;
}

/** A WebSocket, with what it was told. */
function open(Kind, url, protocols = []) {
  const ws = new Kind(url, protocols);
  ws.binaryType = 'arraybuffer';
  sockets.push(ws);
  const log = [];
  for (const type of ['open', 'message', 'error', 'close']) {
    ws.addEventListener(type, (event) => log.push({ type, event }));
  }
  const told = (type) =>
    until(() => log.find((one) => one.type === type)).then(({ event }) => /** @type {any} */ (event));
  return { ws, log, told };
}

/** A connection by hand, with what came of it. */
async function raw(server, ...headers) {
  const socket = net.connect(server.port, '127.0.0.1');
  sockets.push({ close: () => socket.destroy() });
  socket.on('error', () => {});
  const lines = [
    'Host: a',
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Version: 13',
    ...headers,
  ];
  const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';
  socket.write(`GET /raw HTTP/1.1\r\n${[...lines, key].join('\r\n')}\r\n\r\n`);
  let read = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    read = Buffer.concat([read, chunk]);
  });
  return { socket, text: () => read.toString('latin1') };
}

/** A frame of a client whose mask changes nothing. */
const masked = (first, payload, length = payload.length) =>
  Buffer.concat([Buffer.from([first, 0x80 | length, 0, 0, 0, 0]), Buffer.from(payload)]);

/** The codes of what a client was told as errors. */
function errorsOf(ws) {
  const codes = [];
  ws.on('error', ({ code, statusCode }) => codes.push(statusCode || code));
  return codes;
}

/** Opens a client and takes all that it tells for no trouble of the test. */
function started(server, options) {
  const made = client({ url: server.url, circuitBreaker: false, ...options });
  const codes = errorsOf(made.ws);
  made.ws.connect().catch(() => {});
  return { ...made, codes };
}

describe('the server for tests', () => {
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.close();
    for (const server of servers.splice(0)) await server.close();
  });

  for (const [name, Kind] of Object.entries(KINDS)) {
    describe(`with the class ${name}`, () => {
      it('exchanges texts and bytes of each length', async () => {
        const server = await start({ echo: true });
        const { ws, log, told } = open(Kind, server.url);
        await told('open');
        const texts = ['', 'ä🦀', 'a'.repeat(125), 'b'.repeat(126), 'c'.repeat(65536)];
        const binaries = [Buffer.alloc(0), BYTES, Buffer.alloc(200000, 7)];
        for (const data of [...texts, ...binaries]) ws.send(data);
        const all = await until(() => {
          const found = log.filter(({ type }) => type === 'message').map(({ event }) => event.data);
          return found.length === texts.length + binaries.length && found;
        });
        assert.deepStrictEqual(all.slice(0, texts.length), texts);
        all.slice(texts.length).forEach((data, i) => assert.deepStrictEqual(Buffer.from(data), binaries[i]));
        assert.deepStrictEqual(server.received, [...texts, ...binaries]);
      });

      it('is told a close frame, and tells one', async () => {
        const server = await start({ close: 4001, reason: 'go' }, 'open');
        const first = await open(Kind, server.url).told('close');
        assert.deepStrictEqual([first.code, first.reason, first.wasClean], [4001, 'go', true]);
        const { ws, told } = open(Kind, server.url);
        await told('open');
        ws.close(3000, 'done');
        assert.deepStrictEqual(await (await server.connection(1)).ended(), { code: 3000, reason: 'done' });
        assert.strictEqual((await told('close')).wasClean, true);
      });

      it('agrees on the first subprotocol', async () => {
        const server = await start('open');
        const { ws, told } = open(Kind, server.url, ['chat', 'news']);
        await told('open');
        assert.strictEqual(ws.protocol, 'chat');
        assert.strictEqual((await server.connection(0)).protocol, 'chat');
      });

      for (const step of ['refuse', { status: 503 }, 'reset', 'garbage']) {
        it(`fails by ${JSON.stringify(step)}`, async () => {
          const server = await start(step, 'open');
          const { log, told } = open(Kind, server.url);
          // That of Node 22 tells no close behind it.
          await told('error');
          assert.ok(!log.some(({ type }) => type === 'open'));
        });
      }

      it('opens slowly, and is dropped', async () => {
        const server = await start({ slow: 300 }, 'accept-then-drop');
        const begun = Date.now();
        await open(Kind, server.url).told('open');
        // A timer of 1.9 ms may come after 1 ms.
        assert.ok(Date.now() - begun >= 120, `${Date.now() - begun}`);
        const { log, told } = open(Kind, server.url);
        assert.strictEqual((await told('close')).wasClean, false);
        assert.ok(log.some(({ type }) => type === 'open'));
      });
    });
  }

  it('goes by its script, connection by connection', async function () {
    this.slow(10000);
    const server = await start(
      { refuse: 100 },
      { status: 503, retryAfter: 1 },
      'accept-then-drop',
      'never-answer',
      'half-open',
      'reset',
      { close: 4001 },
      { slow: 50 },
      'garbage',
      { echo: true },
    );
    const { ws, codes } = started(server, {
      ...QUICK_BEAT,
      baseDelay: 20,
      maxDelay: 20,
      maxRetries: Infinity,
      connectionTimeout: 3000,
    });
    const closes = [];
    ws.on('close', ({ code }) => closes.push(code));
    const delays = [];
    ws.on('retry', ({ delay }) => delays.push(delay));
    const slow = await server.connection(6, { timeout: 60000 });
    await until(() => ws.state === 'OPEN' && slow.isOpen);
    slow.drop();
    const last = await server.connection(8, { timeout: 60000 });
    await until(() => ws.state === 'OPEN' && last.isOpen);
    ws.send('back');
    assert.strictEqual(await server.next(), 'back');
    const firstAt = codes.findIndex((code) => code !== 'ECONNREFUSED');
    assert.ok(firstAt >= 1, `${codes}`);
    const failures = codes.slice(firstAt);
    assert.deepStrictEqual(failures.slice(0, 3), [503, 'WSR_ERR_HANDSHAKE_TIMEOUT', 'WSR_ERR_HEARTBEAT']);
    assert.strictEqual(failures.length, 5, `${failures}`);
    assert.ok(closes.includes(4001));
    assert.ok(delays.includes(1000));
    assert.strictEqual(server.connections.length, 9);
  });

  it('refuses at each attempt within the time, from the end of the connection before', async () => {
    const server = await start('open', { refuse: 150 }, 'open');
    const { ws, codes } = started(server, { baseDelay: 20, maxDelay: 20, maxRetries: 1000 });
    const first = await server.connection(0);
    await until(() => ws.state === 'OPEN');
    // For as long as that lasts, nobody else can connect.
    await assert.rejects(
      new Promise((resolve, reject) => net.connect(server.port, '127.0.0.1', resolve).on('error', reject)),
      { code: 'ECONNREFUSED' },
    );
    first.drop();
    await server.connection(1);
    await until(() => ws.state === 'OPEN');
    assert.ok(codes.length >= 1);
    assert.ok(
      codes.every((code) => code === 'ECONNREFUSED'),
      `${codes}`,
    );
  });

  it('refuses for good where that is its last step', async () => {
    const server = await start('accept-then-drop', { refuse: 1 });
    const { ws, codes } = started(server, { baseDelay: 10, maxDelay: 10, maxRetries: 20 });
    await until(() => ws.state === 'FAILED');
    assert.strictEqual(server.connections.length, 1);
    assert.ok(codes.filter((code) => code === 'ECONNREFUSED').length >= 19, `${codes}`);
  });

  it('repeats its last step', async () => {
    const server = await start({ status: 429 });
    const { ws, codes } = started(server, { maxRetries: 3 });
    await until(() => ws.state === 'FAILED');
    assert.deepStrictEqual(codes, [429, 429, 429, 429]);
  });

  it('answers with headers and a body', async () => {
    const server = await start({
      status: 401,
      headers: { 'WWW-Authenticate': 'Bearer' },
      body: 'who are you?',
    });
    const { ws } = client({ url: server.url, maxRetries: 0 });
    const errors = [];
    ws.on('error', (error) => errors.push(error));
    await assert.rejects(ws.connect());
    const [{ statusCode, headers, body }] = errors;
    assert.deepStrictEqual([statusCode, headers['www-authenticate'], body], [401, 'Bearer', 'who are you?']);
  });

  it('closes with no reason that no frame has room for', async () => {
    const server = await start('open');
    const { ws } = started(server);
    const connection = await server.connection(0);
    const long = 'é'.repeat(62);
    assert.throws(() => connection.close(1000, long), { name: 'RangeError', code: 'WSR_ERR_ARGUMENT' });
    connection.close(1000, long.slice(1));
    assert.strictEqual((await connection.ended()).code, 1000);
    ws.close();
  });

  it('accepts nobody who has left', async () => {
    const server = await start(async () => {});
    const { socket } = await raw(server);
    const connection = await server.connection(0);
    socket.destroy();
    await connection.ended();
    connection.accept();
    assert.strictEqual(connection.isOpen, false);
  });

  it('has a function decide, at once or later', async () => {
    const decide = ({ request }) => (request.headers.token === 'right' ? 'open' : { status: 401 });
    const server = await start(decide, async (connection) => decide(connection));
    const options = { headers: { token: 'wrong' }, maxRetries: 5, ...UNHURRIED };
    const { ws, codes } = started(server, options);
    ws.on('retry', () => {
      ws.headers = { token: 'right' };
    });
    await until(() => ws.state === 'OPEN');
    assert.deepStrictEqual(codes, [401]);
    const [first, second] = server.connections;
    assert.deepStrictEqual([first.isOpen, second.isOpen], [false, true]);
    assert.strictEqual(second.request.url, '/');
  });

  it('has a function do what it likes', async () => {
    const server = await start((connection) => {
      connection.accept();
      connection.send('hello');
      connection.send(BYTES);
      connection.ping('are you there');
    });
    const { ws } = started(server);
    const messages = [];
    ws.on('message', ({ data }) => messages.push(data));
    await until(() => messages.length === 2);
    assert.deepStrictEqual(messages, ['hello', BYTES]);
    assert.strictEqual((await server.connection(0)).isOpen, true);
  });

  it('keeps what each connection receives, and gives it one by one', async () => {
    const server = await start('open');
    const [a, b] = [started(server).ws, started(server).ws];
    await until(() => a.state === 'OPEN' && b.state === 'OPEN');
    a.send('a1');
    assert.strictEqual(await server.next(), 'a1');
    b.send('b1');
    assert.strictEqual(await server.next(), 'b1');
    const waiting = [server.next(), server.next()];
    a.send('a2');
    a.send('a3');
    assert.deepStrictEqual(await Promise.all(waiting), ['a2', 'a3']);
    assert.deepStrictEqual(server.received, ['a1', 'b1', 'a2', 'a3']);
    const [first] = server.connections.filter(({ received }) => received.length === 3);
    assert.strictEqual(await first.next(), 'a1');
    assert.deepStrictEqual(first.received, ['a1', 'a2', 'a3']);
  });

  it('says what did not come within the time', async () => {
    const server = await start('open');
    const testing = (message) => ({ code: 'WSR_ERR_TESTING', message });
    await assert.rejects(
      server.connection(0, { timeout: 20 }),
      testing('connection 0 does not come: none within 20 ms, after 0'),
    );
    await assert.rejects(
      server.next({ timeout: 20 }),
      testing('the next message does not come: none within 20 ms, after 0'),
    );
    const { ws } = started(server);
    const connection = await server.connection(0);
    await until(() => ws.state === 'OPEN');
    ws.send('late');
    assert.strictEqual(await server.next(), 'late');
    const waiting = assert.rejects(server.next(), /the server is closed/);
    const ended = assert.rejects(
      connection.next().then(() => connection.next()),
      /it has ended/,
    );
    await server.close();
    await Promise.all([waiting, ended]);
    await assert.rejects(server.connection(5), /the server is closed/);
    assert.deepStrictEqual(await connection.ended(), { code: 1006, reason: '' });
    assert.throws(() => connection.send('x'), { code: 'WSR_ERR_TESTING' });
  });

  it('is silent: reads nothing and answers no ping', async () => {
    const server = await start('open');
    const { ws } = started(server);
    await until(() => ws.state === 'OPEN');
    await ws.ping();
    const [connection] = server.connections;
    assert.strictEqual(connection.pings, 1);
    connection.silence();
    ws.send('unheard');
    await assert.rejects(Promise.race([ws.ping(), connection.next({ timeout: 100 })]), {
      code: 'WSR_ERR_TESTING',
    });
    assert.deepStrictEqual([connection.received, connection.pings], [[], 1]);
  });

  it('puts fragments together, with control frames in between', async () => {
    const server = await start('open');
    const { socket, text } = await raw(server);
    await until(() => text().includes('s3pPLMBiTxaQ9kYGzzhZRbK+xOo='));
    const parts = [masked(0x01, 'fra'), masked(0x89, 'p'), masked(0x00, 'gme'), masked(0x80, 'nts')];
    for (const byte of Buffer.concat(parts)) socket.write(Buffer.from([byte]));
    assert.strictEqual(await server.next(), 'fragments');
    await until(() => text().endsWith('\x8a\x01p'));
  });

  for (const [what, code, bytes] of [
    ['an unmasked frame', 1002, Buffer.from([0x81, 1, 97])],
    ['a reserved bit', 1002, masked(0xc1, 'a')],
    ['an unknown opcode', 1002, masked(0x83, 'a')],
    ['a fragmented ping', 1002, masked(0x09, 'a')],
    ['a ping that is too long', 1002, masked(0x89, '', 126)],
    ['a continuation of nothing', 1002, masked(0x80, 'a')],
    ['a new message within another', 1002, Buffer.concat([masked(0x01, 'a'), masked(0x81, 'b')])],
    ['a close frame with one byte', 1002, masked(0x88, 'a')],
    ['text that is no UTF-8', 1007, masked(0x81, Buffer.from([0xff]))],
    ['a message without end', 1009, Buffer.from([0x82, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0])],
  ]) {
    it(`closes with ${code} at ${what}`, async () => {
      const server = await start('open');
      const { socket, text } = await raw(server);
      await until(() => text().includes('\r\n\r\n'));
      const [, before] = text().split('\r\n\r\n');
      socket.write(bytes);
      await new Promise((resolve) => socket.once('close', resolve));
      const [, frames] = text().split('\r\n\r\n');
      assert.strictEqual(before, '');
      assert.strictEqual(frames.charCodeAt(0), 0x88);
      assert.strictEqual(Buffer.from(frames, 'latin1').readUInt16BE(2), code);
      assert.deepStrictEqual(server.received, []);
    });
  }

  it('answers what asks for no upgrade, and counts it for nothing', async () => {
    const server = await start('open');
    const status = await new Promise((resolve, reject) => {
      const request = http.get(`http://127.0.0.1:${server.port}`, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      request.on('error', reject);
    });
    assert.strictEqual(status, 426);
    assert.deepStrictEqual(server.connections, []);
  });

  it('keeps its port while nobody listens', async () => {
    const server = await start('refuse');
    const other = net.createServer();
    const error = await new Promise((resolve) => {
      other.on('error', resolve);
      other.listen(0, '127.0.0.1', () => resolve(other.address().port === server.port));
    });
    assert.strictEqual(error, false);
    other.close();
  });

  it('is disposed of where the runtime knows that', async function () {
    if (Symbol.asyncDispose === undefined) this.skip(); // Node has it from 18.18 and 20.4 on.
    const server = await createServer(['open']);
    await server[Symbol.asyncDispose]();
    await assert.rejects(server.connection(0), /the server is closed/);
  });

  it('refuses a script that is none, and says what is allowed', async () => {
    const bad = (script, expected) => assert.rejects(createServer(script), expected);
    await bad(undefined, { name: 'TypeError', code: 'WSR_ERR_ARGUMENT' });
    await bad([], /at least one/);
    await bad(
      ['open', 'refused'],
      /script\[1\]: 'refused' is no step; allowed is 'open'.*did you mean refuse\?/,
    );
    await bad([{ statuss: 503 }], { code: 'WSR_ERR_ARGUMENT' });
    await bad([7], { name: 'TypeError', code: 'WSR_ERR_ARGUMENT' });
    await bad([{ status: 99 }], /step\.status: 99 is out of range/);
    await bad([{ status: 503, retryafter: 1 }], /did you mean retryAfter\?/);
    await bad([{ close: 4001, status: 503 }], { code: 'WSR_ERR_OPTION' });
    const server = await start('open');
    assert.throws(() => server.connection(-1), { name: 'RangeError', code: 'WSR_ERR_ARGUMENT' });
  });
});
