'use strict';

const assert = require('assert');
const { startServer } = require('./peer/index.js');
const { WebSocketReconnect, client } = require('./support/clients.js');
const { allHandled, reportedBy } = require('./support/reported.js');
const { deadUrl } = require('./support/urls.js');

describe('EventEmitter', () => {
  const make = () => new WebSocketReconnect({ url: 'ws://127.0.0.1:1/' });

  it('on, off and once return this', () => {
    const ws = make();
    const handler = () => {};
    assert.strictEqual(ws.on('x', handler), ws);
    assert.strictEqual(ws.once('x', handler), ws);
    assert.strictEqual(ws.off('x', handler), ws);
    assert.strictEqual(ws.off('x'), ws);
  });

  it('off(event) without a handler removes all of that event', () => {
    const ws = make();
    let calls = 0;
    ws.on('x', () => calls++);
    ws.on('x', () => calls++);
    ws.on('y', () => calls++);
    ws.off('x');
    ws.emit('x');
    ws.emit('y');
    assert.strictEqual(calls, 1);
  });

  it('once is called once, and emit tells whether somebody listened', () => {
    const ws = make();
    let calls = 0;
    ws.once('x', (a, b) => (calls += a + b));
    assert.strictEqual(ws.emit('x', 1, 2), true);
    assert.strictEqual(ws.emit('x', 1, 2), false);
    assert.strictEqual(calls, 3);
  });

  it('has the rest of the methods', () => {
    const ws = make();
    const handler = () => {};
    ws.prependListener('x', handler);
    ws.addListener('x', handler);
    assert.strictEqual(ws.listenerCount('x'), 2);
    assert.deepStrictEqual(ws.eventNames(), ['x']);
    assert.deepStrictEqual(ws.listeners('x'), [handler, handler]);
    ws.removeAllListeners();
    assert.strictEqual(ws.listenerCount('x'), 0);
    assert.ok(ws instanceof require('events'));
  });

  it('reports a handler that throws with console.error and calls the others', async () => {
    const server = await startServer();
    const { ws, log } = client({ url: server.url });
    const trouble = new Error('a bad handler');
    ws.prependListener('open', () => {
      throw trouble;
    });
    const reported = await reportedBy(() => ws.connect());
    assert.deepStrictEqual(log.of('open').length, 1);
    assert.strictEqual(reported.length, 1);
    assert.ok(reported[0].includes(trouble));
  });

  it('reports a handler whose promise rejects as one that throws', async () => {
    const server = await startServer({ echo: true });
    const { ws, log } = client({ url: server.url });
    const fails = (name) => async () => {
      throw new Error(name);
    };
    const thenable = (descriptor) => () => Object.defineProperty({}, 'then', descriptor);
    ws.on('open', fails('on'));
    ws.once('open', fails('once'));
    ws.onopen = fails('attribute');
    ws.addEventListener('open', fails('function'));
    ws.addEventListener('open', { handleEvent: fails('object') });
    ws.on('odd', thenable({ value: (_, reject) => reject(new Error('thenable')) }));
    ws.on('odd', thenable({ get: () => assert.fail('no thenable') }));
    const other = client({ url: server.url });
    other.ws.removeAllListeners();
    other.ws.on('message', fails('alone'));
    let reported;
    await allHandled(async () => {
      reported = await reportedBy(async (count) => {
        await ws.connect();
        assert.strictEqual(ws.emit('odd'), true);
        await other.ws.connect();
        other.ws.send('x');
        ws.send('y');
        await log.until('message y');
        await count(8);
      });
    });
    const told = reported.map(([where, { message }]) => `${where} ${message}`);
    assert.deepStrictEqual(told.sort(), [
      "Error in the handler of 'message': alone",
      "Error in the handler of 'odd': no thenable",
      "Error in the handler of 'odd': thenable",
      "Error in the handler of 'open': attribute",
      "Error in the handler of 'open': function",
      "Error in the handler of 'open': object",
      "Error in the handler of 'open': on",
      "Error in the handler of 'open': once",
    ]);
  });

  it('tells errorMonitor of an error before its handlers, also without any', () => {
    const { errorMonitor } = require('events');
    const ws = new WebSocketReconnect({ url: 'ws://127.0.0.1:1/' });
    const told = [];
    const trouble = new Error('trouble');
    ws.on(errorMonitor, (error, ...more) => told.push(['monitor', error, ...more]));
    assert.strictEqual(ws.emit('error', trouble, 1), false);
    ws.on('error', (error) => told.push(['handler', error]));
    assert.strictEqual(ws.emit('error', trouble), true);
    ws.emit('retry', {});
    assert.deepStrictEqual(told, [
      ['monitor', trouble, 1],
      ['monitor', trouble],
      ['handler', trouble],
    ]);
  });

  it('error with no handler throws nothing', async () => {
    const ws = new WebSocketReconnect({ url: await deadUrl(), maxRetries: 0 });
    ws.emit('error', new Error('nobody listens'));
    await assert.rejects(ws.connect(), /Maximum/);
  });
});
