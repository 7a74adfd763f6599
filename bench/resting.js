'use strict';

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function collectGarbage() {
  if (typeof Bun === 'undefined') global.gc();
  else Bun.gc(true);
}

/** The resident memory in bytes, once it has come to rest. */
async function restingMemory() {
  let before = Infinity;
  let now = process.memoryUsage().rss;
  for (let i = 0; i < 20 && Math.abs(now - before) > 64 * 1024; i += 1) {
    collectGarbage();
    await pause(50);
    before = now;
    now = process.memoryUsage().rss;
  }
  return now;
}

module.exports = { restingMemory };
