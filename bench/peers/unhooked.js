'use strict';

/* This package's class without what shows its events to channels, logs and DevTools. */

const { defineClient } = require('../../lib/facade/client.js');
const engine = require('../../lib/node/engine.js');
const { openWith } = require('./reconnect.js');

module.exports = { open: openWith({ WebSocketReconnect: defineClient(engine) }) };
