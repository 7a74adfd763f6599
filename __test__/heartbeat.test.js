'use strict';

const assert = require('assert');
const vm = require('vm');
const { startServer } = require('./peer/index.js');
const { client, openClient } = require('./support/clients.js');
const { SOON_MS } = require('./support/deadlines.js');
const { allHandled, reportedBy } = require('./support/reported.js');
const { block } = require('./support/runtime.js');
const { until } = require('./support/waiting.js');

const PONG = '{"type":"pong"}';

describe('the heartbeat', () => {
  it('is satisfied by any frame that arrives after it', async () => {
    for (const frame of ['810161', '8900', '8a00', '0100']) {
      const server = await startServer({ plan: ['bare'] });
      const { ws, log } = await openClient({
        url: server.url,
        heartbeatInterval: 200,
        heartbeatTimeout: 1000,
      });
      // For longer than a peer may be silent.
      for (let beat = 1; beat <= 7; beat++) {
        await server.received(beat);
        await server.raw(frame === '0100' && beat > 1 ? '0000' : frame);
      }
      assert.strictEqual(ws.state, 'OPEN', frame);
      assert.deepStrictEqual(log.of('error'), []);
    }
  });

  it('is not satisfied by what came before it', async () => {
    const server = await startServer({ plan: ['bare', 'refuse'] });
    const { log } = await openClient({ url: server.url, heartbeatInterval: 150, heartbeatTimeout: 100 });
    await server.raw('810161');
    await log.until('message');
    await log.until('error WSR_ERR_HEARTBEAT');
  });

  it('lets a pong message reach the handlers', async () => {
    const server = await startServer({ echo: true });
    const pong = '{"type":"pong"}';
    const { log } = await openClient({ url: server.url, heartbeatInterval: 50, heartbeatMessage: pong });
    await log.until(`message ${pong}`);
  });

  it('cuts a dead peer at once', async () => {
    const server = await startServer({ plan: ['bare', 'refuse'] });
    const { log } = await openClient({ url: server.url, heartbeatInterval: 50, heartbeatTimeout: 50 });
    await server.received(1);
    await log.until('error WSR_ERR_HEARTBEAT');
    await log.until('close 1006');
    assert.strictEqual((await server.ended()).code, 1006, 'no close frame is sent');
  });

  it('cuts a peer that reads and writes no more', async () => {
    const server = await startServer({ plan: ['accept', 'refuse'] });
    const { log } = await openClient({ url: server.url, heartbeatInterval: 50, heartbeatTimeout: 80 });
    await server.freeze();
    await log.until('error WSR_ERR_HEARTBEAT');
    await log.until('retry');
  });

  it('goes on while JavaScript is blocked, and so do the answers to pings', async () => {
    const server = await startServer({ echo: true });
    const { ws, log } = await openClient({ url: server.url, heartbeatInterval: 100, heartbeatTimeout: 1500 });
    const before = (await server.received(1)).length;
    await server.later(300, 'ping', 'while blocked', 20);
    await server.later(2000, 'mark');
    block(2500);
    const { messages, pongs } = await server.marked();
    // As many as its interval allows, and a few at least on the slowest machine.
    const beats = messages - before;
    assert.ok(beats >= 5 && beats <= 26, `${beats} heartbeats in 2 s, not about 20`);
    assert.strictEqual(pongs, 20);
    assert.strictEqual(ws.state, 'OPEN');
    assert.deepStrictEqual(log.of('error'), []);
  });

  it('pings of a server that come while JavaScript is blocked are answered meanwhile', async () => {
    const server = await startServer({ tick: 100 });
    await openClient({ url: server.url });
    const before = (await server.pongs(1)).length;
    await server.later(1500, 'mark');
    block(2000);
    const answered = (await server.marked()).pongs - before;
    assert.ok(answered >= 5, `${answered} of about 15 pings were answered`);
  });

  it('keeps its rhythm: one beat each interval from the open', async () => {
    const server = await startServer({ echo: true });
    const started = Date.now();
    const { log } = await openClient({ url: server.url, heartbeatInterval: 100 });
    await log.count('message', 5);
    const took = Date.now() - started;
    assert.ok(took >= 499 && took < SOON_MS, `five beats took ${took} ms`);
  });
});

describe('heartbeatMode', () => {
  it("'ping' sends ping frames in place of the message, and measures their pongs", async () => {
    const server = await startServer();
    const { ws } = await openClient({ url: server.url, heartbeatInterval: 40, heartbeatMode: 'ping' });
    await until(async () => (await server.pings()) >= 3);
    assert.deepStrictEqual(await server.received(0), []);
    const { rtt } = ws.getStats();
    assert.deepStrictEqual(Object.keys(rtt), ['last', 'min', 'mean', 'p95']);
    assert.ok(rtt.min > 0 && rtt.min <= rtt.mean && rtt.mean <= rtt.p95, JSON.stringify(rtt));
  });

  it("'ping' finds a peer dead that does not answer", async () => {
    const server = await startServer({ plan: ['bare', 'refuse'] });
    const options = { heartbeatInterval: 50, heartbeatTimeout: 50, heartbeatMode: 'ping' };
    const { log } = await openClient({ url: server.url, ...options });
    await log.until('error WSR_ERR_HEARTBEAT');
  });

  it("'message' is the default, and holds again from the next heartbeat", async () => {
    const server = await startServer();
    const { ws } = await openClient({ url: server.url, heartbeatInterval: 40 });
    assert.strictEqual(ws.heartbeatMode, 'message');
    await server.received(2);
    assert.strictEqual(await server.pings(), 0);
    assert.strictEqual('rtt' in ws.getStats(), false);
    ws.heartbeatMode = 'ping';
    await until(() => server.pings());
    ws.heartbeatMode = null;
    const before = (await server.received(0)).length;
    await server.received(before + 1);
  });
});

