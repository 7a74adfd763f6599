'use strict';

/** By then what a test waits for has come, on a slow machine too: only a failure takes so long. In ms. */
const DUE_MS = 60000;
/** A whole test has ended by then. */
const TEST_MS = 90000;

module.exports = { DUE_MS, TEST_MS };
