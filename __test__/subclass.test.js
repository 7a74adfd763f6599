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

  it('may have a resume() of its own, which close() calls', () => {
    let resumed = 0;
    class Chat extends WebSocketReconnect {
      resume() {
        resumed += 1;
        return super.resume();
      }
    }
    new Chat({ ...QUICK, url: 'ws://127.0.0.1:1/' }).close();
    assert.strictEqual(resumed, 1);
  });

  it('shows its state behind a Proxy that wraps whatever it is asked for', () => {
    const wrap = (value) =>
      new Proxy(value, {
        get(target, name, receiver) {
          const found = Reflect.get(target, name, receiver);
          return found !== null && typeof found === 'object' ? wrap(found) : found;
        },
      });
    const ws = wrap(new WebSocketReconnect({ ...QUICK, url: 'ws://127.0.0.1:1/' }));
    assert.strictEqual(ws.state, 'CLOSED');
  });
});
