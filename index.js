'use strict';

const { defineClient } = require('./lib/node/client.js');

/** The class over the addon; over the global WebSocket where no binary of it loads, unless the user has named one. */
function load() {
  try {
    return defineClient(require('./lib/node/engine.js'));
  } catch (error) {
    const isNamed = Boolean(process.env.WEBSOCKET_RECONNECT_NATIVE_PATH);
    const { WebSocket } = /** @type {any} */ (global);
    if (error.code !== 'WSR_ERR_NO_BINARY' || isNamed || typeof WebSocket !== 'function') throw error;
    const lost =
      'headers, TLS and the other websocketOptions, pings, sendConfirmed and at-least-once delivery are refused, and heartbeats stop while JavaScript is busy';
    const message = `${error.message}\nThe global WebSocket takes its place: ${lost}.`;
    process.emitWarning(message, { code: 'WSR_WARN_PORTABLE' });
    return require('./lib/browser/portable.js').WebSocketReconnect;
  }
}

const WebSocketReconnect = load();

module.exports = { WebSocketReconnect };
