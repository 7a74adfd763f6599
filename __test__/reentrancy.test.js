'use strict';

const assert = require('assert');
const { client } = require('./support/clients.js');
const { deadUrl } = require('./support/urls.js');
const { turn } = require('./support/waiting.js');

describe('a call inside the handler of stateChange FAILED', () => {
  const LAST = "close MAX_RETRIES 'Maximum retry attempts (0) exceeded'";

  /** What is told from FAILED on when `act` is called by its handler, and what became of the promise of `connect()`. */
  async function failing(act, options) {
    const { ws, log } = client({ url: await deadUrl(), maxRetries: 0, ...options });
    let given = 0;
    ws.on('giveup', () => {
      given += 1;
      log.lines.push('giveup');
    });
    ws.once('stateChange', () => {
      ws.on('stateChange', (state) => {
        if (state === 'FAILED' && given === 0) act(ws);
      });
    });
    const gaveUp = new Promise((resolve) => ws.on('giveup', resolve));
    const connected = ws.connect().catch(({ name, code }) => (name === 'AbortError' ? name : code));
    return { ws, log, connected, gaveUp };
  }

  const told = (log) => log.lines.slice(log.lines.indexOf('stateChange FAILED'));

  it('that closes leaves the giving up as it is', async () => {
    const controller = typeof AbortController === 'function' ? new AbortController() : undefined;
    const ways = [(ws) => ws.close(3000, 'mine'), (ws) => ws.terminate()];
    if (controller) ways.push(() => controller.abort());
    for (const way of ways) {
      const signal = controller && controller.signal;
      const { ws, log, connected, gaveUp } = await failing(way, { signal });
      await gaveUp;
      await turn();
      assert.deepStrictEqual(told(log), ['stateChange FAILED', LAST, 'giveup']);
      assert.strictEqual(ws.state, 'FAILED');
      const isAbort = way === ways[2];
      assert.strictEqual(await connected, isAbort ? 'AbortError' : 'WSR_ERR_GAVE_UP');
      await assert.rejects(ws.connect(), isAbort ? undefined : { code: 'WSR_ERR_CLOSED' });
      assert.strictEqual(told(log).length, 3);
    }
  });

  it('that connects begins anew, once it has been told', async () => {
    for (const way of ['connect', 'reconnect']) {
      const { log } = await failing((ws) => ws[way]());
      await log.count('stateChange FAILED', 2);
      const [first, second, third, fourth] = told(log);
      assert.deepStrictEqual(
        [first, second, third, fourth],
        ['stateChange FAILED', LAST, 'giveup', 'stateChange CONNECTING'],
      );
    }
  });

  it('that connects and closes ends in one close', async () => {
    const { log, connected } = await failing((ws) => {
      ws.connect();
      ws.close(3000, 'mine');
    });
    await log.until('stateChange CLOSING');
    await log.until('close');
    assert.deepStrictEqual(told(log).slice(0, 3), [
      'stateChange FAILED',
      'stateChange CLOSING',
      'stateChange CLOSED',
    ]);
    assert.strictEqual(await connected, 'WSR_ERR_CLOSED');
  });
});
