'use strict';

const assert = require('assert');
const { certificates } = require('./peer/certificates.js');
const { startServer, deadPort } = require('./peer/index.js');
const { program, runScript } = require('./support/runtime.js');
const { settle, turn, until } = require('./support/waiting.js');
const { WebSocket, endAll, open, opened } = require('./support/web-sockets.js');

const STATES = { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 };
const { Blob } = require('buffer');
const FIXED = { configurable: false, enumerable: true, writable: false };
const BYTES = Buffer.from([0, 1, 254, 255]);
const isDOMException = (name) => (error) =>
  error.name === name && (global.DOMException === undefined || error instanceof global.DOMException);
const SYNTAX = isDOMException('SyntaxError');
const INVALID_STATE = isDOMException('InvalidStateError');
const INVALID_ACCESS = isDOMException('InvalidAccessError');

/** Where nobody listens: what is made there is ended at once. */
const NOWHERE = 'ws://127.0.0.1:1/';
const made = (...given) => open(...given).ws;

describe('the WebSocket class of the standard', () => {
  afterEach(endAll);

  describe('its shape', () => {
    it('has the constants on the class and on its prototype, which nobody can write', () => {
      for (const target of [WebSocket, WebSocket.prototype]) {
        for (const [name, value] of Object.entries(STATES)) {
          const { configurable, enumerable, writable } = Object.getOwnPropertyDescriptor(target, name);
          assert.strictEqual(target[name], value);
          assert.deepStrictEqual({ configurable, enumerable, writable }, FIXED);
        }
      }
      assert.ok('CONNECTING' in WebSocket && 'CLOSED' in WebSocket);
    });

    it('counts its arguments, and names itself, as Web IDL says', () => {
      const { close, send } = WebSocket.prototype;
      assert.deepStrictEqual([WebSocket.length, send.length, close.length], [1, 1, 0]);
      assert.strictEqual(WebSocket.name, 'WebSocket');
      assert.strictEqual(Object.prototype.toString.call(made(NOWHERE)), '[object WebSocket]');
    });

    it('is an EventTarget, of the runtime where that has one', () => {
      const ws = made(NOWHERE);
      if (global.EventTarget) assert.ok(ws instanceof global.EventTarget);
      for (const name of ['addEventListener', 'removeEventListener', 'dispatchEvent']) {
        assert.strictEqual(typeof ws[name], 'function');
      }
    });

    it('has attributes that can be enumerated and, but for some, not be written', () => {
      for (const name of ['url', 'readyState', 'bufferedAmount', 'extensions', 'protocol']) {
        const { enumerable, set } = Object.getOwnPropertyDescriptor(WebSocket.prototype, name);
        assert.deepStrictEqual({ enumerable, set }, { enumerable: true, set: undefined });
      }
    });

    it('names what reads and writes an attribute after it', () => {
      for (const name of ['binaryType', 'onopen', 'onmessage', 'onerror', 'onclose']) {
        const { enumerable, get, set } = Object.getOwnPropertyDescriptor(WebSocket.prototype, name);
        assert.deepStrictEqual([enumerable, get.name, set.name], [true, `get ${name}`, `set ${name}`]);
      }
    });

    it('throws a TypeError where its attributes are read of another object', () => {
      assert.throws(() => WebSocket.prototype.readyState, TypeError);
      assert.throws(() => WebSocket.prototype.send.call({}, 'x'), TypeError);
    });

    it('takes properties of anybody, as libraries put them there', () => {
      const ws = made(NOWHERE);
      ws.own = 1;
      assert.strictEqual(ws.own, 1);
    });

    it('can be extended', async () => {
      class Mine extends WebSocket {
        get mine() {
          return true;
        }
      }
      const server = await startServer();
      const { ws } = await opened(server.url, [], {}, Mine);
      assert.ok(ws.mine && ws instanceof WebSocket);
    });
  });

  describe('the constructor', () => {
    it('needs a URL, and new', () => {
      assert.throws(() => new WebSocket(), TypeError);
      assert.throws(() => WebSocket(NOWHERE), TypeError);
    });

    for (const url of [
      '',
      'foo',
      '/relative',
      'ws://',
      'ws://a b/',
      'ws://127.0.0.1:70000/',
      'mailto:someone@example.org',
      'about:blank',
      'ftp://127.0.0.1/',
      'ws://127.0.0.1/#',
      'ws://127.0.0.1/#fragment',
    ]) {
      it(`refuses the URL '${url}'`, () => assert.throws(() => new WebSocket(url), SYNTAX));
    }

    for (const [given, url] of [
      ['ws://127.0.0.1:1', 'ws://127.0.0.1:1/'],
      ['WS://127.0.0.1:1/A', 'ws://127.0.0.1:1/A'],
      ['http://127.0.0.1:1/', 'ws://127.0.0.1:1/'],
      ['https://127.0.0.1:1/', 'wss://127.0.0.1:1/'],
      ['http://127.0.0.1:443/', 'ws://127.0.0.1:443/'],
      ['https://127.0.0.1:443/', 'wss://127.0.0.1/'],
      [' ws://127.0.0.1:1/ ', 'ws://127.0.0.1:1/'],
      ['ws://127.0.0.1:1/a/../b c?d=e f', 'ws://127.0.0.1:1/b%20c?d=e%20f'],
      [new URL('ws://127.0.0.1:1/?a=b#'.slice(0, -1)), 'ws://127.0.0.1:1/?a=b'],
      [{ toString: () => 'ws://127.0.0.1:1/text' }, 'ws://127.0.0.1:1/text'],
    ]) {
      it(`takes ${given} as ${url}`, () => assert.strictEqual(made(given).url, url));
    }

    for (const protocols of ['', ' ', 'a b', 'a,b', 'a/b', 'ä', 'a\n', ['a', ''], ['a', 'a'], ['a', 'A']]) {
      it(`refuses the subprotocols ${JSON.stringify(protocols)}`, () => {
        assert.throws(() => new WebSocket(NOWHERE, protocols), SYNTAX);
      });
    }

    it('passes on what a URL throws that cannot be told as text', () => {
      const url = {
        toString() {
          throw new RangeError('mine');
        },
      };
      assert.throws(() => new WebSocket(url), { name: 'RangeError', message: 'mine' });
      assert.throws(() => new WebSocket(Symbol('url')), TypeError);
    });

    for (const [kind, given] of Object.entries({
      'a string': [['two']],
      'an array': [[['one', 'two']]],
      'what can be iterated': [[new Set(['one', 'two'])]],
      'an object of options': [[{ protocols: ['one', 'two'] }]],
      'an object of options with a string': [[{ protocols: 'two' }]],
    })) {
      it(`offers subprotocols given as ${kind}`, async () => {
        const server = await startServer({ protocol: 'two' });
        const { ws } = await opened(server.url, ...given[0]);
        assert.strictEqual(ws.protocol, 'two');
      });
    }

    for (const [kind, given] of Object.entries({
      second: [{ headers: { 'X-Mine': 'yes' } }],
      third: [undefined, { headers: { 'X-Mine': 'yes' } }],
      'third, behind subprotocols': ['one', { headers: { 'X-Mine': 'yes' } }],
    })) {
      it(`sends headers of the argument that is ${kind}`, async () => {
        const server = await startServer();
        await opened(server.url, ...given);
        const [{ headers }] = await server.handshakes();
        assert.strictEqual(headers['x-mine'], 'yes');
      });
    }

    it('fails the connection where the server chooses a subprotocol that was not offered', async () => {
      const server = await startServer({ protocol: 'two' });
      const { told, types } = open(server.url, ['one']);
      assert.strictEqual((await told('close')).code, 1006);
      assert.deepStrictEqual(types(), ['error', 'close']);
    });

    it('refuses options that the client does not have', () => {
      assert.throws(() => new WebSocket(NOWHERE, [], { nothing: true }), {
        code: 'WSR_ERR_UNSUPPORTED_OPTION',
      });
    });
  });

  describe('a connection', () => {
    it('is CONNECTING, then OPEN, CLOSING and CLOSED', async () => {
      const server = await startServer();
      const { ws, told, log } = open(server.url);
      assert.strictEqual(ws.readyState, 0);
      await told('open');
      assert.strictEqual(ws.readyState, 1);
      ws.close();
      assert.strictEqual(ws.readyState, 2);
      await told('close');
      assert.deepStrictEqual(
        log.map(({ type, readyState }) => [type, readyState]),
        [
          ['open', 1],
          ['close', 3],
        ],
      );
    });

    it('knows protocol and extensions from open on, and keeps them', async () => {
      const server = await startServer({ protocol: 'two', deflate: {} });
      const { ws, told } = open(server.url, ['one', 'two']);
      assert.deepStrictEqual([ws.protocol, ws.extensions], ['', '']);
      await told('open');
      assert.ok(ws.extensions.startsWith('permessage-deflate'));
      ws.close();
      await told('close');
      assert.strictEqual(ws.protocol, 'two');
    });

    it('that cannot be made tells error, then close with 1006, both CLOSED, and tries no more', async () => {
      const server = await startServer({ plan: ['refuse'] });
      const { told, log } = open(server.url);
      const { code, reason, wasClean } = await told('close');
      await settle();
      assert.deepStrictEqual({ code, reason, wasClean }, { code: 1006, reason: '', wasClean: false });
      assert.deepStrictEqual(
        log.map(({ type, readyState }) => [type, readyState]),
        [
          ['error', 3],
          ['close', 3],
        ],
      );
      assert.strictEqual((await server.handshakes()).length, 1);
    });

    it('says in its error what went wrong', async () => {
      const { told } = open(`ws://127.0.0.1:${await deadPort()}/`);
      const event = await told('error');
      assert.ok(event.message.includes('ECONNREFUSED') || event.message.includes('refused'), event.message);
      assert.strictEqual(event.error.code, 'ECONNREFUSED');
    });

    it('that the peer closes tells its code and reason, and no error', async () => {
      const server = await startServer();
      const { told, types } = await opened(server.url);
      await server.close(4001, 'enough');
      const { code, reason, wasClean } = await told('close');
      assert.deepStrictEqual({ code, reason, wasClean }, { code: 4001, reason: 'enough', wasClean: true });
      assert.deepStrictEqual(types(), ['open', 'close']);
    });

    it('that is cut tells 1006, and is not made again', async () => {
      const server = await startServer();
      const { told } = await opened(server.url);
      await server.cut();
      const { code, wasClean } = await told('close');
      await settle();
      assert.deepStrictEqual({ code, wasClean }, { code: 1006, wasClean: false });
      assert.strictEqual((await server.handshakes()).length, 1);
    });

    it('whose peer breaks the protocol tells error, then close with 1006', async () => {
      const server = await startServer();
      const { told, types } = await opened(server.url);
      await server.raw('8101ff');
      const { code, wasClean } = await told('close');
      assert.deepStrictEqual({ code, wasClean }, { code: 1006, wasClean: false });
      assert.deepStrictEqual(types(), ['open', 'error', 'close']);
      assert.strictEqual((await server.ended()).code, 1007);
    });

    it('tells messages in order, before the close that follows them', async () => {
      const server = await startServer({ greet: ['a', 'b', 'c'] });
      const { told, log } = await opened(server.url);
      await server.close(1000, '');
      await told('close');
      const seen = log.map(({ type, event }) => (type === 'message' ? event.data : type));
      assert.deepStrictEqual(seen, ['open', 'a', 'b', 'c', 'close']);
    });

    it('beats by no message', async () => {
      const server = await startServer();
      const { ws } = await opened(server.url);
      assert.strictEqual(ws.client.heartbeatInterval, 0);
    });
  });

  describe('over TLS', () => {
    it('takes what a peer is trusted by, and counts what is sent as without', async () => {
      const { ca, leaf } = certificates();
      const server = await startServer({ tls: leaf, echo: true });
      const { ws, told, messages } = await opened(server.url.replace('wss:', 'https:'), [], { ca });
      assert.strictEqual(ws.url, server.url);
      ws.send('secret');
      ws.send(BYTES);
      assert.strictEqual(ws.bufferedAmount, 10);
      assert.strictEqual((await messages(2))[0], 'secret');
      assert.strictEqual((await told('message')).origin, `wss://127.0.0.1:${server.port}`);
    });

    it('fails where the peer is not trusted', async () => {
      const { leaf } = certificates();
      const server = await startServer({ tls: leaf });
      const { told, types } = open(server.url);
      assert.strictEqual((await told('close')).code, 1006);
      assert.deepStrictEqual(types(), ['error', 'close']);
    });
  });

  describe('events', () => {
    it('are those of the runtime where it has them', async () => {
      const server = await startServer({ echo: true });
      const { ws, told } = await opened(server.url);
      ws.send('x');
      const kinds = { message: await told('message') };
      await server.raw('8101ff');
      kinds.error = await told('error');
      kinds.close = await told('close');
      for (const [type, Kind] of [
        ['message', 'MessageEvent'],
        ['close', 'CloseEvent'],
        ['error', 'ErrorEvent'],
      ]) {
        assert.strictEqual(kinds[type].constructor.name, Kind);
        assert.strictEqual(kinds[type].type, type);
        assert.strictEqual(kinds[type].target, ws);
        if (global[Kind]) assert.ok(kinds[type] instanceof global[Kind]);
        if (global.Event) assert.ok(kinds[type] instanceof global.Event);
      }
    });

    it('of a message tell its data and where it is from', async () => {
      const server = await startServer({ echo: true });
      const { ws, told } = await opened(`${server.url}path?query`);
      ws.send('x');
      const { data, origin } = await told('message');
      assert.deepStrictEqual([data, origin], ['x', `ws://127.0.0.1:${server.port}`]);
    });

    it('reach handlers in the order in which they were set, also where one is replaced', async () => {
      const server = await startServer();
      const { ws, told } = open(server.url);
      const calls = [];
      ws.onopen = () => calls.push('never');
      ws.addEventListener('open', () => calls.push('listener'));
      ws.onopen = function handler(event) {
        calls.push(this === ws && event.type === 'open' ? 'handler' : 'wrong');
      };
      await told('open');
      await turn();
      assert.deepStrictEqual(calls, ['handler', 'listener']);
    });

    it('reach a handler that was removed and set again behind the others', async () => {
      const server = await startServer();
      const { ws, told } = open(server.url);
      const calls = [];
      ws.onopen = () => calls.push('never');
      ws.addEventListener('open', () => calls.push('listener'));
      ws.onopen = null;
      ws.onopen = () => calls.push('handler');
      await told('open');
      await turn();
      assert.deepStrictEqual(calls, ['listener', 'handler']);
    });

    for (const type of ['open', 'message', 'error', 'close']) {
      it(`on${type} takes functions and objects, and anything else as null`, () => {
        const ws = made(NOWHERE);
        const name = `on${type}`;
        assert.strictEqual(ws[name], null);
        const handler = () => {};
        const object = {};
        for (const value of [handler, object]) {
          ws[name] = value;
          assert.strictEqual(ws[name], value);
        }
        ws[name] = 2;
        assert.strictEqual(ws[name], null);
        ws[name] = null;
        assert.strictEqual(ws[name], null);
      });
    }

    it('reach a listener that is an object, one that listens once, and no removed one', async () => {
      const server = await startServer({ greet: ['a', 'b'] });
      const { ws, told } = open(server.url);
      const calls = [];
      const removed = () => calls.push('removed');
      ws.addEventListener('message', { handleEvent: ({ data }) => calls.push(`object ${data}`) });
      ws.addEventListener('message', ({ data }) => calls.push(`once ${data}`), { once: true });
      ws.addEventListener('message', removed);
      ws.addEventListener('message', removed, false);
      ws.removeEventListener('message', removed);
      await told('open');
      await server.close(1000, '');
      await told('close');
      assert.deepStrictEqual(calls, ['object a', 'once a', 'object b']);
    });
  });

  describe('send', () => {
    it('throws InvalidStateError while CONNECTING, and a TypeError without an argument', async () => {
      const server = await startServer();
      const { ws, told } = open(server.url);
      assert.throws(() => ws.send('x'), INVALID_STATE);
      await told('open');
      assert.throws(() => ws.send(), TypeError);
    });

    for (const [kind, value, expected] of [
      ['text', 'ä🦀\0', { type: 'text', data: 'ä🦀\0' }],
      ['empty text', '', { type: 'text', data: '' }],
      ['a lone surrogate', 'a\ud800b', { type: 'text', data: 'a\ufffdb' }],
      ['null', null, { type: 'text', data: 'null' }],
      ['undefined', undefined, { type: 'text', data: 'undefined' }],
      ['a number', 1.5, { type: 'text', data: '1.5' }],
      ['an object', { toString: () => 'mine' }, { type: 'text', data: 'mine' }],
      ['an ArrayBuffer', new Uint8Array([1, 2]).buffer, { type: 'binary', data: '0102' }],
      ['an empty ArrayBuffer', new ArrayBuffer(0), { type: 'binary', data: '' }],
      ['a Uint16Array', new Uint16Array(new Uint8Array([1, 2]).buffer), { type: 'binary', data: '0102' }],
      ['a part', new Uint8Array([0, 1, 2, 3]).subarray(1, 3), { type: 'binary', data: '0102' }],
      ['a DataView', new DataView(new Uint8Array([1, 2]).buffer), { type: 'binary', data: '0102' }],
      ['a Buffer', Buffer.from([1, 2]), { type: 'binary', data: '0102' }],
    ]) {
      it(`sends ${kind}`, async () => {
        const server = await startServer();
        const { ws } = await opened(server.url);
        ws.send(value);
        const [{ type, data }] = await server.received(1);
        assert.deepStrictEqual({ type, data }, expected);
      });
    }

    it('sends a Blob, and what follows it behind it', async function () {
      if (!Blob) this.skip(); // Node 14.0 has none.
      const server = await startServer();
      const { ws, told } = await opened(server.url);
      ws.send(new Blob(['in a blob']));
      ws.send('behind');
      ws.close(1000);
      await told('close');
      const messages = await server.received(2);
      assert.deepStrictEqual(
        messages.map(({ type, data }) => [type, data]),
        [
          ['binary', Buffer.from('in a blob').toString('hex')],
          ['text', 'behind'],
        ],
      );
    });

    it('throws a TypeError for a symbol', async () => {
      const server = await startServer();
      const { ws } = await opened(server.url);
      assert.throws(() => ws.send(Symbol('x')), TypeError);
    });

    it('copies what it is given', async () => {
      const server = await startServer();
      const { ws } = await opened(server.url);
      const bytes = new Uint8Array([1, 2]);
      ws.send(bytes);
      bytes.fill(9);
      assert.strictEqual((await server.received(1))[0].data, '0102');
    });

    it('neither sends nor throws once it is CLOSING or CLOSED', async () => {
      const server = await startServer();
      const { ws, told } = await opened(server.url);
      ws.close();
      ws.send('too late');
      await told('close');
      ws.send('too late');
      assert.deepStrictEqual(await server.received(0), []);
    });
  });

  describe('bufferedAmount', () => {
    it('is 0 at first, and cannot be written', () => {
      const ws = made(NOWHERE);
      assert.strictEqual(ws.bufferedAmount, 0);
      assert.throws(() => {
        ws.bufferedAmount = 5;
      }, TypeError);
    });

    it('grows by each message within a turn of the event loop, and falls to 0 behind it', async () => {
      const server = await startServer();
      const { ws } = await opened(server.url);
      const sizes = [];
      for (const data of ['ä', new ArrayBuffer(10), new Uint8Array(5)]) {
        ws.send(data);
        sizes.push(ws.bufferedAmount);
      }
      assert.deepStrictEqual(sizes, [2, 12, 17]);
      await server.received(3);
      await turn();
      // The engine may hear later than the peer that all is out.
      await until(() => ws.bufferedAmount === 0);
      ws.send('again');
      assert.strictEqual(ws.bufferedAmount, 5);
    });

    it('counts a Blob', async function () {
      if (!Blob) this.skip(); // Node 14.0 has none.
      const server = await startServer();
      const { ws } = await opened(server.url);
      ws.send(new Blob(['four']));
      assert.strictEqual(ws.bufferedAmount, 4);
    });

    it('counts what is sent too late, for ever', async () => {
      const server = await startServer();
      const { ws, told } = await opened(server.url);
      ws.close();
      ws.send('abc');
      await told('close');
      ws.send(new ArrayBuffer(7));
      await turn();
      assert.strictEqual(ws.bufferedAmount, 10);
    });

    it('tells what waits for a peer that does not read', async () => {
      const server = await startServer();
      const { ws } = await opened(server.url);
      await server.freeze();
      for (let i = 0; i < 32; i += 1) ws.send(new Uint8Array(2 ** 20));
      assert.strictEqual(ws.bufferedAmount, 2 ** 25);
      await turn();
      await turn();
      assert.ok(ws.bufferedAmount > 2 ** 20, `${ws.bufferedAmount}`);
    });
  });

  describe('binaryType', () => {
    it(`is ${Blob ? "'blob'" : "'arraybuffer'"} at first`, () => {
      assert.strictEqual(made(NOWHERE).binaryType, Blob ? 'blob' : 'arraybuffer');
    });

    it('ignores what it does not know', () => {
      const ws = made(NOWHERE);
      ws.binaryType = 'arraybuffer';
      for (const value of ['', 'Blob', 'notBlobOrArrayBuffer', null, undefined, 1, 'fragments']) {
        ws.binaryType = value;
        assert.strictEqual(ws.binaryType, 'arraybuffer');
      }
    });

    for (const [type, isRight] of Object.entries({
      blob: async (data) => data instanceof Blob && Buffer.from(await data.arrayBuffer()).equals(BYTES),
      arraybuffer: (data) => data instanceof ArrayBuffer && Buffer.from(data).equals(BYTES),
      nodebuffer: (data) => Buffer.isBuffer(data) && data.equals(BYTES),
    })) {
      it(`'${type}' is what binary messages are, and text stays text`, async function () {
        if (type === 'blob' && !Blob) this.skip(); // Node 14.0 has none.
        const server = await startServer({ echo: true });
        const { ws, messages } = await opened(server.url);
        ws.binaryType = type;
        ws.send(BYTES);
        ws.send('text');
        const [bytes, text] = await messages(2);
        assert.ok(await isRight(bytes));
        assert.strictEqual(text, 'text');
      });
    }

    it('holds from the next message on', async () => {
      const server = await startServer({ echo: true });
      const { ws, messages } = await opened(server.url);
      ws.binaryType = 'nodebuffer';
      ws.addEventListener('message', () => {
        ws.binaryType = 'arraybuffer';
      });
      ws.send(BYTES);
      ws.send(BYTES);
      const [first, second] = await messages(2);
      assert.ok(Buffer.isBuffer(first) && second instanceof ArrayBuffer);
    });
  });

  describe('close', () => {
    for (const code of [
      0,
      500,
      999,
      1001,
      1005,
      1006,
      2999,
      5000,
      65535,
      null,
      NaN,
      'text',
      2 ** 16 + 1000,
    ]) {
      it(`refuses the code ${code}`, async () => {
        const server = await startServer();
        const { ws } = await opened(server.url);
        assert.throws(() => ws.close(code), INVALID_ACCESS);
        assert.strictEqual(ws.readyState, 1);
      });
    }

    it('refuses a reason of more than 123 bytes', async () => {
      const server = await startServer();
      const { ws } = await opened(server.url);
      assert.throws(() => ws.close(1000, 'ä'.repeat(62)), SYNTAX);
      assert.throws(() => ws.close(undefined, 'a'.repeat(124)), SYNTAX);
      assert.strictEqual(ws.readyState, 1);
    });

    for (const [given, code, reason] of [
      [[], 1005, ''],
      [[undefined], 1005, ''],
      [[1000], 1000, ''],
      [[1000.4], 1000, ''],
      [['3000', 'text'], 3000, 'text'],
      [[4999, 'x'.repeat(123)], 4999, 'x'.repeat(123)],
      [[3000, null], 3000, 'null'],
      [[3000, 'a\ud807b'], 3000, 'a\ufffdb'],
      [[undefined, 'why'], 1000, 'why'],
    ]) {
      it(`close(${given.map((one) => JSON.stringify(one)).join(', ')}) is ${code} on both sides`, async () => {
        const server = await startServer();
        const { ws, told, types } = await opened(server.url);
        ws.close(...given);
        const event = await told('close');
        const ended = await server.ended();
        assert.deepStrictEqual([event.code, event.reason, event.wasClean], [code, reason, true]);
        assert.deepStrictEqual([ended.code, ended.reason], [code, reason]);
        assert.deepStrictEqual(types(), ['open', 'close']);
      });
    }

    it('while CONNECTING fails the connection: error, then close, later', async () => {
      const server = await startServer({ plan: ['silent'] });
      const { ws, told, types } = open(server.url);
      ws.close();
      assert.deepStrictEqual([ws.readyState, types()], [2, []]);
      const { code, wasClean } = await told('close');
      assert.deepStrictEqual({ code, wasClean }, { code: 1006, wasClean: false });
      assert.deepStrictEqual(types(), ['error', 'close']);
    });

    it('does nothing once more, and tells one close', async () => {
      const server = await startServer();
      const { ws, told, types } = await opened(server.url);
      ws.close(3000, 'first');
      ws.close(3001, 'second');
      assert.strictEqual((await told('close')).code, 3000);
      ws.close(3002);
      await settle();
      assert.deepStrictEqual(types(), ['open', 'close']);
    });

    it('comes behind what was sent', async () => {
      const server = await startServer();
      const { ws, told } = await opened(server.url);
      for (let i = 0; i < 100; i += 1) ws.send(`${i}`);
      ws.close();
      await told('close');
      assert.strictEqual((await server.received(100)).length, 100);
    });

    it('without a code waits for a Blob that was sent', async function () {
      if (!Blob) this.skip(); // Node 14.0 has none.
      const server = await startServer();
      const { ws, told } = await opened(server.url);
      ws.send(new Blob(['whole']));
      ws.close();
      assert.strictEqual((await told('close')).code, 1005);
      assert.strictEqual((await server.received(1))[0].data, Buffer.from('whole').toString('hex'));
    });

    it('is followed by no message, though the peer has sent some', async () => {
      const server = await startServer({ echo: true });
      const { ws, told, types } = await opened(server.url);
      for (let i = 0; i < 10; i += 1) ws.send(`${i}`);
      ws.close();
      await told('close');
      assert.deepStrictEqual(types(), ['open', 'close']);
    });

    it('inside of a handler of message leaves what came before it to be told', async () => {
      const server = await startServer({ greet: ['a'] });
      const { ws, told, types } = open(server.url);
      ws.addEventListener('message', () => ws.close(3000));
      assert.strictEqual((await told('close')).code, 3000);
      assert.deepStrictEqual(types(), ['open', 'message', 'close']);
    });
  });

  describe('what the standard has not', () => {
    it('terminate() ends at once', async () => {
      const server = await startServer({ plan: ['bare'] });
      const { ws, told } = await opened(server.url);
      ws.terminate();
      assert.strictEqual(ws.readyState, 2);
      assert.strictEqual((await told('close')).code, 1006);
    });

    it('terminate() while CONNECTING fails the connection', async () => {
      const server = await startServer({ plan: ['silent'] });
      const { ws, told, types } = open(server.url);
      ws.terminate();
      await told('close');
      assert.deepStrictEqual(types(), ['error', 'close']);
    });

    it('ping() resolves to the round trip, and rejects without a connection', async () => {
      const server = await startServer();
      const { ws, told } = open(server.url);
      await assert.rejects(ws.ping(), { code: 'WSR_ERR_NOT_CONNECTED' });
      await told('open');
      assert.ok((await ws.ping()) >= 0);
      assert.strictEqual(await server.pings(), 1);
    });
  });
});

