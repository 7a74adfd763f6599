'use strict';

// What lib/loop.js is in bundles. What is asked of the event loop is taken when this loads, as there.

const { setTimeout, console } = /** @type {any} */ (globalThis);

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

/** Throws on its own, as the page's `error` event: what is being delivered goes on. */
function rethrow(error) {
  later(() => {
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

/** Tells of what a function of the user has thrown. The console is the user's too. */
function report(where, error) {
  try {
    console.error(`Error in ${where}:`, error);
  } catch (failure) {
    rethrow(error);
    if (failure !== error) rethrow(failure);
  }
}

module.exports = { each, later, report, rethrow };
