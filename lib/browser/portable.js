'use strict';

// The class over the WebSocket of Node, or over one that is handed in (`webSocket`), for where no binary loads.

const { randomBytes } = require('crypto');
const { isDeepStrictEqual } = require('util');
const { binaryOf } = require('../node/chunk.js');
const { defineClient } = require('../node/client.js');
const clock = require('../node/clock.js');
const content = require('../node/content.js');
const { currentContext } = require('../node/context.js');
const { createEngine } = require('./engine.js');

const wallTime = Date.now;

const engine = createEngine({
  content: { ...content, binaryOf },
  WebSocket: () => /** @type {any} */ (global).WebSocket,
  currentContext,
  isSame: isDeepStrictEqual,
  now: clock.now,
  seed: () => randomBytes(4).readUInt32LE(0),
  wallTime,
  warn: (message, code) => process.emitWarning(message, { code }),
});

const WebSocketReconnect = defineClient(/** @type {any} */ (engine));

module.exports = { WebSocketReconnect };
