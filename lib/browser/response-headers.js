'use strict';

// What lib/response-headers.js is in bundles.

/** None: a browser shows none of an upgrade. */
const headersOf = () => ({});

module.exports = { headersOf };