describe('heartbeatReply', () => {
  const beats = { heartbeatInterval: 60, heartbeatTimeout: 50, heartbeatMessage: 'beat' };
  /** The same for a peer that answers, which a slow machine may make do so late. */
  const answered = { ...beats, heartbeatTimeout: 600 };
  /** So many beats take longer than such a peer may be silent. */
  const BEATS = 12;

  it('takes the message that it matches for the reply', async () => {
    const server = await startServer({ echo: true });
    for (const heartbeatReply of [
      /^beat$/,
      /bea/g,
      vm.runInNewContext('/^beat$/'),
      Object.freeze(/bea/g),
      (data) => data === 'beat',
    ]) {
      const { ws, log } = await openClient({ url: server.url, ...answered, heartbeatReply });
      await log.count('message beat', BEATS);
      assert.strictEqual(ws.state, 'OPEN');
      ws.close();
    }
  });

  it('does not take any other frame for it', async () => {
    const server = await startServer({ echo: true });
    const never = [
      /other/,
      () => false,
      () => {
        throw new Error('cannot say');
      },
    ];
    const { error } = console;
    console.error = () => {};
    try {
      for (const heartbeatReply of never) {
        const { ws, log } = await openClient({ url: server.url, ...beats, heartbeatReply });
        await log.until('message beat');
        await log.until('error WSR_ERR_HEARTBEAT');
        ws.close();
      }
    } finally {
      console.error = error;
    }
  });

  it('is reported where its promise rejects', async () => {
    const server = await startServer({ echo: true });
    const heartbeatReply = async () => {
      throw new Error('cannot say');
    };
    await allHandled(async () => {
      const reported = await reportedBy(async (count) => {
        const { ws } = await openClient({ url: server.url, heartbeatReply });
        ws.send('x');
        await count(1);
      });
      assert.strictEqual(reported[0][1].message, 'cannot say');
    });
  });

  it('is judged late by a busy event loop, which kills no peer that answers', async () => {
    const server = await startServer({ echo: true });
    const { ws, log } = await openClient({ url: server.url, ...answered, heartbeatReply: /beat/ });
    await log.until('message beat');
    block(2000);
    await log.count('message beat', BEATS);
    assert.deepStrictEqual(log.of('error'), []);
    assert.strictEqual(ws.state, 'OPEN');
  });

  it('is judged late by a busy event loop, which saves no peer that does not', async () => {
    const server = await startServer({ echo: true });
    const { log } = await openClient({ url: server.url, ...beats, heartbeatReply: /other/ });
    block(400);
    await log.until('message beat');
    await log.until('error WSR_ERR_HEARTBEAT');
  });

  it('gives way to any frame when it is taken away', async () => {
    const server = await startServer({ echo: true });
    const { ws, log } = await openClient({ url: server.url, ...answered, heartbeatReply: /other/ });
    ws.heartbeatReply = null;
    await log.count('message beat', BEATS);
    assert.strictEqual(ws.state, 'OPEN');
  });
});

describe('hidePong', () => {
  const greet = [PONG, '{"type":"pong","at":7}', '"pong"', '{"type":"pang"}', '{"pong"'];

  it('keeps JSON of the type pong from message, and nothing else', async () => {
    const server = await startServer({ greet: [...greet, 'last'] });
    const { ws, log } = client({ url: server.url, hidePong: true });
    ws.connect();
    await log.until('message last');
    assert.deepStrictEqual(
      log.of('message').map(({ data }) => data),
      [...greet.slice(2), 'last'],
    );
  });

  it('is off by default, and can be changed', async () => {
    const server = await startServer({ greet: [PONG] });
    const { ws, log } = client({ url: server.url });
    assert.strictEqual(ws.hidePong, false);
    ws.connect();
    await log.until(`message ${PONG}`);
    ws.hidePong = true;
    for (const text of [PONG, 'next']) await server.send(text);
    await log.until('message next');
    assert.strictEqual(log.of('message').length, 2);
  });

  it('leaves what it hides to heartbeatReply', async () => {
    const server = await startServer({ echo: true });
    const options = { heartbeatInterval: 60, heartbeatTimeout: 600, heartbeatMessage: PONG };
    const { ws, log } = await openClient({
      url: server.url,
      ...options,
      hidePong: true,
      heartbeatReply: /pong/,
    });
    await server.received(12);
    assert.strictEqual(ws.state, 'OPEN');
    assert.deepStrictEqual(log.lines, []);
  });
});
