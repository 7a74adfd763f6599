'use strict';

const assert = require('assert');
const { client } = require('./clients.js');
const { deadUrl } = require('./urls.js');

/** The delays of the retries that were told. */
const delays = (log) => log.of('retry').map(({ delay }) => delay);

/** The delays of so many retries to a server that is not there. */
async function delaysOf(options, count) {
  const { ws, log } = client({ url: await deadUrl(), maxRetries: count, ...options });
  await assert.rejects(ws.connect());
  return delays(log);
}

module.exports = { delays, delaysOf };
