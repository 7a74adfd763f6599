'use strict';

/** Walks away from promises that reject in each of the ways there are. */
const { WebSocketReconnect } = require('../subject.js');

let unhandled = 0;
process.on('unhandledRejection', () => unhandled++);

const make = (options) =>
  new WebSocketReconnect({ url: process.argv[2], baseDelay: 5, jitter: 0, ...options });

const failing = make({ maxRetries: 1 });
failing.connect();

const closed = make({});
closed.connect();
closed.close();
closed.connect();

const open = make({});
open.openCircuit();
open.connect();

failing.once('close', () => {
  failing.on('close', () => {
    setTimeout(() => {
      console.log(unhandled === 0 ? 'no unhandled rejection' : `${unhandled} unhandled rejections`);
      process.exit(0);
    }, 50);
  });
});
