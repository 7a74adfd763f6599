'use strict';

const assert = require('assert');
const { AsyncLocalStorage } = require('async_hooks');
const path = require('path');
const { startServer } = require('./peer/index.js');
const { WebSocketReconnect, client, openClient } = require('./support/clients.js');
const { record } = require('./support/recorder.js');
const { uncaughtBy } = require('./support/reported.js');
const { runScript, runtime } = require('./support/runtime.js');

const storage = new AsyncLocalStorage();
const whose = () => storage.getStore();

/** Writes down in which contexts the handlers of these events run. */
function contexts(ws, ...events) {
  const seen = [];
  for (const event of events) ws.on(event, () => seen.push(`${event} ${whose()}`));
  return seen;
}

describe('the async context', () => {
  for (const without of ['', 'read', 'runs', 'write,read,runs']) {
    it(`of handlers and functions is that of connect()${without && ` without ${without}`}`, async () => {
      const env = { WEBSOCKET_RECONNECT_NATIVE_WITHOUT: without };
      const { stdout, stderr } = await runScript(path.join(__dirname, 'fast-paths', 'contexts.js'), [], {
        env,
      });
      assert.strictEqual(stdout.trim(), 'in context', stderr);
    });
  }

  it('is kept no longer than its client, the first of the process like any other', async function () {
    // The others, and Node before 14.6, do not tell what they collect.
    if (runtime.name !== 'node' || typeof FinalizationRegistry === 'undefined') this.skip();
    const server = await startServer();
    const script = path.join(__dirname, 'life', 'stores.js');
    const { stdout, stderr } = await runScript(script, [server.url], { exposeGc: true });
    assert.strictEqual(stdout.trim(), 'let go', stderr);
  });

  it("sends the token of a retry's own user", async () => {
    const tokens = { Alice: 'a', Bob: 'b' };
    const servers = {};
    for (const user of Object.keys(tokens)) {
      servers[user] = await startServer({ plan: ['refuse', 'accept'] });
    }
    await Promise.all(
      Object.keys(tokens).map((user) =>
        storage.run(user, () => {
          const headers = () => ({ Authorization: tokens[whose()] });
          return client({ url: servers[user].url, headers }).ws.connect();
        }),
      ),
    );
    for (const user of Object.keys(tokens)) {
      const seen = await servers[user].handshakes();
      assert.deepStrictEqual(
        seen.map(({ headers }) => headers.authorization),
        [tokens[user], tokens[user]],
      );
    }
  });

  it('is that of the latest call that sets a client going', async () => {
    const server = await startServer({ echo: true });
    const { ws, log } = client({ url: server.url });
    const seen = contexts(ws, 'open', 'message', 'close');
    const first = storage.run('first', () => ws.connect());
    // It is under way already.
    assert.strictEqual(
      storage.run('under way', () => ws.connect()),
      first,
    );
    await first;
    await storage.run('open', () => ws.connect());
    ws.send('1');
    await log.until('message 1');
    await storage.run('second', () => ws.reconnect());
    await log.until('close');
    ws.pause();
    await server.send('held');
    await ws.flush();
    ws.close();
    ws.reset();
    // What is held was for the second.
    await storage.run('third', () => ws.connect());
    ws.send('2');
    await log.until('message 2');
    assert.deepStrictEqual(seen, [
      'open first',
      'message first',
      'close first',
      'open second',
      'message second',
      'close second',
      'open third',
      'message third',
    ]);
  });

  it('stays when a connect() is refused', async () => {
    const server = await startServer();
    const { ws, log } = await storage.run('first', () => openClient({ url: server.url }));
    const seen = contexts(ws, 'close', 'circuitChange');
    ws.close();
    await log.until('close');
    await storage.run('refused', () => assert.rejects(ws.connect(), { code: 'WSR_ERR_CLOSED' }));
    ws.openCircuit();
    assert.deepStrictEqual(seen, ['close first', 'circuitChange first']);
  });

  it('of the effects of a signal is that of connect()', async () => {
    const server = await startServer();
    const aborting = { aborted: false, addEventListener: (_, listener) => (aborting.abort = listener) };
    const { ws, log } = client({ url: server.url, signal: aborting });
    const seen = contexts(ws, 'stateChange', 'close');
    await storage.run('mine', () => ws.connect());
    storage.run('another', () => aborting.abort());
    await log.until('close');
    assert.deepStrictEqual(
      seen,
      ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED'].map(() => 'stateChange mine').concat('close mine'),
    );
  });

  it('of what a call of another tells is that of connect()', async () => {
    // What the engine tells of an attempt that fails meanwhile would be told first.
    const { url } = await startServer({ plan: ['silent'] });
    const { ws } = client({ url, queue: { maxMessages: 1, overflow: 'drop-oldest' } });
    const seen = contexts(ws, 'drop', 'error', 'circuitChange', 'stateChange');
    storage.run('mine', () => ws.connect());
    storage.run('another', () => {
      ws.send('1');
      ws.send('2');
      ws.handleError(new Error('counted'));
      ws.openCircuit();
      ws.circuitState = 'CLOSED';
      ws.openCircuit();
      ws.terminate();
    });
    const events = ['stateChange', 'drop', 'error', 'circuitChange', 'circuitChange', 'stateChange'];
    assert.deepStrictEqual(
      seen,
      events.map((event) => `${event} mine`),
    );
  });

  it('of what is told before any connect() is that of the call that led to it', async () => {
    const circuitBreaker = { resetTimeout: 20, scope: 'context.test.js' };
    const make = (user) => {
      const ws = storage.run(
        user,
        () => new WebSocketReconnect({ url: 'ws://127.0.0.1:1/', circuitBreaker }),
      );
      return { ws, seen: contexts(ws, 'circuitChange'), log: record(ws) };
    };
    const one = make('maker of one');
    const two = make('maker of two');
    storage.run('opener', () => one.ws.openCircuit());
    await Promise.all([one.log.until('circuitChange HALF-OPEN'), two.log.until('circuitChange HALF-OPEN')]);
    assert.deepStrictEqual(one.seen, ['circuitChange maker of one', 'circuitChange maker of one']);
    assert.deepStrictEqual(two.seen, ['circuitChange maker of two', 'circuitChange maker of two']);
    const alone = client({ url: 'ws://127.0.0.1:1/', circuitBreaker: { resetTimeout: 20 } });
    const seen = contexts(alone.ws, 'circuitChange');
    storage.run('opener', () => alone.ws.openCircuit());
    await alone.log.until('circuitChange HALF-OPEN');
    assert.deepStrictEqual(seen, ['circuitChange opener', 'circuitChange opener']);
  });

  it('of a caller comes back, whatever escapes from the handlers', async () => {
    let strict = false;
    class Strict extends WebSocketReconnect {
      emit(event, ...args) {
        if (strict) throw new Error('escapes');
        return super.emit(event, ...args);
      }
    }
    const ws = new Strict({ url: 'ws://127.0.0.1:1/' });
    storage.run('mine', () => ws.connect());
    strict = true;
    const uncaught = await uncaughtBy(async (count) => {
      storage.run('caller', () => {
        ws.openCircuit();
        assert.strictEqual(whose(), 'caller');
        ws.close();
        assert.strictEqual(whose(), 'caller');
      });
      strict = false;
      assert.strictEqual(whose(), undefined);
      await count(2);
    });
    assert.ok(uncaught.every(({ message }) => message === 'escapes'));
  });

  it('of emit() is that of its caller', () => {
    const { ws } = client({ url: 'ws://127.0.0.1:1/' });
    const seen = contexts(ws, 'retry', 'error');
    storage.run('caller', () => ws.emit('retry', {}));
    assert.deepStrictEqual(seen, ['retry caller']);
  });
});
