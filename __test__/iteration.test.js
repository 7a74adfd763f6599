'use strict';

const assert = require('assert');
const { AsyncLocalStorage } = require('async_hooks');
const events = require('events');
const { startServer } = require('./peer/index.js');
const { client, make, openClient } = require('./support/clients.js');
const { deadUrl } = require('./support/urls.js');
const { settle, until } = require('./support/waiting.js');

/** The text of one of many messages that are too many to be at hand together. */
const CHUNK = 'x'.repeat(40000);

/** All that an iterator gives, to its end. */
async function all(iterable) {
  const values = [];
  for await (const value of iterable) values.push(value);
  return values;
}

/** How many handlers each event of a client has. */
const handlers = (ws) => ws.eventNames().map((event) => `${String(event)} ${ws.listenerCount(event)}`);

describe('a loop over a client', () => {
  it('gives the data of the messages, and ends with the last close', async () => {
    const server = await startServer({ greet: ['one', 'two'] });
    const { ws } = client({ url: server.url });
    await ws.connect();
    const seen = [];
    for await (const message of ws) {
      seen.push(message);
      if (seen.length === 2) await server.send('00ff', { binary: true });
      if (seen.length === 3) ws.close();
    }
    assert.deepStrictEqual(seen, ['one', 'two', Buffer.from([0, 255])]);
    assert.strictEqual(ws.state, 'CLOSED');
  });

  it('gives each message to a loop that is begun before connect()', async () => {
    const server = await startServer({ greet: ['one'] });
    const { ws, log } = client({ url: server.url });
    const loop = all(ws);
    ws.connect();
    await log.until('message one');
    ws.close();
    assert.deepStrictEqual(await loop, ['one']);
  });

  it('goes on over reconnects', async () => {
    const server = await startServer({ greet: ['hello'] });
    const { ws, log } = client({ url: server.url });
    ws.connect();
    const seen = [];
    for await (const message of ws) {
      seen.push(message);
      if (seen.length === 3) ws.close();
      else await server.cut('reset');
    }
    assert.deepStrictEqual(seen, ['hello', 'hello', 'hello']);
    assert.strictEqual(log.of('open').length, 3);
  });

  it('throws what connect() rejects with when the client gives up', async () => {
    const { ws } = client({ url: await deadUrl(), maxRetries: 1 });
    const loop = all(ws);
    const rejected = await ws.connect().catch((error) => error);
    await assert.rejects(loop, (error) => {
      const { code, message, cause } = rejected;
      assert.deepStrictEqual([error.code, error.message, error.cause], ['WSR_ERR_GAVE_UP', message, cause]);
      return code === 'WSR_ERR_GAVE_UP';
    });
    // Its end is that of the loops that come after it, …
    await assert.rejects(all(ws), { code: 'WSR_ERR_GAVE_UP' });
    // … until another life begins.
    ws.connect();
    const { value } = await ws.events('retry').next();
    assert.strictEqual(value.attempt, 1);
  });

  it('gives what came before the client gave up, then throws', async () => {
    const server = await startServer({ greet: ['last'] });
    const { ws, log } = client({ url: server.url, maxRetries: 0 });
    const iterator = ws[Symbol.asyncIterator]();
    await ws.connect();
    await log.until('message last');
    await server.cut('reset');
    await log.until('close MAX_RETRIES');
    assert.deepStrictEqual(await iterator.next(), { value: 'last', done: false });
    await assert.rejects(iterator.next(), { code: 'WSR_ERR_GAVE_UP' });
    assert.deepStrictEqual(await iterator.next(), { value: undefined, done: true });
  });

  it('ends at once where the client is closed, and with a client that was never started', async () => {
    const { ws } = client({ url: await deadUrl() });
    const loop = all(ws);
    ws.close();
    assert.deepStrictEqual(await loop, []);
    assert.deepStrictEqual(await all(ws), []);
    assert.deepStrictEqual(await all(ws.events('open')), []);
  });

  it('goes on where a handler of close begins another life', async () => {
    const server = await startServer({ greet: ['hello'] });
    const { ws } = client({ url: server.url });
    ws.once('close', () => {
      ws.reset();
      ws.connect();
    });
    ws.connect();
    const seen = [];
    for await (const message of ws) {
      seen.push(message);
      ws.close();
    }
    assert.deepStrictEqual(seen, ['hello', 'hello']);
  });

  it('has the client pause while it is behind, and loses nothing', async () => {
    const server = await startServer();
    const { ws } = await openClient({ url: server.url });
    const iterator = ws[Symbol.asyncIterator]();
    let delivered = 0;
    ws.on('message', () => (delivered += 1));
    for (let i = 0; i < 20; i += 1) await server.send(`${i} ${CHUNK}`);
    await until(() => ws.isPaused);
    await settle();
    assert.ok(delivered < 5, `${delivered} messages were delivered to a loop that took none`);
    for (let i = 0; i < 20; i += 1) {
      const { value } = await iterator.next();
      assert.strictEqual(value.split(' ')[0], String(i));
    }
    assert.strictEqual(delivered, 20);
    ws.close();
    assert.deepStrictEqual(await iterator.next(), { value: undefined, done: true });
  });

  it('begins where pause() has held the messages for it', async () => {
    const server = await startServer({ greet: ['one'] });
    const { ws } = client({ url: server.url });
    ws.pause();
    await ws.connect();
    await settle();
    const { value } = await ws[Symbol.asyncIterator]().next();
    assert.strictEqual(value, 'one');
  });

  it('waits for the slower of two loops', async () => {
    const server = await startServer();
    const { ws } = await openClient({ url: server.url });
    const slow = ws[Symbol.asyncIterator]();
    let quick = 0;
    const loop = (async () => {
      for await (const _message of ws) quick += 1;
    })();
    for (let i = 0; i < 20; i += 1) await server.send(CHUNK);
    await until(() => ws.isPaused);
    await settle();
    assert.ok(quick < 5, `the quick one was given ${quick}`);
    await slow.return();
    await until(() => quick === 20);
    ws.close();
    await loop;
  });

  it('lets go of the client by break', async () => {
    const server = await startServer();
    const { ws, log } = await openClient({ url: server.url });
    const before = handlers(ws);
    for (let i = 0; i < 8; i += 1) server.send(CHUNK);
    for await (const _message of ws) {
      await until(() => ws.isPaused);
      break;
    }
    assert.deepStrictEqual(handlers(ws), before);
    assert.strictEqual(ws.isPaused, false);
    await log.count('message', 8);
  });

  it('lets go of the client by what its body throws', async () => {
    const server = await startServer({ greet: ['one'] });
    const { ws } = client({ url: server.url });
    const before = handlers(ws);
    ws.connect();
    await assert.rejects(async () => {
      for await (const message of ws) throw new Error(message);
    }, /^Error: one$/);
    assert.deepStrictEqual(handlers(ws), before);
  });

  it('has the rest delivered by close(), however slow it is', async () => {
    const server = await startServer();
    const { ws, log } = await openClient({ url: server.url });
    const iterator = ws[Symbol.asyncIterator]();
    for (let i = 0; i < 8; i += 1) await server.send(CHUNK);
    await until(() => ws.isPaused);
    await settle();
    ws.close();
    await log.until('close 1000');
    const rest = await all(iterator);
    assert.strictEqual(rest.length, log.of('message').length);
  });

  it('answers each next() of many at once, in their order', async () => {
    const server = await startServer({ greet: ['one', 'two'] });
    const { ws, log } = client({ url: server.url });
    const iterator = ws[Symbol.asyncIterator]();
    const asked = [iterator.next(), iterator.next(), iterator.next(), iterator.next()];
    ws.connect();
    await log.until('message two');
    ws.close();
    assert.deepStrictEqual(
      (await Promise.all(asked)).map(({ value }) => value),
      ['one', 'two', undefined, undefined],
    );
  });

  it('has its body run in its own async context', async () => {
    const storage = new AsyncLocalStorage();
    const server = await startServer({ greet: ['one'] });
    const { ws } = client({ url: server.url });
    const loop = storage.run('loop', async () => {
      for await (const _message of ws) return storage.getStore();
      return undefined;
    });
    storage.run('connect', () => ws.connect());
    assert.strictEqual(await loop, 'loop');
  });
});

