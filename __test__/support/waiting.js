'use strict';

/** Resolves in the next turn of the event loop. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** After this many turns of the event loop nothing that was queued is left. */
const settle = async (turns = 20) => {
  for (let i = 0; i < turns; i++) await new Promise((resolve) => setTimeout(resolve, 5));
};

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

/** The arguments of an emitter's next event. To `events.once` of Node 14.0 a WebSocket is an EventTarget. */
const heard = (emitter, event) =>
  new Promise((resolve, reject) => {
    emitter.once(event, (...given) => resolve(given));
    if (event !== 'error') emitter.once('error', reject);
  });

module.exports = { heard, never, settle, turn, until };
