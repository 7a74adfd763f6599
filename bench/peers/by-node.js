'use strict';

/* This package over connections that Node makes. */

const { WebSocketReconnect } = require('../../index.js');
const { openWith } = require('./reconnect.js');

class ByNode extends WebSocketReconnect {
  constructor({ websocketOptions, ...options }) {
    super({ ...options, websocketOptions: { ...websocketOptions, transport: 'node' } });
  }
}

module.exports = { open: openWith({ WebSocketReconnect: ByNode }) };
