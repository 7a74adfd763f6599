'use strict';

// The class for browsers, workers and what is like them.

const { defineClient } = require('../facade/client.js');
const content = require('./content.js');
const { createEngine } = require('./engine.js');

const scope = /** @type {any} */ (globalThis);
const { performance, crypto } = scope;
const wallTime = Date.now;

/** 32 bits that another page has not. */
function seed() {
  if (crypto && crypto.getRandomValues) return crypto.getRandomValues(new Uint32Array(1))[0];
  return Math.floor(Math.random() * 2 ** 32);
}

const engine = createEngine({
  content,
  WebSocket: () => scope.WebSocket,
  currentContext: () => undefined,
  isSame: (a, b) => JSON.stringify(a) === JSON.stringify(b),
  now: performance ? () => performance.now() : wallTime,
  seed,
  wallTime,
  warn: (message, code) => scope.console.warn(`${code}: ${message}`),
});

const WebSocketReconnect = defineClient(/** @type {any} */ (engine));

module.exports = { WebSocketReconnect };
