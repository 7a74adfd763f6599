const { WebSocketReconnect } = require('websocket-reconnect-native');

const ws = new WebSocketReconnect({ url: process.env.SERVER, headers: { 'X-From': 'a bundle' } });
ws.on('message', ({ data }) => {
  console.log(data);
  ws.close();
});
ws.connect();
