'use strict';

const assert = require('assert');
const { createHook } = require('async_hooks');
const dns = require('dns');
const { startServer } = require('./peer/index.js');
const { client, openClient } = require('./support/clients.js');
const { allHandled } = require('./support/reported.js');
const { runtime } = require('./support/runtime.js');
const { make } = require('./support/upgrades.js');
const { turn } = require('./support/waiting.js');

describe('websocketOptions.lookup', () => {
  const HOME = [{ address: '127.0.0.1', family: 4 }];

  /** A function that finds what it is told, and what it was asked. */
  function finding(...found) {
    const asked = [];
    const lookup = (...given) => {
      asked.push(given);
      setImmediate(given[2], null, ...found);
    };
    return { asked, lookup };
  }

  /** The error of an attempt with this function. */
  async function failure(lookup, more = {}) {
    const websocketOptions = { lookup, ...more };
    const { ws, log } = client({ url: 'ws://nowhere.invalid/', websocketOptions, maxRetries: 0 });
    ws.connect();
    return (await log.until('error')).argument;
  }

  it('is asked for each attempt, as Node asks', async () => {
    const server = await startServer({ echo: true });
    const asked = [];
    const lookup = (host, options, callback) => {
      asked.push([host, options]);
      if (asked.length === 1) callback(new Error('not yet'));
      else setImmediate(callback, null, HOME);
    };
    const { ws, log } = client({
      url: `ws://nowhere.invalid:${server.port}/`,
      websocketOptions: { lookup },
      baseDelay: 10,
    });
    const opening = ws.connect();
    const { argument } = await log.until('error');
    assert.strictEqual(argument.message, 'not yet');
    await opening;
    const hints = process.platform === 'win32' ? 0 : dns.ADDRCONFIG;
    const question = ['nowhere.invalid', { all: true, family: 0, hints }];
    assert.deepStrictEqual(asked, [question, question]);
  });

  it('is told the family that is wanted', async () => {
    const server = await startServer();
    const { asked, lookup } = finding([{ address: '::1', family: 6 }, ...HOME]);
    await openClient({
      url: `ws://nowhere.invalid:${server.port}/`,
      websocketOptions: { lookup, family: 4 },
    });
    assert.deepStrictEqual(asked[0][1], { all: true, family: 4, hints: 0 });
  });

  it('may find a single address', async () => {
    const server = await startServer();
    const { lookup } = finding('127.0.0.1', 4);
    await openClient({ url: `ws://nowhere.invalid:${server.port}/`, websocketOptions: { lookup } });
  });

  it('has what it finds raced', async () => {
    const server = await startServer();
    const { lookup } = finding([{ address: '127.0.0.2', family: 4 }, ...HOME]);
    await openClient({ url: `ws://nowhere.invalid:${server.port}/`, websocketOptions: { lookup } });
  });

  it('is asked for the host that a redirect leads to, and for no address', async () => {
    const there = await startServer();
    const location = `http://there.invalid:${there.port}/`;
    const upgrade = `HTTP/1.1 302 Found\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`;
    const here = await startServer({ plan: ['garbage'], upgrade });
    const { asked, lookup } = finding(HOME);
    const url = `ws://127.0.0.1:${here.port}/`;
    await openClient({ url, websocketOptions: { lookup, followRedirects: true } });
    assert.deepStrictEqual(
      asked.map(([host]) => host),
      ['there.invalid'],
    );
  });

  it('is asked for each of several URLs', async () => {
    const server = await startServer();
    const asked = [];
    const lookup = (host, _options, callback) => {
      asked.push(host);
      if (host === 'one.invalid') callback(Object.assign(new Error('no one'), { code: 'ENOTFOUND' }));
      else callback(null, HOME);
    };
    const { ws, log } = client({
      urls: ['ws://one.invalid/', `ws://two.invalid:${server.port}/`],
      websocketOptions: { lookup },
    });
    await ws.connect();
    assert.deepStrictEqual(asked, ['one.invalid', 'two.invalid']);
    assert.strictEqual(log.of('error')[0].code, 'ENOTFOUND');
  });

  it('that throws, or rejects, fails the attempt with that', async () => {
    const thrown = new TypeError('no such table');
    const throwing = () => {
      throw thrown;
    };
    assert.strictEqual(await failure(throwing), thrown);
    await allHandled(async () => {
      assert.strictEqual(await failure(() => Promise.reject(thrown)), thrown);
    });
    const other = await failure((_host, _options, callback) => callback('no error'));
    assert.strictEqual(other.code, 'WSR_ERR_FUNCTION');
  });

  it('that finds what is no address fails the attempt', async () => {
    for (const found of [undefined, null, 'nowhere', ['127.0.0.1'], [{ address: 1 }], [null], {}]) {
      const error = await failure(finding(found).lookup);
      assert.strictEqual(error.code, 'WSR_ERR_FUNCTION');
      assert.match(error.message, /^websocketOptions\.lookup found /);
    }
    assert.strictEqual((await failure(finding([]).lookup)).code, 'ENOTFOUND');
  });

  it('may find an address of IPv6 with its interface, as Node takes it', async () => {
    for (const address of ['fe80::1%1', 'fe80::1%lo']) {
      if (address.endsWith('lo') && process.platform !== 'linux') continue;
      const { code } = await failure(finding([{ address, family: 6 }]).lookup, { handshakeTimeout: 1000 });
      assert.notStrictEqual(code, 'WSR_ERR_FUNCTION', address);
    }
    const unknown = await failure(finding([{ address: 'fe80::1%no-such', family: 6 }]).lookup);
    assert.strictEqual(unknown.code, 'WSR_ERR_FUNCTION');
  });

  it('that fails late, or twice, does not speak for a later attempt', async () => {
    const errors = [1, 2, 3].map((number) => new Error(`error ${number}`));
    const callbacks = [];
    const lookup = (_host, _options, callback) => {
      callbacks.push(callback);
      if (callbacks.length === 1) return;
      setImmediate(() => {
        callback(errors[1]);
        callback(errors[2]);
        callbacks[0](errors[0]);
      });
    };
    const websocketOptions = { lookup, handshakeTimeout: 100 };
    const { ws, log } = client({ url: 'ws://nowhere.invalid/', websocketOptions, maxRetries: 1 });
    ws.connect();
    assert.strictEqual((await log.until('error')).argument.code, 'WSR_ERR_HANDSHAKE_TIMEOUT');
    assert.strictEqual((await log.until('error')).argument, errors[1]);
  });

  it('that never answers costs the time of the attempt, and what comes later is for nobody', async () => {
    let answer;
    const lookup = (_host, _options, callback) => {
      answer = callback;
    };
    const error = await failure(lookup, { handshakeTimeout: 100 });
    assert.strictEqual(error.code, 'WSR_ERR_HANDSHAKE_TIMEOUT');
    assert.match(error.message, /resolving/);
    answer(null, HOME);
    answer(new Error('twice'));
    await turn();
  });

  it('is given up with its client', async () => {
    const { ws, log } = client({
      url: 'ws://nowhere.invalid/',
      websocketOptions: { lookup: () => {} },
    });
    ws.connect().catch(() => {});
    await turn();
    ws.close();
    await log.until('close');
    assert.strictEqual(log.of('error').length, 0);
  });

  it("that is Node's own leaves it to the engine", async function () {
    // Others tell nothing of their look-ups.
    if (runtime.name !== 'node') this.skip();
    const server = await startServer();
    let lookUps = 0;
    const hook = createHook({
      init: (_id, type) => {
        if (type === 'GETADDRINFOREQWRAP') lookUps += 1;
      },
    }).enable();
    const url = `ws://localhost:${server.port}/`;
    await openClient({ url, websocketOptions: { lookup: dns.lookup, family: 4 } });
    const own = (host, options, callback) => dns.lookup(host, options, callback);
    assert.strictEqual(lookUps, 0);
    await openClient({ url, websocketOptions: { lookup: own, family: 4 } });
    assert.strictEqual(lookUps, 1);
    hook.disable();
  });

  it('that is no function is refused', () => {
    assert.throws(() => make({ lookup: '127.0.0.1' }), { name: 'TypeError', code: 'WSR_ERR_OPTION' });
  });
});
