'use strict';

const assert = require('assert');
const { LIFE } = require('../lib/facade/client.js');
const { Life } = require('../lib/facade/life.js');
const { startServer } = require('./peer/index.js');
const { QUICK, WebSocketReconnect } = require('./support/clients.js');
const { record } = require('./support/recorder.js');

describe('a subclass', () => {
  it('may have any method and any property that is not documented', async () => {
    const called = [];
    class Chat extends WebSocketReconnect {
      constructor(options) {
        super(options);
        this._inner = 'mine';
      }
    }
    const inside = Object.keys(new WebSocketReconnect({ url: 'ws://127.0.0.1:1/' })[LIFE]);
    for (const name of [...inside, ...Object.getOwnPropertyNames(Life.prototype)]) {
      if (name === 'constructor') continue;
      for (const taken of [name, `_${name}`].filter((taken) => !(taken in WebSocketReconnect.prototype))) {
        Chat.prototype[taken] = () => called.push(taken);
      }
    }
    const server = await startServer({ echo: true });
    const ws = new Chat({ ...QUICK, url: server.url });
    const log = record(ws);
    await ws.connect();
    ws.send('hello');
    await log.until('message hello');
    ws.close();
    await log.until('close 1000');
    assert.deepStrictEqual(called, []);
    assert.strictEqual(ws._inner, 'mine');
  });
});
