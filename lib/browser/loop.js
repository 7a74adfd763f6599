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
  if (typeof MessageChannel === 'function') {
    const { port1, port2 } = /** @type {any} */ (new MessageChannel());
    port1.onmessage = run;
    post = () => port2.postMessage(0);
  }
  return (call) => {
    waiting.push(call);
    post();
  };
})();

const alarm = alarmBy(setTimeout, clearTimeout);
const { each, report, rethrow } = thrownBy(later);

module.exports = { alarm, each, later, report, rethrow };
