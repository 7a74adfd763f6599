'use strict';

const assert = require('assert');
const { AsyncLocalStorage } = require('async_hooks');
const { once } = require('events');
const { startServer } = require('./peer/index.js');
const { client } = require('./support/clients.js');

const texts = (messages) => messages.map(({ data }) => data);
const connections = (messages) => messages.map(({ connection, data }) => `${connection} ${data}`);

/** A promise, and what settles it. */
function deferred() {
  const parts = {};
  parts.promise = new Promise((resolve, reject) => Object.assign(parts, { resolve, reject }));
  return parts;
}

/** A client whose `init` waits until it is told to go on, and the session once it runs. */
function waitingInit(server, options) {
  const begun = deferred();
  const goOn = deferred();
  const init = (session) => {
    begun.resolve(session);
    return goOn.promise;
  };
  const made = client({ url: server.url, init, maxRetries: 0, ...options });
  made.ws.connect().catch(() => {});
  return { ...made, begun: begun.promise, goOn };
}

describe('init', () => {
  it('comes before open, before connect() resolves and before what is queued', async () => {
    const server = await startServer({ echo: true });
    const seen = [];
    const { ws } = client({
      url: server.url,
      queue: true,
      async init(session) {
        seen.push(ws.state);
        session.send('login');
        seen.push(await session.receive());
        assert.strictEqual(session.signal.aborted, false);
      },
    });
    ws.on('open', () => seen.push('open'));
    ws.on('message', ({ data }) => seen.push(data));
    ws.connect().then(() => seen.push('connected'));
    ws.send('queued');
    while (!seen.includes('queued')) await once(ws, 'message');
    assert.deepStrictEqual(seen, ['CONNECTING', 'login', 'open', 'connected', 'queued']);
    assert.deepStrictEqual(texts(await server.received(2)), ['login', 'queued']);
  });

  it('has its messages counted, and the bytes of one as they were when it was sent', async () => {
    const server = await startServer({ echo: true });
    const bytes = Buffer.from('first');
    const { ws } = client({
      url: server.url,
      async init(session) {
        session.send(bytes);
        bytes.fill(0);
        assert.strictEqual((await session.receive()).toString(), 'first');
      },
    });
    await ws.connect();
    const { messagesIn, messagesOut, bytesIn, bytesOut } = ws.getStats();
    assert.deepStrictEqual([messagesIn, messagesOut, bytesIn, bytesOut], [1, 1, 5, 5]);
  });

  it('holds back what is sent while it runs, also with a callback', async () => {
    const server = await startServer();
    const { ws, begun, goOn } = waitingInit(server);
    const session = await begun;
    const handed = deferred();
    ws.send('one', (error) => (error ? handed.reject(error) : handed.resolve()));
    ws.send('two');
    session.send('login');
    await server.received(1);
    goOn.resolve();
    await handed.promise;
    assert.deepStrictEqual(texts(await server.received(3)), ['login', 'one', 'two']);
  });

  it('tells whether the connection is another one, and what it sends is never sent again', async () => {
    const server = await startServer();
    const again = [];
    const { ws } = client({
      url: server.url,
      init(session) {
        again.push(session.isReconnect);
        session.send(`login ${again.length}`);
      },
    });
    await ws.connect();
    await server.received(1);
    await server.cut();
    await once(ws, 'reconnected');
    assert.deepStrictEqual(again, [false, true]);
    assert.deepStrictEqual(connections(await server.received(2)), ['0 login 1', '1 login 2']);
  });

  it('leaves to message what it has not received, in order and behind open', async () => {
    const server = await startServer({ greet: ['1', '2', '3'] });
    const seen = [];
    const { ws, begun, goOn } = waitingInit(server);
    for (const event of ['open', 'message']) ws.on(event, ({ data = event }) => seen.push(data));
    const session = await begun;
    assert.strictEqual(await session.receive(), '1');
    await server.send('4');
    goOn.resolve();
    await once(ws, 'open');
    await server.send('5');
    while (!seen.includes('5')) await once(ws, 'message');
    assert.deepStrictEqual(seen, ['open', '2', '3', '4', '5']);
  });

  it('gives messages to those who ask in their order, binary ones too', async () => {
    const server = await startServer({ echo: true });
    const { begun } = waitingInit(server);
    const session = await begun;
    const both = Promise.all([session.receive(), session.receive({ timeout: 60000 })]);
    session.send(Buffer.from([1, 2]));
    session.send('text');
    const [bytes, text] = await both;
    assert.deepStrictEqual([Buffer.from(bytes), text], [Buffer.from([1, 2]), 'text']);
    assert.throws(() => session.send(5), { code: 'WSR_ERR_ARGUMENT' });
  });

  it('has a time limit for a message', async () => {
    const server = await startServer({ echo: true });
    const { begun } = waitingInit(server);
    const session = await begun;
    await assert.rejects(session.receive({ timeout: 20 }), { code: 'WSR_ERR_RECEIVE_TIMEOUT' });
    await assert.rejects(session.receive({ timeout: -1 }), { code: 'WSR_ERR_OPTION' });
    session.send('late');
    assert.strictEqual(await session.receive(), 'late');
  });

  it('that throws is a failed attempt, with its error', async () => {
    const server = await startServer();
    const asked = [];
    const { ws, log } = client({
      url: server.url,
      async init() {
        throw new RangeError('bad password');
      },
      shouldReconnect({ error, code }) {
        asked.push([error.message, code, ws.circuitFailures]);
        return asked.length < 2;
      },
    });
    await assert.rejects(ws.connect(), { code: 'WSR_ERR_GAVE_UP' });
    assert.deepStrictEqual(asked, [
      ['bad password', 1006, 1],
      ['bad password', 1006, 2],
    ]);
    assert.strictEqual(log.of('error')[0].name, 'RangeError');
    assert.deepStrictEqual(log.of('open'), []);
    assert.deepStrictEqual(await server.ended(0), { code: 1000, reason: 'init failed' });
  });

  it('during which the server closes is a failed attempt with the code of the server', async () => {
    const server = await startServer();
    const { ws, log, begun } = waitingInit(server);
    const session = await begun;
    const received = session.receive();
    await server.close(4403, 'Forbidden');
    await assert.rejects(received, { name: 'AbortError', code: 'ABORT_ERR' });
    assert.ok(session.signal.aborted);
    await log.untilState('FAILED');
    const [error] = log.of('error');
    assert.strictEqual(error.code, 'WSR_ERR_INIT_CLOSED');
    assert.match(error.message, /Forbidden/);
    assert.strictEqual(log.of('close')[0].code, 4403);
    assert.strictEqual(ws.circuitFailures, 1);
  });

  it('has the time of the attempt', async () => {
    const server = await startServer();
    const { log, begun } = waitingInit(server, { connectionTimeout: 200 });
    const session = await begun;
    await log.untilState('FAILED');
    const [error] = log.of('error');
    assert.strictEqual(error.code, 'WSR_ERR_HANDSHAKE_TIMEOUT');
    assert.match(error.message, /200 ms waiting for init/);
    assert.ok(session.signal.aborted);
  });

  it('is over once it has returned', async () => {
    const server = await startServer({ greet: ['hi'] });
    const { ws, begun, goOn } = waitingInit(server);
    const session = await begun;
    await session.receive();
    const received = session.receive();
    goOn.resolve();
    await assert.rejects(received, { code: 'WSR_ERR_INIT_OVER' });
    await once(ws, 'open');
    assert.throws(() => session.send('x'), { code: 'WSR_ERR_INIT_OVER' });
    await assert.rejects(session.receive(), { code: 'WSR_ERR_INIT_OVER' });
    assert.strictEqual(session.signal.aborted, false);
  });

  for (const how of ['close', 'terminate']) {
    it(`ends with ${how}(), and its result is ignored`, async () => {
      const server = await startServer({ greet: ['1', '2'] });
      const { ws, log, begun, goOn } = waitingInit(server);
      const session = await begun;
      await session.receive();
      await session.receive();
      const received = session.receive();
      ws[how]();
      assert.ok(session.signal.aborted);
      await assert.rejects(received, { code: 'ABORT_ERR' });
      goOn.resolve();
      await log.until('close');
      assert.deepStrictEqual(
        log.of('stateChange').filter((state) => state === 'OPEN'),
        [],
      );
      assert.deepStrictEqual([...log.of('message'), ...log.of('error')], []);
    });
  }

  it('is left by reconnect() for that of another connection', async () => {
    const server = await startServer();
    const sessions = [];
    const first = deferred();
    const { ws } = client({
      url: server.url,
      init(session) {
        sessions.push(session);
        session.send(`login ${sessions.length}`);
        return sessions.length === 1 ? first.promise : undefined;
      },
    });
    ws.connect();
    await server.received(1);
    await ws.reconnect();
    assert.ok(sessions[0].signal.aborted);
    first.reject(new Error('too late'));
    assert.strictEqual(sessions.length, 2);
    assert.deepStrictEqual(connections(await server.received(2)), ['0 login 1', '1 login 2']);
    assert.strictEqual(ws.state, 'OPEN');
  });

  it('leaves to a paused client what it has not received', async () => {
    const server = await startServer({ greet: ['1', '2'] });
    const { ws, log, begun, goOn } = waitingInit(server);
    const session = await begun;
    ws.pause();
    assert.strictEqual(await session.receive(), '1');
    goOn.resolve();
    await log.until('open');
    await server.send('3');
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepStrictEqual(log.of('message'), []);
    ws.resume();
    const seen = [];
    ws.on('message', ({ data }) => seen.push(data));
    while (seen.length < 2) await once(ws, 'message');
    assert.deepStrictEqual(seen, ['2', '3']);
  });

  it('receives pongs of the application, which are hidden behind it', async () => {
    const pong = '{"type":"pong"}';
    const server = await startServer({ greet: [pong, pong, 'hi'] });
    const { ws, begun, goOn } = waitingInit(server, { hidePong: true });
    const session = await begun;
    assert.strictEqual(await session.receive(), pong);
    const heard = once(ws, 'message');
    goOn.resolve();
    const [{ data }] = await heard;
    assert.strictEqual(data, 'hi');
  });

  it('keeps what a server floods it with, as far as there is room, and loses nothing of it', async () => {
    const count = 500;
    const server = await startServer({ burst: { count, size: 80000 } });
    const numbers = [];
    const { ws, begun, goOn } = waitingInit(server);
    ws.on('message', ({ data }) => numbers.push(parseInt(data, 10)));
    const session = await begun;
    for (let i = 0; i < 100; i += 1) numbers.push(parseInt(await session.receive(), 10));
    goOn.resolve();
    while (numbers.length < count) await once(ws, 'message');
    assert.deepStrictEqual(
      numbers,
      numbers.map((_, i) => i),
    );
  });

  it('of a client that is paused with messages comes behind these', async () => {
    const server = await startServer({ greet: ['hello'] });
    const seen = [];
    const { ws } = client({
      url: server.url,
      async init(session) {
        seen.push(`init ${await session.receive()}`);
      },
    });
    ws.on('message', ({ data }) => seen.push(data));
    await ws.connect();
    ws.pause();
    await server.send('last');
    await server.send('words');
    await server.cut();
    await server.connected(2);
    await server.send('more');
    ws.resume();
    while (!seen.includes('more')) await once(ws, 'message');
    assert.deepStrictEqual(seen, ['init hello', 'last', 'words', 'init hello', 'more']);
  });

  it('leaves nothing to iterators of what it has received', async () => {
    const server = await startServer({ greet: ['1', '2', '3'] });
    const { ws, begun, goOn } = waitingInit(server);
    const messages = ws[Symbol.asyncIterator]();
    const first = messages.next();
    const session = await begun;
    await session.receive();
    await session.receive();
    goOn.resolve();
    assert.strictEqual((await first).value, '3');
  });

  it('runs in the async context of connect()', async () => {
    const server = await startServer({ greet: ['hi'] });
    const storage = new AsyncLocalStorage();
    const seen = [];
    const { ws } = client({
      url: server.url,
      async init(session) {
        seen.push(storage.getStore());
        await session.receive();
        seen.push(storage.getStore());
      },
    });
    await storage.run('mine', () => ws.connect());
    assert.deepStrictEqual(seen, ['mine', 'mine']);
  });

  it('can be assigned, and taken away', async () => {
    const server = await startServer();
    const { ws } = client({ url: server.url });
    ws.init = (session) => session.send('login');
    await ws.connect();
    ws.send('one');
    ws.init = undefined;
    await ws.reconnect();
    ws.send('two');
    assert.deepStrictEqual(connections(await server.received(3)), ['0 login', '0 one', '1 two']);
    assert.throws(() => (ws.init = 'login'), { code: 'WSR_ERR_OPTION' });
  });
});

