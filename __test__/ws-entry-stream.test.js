'use strict';

// `createWebSocketStream` of `ws` and of this package, by the same cases.

const assert = require('assert');
const { runtime } = require('./support/runtime.js');
const { heard, settle, until } = require('./support/waiting.js');
const { after, echo, endAll, real, serve } = require('./support/ws-servers.js');
const ours = require('../ws.js');

function cases(WebSocket) {
  const make = (url, options) => {
    const ws = new WebSocket(url);
    after(() => ws.terminate());
    const stream = WebSocket.createWebSocketStream(ws, options);
    stream.on('error', () => {});
    return { ws, stream };
  };

  it('writes before it is open, reads, and ends', async () => {
    const { ws, stream } = make(await echo());
    stream.write('one ');
    const [data] = await heard(stream, 'data');
    assert.deepStrictEqual(data, Buffer.from('one '));
    const finished = heard(stream, 'finish');
    const closed = new Promise((resolve) => ws.on('close', resolve));
    stream.end('two');
    let rest = '';
    stream.on('data', (part) => {
      rest += part;
    });
    await finished;
    assert.strictEqual(await closed, 1005);
    await until(() => stream.destroyed);
    assert.strictEqual(rest, 'two');
  });

  it('ends with the connection', async () => {
    const { stream } = make(await serve((socket) => socket.close(1000)));
    stream.resume();
    await heard(stream, 'end');
  });

  it('gives text as it is where its readable side is in object mode', async () => {
    const url = await serve((socket) => {
      socket.send('text');
      socket.send(Buffer.from([1]));
    });
    const { stream } = make(url, { readableObjectMode: true });
    const got = [];
    stream.on('data', (data) => got.push(data));
    await until(() => got.length === 2);
    assert.deepStrictEqual(got, ['text', Buffer.from([1])]);
  });

  it('fails with the connection, and closes', async () => {
    const { stream } = make('ws://127.0.0.1:1/');
    stream.removeAllListeners('error');
    const closed = heard(stream, 'close').catch((error) => error);
    const [error] = await heard(stream, 'error');
    assert.strictEqual(error.code, 'ECONNREFUSED');
    await closed;
  });

  it('fails by what is no message', async () => {
    const { stream } = make(await serve((socket) => socket._socket.write(Buffer.from([0x83, 0]))));
    stream.removeAllListeners('error');
    stream.resume();
    const [error] = await heard(stream, 'error');
    assert.ok(/^WS/.test(error.code));
    await until(() => stream.destroyed);
  });

  it('ends the connection where it is destroyed', async () => {
    const codes = [];
    const url = await serve((socket) => socket.on('close', (code) => codes.push(code)));
    const { ws, stream } = make(url);
    await heard(ws, 'open');
    stream.destroy();
    await heard(stream, 'close');
    await until(() => codes.length === 1);
    assert.deepStrictEqual(codes, [1006]);
  });

  it('fails where it is destroyed before the connection is open', async () => {
    const { ws, stream } = make(await echo());
    stream.removeAllListeners('error');
    stream.destroy();
    const [error] = await heard(stream, 'error');
    assert.strictEqual(error.message, 'WebSocket was closed before the connection was established');
    assert.strictEqual(ws.readyState, WebSocket.CLOSED);
  });

  it('holds the server back while nobody reads, and loses nothing', async () => {
    // More than the engine reads ahead, 16 MiB, and what the buffers of both sockets take.
    const count = 1000;
    let sent = 0;
    const url = await serve((socket) => {
      for (let i = 0; i < count; i += 1) socket.send(Buffer.alloc(65536, i % 256), () => (sent += 1));
    });
    const { ws, stream } = make(url);
    await until(() => ws.isPaused);
    await settle();
    assert.ok(stream.readableLength < 2 * 65536, `${stream.readableLength} bytes wait`);
    assert.ok(sent < count, `all ${sent} messages were sent`);
    let bytes = 0;
    for await (const part of stream) {
      bytes += part.length;
      if (bytes === count * 65536) break;
    }
    assert.strictEqual(bytes, count * 65536);
  });

  it('holds back who writes', async () => {
    let paused;
    const url = await serve((socket) => {
      paused = socket;
      socket.pause();
    });
    const { ws, stream } = make(url);
    await heard(ws, 'open');
    const block = Buffer.alloc(1024 * 1024);
    let written = 0;
    for (let i = 0; i < 32; i += 1) stream.write(block, () => (written += 1));
    assert.strictEqual(stream.writableNeedDrain === undefined || stream.writableNeedDrain, true);
    await settle();
    assert.ok(written < 32);
    paused.resume();
    await until(() => written === 32);
  });
}

describe('the stream of a WebSocket', function () {
  // The servers and the yardstick are made of Node's own HTTP.
  before(function () {
    if (runtime.name !== 'node') this.skip();
  });

  afterEach(endAll);

  describe('of this package', () => cases(ours));
  describe('of ws, the yardstick', () => cases(real));

  it('can be that of a WebSocket of a server', async () => {
    const url = await serve((socket) => {
      const stream = ours.createWebSocketStream(socket);
      stream.on('error', () => {});
      stream.pipe(stream);
    });
    const ws = new ours(url);
    after(() => ws.terminate());
    await heard(ws, 'open');
    ws.send(Buffer.from([1, 2]));
    assert.deepStrictEqual(await heard(ws, 'message'), [Buffer.from([1, 2]), true]);
  });
});
