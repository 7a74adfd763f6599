'use strict';

const { alarmBy } = require('../alarm.js');
const { thrownBy } = require('../thrown.js');

// What lib/loop.js is in bundles. What is asked of the event loop is taken when this loads, as there.

const { clearTimeout, setTimeout } = /** @type {any} */ (globalThis);

/** Runs a function in a turn of its own: by a message, since timers of hidden pages are late. */
const later = (() => {
  const waiting = [];
  const run = () => waiting.shift()();
  let post = () => setTimeout(run, 0);
  try {
    const { port1, port2 } = /** @type {any} */ (new MessageChannel());
    // That of Node holds the process for as long as somebody listens to it, if it is not told.
    const hold = (how) => port1[how] && port1[how]();
    port1.onmessage = () => {
      if (waiting.length === 1) hold('unref');
      run();
    };
    hold('unref');
    post = () => {
      hold('ref');
      port2.postMessage(0);
    };
  } catch (_error) {
    // There is none, or one that throws, as at the edge of Next.js.
  }
  return (call) => {
    waiting.push(call);
    post();
  };
})();

const alarm = alarmBy(setTimeout, clearTimeout);
const { each, report, rethrow } = thrownBy(later);

module.exports = { alarm, each, later, report, rethrow };
