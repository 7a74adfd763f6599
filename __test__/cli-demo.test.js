'use strict';

const assert = require('assert');
const { ServerProcess } = require('../lib/cli/demo/server-process.js');
const WebSocket = require('ws');
const { runs } = require('./cli/command.js');

/** The next message that a WebSocket of `ws` gets. */
const next = (ws) => new Promise((resolve) => ws.once('message', (...message) => resolve(message)));

// The server is the command's, which needs Node 20, and is Node's. The client is that of `ws`: it sends fragments.
(runs ? describe : describe.skip)("the demo's server", () => {
  let server;
  let ws;

  before(async () => {
    server = await ServerProcess.start();
    ws = new WebSocket(`ws://127.0.0.1:${server.port}`, ['first', 'second']);
    await new Promise((resolve) => ws.once('open', resolve));
  });
  after(() => server.kill());

  it('chooses the first subprotocol', () => assert.strictEqual(ws.protocol, 'first'));

  it('echoes texts and bytes of all lengths', async () => {
    for (const length of [0, 1, 125, 126, 65535, 65536, 1000000]) {
      const data = Buffer.alloc(length, 'abc');
      for (const binary of [true, false]) {
        ws.send(data, { binary });
        const [echo, isBinary] = await next(ws);
        assert.ok(echo.equals(data) && isBinary === binary, `${length} bytes`);
      }
    }
  });

  it('puts fragments together, with a ping between them', async () => {
    const ponged = new Promise((resolve) => ws.once('pong', resolve));
    ws.send('one ', { fin: false });
    ws.send('two ', { fin: false });
    ws.ping('between');
    ws.send('three', { fin: true });
    assert.strictEqual(String((await next(ws))[0]), 'one two three');
    assert.strictEqual(String(await ponged), 'between');
  });

  it('answers heartbeats, and tells when they came', async () => {
    const before = Date.now();
    ws.send('{"type":"ping"}');
    assert.strictEqual(String((await next(ws))[0]), '{"type":"pong"}');
    const [at] = await server.heartbeats();
    assert.ok(at >= before && at <= Date.now());
  });

  it('closes with the code that it is closed with', async () => {
    const closed = new Promise((resolve) => ws.once('close', resolve));
    ws.close(4001, 'enough');
    assert.strictEqual(await closed, 4001);
  });
});
