'use strict';

const { performance } = require('perf_hooks');
const timers = require('timers');
const { alarmBy } = require('./alarm.js');
const { thrownBy } = require('./thrown.js');

// What this package asks of the event loop is taken when it loads: what users put in its place, such as the faked timers
// of their tests, holds up nothing of what is delivered.

const { clearInterval, clearTimeout, setImmediate, setInterval, setTimeout } = timers;
const nextTick = process.nextTick.bind(process);
const now = performance.now.bind(performance);

/** So long, in ms, handlers run one behind the other before the event loop has its turn. */
const TURN = 10;

/** Begins a turn of handlers: the function tells whether it is over. */
function beginTurn() {
  const end = now() + TURN;
  return () => now() >= end;
}

/** Runs a function in a turn of its own. */
const later = setImmediate;

const alarm = alarmBy(setTimeout, clearTimeout);
const { each, report, rethrow } = thrownBy(later);

module.exports = {
  alarm,
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
