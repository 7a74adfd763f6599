'use strict';

// What an attempt asks for in the middle, and only JavaScript has.

const { asError } = require('../facade/ask.js');

const isAddress = (entry) => typeof entry === 'object' && entry !== null && typeof entry.address === 'string';

/**
 * Answers by the user's `lookup`, as Node calls it. `fail` takes its error.
 * @param {import('../../native/index.js').AddressNeed} need
 */
function supplyAddresses(need, { lookup, family = 0 }, fail) {
  const failed = (thrown) => fail(asError(thrown, 'websocketOptions.lookup'));
  const answer = (error, found) => {
    if (error) failed(error);
    else need.answer(Array.isArray(found) ? found.filter(isAddress).map(({ address }) => address) : [found]);
  };
  try {
    lookup(need.host(), { all: true, family, hints: 0 }, answer);
  } catch (error) {
    failed(error);
  }
}

module.exports = { supplyAddresses };