describe('a volatile message', () => {
  it('is sent on an open connection', async () => {
    const server = await startServer();
    const { ws } = client({ url: server.url });
    await ws.connect();
    assert.strictEqual(ws.send('now', { volatile: true }), true);
    assert.deepStrictEqual(texts(await server.received(1)), ['now']);
  });

  it('is dropped in silence without one, and a callback is told', async () => {
    const server = await startServer();
    const { ws, log } = client({ url: server.url, queue: true });
    assert.strictEqual(ws.send('before', { volatile: true }), true);
    ws.connect();
    const error = await new Promise((resolve) => ws.send('connecting', { volatile: true }, resolve));
    assert.strictEqual(error.code, 'WSR_ERR_NOT_CONNECTED');
    ws.send('kept');
    assert.deepStrictEqual(texts(await server.received(1)), ['kept']);
    assert.deepStrictEqual([...log.of('drop'), ...log.of('error')], []);
    assert.throws(() => ws.send('x', { volatile: 'yes' }), { code: 'WSR_ERR_OPTION' });
  });

  it('waits for Blobs that were sent before, unless their connection is lost', async function () {
    // Node before 18 has no global Blob.
    if (typeof Blob !== 'function') this.skip();
    const server = await startServer();
    const { ws } = client({ url: server.url });
    await ws.connect();
    ws.send(new Blob(['blob']));
    ws.send('behind', { volatile: true });
    assert.deepStrictEqual((await server.received(2)).length, 2);
  });
});
