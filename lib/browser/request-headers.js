'use strict';

// What lib/request-headers.js is in bundles.

const { NO_HEADERS, unsupported } = require('./unsupported.js');

const isEmpty = (given) =>
  typeof given === 'object' &&
  Array.from(given[Symbol.iterator] === undefined ? Object.keys(given) : given).length === 0;

/** There are none: what names one throws. */
function readHeaders(given, place) {
  if (given === undefined || given === null || isEmpty(given)) return [];
  throw unsupported(place, NO_HEADERS);
}

module.exports = { readHeaders };
