'use strict';

const { performance } = require('perf_hooks');
const timers = require('timers');

// What this package asks of the event loop is taken when it loads: what users put in its place, such as the faked timers
// of their tests, holds up nothing of what is delivered.

const { clearInterval, setImmediate, setInterval } = timers;
const nextTick = process.nextTick.bind(process);
const now = performance.now.bind(performance);

/** So long, in ms, handlers run one behind the other before the event loop has its turn. */
const TURN = 10;

/** Begins a turn of handlers: the function tells whether it is over. */
function beginTurn() {
  const end = now() + TURN;
  return () => now() >= end;
}

/** Throws on its own, as `uncaughtException`: what is being delivered goes on. */
function rethrow(error) {
  setImmediate(() => {
    throw error;
  });
}

/** Calls `use` with each item. What it throws keeps no other from its turn. */
function each(items, use) {
  for (const item of items) {
    try {
      use(item);
    } catch (error) {
      rethrow(error);
    }
  }
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

/** Runs a function in a turn of its own. */
const later = setImmediate;

module.exports = {
  beginTurn,
  clearInterval,
  each,
  later,
  nextTick,
  report,
  rethrow,
  setImmediate,
  setInterval,
};
