'use strict';

/** The module under test. Another one takes its place to compare: `WSR_TEST_SUBJECT=/path/index.js`. */
module.exports = require(process.env.WSR_TEST_SUBJECT || '..');
