'use strict';

const assert = require('assert');
const { startServer, deadPort } = require('./peer/index.js');
const { WebSocketReconnect, client, openClient } = require('./support/clients.js');

const NUMBERS = { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 };

describe('the surface of the WHATWG class', () => {
  it('has the four constants on the class and on its objects', () => {
    const { ws } = client({ url: 'ws://127.0.0.1:1/' });
    for (const [name, value] of Object.entries(NUMBERS)) {
      assert.strictEqual(WebSocketReconnect[name], value);
      assert.strictEqual(ws[name], value);
    }
  });

  it('readyState follows the state', async () => {
    const server = await startServer();
    const { ws, log } = client({ url: server.url });
    const seen = [ws.readyState];
    ws.on('stateChange', () => seen.push(ws.readyState));
    await ws.connect();
    ws.close();
    await log.until('close');
    assert.deepStrictEqual(seen, [3, 0, 1, 2, 3]);
  });

  it('readyState is CLOSED while waiting, blocked and failed', async () => {
    const circuitBreaker = { failureThreshold: 2, resetTimeout: 50 };
    const { ws, log } = client({ url: `ws://127.0.0.1:${await deadPort()}/`, maxRetries: 2, circuitBreaker });
    ws.connect();
    for (const line of ['retry', 'stateChange BLOCKED', 'close MAX_RETRIES']) {
      await log.until(line);
      assert.strictEqual(ws.readyState, 3, line);
    }
  });

  it('url, protocol and extensions tell what was agreed', async () => {
    const server = await startServer({ protocol: 'two', deflate: {} });
    const { ws } = client({ url: server.url, protocols: ['one', 'two'] });
    assert.deepStrictEqual([ws.url, ws.protocol, ws.extensions], [server.url, '', '']);
    await ws.connect();
    assert.strictEqual(ws.protocol, 'two');
    assert.ok(ws.extensions.startsWith('permessage-deflate'));
  });

  it('protocol and extensions are known inside stateChange OPEN', async () => {
    const server = await startServer({ protocol: 'mine' });
    const { ws } = client({ url: server.url, protocols: 'mine' });
    let seen;
    ws.on('stateChange', (state) => {
      if (state === 'OPEN') seen = ws.protocol;
    });
    await ws.connect();
    assert.strictEqual(seen, 'mine');
  });

  it('bufferedAmount is 0 when all is written, and grows towards a peer that does not read', async () => {
    const server = await startServer();
    const { ws } = await openClient({ url: server.url });
    assert.strictEqual(ws.bufferedAmount, 0);
    ws.send('little');
    await server.received(1);
    assert.strictEqual(ws.bufferedAmount, 0);
    await server.freeze();
    const piece = Buffer.alloc(2 ** 20);
    for (let i = 0; i < 32; i++) ws.send(piece);
    assert.ok(ws.bufferedAmount > 2 ** 20, `${ws.bufferedAmount}`);
  });

  it('onopen, onmessage, onclose and onerror are called with events', async () => {
    const server = await startServer({ plan: ['refuse', 'accept'], greet: ['hello'] });
    const { ws, log } = client({ url: server.url });
    const seen = {};
    for (const type of ['open', 'message', 'close', 'error']) {
      assert.strictEqual(ws[`on${type}`], null);
      ws[`on${type}`] = function handler(event) {
        assert.strictEqual(this, ws);
        seen[type] = event;
      };
    }
    await ws.connect();
    await log.until('message');
    ws.close(1000, 'bye');
    await log.until('close 1000');
    assert.deepStrictEqual(seen.open, { type: 'open', target: ws });
    assert.strictEqual(seen.message.data, 'hello');
    assert.strictEqual(seen.message.target, ws);
    assert.deepStrictEqual(seen.close, {
      type: 'close',
      code: 1000,
      reason: 'bye',
      wasClean: true,
      target: ws,
    });
    assert.strictEqual(seen.error.type, 'error');
    assert.ok(seen.error.error instanceof Error);
    assert.strictEqual(seen.error.message, seen.error.error.message);
    assert.strictEqual(seen.error.target, ws);
  });

  it('an on… handler is replaced by another and removed by null', async () => {
    const server = await startServer({ echo: true });
    const { ws, log } = await openClient({ url: server.url });
    const calls = [];
    const first = () => calls.push('first');
    const second = () => calls.push('second');
    ws.onmessage = first;
    assert.strictEqual(ws.onmessage, first);
    ws.onmessage = second;
    assert.strictEqual(ws.onmessage, second);
    ws.send('1');
    await log.until('message 1');
    ws.onmessage = null;
    assert.strictEqual(ws.onmessage, null);
    ws.send('2');
    await log.until('message 2');
    assert.deepStrictEqual(calls, ['second']);
  });

  it('onmessage and on("message") get the same event', async () => {
    const server = await startServer({ echo: true });
    const { ws, log } = await openClient({ url: server.url });
    let event;
    ws.onmessage = (given) => (event = given);
    ws.send('x');
    const { argument } = await log.until('message');
    await new Promise((resolve) => setImmediate(resolve));
    assert.strictEqual(event, argument);
  });

  it('addEventListener takes functions and objects, each once, and removeEventListener removes them', async () => {
    const server = await startServer({ echo: true });
    const { ws, log } = await openClient({ url: server.url });
    const calls = [];
    const listener = ({ data }) => calls.push(`function ${data}`);
    const object = { handleEvent: ({ data }) => calls.push(`object ${data}`) };
    ws.addEventListener('message', listener);
    ws.addEventListener('message', listener);
    ws.addEventListener('message', object);
    ws.addEventListener('message', ({ data }) => calls.push(`once ${data}`), { once: true });
    ws.send('1');
    await log.until('message 1');
    ws.send('2');
    await log.until('message 2');
    ws.removeEventListener('message', listener);
    ws.removeEventListener('message', object);
    ws.send('3');
    await log.until('message 3');
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepStrictEqual(calls, ['function 1', 'object 1', 'once 1', 'function 2', 'object 2']);
  });

  it('addEventListener tells listeners apart by capture', () => {
    const { ws } = client({ url: 'ws://127.0.0.1:1/' });
    const calls = [];
    const listener = (event) => calls.push(event);
    ws.addEventListener('x', listener);
    ws.addEventListener('x', listener, { capture: false });
    ws.addEventListener('x', listener, true);
    ws.addEventListener('x', listener, { capture: true });
    ws.emit('x', 'both');
    ws.removeEventListener('x', listener, true);
    ws.emit('x', 'one');
    ws.removeEventListener('x', listener, { capture: true });
    ws.emit('x', 'still');
    ws.removeEventListener('x', listener);
    ws.emit('x', 'none');
    assert.deepStrictEqual(calls, ['both', 'both', 'one', 'still']);
  });

  describe('the signal of addEventListener', () => {
    /** A signal that tells how many listen to it. */
    function controller() {
      const listeners = new Set();
      const signal = {
        aborted: false,
        addEventListener: (_, listener) => listeners.add(listener),
        removeEventListener: (_, listener) => listeners.delete(listener),
      };
      const abort = () => {
        signal.aborted = true;
        for (const listener of [...listeners]) listener({ type: 'abort' });
      };
      return { signal, abort, listening: () => listeners.size };
    }

    it('removes the listener when it aborts', () => {
      const { ws } = client({ url: 'ws://127.0.0.1:1/' });
      const { signal, abort, listening } = controller();
      const calls = [];
      ws.addEventListener('x', (event) => calls.push(event), { signal });
      ws.addEventListener('x', { handleEvent: (event) => calls.push(event) }, { signal, once: false });
      ws.emit('x', 1);
      assert.strictEqual(listening(), 2);
      abort();
      ws.emit('x', 2);
      assert.deepStrictEqual(calls, [1, 1]);
      assert.strictEqual(ws.listenerCount('x'), 0);
      assert.strictEqual(listening(), 0);
    });

    it('adds nothing when it has aborted before', () => {
      const { ws } = client({ url: 'ws://127.0.0.1:1/' });
      const { signal, abort } = controller();
      abort();
      ws.addEventListener('x', () => {}, { signal });
      assert.strictEqual(ws.listenerCount('x'), 0);
    });

    it('keeps a listener from being called that an earlier one has aborted', () => {
      const { ws } = client({ url: 'ws://127.0.0.1:1/' });
      const { signal, abort } = controller();
      const calls = [];
      ws.addEventListener('x', abort);
      ws.addEventListener('x', () => calls.push('removed'), { signal });
      ws.emit('x');
      assert.deepStrictEqual(calls, []);
    });

    it('is let go of with the listener', () => {
      const { ws } = client({ url: 'ws://127.0.0.1:1/' });
      const { signal, listening } = controller();
      const listener = () => {};
      ws.addEventListener('x', listener, { signal });
      ws.addEventListener('x', () => {}, { signal, once: true });
      ws.emit('x');
      assert.strictEqual(listening(), 1);
      ws.removeEventListener('x', listener);
      assert.strictEqual(listening(), 0);
    });

    it('may be an AbortSignal', function () {
      // It came with Node 15.
      if (typeof AbortController === 'undefined') this.skip();
      const { ws } = client({ url: 'ws://127.0.0.1:1/' });
      const aborting = new AbortController();
      const calls = [];
      ws.addEventListener('x', (event) => calls.push(event), { signal: aborting.signal });
      ws.emit('x', 1);
      aborting.abort();
      ws.emit('x', 2);
      assert.deepStrictEqual(calls, [1]);
    });

    it('must be one', () => {
      const { ws } = client({ url: 'ws://127.0.0.1:1/' });
      const expected = { name: 'TypeError', code: 'WSR_ERR_OPTION', message: /signal/ };
      assert.throws(() => ws.addEventListener('x', () => {}, { signal: {} }), expected);
    });
  });

  describe('dispatchEvent', () => {
    it('calls the WHATWG listeners of the type with the event itself', () => {
      const { ws } = client({ url: 'ws://127.0.0.1:1/' });
      const calls = [];
      const event = { type: 'close', code: 1000 };
      ws.onclose = function attribute(given) {
        calls.push(['attribute', this, given]);
      };
      ws.addEventListener('close', {
        handleEvent(given) {
          calls.push(['object', given]);
        },
      });
      ws.addEventListener('close', (given) => calls.push(['once', given]), { once: true });
      ws.addEventListener('open', () => calls.push('another type'));
      ws.removeAllListeners('message').on('close', (info) => calls.push(['on', info]));
      assert.strictEqual(ws.dispatchEvent(event), true);
      assert.strictEqual(event.target, ws);
      assert.deepStrictEqual(
        calls.map(([name]) => name),
        ['attribute', 'object', 'once'],
      );
      assert.ok(calls.every((call) => call[call.length - 1] === event));
      assert.strictEqual(calls[0][1], ws);
      ws.dispatchEvent(Object.freeze({ type: 'close' }));
      assert.strictEqual(calls.length, 5);
    });

    it('takes events of the platform, and tells whether one was prevented', function () {
      // It came with Node 15.
      if (typeof Event === 'undefined') this.skip();
      const { ws } = client({ url: 'ws://127.0.0.1:1/' });
      const seen = [];
      ws.addEventListener('x', (event) => seen.push(event));
      const event = new Event('x', { cancelable: true });
      assert.strictEqual(ws.dispatchEvent(event), true);
      assert.strictEqual(seen[0], event);
      assert.strictEqual(event.target, ws);
      ws.addEventListener('x', (given) => given.preventDefault());
      assert.strictEqual(ws.dispatchEvent(new Event('x', { cancelable: true })), false);
    });

    it('throws for what has no type', () => {
      const { ws } = client({ url: 'ws://127.0.0.1:1/' });
      for (const event of [undefined, null, 'open', {}, { type: 1 }]) {
        assert.throws(() => ws.dispatchEvent(event), { name: 'TypeError', code: 'WSR_ERR_ARGUMENT' });
      }
    });
  });
});
