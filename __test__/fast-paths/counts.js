'use strict';

// Has so many messages echoed, and prints what is counted of them by `getStats()` at the last.

const { WebSocketReconnect } = require('../subject.js');

const [, , url, count] = process.argv;
const ws = new WebSocketReconnect({ url });
let left = Number(count);

ws.on('message', () => {
  left -= 1;
  if (left > 0) return;
  const { messagesIn, messagesOut, bytesIn, bytesOut } = ws.getStats();
  console.log(JSON.stringify({ messagesIn, messagesOut, bytesIn, bytesOut }));
  ws.close();
});

ws.connect().then(() => {
  for (let i = 0; i < left; i += 1) ws.send(i % 2 === 0 ? 'grün' : Buffer.from('gelb'));
});
