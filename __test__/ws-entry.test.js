'use strict';

// The client half of what `ws` does, by the same cases for its class and for ours: where they differ, the case says why.

const assert = require('assert');
const { createServer } = require('http');
const { Blob } = require('buffer');
const { runtime } = require('./support/runtime.js');
const { heard, settle, until } = require('./support/waiting.js');
const { after, echo, endAll, real, serve } = require('./support/ws-servers.js');
const ours = require('../ws.js');

const STATES = { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 };
const NOWHERE = 'ws://127.0.0.1:1/';
const FIXED = { configurable: false, enumerable: true, writable: false };

/** A server that answers each request for an upgrade by `answer`, given its raw socket. */
async function answering(answer) {
  const server = createServer();
  const sockets = new Set();
  server.on('upgrade', (request, socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    answer(socket, request);
  });
  server.listen(0, '127.0.0.1');
  await heard(server, 'listening');
  after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `ws://127.0.0.1:${server.address().port}/`;
}

const respond =
  (head, body = '') =>
  (socket) =>
    socket.end(`HTTP/1.1 ${head}\r\n\r\n${body}`);

/** The cases for one class; `isOurs` where it is that. */
function cases(WebSocket, isOurs) {
  /** Node has it from 15.7 on, and ws where it is global. */
  const hasBlob = Blob !== undefined && (isOurs || runtime.nodeMajor >= 18);

  const open = (...given) => {
    const ws = new WebSocket(...given);
    after(() => {
      ws.removeAllListeners();
      ws.on('error', () => {});
      ws.terminate();
    });
    return ws;
  };

  const opened = async (...given) => {
    const ws = open(...given);
    await heard(ws, 'open');
    return ws;
  };

  /** What it is told until it is closed, by name. */
  const told = async (ws) => {
    const log = [];
    for (const type of ['open', 'error', 'message']) {
      ws.on(type, (value) => log.push(type === 'error' ? value.message : type));
    }
    ws.on('error', (error) => {
      log.error = error;
    });
    const [code, reason] = await new Promise((resolve) => ws.once('close', (...given) => resolve(given)));
    assert.strictEqual(ws.readyState, WebSocket.CLOSED);
    return Object.assign(log, { code, reason: reason.toString() });
  };

  /** A connection that fails before it is open. */
  const failing = async (url, message, ...given) => {
    const log = await told(open(url, ...given));
    assert.deepStrictEqual([...log, log.code, log.reason], [message, 1006, '']);
    return log.error;
  };

  describe('the class', () => {
    it('has the constants on itself and on its prototype, which nobody can write', () => {
      for (const target of [WebSocket, WebSocket.prototype]) {
        for (const [name, value] of Object.entries(STATES)) {
          const descriptor = Object.getOwnPropertyDescriptor(target, name);
          assert.deepStrictEqual(descriptor, { ...FIXED, value });
        }
      }
    });

    it('has attributes that can be enumerated', () => {
      const names = [
        'binaryType',
        'bufferedAmount',
        'extensions',
        'isPaused',
        'protocol',
        'readyState',
        'url',
      ];
      for (const name of [...names, 'onopen', 'onmessage', 'onerror', 'onclose']) {
        assert.strictEqual(Object.getOwnPropertyDescriptor(WebSocket.prototype, name).enumerable, true);
      }
    });

    it('can be extended', async () => {
      class Mine extends WebSocket {
        emit(event, ...args) {
          return super.emit(event, ...args);
        }
      }
      const ws = new Mine(await echo());
      await heard(ws, 'open');
      assert.ok(ws instanceof WebSocket && ws instanceof Mine);
      ws.terminate();
    });

    it('has the names of the module', () => {
      assert.strictEqual(WebSocket.WebSocket, WebSocket);
      for (const name of ['Server', 'WebSocketServer', 'Receiver', 'Sender', 'createWebSocketStream']) {
        assert.strictEqual(typeof WebSocket[name], 'function');
      }
    });
  });

  describe('the constructor', () => {
    for (const url of ['', 'foo', 'ws://', 'mailto:a@b.c', 'ftp://127.0.0.1/', 'ws://127.0.0.1/#fragment']) {
      it(`refuses the URL '${url}'`, () => assert.throws(() => new WebSocket(url), SyntaxError));
    }

    it('tells which URL it cannot read', () =>
      assert.throws(() => new WebSocket('foo'), { name: 'SyntaxError', message: 'Invalid URL: foo' }));

    for (const [given, url] of [
      ['ws://127.0.0.1:1', NOWHERE],
      ['http://127.0.0.1:1', NOWHERE],
      ['https://127.0.0.1:1', 'wss://127.0.0.1:1/'],
      [new URL('ws://127.0.0.1:1/a?b'), 'ws://127.0.0.1:1/a?b'],
    ]) {
      it(`takes ${given} for ${url}`, () => {
        const ws = open(given);
        ws.on('error', () => {});
        assert.strictEqual(ws.url, url);
      });
    }

    for (const bad of ['', 'a b', ['a', 'a'], [null], 'ü']) {
      it(`refuses the subprotocols ${JSON.stringify(bad)}`, () => {
        const message = 'An invalid or duplicated subprotocol was specified';
        assert.throws(() => new WebSocket(NOWHERE, bad), { name: 'SyntaxError', message });
      });
    }

    it('refuses another version of the protocol', () => {
      const message = /^RangeError: Unsupported protocol version: 1000/;
      assert.throws(() => new WebSocket(NOWHERE, { protocolVersion: 1000 }), message);
    });

    it('takes options behind the subprotocols, in their place, and these among them', async () => {
      const seen = [];
      const url = await serve((_, { headers }) =>
        seen.push([headers['x-a'], headers['sec-websocket-protocol']]),
      );
      await opened(url, 'one', { headers: { 'X-A': '1' } });
      await opened(url, { headers: { 'X-A': '2' }, protocols: ['one', 'two'] });
      await opened(url, undefined, { headers: { 'X-A': 3 }, protocols: 'three' });
      await until(() => seen.length === 3);
      assert.deepStrictEqual(seen, [
        ['1', 'one'],
        ['2', 'one,two'],
        ['3', 'three'],
      ]);
    });

    it('ignores options that it does not know, and those that are not set', async () => {
      await opened(await echo(), { foo: 1, agent: undefined, handshakeTimeout: undefined, ca: undefined });
    });

    it('sends origin and credentials', async () => {
      const seen = [];
      const url = await serve((_, { headers }) => seen.push([headers.origin, headers.authorization]));
      await opened(url, { origin: 'https://a.example', auth: 'user:pass' });
      await opened(url.replace('ws://', 'ws://user:p%40ss@'));
      await until(() => seen.length === 2);
      const basic = (text) => `Basic ${Buffer.from(text).toString('base64')}`;
      assert.deepStrictEqual(seen, [
        ['https://a.example', basic('user:pass')],
        [undefined, basic('user:p@ss')],
      ]);
    });

    it('offers no compression where that is false', async () => {
      const url = await echo({ perMessageDeflate: true });
      const [on, off] = [await opened(url), await opened(url, { perMessageDeflate: false })];
      assert.deepStrictEqual([on.extensions, off.extensions], ['permessage-deflate', '']);
    });
  });

  describe('its attributes', () => {
    it('are those of a connection that is being made, at first', () => {
      const ws = open(NOWHERE);
      ws.on('error', () => {});
      const { binaryType, bufferedAmount, extensions, isPaused, protocol, readyState } = ws;
      assert.deepStrictEqual(
        { binaryType, bufferedAmount, extensions, isPaused, protocol, readyState },
        {
          binaryType: 'nodebuffer',
          bufferedAmount: 0,
          extensions: '',
          isPaused: false,
          protocol: '',
          readyState: 0,
        },
      );
    });

    it('have the subprotocol', async () => {
      assert.strictEqual((await opened(await echo(), ['one', 'two'])).protocol, 'one');
    });

    it('take the binary types that there are', () => {
      const ws = open(NOWHERE);
      ws.on('error', () => {});
      for (const type of ['arraybuffer', 'fragments', ...(hasBlob ? ['blob'] : []), 'nodebuffer']) {
        ws.binaryType = type;
        assert.strictEqual(ws.binaryType, type);
      }
      ws.binaryType = 'foo';
      assert.strictEqual(ws.binaryType, 'nodebuffer');
    });
  });

  describe('connecting', () => {
    it("tells 'upgrade' before 'open', with the answer", async () => {
      const ws = open(await echo());
      const seen = [];
      ws.on('upgrade', ({ statusCode, headers }) => seen.push(statusCode, headers.upgrade, ws.readyState));
      await heard(ws, 'open');
      assert.deepStrictEqual(seen, [101, 'websocket', WebSocket.CONNECTING]);
    });

    for (const end of ['close', 'terminate']) {
      it(`can be ended by ${end}() in 'upgrade'`, async () => {
        const ws = open(await echo());
        ws.on('upgrade', () => ws[end]());
        const log = await told(ws);
        const message = 'WebSocket was closed before the connection was established';
        assert.deepStrictEqual([...log, log.code], [message, 1006]);
      });

      it(`can be ended by ${end}() before it is answered`, async () => {
        const ws = open(await answering(() => {}));
        const ending = told(ws);
        ws[end]();
        assert.strictEqual(ws.readyState, WebSocket.CLOSING);
        ws[end]();
        const log = await ending;
        const message = 'WebSocket was closed before the connection was established';
        assert.deepStrictEqual([...log, log.code], [message, 1006]);
      });
    }

    it('fails where nobody listens', async () => {
      const ws = open(NOWHERE);
      const states = [];
      ws.on('error', () => states.push(ws.readyState));
      const log = await told(ws);
      assert.deepStrictEqual([log.error.code, log.code, states], ['ECONNREFUSED', 1006, [WebSocket.CLOSING]]);
    });

    it('fails where the server says no', async () => {
      await failing(await answering(respond('401 Unauthorized')), 'Unexpected server response: 401');
    });

    it("tells 'unexpected-response' instead where somebody listens, who reads and ends it", async () => {
      const ws = open(await answering(respond('401 Unauthorized\r\nX-Why: so\r\nContent-Length: 3', 'foo')));
      const [request, response] = await heard(ws, 'unexpected-response');
      assert.strictEqual(response.statusCode, 401);
      assert.strictEqual(response.headers['x-why'], 'so');
      response.setEncoding('utf8');
      let body = '';
      for await (const part of response) body += part;
      assert.strictEqual(body, 'foo');
      await settle();
      assert.strictEqual(ws.readyState, WebSocket.CONNECTING);
      assert.strictEqual(typeof request.destroy, 'function');
      const ending = told(ws);
      ws.close();
      const log = await ending;
      const message = 'WebSocket was closed before the connection was established';
      assert.deepStrictEqual([...log, log.code], [message, 1006]);
    });

    it("lets a listener of 'unexpected-response' end it with an error of its own", async () => {
      // Headers without their body: the request of Node is still under way.
      const ws = open(
        await answering((socket) => socket.write('HTTP/1.1 401 No\r\nContent-Length: 3\r\n\r\n')),
      );
      ws.on('unexpected-response', (request) => request.destroy(new Error('mine')));
      const log = await told(ws);
      assert.deepStrictEqual([...log, log.code], ['mine', 1006]);
    });

    const accepting =
      (lines) =>
      (socket, { headers }) => {
        const { createHash } = require('crypto');
        const key = `${headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
        const accept = createHash('sha1').update(key).digest('base64');
        const head = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade`;
        socket.write(`${head}\r\nSec-WebSocket-Accept: ${accept}${lines}\r\n\r\n`);
      };

    for (const [message, answer, ...given] of [
      [
        'Invalid Sec-WebSocket-Accept header',
        respond('101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade'),
      ],
      ['Invalid Upgrade header', respond('101 Switching Protocols\r\nUpgrade: foo\r\nConnection: Upgrade')],
      ['Server sent a subprotocol but none was requested', accepting('\r\nSec-WebSocket-Protocol: foo')],
      ['Server sent an invalid subprotocol', accepting('\r\nSec-WebSocket-Protocol: foo'), ['bar']],
      ['Server sent no subprotocol', accepting(''), ['bar']],
      [
        'Server sent a Sec-WebSocket-Extensions header but no extension was requested',
        accepting('\r\nSec-WebSocket-Extensions: foo'),
        { perMessageDeflate: false },
      ],
      ['Opening handshake has timed out', () => {}, { handshakeTimeout: 50 }],
      [
        'Maximum redirects exceeded',
        (socket, { url }) => respond(`302 Found\r\nLocation: ${url}x`)(socket),
        { followRedirects: true, maxRedirects: 1 },
      ],
      ['Unexpected server response: 302', respond('302 Found\r\nLocation: /'), {}],
    ]) {
      it(`fails by '${message}'`, async () => {
        await failing(await answering(answer), message, ...given);
      });
    }

    it('follows redirects where it is told to', async () => {
      const target = await echo();
      const url = await answering(respond(`302 Found\r\nLocation: ${target}a`));
      const ws = await opened(url, { followRedirects: true });
      // The engine follows them by itself, and tells not where to.
      assert.strictEqual(ws.url, isOurs ? url : `${target}a`);
    });
  });

  describe('send()', () => {
    it('throws while connecting', () => {
      const ws = open(NOWHERE);
      ws.on('error', () => {});
      const message = 'WebSocket is not open: readyState 0 (CONNECTING)';
      for (const method of ['send', 'ping', 'pong']) assert.throws(() => ws[method]('x'), { message });
    });

    it('sends all that it takes', async () => {
      const ws = await opened(await echo());
      const got = [];
      ws.on('message', (data, isBinary) =>
        got.push([Buffer.isBuffer(data), data.toString('latin1'), isBinary]),
      );
      ws.send('text');
      ws.send('');
      ws.send(7);
      ws.send(undefined);
      ws.send(null);
      ws.send(Buffer.from([1, 2]));
      ws.send(new Uint8Array([1, 2, 3, 4]).subarray(1, 3));
      ws.send(new Uint16Array([0x6161]));
      ws.send(new Uint8Array([5]).buffer);
      ws.send([1, 2]);
      ws.send('as bytes', { binary: true });
      ws.send(Buffer.from('as text'), { binary: false });
      ws.send('plain', { compress: false, mask: true });
      await until(() => got.length === 13);
      assert.deepStrictEqual(got, [
        [true, 'text', false],
        [true, '', false],
        [true, '7', false],
        [true, '', true],
        [true, '', true],
        [true, '\x01\x02', true],
        [true, '\x02\x03', true],
        [true, 'aa', true],
        [true, '\x05', true],
        [true, '\x01\x02', true],
        [true, 'as bytes', true],
        [true, 'as text', false],
        [true, 'plain', false],
      ]);
    });

    it('throws for what is no data', async () => {
      const ws = await opened(await echo());
      for (const bad of [{}, true]) assert.throws(() => ws.send(bad), TypeError);
    });

    it('sends a Blob', async function () {
      if (!hasBlob) this.skip();
      const ws = await opened(await echo());
      ws.send(new Blob(['blob']));
      assert.deepStrictEqual(await heard(ws, 'message'), [Buffer.from('blob'), true]);
    });

    it('sends fragments as one message', async () => {
      const ws = await opened(await echo());
      const part = Buffer.from([1, 2]);
      ws.send('a', { fin: false });
      ws.send('b', { fin: false });
      ws.send('c', { fin: true });
      ws.send(part, { fin: false });
      if (isOurs) part.fill(9); // ws keeps no copy of what it may still send.
      await new Promise((resolve) => ws.send(Buffer.from([3]), resolve));
      const got = [];
      ws.on('message', (...message) => got.push(message));
      await until(() => got.length === 2);
      assert.deepStrictEqual(got, [
        [Buffer.from('abc'), false],
        [Buffer.from([1, 2, 3]), true],
      ]);
    });

    it('sends large ones, compressed too', async () => {
      const ws = await opened(await echo({ perMessageDeflate: { threshold: 0 } }));
      const data = Buffer.alloc(300000, 'wonderful ');
      ws.send(data);
      assert.deepStrictEqual(await heard(ws, 'message'), [data, true]);
    });

    it('tells its callback when it is written', async () => {
      const ws = await opened(await echo());
      for (const given of [['x'], ['x', { compress: false }], ['x', undefined]]) {
        assert.ifError(await new Promise((resolve) => ws.send(...given, resolve)));
      }
    });

    it('tells its callback, and counts the bytes, where it is too late', async () => {
      const ws = await opened(await echo());
      ws.close();
      for (const [state, bytes] of [
        ['2 (CLOSING)', 3],
        ['3 (CLOSED)', 6],
      ]) {
        const error = await new Promise((resolve) => ws.send('abc', resolve));
        assert.strictEqual(error.message, `WebSocket is not open: readyState ${state}`);
        // Until the close frame is out, it counts too.
        await until(() => ws.bufferedAmount === bytes);
        if (ws.readyState !== WebSocket.CLOSED) await heard(ws, 'close');
      }
    });
  });

  describe('ping() and pong()', () => {
    it('send their payloads, and tell those of the server', async () => {
      const seen = [];
      const url = await serve((socket) => {
        socket.on('ping', (data) => seen.push(`ping ${data}`));
        socket.on('pong', (data) => seen.push(`pong ${data}`));
        socket.on('message', () => socket.ping('theirs'));
      });
      const ws = await opened(url);
      const got = [];
      ws.on('pong', (data) => got.push(['pong', data]));
      ws.on('ping', (data) => got.push(['ping', data]));
      ws.ping();
      ws.ping('text');
      ws.ping(7);
      ws.pong(Buffer.from('buffer'), true);
      ws.pong(new Uint8Array([97]));
      ws.send('now');
      await until(() => got.length === 4 && seen.length === 6);
      assert.deepStrictEqual(seen, ['ping ', 'ping text', 'ping 7', 'pong buffer', 'pong a', 'pong theirs']);
      assert.deepStrictEqual(got, [
        ['pong', Buffer.alloc(0)],
        ['pong', Buffer.from('text')],
        ['pong', Buffer.from('7')],
        ['ping', Buffer.from('theirs')],
      ]);
    });

    it('tell their callback, wherever it stands', async () => {
      const ws = await opened(await echo());
      for (const method of ['ping', 'pong']) {
        for (const given of [[], ['x'], ['x', true]]) {
          assert.ifError(await new Promise((resolve) => ws[method](...given, resolve)));
        }
      }
      ws.close();
      for (const method of ['ping', 'pong']) {
        const error = await new Promise((resolve) => ws[method]('x', resolve));
        assert.strictEqual(error.message, 'WebSocket is not open: readyState 2 (CLOSING)');
      }
      await until(() => ws.bufferedAmount === 2);
    });

    it('refuse a payload that is too long', async () => {
      const ws = await opened(await echo());
      const message = 'The data size must not be greater than 125 bytes';
      assert.throws(() => ws.ping(Buffer.alloc(126)), { name: 'RangeError', message });
    });
  });

  describe('close()', () => {
    it('ends without a code, and with one and a reason', async () => {
      const seen = [];
      const url = await serve((socket) =>
        socket.on('close', (code, reason) => seen.push([code, `${reason}`])),
      );
      for (const given of [[], [1000], [3000, 'some reason'], [4999, Buffer.from('a buffer')]]) {
        const ws = await opened(url);
        ws.close(...given);
        assert.strictEqual(ws.readyState, WebSocket.CLOSING);
        const [code = 1005, reason = ''] = given;
        assert.deepStrictEqual(await heard(ws, 'close'), [code, Buffer.from(reason)]);
        await until(() => seen.length > 0);
        assert.deepStrictEqual(seen.pop(), [code, `${reason}`]);
      }
    });

    it('refuses other codes, and long reasons', async () => {
      const ws = await opened(await echo());
      const message = 'First argument must be a valid error code number';
      for (const bad of [999, 1004, 1005, 1006, 1015, 2999, 5000, '1000', null]) {
        assert.throws(() => ws.close(bad), { name: 'TypeError', message });
      }
      assert.throws(() => ws.close(1000, 'a'.repeat(124)), RangeError);
      assert.strictEqual(ws.readyState, WebSocket.OPEN);
    });

    it('does nothing the second time', async () => {
      const ws = await opened(await echo());
      ws.close(1001);
      ws.close(1002);
      ws.close(999);
      assert.strictEqual((await heard(ws, 'close'))[0], 1001);
      ws.close();
      ws.close(1000, 'a'.repeat(124));
      ws.terminate();
      await settle();
      assert.strictEqual(ws.readyState, WebSocket.CLOSED);
    });

    it("can be called in 'open'", async () => {
      const ws = open(await echo());
      ws.on('open', () => ws.close(1000));
      assert.deepStrictEqual(String(await told(ws)), 'open');
    });

    it('lets what was under way arrive', async () => {
      const url = await serve((socket) => {
        socket.on('message', () => {
          socket.send('one');
          socket.send('two');
        });
      });
      const ws = await opened(url);
      const got = [];
      ws.on('message', (data) => got.push(`${data}`));
      ws.send('go');
      ws.close();
      await heard(ws, 'close');
      assert.deepStrictEqual(got, ['one', 'two']);
    });
  });

  describe('an end that the server makes', () => {
    for (const [what, end, code, reason] of [
      ['closes', (socket) => socket.close(), 1005, ''],
      ['closes with a code', (socket) => socket.close(1012, 'restart'), 1012, 'restart'],
      ['cuts', (socket) => socket.terminate(), 1006, ''],
    ]) {
      it(`is told where it ${what}`, async () => {
        const log = await told(open(await serve(end)));
        assert.deepStrictEqual([...log, log.code, log.reason], ['open', code, reason]);
      });
    }

    for (const [what, bytes, code] of [
      ['a reserved opcode', [0x83, 0], isOurs ? 'WSR_ERR_PROTOCOL' : 'WS_ERR_INVALID_OPCODE'],
      ['text that is not UTF-8', [0x81, 2, 0xc3, 0x28], 'WS_ERR_INVALID_UTF8'],
      ['a message that is too large', [0x82, 101, ...Buffer.alloc(101)], 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH'],
    ]) {
      it(`is an error by ${what}, and 1006`, async () => {
        const url = await serve((socket) => socket._socket.write(Buffer.from(bytes)));
        const ws = open(url, { maxPayload: 100 });
        ws.once('error', () => assert.strictEqual(ws.readyState, WebSocket.CLOSING));
        const log = await told(ws);
        assert.strictEqual(log.error.code, code);
        assert.strictEqual(
          log.error instanceof RangeError,
          code.includes('LENGTH') || code.includes('OPCODE'),
        );
        assert.strictEqual(log.length, 2);
        assert.strictEqual(log.code, 1006);
      });
    }
  });

  describe("an end within 'error'", () => {
    for (const end of ['close', 'terminate']) {
      it(`is told once, by ${end}()`, async () => {
        const broken = await serve((socket) => socket._socket.write(Buffer.from([0x83, 0])));
        for (const url of [NOWHERE, broken]) {
          const ws = open(url);
          const log = [];
          ws.on('error', () => {
            log.push('error');
            ws[end]();
          });
          ws.on('close', (code) => log.push(code));
          await until(() => ws.readyState === WebSocket.CLOSED);
          await settle();
          assert.deepStrictEqual(log, ['error', 1006]);
        }
      });
    }
  });

  describe('terminate()', () => {
    it('ends at once', async () => {
      const ws = await opened(await echo());
      ws.terminate();
      assert.strictEqual(ws.readyState, WebSocket.CLOSING);
      assert.deepStrictEqual(await heard(ws, 'close'), [1006, Buffer.alloc(0)]);
    });

    it('ends a closing that the server does not answer', async () => {
      const ws = await opened(await serve((socket) => socket._socket.pause()));
      ws.close();
      ws.terminate();
      assert.strictEqual((await heard(ws, 'close'))[0], 1006);
    });
  });

  describe('pause() and resume()', () => {
    it('do nothing before it is open, and after its end', async () => {
      const ws = open(await echo());
      ws.pause();
      assert.strictEqual(ws.isPaused, false);
      await heard(ws, 'open');
      ws.close();
      await heard(ws, 'close');
      ws.pause();
      assert.strictEqual(ws.isPaused, false);
      ws.resume();
    });

    it('hold messages back', async () => {
      const ws = await opened(await echo());
      const got = [];
      ws.on('message', (data) => got.push(`${data}`));
      ws.pause();
      assert.strictEqual(ws.isPaused, true);
      ws.send('x');
      await settle();
      assert.deepStrictEqual(got, []);
      ws.resume();
      assert.strictEqual(ws.isPaused, false);
      await until(() => got.length === 1);
    });
  });

  describe('allowSynchronousEvents', () => {
    it('has each message come by itself where it is false', async () => {
      const url = await serve((socket) => {
        socket._socket.cork();
        for (const text of ['one', 'two', 'three']) socket.send(text);
        socket.close(1000);
        socket._socket.uncork();
      });
      const log = [];
      const ws = open(url, { allowSynchronousEvents: false });
      ws.on('message', (data) => {
        log.push(`${data}`);
        Promise.resolve().then(() => log.push('microtask'));
      });
      ws.on('close', (code) => log.push(code));
      await heard(ws, 'close');
      assert.deepStrictEqual(log, ['one', 'microtask', 'two', 'microtask', 'three', 'microtask', 1000]);
    });
  });

  describe('binaryType', () => {
    for (const [type, check] of [
      ['nodebuffer', (data) => Buffer.isBuffer(data)],
      ['arraybuffer', (data) => data instanceof ArrayBuffer && data.byteLength === 3],
      ['fragments', (data) => Array.isArray(data) && Buffer.concat(data).equals(Buffer.from([1, 2, 3]))],
      ['blob', (data) => data instanceof Blob && data.size === 3],
    ]) {
      it(`${type} is what binary messages are; text is a Buffer`, async function () {
        if (type === 'blob' && !hasBlob) this.skip();
        const ws = await opened(await echo());
        ws.binaryType = type;
        const got = [];
        ws.on('message', (data, isBinary) => got.push([data, isBinary]));
        ws.send(Buffer.from([1, 2, 3]));
        ws.send('text');
        await until(() => got.length === 2);
        assert.ok(check(got[0][0]) && got[0][1]);
        assert.deepStrictEqual([got[1][0].toString(), got[1][1]], ['text', false]);
      });
    }
  });

  describe('the WHATWG way to listen', () => {
    it('has attributes that take functions alone', () => {
      const ws = open(NOWHERE);
      ws.on('error', () => {});
      for (const name of ['onopen', 'onmessage', 'onerror', 'onclose']) {
        assert.strictEqual(ws[name], null);
        const handler = () => {};
        ws[name] = handler;
        assert.strictEqual(ws[name], handler);
        ws[name] = 'foo';
        assert.strictEqual(ws[name], null);
      }
    });

    it('gives text as a string, and an end with all that is known of it', async () => {
      const ws = open(await echo());
      const events = [];
      for (const type of ['open', 'message', 'close']) ws[`on${type}`] = (event) => events.push(event);
      await heard(ws, 'open');
      ws.send('text');
      ws.send(Buffer.from([1]));
      await until(() => events.length === 3);
      ws.close(1000, 'bye');
      await heard(ws, 'close');
      for (const event of events) assert.strictEqual(event.target, ws);
      const [opening, text, binary, end] = events;
      assert.strictEqual(opening.type, 'open');
      assert.deepStrictEqual([text.type, text.data], ['message', 'text']);
      assert.deepStrictEqual(binary.data, Buffer.from([1]));
      assert.deepStrictEqual([end.type, end.code, end.reason, end.wasClean], ['close', 1000, 'bye', true]);
    });

    it('gives an error with its message, and an end that was not clean', async () => {
      const ws = open(NOWHERE);
      const events = [];
      ws.addEventListener('error', (event) => events.push(event));
      ws.addEventListener('close', (event) => events.push(event));
      await until(() => events.length === 2);
      const [failure, end] = events;
      assert.strictEqual(failure.message, failure.error.message);
      assert.deepStrictEqual([failure.type, failure.error.code], ['error', 'ECONNREFUSED']);
      assert.deepStrictEqual([end.code, end.reason, end.wasClean], [1006, '', false]);
    });

    it('adds a listener once, calls one of `once` once, an object by handleEvent, and lets go', async () => {
      const ws = open(await echo());
      const calls = [];
      const twice = () => calls.push('function');
      const object = {
        handleEvent() {
          calls.push(this === object ? 'object' : 'another');
        },
      };
      ws.addEventListener('message', twice);
      ws.addEventListener('message', twice);
      ws.addEventListener('message', () => calls.push('once'), { once: true });
      ws.addEventListener('message', object);
      ws.addEventListener('foo', twice);
      assert.strictEqual(ws.listenerCount('message'), 3);
      assert.strictEqual(ws.listenerCount('foo'), 0);
      ws.emit('message', Buffer.from('x'), false);
      ws.emit('message', Buffer.from('x'), false);
      ws.removeEventListener('message', twice);
      ws.removeEventListener('message', object);
      assert.strictEqual(ws.listenerCount('message'), 0);
      assert.deepStrictEqual(calls, ['function', 'once', 'object', 'function', 'object']);
    });
  });
}

for (const [name, WebSocket] of [
  ['of this package', ours],
  ['itself, the yardstick', real],
]) {
  describe(`ws, ${name}`, function () {
    // The servers and the yardstick are made of Node's own HTTP.
    before(function () {
      if (runtime.name !== 'node') this.skip();
    });

    afterEach(endAll);

    cases(WebSocket, WebSocket === ours);
  });
}
