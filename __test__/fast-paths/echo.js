'use strict';

/* Sends messages of all kinds and sizes to an echo server, and says `in order` once all have come back so. */

const { WebSocketReconnect } = require('../subject.js');

const COUNT = 3000;
const SIZES = [0, 1, 13, 64, 125, 126, 1000, 4095, 4096, 9000, 16384, 70000];

/** Message `i`: texts, some beyond ASCII, and binaries; the large ones are rare. */
function message(i) {
  const size = SIZES[i % 50 === 0 ? Math.floor(i / 50) % SIZES.length : i % 6];
  const text = `${i} ${'abcdefgh'.repeat(size / 8 + 1).slice(0, size)}`;
  if (i % 7 === 0) return `${text}é€😀`;
  return i % 3 === 0 ? Buffer.from(text) : text;
}

const ws = new WebSocketReconnect({ url: process.argv[2], maxRetries: 0 });
let next = 0;
ws.on('message', ({ data }) => {
  const sent = message(next);
  if (typeof data !== typeof sent || data.toString() !== sent.toString()) {
    console.log(`message ${next} came back as ${data.toString().slice(0, 40)}`);
    process.exit(1);
  }
  next += 1;
  if (next === COUNT) {
    console.log('in order');
    ws.close();
  }
});
ws.on('open', () => {
  let i = 0;
  // Some alone in their turn of the event loop, some many at once.
  const send = () => {
    const end = Math.min(COUNT, i + (i % 2 ? 1 : 40));
    for (; i < end; i += 1) ws.send(message(i));
    if (i < COUNT) setImmediate(send);
  };
  send();
});
ws.connect();
