'use strict';

/** Connects to a name when no descriptor is left, and prints the error's code and message. */
const { closeSync, openSync } = require('fs');
const { WebSocketReconnect } = require('../subject.js');

/** Node closes some of its own for a while after its start: these are taken too. */
const ROUNDS = 10;

const ws = new WebSocketReconnect({ url: 'ws://localhost:1/', maxRetries: 0 });
const taken = [];
let round = 0;

function takeAll() {
  try {
    for (;;) taken.push(openSync('/dev/null', 'r'));
  } catch (error) {
    if (error.code !== 'EMFILE') throw error;
  }
  round += 1;
  if (round < ROUNDS) setTimeout(takeAll, 10);
  else ws.connect().catch(() => {});
}

ws.on('error', ({ code, message }) => {
  for (const descriptor of taken) closeSync(descriptor);
  console.log(code, message);
});
takeAll();
