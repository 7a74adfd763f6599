'use strict';

/** Workers that end at random moments: the servers, and the program that makes them. */
const path = require('path');
const { certificates } = require('../peer/certificates.js');
const { deadPort, startServer } = require('../peer/index.js');

/** Servers for life/endings.js, as its first argument takes them. */
async function endingsUrls() {
  const plain = await startServer({ echo: true });
  const secure = await startServer({ echo: true, tls: certificates().leaf });
  const flood = await startServer({ burst: { count: 2000, size: 5000 } });
  const silent = await startServer({ plan: ['silent'] });
  return JSON.stringify({
    plain: plain.url,
    secure: secure.url,
    flood: flood.url,
    silent: silent.url,
    dead: `ws://127.0.0.1:${await deadPort()}/`,
  });
}

module.exports = { ENDINGS: path.join(__dirname, '..', 'life', 'endings.js'), endingsUrls };
