'use strict';

// For a script tag.

/** @type {any} */ (globalThis).WebSocketReconnect = require('./index.js').WebSocketReconnect;
