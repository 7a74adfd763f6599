'use strict';

/** Chance that a seed replays (mulberry32). */
function random(seed) {
  let state = seed >>> 0;
  /** From 0 to below 1. */
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  /** An integer from 0 to below `limit`. */
  const below = (limit) => Math.floor(next() * limit);
  /** One of a list. */
  const of = (list) => list[below(list.length)];
  return { next, below, of };
}

module.exports = { random };
