// The same as feed.js: what Vitest mocks is imported, and not required.

import { WebSocketReconnect } from 'websocket-reconnect-native';

export function watchPrice(url) {
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
