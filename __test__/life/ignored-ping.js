'use strict';

/* Ignores a ping() that is refused. */
const { WebSocketReconnect } = require('../subject.js');

new WebSocketReconnect({ url: 'ws://127.0.0.1:1/' }).ping();
