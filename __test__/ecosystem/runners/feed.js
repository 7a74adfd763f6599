'use strict';

// What the samples test that put something in the place of the package.

const { WebSocketReconnect } = require('websocket-reconnect-native');

function watchPrice(url) {
  const ws = new WebSocketReconnect({ url, heartbeatMode: 'ping' });
  const feed = { price: undefined, stop: () => ws.close() };
  ws.on('message', ({ data }) => {
    feed.price = Number(data);
  });
  ws.on('close', () => {
    feed.price = undefined;
  });
  ws.connect();
  return feed;
}

module.exports = { watchPrice };
