'use strict';

/* Ends while what clients shared is collected. Needs --expose-gc. */

const { WebSocketReconnect } = require('../subject.js');

const collect = typeof Bun === 'undefined' ? global.gc || globalThis.gc : () => globalThis.Bun.gc(true);

for (let i = 0; i < 10; i += 1) new WebSocketReconnect({ url: `ws://127.0.0.1/${i}`, maxRetries: i });

process.on('exit', () => {
  collect();
  console.log('collected');
});
