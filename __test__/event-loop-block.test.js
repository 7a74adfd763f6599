'use strict';

const assert = require('assert');
const { startServer } = require('./peer/index.js');
const { openClient } = require('./support/clients.js');
const { SOON_MS } = require('./support/deadlines.js');
const { block, program, runScript } = require('./support/runtime.js');

describe('maxEventLoopBlock', () => {
  it('leaves with 4008 while the event loop is blocked, and retries when it runs again', async () => {
    const server = await startServer();
    const { ws, log } = await openClient({ url: server.url, maxEventLoopBlock: 500 });
    ws.on('blocked', (info) => log._write('blocked', info));
    block(2500);
    const [info] = (await log.count('blocked', 1)).map(({ argument }) => argument);
    assert.ok(info.duration >= 1500 && info.duration < SOON_MS, `blocked for ${info.duration} ms`);
    await log.until('open');
    assert.deepStrictEqual(log.lines.slice(0, 5), [
      'stateChange CLOSED',
      "close 4008 'event loop blocked'",
      'blocked [object Object]',
      'retry 1 in 50 of 10',
      'stateChange CONNECTING',
    ]);
    assert.deepStrictEqual(await server.ended(0), { code: 4008, reason: 'event loop blocked' });
    assert.strictEqual(ws.circuitFailures, 0);
    assert.deepStrictEqual(log.of('error'), []);
  });

  it('ends the heartbeats with the connection, and makes no other', async () => {
    const server = await startServer({ echo: true });
    await openClient({ url: server.url, maxEventLoopBlock: 300, heartbeatInterval: 50 });
    await server.received(1);
    await server.later(2000, 'mark');
    block(2500);
    const { messages, handshakes } = await server.marked();
    assert.ok(messages <= 15, `${messages} heartbeats in a block of which 300 ms are allowed`);
    assert.strictEqual(handshakes, 1);
  });

  it('leaves a client alone whose event loop runs', async () => {
    const server = await startServer({ echo: true });
    const { ws, log } = await openClient({
      url: server.url,
      maxEventLoopBlock: 1000,
      heartbeatInterval: 100,
    });
    await log.count('message', 8);
    block(300);
    await log.count('message', 10);
    assert.strictEqual(ws.state, 'OPEN');
    assert.strictEqual(log.of('close').length, 0);
  });

  it('is off by default, and can be set and taken away', async () => {
    const server = await startServer();
    const { ws, log } = await openClient({ url: server.url });
    assert.strictEqual(ws.maxEventLoopBlock, 0);
    block(500);
    ws.maxEventLoopBlock = 100;
    ws.maxEventLoopBlock = 0;
    block(500);
    ws.maxEventLoopBlock = 100;
    block(500);
    await log.until('close 4008');
    assert.strictEqual(log.of('close').length, 1);
  });

  it('can be followed by close(), which ends the client', async () => {
    const server = await startServer();
    const { ws, log } = await openClient({ url: server.url, maxEventLoopBlock: 100 });
    ws.on('close', () => ws.close(1000, 'enough'));
    block(500);
    await log.until("close 1000 'enough'");
    assert.deepStrictEqual(log.of('retry'), []);
    assert.strictEqual(ws.state, 'CLOSED');
  });

  it('does not hold the process', async () => {
    const server = await startServer();
    const { code, stderr } = await runScript(program('unwatched.js'), [server.url]);
    assert.strictEqual(code, 0, stderr);
  });
});
