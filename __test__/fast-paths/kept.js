'use strict';

/* Keeps a few of many messages, and tells how many bytes that keeps alive. Needs --expose-gc. */

const { WebSocketReconnect } = require('../subject.js');

const [url, count, each] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const kept = [];
let seen = 0;

function alive() {
  global.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

const ws = new WebSocketReconnect({ url });
let before;
ws.on('message', ({ data }) => {
  // The first ones pay for what is made once.
  if (seen === count / 2) before = alive();
  if (seen >= count / 2 && seen % each === 0) kept.push(data);
  seen += 1;
  if (seen < count) return;
  // Memory of buffers is given back by a thread of the collector's, some time behind `gc()`.
  let least = Infinity;
  let looks = 0;
  setInterval(() => {
    least = Math.min(least, alive());
    looks += 1;
    if (looks < 10) return;
    console.log(least - before, kept.length);
    process.exit();
  }, 50);
});
ws.connect();
