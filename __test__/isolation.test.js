'use strict';

const assert = require('assert');
const path = require('path');
const { inspect } = require('util');
const { certificates } = require('./peer/certificates.js');
const { deadPort, startServer } = require('./peer/index.js');
const { QUICK, WebSocketReconnect } = require('./support/clients.js');
const { allHandled } = require('./support/reported.js');
const { program, runScript, runtime } = require('./support/runtime.js');

/** How each is told. */
const TOLD = [
  'handler: reported boom in handler',
  'nextTick: uncaught boom in nextTick',
  'microtask: uncaught boom in microtask',
  'rejection: unhandled boom in rejection',
  'timer: uncaught boom in timer',
  'immediate: uncaught boom in immediate',
  'console: uncaught boom in console, uncaught no console',
  'inspect: uncaught boom in inspect',
  'emit: uncaught boom in emit',
  'accessor: uncaught boom in accessor',
  'the other is OPEN',
];

describe('what the code of users throws', () => {
  for (const [how, delivery, without, isSecure] of [
    ['by the thread that reads', 'message', ''],
    ['by the mailbox', 'message', 'write,read,runs'],
    ['over TLS', 'message', '', true],
    ['by a call before it returns', 'call', ''],
    ['after a pause', 'backlog', ''],
  ]) {
    it(`is told and hurts nobody else, delivered ${how}`, async () => {
      const server = await startServer({ echo: true, obeys: true, tls: isSecure && certificates().leaf });
      const env = { WEBSOCKET_RECONNECT_NATIVE_WITHOUT: without };
      const { stdout, stderr } = await runScript(program('escapes.js'), [server.url, delivery], {
        env,
      });
      assert.deepStrictEqual(stdout.trim().split('\n'), TOLD, stderr);
    });
  }

  for (const delivery of ['message', 'call']) {
    it(`is told and hurts nobody else over the platform's WebSocket, delivered by a ${delivery}`, async () => {
      const server = await startServer({ echo: true, obeys: true });
      const env = { WSR_TEST_SUBJECT: path.join(__dirname, 'support', 'portable.js') };
      const { stdout, stderr } = await runScript(program('escapes.js'), [server.url, delivery], { env });
      assert.deepStrictEqual(stdout.trim().split('\n'), TOLD, stderr);
    });
  }

  for (const when of ['before', 'behind']) {
    it(`may be what JavaScript cannot make, ${when} the rest is handed over`, async () => {
      const server = await startServer({ echo: true });
      const env = { WEBSOCKET_RECONNECT_NATIVE_WITHOUT: 'read' };
      const { stdout, stderr } = await runScript(program('unmade.js'), [server.url, when], { env });
      assert.deepStrictEqual(stdout.trim().split('\n').sort(), ['all came', 'unmade'], stderr);
    });
  }

  it('may be anything, from each function of the options', async () => {
    const fail = () => assert.fail('it is looked at');
    const ODDITIES = [
      () => Object.create(null),
      () => ({ toString: fail, [inspect.custom]: fail }),
      () => Object.defineProperty(new Error(), 'message', { get: fail }),
      () => new Proxy(new Error('hidden'), { getPrototypeOf: fail, get: fail }),
      () => Object.defineProperty({}, 'then', { get: fail }),
      () => Symbol('none'),
      () => undefined,
    ];
    const url = `ws://127.0.0.1:${await deadPort()}/`;
    const ways = {
      throws: (odd) => () => {
        throw odd();
      },
      rejects: (odd) => () => Promise.reject(odd()),
      returns: (odd) => odd,
    };
    /** How many errors are told until the client gives up after a retry. */
    const errorsOf = async (name, way, odd) => {
      const ws = new WebSocketReconnect({
        ...QUICK,
        url,
        maxRetries: 1,
        baseDelay: 1,
        [name]: ways[way](odd),
      });
      let errors = 0;
      ws.on('error', () => {
        errors += 1;
      });
      const ended = new Promise((resolve) => ws.on('giveup', resolve));
      ws.connect();
      await ended;
      return errors;
    };
    const check = async (name, way, odd) => {
      const isSaid =
        name === 'shouldReconnect' ||
        (name === 'reconnectDelay' && (way !== 'returns' || odd() !== undefined));
      // Each attempt fails, of itself or by the function; what decides about the retry fails besides.
      assert.strictEqual(await errorsOf(name, way, odd), isSaid ? 3 : 2, `${name} ${way} ${odd}`);
    };
    await allHandled(async () => {
      const all = [];
      for (const name of ['url', 'headers', 'shouldReconnect', 'reconnectDelay']) {
        for (const way of Object.keys(ways)) all.push(...ODDITIES.map((odd) => check(name, way, odd)));
      }
      await Promise.all(all);
    });
  });
});

describe("timers that are not the runtime's", () => {
  for (const [how, what] of [
    ['deleted', 'since setImmediate was deleted before the package was loaded'],
    ['faked', 'since they were faked after the package was loaded'],
    ['mocked', 'since they were mocked after the package was loaded'],
  ]) {
    it(`hold up nothing, ${what}`, async function () {
      // Others do not have node:test, or not its mock.
      if (how === 'mocked' && (runtime.name !== 'node' || runtime.nodeMajor < 20)) this.skip();
      const server = await startServer({ echo: true });
      const { stdout, stderr } = await runScript(program('faked.js'), [server.url, how]);
      assert.strictEqual(stdout.trim(), 'all there', stderr);
    });
  }
});
