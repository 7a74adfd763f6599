'use strict';

// Taken when the module loads: users' tests put others in their place.
const { hrtime } = process;
const wallTime = Date.now;

/** Milliseconds on a clock that nobody sets. */
function now() {
  const [seconds, nanoseconds] = hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}

/** A moment that has just been, in milliseconds since the epoch, on that clock. */
function monotonic(epochMs) {
  return now() - Math.max(0, wallTime() - epochMs);
}

module.exports = { monotonic, now };
