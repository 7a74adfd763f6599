'use strict';

const timers = require('timers');

// What this package asks of the event loop is taken when it loads: what users put in its place, such as the faked timers
// of their tests, holds up nothing of what is delivered.

const { clearInterval, setImmediate, setInterval } = timers;
const nextTick = process.nextTick.bind(process);

/** Throws on its own, as `uncaughtException`: what is being delivered goes on. */
function rethrow(error) {
  setImmediate(() => {
    throw error;
  });
}

/** Tells of what a function of the user has thrown. The console is the user's too, and an error may throw when it is shown. */
function report(where, error) {
  try {
    console.error(`Error in ${where}:`, error);
  } catch (failure) {
    rethrow(error);
    if (failure !== error) rethrow(failure);
  }
}

module.exports = { clearInterval, nextTick, report, rethrow, setImmediate, setInterval };
