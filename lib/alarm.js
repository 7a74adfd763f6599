'use strict';

/** Timers take no longer time, in ms. */
const LONGEST = 2 ** 31 - 1;

/**
 * A function by these timers that calls another once so many ms have passed, and returns what calls that off. It keeps no process
 * alive.
 */
const alarmBy = (setTimeout, clearTimeout) => (call, wait) => {
  const timer = setTimeout(call, Math.min(wait, LONGEST));
  if (timer.unref) timer.unref();
  return () => clearTimeout(timer);
};

module.exports = { alarmBy };
