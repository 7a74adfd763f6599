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
});
