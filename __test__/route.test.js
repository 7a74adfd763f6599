'use strict';

const assert = require('assert');
const { startServer } = require('./peer/index.js');
const { UNHURRIED, client, make, openClient } = require('./support/clients.js');
const { never, turn } = require('./support/waiting.js');

describe('url, protocols and headers as functions', () => {
  it('are called for every attempt', async () => {
    const server = await startServer({ plan: ['refuse', 'refuse', 'accept'] });
    const seen = [];
    const { ws } = client({
      baseDelay: 5,
      url: (context) => {
        seen.push(context);
        return `${server.url}?attempt=${context.attempt}`;
      },
      protocols: ({ attempt }) => `v${attempt}`,
      headers: ({ attempt }) => ({ 'X-Top': attempt }),
      websocketOptions: { headers: ({ attempt }) => ({ 'X-Deep': `deep ${attempt}`, 'x-top': 'hidden' }) },
    });
    await ws.connect();
    const shakes = await server.handshakes();
    assert.deepStrictEqual(
      shakes.map(({ url, headers }) => [
        url,
        headers['sec-websocket-protocol'],
        headers['x-top'],
        headers['x-deep'],
      ]),
      [0, 1, 2].map((n) => [`/?attempt=${n}`, `v${n}`, `${n}`, `deep ${n}`]),
    );
    assert.strictEqual(seen[0].lastError, undefined);
    assert.strictEqual(seen[1].lastError.statusCode, 503);
    assert.strictEqual(seen[2].signal.aborted, false);
    assert.strictEqual(ws.url, `${server.url}?attempt=2`);
    assert.deepStrictEqual([ws.protocols, ws.protocol], [['v2'], 'v2']);
  });

  it('may be promises, called inside connect()', async () => {
    const server = await startServer();
    let called = 0;
    const token = async () => {
      called += 1;
      await turn();
      return { Authorization: 'Bearer fresh' };
    };
    const { ws } = client({ url: async () => new URL(server.url), headers: token });
    const open = ws.connect();
    assert.deepStrictEqual([called, ws.state], [1, 'CONNECTING']);
    ws.send('kept');
    await open;
    await server.received(1);
    const [{ headers }] = await server.handshakes();
    assert.strictEqual(headers.authorization, 'Bearer fresh');
  });

  for (const [what, url, expected] of [
    ['that throws', () => assert.fail('mine'), 'ERR_ASSERTION'],
    ['that rejects', () => Promise.reject(Object.assign(new Error('mine'), { code: 'MINE' })), 'MINE'],
    ['that throws no Error', () => Promise.reject('text'), 'WSR_ERR_FUNCTION'],
    ['that returns no URL', () => 7, 'WSR_ERR_OPTION'],
    ['that returns a bad URL', async () => 'ftp://x', 'WSR_ERR_OPTION'],
    ['that never settles', never, 'WSR_ERR_HANDSHAKE_TIMEOUT'],
  ]) {
    it(`url() ${what} is a failed attempt with its error`, async () => {
      const unhandled = [];
      const note = (reason) => unhandled.push(reason);
      process.on('unhandledRejection', note);
      const { ws, log } = client({ url, baseDelay: 5, connectionTimeout: 80, maxRetries: 1 });
      const rejection = await ws.connect().catch((error) => error);
      await turn();
      process.removeListener('unhandledRejection', note);
      assert.deepStrictEqual(unhandled, []);
      assert.strictEqual(rejection.code, 'WSR_ERR_GAVE_UP');
      const errors = log.of('error');
      assert.deepStrictEqual(
        errors.map((error) => error.code),
        [expected, expected],
      );
      assert.strictEqual(ws.circuitFailures, 2);
      assert.strictEqual(rejection.cause, errors[1]);
    });
  }

  it('hands the error itself to the handlers', async () => {
    const mine = new Error('mine');
    const { ws, log } = client({ url: () => Promise.reject(mine), maxRetries: 0 });
    await assert.rejects(ws.connect());
    assert.strictEqual(log.of('error')[0], mine);
  });

  it('are told by their signal that the attempt is given up', async () => {
    let signal;
    const url = (context) => {
      signal = context.signal;
      return never();
    };
    const { ws, log } = client({ url });
    ws.connect();
    const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve));
    ws.close();
    await aborted;
    assert.strictEqual(signal.aborted, true);
    await log.until("close 1006 ''");
    assert.deepStrictEqual(log.of('error'), []);
  });

  it('give an answer that comes too late to nobody', async () => {
    const server = await startServer();
    const answers = [];
    const { ws, log } = client({ url: () => new Promise((resolve) => answers.push(resolve)) });
    ws.connect();
    ws.close();
    await log.until('close');
    ws.reset();
    const open = ws.connect();
    answers[0]('ws://127.0.0.1:1/');
    await turn();
    answers[1](server.url);
    await open;
    assert.strictEqual((await server.handshakes()).length, 1);
  });

  it('can be written, and back', async () => {
    const server = await startServer();
    const { ws } = client({ url: 'ws://127.0.0.1:1/' });
    ws.url = () => server.url;
    assert.strictEqual(ws.url, '');
    await ws.connect();
    ws.url = 'ws://127.0.0.1:2/';
    assert.strictEqual(ws.url, 'ws://127.0.0.1:2/');
    ws.protocols = () => 'a';
    ws.url = server.url;
    await ws.reconnect();
    assert.strictEqual(ws.protocol, 'a');
  });

  it('are read where they are written into websocketOptions', async () => {
    const server = await startServer({ plan: ['refuse', 'accept'] });
    const { ws } = client({ url: server.url, websocketOptions: { headers: {} }, ...UNHURRIED });
    ws.once('close', () => (ws.websocketOptions.headers = () => ({ 'X-Late': 'yes' })));
    await ws.connect();
    assert.strictEqual((await server.handshakes())[1].headers['x-late'], 'yes');
  });

  it('headers may be an object too, which wins over websocketOptions.headers', async () => {
    const server = await startServer();
    const websocketOptions = { headers: { A: 'deep', B: 'deep' } };
    await openClient({ url: server.url, headers: { a: 'top' }, websocketOptions });
    const [{ headers }] = await server.handshakes();
    assert.deepStrictEqual([headers.a, headers.b], ['top', 'deep']);
    assert.throws(() => make({ headers: 5 }), TypeError);
    assert.throws(() => make({ headers: { a: {} } }), TypeError);
  });
});
