'use strict';

// What an attempt asks for in the middle, and only JavaScript has.

const dns = require('dns');
const { inspect } = require('util');
const { coded } = require('../errors.js');
const { asError, heed } = require('../facade/ask.js');

/** Node asks for addresses that this machine can reach, unless it is told a family, or is on Windows. */
const hintsFor = (family) => (family === 0 && process.platform !== 'win32' ? dns.ADDRCONFIG : 0);

/** The addresses in what a `lookup` found: one, or an array of `{ address, family }`. The engine knows what an address is. */
function addressesIn(found) {
  const addresses = Array.isArray(found) ? found.map((entry) => Object(entry).address) : [found];
  if (addresses.every((address) => typeof address === 'string')) return addresses;
  const allowed = "an IP address, or an array of objects like { address: '127.0.0.1', family: 4 }";
  throw coded(
    TypeError,
    'WSR_ERR_FUNCTION',
    `websocketOptions.lookup found ${inspect(found)}; allowed is ${allowed}`,
  );
}

/**
 * Answers by the user's `lookup`, as Node calls it. `fail` takes its error.
 * @param {import('../../native/index.js').AddressNeed} need
 */
function supplyAddresses(need, { lookup, family: asked }, fail) {
  const family = asked || 0;
  const failed = (thrown) => fail(asError(thrown, 'websocketOptions.lookup'));
  const answer = (error, found) => {
    if (error) {
      failed(error);
      return;
    }
    try {
      need.answer(addressesIn(found));
    } catch (bad) {
      fail(bad);
    }
  };
  try {
    heed(lookup(need.host(), { all: true, family, hints: hintsFor(family) }, answer), failed);
  } catch (error) {
    failed(error);
  }
}

module.exports = { supplyAddresses };
