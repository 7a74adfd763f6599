'use strict';

/**
 * What `console.error` is told while `act` runs, as lists of its arguments. `act` gets the list as it grows, and
 * a function that waits until it has so many.
 */
async function reportedBy(act) {
  const reported = [];
  const original = console.error;
  const count = async (wanted) => {
    while (reported.length < wanted) await new Promise((resolve) => setImmediate(resolve));
  };
  console.error = (...args) => reported.push(args);
  try {
    await act(count);
  } finally {
    console.error = original;
  }
  return reported;
}

/** Throws for each rejection that nobody handled while `act` runs. */
async function allHandled(act) {
  const unhandled = [];
  const note = (reason) => unhandled.push(reason);
  process.on('unhandledRejection', note);
  try {
    await act();
    // They are told when the microtasks have run.
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    process.removeListener('unhandledRejection', note);
  }
  for (const reason of unhandled) throw reason;
}

module.exports = { allHandled, reportedBy };