describe('events()', () => {
  it('gives the argument of each event of a name, and ends with the client', async () => {
    const server = await startServer({ plan: ['refuse', 'refuse', 'accept'] });
    const { ws } = client({ url: server.url });
    const retries = all(ws.events('retry'));
    const states = all(ws.events('stateChange'));
    const closes = all(ws.events('close'));
    await ws.connect();
    ws.close();
    assert.deepStrictEqual(
      (await retries).map(({ attempt }) => attempt),
      [1, 2],
    );
    assert.strictEqual((await states).pop(), 'CLOSED');
    assert.deepStrictEqual((await closes).pop().code, 1000);
  });

  it('gives the last events of a client that gives up, then throws', async () => {
    const { ws } = client({ url: await deadUrl(), maxRetries: 0 });
    const iterator = ws.events('giveup');
    ws.connect();
    const { value } = await iterator.next();
    assert.strictEqual(value.reason, 'MAX_RETRIES');
    await assert.rejects(iterator.next(), { code: 'WSR_ERR_GAVE_UP' });
  });

  it('pauses nothing', async () => {
    const server = await startServer();
    const { ws, log } = await openClient({ url: server.url });
    const iterator = ws.events('message');
    for (let i = 0; i < 8; i += 1) await server.send(CHUNK);
    await log.count('message', 8);
    assert.strictEqual((await iterator.next()).value.data, CHUNK);
  });

  it('has the engine tell of pings', async () => {
    const server = await startServer();
    const { ws } = await openClient({ url: server.url });
    const iterator = ws.events('ping');
    await server.ping('hello');
    assert.strictEqual(String((await iterator.next()).value), 'hello');
  });

  it('is given a name', () => {
    for (const name of [undefined, null, 1, {}]) {
      assert.throws(() => make().events(name), { name: 'TypeError', code: 'WSR_ERR_ARGUMENT' });
    }
  });
});

