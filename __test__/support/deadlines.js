'use strict';

/** How many times as slow as a machine the tests run on something that emulates one. */
const SLOWNESS = Number(process.env.WSR_TEST_SLOWNESS || 1);
/** By then what a test waits for has come, on a slow machine too: only a failure takes so long. In ms. */
const DUE_MS = 60000 * SLOWNESS;
/** A whole test has ended by then. */
const TEST_MS = 90000 * SLOWNESS;
/** What is due within seconds has come by then, and what takes one of the defaults of ours (30 s) has not. */
const SOON_MS = 20000;

module.exports = { DUE_MS, SOON_MS, TEST_MS };
