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

/** What is told as `uncaughtException` while `act` runs, in place of failing the test. `act` as above. */
async function uncaughtBy(act) {
  const uncaught = [];
  const others = process.listeners('uncaughtException');
  const note = (error) => uncaught.push(error);
  const count = async (wanted) => {
    while (uncaught.length < wanted) await new Promise((resolve) => setImmediate(resolve));
  };
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', note);
  try {
    await act(count);
  } finally {
    process.removeListener('uncaughtException', note);
    for (const other of others) process.on('uncaughtException', other);
  }
  return uncaught;
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

module.exports = { allHandled, reportedBy, uncaughtBy };
