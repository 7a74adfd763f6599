'use strict';

/**
 * What becomes of what users' code throws.
 * @param {(call: () => void) => void} later Runs a function in a turn of its own.
 */
function thrownBy(later) {
  /** Throws on its own, as `uncaughtException` or the page's `error`: what is being delivered goes on. */
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

  /** Tells of what a function of the user has thrown. The console is the user's too, and an error may throw when it is shown. */
  function report(where, error) {
    try {
      console.error(`Error in ${where}:`, error);
    } catch (failure) {
      rethrow(error);
      if (failure !== error) rethrow(failure);
    }
  }

  return { each, report, rethrow };
}

module.exports = { thrownBy };
