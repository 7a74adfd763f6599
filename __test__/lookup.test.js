'use strict';

const assert = require('assert');
const { startServer } = require('./peer/index.js');
const { client } = require('./support/clients.js');

describe('websocketOptions.lookup', () => {
  it('is asked for each attempt, as Node asks', async () => {
    const server = await startServer({ echo: true });
    const asked = [];
    const lookup = (host, options, callback) => {
      asked.push([host, options.all]);
      if (asked.length === 1) callback(new Error('not yet'));
      else setImmediate(callback, null, [{ address: '127.0.0.1', family: 4 }]);
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
    assert.deepStrictEqual(asked, [
      ['nowhere.invalid', true],
      ['nowhere.invalid', true],
    ]);
  });

  it('that throws fails the attempt with what it threw', async () => {
    const thrown = new TypeError('no such table');
    const lookup = () => {
      throw thrown;
    };
    const { ws, log } = client({ url: 'ws://nowhere.invalid/', websocketOptions: { lookup }, maxRetries: 0 });
    ws.connect();
    const { argument } = await log.until('error');
    assert.strictEqual(argument, thrown);
  });
});
