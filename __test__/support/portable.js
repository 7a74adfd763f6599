'use strict';

// The class over `ws`, as the subject of the contract's tests: `WSR_TEST_SUBJECT=__test__/support/portable.js`. With
// `WSR_TEST_WEBSOCKET=global` it is over the WebSocket of the runtime.

const { WebSocketReconnect: Portable } = require('../../portable.js');

const isGlobal = process.env.WSR_TEST_WEBSOCKET === 'global';

class WebSocketReconnect extends Portable {
  constructor(options) {
    super(isGlobal ? options : { webSocket: require('ws'), ...options });
  }
}

module.exports = { WebSocketReconnect };