describe('a WebSocket class that reconnects', () => {
  afterEach(endAll);

  const Again = WebSocket.withOptions({ baseDelay: 20, jitter: 0, maxRetries: 3 });
  const again = (url, second, third) => open(url, second, third, Again);

  it('is one long connection: one open, one close, whatever was cut in between', async () => {
    const server = await startServer({ echo: true });
    const { ws, told, log } = again(server.url);
    await told('open');
    await server.cut();
    await server.connected(2);
    ws.send('after the cut');
    assert.strictEqual((await told('message')).data, 'after the cut');
    ws.close(3000, 'bye');
    const { code, wasClean } = await told('close');
    assert.deepStrictEqual({ code, wasClean }, { code: 3000, wasClean: true });
    assert.deepStrictEqual(
      log.map(({ type, readyState }) => [type, readyState]),
      [
        ['open', 1],
        ['message', 1],
        ['close', 3],
      ],
    );
  });

  it('is OPEN while it is cut off, and keeps what is sent', async () => {
    const server = await startServer();
    // Not back before it has been looked at.
    const { ws, told } = open(server.url, [], {}, Again.withOptions({ baseDelay: 1000 }));
    await told('open');
    const lost = new Promise((resolve) => ws.client.once('retry', resolve));
    await server.cut();
    await lost;
    assert.strictEqual(ws.readyState, 1);
    ws.send('kept');
    await turn();
    assert.strictEqual(ws.bufferedAmount, 4);
    const messages = await server.received(1);
    assert.deepStrictEqual([messages[0].data, messages[0].connection], ['kept', 1]);
  });

  it('tries again before it was ever open', async () => {
    const server = await startServer({ plan: ['refuse', 'refuse', 'accept'] });
    const { told, types } = again(server.url);
    await told('open');
    assert.deepStrictEqual(types(), ['open']);
    assert.strictEqual((await server.handshakes()).length, 3);
  });

  it('tells error and one close with a number where it gives up', async () => {
    const server = await startServer();
    const { told, types } = again(server.url);
    await told('open');
    await server.stopListening();
    await server.cut();
    const { code, reason, wasClean } = await told('close');
    assert.deepStrictEqual({ code, reason, wasClean }, { code: 1006, reason: '', wasClean: false });
    assert.deepStrictEqual(types(), ['open', 'error', 'close']);
  });

  it('closes at once while it is cut off', async () => {
    const server = await startServer();
    const { ws, told, types } = again(server.url);
    await told('open');
    const lost = new Promise((resolve) => ws.client.once('retry', resolve));
    await server.cut();
    await lost;
    ws.close(3000, 'enough');
    assert.strictEqual(ws.readyState, 2);
    assert.strictEqual((await told('close')).code, 3000);
    assert.deepStrictEqual(types(), ['open', 'close']);
  });

  it('ends by a signal, also one that aborts before it begins', async () => {
    const aborted = { aborted: true, addEventListener() {}, removeEventListener() {} };
    const { told, types } = open(NOWHERE, [], {}, WebSocket.withOptions({ signal: aborted }));
    await told('close');
    assert.deepStrictEqual(types(), ['error', 'close']);
  });

  it('takes more options where it has some, and those of a connection beside its own', async () => {
    const server = await startServer();
    const Fewer = Again.withOptions({ maxRetries: 1, websocketOptions: { headers: { 'X-Class': 'yes' } } });
    const { ws } = await opened(server.url, [], { origin: 'http://here' }, Fewer);
    const [{ headers }] = await server.handshakes();
    assert.deepStrictEqual([headers['x-class'], headers.origin], ['yes', 'http://here']);
    assert.deepStrictEqual([ws.client.maxRetries, ws.client.baseDelay], [1, 20]);
    assert.ok(ws instanceof Again && ws instanceof WebSocket);
  });

  it('is not made of options that are wrong, or belong to the constructor', () => {
    for (const options of [
      { maxRetries: -1 },
      { jitter: 'some' },
      { websocketOptions: { agent: {} } },
      { url: NOWHERE },
      { protocols: [] },
    ]) {
      assert.throws(() => WebSocket.withOptions(options), { code: /^WSR_ERR_(?:UNSUPPORTED_)?OPTION$/ });
    }
  });

  it('beats by pings, since it does not know what its peer reads', () => {
    const { ws } = again(NOWHERE);
    assert.deepStrictEqual([ws.client.heartbeatMode, ws.client.heartbeatInterval], ['ping', 30000]);
  });
});

describe('websocket-reconnect-native/register', () => {
  it('puts the class in the place of the global one', async () => {
    const { code, stdout, stderr } = await runScript(program('register.js'));
    assert.deepStrictEqual([code, stdout.trim(), stderr], [0, 'true false true', '']);
  });
});
