'use strict';

/** Resolves in the next turn of the event loop. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A promise that stays pending. */
const never = () => new Promise(() => {});

/** Waits until `check` gives something true, and gives that. */
async function until(check) {
  for (;;) {
    const found = await check();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

module.exports = { never, turn, until };
