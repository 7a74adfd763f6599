'use strict';

// What lib/request-headers.js is in bundles.

const { NO_HEADERS, unsupported } = require('./unsupported.js');

/** There are none: what is given throws. */
function readHeaders(given, place) {
  if (given === undefined || given === null) return [];
  throw unsupported(place, NO_HEADERS);
}

module.exports = { readHeaders };