describe('events.on() of Node', () => {
  const { on } = /** @type {any} */ (events);

  it('gives arrays of arguments, and throws at an error that a retry follows', async () => {
    const server = await startServer({ plan: ['accept', 'refuse', 'accept'], greet: ['one'] });
    const { ws } = client({ url: server.url });
    const iterator = on(ws, 'message');
    ws.connect();
    const {
      value: [event],
    } = await iterator.next();
    assert.strictEqual(event.data, 'one');
    await server.cut('reset');
    await assert.rejects(iterator.next());
  });
});

describe('Symbol.asyncDispose', () => {
  const { asyncDispose } = /** @type {any} */ (Symbol);
  /** What has none disposes of nothing. */
  const itDisposes = asyncDispose ? it : it.skip;

  it('is there where the runtime has it', () => {
    assert.strictEqual(asyncDispose !== undefined, asyncDispose in make());
  });

  itDisposes('closes, and waits for the end', async () => {
    const server = await startServer();
    const { ws, log } = await openClient({ url: server.url });
    await ws[asyncDispose]();
    assert.strictEqual(ws.state, 'CLOSED');
    assert.deepStrictEqual(log.take(), [
      'stateChange CLOSING',
      'stateChange CLOSED',
      "close 1000 'Normal closure'",
    ]);
    await ws[asyncDispose]();
  });

  itDisposes('waits for nothing where there is nothing to end', async () => {
    await make()[asyncDispose]();
    const { ws } = client({ url: await deadUrl(), maxRetries: 0 });
    await assert.rejects(ws.connect());
    await ws[asyncDispose]();
  });

  itDisposes('ends a client while an iterator keeps it paused', async () => {
    const server = await startServer();
    const { ws } = await openClient({ url: server.url });
    ws[Symbol.asyncIterator]();
    for (let i = 0; i < 8; i += 1) await server.send(CHUNK);
    await until(() => ws.isPaused);
    await ws[asyncDispose]();
    assert.strictEqual(ws.state, 'CLOSED');
  });
});
